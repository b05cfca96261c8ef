#!/usr/bin/env python3
"""./dev interop as4: a real node and phase4, an AS4 implementation by others, over mutual TLS on loopback.

usage: as4.py BUILD CLASSES [--only PROFILE…] [--no-comparison] [--record FOLDER] [--keep]
CLASSES: where Maven left Peer.java and what it needs. docs/interop.md says what was learnt.
"""
import argparse, datetime, json, pathlib, random, re, sys, time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "interop"), str(ROOT / "bench")]
import exchange  # noqa: E402
from nodes import Authority, Node, Region, answer, lintas, run, until  # noqa: E402
from phase4 import PROFILES, Peer, Raw, subject_of  # noqa: E402
from shared import SIGN, Tally, case, evidence, finish, form_d, issue_until, turned  # noqa: E402

ENDING = 75  # seconds that the certificates last which are to end during the test
MESSAGES, OPEN = 500, 16  # of the comparison; a node has 16 exchanges with one partner at a time
COMPARED = ("messages/s", "CPU a message, sender, us", "CPU a message, receiver, us", "RSS of the sender, MB", "RSS of the receiver, MB",
            "peak of the sender, MB", "peak of the receiver, MB")
OTHER_CONVERSATION = rb"(<(?:\w+:)?ConversationId>)[^<]*", rb"\1another"
OTHER_ID = rb"(<(?:\w+:)?MessageId>)", rb"\1another-"
NO_SECURITY = rb"<(\w+):Security\b.*?</\1:Security>", b""


class Exchange:
    """VN, a real node, and TH, which is phase4."""

    def __init__(self, args, profile):
        self.args, self.profile = args, profile
        self.region = Region(args.lintas, ROOT, "lintas-interop-")
        self.authority = Authority(self.region, "interop authority")
        self.serial = 0

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.__exit__(True)
            raise
        return self

    def set_up(self):
        region, authority, profile = self.region, self.authority, self.profile
        sign, decrypt = PROFILES[profile]
        self.vn = vn = Node(region, "VN", authority)
        self.th = th = Peer(region, self.args.classes, "TH", authority, profile)
        lintas(vn, "organisation", "add", "moit", "--seat", "issuing-authority", "--name", "Ministry of Industry and Trade")
        self.own_sign, self.own_decrypt = vn.cert("sign"), vn.cert("decrypt")
        if profile != "edelivery-1.15":
            self.own_sign = vn.new_key(authority, "sign", sign, "VN-own-sign")
            self.own_decrypt = vn.new_key(authority, "decrypt", decrypt, "VN-own-decrypt")
        # Certificates that end while we test, and one that nobody was told of.
        self.end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ENDING)
        th.keys.new("ending", sign, "", self.end)
        th.keys.new("stranger", sign, SIGN)  # of the right authority, and yet nobody's
        self.ending = lintas(vn, "key", "new", "--use", "sign", "--type", sign).strip()
        csr, self.own_ending = region.work / "ending.csr", region.work / "ending.pem"
        csr.write_text(lintas(vn, "key", "csr", self.ending, "--subject", "CN=VN ending"))
        issue_until(authority, csr, self.own_ending, self.end)

        lintas(vn, "partner", "add", "TH", "--endpoint", f"https://127.0.0.1:{th.port}/as4", "--profile", profile,
               "--sign", th.cert("sign"), "--encrypt", th.cert("decrypt"), "--tls", th.cert("tls"))
        lintas(vn, "partner", "certificate", "TH", "--use", "sign", "--file", th.cert("ending"))
        th.start(vn, [self.own_sign, self.own_ending], self.own_decrypt)
        vn.start()
        # What it signs while that certificate is good is sent again when it has ended.
        lintas(vn, "key", "install", self.ending, "--certificate", self.own_ending)
        message = self.delivered(answer(vn, "ping", "TH")["id"])
        assert self.ours_in_full(message["id"])["wires"][0]["signer"] == "CN=VN ending"
        self.ended = Raw.of_lintas(vn, message["id"])
        lintas(vn, "key", "retire", self.ending, "--approved")
        assert th.ping(key="ending")["receipt"] == "verified"

    def __exit__(self, kind, *_):
        if kind or Tally.failed:
            print(self.region.logs())
        self.region.close(self.args.keep)

    def case(self, way, name):
        return case(f"{way}, {self.profile}, {name}")

    def document(self, to):
        """A new e-Form D for the state TO; the file is called by its reference."""
        self.serial += 1
        return form_d(self.region, self.serial, to)

    def inbox(self):
        return answer(self.vn, "inbox", "list")["items"]

    def documents_in(self):
        return answer(self.vn, "documents", "list", "--direction", "in")["items"]

    def arrived(self, message_id, state="processed"):
        return until(f"{message_id} is {state}", lambda: next((m for m in self.inbox() if m["messageId"] == message_id
                                                              and m["state"] == state), None))

    def ours(self, message):
        return next((m for m in answer(self.vn, "outbox", "list")["items"] if m["id"] == message), None)

    def ours_in_full(self, message):
        return answer(self.vn, "outbox", "show", message)

    def delivered(self, message, seconds=60):
        return until("delivered", lambda: (self.ours(message) or {}).get("state") == "delivered" and self.ours(message), seconds)

    def new_document(self, path):
        """What the e-Form D in PATH became here."""
        return next(d for d in self.documents_in() if d["reference"] == path.stem)

    def to_lintas(self, raw):
        return raw.post(self.vn.port, self.authority, (self.th.cert("tls"), self.th.path / "tls.key"))

    def to_phase4(self, raw):
        tls = self.vn.path / "keys" / "tls-1"
        return raw.post(self.th.port, self.authority, (tls / "certificate.pem", tls / "key.pem"))

    def receipt_good(self, told):
        assert told["result"] == "success" and told["receipt"] == "verified" and not told["errors"] and not told["wrong"], told
        assert told["signer"] == subject_of(self.own_sign), told
        return told


