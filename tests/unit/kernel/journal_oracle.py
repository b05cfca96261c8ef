"""The head of a journal, computed from what src/kernel/journal.h says and nothing else.

Input: one entry a line in the order of the sequence, its fields from id to law separated by tabs, each in hexadecimal or "-" for NULL;
a line "seal" with its time in microseconds after the last entry of each seal. Output: the last seal in hexadecimal.
"""
import hashlib
import sys


def octets(field):
    if field == "-":
        return (2**64 - 1).to_bytes(8, "big")
    value = bytes.fromhex(field)
    return len(value).to_bytes(8, "big") + value


head = bytes(32)
first = last = 0
digests = b""
for line in sys.stdin.read().split("\n"):
    if line.startswith("seal "):
        text = b"%d\n%d\n%d\n" % (first + 1, last, int(line.split()[1]))
        head = hashlib.sha256(head + text + digests).digest()
        first, digests = last, b""
    elif line:
        digests += hashlib.sha256(b"".join(octets(field) for field in line.split("\t"))).digest()
        last += 1
print(head.hex())
