#!/usr/bin/env python3
"""Limits of a real node: how often a token may ask, who is refused first when more comes than can be worked on, and for what documents
are read.

usage: limits.py LINTAS SOURCE_ROOT
"""
import contextlib, http.client, json, os, pathlib, re, signal, ssl

from nodes import Authority, Node, Region, answer, free_port, lintas, play, shown, until

REGION = Region.asked_for("lintas-limits-")
WAITING_MAX = 8


class Line:
    """One request to the interface, whose answer is read when it is asked for."""

    def __init__(self, node, token, path, method="GET", body=None, **headers):
        context = ssl.create_default_context(cafile=node.path / "partners-tls.pem")
        self.connection = http.client.HTTPSConnection("127.0.0.1", node.interface_port, timeout=120, context=context)
        self.connection.request(method, f"/api/v1/{path}", body, {"Authorization": f"Bearer {token}", **headers})

    def answer(self):
        with contextlib.closing(self.connection):
            response = self.connection.getresponse()
            return response.status, response.headers, response.read().decode()


def ask(*what, **more):
    return Line(*what, **more).answer()


def token_of(node, name, role, organisation=None):
    lintas(node, "user", "add", name, *(["--organisation", organisation] if organisation else []), "--role", role, "--title", name)
    return lintas(node, "token", "new", "--user", name).strip()


def metric(node, name, labels=""):
    """The sum of all that have LABELS first."""
    _, text = node.get("/metrics")
    return sum(int(value) for value in re.findall(rf"^{name}(?:{{{labels}[^}}]*}})? (\d+)$", text.decode(), re.M))


def of_interface(node, name):
    return metric(node, f"lintas_http_{name}", 'server="interface"')


def rates(node):
    busy = token_of(node, "busy", "officer", "customs")
    other = lintas(node, "token", "new", "--user", "busy").strip()
    _, headers, _ = ask(node, busy, "me")
    assert headers["RateLimit-Policy"] == '"token";q=10;w=100' and headers["RateLimit"] == '"token";r=9;t=10', headers.items()
    for _ in range(100):  # 6 a minute: a machine that takes 10 s for a request is not one that we test on
        status, headers, body = ask(node, busy, "me")
        if status == 429:
            break
        assert status == 200, body
    problem = json.loads(body)
    assert status == 429 and problem["type"] == "urn:lintas:problem:too-many-requests", body
    assert 1 <= int(headers["Retry-After"]) <= 10 and headers["RateLimit"].startswith('"token";r=0;'), headers.items()
    assert ask(node, other, "me")[0] == 200
    for _ in range(12):
        answer(node, "documents", "list")
    assert metric(node, "lintas_requests_limited_total") >= 1
    until("the token may ask again", lambda: ask(node, busy, "me")[0] == 200, pause=1)
    shown("a token that asks too often waits; another of the same user, and commands on the machine, do not")


def purposes(node):
    reference = answer(node, "documents", "list")["items"][0]["reference"]
    lintas(node, "documents", "original", reference, "--purpose", "verification")
    lintas(node, "documents", "content", reference, "--purpose", "risk-analysis")
    lintas(node, "documents", "content", reference, "--purpose", "risk-analysis")
    lintas(node, "documents", "show", reference, "--purpose", "audit")
    lintas(node, "documents", "content", reference)
    said = [line for line in lintas(node, "timeline", reference).splitlines() if " read " in line]
    assert [line.rpartition("purpose: ")[2] for line in said] == ["verification", "risk-analysis", "audit", "not stated"], said
    lintas(node, "documents", "content", reference, "--purpose", "curiosity", code=1)
    shown("who read a document, and for what, stands in its timeline, once for each purpose")
    return reference


def required(node, reference):
    lintas(node, "documents", "content", reference, code=1)
    lintas(node, "documents", "content", reference, "--purpose", "clearance")
    officer = token_of(node, "officer", "officer", "customs")
    assert ask(node, officer, f"documents/{reference}")[0] == 422
    assert ask(node, officer, f"documents/{reference}?purpose=clearance")[0] == 200
    reads = answer(node, "audit", "reads", "--user", "officer")["items"]
    assert [(r["actor"], r["detail"]) for r in reads] == [("user:officer", "purpose: clearance")], reads
    assert len(answer(node, "audit", "reads", "--document", reference)["items"]) == 6
    shown("where a purpose is required, nothing is shown to who does not say it; who has read what can be asked")


