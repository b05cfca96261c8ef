#!/usr/bin/env python3
"""./dev interop ebms2: ebMS 2.0 with a partner whose HTTP is Python's and whose signatures are the JDK's.

usage: ebms2.py BUILD CLASSES [--habits NAME…] [--dumps FOLDER] [--keep]
CLASSES: a folder for what the JDK's compiler makes. docs/interop.md says what was learnt.
"""
import argparse, contextlib, dataclasses, itertools, pathlib, random, re, sys, traceback

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "e2e")]
from agreement import Agreement, Flow, Party  # noqa: E402
from envelopes import NEGATIVES, XPATHS, manifest, new_id  # noqa: E402
from jdk import Jdk, compiled  # noqa: E402
from nodes import Authority, Region, until  # noqa: E402
from peer import HABITS, Peer  # noqa: E402

TYPE = "urn:oasis:names:tc:ebcore:partyid-type:unregistered:asw"
SERVICE, ACTION = "urn:lintas:service:documents:1", "FORM-D"
ROLES = "issuing-authority", "customs"
passed = failed = 0


@contextlib.contextmanager
def case(name):
    """One line; what is wrong in one case does not keep the others from being tried."""
    global passed, failed
    try:
        yield
    except Exception as e:
        failed += 1
        place = traceback.extract_tb(e.__traceback__)[1]
        print(f"not ok {passed + failed} - {name}\n    line {place.lineno}: {place.line}\n    {type(e).__name__}: {str(e)[:2000]}",
              flush=True)
    else:
        passed += 1
        print(f"ok {passed + failed} - {name}", flush=True)


# --- the acceptance scenarios ---

@dataclasses.dataclass(frozen=True)
class Scenario:
    """One of the thirteen with which gateways are accepted for Digikoppeling: a ping, and each of these both ways.
    IMPORT: what a node says when it is to import such an agreement; "": it exchanges."""
    reliable: bool
    security: str
    refused: str = ""

    @property
    def name(self):
        return f"{'reliable' if self.reliable else 'best effort'}, {self.security}"


# A node proves what it sent and received: it takes no agreement under which nothing is acknowledged or signed. Confidentiality is TLS.
SCENARIOS = (
    Scenario(True, "plain", "an action that is not signed"),
    Scenario(True, "signed"),
    Scenario(True, "encrypted", "payload encryption"),
    Scenario(False, "plain", "acknowledgments are not always asked for"),
    Scenario(False, "signed", "acknowledgments are not always asked for"),
    Scenario(False, "encrypted", "payload encryption"),
)


class Pair:
    """VN and TH, and agreements between them."""

    def __init__(self, one, two):
        self.one, self.two = one, two

    def agreement(self, **how):
        """A new one, known to both."""
        parties = tuple(Party(side.name, side.name, TYPE, side.endpoint, side.cert("sign"), side.cert("tls"))
                        for side in (self.one, self.two))
        flows = tuple(Flow(side.name, *ROLES, ACTION) for side in (self.one, self.two))
        made = Agreement(f"interop-{new_id()[:8]}", parties, SERVICE, flows, **how)
        for side in (self.one, self.two):
            side.agree(made)
        return made

    def ways(self):
        return (self.one, self.two), (self.two, self.one)


