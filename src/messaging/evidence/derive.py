#!/usr/bin/env python3
"""Derives from the exact messages of this folder what verify.sh takes from files of their own, and checks the journal.

Needs Python 3 and lxml. Prints a line a check, and what is proved. The exit status is 0 only if nothing is wrong and something is proved:
1 if something is wrong, 2 without lxml, 3 if nothing is wrong, and yet no message is proved, or the journal holds nothing of it.
"""
import base64
import copy
import datetime
import email
import gzip
import hashlib
import io
import json
import os
import quopri
import re
import subprocess
import sys
import tempfile
import urllib.parse

try:
    from lxml import etree
except ImportError:
    print("derive.py needs lxml, which %s does not have: apt install python3-lxml, or /usr/bin/python3 derive.py if that has it"
          % sys.executable, file=sys.stderr)
    sys.exit(2)

HERE = os.path.dirname(os.path.realpath(__file__))
os.chdir(HERE)
NS = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "eb": "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/",
    "ebbp": "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
    "soap": "http://schemas.xmlsoap.org/soap/envelope/",
    "eb2": "http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd",
    "cpa": "http://www.oasis-open.org/committees/ebxml-cppa/schema/cpp-cpa-2_0.xsd",
}
IDS = ("{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id", "id")
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ATTACHMENT = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
# ebMS 2.0, 4.1.3: not(TERM|TERM). What has another form is not evaluated: it could select anything, and take any time.
TERM = r"ancestor-or-self\s*::\s*node\s*\(\s*\)\s*\[\s*@\s*[^\s:\[\]()]+:actor\s*=\s*(?:'[^'\[\]()]*'|\"[^\"\[\]()]*\")\s*\]"
NOT_FOR_NEXT = r"\s*not\s*\(\s*%s\s*\|\s*%s\s*\)\s*" % (TERM, TERM)
ACTORS = ("urn:oasis:names:tc:ebxml-msg:actor:nextMSH", "urn:oasis:names:tc:ebxml-msg:service:nextMSH",
          "http://schemas.xmlsoap.org/soap/actor/next")
MSH = "urn:oasis:names:tc:ebxml-msg:service"
PING = ("http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/service",
        "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/test")  # as Lintas calls it, whatever the binding
DOCUMENTS = "urn:lintas:service:documents:1"
PATH = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509PKIPathv1"
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
}
KINDS = ("sent", "received", "receipt-sent", "receipt-received", "error-sent", "error-received")
PLAIN_MAX = 512 << 20  # of what is compressed
held = wrong = 0
proved, unsigned = [], []  # what is said at the end
wires, signers = {}, {}  # what could be read, and whose it is, by folder
sealed = unheld = 0  # records that the journal holds; entries of this message that nothing holds


def check(sentence, holds):
    global held, wrong
    held, wrong = held + bool(holds), wrong + (not holds)
    print("ok     " if holds else "WRONG  ", sentence, sep="")


class Unreadable(Exception):
    """A sentence for whoever looks at the folder."""


def octets(path, may_be_empty=False):
    if not os.path.lexists(path):
        raise Unreadable("%s is missing" % path)
    if os.path.realpath(path) != os.path.join(HERE, path) or not os.path.isfile(path):
        raise Unreadable("%s is not a file of this folder" % path)
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


def json_of(path):
    """Two programs may take different values of a name that stands twice: it is refused."""
    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Unreadable("%s has a name twice" % path)
        return dict(pairs)
    return json.loads(octets(path), object_pairs_hook=once)


def time_of(at):
    """Microseconds since 1970 as a date, as Lintas writes it."""
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=at)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (time.microsecond // 1000)


def parse(data):
    return etree.fromstring(data, etree.XMLParser(remove_comments=True, resolve_entities=False, no_network=True, huge_tree=True))


def canonical(node, method=None):
    """Exclusive XML Canonicalization 1.0; METHOD (ds:Transform, ds:CanonicalizationMethod) may hold a list of prefixes."""
    inclusive = method.find("ec:InclusiveNamespaces", NS) if method is not None else None
    prefixes = inclusive.get("PrefixList").split() if inclusive is not None else None
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes)


def inclusive(node):
    """Canonical XML 1.0 of a part of a document: what is declared, or said by xml: attributes, around it counts for it (2.4)."""
    alone = etree.Element(node.tag, attrib=node.attrib, nsmap=node.nsmap)
    for above in node.iterancestors():
        for name, value in above.attrib.items():
            if name.startswith("{http://www.w3.org/XML/1998/namespace}") and name not in alone.attrib:
                alone.set(name, value)
    alone.text = node.text
    alone.extend(copy.deepcopy(child) for child in node)
    return etree.tostring(alone, method="c14n", with_comments=False)


def value_of(node):
    return base64.b64decode("".join(node.text.split()))


def element(data, at):
    """X.690, 8.1: the tag of the element at AT, where its content begins, and where it ends."""
    size, start = data[at + 1], at + 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2:start], "big")
    return data[at], start, start + size


def certificate_in(token):
    """Of wsse:BinarySecurityToken. X.509 token profile 1.1.1, 3.1: a path is a SEQUENCE of certificates, that of the signer last."""
    data = value_of(token)
    if token.get("ValueType") != PATH:
        return data
    _, at, end = element(data, 0)
    last = at
    while at < end:
        last, at = at, element(data, at)[2]
    return data[last:end]


