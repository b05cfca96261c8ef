#!/usr/bin/env python3
"""Derives from the exact messages of this folder what verify.sh takes from files of their own, and checks the journal.

Needs Python 3 and lxml. Prints a line a check, and what is proved; the exit status is 0 only if nothing is wrong, 2 without lxml.
README.md says more.
"""
import base64
import calendar
import datetime
import email
import glob
import gzip
import hashlib
import json
import os
import re
import sys
import urllib.parse

try:
    from lxml import etree
except ImportError:
    print("derive.py needs lxml: apt install python3-lxml", file=sys.stderr)
    sys.exit(2)

os.chdir(os.path.dirname(os.path.abspath(__file__)))
NS = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "eb": "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/",
    "ebbp": "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
}
IDS = ("{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id", "id")
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ATTACHMENT = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
held = wrong = 0
proved = []  # what is said at the end


def check(sentence, holds):
    global held, wrong
    held, wrong = held + bool(holds), wrong + (not holds)
    print("ok     " if holds else "WRONG  ", sentence, sep="")


class Unreadable(Exception):
    """A sentence for whoever looks at the folder."""


def octets(path, may_be_empty=False):
    if not os.path.isfile(path):
        raise Unreadable("%s is missing" % path)
    with open(path, "rb") as file:
        data = file.read()
    if not data and not may_be_empty:
        raise Unreadable("%s is empty" % path)
    return data


def attempt(step, what):
    """Whatever cannot be read is wrong, and the rest is still checked."""
    try:
        return step()
    except Unreadable as error:
        check(str(error), False)
    except Exception:  # what of hostile content it was is of no use to whoever looks at the folder
        check("%s cannot be read as what it should be" % what, False)
    return None


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def seconds_of(time):
    return calendar.timegm(datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ").timetuple())


def parse(data):
    return etree.fromstring(data, etree.XMLParser(remove_comments=True, resolve_entities=False, no_network=True, huge_tree=True))


def canonical(node, method=None):
    """Exclusive XML Canonicalization 1.0; METHOD (ds:Transform, ds:CanonicalizationMethod) may hold a list of prefixes."""
    inclusive = method.find("ec:InclusiveNamespaces", NS) if method is not None else None
    prefixes = inclusive.get("PrefixList").split() if inclusive is not None else None
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes)


def value_of(node):
    return base64.b64decode("".join(node.text.split()))


# --- a message as it went over the wire ---

