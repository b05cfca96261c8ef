"""A partner by ebMS 2.0 that shares nothing with the node under test: HTTP by Python, signatures by the JDK, messages by envelopes.py.

It keeps everything in memory, sends again only when it is told to, and has the habits of implementations that are met in practice.
"""
import contextlib, dataclasses, hashlib, http.client, http.server, os, pathlib, random, re, shutil, ssl, subprocess, threading
import xml.etree.ElementTree as ElementTree

from envelopes import (DS, EB, NEXT, SIGNALS, XPATHS, Address, Header, acknowledgment, child, element, fault, header_of, manifest,
                       message_error, references_of, text_of, timestamp)
from nodes import free_port
from shared import SIGN, TLS, Keys

LIVES = 300  # seconds of TimeToLive
EMPTY = "", b""
ACTOR = rf"(urn:oasis:names:tc:ebxml-msg:(?:actor|service):nextMSH|{re.escape(NEXT)})"
TERM = rf"\s*ancestor-or-self::node\(\)\[@[\w.-]+:actor=[\"']{ACTOR}[\"']\]\s*"
THE_XPATH = re.compile(rf"\s*not\({TERM}\|(?!\s*[^|]*\1){TERM}\)\s*")


SCHEMA = pathlib.Path(os.environ.get("LINTAS_DATA", "../shared/data")).resolve() / "asw/ebms2/msg-header-2_0.xsd"


def invalid(envelope):
    """What the schema of ebMS 2.0 says of ENVELOPE; nothing where there is no schema or no xmllint."""
    if not SCHEMA.exists() or not shutil.which("xmllint"):
        return ""
    result = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", str(SCHEMA), "-"], input=envelope, capture_output=True,
                            timeout=60)
    return result.stderr.decode() if result.returncode else ""


@dataclasses.dataclass(frozen=True)
class Habits:
    """What the specification leaves open, or implementations do otherwise."""
    xpath: str                    # of envelopes.XPATHS
    bare: bool = True             # a message without attachments is no MIME
    encoding: str = "binary"      # Content-Transfer-Encoding; "none": without that header
    empty: int = 204              # status of an answer without body
    signs_errors: bool = False    # MessageError and Pong
    eliminates_acks: bool = False  # DuplicateElimination in an Acknowledgment
    crlf: bool = False            # line ends of the envelope


HABITS = {"ebms-core": Habits("ebms-core", encoding="none"), "hermes": Habits("hermes", False, empty=200, eliminates_acks=True),
          "nav": Habits("lines", False, encoding="base64", empty=200, signs_errors=True),
          "specification": Habits("specification", False, empty=202, signs_errors=True, crlf=True)}


ANSWERS = {"Ping": "Pong", "StatusRequest": "StatusResponse"}


@dataclasses.dataclass
class Sent:
    """STATE: "sent", "delivered" or "failed". WRONG: what is wrong with the answers that came."""
    header: Header
    raw: bytes
    payloads: list
    state: str = "sent"
    answers: list = dataclasses.field(default_factory=list)  # (header, "sync" or "async", raw)
    errors: list = dataclasses.field(default_factory=list)  # (code, location, text)
    wrong: list = dataclasses.field(default_factory=list)

    @property
    def message_id(self):
        return self.header.message_id