def document(number, size=500):
    """A payload."""
    return b"<document number='%d'>attachment 1 %s</document>" % (number, random.Random(number).randbytes(size // 2).hex().encode())


def answered(sent, state="delivered"):
    until(f"{sent.header.message_id} is {state}, not {sent.state} {sent.errors}", lambda: sent.state == state, 30)
    assert not sent.wrong, sent.wrong
    return sent


def arrived(receiver, sent):
    """Once, and the same octets."""
    got = until("arrived", lambda: [r for r in receiver.received if r[0].message_id == sent.header.message_id], 30)
    assert len(got) == 1 and got[0][1] == sent.payloads, [len(p) for p in got[0][1]]
    return got[0]


# --- cases between two peers of the JDK ---

def exchanges(pair, label, sync, scenarios):
    mode = "sync" if sync else "async"
    for scenario, (sender, receiver) in itertools.product(scenarios, pair.ways()):
        for count in (0, 1, 3):
            with case(f"{sender.name} -> {receiver.name}, {label}, {mode}, {scenario.name}, {count} payloads"):
                agreement = pair.agreement(reliable=scenario.reliable, security=scenario.security, sync=sync)
                sent = sender.send(agreement, *(document(i) for i in range(count)))
                arrived(receiver, sent)
                if scenario.reliable:
                    answered(sent)
    with case(f"{label}, {mode}, unsigned acknowledgment of a signed message"):
        sent = pair.one.send(pair.agreement(sync=sync, ack_signed=False), document(9))
        arrived(pair.two, sent)
        answered(sent)
    with case(f"{label}, {mode}, ping"):
        answer, _, _ = answered(pair.one.ping(pair.agreement(sync=sync))).answers[0]
        assert answer.action == "Pong", answer
    with case(f"{label}, {mode}, status request"):
        agreement = pair.agreement(sync=sync)
        sent = answered(pair.one.send(agreement, document(8)))
        for message, status in ((sent.header.message_id, b'messageStatus="Processed"'), (new_id(), b'messageStatus="NotRecognized"')):
            answer, _, raw = answered(pair.one.ask_status(agreement, message)).answers[0]
            assert answer.action == "StatusResponse" and status in raw, raw


def reliability(pair, label, sync):
    mode = "sync" if sync else "async"
    agreement = pair.agreement(sync=sync)
    with case(f"{label}, {mode}, a duplicate gets the same acknowledgment, and is taken once"):
        sent = answered(pair.one.send(agreement, document(1)))
        pair.one.send_again(sent)
        until("a second answer", lambda: len(sent.answers) == 2, 30)
        assert sent.answers[0][2] == sent.answers[1][2]
        arrived(pair.two, sent)
    with case(f"{label}, {mode}, what is sent again after a lost answer is taken once"):
        pair.two.lost = 1
        sent = pair.one.send(agreement, document(2))
        until("lost", lambda: not pair.two.lost, 30)
        answered(pair.one.send_again(sent))
        arrived(pair.two, sent)
    with case(f"{label}, {mode}, what is sent again after a lost acknowledgment is acknowledged"):
        pair.two.silent = 1
        sent = pair.one.send(agreement, document(3))
        until("silent", lambda: not pair.two.silent, 30)
        arrived(pair.two, sent)
        answered(pair.one.send_again(sent))
        arrived(pair.two, sent)


def made_wrong(negative, sender, agreement):
    """The octets of a message of SENDER with what NEGATIVE says is wrong. The envelope's prefix is soap."""
    attachment = ("payload-1@interop", "application/xml", document(0))
    envelope = negative.edited(sender.header(agreement).xml("soap", manifest([attachment[0]])))
    how = {"xpath": XPATHS["ebms-core"][0], "prefix": None, "key": "sign", **negative.how}
    how["key"] = how["key"] and sender.key(how["key"])
    raw = sender.pack(envelope, True, [attachment], **how)
    for pattern, by in negative.after:
        raw, count = re.subn(pattern, by, raw, count=1, flags=re.S)
        assert count == 1, f"{negative.name}: {pattern} is not in the message"
    return raw


def refused(negative, sender, receiver, agreement):
    """RECEIVER answers with the error, and does not take the message."""
    before, taken = len(sender.signals), len(receiver.received)
    sender.deliver(made_wrong(negative, sender, agreement), agreement)
    header, leg, raw = until("an answer", lambda: sender.signals[before:], 30)[0]
    assert header is None or leg == ("sync" if agreement.sync else "async"), leg
    codes = ["Fault"] if header is None else [code.decode() for code in re.findall(rb'errorCode="(\w+)"', raw)]
    assert codes and set(codes) <= set(negative.code.split()), raw
    assert len(receiver.received) == taken, "it was taken nevertheless"


def judged(pair, sync):
    """Of NEGATIVES those of which a Peer knows."""
    agreement = pair.agreement(sync=sync)
    for negative in NEGATIVES:
        if negative.code in ("SecurityFailure", "ValueNotRecognized", "TimeToLiveExpired") and negative.sync in (None, sync):
            with case(f"{'sync' if sync else 'async'}, refused as {negative.code}: {negative.name}"):
                refused(negative, pair.one, pair.two, agreement)


def dump(pair, folder):
    """One message of each kind as it goes over the wire."""
    folder.mkdir(parents=True, exist_ok=True)
    for sync in (False, True):
        agreement = pair.agreement(sync=sync)
        sent = answered(pair.one.send(agreement, document(1)))
        pinged = answered(pair.one.ping(agreement))
        asked = answered(pair.one.ask_status(agreement, sent.header.message_id))
        late = answered(pair.one.send(agreement, document(2), until="2026-01-01T00:00:00Z"), "failed")
        for name, told in (("message", sent), ("ping", pinged), ("status", asked), ("refused", late)):
            stem = f"{'sync' if sync else 'async'}-{name}"
            (folder / stem).write_bytes(told.raw)
            (folder / f"{stem}-answer").write_bytes(told.answers[0][2])


def between_peers(args, jdk):
    region = Region("/nowhere", ROOT, "lintas-interop-")
    authority = Authority(region, "interop authority")
    peers = []
    try:
        for habits, tls in itertools.chain(((h, True) for h in args.habits), (("ebms-core", False),)):
            pair = Pair(*(Peer(region, jdk, f"{state}{len(peers)}", authority, habits, tls) for state in ("VN", "TH")))
            peers += (pair.one, pair.two)
            for sync in (False, True):
                label = f"{habits}, {'https' if tls else 'http'}"
                exchanges(pair, label, sync, [s for s in SCENARIOS if s.security != "encrypted"])  # the JDK cannot: nobody offers it
                reliability(pair, label, sync)
                with case(f"{label}, {'sync' if sync else 'async'}, all that came is as the schema wants it"):
                    assert not pair.one.invalid and not pair.two.invalid, pair.one.invalid + pair.two.invalid
                if (habits, tls) == ("ebms-core", False):
                    judged(pair, sync)
            if args.dumps:
                dump(pair, pathlib.Path(args.dumps) / (habits + "-tls" * tls))
    finally:
        for peer in peers:
            peer.close()
        region.close(args.keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("classes")
    parser.add_argument("--habits", nargs="+", choices=HABITS, default=list(HABITS), help="how the other side behaves")
    parser.add_argument("--dumps", metavar="FOLDER", help="keep a message of each kind there")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    print(f"# {'what is agreed':<24}a node")
    for scenario in SCENARIOS:
        print(f"# {scenario.name:<24}{f'refuses the agreement: {scenario.refused}' if scenario.refused else 'exchanges'}", flush=True)
    with Jdk(compiled(pathlib.Path(args.classes).resolve())) as jdk:
        between_peers(args, jdk)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
