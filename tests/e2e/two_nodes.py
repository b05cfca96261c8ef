#!/usr/bin/env python3
"""Two real nodes over mutual TLS, from outside: what an operator and a stranger see.

usage: two_nodes.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
Everything stays on loopback and in a temporary directory; each loop has an end.
"""
import base64, contextlib, http.client, json, os, signal, socket, ssl, subprocess, sys, threading, time, urllib.error

from nodes import Authority, Node, Region, answer, free_port, lintas, play, run, shown, until

REGION = Region.asked_for("lintas-e2e-")
WORK, document = REGION.work, REGION.document
EXCHANGE_TIMEOUT = 90  # seconds, the default: what waits for an exchange that hangs takes longer than any other wait here
PROMPT = 30  # seconds within which a partner that lives is served, whatever others do
CONTENTS = ("0-0000-00000-00-0", "Example Trading", "Example Import", "INV-0001", "Instant noodles", "TUAYANG")  # of form-d.xml
PASSWORD, MISTYPED = "correct horse battery 7", "correct hoarse battery 7"
# Freed memory that the sanitizer keeps back would look like memory that the node keeps.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4:thread_local_quarantine_size_kb=64"


def state_of(node, document_id):
    return answer(node, "documents", "show", document_id).get("state")


class Silent(threading.Thread):
    """In a partner's place: accepts, shakes hands, reads, and never says a word."""

    def __init__(self, partner):
        super().__init__(daemon=True)
        self.tls, self.held = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), []
        self.tls.load_cert_chain(*(partner.path / "keys" / "tls-1" / name for name in ("certificate.pem", "key.pem")))
        self.listener = socket.create_server(("127.0.0.1", partner.port), backlog=64)
        self.start()

    def run(self):
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                line, _ = self.listener.accept()
                line.settimeout(EXCHANGE_TIMEOUT)
                with contextlib.suppress(OSError):
                    self.held.append(self.tls.wrap_socket(line, server_side=True))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join()
        for line in (self.listener, *self.held):
            line.close()


def silent_partners(th, vn, authority):
    """Two partners' endpoints take what comes and never answer; VN is not kept waiting."""
    partners = [Node(REGION, state, authority) for state in ("LA", "KH")]
    with contextlib.ExitStack() as at_the_end:
        for partner in partners:
            partner.silent = Silent(partner)
            at_the_end.callback(partner.silent.close)
            th.knows(partner)
        for i in range(20):
            for partner in partners:
                form = document("form-d.xml", f"E2E-{partner.state}{i}")
                form.write_text(form.read_text().replace("<ImportCountryID>VN", f"<ImportCountryID>{partner.state}"))
                lintas(th, "send", form, "--from", "dft")
        for partner in partners:
            until(f"{partner.state} is tried", lambda: partner.silent.held)
        began = time.monotonic()
        lintas(th, "ping", "VN", "--wait", PROMPT)
        assert time.monotonic() - began < PROMPT, "a ping took longer than it waits"
        began = time.monotonic()
        th.stop()
        assert time.monotonic() - began < EXCHANGE_TIMEOUT / 3, "partners that do not answer held up the stop"
    th.start()
    shown("two partners that accept and never answer delay neither a third nor the stop")