def keys_process(node):
    """The child that signs: while it is stopped, whoever needs a signature waits."""
    children = pathlib.Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text().split()
    assert len(children) == 1, children
    return int(children[0])


@contextlib.contextmanager
def without_signatures(node):
    process = keys_process(node)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def interface_overload(node):
    """One worker, which signs our card; the queue is filled step by step."""
    boss = token_of(node, "boss", "operator")
    officer = token_of(node, "clerk", "officer", "customs")
    lines = []

    def waits(path, token=boss):
        lines.append(Line(node, token, path))
        until(f"{len(lines) - 1} wait", lambda: of_interface(node, "waiting") == len(lines) - 1)

    def refused(path, token=boss, retry="5", **more):
        status, headers, body = ask(node, token, path, **more)
        assert status == 503 and headers["Retry-After"] == retry, (path, status, body)

    def submission(key):
        return {"token": officer, "method": "POST", "body": "<x/>", "Content-Type": "application/xml", "Idempotency-Key": key}

    with without_signatures(node):
        lines.append(Line(node, boss, "card"))
        until("the worker is busy", lambda: of_interface(node, "working") == 1)
        waits("card")
        waits("card")
        refused("documents", officer)  # 25 %
        waits("card")
        waits("card")
        refused("documents", retry="30", **submission("k"))  # 50 %
        waits("card")
        waits("card")
        refused("card")  # 75 %
        waits("status")
        waits("status")
        refused("status", retry="1")  # the queue is full
        assert answer(node, "status")["running"]  # commands have workers of their own
        assert of_interface(node, "load_percent") == 100
    answers = [line.answer() for line in lines]
    assert [a[0] for a in answers] == [200] * len(lines), [a[:1] + a[2:] for a in answers]
    assert ask(node, officer, "documents")[0] == 200
    assert of_interface(node, "overload_refused_total") == 3
    shown("above capacity lists, then repeated submissions, then the rest are refused; the node's state is told; all that waited is done")


def gateway_overload(th, vn):
    """One worker, which signs receipts; TH sends more than may wait."""
    forms = [REGION.document("form-d.xml", f"LIMIT-{i}") for i in range(16)]
    with without_signatures(vn):
        for form in forms:
            lintas(th, "send", form, "--from", "dft")
        until("a message is told to come again", lambda: any("503" in (m.get("lastError") or "") for m in
                                                             answer(th, "outbox", "list", "--limit", "100")["items"]))
    until("all are delivered", lambda: answer(th, "status")["partners"][0]["queued"] == 0, seconds=120)
    until("all have come", lambda: len(answer(vn, "documents", "list", "--limit", "100")["items"]) == len(forms) + 1)
    _, text = vn.get("/metrics")
    assert re.search(r'refused_total{server="gateway",class="repeated"} [1-9]', text.decode()), text.decode()
    shown("messages that a full gateway refused come again by themselves; each is there once")


def story():
    authority = Authority(REGION, "limits authority")
    th = Node(REGION, "TH", authority)
    vn = Node(REGION, "VN", authority, {"interface.port": free_port(), "requests-per-minute": "6", "burst": "10"})
    vn.configure({"gateway.url": f"https://127.0.0.1:{vn.port}/as4"})
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn)
    vn.knows(th)
    th.start()
    vn.start()
    lintas(th, "send", REGION.document("form-d.xml", "LIMIT-FIRST"), "--from", "dft")
    until("the first arrives", lambda: answer(vn, "documents", "list")["items"])
    rates(vn)
    reference = purposes(vn)
    vn.stop()
    vn.configure({"requests-per-minute": "0", "workers": "1", "max-waiting": WAITING_MAX, "longest-wait": "1h", "purpose-required": "yes"})
    vn.start()
    required(vn, reference)
    interface_overload(vn)
    gateway_overload(th, vn)
    th.stop(), vn.stop()


play(story, REGION)
