#!/usr/bin/env python3
"""./dev interop ebms2: a real node and a partner by ebMS 2.0 whose HTTP is Python's and whose signatures are the JDK's.

usage: ebms2.py BUILD CLASSES [--habits NAME…] [--peers] [--dumps FOLDER] [--keep]
CLASSES: a folder for what the JDK's compiler makes. docs/interop.md says what was learnt.
"""
import argparse, dataclasses, itertools, pathlib, re, sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "interop"), str(ROOT / "bench")]
from agreement import Agreement, Flow, Party  # noqa: E402
from envelopes import NEGATIVES, XPATHS, manifest, new_id  # noqa: E402
from jdk import Jdk, compiled  # noqa: E402
from node import Ours  # noqa: E402
from nodes import Authority, Region, lintas, run, until  # noqa: E402
from peer import HABITS, Peer, digests, document  # noqa: E402
from shared import Tally, case, evidence, finish  # noqa: E402

TYPE = "urn:oasis:names:tc:ebcore:partyid-type:unregistered:asw"
SERVICE, ACTION = "urn:lintas:service:documents:1", "FORM-D"
ROLES = "issuing-authority", "customs"


# --- the acceptance scenarios ---

@dataclasses.dataclass(frozen=True)
class Scenario:
    """One of the thirteen with which gateways are accepted for Digikoppeling: a ping, and each of these both ways.
    RULE: by which a node refuses such an agreement; "": it exchanges."""
    reliable: bool
    security: str
    rule: str = ""

    @property
    def name(self):
        return f"{'reliable' if self.reliable else 'best effort'}, {self.security}"

    def agreed(self):
        return {"reliable": self.reliable, "security": self.security}


# A node proves what it sent and received: it takes no agreement under which nothing is signed (CPA-025) or acknowledged (CPA-032).
# Confidentiality is TLS (CPA-026).
SCENARIOS = (Scenario(True, "plain", "CPA-025"), Scenario(True, "signed"), Scenario(True, "encrypted", "CPA-026"),
             Scenario(False, "plain", "CPA-032"), Scenario(False, "signed", "CPA-032"), Scenario(False, "encrypted", "CPA-026"))


class Pair:
    """Two sides, each a node (Ours) or a Peer, and agreements between them."""

    def __init__(self, one, two, label, sync):
        self.one, self.two, self.sync, self.tls = one, two, sync, two.endpoint.startswith("https:")
        self.label = f"{label}, {'https' if self.tls else 'http'}, {'sync' if sync else 'async'}"

    def draft(self, **how):
        parties = tuple(Party(side.name, side.name, TYPE, side.endpoint, side.cert("sign"), side.cert("tls"))
                        for side in (self.one, self.two))
        flows = tuple(Flow(side.name, *ROLES, ACTION) for side in (self.one, self.two))
        return Agreement(f"interop-{new_id()[:8]}", parties, SERVICE, flows, sync=self.sync, **how)

    def agreement(self, **how):
        """A new one, known to both."""
        made = self.draft(**how)
        for side in (self.one, self.two):
            side.agree(made)
        return made

    def ways(self):
        return (self.one, self.two), (self.two, self.one)

    def case(self, what, sender=None, receiver=None):
        return case(f"{f'{sender.name} -> {receiver.name}, ' if sender else ''}{self.label}, {what}")


def ended(sent, state, seconds=30):
    try:
        until(f"{sent.message_id} is {state}", lambda: sent.state == state, seconds)
    except AssertionError as e:
        raise AssertionError(f"{e}, but {sent.state} {sent.errors}") from e
    assert not sent.wrong, sent.wrong
    return sent


def delivered(sent):
    return ended(sent, "delivered")


def arrived(receiver, sent):
    """Once, and the same octets."""
    found = until("arrived", lambda: receiver.taken(sent.message_id), 30)
    assert found == [digests(sent.payloads)], found


def exchanged(sender, receiver, agreement, *payloads):
    sent = sender.send(agreement, *payloads)
    arrived(receiver, sent)
    return delivered(sent) if agreement.reliable else sent


# --- what both ways must do ---

def scenarios(pair, offered):
    for scenario, (sender, receiver) in itertools.product(offered, pair.ways()):
        for count in sender.counts:
            with pair.case(f"{scenario.name}, {count} payloads", sender, receiver):
                agreement, payloads = pair.agreement(**scenario.agreed()), sender.documents(count)
                if count >= receiver.least:
                    exchanged(sender, receiver, agreement, *payloads)
                else:
                    sent = ended(sender.send(agreement, *payloads), "failed")
                    assert not receiver.taken(sent.message_id) and sent.errors[0][0] == "Inconsistent", sent.errors
    for sender, receiver in pair.ways():
        with pair.case("unsigned acknowledgment of a signed message", sender, receiver):
            exchanged(sender, receiver, pair.agreement(ack_signed=False), *sender.documents(1))
        with pair.case("5 MB", sender, receiver):
            exchanged(sender, receiver, pair.agreement(), sender.large())
        with pair.case("ping", sender, receiver):
            delivered(sender.ping(pair.agreement()))


def asked(pair, asker, receiver):
    with pair.case("status request", asker, receiver):
        agreement = pair.agreement()
        sent = exchanged(asker, receiver, agreement, *asker.documents(1))
        for message, status in ((sent.message_id, b'messageStatus="(Received|Processed)"'), (new_id(), b'messageStatus="NotRecognized"')):
            answer, _, raw = delivered(asker.ask_status(agreement, message)).answers[0]
            assert re.search(status, raw), raw


def repeated(pair, sender, receiver):
    """SENDER is a Peer, which sends again when it is told to."""
    agreement = pair.agreement()
    with pair.case("a duplicate gets the same acknowledgment, and is taken once", sender, receiver):
        sent = exchanged(sender, receiver, agreement, document(1))
        sender.send_again(sent)
        until("a second answer", lambda: len(sent.answers) == 2, 30)
        assert sent.answers[0][2] == sent.answers[1][2]
        arrived(receiver, sent)
    with pair.case("what is sent again because its acknowledgment was lost is acknowledged", sender, receiver):
        sender.forgets = 1
        sent = sender.send(agreement, document(2))
        until("lost", lambda: not sender.forgets, 30)
        arrived(receiver, sent)
        delivered(sender.send_again(sent))
        arrived(receiver, sent)


def lost(pair, sender, receiver):
    """RECEIVER is a Peer, which does not answer when it is told so."""
    agreement = pair.agreement()
    with pair.case("what is sent again after a lost answer is taken once", sender, receiver):
        receiver.lost = 1
        sent = sender.send(agreement, *sender.documents(1))
        until("lost", lambda: not receiver.lost, 30)
        delivered(sender.send_again(sent))
        arrived(receiver, sent)
    with pair.case("what is sent again after a lost acknowledgment is acknowledged", sender, receiver):
        receiver.silent = 1
        sent = sender.send(agreement, *sender.documents(1))
        until("silent", lambda: not receiver.silent, 30)
        arrived(receiver, sent)
        delivered(sender.send_again(sent))
        arrived(receiver, sent)


# --- what a node must do besides ---

def refused_agreements(pair):
    for scenario in SCENARIOS:
        if scenario.rule:
            with pair.case(f"{scenario.name}: the agreement is refused by {scenario.rule}"):
                found = pair.one.refusal(pair.draft(**scenario.agreed()))
                assert scenario.rule in found, found


def silence(pair):
    """Given up after as many retries as agreed, whether no acknowledgment follows or the answers are empty where it should be in them:
    the partner may have the message in either case."""
    node, peer = pair.one, pair.two
    with pair.case("given up after all retries; sent again by the operator", node, peer):
        agreement = pair.agreement(retries=1, interval="PT1S")
        peer.silent = 1000
        sent = node.send(agreement, *node.documents(1))
        try:
            ended(sent, "dead")
            assert 1000 - peer.silent == 1 + agreement.retries, 1000 - peer.silent
            assert "has not acknowledged it" in sent.errors, sent.errors
        finally:
            peer.silent = 0
        delivered(node.retry(sent))
        arrived(peer, sent)


def errors_of_peer(pair):
    node, peer = pair.one, pair.two
    with pair.case("what the partner refuses stands in the outbox", node, peer):
        agreement = pair.agreement(interval="PT20S")
        peer.agree(dataclasses.replace(agreement, ack_signed=False))
        sent = node.send(agreement, *node.documents(1))
        times = lambda: sum(header.message_id == sent.message_id for header, *_ in peer.refused)
        # A signed word about these very octets ends it, the second one if the first came before the answer to the request was noted; an
        # unsigned one may be anybody's, and the message is tried again.
        if peer.signs_errors:
            ended(sent, "dead", 120)
            assert "Inconsistent" in sent.errors and times() <= 2, (sent.errors, times())
        else:
            until("it is refused again", lambda: times() > 1, 60)
            peer.agree(agreement)
            delivered(sent)
    with pair.case("an agreement that the partner does not know yet: its SOAP fault is shown, and the message waits", node, peer):
        agreement = pair.agreement()
        del peer.agreements[agreement.id]
        sent = node.send(agreement, *node.documents(1))
        until(f"the fault is shown, not {sent.errors}", lambda: "not found!" in sent.errors, 30)
        peer.agree(agreement)
        delivered(sent)


def errors_of_node(pair):
    node, peer = pair.one, pair.two
    with pair.case("another message by the same MessageId is refused", peer, node) as said:
        agreement = pair.agreement()
        first = exchanged(peer, node, agreement, document(1))
        sent = ended(peer.send(agreement, document(2), message_id=first.message_id), "failed")
        assert sent.errors[0][0] == "Inconsistent", sent.errors
        arrived(node, first)
        said += [node.rule(first.message_id)]


def proved(pair):
    node, peer = pair.one, pair.two
    with pair.case("as4 inspect verifies what the partner signed", peer, node):
        sent = exchanged(peer, node, pair.agreement(), *peer.documents(3))
        path = node.node.region.work / "received"
        path.write_bytes(sent.raw)
        said = lintas(node.node, "as4", "inspect", path, "--certificate", peer.cert("sign"), "--profile", "ebms2-rsa-sha256")
        assert said.rstrip().endswith("verified"), said
    with pair.case("the evidence holds without Lintas", node, peer):
        sent = exchanged(node, peer, pair.agreement(), *node.documents(1))
        run("sh", evidence(node.node, sent.outbox_id) / "verify.sh")


# --- what is wrong ---

def made_wrong(negative, sender, agreement):
    """The octets of a message of SENDER with what NEGATIVE says is wrong. The envelope's prefix is soap."""
    attachment = ("payload-1@interop", "application/xml", document(0))
    header = sender.header(agreement)
    envelope = negative.edited(header.xml("soap", manifest([attachment[0]])))
    how = {"xpath": XPATHS["ebms-core"][0], "prefix": None, "key": "sign", "encoding": "binary", "crlf": None, **negative.how}
    how["key"] = how["key"] and sender.keys.pkcs12(how["key"])
    raw = sender.pack(envelope, True, [attachment], **how)
    for pattern, by in negative.after:
        raw, count = re.subn(pattern, by, raw, count=1, flags=re.S)
        assert count == 1, f"{negative.name}: {pattern} is not in the message"
    return header.message_id, raw


def refused(negative, sender, receiver, agreement):
    """RECEIVER answers with the error, or to what it cannot answer in words of ebMS with a status, and does not take the message.
    What was said."""
    before = len(sender.signals)
    message_id, raw = made_wrong(negative, sender, agreement)
    status = sender.deliver(raw, agreement)
    if status >= 400 and len(sender.signals) == before:
        codes, said = ["Fault"], [f"HTTP {status}"]
    else:
        header, leg, answer = until("an answer", lambda: sender.signals[before:], 30)[0]
        # What asks for another leg than was agreed is answered on either.
        assert header is None or leg == ("sync" if agreement.sync else "async") or "SyncReply" in negative.name, leg
        codes = said = ["Fault"] if header is None else [code.decode() for code in re.findall(rb'errorCode="(\w+)"', answer)]
        if header and receiver.signs_errors:
            told, _, _ = sender.jdk.verify(answer, receiver.cert("sign"))
            assert told["verified"] == "true", told
    if negative.strict and not codes and isinstance(receiver, Ours):  # an acknowledgment
        assert receiver.taken(message_id)
        return ["no, taken"]
    assert codes and codes[0] in negative.code.split(), (said, answer if "Fault" not in codes else "")
    assert not receiver.taken(message_id), "it was taken nevertheless"
    return [*dict.fromkeys(said), *([receiver.rule(message_id)] if isinstance(receiver, Ours) else [])]


def judged(pair, sender, receiver, negatives):
    agreement = pair.agreement()
    for negative in negatives:
        if negative.sync in (None, pair.sync):
            with pair.case(f"refused: {negative.name}", sender, receiver) as said:
                said += refused(negative, sender, receiver, agreement)


# --- the runs ---

def dump(pair, folder):
    """One message of each kind as it goes over the wire between two peers."""
    folder.mkdir(parents=True, exist_ok=True)
    agreement = pair.agreement()
    sent = exchanged(pair.one, pair.two, agreement, document(1))
    pinged = delivered(pair.one.ping(agreement))
    status = delivered(pair.one.ask_status(agreement, sent.message_id))
    late = ended(pair.one.send(agreement, document(2), until="2026-01-01T00:00:00Z"), "failed")
    for name, told in (("message", sent), ("ping", pinged), ("status", status), ("refused", late)):
        stem = f"{'sync' if pair.sync else 'async'}-{name}"
        (folder / stem).write_bytes(told.raw)
        (folder / f"{stem}-answer").write_bytes(told.answers[0][2])


def all_good(pair, *peers):
    with pair.case("all that came is as the schema wants it"):
        wrong = [text for peer in peers for text in peer.invalid]
        assert not wrong, wrong


def with_node(pair, whole):
    """WHOLE: also what does not depend on the partner's habits."""
    node, peer = pair.one, pair.two
    scenarios(pair, [s for s in SCENARIOS if not s.rule])
    asked(pair, peer, node)
    repeated(pair, peer, node)
    lost(pair, node, peer)
    errors_of_peer(pair)
    errors_of_node(pair)
    if whole:
        refused_agreements(pair)
        silence(pair)
        proved(pair)
        if pair.tls:  # without it nobody vouches for who is to be told what is wrong
            judged(pair, peer, node, NEGATIVES)
    all_good(pair, peer)


def between_peers(pair, whole):
    one, two = pair.one, pair.two
    scenarios(pair, [s for s in SCENARIOS if s.security != "encrypted"])  # the JDK cannot: nobody offers it
    asked(pair, one, two)
    repeated(pair, one, two)
    lost(pair, one, two)
    if whole:  # what a Peer knows of
        judged(pair, one, two, [n for n in NEGATIVES if n.code in ("SecurityFailure", "ValueNotRecognized", "TimeToLiveExpired")])
    all_good(pair, one, two)


def story(args, jdk):
    region = Region(pathlib.Path(args.build) / "src/cli/lintas", ROOT, "lintas-interop-")
    authority = Authority(region, "interop authority")
    for number, (tls, habits) in enumerate(itertools.product((False, True), args.habits)):
        sides = []
        where = Region(region.lintas, ROOT, f"lintas-interop-{number}-")
        try:
            peer = lambda state: sides.append(Peer(where, jdk, state, authority, habits, tls)) or sides[-1]
            two = peer("TH")
            sides.append(peer("VN") if args.peers else Ours(where, "VN", "TH", authority, tls))
            for sync in (False, True):
                pair = Pair(sides[-1], two, habits, sync)
                (between_peers if args.peers else with_node)(pair, habits == args.habits[0])
                if args.peers and args.dumps:
                    dump(pair, pathlib.Path(args.dumps) / (habits + "-tls" * tls))
        finally:
            if Tally.failed:
                print(where.logs())
            for side in dict.fromkeys(sides):
                side.close()
            where.close(args.keep)
    region.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("classes")
    parser.add_argument("--habits", nargs="+", choices=HABITS, default=list(HABITS), help="how the partner behaves")
    parser.add_argument("--peers", action="store_true", help="the partner with one of its kind: what the cases and it are worth")
    parser.add_argument("--dumps", metavar="FOLDER", help="with --peers: keep a message of each kind there")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    print(f"# {run('java', '--version').splitlines()[0]}", flush=True)
    with Jdk(compiled(pathlib.Path(args.classes).resolve())) as jdk:
        story(args, jdk)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