def envelope_and_types(message, content_type):
    """The SOAP envelope, and the media types of the parts by Content-ID."""
    header = email.message_from_string("Content-Type: %s\n\n" % content_type.strip())
    boundary, start, types, root = header.get_param("boundary"), header.get_param("start"), {}, None
    if header.get_content_type() == "application/soap+xml":
        return parse(message), types
    if header.get_content_type() != "multipart/related":
        raise ValueError("the content type is none of AS4")
    for part in (b"\r\n" + message).split(b"\r\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, body = part.partition(b"\r\n\r\n")
        head = email.message_from_bytes(head.lstrip() + b"\r\n\r\n")
        name = (head["Content-ID"] or "").strip().strip("<>")
        types[name] = head.get_content_type()
        if root is None and (start is None or name == start.strip("<>")):
            root = base64.b64decode(body) if (head["Content-Transfer-Encoding"] or "").strip().lower() == "base64" else body
    return parse(root), types


class Wire:
    def __init__(self, folder):
        self.folder, self.message = folder, octets(folder + "/message")
        self.envelope, self.types = envelope_and_types(self.message, octets(folder + "/content-type").decode())
        self.messaging, = self.envelope.findall("env:Header/eb:Messaging", NS)
        self.body, = self.envelope.findall("env:Body", NS)
        self.security, = self.envelope.findall("env:Header/wsse:Security", NS)
        self.signature, = self.security.findall("ds:Signature", NS)
        self.info = self.signature.find("ds:SignedInfo", NS)
        self.references = self.info.findall("ds:Reference", NS)
        self.user = self.messaging.find("eb:UserMessage", NS)

    def tokens(self):
        """The embedded certificate that the signature refers to: one or none."""
        named = self.signature.findall("ds:KeyInfo/wsse:SecurityTokenReference/wsse:Reference", NS)
        return [t for t in self.security.findall("wsse:BinarySecurityToken", NS) for r in named if r.get("URI") == "#" + t.get(IDS[0])]

    def party(self, name):
        return self.user.findtext("eb:PartyInfo/eb:%s/eb:PartyId" % name, None, NS).strip()

    def property(self, part, name):
        return part.findtext("eb:PartProperties/eb:Property[@name='%s']" % name, None, NS)

    def part(self, uri):
        """The eb:PartInfo that URI ("cid:…") names: letter by letter, else with %XX resolved."""
        parts = self.user.findall("eb:PayloadInfo/eb:PartInfo", NS)
        exact = [p for p in parts if p.get("href") == uri]
        return (exact or [p for p in parts if urllib.parse.unquote(p.get("href")) == urllib.parse.unquote(uri)])[0]

    def part_type(self, part):
        sealed = [d.get("MimeType") for d in self.security.findall("xenc:EncryptedData", NS)
                  if d.find("xenc:CipherData/xenc:CipherReference", NS).get("URI") == part.get("href") and d.get("MimeType")]
        names = [t for name, t in self.types.items() if "cid:" + name == urllib.parse.unquote(part.get("href"))]
        return self.property(part, "MimeType") or (sealed + names + [""])[0]

    def payload_octets(self, uri, plain, signed):
        """What is signed of a payload: WS-Security SwA 1.1, 5.4.2. A compressed one is signed as it is, and must expand to PLAIN."""
        part = self.part(uri)
        if self.property(part, "CompressionType"):
            check("%s: what is signed expands to the content in plain" % self.folder, gzip.decompress(signed) == plain)
            return signed
        media = self.part_type(part).split(";")[0].strip().lower()
        if media in ("text/xml", "application/xml") or media.endswith("+xml"):
            return canonical(parse(plain).getroottree())
        return re.sub(rb"(?<!\r)\n", b"\r\n", plain) if media.startswith("text/") else plain

    def reference_octets(self, reference, path, plain):
        uri, transforms = reference.get("URI"), reference.findall("ds:Transforms/ds:Transform", NS)
        if len(transforms) != 1 or transforms[0].get("Algorithm") != (ATTACHMENT if uri.startswith("cid:") else EXCLUSIVE):
            return None
        if uri.startswith("cid:"):
            return self.payload_octets(uri, plain, octets(path, True))
        named = [n for n in (self.messaging, self.body) if "#" + uri[1:] in ["#" + (n.get(i) or "") for i in IDS]]
        return canonical(named[0], transforms[0]) if len(named) == 1 else None

    def digests(self, references):
        return sorted((r.get("URI"), r.find("ds:DigestMethod", NS).get("Algorithm"), value_of(r.find("ds:DigestValue", NS)))
                      for r in references)


def der(raw):
    """The r and s of ECDSA, which stand side by side, as openssl takes them."""
    def integer(number):
        number = number.lstrip(b"\0") or b"\0"
        return b"\2" + bytes([len(number) + (number[0] >> 7)]) + b"\0" * (number[0] >> 7) + number
    both = integer(raw[:len(raw) // 2]) + integer(raw[len(raw) // 2:])
    return b"\x30" + bytes([len(both)]) + both


def check_signed(wire, facts):
    folder, method = wire.folder, wire.info.find("ds:CanonicalizationMethod", NS)
    check("%s: SignedInfo is derived from the message" % folder, method.get("Algorithm") == EXCLUSIVE and
          canonical(wire.info, method) == octets(folder + "/signed-info.xml"))
    value = value_of(wire.signature.find("ds:SignatureValue", NS))
    algorithm = octets(folder + "/algorithm").decode().split()
    check("%s: the signature is that of the message" % folder, octets(folder + "/signature.bin") ==
          (der(value) if algorithm[0].startswith("ecdsa") else value) and
          wire.info.find("ds:SignatureMethod", NS).get("Algorithm") == algorithm[1])
    rows = [line.split("\t") for line in octets(folder + "/references.tsv").decode().splitlines()]
    check("%s: as many references as SignedInfo has" % folder, len(rows) == len(wire.references))
    plain = {os.path.normpath(p["signed"]): octets(p["plain"], True) for p in facts["payloads"]}
    for reference, (uri, name, value, file) in zip(wire.references, rows):
        path = os.path.normpath(folder + "/" + file)
        derived = wire.reference_octets(reference, path, plain.get(path))
        method = DIGESTS[reference.find("ds:DigestMethod", NS).get("Algorithm")]
        digest = hashlib.new(method, derived or b"").digest()
        check("%s: the octets of %s are derived from the message, and have the digest that was signed" % (folder, uri),
              derived is not None and derived == octets(path, uri.startswith("cid:")) and
              digest == value_of(reference.find("ds:DigestValue", NS)) and
              (uri, name, value) == (re.sub("[\0-\x1f]", "?", reference.get("URI")), method, digest.hex()))


def check_header(wire, facts):
    """The facts of evidence.json against the signed header."""
    said = {name: wire.user.findtext(path, None, NS) for name, path in {
        "messageId": "eb:MessageInfo/eb:MessageId", "refToMessageId": "eb:MessageInfo/eb:RefToMessageId",
        "conversation": "eb:CollaborationInfo/eb:ConversationId", "service": "eb:CollaborationInfo/eb:Service",
        "action": "eb:CollaborationInfo/eb:Action",
        "originalSender": "eb:MessageProperties/eb:Property[@name='originalSender']",
        "finalRecipient": "eb:MessageProperties/eb:Property[@name='finalRecipient']"}.items()}
    check("%s: evidence.json says what the message says" % wire.folder,
          all((said[n] or "").strip() == (facts.get(n) or "") for n in said) and
          [wire.party("From"), wire.party("To")] == [facts["from"]["id"], facts["to"]["id"]] and
          len(wire.user.findall("eb:PayloadInfo/eb:PartInfo", NS)) == len(facts["payloads"]))


def check_receipt(receipt, wire):
    signal = receipt.messaging.find("eb:SignalMessage", NS)
    repeated = signal.findall("eb:Receipt/ebbp:NonRepudiationInformation/ebbp:MessagePartNRInformation/ds:Reference", NS)
    check("%s: repeats exactly the digests of %s" % (receipt.folder, wire.folder),
          repeated and receipt.digests(repeated) == wire.digests(wire.references))
    check("%s: names the message of %s" % (receipt.folder, wire.folder),
          signal.findtext("eb:MessageInfo/eb:RefToMessageId", "", NS).strip() ==
          wire.user.findtext("eb:MessageInfo/eb:MessageId", None, NS).strip())


def check_wire(fact, facts, wires):
    folder = fact["folder"]
    kind = folder.partition("-")[2]
    if not fact["proved"] and kind.startswith("error"):
        print("note   %s: without a signature that was believed, it proves nothing" % folder)
        return
    wire = Wire(folder)
    check_signed(wire, facts)
    check("%s: evidence.json has its digest and its time" % folder, fact["sha256"] == sha256(wire.message) and
          octets(folder + "/time").decode().splitlines() == [str(seconds_of(fact["time"])), fact["time"]])
    certificate = base64.b64decode("".join(octets(folder + "/signer.pem").decode().splitlines()[1:-1]))
    check("%s: signer.pem is the certificate that evidence.json names, and that the message brought, if it brought one" % folder,
          sha256(certificate) == fact["signer"] and all(certificate == value_of(t) for t in wire.tokens()))
    check("%s: evidence.json has as many certificates and lists" % folder, [fact["issuers"], fact["revocationLists"]] == [
        len(glob.glob(folder + "/" + names)) for names in ("issuer-*.pem", "*crl-*.pem")])
    wires[folder] = wire
    if kind in ("sent", "received"):
        check_header(wire, facts)
        deed = "%s signed message %s with its content" % (wire.party("From"), facts["messageId"])
    elif kind.startswith("receipt"):
        answered = octets(folder + "/answers").decode().strip()
        if answered not in wires:
            raise Unreadable("%s: %s/answers does not name a message that could be read" % (folder, folder))
        check_receipt(wire, wires[answered])
        made = wire.messaging.findtext("eb:SignalMessage/eb:MessageInfo/eb:Timestamp", None, NS)
        deed = "%s acknowledged %s at %s" % (wires[answered].party("To"), answered, made.strip())
    else:
        deed = "an answer that is no receipt"
    deed = "".join(c if c.isprintable() else "?" for c in deed)
    proved.append("- %s: %s, with the certificate whose SHA-256 fingerprint is %s" % (folder, deed, sha256(certificate)))


def check_wires(facts):
    wires = {}
    check("evidence.json names the folders that are here", sorted(w["folder"] for w in facts["wires"]) == sorted(
        f for f in glob.glob("[0-9]*-*") if os.path.isdir(f)))
    for fact in facts["wires"]:
        attempt(lambda: check_wire(fact, facts, wires), fact["folder"])
    if not any("-receipt-" in folder for folder in wires):
        print("note   there is no receipt")
    named = {p[which] for p in facts["payloads"] for which in ("plain", "signed")}
    check("evidence.json names the files of payload/", named == set(glob.glob("payload/*")))
    for payload in facts["payloads"]:
        attempt(lambda: check("evidence.json has the digest of %s" % payload["plain"],
                              payload["sha256"] == sha256(octets(payload["plain"], True))), payload["plain"])


# --- the journal ---

FIELDS = ("id", "at", "actor", "organisation", "subjectType", "subject", "event", "fromState", "toState", "detail", "law", "content")


def entry_digest(entry):
    preimage, empty = b"", entry.get("empty", "").split()
    for name in FIELDS:
        text = entry.get(name, "" if name in empty else None)
        preimage += b"\xff" * 8 if text is None else len(str(text).encode()).to_bytes(8, "big") + str(text).encode()
    return hashlib.sha256(preimage).digest()


def root_of(leaf, index, count, path):
    """RFC 6962 2.1.1, as RFC 9162 2.1.3.2 computes it. None if PATH has not the length that the place asks for."""
    node, last = hashlib.sha256(b"\0" + leaf).digest(), count - 1
    for step in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + step + node).digest()
            while index & 1 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + step).digest()
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def check_links():
    """The roots by the number of their seal, with the first and last entry; and the last seal."""
    links, before, good = {}, None, True
    for line in octets("audit/links.tsv", True).decode().splitlines():
        number, first, last, at, previous, root, digest = line.split("\t")
        text = bytes.fromhex(previous) + ("%s\n%s\n%s\n" % (first, last, at)).encode() + bytes.fromhex(root)
        left_out = before is not None and int(number) > before[0] + 1
        if left_out:
            print("note   between the seals %d and %s the chain is left out" % (before[0], number))
        good = good and sha256(text) == digest and (
            before is None or left_out or (int(number), previous, int(first)) == (before[0] + 1, before[1], before[2] + 1))
        before = int(number), digest, int(last)
        links[int(number)] = bytes.fromhex(root), int(first), int(last)
    check("the journal's %d seals have the hash of what they hold, each with that of the one before" % len(links), good)
    return links, before


def check_journal(facts):
    links, head = check_links()
    entries, said = json.loads(octets("audit/entries.json"))["entries"], facts["journal"]
    check("evidence.json says how much of the journal is here",
          (said["entries"], said["unsealed"], said["links"], said.get("lastSeal"), said.get("lastHash")) ==
          (len(entries), sum("seal" not in e for e in entries), len(links), head and head[0], head and head[1]))
    if not links and any("seal" in e for e in entries):
        raise Unreadable("audit/links.tsv is empty")
    for entry in entries:
        label = "journal entry %s (%s %s)" % (entry.get("sequence", "-"), entry["time"], entry["event"])
        if "seal" not in entry:
            print("note   %s is not sealed yet: nothing holds it" % label)
        elif head and entry["seal"] > head[0] and not said["toHead"]:
            print("note   %s is under seal %d, beyond the links that are here: nothing holds it" % (label, entry["seal"]))
        elif entry["seal"] not in links:
            check("%s: audit/links.tsv has its seal %s" % (label, entry["seal"]), False)
        else:
            root, first, last = links[entry["seal"]]
            path = [bytes.fromhex(step["hash"]) for step in entry["path"]]
            check("%s is under seal %d" % (label, entry["seal"]), entry["sequence"] == first + entry["index"] and
                  entry["count"] == last - first + 1 and root_of(entry_digest(entry), entry["index"], entry["count"], path) == root)
    own = {e["content"] for e in entries if e["subject"] == facts["id"] and "content" in e and e["event"] != "evidence-exported"}
    here = {sha256(octets(w["folder"] + "/message")) for w in facts["wires"]}
    check("the journal names what is in this folder, and nothing else of this message", own == here)
    if head:
        print("note   compare the journal: the head that was written down at seal %d must be %s" % head[:2])


def check_sum(line):
    check("%s has the digest that SHA256SUMS names" % line[66:], line[64:66] == "  " and sha256(octets(line[66:], True)) == line[:64])


def check_sums():
    lines = octets("SHA256SUMS").decode().splitlines()
    for line in lines:
        attempt(lambda: check_sum(line), line[66:])
    there = {os.path.normpath(os.path.join(folder, name)) for folder, _, names in os.walk(".") for name in names}
    for path in sorted(there - {line[66:] for line in lines} - {"SHA256SUMS"}):
        check("%s is not named in SHA256SUMS: it was added" % path, False)


def conclude():
    if wrong:
        print("%d of %d checks are wrong: as it is, this folder proves nothing. Something in it was changed or is missing." %
              (wrong, held + wrong))
    elif not proved:
        print("All %d checks hold, 0 are wrong; but nothing here is signed: this folder does not prove that anything was exchanged." % held)
    else:
        print("All %d checks hold, 0 are wrong. Whoever holds the keys of these certificates did this:" % held, *proved, sep="\n")
        if not any("-receipt-" in line for line in proved):
            print("- There is no receipt: nothing here shows that the message was accepted.")
        print("That the signatures fit the certificates is checked by verify.sh; compare the fingerprints with those of the authorities.")


def main():
    attempt(check_sums, "SHA256SUMS")
    facts = attempt(lambda: json.loads(octets("evidence.json")), "evidence.json")
    if facts is not None:
        attempt(lambda: check_wires(facts), "evidence.json, or a file that it names,")
        attempt(lambda: check_journal(facts), "the journal (audit/entries.json, audit/links.tsv)")
    conclude()
    sys.exit(wrong != 0)


main()
