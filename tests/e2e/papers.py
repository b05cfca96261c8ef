"""A certificate is accepted on paper while the issuing state is down; its electronic twin comes later, and adds nothing."""
import datetime, subprocess

from nodes import TODAY, Authority, Node, Region, answer, lintas, play, shown, until

REGION = Region.asked_for("lintas-papers-")


def accept(node, reference, *more, code=0):
    return lintas(node, "paper", "accept", "--partner", "TH", "--type", "FORM-D", "--reference", reference, "--issued-on", TODAY,
                  "--organisation", "customs", "--reason", "the gateway of TH is down", *more, code=code)


def papers(node, *more):
    return {p["reference"]: p for p in answer(node, "paper", "list", *more)["items"]}


def at_once(node):
    """Officers who have the same paper before them: one of them accepts it, and the others are told."""
    ask = [REGION.lintas, "paper", "accept", "--partner", "TH", "--type", "FORM-D", "--reference", "D2026-0045690", "--issued-on", TODAY,
           "--organisation", "customs", "--reason", "the gateway of TH is down", "--dir", node.path]
    officers = [subprocess.Popen(ask, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(8)]
    said = [(officer.communicate(timeout=60)[0].decode(), officer.returncode) for officer in officers]
    assert sorted(code for _, code in said) == [0] + [1] * 7, said
    assert all("PAP-002" in text for text, code in said if code), said
    mine = papers(node)["D2026-0045690"]["id"]
    lintas(node, "paper", "close", mine, "--reason", "a trial")


def link(node):
    return answer(node, "partner", "link", "TH")


def story():
    authority = Authority(REGION, "papers authority")
    th, vn = Node(REGION, "TH", authority), Node(REGION, "VN", authority, {"heartbeat": "1s"})
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    accept(vn, "D2026-0045600", "--issuer", "dft")  # nobody has tried the link
    assert papers(vn)["D2026-0045600"]["link"] == "not tried yet"
    lintas(vn, "paper", "close", papers(vn)["D2026-0045600"]["id"], "--reason", "withdrawn")
    vn.start()  # TH is down
    until("the link is down", lambda: link(vn)["state"] == "down")

    print(accept(vn, "D2026-0045678", "--issuer", "dft"))
    accept(vn, "D2026-0045678", code=1)  # once
    accept(vn, "D2026-0045679", "--issuer", "another")
    accept(vn, "D2026-0045680")  # whose twin never comes
    print(lintas(vn, "paper", "list", "--open"))
    at_once(vn)

    down = papers(vn)["D2026-0045678"]
    assert down["link"].startswith("down since ") and not down["findings"], down
    assert any("; link down since" in (s.get("detail") or "") for s in answer(vn, "timeline", down["id"])["items"])

    th.start()
    for reference in ("D2026-0045678", "D2026-0045679"):
        lintas(th, "send", REGION.document("form-d.xml", reference), "--from", "dft")
    until("both twins", lambda: len(answer(vn, "documents", "list", "--direction", "in")["items"]) == 2)
    listed = papers(vn)
    assert {r: p["state"] for r, p in listed.items() if r != "D2026-0045600"} == {
        "D2026-0045678": "settled", "D2026-0045679": "differing", "D2026-0045680": "accepted", "D2026-0045690": "closed"}, listed
    twin = answer(vn, "documents", "show", "D2026-0045678")
    assert listed["D2026-0045678"]["document"] == twin["id"] and twin["paper"] == listed["D2026-0045678"]["id"], twin
    assert [t["kind"] for t in answer(vn, "tasks")["items"]] == ["paper-differs"]
    steps = answer(vn, "timeline", "D2026-0045678")["items"]
    assert any(s["event"] == "twin-of-paper" and f"accepted on {TODAY}" in s["detail"] for s in steps), steps
    print(lintas(vn, "timeline", "D2026-0045678"))
    accept(vn, "D2026-0045678", code=1)  # it is here
    assert set(papers(vn, "--open")) == {"D2026-0045679", "D2026-0045680"}
    print(lintas(vn, "tasks"))
    print(lintas(vn, "paper", "list", "--open"))

    differing = listed["D2026-0045679"]["id"]
    lintas(vn, "paper", "close", differing, "--reason", "the stamp was misread")
    assert [t["state"] for t in answer(vn, "tasks")["items"]] == ["done"]
    lintas(vn, "paper", "close", differing, "--reason", "again", code=1)
    assert set(papers(vn, "--open")) == {"D2026-0045680"}

    until("the link is up", lambda: link(vn)["state"] == "up")
    told = accept(vn, "D2026-0045681")
    print(told)
    assert "PAP-004" in told and "link          up since" in told, told
    end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lintas(th, "notice", "outage", "--until", end, "--text", "the gateway moves")
    until("VN knows", lambda: link(vn)["state"] == "outage")
    told = accept(vn, "D2026-0045682")
    assert "outage, announced, since" in told and "PAP-004" not in told, told
    th.stop(), vn.stop()
    shown("one paper settled, one asked about, one waits")


play(story, REGION)
