#!/usr/bin/env python3
"""The lost hour, from end to end: a node's directory is deleted, restored from a backup, and catches up by itself.

usage: lost_hour.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
TH exchanges with VN by AS4 and with LA by ebMS 2 under a CPA. What each side had before the loss is what each side has after it.
"""
import json, pathlib, re, shutil, ssl, sys, urllib.error, urllib.request

from nodes import Authority, Node, Region, answer, free_port, lintas, play, run, shown, until

REGION = Region.asked_for("lintas-lost-hour-")
ALL = ("--limit", "500")


def documents(node):
    """All that was exchanged, but what only this node calls it."""
    names = ("doctype", "direction", "partner", "reference", "issuedOn", "state", "sender", "recipient", "digest", "conversation", "organisation")
    return sorted(tuple(str(d.get(name)) for name in names) for d in answer(node, "documents", "list", *ALL)["items"])


def messages(node, *without):
    """All but those of the catch-up, and those of the actions WITHOUT."""
    items = answer(node, "outbox", "list", *ALL)["items"] + answer(node, "inbox", "list", *ALL)["items"]
    return sorted((m["messageId"], m["direction"], m["action"], m["state"], m["conversation"]) for m in items
                  if not m["action"].startswith("catch-up") and m["action"] not in without)


def settled(node):
    return all(m[3] in ("delivered", "processed") for m in messages(node))


def document(name, one, other, reference, about=""):
    """As it is from TH to VN, from ONE to OTHER."""
    path = REGION.document(name, reference, about)
    states = {"TH": one.state, "VN": other.state}
    path.write_text(re.sub(r">(TH|VN)(?=<|LCH|SGN)", lambda found: f">{states[found[1]]}", path.read_text()))
    return path


def certificate(one, other, reference):
    """From ONE to OTHER, and the answer to it."""
    lintas(one, "send", document("form-d.xml", one, other, reference), "--to", other.state)
    until(f"{reference} is at {other.state}", lambda: any(d[3] == reference for d in documents(other)))
    lintas(other, "send", document("customs-response.xml", one, other, f"RSP-{reference}", reference), "--to", one.state)
    until(f"the answer to {reference} is at {one.state}", lambda: any(d[3] == f"RSP-{reference}" for d in documents(one)))


def traffic(th, others, number):
    """Both ways with each."""
    for i, other in enumerate(others):
        certificate(th, other, f"D2026-{number}{i}1")
        certificate(other, th, f"D2026-{number}{i}2")
    for node in (th, *others):
        until(f"{node.state} has settled all", lambda: settled(node))


def all_sealed(node):
    """The feed, when nothing waits for its place in it."""
    until("all is sealed", lambda: "; 0 not sealed yet" in lintas(node, "audit", "verify"))
    return answer(node, "events", *ALL)["items"]