# --- a message as it went over the wire ---

def decoded(body, encoding):
    if encoding == "base64":
        return base64.b64decode(body)
    return quopri.decodestring(body) if encoding == "quoted-printable" else body


def envelope_and_parts(message, content_type):
    """The SOAP envelope, and the (media type, octets) of the parts by Content-ID."""
    header = email.message_from_string("Content-Type: %s\n\n" % content_type.strip())
    boundary, start, parts, root = header.get_param("boundary"), header.get_param("start"), {}, None
    if header.get_content_type() in ("application/soap+xml", "text/xml"):
        return parse(message), parts
    if header.get_content_type() != "multipart/related":
        raise ValueError("the content type is none of AS4 or ebMS 2")
    for part in (b"\r\n" + message).split(b"\r\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, body = part.partition(b"\r\n\r\n")
        head = email.message_from_bytes(head.lstrip() + b"\r\n\r\n")
        name = (head["Content-ID"] or "").strip().strip("<>")
        body = decoded(body, (head["Content-Transfer-Encoding"] or "").strip().lower())
        if root is None and (start is None or name == start.strip("<>")):
            root = body
        else:
            parts[name] = head.get_content_type(), body
    return parse(root), parts


def read_wire(folder):
    envelope, parts = envelope_and_parts(octets(folder + "/message"), octets(folder + "/content-type").decode())
    return (Wire2 if etree.QName(envelope).namespace == NS["soap"] else Wire)(folder, envelope, parts)


class Wire:
    """AS4."""
    wholes, methods = "header, body", (EXCLUSIVE,)
    agreement = None

    def __init__(self, folder, envelope, parts):
        self.folder, self.envelope, self.parts, self.sent = folder, envelope, parts, {}
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
        return [certificate_in(t) for t in self.security.findall("wsse:BinarySecurityToken", NS)
                for r in named if r.get("URI") == "#" + t.get(IDS[0])]

    def signed_info(self):
        method = self.info.find("ds:CanonicalizationMethod", NS)
        return inclusive(self.info) if method.get("Algorithm") == INCLUSIVE else canonical(self.info, method)

    def says(self, facts):
        """What evidence.json says of the message, as the message says it."""
        del facts
        said = {name: self.user.findtext(path, None, NS) for name, path in {
            "messageId": "eb:MessageInfo/eb:MessageId", "refToMessageId": "eb:MessageInfo/eb:RefToMessageId",
            "conversation": "eb:CollaborationInfo/eb:ConversationId", "service": "eb:CollaborationInfo/eb:Service",
            "action": "eb:CollaborationInfo/eb:Action",
            "originalSender": "eb:MessageProperties/eb:Property[@name='originalSender']",
            "finalRecipient": "eb:MessageProperties/eb:Property[@name='finalRecipient']"}.items()}
        return {name: (value or "").strip() for name, value in said.items()}

    def id(self):
        return self.user.findtext("eb:MessageInfo/eb:MessageId", None, NS).strip()

    def made(self):
        return self.messaging.findtext("eb:SignalMessage/eb:MessageInfo/eb:Timestamp", None, NS).strip()

    def about(self):
        return self.messaging.findtext("eb:SignalMessage/eb:MessageInfo/eb:RefToMessageId", "", NS).strip()

    def repeated(self):
        return self.messaging.findall("eb:SignalMessage/eb:Receipt/ebbp:NonRepudiationInformation/ebbp:MessagePartNRInformation/"
                                      "ds:Reference", NS)

    def answers_a_ping(self, request):
        del request
        return False

    def hrefs(self):
        return [p.get("href") for p in self.user.findall("eb:PayloadInfo/eb:PartInfo", NS)]

    def compressed(self, uri):
        return bool(self.property(self.part(uri), "CompressionType"))

    def party(self, name):
        return self.user.findtext("eb:PartyInfo/eb:%s/eb:PartyId" % name, None, NS).strip()

    def party_type(self, name):
        return self.user.find("eb:PartyInfo/eb:%s/eb:PartyId" % name, NS).get("type")

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
        names = [t for name, (t, _) in self.parts.items() if "cid:" + name == urllib.parse.unquote(part.get("href"))]
        return self.property(part, "MimeType") or (sealed + names + [""])[0]

    def payload_octets(self, uri, plain, signed):
        """What is signed of a payload: WS-Security SwA 1.1, 5.4.2. A compressed one is signed as it is, and must expand to PLAIN."""
        part = self.part(uri)
        if self.property(part, "CompressionType"):
            expanded = gzip.GzipFile(fileobj=io.BytesIO(signed)).read(PLAIN_MAX + 1)
            check("%s: what is signed expands to the content in plain" % self.folder, expanded == plain)
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
        named = self.named(uri)
        return canonical(named[0], transforms[0]) if len(named) == 1 else None

    def named(self, uri):
        """Which of the header and the body URI ("#…") names."""
        return [n for n in (self.messaging, self.body) if uri in ["#" + n.get(i) for i in IDS if n.get(i)]]

    def signs_all(self, payloads):
        """Header, body and each of the PAYLOADS (by the names of the references) once, and nothing else."""
        uris = [r.get("URI") for r in self.references]
        local = [u for u in uris if not u.startswith("cid:")]
        return (sorted(len(self.named(u)) for u in local) == [1, 1] and self.named(local[0]) != self.named(local[1]) and
                len(uris) - len(local) == len(set(payloads)) == len(payloads))

    def digests(self, references):
        return sorted((r.get("URI"), r.find("ds:DigestMethod", NS).get("Algorithm"), value_of(r.find("ds:DigestValue", NS)))
                      for r in references)


class Wire2(Wire):
    """ebMS 2.0: one signature over the envelope, and over the parts as they are."""
    wholes, methods = "envelope", (INCLUSIVE, EXCLUSIVE)

    def __init__(self, folder, envelope, parts):  # pylint: disable=super-init-not-called
        self.folder, self.envelope, self.parts, self.sent = folder, envelope, parts, {}
        self.header, = envelope.findall("soap:Header/eb2:MessageHeader", NS)
        self.body, = envelope.findall("soap:Body", NS)
        self.acknowledgment = envelope.find("soap:Header/eb2:Acknowledgment", NS)
        self.agreement = self.text("eb2:CPAId")
        signal = self.text("eb2:Service") == MSH and self.text("eb2:Action") != "Ping"
        self.user = None if signal or self.acknowledgment is not None else self.header
        signatures = envelope.findall("soap:Header/ds:Signature", NS)  # 4.1.1: the first is that of the message handler
        self.signature = signatures[0] if signatures else None
        self.info = self.signature.find("ds:SignedInfo", NS) if signatures else None
        self.references = self.info.findall("ds:Reference", NS) if signatures else []

    def text(self, path):
        return (self.header.findtext(path, None, NS) or "").strip()

    def tokens(self):
        """What KeyInfo shows only says which certificate of the agreement it was; one that stands there must be that one."""
        return [value_of(n) for n in self.signature.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NS)[:1]]

    def terms(self, facts):
        paths = [a["terms"] for a in facts.get("agreements", []) if a["id"] == self.agreement and "terms" in a]
        return json_of(paths[-1]) if paths else {}

    def says(self, facts):
        service, action, terms = self.text("eb2:Service"), self.text("eb2:Action"), self.terms(facts)
        said = {"messageId": self.id(), "refToMessageId": self.text("eb2:MessageData/eb2:RefToMessageId"),
                "conversation": self.text("eb2:ConversationId")}
        if (service, action) == (MSH, "Ping"):
            return dict(said, service=PING[0], action=PING[1])
        rows = [r["document"] for r in terms.get("actions", []) if r["action"] == action and r.get("service", service) == service]
        said.update(service=DOCUMENTS, action=(rows + [action])[0])
        if facts["direction"] == "in":
            for name, party in ("originalSender", "From"), ("finalRecipient", "To"):
                said[name] = facts[name] if self.may_be(facts[name], self.text("eb2:%s/eb2:Role" % party), terms) else None
        return said

    @staticmethod
    def may_be(authority, role, terms):
        """"TH:customs" is the kind of authority that the terms make of ROLE; else that of this name; else customs."""
        seats = [r["seat"] for r in terms.get("roles", []) if r["role"] == role]
        return authority.split(":", 1)[1] in (seats[:1] or [role, "customs"])

    def id(self):
        return self.text("eb2:MessageData/eb2:MessageId")

    def made(self):
        return self.text("eb2:MessageData/eb2:Timestamp")

    def about(self):
        own = self.acknowledgment.findtext("eb2:RefToMessageId", "", NS) if self.acknowledgment is not None else ""
        return own.strip() or self.text("eb2:MessageData/eb2:RefToMessageId")

    def repeated(self):
        return self.acknowledgment.findall("ds:Reference", NS)

    def answers_a_ping(self, request):
        return (self.acknowledgment is None and [request.text("eb2:Action"), self.text("eb2:Action")] == ["Ping", "Pong"] and
                request.text("eb2:Service") == self.text("eb2:Service") == MSH)

    def asks_for_a_signature(self):
        asked = self.envelope.findall("soap:Header/eb2:AckRequested", NS)
        return any(a.get("{%s}signed" % NS["eb2"], a.get("signed")) in ("true", "1") for a in asked)

    def is_acknowledgment(self):
        return self.acknowledgment is not None

    def hrefs(self):
        return [r.get("{http://www.w3.org/1999/xlink}href") for r in self.body.findall("eb2:Manifest/eb2:Reference", NS)]

    def compressed(self, uri):
        return False

    def party(self, name):
        return self.text("eb2:%s/eb2:PartyId" % name)

    def party_type(self, name):
        node = self.header.find("eb2:%s/eb2:PartyId" % name, NS)
        return node.get("{%s}type" % NS["eb2"], node.get("type"))

    def signed_envelope(self, reference):
        """4.1.3. The XPath is evaluated as it stands, once it has the form that may be evaluated."""
        transforms = reference.findall("ds:Transforms/ds:Transform", NS)
        if [t.get("Algorithm") for t in transforms] != [ENVELOPED, XPATH, INCLUSIVE]:
            return None
        xpath, = transforms[1].findall("ds:XPath", NS)
        actors = re.findall(r"=\s*['\"](.*?)['\"]", xpath.text)
        if not re.fullmatch(NOT_FOR_NEXT, xpath.text) or len(xpath) or any(a not in ACTORS for a in actors):
            return None
        whole = copy.deepcopy(self.envelope.getroottree())
        select = etree.XPath(xpath.text, namespaces={p: u for p, u in xpath.nsmap.items() if p})
        signature = whole.getroot().findall("soap:Header/ds:Signature", NS)[0]
        for node in [n for n in whole.iter(etree.Element) if n is signature or not select(n)]:
            self.take_out(node)
        return etree.tostring(whole, method="c14n", with_comments=False)

    @staticmethod
    def take_out(node):
        """The element; what follows it stays."""
        above, before = node.getparent(), node.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + (node.tail or "")
        else:
            above.text = (above.text or "") + (node.tail or "")
        above.remove(node)

    def reference_octets(self, reference, path, plain):
        uri = reference.get("URI")
        if uri == "":
            return self.signed_envelope(reference)
        names = [n for n in self.parts if uri in ("cid:" + n, "cid:" + urllib.parse.quote(n)) or
                 urllib.parse.unquote(uri) == "cid:" + urllib.parse.unquote(n)]
        if len(names) != 1 or reference.find("ds:Transforms", NS) is not None:
            return None
        body = self.parts[names[0]][1]
        return body if body == plain else None

    def signs_all(self, payloads):
        uris = [r.get("URI") for r in self.references]
        return uris.count("") == 1 and len(uris) - 1 == len(set(payloads)) == len(payloads) == len(set(self.hrefs()))


