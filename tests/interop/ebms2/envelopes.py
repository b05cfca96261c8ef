"""ebMS 2.0 envelopes by substitution: good ones, and each way in which one is wrong, with the error that it must get.

The negatives are those of the tests of ebms-core (one template each: version, role, AckRequested, SyncReply, …) and more;
written anew from ebMS 2.0, with the codes of its §4.2.3.4.
"""
import dataclasses, datetime, re, uuid, xml.etree.ElementTree as ElementTree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
EB = "http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
XLINK = "http://www.w3.org/1999/xlink"
SIGNALS = "urn:oasis:names:tc:ebxml-msg:service"
TO_PARTY, NEXT_MSH = "urn:oasis:names:tc:ebxml-msg:actor:toPartyMSH", "urn:oasis:names:tc:ebxml-msg:actor:nextMSH"
NEXT = "http://schemas.xmlsoap.org/soap/actor/next"


def timestamp(seconds=0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id():
    return f"{uuid.uuid4()}@interop"


def element(name, value, **attributes):
    """eb:NAME; an attribute of None is left out."""
    given = "".join(f' eb:{k}="{v}"' for k, v in attributes.items() if v is not None)
    return f"<eb:{name}{given}>{value}</eb:{name}>"


@dataclasses.dataclass
class Address:
    """A party in a header. Signals name no role."""
    id: str
    type: str | None = None
    role: str | None = None

    def xml(self, name):
        role = f"\n        {element('Role', self.role)}" if self.role else ""
        return f"<eb:{name}>\n        {element('PartyId', self.id, type=self.type)}{role}\n      </eb:{name}>"


@dataclasses.dataclass
class Header:
    """A MessageHeader and what stands beside it. UNTIL: TimeToLive."""
    sender: Address
    receiver: Address
    cpa: str
    service: str
    action: str
    service_type: str | None = None
    conversation: str = dataclasses.field(default_factory=new_id)
    message_id: str = dataclasses.field(default_factory=new_id)
    ref_to: str | None = None
    at: str = dataclasses.field(default_factory=timestamp)
    until: str | None = None
    eliminate: bool = False     # DuplicateElimination
    acknowledge: bool | None = None  # AckRequested, signed or not
    sync: bool = False          # SyncReply
    more: str = ""              # further children of SOAP:Header

    def answer(self, action, **changes):
        """The header of a signal about this message: ebMS 2.0 §4.2.3, §6.3.2, §8."""
        parties = {"sender": Address(self.receiver.id, self.receiver.type), "receiver": Address(self.sender.id, self.sender.type)}
        return Header(**parties, cpa=self.cpa, service=SIGNALS, action=action, conversation=self.conversation, ref_to=self.message_id,
                      **changes)

    def xml(self, soap="soap", body=""):
        ref = f"\n        {element('RefToMessageId', self.ref_to)}" if self.ref_to else ""
        lives = f"\n        {element('TimeToLive', self.until)}" if self.until else ""
        beside = "\n      <eb:DuplicateElimination/>" if self.eliminate else ""
        more = ""
        if self.sync:
            more += f'\n    <eb:SyncReply eb:version="2.0" {soap}:mustUnderstand="1" {soap}:actor="{NEXT}"/>'
        if self.acknowledge is not None:
            more += (f'\n    <eb:AckRequested eb:version="2.0" {soap}:mustUnderstand="1" {soap}:actor="{TO_PARTY}"'
                     f' eb:signed="{str(self.acknowledge).lower()}"/>')
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<{soap}:Envelope xmlns:{soap}="{SOAP}" xmlns:eb="{EB}" xmlns:xlink="{XLINK}">
  <{soap}:Header>
    <eb:MessageHeader eb:version="2.0" {soap}:mustUnderstand="1">
      {self.sender.xml("From")}
      {self.receiver.xml("To")}
      {element("CPAId", self.cpa)}
      {element("ConversationId", self.conversation)}
      {element("Service", self.service, type=self.service_type)}
      {element("Action", self.action)}
      <eb:MessageData>
        {element("MessageId", self.message_id)}
        {element("Timestamp", self.at)}{ref}{lives}
      </eb:MessageData>{beside}
    </eb:MessageHeader>{more}{self.more}
  </{soap}:Header>
  <{soap}:Body>{body}</{soap}:Body>
</{soap}:Envelope>
"""


def child(parent, *path):
    """The element by the local names PATH of ebMS 2, ("soap", …) for those of SOAP; None."""
    namespace = {"soap": SOAP, "ds": DS}
    for name in path:
        prefix, _, local = name.rpartition(":")
        parent = parent.find(f"{{{namespace.get(prefix, EB)}}}{local}") if parent is not None else None
    return parent


def text_of(parent, *path):
    found = child(parent, *path)
    return found.text if found is not None else None


def address_of(element):
    party = child(element, "PartyId")
    return Address(party.text, party.get(f"{{{EB}}}type"), text_of(element, "Role"))


def header_of(envelope):
    """(Header, SOAP:Header, SOAP:Body) of the octets ENVELOPE."""
    root = ElementTree.fromstring(envelope)
    top = child(root, "soap:Header")
    h, ack, service = child(top, "MessageHeader"), child(top, "AckRequested"), child(top, "MessageHeader", "Service")
    return Header(address_of(child(h, "From")), address_of(child(h, "To")), text_of(h, "CPAId"), service.text, text_of(h, "Action"),
                  service_type=service.get(f"{{{EB}}}type"), conversation=text_of(h, "ConversationId"),
                  message_id=text_of(h, "MessageData", "MessageId"), ref_to=text_of(h, "MessageData", "RefToMessageId"),
                  at=text_of(h, "MessageData", "Timestamp"), until=text_of(h, "MessageData", "TimeToLive"),
                  eliminate=child(h, "DuplicateElimination") is not None,
                  acknowledge=None if ack is None else ack.get(f"{{{EB}}}signed") in ("true", "1"),
                  sync=child(top, "SyncReply") is not None), top, child(root, "soap:Body")


def references_of(parent):
    """The ds:Reference elements of PARENT, and (URI, digest) of each."""
    found = [] if parent is None else parent.findall(f"{{{DS}}}Reference")
    return found, [(r.get("URI"), child(r, "ds:DigestValue").text) for r in found]


def manifest(ids):
    """Of what is attached; nothing where nothing is."""
    if not ids:
        return ""
    references = "".join(f'\n      <eb:Reference xlink:type="simple" xlink:href="cid:{i}"/>' for i in ids)
    return f'\n    <eb:Manifest eb:version="2.0">{references}\n    </eb:Manifest>\n  '


def acknowledgment(header, references="", soap="soap"):
    """Of the message with HEADER. REFERENCES: ds:Reference elements of its signature, where a signed one was asked for."""
    party = f"\n      <eb:From>{element('PartyId', header.receiver.id, type=header.receiver.type)}</eb:From>"
    more = (f'\n    <eb:Acknowledgment eb:version="2.0" {soap}:mustUnderstand="1" {soap}:actor="{TO_PARTY}">'
            f"\n      {element('Timestamp', timestamp())}\n      {element('RefToMessageId', header.message_id)}{party}{references}"
            "\n    </eb:Acknowledgment>")
    return header.answer("Acknowledgment", more=more)


def message_error(header, code, location, text, soap="soap"):
    more = (f'\n    <eb:ErrorList eb:version="2.0" {soap}:mustUnderstand="1" eb:highestSeverity="Error">'
            f'\n      <eb:Error eb:errorCode="{code}" eb:severity="Error" eb:location="{location}">'
            f'\n        <eb:Description xml:lang="en">{text}</eb:Description>\n      </eb:Error>\n    </eb:ErrorList>')
    return header.answer("MessageError", more=more)


def fault(code, text):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
            f"<faultcode>soap:{code}</faultcode><faultstring>{text}</faultstring></soap:Fault></soap:Body></soap:Envelope>\n")


# --- literals of the XPath transform ---

TERM = "ancestor-or-self::node()[@{0}:actor={2}{1}{2}]"


def xpath(prefix, between="|", quote='"', first=NEXT_MSH, second=NEXT, before="", after=""):
    terms = between.join(TERM.format(prefix, uri, quote) for uri in (first, second))
    return f"not({before}{terms}){after}"


# Name: (the literal, the prefix of SOAP in the envelope, whether ds:XPath declares it itself).
XPATHS = {
    "ebms-core": (xpath("soap"), "soap", False),
    "prefix": (xpath("S"), "S", False),
    "hermes": (xpath("SOAP-ENV", " | "), "SOAP-ENV", True),
    "trailing-space": (xpath("SOAP-ENV", " | ", after="\n          "), "SOAP-ENV", True),
    "lines": (xpath("SOAP", "\n        | ", before="\n        "), "SOAP", True),
    "specification": (xpath("SOAP", " |\n     "), "SOAP", True),
    "other-order": (xpath("soap", first=NEXT, second=NEXT_MSH), "soap", False),
    "early-text": (xpath("soapenv", first=NEXT_MSH.replace(":actor:", ":service:")), "soapenv", False),
}
# What must be refused as SecurityFailure, however good the signature: all but the envelope's own text, or nothing, is signed.
XPATHS_REFUSED = {
    "nothing is signed": "false()",
    "the header alone": "ancestor-or-self::soap:Header",
    "one actor alone": xpath("soap").replace(f'|{TERM.format("soap", NEXT, chr(34))}', ""),
    "another actor": xpath("soap", second="http://example.org/actor"),
    "a function": xpath("soap").replace("not(", "not(count(/descendant::node()) = 0 or "),
}


# --- what is wrong ---

@dataclasses.dataclass
class Negative:
    """EDITS: (pattern, replacement), each of which must match once, of the text of a good message with one attachment, acknowledged,
    before it is signed. CODE: errorCode of the first error, one of these; "Fault": a SOAP fault. AFTER: edits of the signed octets
    instead. SYNC: of the CPA; None: either. STRICT: not everybody refuses it."""
    name: str
    code: str
    edits: tuple = ()
    after: tuple = ()
    sync: bool | None = None
    strict: bool = False
    how: dict = dataclasses.field(default_factory=dict)  # of the signer

    def edited(self, text):
        for pattern, by in self.edits:
            text, count = re.subn(pattern, by, text, count=1, flags=re.S)
            assert count == 1, f"{self.name}: {pattern} is not in the envelope"
        return text


END_OF_HEADER = r"(\s*</soap:Header>)"
SOAP_ATTRIBUTES = 'eb:version="2.0" soap:mustUnderstand="1"'
# What whoever carries a message can put into it, and no digest changes: the XPath transform leaves out all that is of this actor.
UNSIGNED = f'soap:actor="{NEXT}"'
SMUGGLED = {
    "an Acknowledgment": (END_OF_HEADER, f"<eb:Acknowledgment {SOAP_ATTRIBUTES} {UNSIGNED}>"
                          "<eb:Timestamp>2026-11-22T03:00:00Z</eb:Timestamp><eb:RefToMessageId>any@interop</eb:RefToMessageId>"
                          "</eb:Acknowledgment>\\1"),
    "a MessageHeader": (r"(<eb:MessageHeader)( .*?</eb:MessageHeader>)", rf"\1 {UNSIGNED}\2\1\2"),
    "a Body": (r"(<soap:Body)(>.*?</soap:Body>)", rf"\1 {UNSIGNED}\2\1\2"),
    "a Manifest": (r"(<eb:Manifest)( .*?</eb:Manifest>)", rf"\1 {UNSIGNED}\2\1\2"),
}
MESSAGE_ORDER = f'<eb:MessageOrder {SOAP_ATTRIBUTES}><eb:SequenceNumber eb:status="Reset">0</eb:SequenceNumber></eb:MessageOrder>'


def version(name, code="Inconsistent OtherXml"):
    return Negative(f"{name} of version 2.1", code, ((rf'(<eb:{name}[^>]*eb:version=)"2.0"', r'\1"2.1"'),),
                    sync=name == "SyncReply" or None)


def without(name, code, **more):
    return Negative(f"without {name}", code, ((rf"\s*<eb:{name}\b(?:[^>]*/>|.*?</eb:{name}>)", ""),), **more)


NEGATIVES = [
    version("MessageHeader"), version("AckRequested"), version("SyncReply"), version("Manifest"),
    # Parties
    Negative("From without PartyId", "Inconsistent OtherXml Fault", ((r"(<eb:From>\s*)<eb:PartyId.*?</eb:PartyId>", r"\1"),)),
    Negative("From without Role", "Inconsistent ValueNotRecognized", ((r"(<eb:From>.*?)<eb:Role>.*?</eb:Role>", r"\1"),)),
    Negative("To without Role", "Inconsistent", ((r"(<eb:To>.*?)<eb:Role>.*?</eb:Role>", r"\1"),)),
    Negative("a PartyId without type that is no URI", "Inconsistent OtherXml", ((r"(<eb:From>\s*)<eb:PartyId[^>]*>", r"\1<eb:PartyId>%"),)),
    Negative("From is a party of no agreement", "Inconsistent SecurityFailure", ((r"(<eb:From>.*?<eb:PartyId[^>]*>)[^<]*", r"\1nobody"),)),
    Negative("To has another type of PartyId", "Inconsistent", ((r'(<eb:To>.*?eb:type=")[^"]*', r"\1urn:example:other"),)),
    Negative("To is a party of no agreement", "Inconsistent", ((r"(<eb:To>.*?<eb:PartyId[^>]*>)[^<]*", r"\1nobody"),)),
    Negative("From and To are exchanged", "ValueNotRecognized Inconsistent SecurityFailure",
             ((r"<eb:From>(.*?)</eb:From>(\s*)<eb:To>(.*?)</eb:To>", r"<eb:From>\3</eb:From>\2<eb:To>\1</eb:To>"),)),
    # What was agreed
    Negative("an unknown CPAId", "ValueNotRecognized Inconsistent Fault", ((r"(<eb:CPAId>)[^<]*", r"\1no-such-agreement"),),
             sync=True),  # async nobody knows where the answer would go
    Negative("an unknown Service", "ValueNotRecognized", ((r"(<eb:Service[^>]*>)[^<]*", r"\1urn:example:no-such-service"),)),
    Negative("an unknown Action", "ValueNotRecognized", ((r"(<eb:Action>)[^<]*", r"\1noSuchAction"),)),
    Negative("an unknown signal", "ValueNotRecognized NotSupported Inconsistent",
             ((r"<eb:Service.*?</eb:Action>", f"<eb:Service>{SIGNALS}</eb:Service><eb:Action>NoSuchSignal</eb:Action>"),)),
    Negative("written before the agreement began", "Inconsistent", ((r"(<eb:Timestamp>)[^<]*", r"\g<1>2001-02-03T04:05:06Z"),)),
    # MessageData
    Negative("RefToMessageId of no message", "ValueNotRecognized",
             ((r"(</eb:Timestamp>)", r"\1<eb:RefToMessageId>no-such-message@interop</eb:RefToMessageId>"),), strict=True),
    Negative("TimeToLive is over", "TimeToLiveExpired", ((r"(<eb:TimeToLive>)[^<]*", r"\g<1>2026-01-01T00:00:00Z"),)),
    Negative("without MessageId", "Inconsistent OtherXml Fault", ((r"<eb:MessageId>.*?</eb:MessageId>", ""),)),
    # Reliable messaging
    without("DuplicateElimination", "Inconsistent"),
    without("AckRequested", "Inconsistent"),
    Negative("AckRequested by an unknown actor", "Inconsistent", ((TO_PARTY, "urn:example:actor"),)),
    Negative("AckRequested by nextMSH", "NotSupported", ((TO_PARTY, NEXT_MSH),)),
    Negative("AckRequested is signed otherwise than agreed", "Inconsistent", ((r'eb:signed="true"', 'eb:signed="false"'),)),
    Negative("two AckRequested for one actor", "Inconsistent OtherXml", ((r"(<eb:AckRequested[^>]*/>)", r"\1\1"),)),
    without("SyncReply", "Inconsistent", sync=True),
    Negative("SyncReply that was not agreed", "Inconsistent",
             ((END_OF_HEADER, rf'<eb:SyncReply {SOAP_ATTRIBUTES} soap:actor="{NEXT}"/>\1'),), sync=False),
    Negative("SyncReply of another actor", "Inconsistent OtherXml", ((f'soap:actor="{NEXT}"', 'soap:actor="urn:example:actor"'),),
             sync=True),
    Negative("MessageOrder", "NotSupported", ((END_OF_HEADER, MESSAGE_ORDER + r"\1"),), sync=False),
    Negative("MessageOrder with SyncReply", "Inconsistent NotSupported OtherXml", ((END_OF_HEADER, MESSAGE_ORDER + r"\1"),), sync=True),
    # Manifest and MIME
    without("Manifest", "MimeProblem Inconsistent"),
    Negative("a Manifest that names no attachment", "MimeProblem", ((r'(xlink:href="cid:)[^"]*', r"\1no-such-part@interop"),)),
    Negative("a Manifest that names a web page", "MimeProblem", ((r'xlink:href="[^"]*', 'xlink:href="http://127.0.0.1:9/payload'),)),
    # SOAP
    Negative("a header that must be understood and is not", "Fault OtherXml",
             ((END_OF_HEADER, r'<x:Unknown xmlns:x="urn:example:x" soap:mustUnderstand="1"/>\1'),)),
    Negative("two MessageHeaders", "Inconsistent OtherXml Fault", ((r"(<eb:MessageHeader.*?</eb:MessageHeader>)", r"\1\1"),)),
    Negative("two SOAP Bodies", "Inconsistent OtherXml Fault SecurityFailure", ((r"(<soap:Body>.*?</soap:Body>)", r"\1\1"),)),
    Negative("something else in the Body", "Inconsistent OtherXml Fault", ((r"(</soap:Body>)", r'<x:Other xmlns:x="urn:example:x"/>\1'),)),
    # Signature
    Negative("not signed", "SecurityFailure", how={"key": None}),
    Negative("signed by a stranger", "SecurityFailure", how={"key": "stranger"}),
    Negative("changed after signing", "SecurityFailure", after=((rb"(<eb:Timestamp>[^<]*)Z", rb"\1.5Z"),)),
    Negative("the attachment was changed after signing", "SecurityFailure", after=((rb"attachment 1", rb"attachment 2"),)),
    Negative("the attachment is not signed", "SecurityFailure", how={"unsigned": "1"}),
    Negative("a signature that is no signature of SignedInfo", "SecurityFailure",
             after=((rb"(<ds:SignatureValue>)....", rb"\1AAAA"),)),
    Negative("digests by SHA-1", "SecurityFailure", how={"digest": DS + "sha1"}),
    Negative("signed by RSA with SHA-1", "SecurityFailure", how={"signature": DS + "rsa-sha1"}),
    Negative("without the XPath transform", "SecurityFailure", how={"xpath": ""}),
    *(Negative(f"XPath: {name}", "SecurityFailure", how={"xpath": literal}) for name, literal in XPATHS_REFUSED.items()),
    *(Negative(f"{name} was put in that is not signed", "SecurityFailure Inconsistent OtherXml NotSupported Fault",
               after=((pattern.encode(), by.encode()),)) for name, (pattern, by) in SMUGGLED.items()),
]
