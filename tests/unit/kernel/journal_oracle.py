"""What src/kernel/journal.h and RFC 6962 §2.1 say, written down again and nothing else.

journal_oracle.py head: the head of a whole journal. Input: one entry a line in the order of the sequence, its fields from id to content
separated by tabs, each in hexadecimal or "-" for NULL; a line "seal" with its time in microseconds after the last entry of each seal.

journal_oracle.py extract: the head that an extract proves. Input: an entry as above, then "path" with number of the seal, sequence,
index, count and the hashes, and so on; then a line "link" a seal: number, first, last, time, previous, root, hash. Exit status 1 with a
sentence if anything does not fit.

Output: the head in hexadecimal.
"""
import hashlib
import sys


def sha256(octets):
    return hashlib.sha256(octets).digest()


def encoded(field):
    if field == "-":
        return (2**64 - 1).to_bytes(8, "big")
    value = bytes.fromhex(field)
    return len(value).to_bytes(8, "big") + value


def entry_digest(line):
    fields = line.split("\t")
    assert len(fields) == 12, "an entry has twelve fields, not %d" % len(fields)
    return sha256(b"".join(encoded(field) for field in fields))


def seal_hash(previous, first, last, time, root):
    return sha256(previous + b"%d\n%d\n%d\n" % (first, last, time) + root)


def split(n):
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def tree_hash(leaves):
    """MTH of RFC 6962 §2.1, as it is defined."""
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    k = split(len(leaves))
    return sha256(b"\1" + tree_hash(leaves[:k]) + tree_hash(leaves[k:]))


def path_root(leaf, m, n, path):
    """The root of n leaves, from leaf m and its PATH (RFC 6962 §2.1.1)."""
    if n == 1:
        assert not path, "a path is too long"
        return sha256(b"\0" + leaf)
    assert path, "a path is too short"
    k = split(n)
    if m < k:
        return sha256(b"\1" + path_root(leaf, m, k, path[:-1]) + path[-1])
    return sha256(b"\1" + path[-1] + path_root(leaf, m - k, n - k, path[:-1]))


def whole_journal(lines):
    head, first, digests = bytes(32), 1, []
    for line in lines:
        if line.startswith("seal "):
            last = first + len(digests) - 1
            head = seal_hash(head, first, last, int(line.split()[1]), tree_hash(digests))
            first, digests = last + 1, []
        else:
            digests.append(entry_digest(line))
    return head


def extract(lines):
    paths, links, leaf = [], {}, None
    for line in lines:
        kind, *words = line.split()
        if kind == "path":
            paths.append((leaf, *map(int, words[:4]), [bytes.fromhex(word) for word in words[4:]]))
        elif kind == "link":
            number, first, last, time = map(int, words[:4])
            links[number] = first, last, time, *(bytes.fromhex(word) for word in words[4:])
        else:
            leaf = entry_digest(line)

    before, head = None, b""
    for number in sorted(links):
        first, last, time, previous, root, head = links[number]
        assert seal_hash(previous, first, last, time, root) == head, "link %d is not that of its parts" % number
        assert before in (None, (number - 1, first - 1, previous)), "link %d does not follow the one before it" % number
        before = number, last, head
    for leaf, seal, sequence, index, count, path in paths:
        first, last, _, _, root, _ = links[seal]
        assert 0 <= index < count == last - first + 1 and sequence == first + index, "entry %d is at another place" % sequence
        assert path_root(leaf, index, count, path) == root, "entry %d is not under seal %d" % (sequence, seal)
    return head


given = [line for line in sys.stdin.read().split("\n") if line]
print({"head": whole_journal, "extract": extract}[sys.argv[1]](given).hex())