def document(number, size=500):
    """A payload."""
    return b"<document number='%d'>attachment 1 %s</document>" % (number, random.Random(number).randbytes(size // 2).hex().encode())


class Refusal(Exception):
    """What a MessageError says: code, location, text."""


class Peer:
    """The node called NAME; TLS on loopback with certificates of AUTHORITY, or plain HTTP."""
    counts = 0, 1, 3  # payloads of what it sends
    least = 0         # payloads of what it takes

    def __init__(self, region, jdk, name, authority, habits="ebms-core", tls=False):
        self.jdk, self.name, self.habits, self.authority, self.port = jdk, name, HABITS[habits], authority, free_port()
        self.folder = region.work / f"{name.lower()}-jdk"
        self.folder.mkdir()
        self.keys = Keys(self.folder, name, authority)
        for use, usage in (("sign", SIGN), ("stranger", SIGN), ("tls", TLS)):
            self.keys.new(use, "rsa-2048", usage)
        self.endpoint = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/ebms"
        self.agreements, self.sent, self.received, self.kept, self.signals, self.refused = {}, {}, [], {}, [], []
        self.invalid = []  # what the schema says of what came
        self.lost = 0     # so many of the next answers are not given: the sender sees a closed connection
        self.silent = 0   # so many of the next acknowledgments are not sent
        self.forgets = 0  # so many of the next signals are as if they had never come
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Endpoint)
        self.server.peer, self.server.daemon_threads = self, True
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.cert)
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_cert_chain(self.cert("tls"), self.keys.private("tls"))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def cert(self, use):
        return self.keys.cert(use)

    @property
    def signs_errors(self):
        return self.habits.signs_errors

    def agree(self, agreement):
        self.agreements[agreement.id] = agreement

    # --- sending ---

    def pack(self, envelope, signed, attachments=(), **how):
        """HOW: of Jdk.sign()."""
        h, (literal, prefix, declared) = self.habits, XPATHS[self.habits.xpath]
        how = {"key": self.keys.pkcs12("sign"), "xpath": literal, "prefix": prefix if declared else None, **how} if signed else {}
        return self.jdk.sign(envelope, attachments, **{"encoding": h.encoding, "bare": "yes" if h.bare else None,
                                                       "crlf": "yes" if h.crlf else None, **how})

    @property
    def prefix(self):
        return XPATHS[self.habits.xpath][1]

    def header(self, agreement, **changes):
        """Of a business message as AGREEMENT wants it."""
        me, other, flow = agreement.party(self.name), agreement.other(self.name), agreement.flow(self.name)
        return Header(**{"sender": Address(me.id, me.type, flow.from_role), "receiver": Address(other.id, other.type, flow.to_role),
                         "cpa": agreement.id, "service": agreement.service, "service_type": agreement.service_type, "action": flow.action,
                         "until": timestamp(LIVES) if agreement.reliable else None, "eliminate": agreement.reliable,
                         "acknowledge": agreement.ack_signed and agreement.signed if agreement.reliable else None,
                         "sync": agreement.sync, **changes})

    def documents(self, count):
        return [document(i) for i in range(count)]

    def large(self):
        return document(0, 5 << 20)

    def send(self, agreement, *payloads, **changes):
        """Sends PAYLOADS as one message; CHANGES of its header. Its Sent."""
        header = self.header(agreement, **changes)
        attachments = [(f"payload-{i}@interop", "application/xml", p) for i, p in enumerate(payloads, 1)]
        raw = self.pack(header.xml(self.prefix, manifest([a[0] for a in attachments])), agreement.signed, attachments)
        return self.send_again(self.note(Sent(header, raw, list(payloads))))

    def note(self, sent):
        with self.lock:
            self.sent[sent.header.message_id] = sent
        return sent

    def send_again(self, sent):
        """The same octets."""
        status = self.deliver(sent.raw, self.agreements[sent.header.cpa])
        if status and not 200 <= status < 300:
            sent.wrong.append(f"HTTP {status}")
        return sent

    def deliver(self, raw, agreement):
        """The HTTP status; a signal in the answer is noted. None: there was no answer, and nobody knows whether RAW arrived."""
        try:
            status, content_type, body = self.post(raw, agreement)
        except (ConnectionError, http.client.HTTPException):
            return None
        if body:
            self.signal(file_of(content_type, body), "sync")
        return status

    def signal_of_ours(self, agreement, action, body=""):
        """Ping or StatusRequest; its Sent."""
        me, other = agreement.party(self.name), agreement.other(self.name)
        header = Header(Address(me.id, me.type), Address(other.id, other.type), agreement.id, SIGNALS, action, sync=agreement.sync)
        return self.send_again(self.note(Sent(header, self.pack(header.xml(self.prefix, body), self.habits.signs_errors), [])))

    def ping(self, agreement):
        return self.signal_of_ours(agreement, "Ping")

    def ask_status(self, agreement, message_id):
        return self.signal_of_ours(agreement, "StatusRequest", f'<eb:StatusRequest eb:version="2.0">{element("RefToMessageId", message_id)}'
                                                               "</eb:StatusRequest>")

    def post(self, raw, agreement, action='"ebXML"'):
        """(status, type, body) of the answer to RAW, a file as pack() makes it."""
        where = re.fullmatch(r"(https?)://([\d.]+):(\d+)(/.*)", agreement.other(self.name).endpoint)
        if where[1] == "https":
            context = ssl.create_default_context(cafile=self.authority.cert)
            context.load_cert_chain(self.cert("tls"), self.keys.private("tls"))
            connection = http.client.HTTPSConnection(where[2], int(where[3]), timeout=60, context=context)
        else:
            connection = http.client.HTTPConnection(where[2], int(where[3]), timeout=60)
        head, _, body = raw.partition(b"\r\n\r\n")
        with contextlib.closing(connection):
            connection.request("POST", where[4], body, {"Content-Type": head.decode().partition(": ")[2], "SOAPAction": action})
            response = connection.getresponse()
            return response.status, response.getheader("Content-Type", ""), response.read()

    # --- receiving ---

    def take(self, raw):
        """(status, type, body) of the answer to RAW, a file as pack() makes it."""
        _, envelope, payloads = self.jdk.verify(raw)
        self.invalid += filter(None, [invalid(envelope)])
        header, top, body = header_of(envelope)
        agreement = self.agreements.get(header.cpa)
        if agreement is None:
            return 500, "text/xml", fault("Client", f"CPA {header.cpa} not found!").encode()
        if header.service != SIGNALS:
            answer = self.business(raw, header, top, body, payloads, agreement)
        elif header.action == "Ping":
            answer = self.pack(header.answer("Pong").xml(self.prefix), self.habits.signs_errors)
        elif header.action == "StatusRequest":
            answer = self.status(header, body)
        else:
            self.signal(raw, "async")
            answer = None
        if answer and not agreement.sync:
            threading.Thread(target=self.post, args=(answer, agreement), daemon=True).start()
        if not answer or not agreement.sync:
            return self.habits.empty, *EMPTY
        head, _, body = answer.partition(b"\r\n\r\n")
        return 200, head.decode().partition(": ")[2], body

    def status(self, header, body):
        asked = text_of(body, "StatusRequest", "RefToMessageId")
        known = asked in self.kept
        at = element("Timestamp", timestamp()) if known else ""
        response = (f'<eb:StatusResponse eb:version="2.0" eb:messageStatus="{"Processed" if known else "NotRecognized"}">'
                    f'{element("RefToMessageId", asked)}{at}</eb:StatusResponse>')
        return self.pack(header.answer("StatusResponse").xml(self.prefix, response), False)

    def business(self, raw, header, top, body, payloads, agreement):
        """The answer to a business message; None: there is none."""
        with self.lock:
            kept = self.kept.get(header.message_id)
        if kept:  # ebMS 2.0 §6.5.6: the first answer again
            return self.unless_silent(kept)
        try:
            self.judge(raw, header, top, body, payloads, agreement)
        except Refusal as e:
            self.refused.append((header, *e.args))
            return self.pack(message_error(header, *e.args, soap=self.prefix).xml(self.prefix), self.habits.signs_errors)
        answer = None
        if header.acknowledge is not None:
            found, _ = references_of(child(top, "ds:Signature", "ds:SignedInfo")) if header.acknowledge else ([], [])
            copied = "".join(ElementTree.tostring(r, encoding="unicode").strip() for r in found)
            signal = dataclasses.replace(acknowledgment(header, copied, self.prefix), eliminate=self.habits.eliminates_acks)
            answer = self.pack(signal.xml(self.prefix), header.acknowledge)
        with self.lock:
            self.received.append((header, payloads, raw))
            self.kept[header.message_id] = answer
        return self.unless_silent(answer)

    def unless_silent(self, answer):
        with self.lock:
            if self.silent and answer:
                self.silent -= 1
                return None
        return answer

    def taken(self, message_id):
        """The digests of the payloads, for each time that it was taken."""
        with self.lock:
            return [digests(payloads) for header, payloads, _ in self.received if header.message_id == message_id]

    def judge(self, raw, header, top, body, payloads, agreement):
        """Refusal, unless the message is as AGREEMENT wants it."""
        me, other = agreement.party(self.name), agreement.other(self.name)
        flow = next((f for f in agreement.flows if f.sender == other.name and (f.from_role, f.to_role, f.action)
                     == (header.sender.role, header.receiver.role, header.action)), None)
        wanted = self.header(agreement)
        for what, location, code in (
                ((header.sender.id, header.sender.type) == (other.id, other.type), "From/PartyId", "Inconsistent"),
                ((header.receiver.id, header.receiver.type) == (me.id, me.type), "To/PartyId", "Inconsistent"),
                (flow is not None and (header.service, header.service_type) == (wanted.service, wanted.service_type), "Action",
                 "ValueNotRecognized"),
                (header.ref_to is None or header.ref_to in self.kept or header.ref_to in self.sent, "MessageData/RefToMessageId",
                 "ValueNotRecognized"),
                (header.until is None or header.until > timestamp(), "MessageData/TimeToLive", "TimeToLiveExpired"),
                (header.eliminate == wanted.eliminate, "DuplicateElimination", "Inconsistent"),
                (header.acknowledge == wanted.acknowledge, "AckRequested", "Inconsistent"),
                (header.sync == wanted.sync, "SyncReply", "Inconsistent")):
            if not what:
                raise Refusal(code, f"//Header/MessageHeader/{location}", "not as agreed")
        self.judge_signature(raw, top, agreement)
        listed = [] if child(body, "Manifest") is None else child(body, "Manifest").findall("{*}Reference")
        if len(listed) != len(payloads):
            raise Refusal("MimeProblem", "//Body/Manifest", "not what is attached")

    def judge_signature(self, raw, top, agreement):
        if agreement.signed:
            told, _, _ = self.jdk.verify(raw, agreement.other(self.name).sign)
            if told["verified"] != "true" or told["signature"] != agreement.signature:
                raise Refusal("SecurityFailure", "//Header/Signature", told["wrong"] or "the signature does not hold")
            literals = [x.text for x in child(top, "ds:Signature").iter(f"{{{DS}}}XPath")]
            if len(literals) != 1 or not THE_XPATH.fullmatch(literals[0]):  # any other one leaves open what is signed
                raise Refusal("SecurityFailure", "//Header/Signature", "the XPath transform is another one")

    def signal(self, raw, leg):
        """Notes a signal that answers a message of ours, and what is wrong with it."""
        if self.forgets:
            self.forgets -= 1
            return
        _, envelope, _ = self.jdk.verify(raw)
        if b"Fault>" in envelope:
            self.signals.append((None, leg, raw))
            return
        if leg == "sync":  # else take() has looked
            self.invalid += filter(None, [invalid(envelope)])
        header, top, _ = header_of(envelope)
        with self.lock:
            self.signals.append((header, leg, raw))
            sent = self.sent.get(header.ref_to)
        if sent is None:
            return
        agreement = self.agreements[sent.header.cpa]
        sent.answers.append((header, leg, raw))
        sent.wrong += wrong_header(header, sent.header, self.habits.eliminates_acks)
        if leg != ("sync" if agreement.sync else "async"):
            sent.wrong.append(f"{header.action} came {leg}")
        for e in [] if child(top, "ErrorList") is None else child(top, "ErrorList"):
            sent.errors.append((e.get(f"{{{EB}}}errorCode"), e.get(f"{{{EB}}}location"), text_of(e, "Description")))
        if header.action not in (ANSWERS.get(sent.header.action, "Acknowledgment"), "MessageError"):
            sent.wrong.append(f"{sent.header.action} got {header.action}")
        if header.action == "Acknowledgment":
            sent.wrong += self.wrong_acknowledgment(raw, top, sent, agreement)
        sent.state = "failed" if header.action == "MessageError" else "delivered"

    def wrong_acknowledgment(self, raw, top, sent, agreement):
        wrong = []
        if text_of(top, "Acknowledgment", "RefToMessageId") != sent.header.message_id:
            wrong.append("the acknowledgment is of another message")
        if not sent.header.acknowledge:
            return wrong
        told, _, _ = self.jdk.verify(raw, agreement.other(self.name).sign)
        if told["verified"] != "true":
            wrong.append(f"the acknowledgment's signature: {told}")
        _, original, _ = self.jdk.verify(sent.raw)
        signed = references_of(child(header_of(original)[1], "ds:Signature", "ds:SignedInfo"))[1]
        repeated = references_of(child(top, "Acknowledgment"))[1]
        if repeated != signed:
            wrong.append(f"the acknowledgment repeats {repeated}, and {signed} was signed")
        return wrong


