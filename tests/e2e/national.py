#!/usr/bin/env python3
"""The interface in national shapes, over two real nodes: `lintas send --map`, `lintas documents content --map`, ?map=.

usage: national.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
What is expected: the CSV of tests/mapping, read and compared by Python's csv and decimal.
"""
import contextlib, csv, http.client, io, json, shutil, socket

from nodes import Authority, Node, Region, answer, lintas, play, shown, until

REGION = Region.asked_for("lintas-national-")
WORK, ROOT = REGION.work, REGION.root


def ministry(*references, **changes):
    """The lines of the sample's first certificate, under each of these references; CHANGES by reference."""
    rows = list(csv.DictReader(io.StringIO((ROOT / "tests" / "mapping" / "ministry.csv").read_text("utf-8-sig"))))
    first = [row for row in rows if row["CERT_NO"] == rows[0]["CERT_NO"]]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, first[0])
    writer.writeheader()
    for reference in references:
        for row in first:
            writer.writerow({**row, "CERT_NO": reference, **changes.get(reference.replace("-", "_"), {})})
    return out.getvalue()


def ask(node, method, path, body=None, **headers):
    """Over the administration socket, as a program on the machine: (status, headers, body)."""
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(60)
    connection.sock.connect(str(node.path / "admin.sock"))
    with contextlib.closing(connection):
        connection.request(method, f"/api/v1/{path}", body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def post(node, path, text, content_type="text/csv"):
    status, _, body = ask(node, "POST", f"documents?{path}", text.encode(), **{"Content-Type": content_type})
    return status, json.loads(body)


def mappings(th, vn):
    for node in (th, vn):
        shutil.copytree(ROOT / "data" / "mapping", node.path / "mappings")
        node.configure({"mappings": "mappings"})
    good = th.path / "mappings" / "ministry-form-d.json"
    text = good.read_text()
    mapping = json.loads(text)
    mapping["row"] = [row for row in mapping["row"] if row.get("to") not in ("/exporter/name", "/issueDate")]
    good.write_text(json.dumps(mapping))
    (th.path / "mappings" / "another.json").write_text("{}")
    (th.path / "mappings" / "a name.json").write_text("{}")
    said = failing_start(th)
    for part in ("/ministry-form-d.json/row", "MAP-009", "/issueDate", "/exporter/name", "another.json", "NAT-001"):
        assert part in said, (part, said)
    good.write_text(text)
    (th.path / "mappings" / "another.json").unlink()
    (th.path / "mappings" / "a name.json").unlink()
    shown("a node with wrong mapping files does not start, and says all that is wrong with all of them")


def failing_start(node):
    node.spawn()
    assert node.process.wait(60) != 0
    said = node.log_path().read_text()
    assert "Sanitizer" not in said, said
    return said


def sends(th, vn):
    file = WORK / "application.csv"
    file.write_text(ministry("N-1", "N-2", "N-3", N_2={"GROSS_KG": "1", "NET_KG": "2"}))
    said = lintas(th, "send", file, "--map", "ministry-form-d", "--from", "dft", code=1)
    assert "3 documents, 1 refused" in said and 'column "GROSS_KG"' in said, said
    got = until("two arrive", lambda: (lambda d: d if len(d) == 2 else None)(answer(vn, "documents", "list")["items"]))
    assert sorted(d["reference"] for d in got) == ["N-1", "N-3"]
    file.write_text(ministry("N-1", "N-3"))
    again = answer(th, "send", file, "--map", "ministry-form-d", "--from", "dft")
    assert [d["repeated"] for d in again["documents"]] == [True, True] and again["refused"] == 0
    assert len(answer(th, "documents", "list")["items"]) == 2
    shown("a CSV of three certificates: two are sent, one is refused with line and column; sent again, nothing is doubled")

    text = lintas(vn, "documents", "content", got[0]["id"], "--map", "customs-form-d")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert {row["CO_REF"] for row in rows} == {got[0]["reference"]}, text
    status, headers, _ = ask(vn, "GET", f"documents/{got[0]['id']}/content?map=customs-form-d")
    assert status == 200 and headers["Content-Type"] == "text/csv; charset=utf-8", headers
    status, _, body = ask(vn, "GET", f"documents/{got[0]['id']}/content?map=uncefact-d23b-form-d")
    assert status == 200 and json.loads(body)
    shown("a received certificate in the shape of the customs system, by the command and by the interface")


def refusals(th, vn):
    one = answer(vn, "documents", "list")["items"][0]["id"]
    status, problem = post(th, "organisation=dft&map=nobodys", ministry("N-4"))
    assert status == 422 and "ministry-form-d" in problem["findings"][0]["text"], problem
    status, problem = post(th, "organisation=dft&map=ministry-form-d", ministry("N-4"), "application/xml")
    assert status == 422 and problem["findings"][0]["code"] == "API-012", problem
    status, problem = post(th, "organisation=dft&map=ministry-form-d&type=ACDD", ministry("N-4"))
    assert status == 422 and problem["findings"][0]["path"] == "/type", problem
    status, _ = post(th, "organisation=dft", ministry("N-4"))
    assert status >= 400, status
    status, problem = post(th, "organisation=dft&map=ministry-form-d", ministry("N-4", N_4={"UNIT": "B34"}))
    found = problem["findings"][0]
    assert status == 422 and found["code"] == "COD-002" and found["path"].startswith("/goodsItem/"), problem
    assert 'line 2, column "UNIT"' in found["text"], problem
    bad = {"UNIT": "B34"}
    status, problem = post(th, "organisation=dft&map=ministry-form-d", ministry("N-5", "N-6", N_5=bad, N_6=bad))
    assert status == 422 and {f["path"][:13] for f in problem["findings"]} == {"/documents/0/", "/documents/1/"}, problem
    status, problem = post(th, "organisation=dft&map=ministry-form-d", ministry("N-4").replace("CERT_NO", "NUMBER"))
    assert status == 422 and problem["findings"][0]["code"] == "MAP-020", problem
    status, problem = post(th, "organisation=dft&map=ministry-form-d", ministry(*(f"M-{i}" for i in range(501))))
    assert status == 422 and problem["findings"][0]["code"] == "API-011", problem
    assert not [d for d in answer(th, "documents", "list")["items"] if d["reference"].startswith("M-")]
    status, _, body = ask(vn, "GET", f"documents/{one}/content?map=wco-36-acdd")
    assert status == 422 and json.loads(body)["findings"][0]["code"] == "API-010"
    status, _, body = ask(vn, "GET", f"documents/{one}/content?map=customs-response")
    assert status == 422 and json.loads(body)["findings"][0]["code"] == "API-012"
    shown("what cannot be mapped is refused as a whole, and says what to do")


def idempotent(th):
    text = ministry("N-7", "N-8").encode()
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "k-1"}
    first = ask(th, "POST", "documents?organisation=dft&map=ministry-form-d", text, **headers)
    second = ask(th, "POST", "documents?organisation=dft&map=ministry-form-d", text, **headers)
    assert first[0] == second[0] == 202 and first[2] == second[2] and second[1]["Idempotency-Replayed"] == "true"
    shown("the answer to a file with an Idempotency-Key is kept, and comes again")


def story():
    authority = Authority(REGION, "authority")
    th, vn = Node(REGION, "TH", authority), Node(REGION, "VN", authority)
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    mappings(th, vn)
    th.start(), vn.start()
    sends(th, vn)
    refusals(th, vn)
    idempotent(th)
    th.stop(), vn.stop()


play(story, REGION)