def ask(node, path, body=None, **headers):
    """Of the interface: (status, answer)."""
    context = ssl.create_default_context(cafile=node.path / "partners-tls.pem")  # the authority that certified the node
    connection = http.client.HTTPSConnection("127.0.0.1", node.interface_port, timeout=PROMPT, context=context)
    with contextlib.closing(connection):
        connection.request("POST" if body else "GET", f"/api/v1/{path}", body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def basic(name, password):
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def log_in(node, name, password):
    return ask(node, "tokens", '{"title": "a morning of work"}', Authorization=f"Basic {basic(name, password)}")


def interface(vn):
    """Over TLS, as people and their systems use it. Returns what must stay secret."""
    lintas(vn, "user", "add", "nguyen", "--organisation", "customs", "--role", "officer", "--title", "Nguyen, Hai Phong",
           "--password-stdin", input=f"{PASSWORD}\n".encode())
    made = lintas(vn, "token", "new", "--user", "nguyen", "--title", "a program").strip()
    assert ask(vn, "documents")[0] == 401 and ask(vn, "documents", Authorization=f"Bearer {made}x")[0] == 401
    status, page = ask(vn, "documents?type=FORM-D", Authorization=f"Bearer {made}")
    assert status == 200 and [d["reference"] for d in page["items"]] == ["E2E-0001"], (status, page)
    assert log_in(vn, "nguyen", MISTYPED)[0] == 401 and log_in(vn, PASSWORD, "")[0] == 401  # in the wrong field
    status, token = log_in(vn, "nguyen", PASSWORD)
    assert status == 201 and token["secret"] != made, status
    assert ask(vn, "documents", Authorization=f"Bearer {token['secret']}")[0] == 200
    plain = http.client.HTTPConnection("127.0.0.1", vn.interface_port, timeout=PROMPT)
    with contextlib.closing(plain):
        try:
            plain.request("GET", "/api/v1/documents", headers={"Authorization": f"Bearer {made}"})
            raise AssertionError(f"plain HTTP is answered {plain.getresponse().status}")
        except (ConnectionError, http.client.HTTPException):
            pass
    shown("the interface over TLS: 401 without a token, by password or token it answers, and never in plain HTTP")
    assert "api.login-refused" in vn.log_path().read_text()
    return PASSWORD, MISTYPED, basic("nguyen", PASSWORD), made, token["secret"]


def events(node):
    cursor, all_of_them = [], []
    while True:
        page = answer(node, "events", "--limit", "500", *cursor)
        all_of_them += page["items"]
        if not page["items"] or not page.get("next"):
            return all_of_them
        cursor = ["--after", page["next"]]


def nothing_is_told(documents, secrets):
    """What the documents say, and what lets people in, stands in no log and in no event."""
    form = document("form-d.xml", "E2E-0001").read_text()
    assert all(mark in form for mark in CONTENTS), "tools/demo/form-d.xml says something else now"
    for node, document_id in documents.items():
        log, feed = node.log_path().read_text(errors="replace"), json.dumps(events(node), ensure_ascii=False)
        assert log and document_id in feed
        for mark in (*CONTENTS, *secrets):
            assert mark not in log, f"{mark} in the log of {node.state}"
            assert mark not in feed, f"{mark} in the events of {node.state}"
    shown("no log and no event has contents of documents, passwords or tokens")


def story():
    authority, stranger = Authority(REGION, "e2e authority"), Authority(REGION, "another authority")
    th = Node(REGION, "TH", authority, {"level": "debug"})
    vn = Node(REGION, "VN", authority, {"level": "debug", "interface.port": free_port()})
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    lintas(th, "partner", "add", "VN", "--endpoint", f"https://127.0.0.1:{vn.port}/as4", "--sign", vn.cert("decrypt"),
           "--encrypt", vn.cert("sign"), "--tls", vn.cert("tls"), code=1)  # swapped
    lintas(th, "partner", "add", "TH", "--endpoint", f"https://127.0.0.1:{th.port}/as4", "--sign", th.cert("sign"),
           "--encrypt", th.cert("decrypt"), "--tls", th.cert("tls"), code=1)  # itself
    spare = lintas(th, "key", "new", "--use", "sign", "--type", "p256").strip()
    csr, wrong = WORK / "spare.csr", WORK / "spare.pem"
    csr.write_text(lintas(th, "key", "csr", spare, "--subject", "CN=spare,C=TH"))
    authority.issue(csr, wrong, "keyUsage=keyEncipherment")
    lintas(th, "key", "install", spare, "--certificate", wrong, code=4)
    lintas(th, "key", "retire", "sign-1", code=6)
    shown("mistakes of the set-up are refused before they can hurt")
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()
    shown("two nodes start over TLS")

    sent = answer(th, "send", document("form-d.xml", "E2E-0001"), "--from", "dft")["id"]
    until("transmitted", lambda: state_of(th, sent) == "transmitted")
    received = until("received", lambda: answer(vn, "documents", "list", "--direction", "in")["items"])[0]
    assert received["digest"] == answer(th, "documents", "show", sent)["digest"]
    assert lintas(vn, "documents", "original", received["id"]) == document("form-d.xml", "E2E-0001").read_text()
    shown("a certificate crosses the border, byte for byte")

    lintas(vn, "documents", "seen", received["id"])
    said = lintas(vn, "send", document("customs-response.xml", "E2E-R1", "E2E-0001"))
    assert said.rstrip("\n") == answer(vn, "documents", "show", "E2E-R1")["id"], said  # alone, for scripts
    until("utilised", lambda: state_of(th, sent) == "utilised")
    shown("the customs response moves it")

    ping = answer(th, "ping", "VN")["id"]
    until("ping delivered", lambda: any(m["id"] == ping and m["state"] == "delivered" for m in answer(th, "outbox", "list")["items"]))
    until("ping settled", lambda: any(m["state"] == "processed" and m["action"].endswith("/test")
                                      for m in answer(vn, "inbox", "list")["items"]))
    assert not answer(vn, "tasks")["items"]
    shown("a ping gets a receipt and reaches no business")

    again = answer(th, "send", document("form-d.xml", "E2E-0001"), "--from", "dft")
    assert again["id"] == sent and again["repeated"]
    shown("the same document again sends nothing again")

    lintas(th, "send", document("form-d-broken.xml", "E2E-0002"), "--from", "dft", code=1)
    shown("a document that breaks its rules is refused with exit status 1")

    secrets = interface(vn)
    silent_partners(th, vn, authority)

    before = answer(vn, "status")["strangers"]
    assert vn.get("/as4", b"<x/>")[0] == 403
    key, csr, cert = WORK / "s.key", WORK / "s.csr", WORK / "s.pem"
    run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=stranger", "-keyout", key, "-out", csr)
    stranger.issue(csr, cert, "keyUsage=digitalSignature\nextendedKeyUsage=clientAuth")
    try:
        assert vn.get("/as4", b"<x/>", (cert, key))[0] == 403
    except (ssl.SSLError, ConnectionError, urllib.error.URLError):
        pass  # the handshake may already refuse it
    assert answer(vn, "status")["strangers"] > before
    peak = vn.memory_kib()
    for _ in range(8):
        try:
            assert vn.get("/as4", bytes(16 << 20))[0] == 403
        except (ConnectionError, urllib.error.URLError):
            pass  # refused before the body was sent
    assert vn.memory_kib() - peak < 16 << 10, "a stranger's body was kept in memory"
    assert vn.get("/metrics")[0] == 200 and b"lintas_strangers_total" in vn.get("/metrics")[1]
    shown("without a partner's certificate: a bare 403 and a counter")

    run(REGION.lintas, "serve", vn.path, code=5)
    shown("a second node on the same directory is refused")

    vn.stop(signal.SIGKILL)
    waiting = [answer(th, "send", document("form-d.xml", f"E2E-1{i}"), "--from", "dft")["id"] for i in range(3)]
    th.stop(signal.SIGKILL)
    until("keys processes end with their nodes",
          lambda: subprocess.run(["pgrep", "-f", f"serve {WORK}"], capture_output=True).returncode == 1)
    th.start(), vn.start()
    for one in waiting:
        until("drained", lambda one=one: state_of(th, one) == "transmitted")
    references = sorted(d["reference"] for d in answer(vn, "documents", "list", "--type", "FORM-D")["items"])
    assert references == ["E2E-0001", "E2E-10", "E2E-11", "E2E-12"], references
    shown("both killed: nothing lost, nothing doubled")

    vn.stop()
    assert answer(vn, "status")["running"] is False
    lintas(th, "outbox", "list")
    shown("commands work on a stopped node")

    until("all is sealed", lambda: answer(th, "audit", "verify")["unsealed"] == 0)
    assert all(answer(node, "audit", "verify")["brokenSequence"] == 0 for node in (th, vn))
    th.stop()
    shown("the journals verify")
    nothing_is_told({th: sent, vn: received["id"]}, secrets)


play(story, REGION)