def digests(payloads):
    return [hashlib.sha256(p).hexdigest() for p in payloads]


def wrong_header(header, original, eliminates):
    """What is wrong with the header of a signal about the message with the header ORIGINAL. ELIMINATES: acknowledgments may, too."""
    def same(one, two):
        return (one.id, one.type) == (two.id, two.type)
    return [f"{header.action}: {what}" for good, what in (
        (same(header.sender, original.receiver) and same(header.receiver, original.sender), "parties"),
        (header.sender.role is None and header.receiver.role is None, "a role"), (header.cpa == original.cpa, "CPAId"),
        (header.conversation == original.conversation, "ConversationId"), (header.service == SIGNALS, "Service"),
        (eliminates or not header.eliminate, "DuplicateElimination"), (header.acknowledge is None, "AckRequested")) if not good]


def file_of(content_type, body):
    return b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body


class Endpoint(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        peer = self.server.peer
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            if self.headers.get("SOAPAction") == '"ebXML"':
                status, content_type, answer = peer.take(file_of(self.headers["Content-Type"], body))
            else:
                status, content_type, answer = 500, "text/xml", fault("Client", "SOAPAction is not \"ebXML\"").encode()
        except Exception as e:
            status, content_type, answer = 500, "text/plain", f"{type(e).__name__}: {e}".encode()
        if peer.lost:
            peer.lost -= 1
            self.close_connection = True
            return
        self.send_response(status)
        if answer:
            self.send_header("Content-Type", content_type)
            self.send_header("SOAPAction", '"ebXML"')
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass
