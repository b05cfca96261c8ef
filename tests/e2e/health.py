#!/usr/bin/env python3
"""Two nodes that tell each other how they are: a link that falls silent is down and comes back, a maintenance is announced, and a
node whose card changes tells its partner by itself.

usage: health.py LINTAS SOURCE_ROOT [--show]     --show prints each command with its output, for docs/health.md
"""
import datetime, re, sys

from nodes import Authority, Node, Region, answer, lintas, play, shown, until

REGION = Region.asked_for("lintas-health.")
SHOW = "--show" in sys.argv


def typed(node, *args, **more):
    text = lintas(node, *args, **more)
    if SHOW:
        words = " ".join(f"'{a}'" if " " in str(a) else str(a) for a in args)
        print(f"{node.state.lower()}$ lintas {words}\n{text}")
    return text


def link(node, partner):
    return answer(node, "partner", "link", partner)


def in_state(node, partner, state, seconds=60):
    until(f"{node.state} says that {partner} is {state}", lambda: link(node, partner)["state"] == state, seconds, 0.2)


def tasks(node, words):
    return [t for t in answer(node, "tasks")["items"] if t["state"] == "open" and words in t["text"]]


def silence(th, vn):
    """Nothing is exchanged but heartbeats: who goes down is known to be, and to be back."""
    in_state(th, "VN", "up")
    typed(th, "status")
    vn.stop()
    in_state(th, "VN", "down")
    page = typed(th, "status")
    assert re.search(r"DOWN since .*in a row without an answer", page.replace("\n ", "")), page
    until("an officer has a task", lambda: tasks(th, "Partner VN"))
    assert answer(th, "outbox", "list")["items"] == [], "pings stand in the outbox"
    vn.start()
    in_state(th, "VN", "up")
    until("the task is closed", lambda: not tasks(th, "Partner VN"))
    events = lambda: [e["event"] for e in answer(th, "events", "--limit", "500")["items"] if e["subject"] == "VN"]
    until("the feed tells of both", lambda: events().count("link-down") == 1 and events().count("link-up") == 2)
    assert "last receipt" in typed(th, "partner", "link", "VN") and "sha-256" in lintas(th, "partner", "show", "VN")


def notices(th, vn):
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = lambda hours: (now + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    typed(vn, "notice", "maintenance", "--from", stamp(2), "--until", stamp(1), "--text", "another room", code=1)
    typed(vn, "notice", "outage", "--until", stamp(6), "--text", "the gateway moves to another room")
    in_state(th, "VN", "outage")
    assert "OUTAGE, announced" in typed(th, "status")
    typed(th, "notice", "list")
    typed(vn, "notice", "restored", "--text", "it is done")
    in_state(th, "VN", "up")


def approve(vn):
    """As `partner card` says that it is done."""
    said = re.search(r"Next: lintas (partner approve TH --serial \d+)", lintas(vn, "partner", "card", "TH"))
    return typed(vn, *said[1].split())


def cards(th, vn):
    """VN has the card of TH; TH gets another organisation; VN is told, and approves."""
    card = REGION.work / "th.json"
    card.write_text(lintas(th, "card"))
    fingerprint = answer(vn, "card", "show", card)["fingerprint"]
    lintas(vn, "partner", "import", card, "--fingerprint", fingerprint)
    approve(vn)
    typed(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    until("VN has the new card", lambda: tasks(vn, "a new card waits"), seconds=60, pause=0.5)
    page = typed(vn, "partner", "card", "TH")
    assert "Department of Foreign Trade" in page, page
    approve(vn)
    assert not tasks(vn, "a new card waits")


def own_opt_outs(node, reader):
    card = REGION.work / f"own-{node.state}.json"
    card.write_text(lintas(node, "card"))
    return answer(reader, "card", "show", card)["card"].get("optOuts", [])


def opt_outs(th, vn):
    """What TH takes no part in VN opts out of while TH's card says so, and never on a card of its own."""
    states = lambda: [a["state"] for a in answer(vn, "partner", "matrix", "TH")["items"] if a["document"] == "ACDD" and a["now"]]

    def approved(sign):
        until("VN has the new card", lambda: tasks(vn, "a new card waits"), seconds=60, pause=0.5)
        page = typed(vn, "partner", "card", "TH")
        assert f"  {sign} opted out     ACDD out (TH declaration 1)\n" in page, page
        approve(vn)

    typed(th, "partner", "opt-out", "VN", "ACDD", "--direction", "in", "--law", "TH declaration 1")
    approved("+")
    page = typed(vn, "partner", "matrix", "TH")
    assert re.search("ACDD +out +1 +THEY OPT OUT .*TH declaration 1", page), page
    assert states() == ["active", "opted-out"] and own_opt_outs(th, vn) and not own_opt_outs(vn, th)
    page = typed(vn, "partner", "activate", "TH", "ACDD")
    assert "to be active" in page and "THEY OPT OUT" in page and "counts after the partner's card ends the opt-out" in page, page
    for decision in ("deactivate", "activate"):
        typed(th, "partner", decision, "VN", "ACDD", "--direction", "in")
    approved("-")
    assert "OPT" not in typed(vn, "partner", "matrix", "TH")


def story():
    authority = Authority(REGION, "asean")
    quick = {"heartbeat": "2s", "alarm": "1s", "retry-max": "1s"}
    th, vn = (Node(REGION, state, authority, quick) for state in ("TH", "VN"))
    for node in (th, vn):
        node.configure({"gateway.url": f"https://127.0.0.1:{node.port}/as4"})
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()
    silence(th, vn)
    shown("who falls silent is known to be down, and to be back")
    notices(th, vn)
    shown("an outage that is announced is no alarm, and ends when that is told")
    cards(th, vn)
    shown("a card that changed reaches the partner by itself, who approves it")
    opt_outs(th, vn)
    shown("an opt-out counts at the partner while the card has it, and is not passed on")
    th.stop(), vn.stop()


play(story, REGION)
