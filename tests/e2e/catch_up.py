#!/usr/bin/env python3
"""The lost hour with real processes: TH is put back to a copy, and gets back from VN what was exchanged since.

usage: catch_up.py LINTAS SOURCE_ROOT
"""
import datetime, shutil

from nodes import Authority, Node, Region, answer, lintas, play, shown, until

REGION = Region.asked_for("lintas-catch-up-")
DATABASE_FILES = "lintas.db*"


def copy_database(node, to):
    to.mkdir()
    for file in node.path.glob(DATABASE_FILES):
        shutil.copy2(file, to)


def put_back(node, copy):
    for file in node.path.glob(DATABASE_FILES):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy2(file, node.path)


def documents(node):
    """All that was exchanged, but what only this node calls it."""
    items = answer(node, "documents", "list", "--limit", "500")["items"]
    names = ("doctype", "direction", "partner", "reference", "issuedOn", "state", "sender", "recipient", "digest", "conversation", "organisation")
    return sorted(tuple(str(d.get(name)) for name in names) for d in items)


def messages(node):
    items = answer(node, "outbox", "list", "--limit", "500")["items"] + answer(node, "inbox", "list", "--limit", "500")["items"]
    return sorted((m["messageId"], m["direction"], m["action"], m["state"], m["conversation"]) for m in items if not m["action"].startswith("catch-up"))


def send(node, name, reference, to, about=""):
    lintas(node, "send", REGION.document(name, reference, about), "--to", to)


def settled(node):
    return all(m["state"] in ("delivered", "processed") for box in ("outbox", "inbox")
               for m in answer(node, box, "list", "--limit", "500")["items"])


def exchange(th, vn, first):
    """A certificate from TH, and VN's answer to it."""
    reference = f"D2026-{first:07d}"
    send(th, "form-d.xml", reference, "VN")
    until("the certificate is at VN", lambda: any(d[3] == reference for d in documents(vn)))
    send(vn, "customs-response.xml", f"RSP-{first}", "TH", reference)
    until("the answer is at TH", lambda: any(d[3] == f"RSP-{first}" for d in documents(th)))
    for node in (th, vn):
        until(f"{node.state} has settled all", lambda: settled(node))


def story():
    authority = Authority(REGION, "ASW")
    th, vn = Node(REGION, "TH", authority), Node(REGION, "VN", authority)
    for node, other in ((th, vn), (vn, th)):
        lintas(node, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
        node.knows(other)
        node.start()
    exchange(th, vn, 1)

    th.stop()
    copy = REGION.work / "copy"
    copy_database(th, copy)
    since = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    th.start()
    exchange(th, vn, 2)
    lintas(th, "partner", "test", "VN")  # its samples are no documents, then as now
    until("the test is settled", lambda: settled(vn))
    exchange(th, vn, 3)
    cursor = answer(th, "events", "--limit", "500")["next"]
    before_the_loss = documents(th), messages(th)
    at_vn = documents(vn), messages(vn)

    th.stop()
    put_back(th, copy)
    print(lintas(th, "catch-up", "--since", since))
    assert documents(th) != before_the_loss[0]
    th.start()
    until("what was lost is back", lambda: answer(th, "catch-up", "status")["items"][0]["state"] == "done")
    print(lintas(th, "catch-up", "status"))
    assert (documents(th), messages(th)) == before_the_loss
    assert (documents(vn), messages(vn)) == at_vn
    told = lintas(th, "events", "--after", cursor, "--json", code=6)
    print(told)
    assert "restored from a backup" in told, told
    goes_on = told.split("after=")[1].split('"')[0]
    assert answer(th, "events", "--after", goes_on)["items"][0]["sequence"] > int(cursor), told
    for node in (th, vn):
        lintas(node, "audit", "verify", "--evidence")
    print(lintas(th, "timeline", "D2026-0000003"))
    exchange(th, vn, 4)
    shown("what was exchanged after the copy was made is back, each side as it was, and the exchange goes on")


play(story, REGION)
