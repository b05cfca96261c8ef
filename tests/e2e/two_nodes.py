#!/usr/bin/env python3
"""Two real nodes over mutual TLS, from outside: what an operator and a stranger see.

usage: two_nodes.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
Everything stays on loopback and in a temporary directory; each loop has an end.
"""
import datetime, json, os, pathlib, shutil, signal, socket, ssl, subprocess, sys, tempfile, time, urllib.error, urllib.request

LINTAS, ROOT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
DATABASE = os.environ.get("LINTAS_TEST_POSTGRES") if sys.argv[3:] == ["postgresql"] else None
if sys.argv[3:] and not DATABASE:
    print("SKIPPED: no PostgreSQL")
    sys.exit(77)
WORK = pathlib.Path(tempfile.mkdtemp(prefix="lintas-e2e-"))
TODAY = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
children, passed = [], 0
# Freed memory that the sanitizer keeps back would look like memory that the node keeps.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4:thread_local_quarantine_size_kb=64"


def run(*args, code=0, **more):
    result = subprocess.run([str(a) for a in args], capture_output=True, timeout=60, **more)
    assert result.returncode == code, f"{args}: exit {result.returncode}\n{result.stdout.decode()}\n{result.stderr.decode()}"
    return result.stdout.decode()


def lintas(node, *args, code=0):
    return run(LINTAS, *args, "--dir", node.path, code=code)


def answer(node, *args):
    return json.loads(lintas(node, *args, "--json"))


def until(what, check, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Authority:
    def __init__(self, name):
        self.key, self.cert = WORK / f"{name}.key", WORK / f"{name}.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}", "-keyout", self.key,
            "-out", self.cert)

    def issue(self, csr, out, extensions):
        ext = pathlib.Path(f"{out}.ext")
        ext.write_text("basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" + extensions)
        run("openssl", "x509", "-req", "-in", csr, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", "20", "-extfile", ext,
            "-out", out)


class Node:
    def __init__(self, state, authority):
        self.state, self.path, self.port = state, WORK / state.lower(), free_port()
        extra = ["--database", f"{DATABASE}&options=-csearch_path%3D{state.lower()}"] if DATABASE else []
        if DATABASE:
            run("psql", DATABASE, "-qc", f"DROP SCHEMA IF EXISTS {state.lower()} CASCADE; CREATE SCHEMA {state.lower()}")
        run(LINTAS, "init", self.path, "--state", state, "--port", self.port, *extra)
        conf = self.path / "lintas.conf"
        conf.write_text(conf.read_text().replace("address = 0.0.0.0", "address = 127.0.0.1").replace("retry-first = 5s", "retry-first = 200ms")
                        .replace("retry-max = 30m", "retry-max = 1s").replace("reserve = 256MB", "reserve = 16MB"))
        for use, kind, usage in (("sign", "rsa-2048", "keyUsage=digitalSignature"), ("decrypt", "rsa-2048", "keyUsage=keyEncipherment"),
                                 ("tls", "p256", "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
                                                 "subjectAltName=IP:127.0.0.1")):
            key = lintas(self, "key", "new", "--use", use, "--type", kind).strip()
            csr = WORK / f"{state}-{use}.csr"
            csr.write_text(lintas(self, "key", "csr", key, "--subject", f"CN={state} {use},O=Customs,C={state}"))
            authority.issue(csr, self.cert(use), usage)
            lintas(self, "key", "install", key, "--certificate", self.cert(use))
        shutil.copy(authority.cert, self.path / "partners-tls.pem")

    def cert(self, use):
        return WORK / f"{self.state}-{use}.pem"

    def knows(self, other):
        lintas(self, "partner", "add", other.state, "--endpoint", f"https://127.0.0.1:{other.port}/as4", "--sign", other.cert("sign"),
               "--encrypt", other.cert("decrypt"), "--tls", other.cert("tls"))

    def start(self):
        self.log = open(WORK / f"{self.state}.log", "ab")
        self.process = subprocess.Popen([LINTAS, "serve", self.path], stderr=self.log, stdout=self.log)
        children.append(self.process)
        until(f"{self.state} answers", lambda: self.process.poll() is not None or self.ready())
        assert self.process.poll() is None, (WORK / f"{self.state}.log").read_text()

    def ready(self):
        try:
            return self.get("/health/ready")[0] == 200
        except OSError:
            return False

    def get(self, path, body=None, certificate=None):
        context = ssl.create_default_context(cafile=self.path / "partners-tls.pem")
        if certificate:
            context.load_cert_chain(*certificate)
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", data=body, headers={"Content-Type": "application/soap+xml"})
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as r:
                return r.status, r.read()
        except urllib.error.HTTPError as e:
            return e.code, e.read()

    def peak_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        assert self.process.wait(30) == (0 if how == signal.SIGTERM else -how), (WORK / f"{self.state}.log").read_text()


