#!/usr/bin/env python3
"""Two real nodes over mutual TLS, from outside: what an operator and a stranger see.

usage: two_nodes.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
Everything stays on loopback and in a temporary directory; each loop has an end.
"""
import os, signal, socket, ssl, subprocess, sys, time, urllib.error

from nodes import Authority, Node, Region, answer, lintas, run, until

DATABASE = os.environ.get("LINTAS_TEST_POSTGRES") if sys.argv[3:] == ["postgresql"] else None
if sys.argv[3:] and not DATABASE:
    print("SKIPPED: no PostgreSQL")
    sys.exit(77)
REGION = Region(sys.argv[1], sys.argv[2], "lintas-e2e-", DATABASE)
WORK, document = REGION.work, REGION.document
EXCHANGE_TIMEOUT = 90  # seconds, the default: what waits for an exchange that hangs takes longer than any other wait here
passed = 0
# Freed memory that the sanitizer keeps back would look like memory that the node keeps.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4:thread_local_quarantine_size_kb=64"


def state_of(node, document_id):
    return answer(node, "documents", "show", document_id).get("state")


def shown(name):
    global passed
    passed += 1
    print(f"ok {passed} - {name}", flush=True)


def story():
    authority, stranger = Authority(REGION, "e2e authority"), Authority(REGION, "another authority")
    th, vn = Node(REGION, "TH", authority), Node(REGION, "VN", authority)
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
    lintas(vn, "send", document("customs-response.xml", "E2E-R1", "E2E-0001"))
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

    la = Node(REGION, "LA", authority)
    with socket.socket() as hole:  # accepts, and never says a word
        hole.bind(("127.0.0.1", la.port))
        hole.listen(64)
        th.knows(la)
        for _ in range(12):
            lintas(th, "ping", "LA", "--wait", "0", code=5)
        until("LA is tried", lambda: any(m["attempts"] for m in answer(th, "outbox", "list", "--partner", "LA")["items"]))
        ping = answer(th, "ping", "VN")["id"]
        until("VN is served meanwhile",
              lambda: any(m["id"] == ping and m["state"] == "delivered" for m in answer(th, "outbox", "list", "--partner", "VN")["items"]))
        began = time.monotonic()
        th.stop()
        assert time.monotonic() - began < EXCHANGE_TIMEOUT / 3, "a partner that does not answer held up the stop"
    th.start()
    shown("a partner that accepts and never answers delays neither another one nor the stop")

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


try:
    story()
except BaseException:
    print(REGION.logs())
    raise
finally:
    REGION.close()
print(f"{passed} passed")