FROM, TO = "phase4 -> lintas", "lintas -> phase4"
MIB = 1 << 20


def payloads_of(x, message):
    """What the node keeps of a message, in plain, as its evidence has it."""
    return [f.read_bytes() for f in sorted((evidence(x.vn, message) / "payload").glob("*.xml"))]


def newest_key(node, use):
    return max((node.path / "keys").glob(f"{use}-*"))


def random_file(x, name, size):
    path = x.region.work / name
    path.write_bytes(random.Random(size).randbytes(size))
    return path


def from_phase4(x):
    with x.case(FROM, "one payload"):
        path = x.document("VN")
        told = x.receipt_good(x.th.send(path, id="one@phase4", keep=x.region.work / "one"))
        message = x.arrived("one@phase4")
        assert x.new_document(path)["state"] == "received"
        assert payloads_of(x, message["id"]) == [path.read_bytes()]
        assert told["id"].endswith("@lintas")
    with x.case(FROM, "three payloads"):
        paths = [x.document("VN") for _ in range(3)]
        x.receipt_good(x.th.send(*paths, id="three@phase4"))
        message = x.arrived("three@phase4")
        assert payloads_of(x, message["id"]) == [path.read_bytes() for path in paths]
        assert x.new_document(paths[0])["state"] == "refused"  # an e-Form D is one payload: that is business, after the receipt
    with x.case(FROM, "one payload, not compressed"):  # XML is signed in its canonical form then: WS-Security SwA 1.1 §5.4.2
        path = x.document("VN")
        x.receipt_good(x.th.send(path, id="plain@phase4", plain="yes"))
        assert payloads_of(x, x.arrived("plain@phase4")["id"]) == [path.read_bytes()]
    with x.case(FROM, "20 MB"):
        paths = [x.document("VN"), random_file(x, "annex", 20 * MIB - 1024)]
        x.receipt_good(x.th.send(*paths, id="large@phase4"))
        message = x.arrived("large@phase4")
        assert payloads_of(x, message["id"]) == [path.read_bytes() for path in paths]
    with x.case(FROM, "ping"):
        before = len(x.documents_in())
        x.receipt_good(x.th.ping(id="ping@phase4"))
        x.arrived("ping@phase4")
        assert len(x.documents_in()) == before
    for name, token, element in (("subject key identifier", "SKI_KEY_IDENTIFIER", "KeyIdentifier"),
                                 ("issuer and serial number", "ISSUER_SERIAL", "X509IssuerSerial")):
        with x.case(FROM, f"ping, its certificate named by {name}"):
            x.receipt_good(x.th.ping(id=f"{element}@phase4", token=token))
            named_by(x, x.arrived(f"{element}@phase4")["id"], "1-received", element)


def named_by(x, message, folder, element):
    """The signer's certificate is named so on the wire, and in no other way."""
    wire = (evidence(x.vn, message) / folder / "message").read_bytes()
    there = {name for name in ("BinarySecurityToken", "KeyIdentifier", "X509IssuerSerial") if f"{name}>".encode() in wire}
    assert there == {element}, there


def from_lintas(x):
    def exchanged(path):
        message = x.delivered(answer(x.vn, "send", path, "--from", "moit")["message"])
        about, payloads = next(r for r in x.th.received() if r[0]["id"] == message["messageId"])
        assert payloads == [path.read_bytes()], [len(p) for p in payloads]
        assert about["signer"] == subject_of(x.own_sign) and about["decrypted"] == "true", about
        return message["id"]
    with x.case(TO, "one payload"):
        x.sent = exchanged(x.document("TH"))
    with x.case(TO, "4 MB"):
        path = x.document("TH")
        large = exchange.large_form_d(ROOT, 4_000_000).replace("BENCH-@NUMBER@@", path.stem)
        path.write_text(turned(large))
        exchanged(path)
    with x.case(TO, "ping"):
        x.pinged = answer(x.vn, "ping", "TH")["id"]
        message = x.delivered(x.pinged)
        about, payloads = next(r for r in x.th.received() if r[0]["id"] == message["messageId"])
        assert about["signer"] == subject_of(x.own_sign) and not payloads, about
    for name, token, element in (("subject key identifier", "ski", "KeyIdentifier"),
                                 ("issuer and serial number", "issuer-serial", "X509IssuerSerial")):
        with x.case(TO, f"ping, its certificate named by {name}"):
            lintas(x.vn, "partner", "change", "TH", "--token", token)
            ping = answer(x.vn, "ping", "TH")["id"]
            x.delivered(ping)
            named_by(x, ping, "1-sent", element)
    lintas(x.vn, "partner", "change", "TH", "--token", "bst")


def offline(x):
    """What phase4 signed, judged by the inspector and, from the evidence, by openssl alone."""
    with x.case(FROM, "checked offline"):
        said = lintas(x.vn, "as4", "inspect", x.region.work / "one", "--certificate", x.th.cert("sign"), "--profile", x.profile,
                      "--key", newest_key(x.vn, "decrypt") / "key.pem")
        assert said.rstrip().endswith("verified"), said
        run("sh", evidence(x.vn, x.arrived("one@phase4")["id"]) / "verify.sh")
    with x.case(TO, "receipt checked offline"):
        folder = evidence(x.vn, x.sent)
        said = lintas(x.vn, "as4", "inspect", folder / "2-receipt-received" / "message", "--certificate", x.th.cert("sign"), "--profile",
                      x.profile)
        assert said.rstrip().endswith("verified"), said
        run("sh", folder / "verify.sh")
    if x.args.record:
        record(x, pathlib.Path(x.args.record) / x.profile)


def record(x, folder):
    """A message and a receipt of phase4, and what it takes to judge them on another day, without phase4 (recorded.py)."""
    folder.mkdir(parents=True, exist_ok=True)
    message = Raw.of_phase4(x.region.work / "one")
    # Of the HTTP headers the one that says what the body is.
    (folder / "message.as4").write_bytes(b"Content-Type: " + message.content_type.encode() + b"\r\n\r\n" + message.body)
    (folder / "receipt.as4").write_bytes((evidence(x.vn, x.sent) / "2-receipt-received" / "message").read_bytes())
    (folder / "signer.pem").write_text(x.th.cert("sign").read_text())
    (folder / "decrypt.key").write_text((newest_key(x.vn, "decrypt") / "key.pem").read_text())
    (folder / "at").write_text(datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ\n"))


def error_of_lintas(x, told, code, rule, before):
    assert told["result"] == "as4-error-msg-received" and told["errors"].startswith(code) and rule in told["errors"], told
    assert told["signer"] == subject_of(x.own_sign), f"phase4 did not believe the error: {told}"
    assert len(x.inbox()) == before, "it was taken nevertheless"
    assert answer(x.vn, "refusal", "list")["items"][0]["rule"] == rule


def error_of_phase4(x, raw, code, word):
    before = len(x.th.received())
    status, body = x.to_phase4(raw)
    said = f"{status} " + b" ".join(re.findall(rb'errorCode="[^"]*"|ErrorDetail>[^<]+|Receipt>', body)).decode()
    assert len(x.th.received()) == before, f"it was taken nevertheless: {said}"
    assert f'errorCode="{code}"' in said and word in said, said


def refused_by_lintas(x):
    for name, key, code, rule in (("unsigned", "", "EBMS:0103", "MSG-030"), ("unknown certificate", "stranger", "EBMS:0101", "MSG-051")):
        with x.case(FROM, f"{name} is refused"):
            error_of_lintas(x, x.th.send(x.document("VN"), key=key), code, rule, len(x.inbox()))
    with x.case(FROM, "a wrong digest is refused"):
        before = len(x.inbox())
        status, body = x.to_lintas(Raw.of_phase4(x.region.work / "one").but(*OTHER_CONVERSATION))
        assert status == 200 and b"EBMS:0101" in body and b"MSG-041" in body and len(x.inbox()) == before, body
    with x.case(FROM, "the same message again gets the same receipt, and is taken once"):
        before = len(x.inbox()), len(x.documents_in())
        status, body = x.to_lintas(Raw.of_phase4(x.region.work / "one"))
        assert status == 200 and body == pathlib.Path(f"{x.region.work / 'one'}.answer").read_bytes(), body
        assert (len(x.inbox()), len(x.documents_in())) == before
    with x.case(FROM, "another message by the same MessageId is refused"):
        error_of_lintas(x, x.th.send(x.document("VN"), id="one@phase4"), "EBMS:0003", "MSG-090", len(x.inbox()))


def refused_by_phase4(x):
    with x.case(TO, "a wrong digest is refused"):
        error_of_phase4(x, Raw.of_lintas(x.vn, x.sent).but(*OTHER_CONVERSATION), "EBMS:0102", "FAILED_CHECK")
    with x.case(TO, "unsigned is refused"):
        error_of_phase4(x, Raw.of_lintas(x.vn, x.pinged).but(*NO_SECURITY).but(*OTHER_ID), "EBMS:0103", "not signed")
    with x.case(TO, "the same message again is taken once, and gets an error for a receipt"):
        error_of_phase4(x, Raw.of_lintas(x.vn, x.sent), "EBMS:0004", "this is a duplicate")


def ended(x):
    """The certificates of both sides that were good at the beginning."""
    over = x.end + datetime.timedelta(seconds=2)
    time.sleep(max(0, (over - datetime.datetime.now(datetime.timezone.utc)).total_seconds()))
    with x.case(FROM, "a certificate that has ended is refused"):
        error_of_lintas(x, x.th.ping(key="ending"), "EBMS:0101", "MSG-051", len(x.inbox()))
    with x.case(TO, "a certificate that has ended is refused"):
        error_of_phase4(x, x.ended, "EBMS:0102", "The provided certificate is invalid")


def unknown_to_phase4(x):
    """Last, because the node signs with that key from then on."""
    with x.case(TO, "unknown certificate is refused"):
        key = lintas(x.vn, "key", "new", "--use", "sign", "--type", PROFILES[x.profile][0]).strip()
        csr, cert = x.region.work / "not-told.csr", x.region.work / "not-told.pem"
        csr.write_text(lintas(x.vn, "key", "csr", key, "--subject", "CN=VN not told"))
        issue_until(x.authority, csr, cert, datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1))
        lintas(x.vn, "key", "install", key, "--certificate", cert)
        before = len(x.th.received())
        message = json.loads(lintas(x.vn, "ping", "TH", "--wait", "0", "--json", code=5))["id"]
        until("refused", lambda: "No trusted certs found" in (x.ours_in_full(message).get("lastError") or ""))
        assert len(x.th.received()) == before


def comparison(args, profile):
    """The same messages between two nodes, and between two of phase4."""
    document = exchange.form_d(ROOT, 20000)
    rows = {}
    with exchange.Pair(argparse.Namespace(lintas=str(args.lintas), root=ROOT, build=args.build, keep=args.keep, sent=0), profile) as pair:
        pair.load(document, MESSAGES, OPEN)
        told = pair.load(document, MESSAGES, OPEN)
        rows["lintas"] = [told["rate"], *told["nodes_cpu_us"], *(sum(exchange.status_mb(pid, what) for pid in node.processes())
                                                                 for what in ("VmRSS", "VmHWM") for node in (pair.sender, pair.receiver))]
    region = Region(args.lintas, ROOT, "lintas-interop-")
    try:
        authority = Authority(region, "interop authority")
        th, vn = peers = [Peer(region, args.classes, state, authority, profile) for state in ("TH", "VN")]
        vn.start(th, [th.cert("sign")], th.cert("decrypt"))
        th.start(vn, [vn.cert("sign")], vn.cert("decrypt"))
        path = region.work / "document.xml"
        path.write_text(document)
        load = lambda first: th.send(path, do="load", first=first, count=MESSAGES, open=OPEN)
        load(1)  # until the compiler of the virtual machine has seen it
        before = [peer.cpu_seconds() for peer in peers]
        told = load(1 + MESSAGES)
        if told["good"] != str(MESSAGES): # of its own messages, many at a time: no fault of ours, and told
            print(f"# phase4 took {told['good']} of {MESSAGES} of its own: {told['other']}")
        cpu_us = [(peer.cpu_seconds() - b) / MESSAGES * 1e6 for peer, b in zip(peers, before)]
        rows["phase4"] = [MESSAGES / float(told["seconds"]), *cpu_us, *(peer.memory_kib(what) / 1024 for what in ("VmRSS", "VmHWM")
                                                                        for peer in peers)]
    finally:
        region.close(args.keep)
    print(f"# not judged: {profile}, {MESSAGES} e-Forms D of 20 kB, {OPEN} at a time\n#   {'':<28}{'lintas':>10}{'phase4':>10}")
    for i, what in enumerate(COMPARED):
        print(f"#   {what:<28}{rows['lintas'][i]:>10.0f}{rows['phase4'][i]:>10.0f}", flush=True)


def story(args):
    for profile in args.only:
        with Exchange(args, profile) as x:
            from_phase4(x)
            from_lintas(x)
            offline(x)
            refused_by_lintas(x)
            refused_by_phase4(x)
            ended(x)
            unknown_to_phase4(x)
    for profile in args.only if args.comparison else ():
        comparison(args, profile)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("classes")
    parser.add_argument("--only", nargs="+", choices=PROFILES, default=list(PROFILES))
    parser.add_argument("--no-comparison", dest="comparison", action="store_false")
    parser.add_argument("--record", metavar="FOLDER", help="keep a message and a receipt of each profile there")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    args.build, args.classes = pathlib.Path(args.build).resolve(), pathlib.Path(args.classes).resolve()
    args.lintas = args.build / "src/cli/lintas"
    print(f"# {next((args.classes / 'dependency').glob('phase4-lib-*.jar')).stem}, Java {run('java', '--version').split()[1]}", flush=True)
    story(args)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