def build():
    authority = Authority(REGION, "ASW")
    th = Node(REGION, "TH", authority, {"interface.port": free_port()})
    vn, la = Node(REGION, "VN", authority), Node(REGION, "LA", authority)
    for node in (th, vn, la):
        lintas(node, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    for other in (vn, la):
        th.knows(other)
        other.knows(th)
    for node in (th, vn, la):
        node.start()
    endpoints = [f"https://127.0.0.1:{node.port}/as4" for node in (th, la)]
    cpa = REGION.work / "cpa.xml"
    cpa.write_text(lintas(th, "partner", "propose", "LA", "--endpoint", endpoints[0], "--partner-endpoint", endpoints[1], "--agreed"))
    lintas(th, "partner", "import", cpa, "--partner", "LA")
    lintas(la, "partner", "import", cpa, "--partner", "TH")
    return th, vn, la


def backup_key():
    key, cert = REGION.work / "backup-key.pem", REGION.work / "backup-cert.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "10", "-subj", "/CN=backup", "-keyout", key, "-out", cert)
    return key, cert


def lose(node):
    """The machine is gone, and all that it had."""
    node.process.kill()
    node.process.wait(30)
    shutil.rmtree(node.path)
    if REGION.database:
        run("psql", REGION.database, "-qc", f"DROP SCHEMA {node.state.lower()} CASCADE; CREATE SCHEMA {node.state.lower()}")


def story():
    th, vn, la = build()
    others = (vn, la)
    key, cert = backup_key()
    traffic(th, others, 1)
    lintas(th, "user", "add", "erp", "--role", "operator", "--title", "ERP")
    token = lintas(th, "token", "new", "--user", "erp").strip()
    known = all_sealed(th)
    file = REGION.work / "th.backup"
    lintas(th, "backup", "--to", file, "--recipient", cert, "--with-keys")
    traffic(th, others, 2)
    all_sealed(th)
    cursor = answer(th, "events", *ALL)["next"]
    lost_events = answer(th, "events", "--after", known[-1]["sequence"], *ALL)["items"]
    before = {node.state: (documents(node), messages(node)) for node in (th, *others)}
    counts = {p["partner"]: (p["delivered"], p["processed"]) for p in answer(th, "status")["partners"]}

    vn.stop()  # so that the catch-up can be seen while it goes on
    lose(th)
    print(run(REGION.lintas, "restore", file, th.path, "--key", key, seconds=120))
    assert documents(th) != before["TH"][0]
    shown("a node restored from a backup lacks what came after it")
    th.start()
    until("what LA has is back", lambda: {"LA"} == {c["partner"] for c in answer(th, "catch-up", "status")["items"] if c["state"] == "done"})
    status = answer(th, "status")
    assert [c["partner"] for c in status["catchUps"]] == ["VN"] and "restored" in status, status
    text = lintas(th, "status")
    print(text)
    assert "RESTORED" in text and "catching up with VN" in text, text
    vn.start()
    until("what was lost is back", lambda: all(c["state"] == "done" for c in answer(th, "catch-up", "status")["items"]))
    print(lintas(th, "catch-up", "status"))
    for node in (th, *others):
        until(f"{node.state} has settled all", lambda: settled(node))
        assert (documents(node), messages(node)) == before[node.state], node.state
    status = answer(th, "status")
    assert "restored" not in status and not status.get("catchUps"), status
    for item in answer(th, "catch-up", "status")["items"]:
        assert item["wanted"] == item["refused"] == item["unavailable"] == 0 and item["recovered"] >= 4, item
    after = {p["partner"]: (p["delivered"], p["processed"]) for p in status["partners"]}
    requests = {c["partner"]: len([m for m in answer(th, "outbox", "list", *ALL)["items"]
                                   if m["action"].startswith("catch-up") and m["partner"] == c["partner"]])
                for c in answer(th, "catch-up", "status")["items"]}
    for partner, (delivered, processed) in counts.items():
        assert after[partner][0] == delivered + requests[partner], (partner, counts, after, requests)

    shown("it asks its partners by itself, and each side has what it had before the loss")

    feed(th, token, known, lost_events, cursor)
    shown("no number of the feed is given twice, and whoever holds a lost one is told where to read again")
    th.stop()  # a second start begins nothing anew
    th.start()
    assert len(answer(th, "catch-up", "status")["items"]) == 2
    traffic(th, others, 3)
    for node in (th, *others):
        lintas(node, "audit", "verify", "--evidence")
        references = [d[3] for d in documents(node)]
        assert len(references) == len(set(references)), references
    shown("a second start begins nothing anew, and the exchange goes on")


def examples():
    """The Python of docs/webhooks.md, as it stands there."""
    page = {}
    for block in re.findall(r"```python\n(.*?)```", (pathlib.Path(sys.argv[2]) / "docs" / "webhooks.md").read_text(), re.S):
        exec(block, page)
    return page


def ask(node, token, path, headers=None, body=None):
    """Status and answer; of a stream what has come first."""
    context = ssl.create_default_context(cafile=node.path / "partners-tls.pem")
    request = urllib.request.Request(f"https://127.0.0.1:{node.interface_port}/api/v1/{path}", data=body and json.dumps(body).encode(),
                                     headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as r:
            return r.status, r.readline() if "stream" in path else json.loads(r.read())
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def feed(th, token, known, lost, cursor):
    """No number is given twice, and whoever holds a lost one is told the same everywhere."""
    complete = examples()["complete"]
    told = lintas(th, "events", "--after", cursor, "--json", code=6)
    assert "restored from a backup" in told, told
    goes_on = int(told.split("after=")[1].split('"')[0])
    webhook = ask(th, token, "webhooks", body={"url": "https://localhost:9/", "after": 0})[1]["id"]
    for status, answered in (ask(th, token, f"events?after={cursor}"), ask(th, token, f"events/stream?after={cursor}"),
                             ask(th, token, "events/stream", {"Last-Event-ID": cursor}), ask(th, token, f"events/digest?after={cursor}"),
                             ask(th, token, "webhooks", body={"url": "https://localhost:9/", "after": int(cursor)}),
                             ask(th, token, f"webhooks/{webhook}/redeliver", body={"after": int(cursor)}),
                             ask(th, token, f"webhooks/{webhook}/redeliver", body={"event": int(cursor)})):
        assert status == 409 and f"read again from after={goes_on}" in answered, (status, answered)

    items = answer(th, "events", *ALL)["items"]
    assert items[:len(known)] == known, "what was told and is not lost is as it was"
    again = [e for e in items if e["sequence"] > goes_on]
    assert again and all(int(cursor) < e["sequence"] < 2**53 for e in again), again[:2]
    assert not {e["sequence"] for e in lost} & {e["sequence"] for e in items[len(known):]}
    until = items[-1]["sequence"]
    for after in (0, known[3]["sequence"], goes_on, again[2]["sequence"]):
        status, digest = ask(th, token, f"events/digest?after={after}&until={until}")
        assert status == 200 and complete(digest, items) and digest["count"] == sum(e["sequence"] > after for e in items), digest
    assert ask(th, token, "events/stream", {"Last-Event-ID": str(goes_on)}) == (200, f"id: {again[0]['sequence']}\n".encode())


play(story, REGION)