def document(name, reference, about=""):
    path = WORK / f"{reference}.xml"
    text = (ROOT / "tools" / "demo" / name).read_text()
    path.write_text(text.replace("@TODAY@", TODAY).replace("@REFERENCE@", reference).replace("@ABOUT@", about))
    return path


def state_of(node, document_id):
    return answer(node, "documents", "show", document_id).get("state")


def shown(name):
    global passed
    passed += 1
    print(f"ok {passed} - {name}", flush=True)


def story():
    authority, stranger = Authority("e2e authority"), Authority("another authority")
    th, vn = Node("TH", authority), Node("VN", authority)
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

    la = Node("LA", authority)
    with socket.socket() as hole:  # accepts, and never says a word
        hole.bind(("127.0.0.1", la.port))
        hole.listen(64)
        th.knows(la)
        for _ in range(12):
            lintas(th, "ping", "LA")
        until("LA is tried", lambda: any(m["attempts"] for m in answer(th, "outbox", "list", "--partner", "LA")["items"]))
        ping = answer(th, "ping", "VN")["id"]
        until("VN is served meanwhile",
              lambda: any(m["id"] == ping and m["state"] == "delivered" for m in answer(th, "outbox", "list", "--partner", "VN")["items"]), 5)
        began = time.monotonic()
        th.stop()
        assert time.monotonic() - began < 10, "a partner that does not answer held up the stop"
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
    peak = vn.peak_kib()
    for _ in range(8):
        try:
            assert vn.get("/as4", bytes(16 << 20))[0] == 403
        except (ConnectionError, urllib.error.URLError):
            pass  # refused before the body was sent
    assert vn.peak_kib() - peak < 16 << 10, "a stranger's body was kept in memory"
    assert vn.get("/metrics")[0] == 200 and b"lintas_strangers_total" in vn.get("/metrics")[1]
    shown("without a partner's certificate: a bare 403 and a counter")

    run(LINTAS, "serve", vn.path, code=5)
    shown("a second node on the same directory is refused")

    vn.stop(signal.SIGKILL)
    waiting = [answer(th, "send", document("form-d.xml", f"E2E-1{i}"), "--from", "dft")["id"] for i in range(3)]
    th.stop(signal.SIGKILL)
    time.sleep(0.2)
    assert subprocess.run(["pgrep", "-f", f"serve {WORK}"], capture_output=True).returncode == 1, "a keys process outlived its node"
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

    time.sleep(1.5)
    assert not answer(th, "audit", "verify").get("broken_sequence") and answer(vn, "audit", "verify")["brokenSequence"] == 0
    th.stop()
    shown("the journals verify")


try:
    story()
except BaseException:
    for log in WORK.glob("*.log"):
        print(f"--- {log.name}\n{log.read_text()[-3000:]}")
    raise
finally:
    for child in children:
        if child.poll() is None:
            child.kill()
            child.wait(10)
    shutil.rmtree(WORK, ignore_errors=True)
print(f"{passed} passed")