def der(raw):
    """The r and s of ECDSA, which stand side by side, as openssl takes them."""
    def integer(number):
        number = number.lstrip(b"\0") or b"\0"
        return b"\2" + bytes([len(number) + (number[0] >> 7)]) + b"\0" * (number[0] >> 7) + number
    both = integer(raw[:len(raw) // 2]) + integer(raw[len(raw) // 2:])
    return b"\x30" + bytes([len(both)]) + both


def forms_of(payload):
    """In which it was signed: versions of a message may differ."""
    return [payload] + payload.get("otherForms", [])


def check_signed(wire, fact, facts):
    folder, method = wire.folder, wire.info.find("ds:CanonicalizationMethod", NS)
    check("%s: SignedInfo is derived from the message" % folder, method.get("Algorithm") in wire.methods and
          wire.signed_info() == octets(folder + "/signed-info.xml"))
    value = value_of(wire.signature.find("ds:SignatureValue", NS))
    algorithm = octets(folder + "/algorithm").decode().split()
    check("%s: the signature is that of the message" % folder, octets(folder + "/signature.bin") ==
          (der(value) if algorithm[0].startswith("ecdsa") else value) and
          wire.info.find("ds:SignatureMethod", NS).get("Algorithm") == algorithm[1])
    rows = [line.split("\t") for line in octets(folder + "/references.tsv").decode().splitlines()]
    check("%s: as many references as SignedInfo has" % folder, len(rows) == len(wire.references))
    payloads = {form["signed"]: p for p in facts["payloads"] for form in forms_of(p)}
    compressed = {(form["signed"], form["compressed"]) for p in facts["payloads"] for form in forms_of(p)}
    paths = [os.path.normpath(folder + "/" + row[3]) for row in rows]
    named = [(path, r.get("URI")) for path, r in zip(paths, wire.references) if r.get("URI").startswith("cid:")]
    check("%s: evidence.json says what is compressed" % folder,
          all((path, wire.compressed(uri)) in compressed for path, uri in named))
    contents = [payloads[path]["plain"] for path, _ in named if path in payloads]
    check("%s: %s and each content are signed, each once" % (folder, wire.wholes), wire.signs_all([path for path, _ in named]) and
          sorted(contents) == (sorted(p["plain"] for p in facts["payloads"]) if fact["kind"] in ("sent", "received") else []))
    for path, uri in named:
        plain = payloads[path]["plain"]
        wire.sent[plain] = octets(path if wire.compressed(uri) else plain, True)
    for reference, path, (uri, name, value, _) in zip(wire.references, paths, rows):
        derived = wire.reference_octets(reference, path, octets(payloads[path]["plain"], True) if path in payloads else None)
        method = DIGESTS[reference.find("ds:DigestMethod", NS).get("Algorithm")]
        digest = hashlib.new(method, derived or b"").digest()
        check("%s: the octets of %s are derived from the message, and have the digest that was signed" % (folder, uri),
              derived is not None and derived == octets(path, uri.startswith("cid:")) and
              digest == value_of(reference.find("ds:DigestValue", NS)) and
              (uri, name, value) == (re.sub("[\0-\x1f]", "?", reference.get("URI") or "(envelope)"), method, digest.hex()))
        if method == "sha1":
            print("note   %s: a digest is made with SHA-1, which is weak: two texts with the same one can be made" % folder)


def check_header(wire, facts, first):
    """The facts of evidence.json against the signed header. Authorities are those of the FIRST version: AS4 names them, ebMS 2
    has roles for them, and a message that comes again by the other binding says the same otherwise."""
    said = wire.says(facts)
    if isinstance(wire, Wire2) != isinstance(first, Wire2):
        said = {name: value for name, value in said.items() if name not in ("originalSender", "finalRecipient")}
    check("%s: evidence.json says what the message says" % wire.folder,
          all(value == (facts.get(name) or "") for name, value in said.items()) and
          [wire.party("From"), wire.party("To")] == [facts["from"]["id"], facts["to"]["id"]] and
          [wire.party_type("From"), wire.party_type("To")] == [facts["from"].get("type"), facts["to"].get("type")] and
          len(wire.hrefs()) == len(facts["payloads"]))


def check_agreement(wire, fact, facts):
    """ebMS 2: the agreement that the message names is the one that is here, and was kept before."""
    if wire.agreement is None:
        return
    here = [a for a in facts.get("agreements", []) if a["text"] == fact.get("agreement")]
    if not here:
        print("note   %s: the agreement that it names is not here" % wire.folder)
        return
    check("%s: the agreement that it names is %s" % (wire.folder, here[0]["text"]), here[0]["id"] == wire.agreement and
          parse(octets(here[0]["text"])).get("{%s}cpaid" % NS["cpa"]) == wire.agreement and
          sha256(octets(here[0]["text"])) == here[0]["sha256"] and here[0]["added"] <= fact["time"])
    if "terms" in here[0]:
        check("%s: %s is the one that evidence.json names" % (wire.folder, here[0]["terms"]),
              sha256(octets(here[0]["terms"])) == here[0]["termsSha256"])


def check_receipt(receipt, wire, signers):
    check("%s: another certificate than that of %s signed it" % (receipt.folder, wire.folder),
          signers[receipt.folder] != signers[wire.folder])
    if receipt.answers_a_ping(wire):
        check("%s: answers the ping of %s" % (receipt.folder, wire.folder), receipt.about() == wire.id())
        return
    repeated = receipt.repeated()
    check("%s: repeats exactly the digests of %s" % (receipt.folder, wire.folder),
          repeated and receipt.digests(repeated) == wire.digests(wire.references))
    check("%s: names the message of %s" % (receipt.folder, wire.folder), receipt.about() == wire.id())


def answered_by(fact, wires):
    answered = octets(fact["folder"] + "/answers").decode().strip()
    if answered not in wires or wires[answered].user is None or answered != fact["answers"]:
        raise Unreadable("%s: %s/answers does not name a message that could be read" % (fact["folder"], fact["folder"]))
    return answered


def check_unsigned(fact, facts, wires):
    """An answer of ebMS 2 without a signature: what holds it is the signed message, and the journal of the node."""
    folder = fact["folder"]
    answer, request = read_wire(folder), wires[answered_by(fact, wires)]
    check("%s: nothing in it is a signature, and no certificate is said to have made one" % folder, isinstance(answer, Wire2) and
          not list(answer.envelope.iter("{%s}Signature" % NS["ds"])) and not fact["basis"])
    check("%s: %s, which is signed, does not ask for a signed answer" % (folder, request.folder),
          isinstance(request, Wire2) and not request.asks_for_a_signature())
    check("%s: it is between the same parties, and names the message of %s" % (folder, request.folder),
          (answer.is_acknowledgment() or answer.answers_a_ping(request)) and answer.about() == request.id() and
          answer.agreement == request.agreement and
          [answer.party("From"), answer.party("To")] == [request.party("To"), request.party("From")])
    check_agreement(answer, fact, facts)
    unsigned.append("- %s: an answer that nobody signed. That the other side acknowledged %s by it is the word of the node that wrote "
                    "this folder." % (folder, request.folder))


# --- what a signature was believed by ---

PEM_FILES = {"signer.pem": "CERTIFICATE", "issuer-": "CERTIFICATE", "crl-": "X509 CRL", "later-crl-": "X509 CRL"}


def pem_octets(path):
    """The DER in a file of exactly one block, with the label that its name asks for."""
    label = next(PEM_FILES[p] for p in sorted(PEM_FILES, reverse=True) if os.path.basename(path).startswith(p))
    text = octets(path).decode()
    data = base64.b64decode("".join(text.splitlines()[1:-1]))
    base64_lines = base64.b64encode(data).decode()
    lines = [base64_lines[i:i + 64] for i in range(0, len(base64_lines), 64)]
    check("%s is one %s" % (path, label), text.split("\n") == ["-----BEGIN %s-----" % label, *lines, "-----END %s-----" % label, ""])
    return data


def updates(data):
    """When a revocation list was made, and by when it was to be replaced, in microseconds since 1970.

    RFC 5280, 5.1: CertificateList { TBSCertList { [version], signature, issuer, thisUpdate, nextUpdate, …"""
    at, times = element(data, element(data, 0)[1])[1], []
    for _ in range(2 + (data[at] == 2)):
        at = element(data, at)[2]
    for _ in range(2):
        tag, start, at = element(data, at)
        text = data[start:at].decode()
        if tag == 0x17:  # UTCTime: of the years 1950 to 2049
            text = ("19" if text >= "50" else "20") + text
        time = datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ") - datetime.datetime(1970, 1, 1)
        times.append(time // datetime.timedelta(microseconds=1))
    return times


def check_basis(fact):
    """Certificates and lists: exactly those that the record of the journal speaks of."""
    folder = fact["folder"]
    names = sorted(n for n in os.listdir(folder) if n.endswith(".pem"))
    found = {name: pem_octets("%s/%s" % (folder, name)) for name in names}
    basis = [item["fingerprint"] for item in fact["basis"]]
    check("%s: its certificates and revocation lists are those of evidence.json, all of them" % folder,
          sorted(sha256(data) for data in found.values()) == sorted(basis) and
          basis[:1] == [sha256(found[name]) for name in names if name == "signer.pem"])
    lists = {name: updates(data) for name, data in found.items() if "crl-" in name}
    for name, (made, _) in lists.items():
        check("%s/%s is called later only if it is" % (folder, name), name.startswith("later-") == (made > fact["at"]))
    if fact["proved"]:
        due = max((times for times in lists.values() if times[0] <= fact["at"]), default=(0, fact["at"]))[1]
        overdue = time_of(due) if due < fact["at"] else None
        check("%s: evidence.json says whether the revocation list was overdue at that time" % folder,
              fact.get("listOverdueSince") == overdue)
        check("%s: evidence.json has as many certificates and lists" % folder, [fact["issuers"], fact["revocationLists"]] == [
            sum(n.startswith("issuer-") for n in names), sum("crl-" in n for n in names)])
    return found


def record_of(fact, facts):
    """How the journal names what went over the wire: SHA-256 over six lines."""
    basis = [item["fingerprint"] for item in fact["basis"]]
    stored = {p["plain"]: octets(p["signed" if p["compressed"] else "plain"], True) for p in facts["payloads"]}
    if fact["folder"] in wires:
        stored.update(wires[fact["folder"]].sent)
    parts = [stored[p["plain"]] for p in facts["payloads"]]
    lines = (("kind", fact["kind"]), ("at", "%d" % fact["at"]), ("octets", sha256(octets(fact["folder"] + "/message"))),
             ("signer", basis[0] if basis else "-"), ("basis", sha256("".join(basis).encode()) if basis else "-"),
             ("parts", sha256(b"".join(hashlib.sha256(p).digest() for p in parts)) if fact["kind"] in ("sent", "received") else "-"))
    return sha256("".join("%s %s\n" % line for line in lines).encode())


# --- each wire ---

def signature_holds(wire):
    """Whether openssl finds the signature good; the only place where it is needed here."""
    with tempfile.TemporaryDirectory() as scratch:
        def put(name, data):
            with open(os.path.join(scratch, name), "wb") as file:
                file.write(data)
            return file.name
        method = wire.info.find("ds:SignatureMethod", NS).get("Algorithm").lower()
        value = value_of(wire.signature.find("ds:SignatureValue", NS))
        key = put("key", subprocess.run(["openssl", "x509", "-in", wire.folder + "/signer.pem", "-noout", "-pubkey"],
                                        capture_output=True, check=True).stdout)
        info = put("info", wire.signed_info())
        sign = put("sign", der(value) if "ecdsa" in method else value)
        command = (["pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", info, "-sigfile", sign] if "ed25519" in method else
                   ["dgst", "-sha" + method.split("sha")[-1], "-verify", key, "-signature", sign, info])
        return subprocess.run(["openssl", *command], capture_output=True).returncode == 0


def check_unproved(fact):
    """Of an answer alone. What was believed by nothing has no certificate in the record; else its signature must really fail."""
    folder = fact["folder"]
    if fact["basis"]:
        try:
            wire = read_wire(folder)
            holds = signature_holds(wire) and all(
                wire.reference_octets(r, "", None) is not None and hashlib.new(
                    DIGESTS[r.find("ds:DigestMethod", NS).get("Algorithm")], wire.reference_octets(r, "", None)).digest() ==
                value_of(r.find("ds:DigestValue", NS)) for r in wire.references)
        except Exception:  # what cannot be read proves nothing
            holds = False
        check("%s: its signature does not hold, so that the files of it are not here" % folder, not holds)
    print("note   %s: without a signature that was believed, it proves nothing" % folder)


def check_wire(fact, facts):
    folder, kind = fact["folder"], fact["kind"]
    certificate = check_basis(fact).get("signer.pem")
    check("%s: evidence.json has its digest and its time" % folder, fact["sha256"] == sha256(octets(folder + "/message")) and
          fact["time"] == time_of(fact["at"]) and
          octets(folder + "/time").decode().splitlines() == [str(fact["at"] // 1000000), fact["time"]])
    if not fact["proved"] and kind.startswith("error"):
        check_unproved(fact)
        return
    if not fact["proved"] and kind.startswith("receipt") and fact.get("unsigned"):
        check_unsigned(fact, facts, wires)
        return
    wire = read_wire(folder)
    check_signed(wire, fact, facts)
    check_agreement(wire, fact, facts)
    check("%s: signer.pem is the certificate that evidence.json names, and that the message brought, if it brought one" % folder,
          certificate and sha256(certificate) == fact["signer"] and all(certificate == t for t in wire.tokens()))
    wires[folder], signers[folder] = wire, fact["signer"]
    if kind in ("sent", "received"):
        check_header(wire, facts, next(iter(wires.values())))
        deed = "%s signed message %s with its content" % (wire.party("From"), facts["messageId"])
    elif kind.startswith("receipt"):
        answered = answered_by(fact, wires)
        check_receipt(wire, wires[answered], signers)
        deed = "%s acknowledged %s at %s" % (wires[answered].party("To"), answered, wire.made())
    else:
        deed = "an answer that is no receipt"
    deed = "".join(c if c.isprintable() else "?" for c in deed)
    proved.append("- %s: %s, with the certificate whose SHA-256 fingerprint is %s" % (folder, deed, sha256(certificate)))


def check_names(facts):
    """Names follow from kinds and numbers, so that no other file can be meant."""
    good = all(w["kind"] in KINDS and w["folder"] == "%d-%s" % (i, w["kind"]) for i, w in enumerate(facts["wires"], 1))
    check("evidence.json names each folder by its number and one of the six kinds", good)
    fits = all(re.fullmatch(r"payload/%d\.[a-z]+" % i, p["plain"]) and
               all(f["signed"] == p["plain"] or re.fullmatch(r"payload/%d\.signed(-[0-9]+)?" % i, f["signed"]) for f in forms_of(p))
               for i, p in enumerate(facts["payloads"], 1))
    check("evidence.json names the files of payload/ by their numbers", fits)
    agreed = all(a["text"] == "agreement/%d.xml" % i and a.get("terms", "agreement/%d.json" % i) == "agreement/%d.json" % i
                 for i, a in enumerate(facts.get("agreements", []), 1))
    check("evidence.json names the files of agreement/ by their numbers", agreed)
    if not good or not fits or not agreed:
        raise Unreadable("evidence.json names what is not a file of such a folder")


def files_of(facts):
    """Every file that belongs here."""
    paths = {"README.md", "SHA256SUMS", "evidence.json", "verify.sh", "derive.py", "audit/entries.json", "audit/links.tsv"}
    for payload in facts["payloads"]:
        paths |= {payload["plain"]} | {form["signed"] for form in forms_of(payload)}
    for agreement in facts.get("agreements", []):
        paths |= {agreement[name] for name in ("text", "terms") if name in agreement}
    for fact in facts["wires"]:
        names = ["message", "content-type", "time"]
        if fact["proved"]:
            names += ["references.tsv", "signed-info.xml", "signature.bin", "algorithm"]
            names += ["reference-%d.bin" % n for n, line in enumerate(octets(fact["folder"] + "/references.tsv").splitlines(), 1)
                      if not line.startswith(b"cid:")]
        names += ["answers"] if "answers" in fact else []
        # Which of them there must be is check_basis()'s business.
        names += [n for n in os.listdir(fact["folder"]) if re.fullmatch(r"signer\.pem|issuer-[0-9]+\.pem|(later-)?crl-[0-9]+\.pem", n)]
        paths |= {"%s/%s" % (fact["folder"], name) for name in names}
    return paths


def check_files(facts):
    there = set()
    for folder, folders, names in os.walk("."):
        links = [f for f in folders if os.path.islink(os.path.join(folder, f))]
        there |= {os.path.normpath(os.path.join(folder, n)) for n in names + links}
    belong = files_of(facts)
    for path in sorted(there - belong):
        check("%s does not belong into this folder" % path, False)
    for path in sorted(belong - there):
        check("%s is missing" % path, False)
    check("there are no files but those that belong to the message", there == belong)


def check_wires(facts):
    check_names(facts)
    attempt(lambda: check_files(facts), "the list of files that belong here")
    for fact in facts["wires"]:
        attempt(lambda: check_wire(fact, facts), fact["folder"])
    for line in unsigned:
        print("note   %s" % line[2:])
    if not unsigned and not any("-receipt-" in folder for folder in wires):
        print("note   there is no receipt")
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
    """The roots by the number of their seal, with the first and last entry; the last seal; and the first of the unbroken run up to it."""
    links, before, good, run = {}, None, True, 0
    for line in octets("audit/links.tsv", True).decode().splitlines():
        number, first, last, at, previous, root, digest = line.split("\t")
        text = bytes.fromhex(previous) + ("%s\n%s\n%s\n" % (first, last, at)).encode() + bytes.fromhex(root)
        left_out = before is not None and int(number) > before[0] + 1
        if before is None or left_out:
            run = int(number)
        if left_out:
            print("note   between the seals %d and %s the chain is left out" % (before[0], number))
        good = good and sha256(text) == digest and (
            before is None or left_out or (int(number), previous, int(first)) == (before[0] + 1, before[1], before[2] + 1))
        before = int(number), digest, int(last)
        links[int(number)] = bytes.fromhex(root), int(first), int(last)
    check("the journal's %d seals have the hash of what they hold, each with that of the one before" % len(links), good)
    return links, before, run


def check_entry(entry, links, run):
    """Whether the run of links up to the head holds ENTRY."""
    label = "journal entry %s (%s %s)" % (entry.get("sequence", "-"), time_of(entry["at"]), entry["event"])
    if entry["time"] != time_of(entry["at"]):
        check("%s: its time is what its field at says" % label, False)
    if "seal" not in entry:
        print("note   %s is not sealed yet: nothing holds it" % label)
        return False
    if entry["seal"] not in links:
        print("note   %s is under seal %d, whose link is not here: nothing holds it" % (label, entry["seal"]))
        return False
    root, first, last = links[entry["seal"]]
    path = [bytes.fromhex(step["hash"]) for step in entry["path"]]
    fits = (entry["sequence"] == first + entry["index"] and entry["count"] == last - first + 1 and
            root_of(entry_digest(entry), entry["index"], entry["count"], path) == root)
    if entry["seal"] >= run or not fits:
        check("%s is under seal %d" % (label, entry["seal"]), fits)
        return fits
    print("note   %s is under seal %d, before links that are left out: nothing holds it" % (label, entry["seal"]))
    return False


def check_agreements(entries, facts):
    """Each is the one that the journal named last before what was exchanged by it."""
    for fact in facts["wires"]:
        for agreement in facts.get("agreements", []):
            if agreement["text"] != fact.get("agreement"):
                continue
            puts = [e for e in entries if e["subjectType"] == "agreement" and e["subject"] == agreement["id"] and
                    e["event"] in ("added", "replaced") and e["at"] <= fact["at"]]
            last = max(puts, key=lambda e: (e["at"], e.get("sequence", sys.maxsize)), default={})
            check("%s: the journal names %s as what was agreed then" % (fact["folder"], agreement["text"]),
                  last.get("content") == sha256(octets(agreement["text"])) and last.get("time") == agreement["added"])


def check_journal(facts):
    global sealed, unheld
    links, head, run = check_links()
    entries, said = json_of("audit/entries.json")["entries"], facts["journal"]
    check("evidence.json says how much of the journal is here",
          (said["entries"], said["unsealed"], said["links"], said.get("lastSeal"), said.get("lastHash")) ==
          (len(entries), sum("seal" not in e for e in entries), len(links), head and head[0], head and head[1]))
    if not links and any("seal" in e for e in entries):
        raise Unreadable("audit/links.tsv is empty")
    own = {}
    for entry in entries:
        holds = check_entry(entry, links, run)
        if entry["subject"] != facts["id"]:
            continue
        unheld += not holds
        if "content" in entry and entry["event"] != "evidence-exported":
            own[entry["content"]] = entry["at"], holds
    check_agreements(entries, facts)
    here = {record_of(fact, facts): fact for fact in facts["wires"]}
    for record, fact in here.items():
        check("%s: the journal names its record: octets, time, signer, certificates, revocation lists and content" % fact["folder"],
              own.get(record, (None, False))[0] == fact["at"])
        sealed += own.get(record, (None, False))[1]
    check("the journal names what is in this folder, and nothing else of this message",
          set(own) == set(here) and len(here) == len(facts["wires"]))
    if head:
        print("note   compare the journal: the head that was written down at seal %d must be %s" % head[:2])


def check_sum(line):
    check("%s has the digest that SHA256SUMS names" % line[66:], line[64:66] == "  " and sha256(octets(line[66:], True)) == line[:64])


def check_sums():
    lines = octets("SHA256SUMS").decode().splitlines()
    for line in lines:
        attempt(lambda: check_sum(line), line[66:])
    named = {line[66:] for line in lines} | {"SHA256SUMS"}
    there = {os.path.normpath(os.path.join(folder, name)) for folder, _, names in os.walk(".") for name in names}
    for path in sorted(there - named):
        check("%s is not named in SHA256SUMS: it was added" % path, False)


def conclude(facts):
    """The exit status."""
    message = any(re.match(r"- [0-9]+-(sent|received):", line) for line in proved)
    if wrong or facts is None:
        print("%d of %d checks are wrong: as it is, this folder proves nothing. Something in it was changed or is missing." %
              (wrong, held + wrong))
        return 1
    if not message:
        print("All %d checks hold, 0 are wrong; but no signed message is here: this folder proves nothing of what was exchanged." % held)
        return 3
    print("All %d checks hold, 0 are wrong. Whoever holds the keys of these certificates did this:" % held, *proved, sep="\n")
    print(*unsigned, sep="\n", end="\n" if unsigned else "")
    if not unsigned and not any("-receipt-" in line for line in proved):
        print("- There is no receipt: nothing here shows that the message was accepted.")
    print("That the signatures fit the certificates is checked by verify.sh; compare the fingerprints with those of the authorities.")
    if unheld:
        print("The journal proves nothing of %d of its entries about this message, as no seal up to the head holds them." % unheld)
    if not sealed:
        print("The journal proves nothing here: none of its entries that a seal up to the head holds names what is in this folder. "
              "Times, revocation lists and certificates may be others than at the time.")
    return 0 if sealed else 3


def main():
    attempt(check_sums, "SHA256SUMS")
    facts = attempt(lambda: json_of("evidence.json"), "evidence.json")
    if facts is not None:
        attempt(lambda: check_wires(facts), "evidence.json, or a file that it names,")
        attempt(lambda: check_journal(facts), "the journal (audit/entries.json, audit/links.tsv)")
    sys.exit(conclude(facts))


main()
