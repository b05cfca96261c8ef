#!/usr/bin/env python3
"""What strangers, slow senders, crowds, full disks and lost databases do to a real node: it refuses, says why, and goes on.

usage: hostile.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
VN is the node under test, TH its partner, whose TLS key this script has too. Everything stays on loopback; each wait has an end.
With postgresql VN's database is one, and what is tested is how its sessions end; TH keeps its SQLite.
"""
import contextlib, datetime, errno, http.client, os, re, resource, socket, ssl, subprocess, sys, threading, time

from nodes import Authority, Node, Region, answer, lintas, play, run, shown, until

REGION, VN_REGION = Region(sys.argv[1], sys.argv[2], "lintas-hostile-"), Region.asked_for("lintas-hostile-")
# Freed memory that the sanitizer keeps back would look like memory that the node keeps.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
DEADLINE = 5  # seconds, of a request: who is honest needs less, also on a loaded machine
SLOW = 30  # seconds that a loaded machine may take for what should happen at DEADLINE
CROWD = 10_000
AT_A_TIME = 256  # connections of one address, by default
A_FEW = 16  # connections that are being accepted or closed, and those of others
GROWTH_KIB = 24 << 10  # what a crowd may cost: 256 connections of 32 KiB each, TLS, and slack
ROLE_THREADS = 48  # at most, by default; each may complain once a minute
RESERVE_MAX_MB = 1 << 20  # that [disk] reserve takes
ELSEWHERE = "127.0.0.9"  # an address that the crowd does not come from
BOMB = (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' +
        b"".join(b'<!ENTITY %c "%s">' % (n + 1, b"&%c;" % n * 10) for n in range(ord("a"), ord("j"))) + b"]><a>&j;</a>")


def skipped(name, why):
    """Said as cmocka does, so that tools/sum-tests counts and names it."""
    print(f"# {why}\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] {name}", flush=True)


# --- Asking ---

def tls(node, identity=None):
    context = ssl.create_default_context(cafile=node.path / "partners-tls.pem")
    if identity:
        context.load_cert_chain(*identity)
    return context


def ask(node, path, body=None, identity=None, source="127.0.0.1", headers=None):
    """(status, headers, body)"""
    connection = http.client.HTTPSConnection("127.0.0.1", node.port, timeout=SLOW, context=tls(node, identity), source_address=(source, 0))
    with contextlib.closing(connection):
        connection.request("POST" if body is not None else "GET", path, body, {"Content-Type": "application/soap+xml", **(headers or {})})
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def figure(node, name):
    status, _, text = ask(node, "/metrics", source=ELSEWHERE)
    assert status == 200, status
    return int(re.search(rf"^{name}(?:{{[^}}]*}})? (\d+)$", text.decode(), re.M).group(1))


def identity_of(node):
    folder = node.path / "keys" / "tls-1"
    return folder / "certificate.pem", folder / "key.pem"


def arrives(th, vn, document):
    """DOCUMENT reaches VN, whatever else is going on."""
    until("transmitted", lambda: answer(th, "documents", "show", document)["state"] == "transmitted")
    until("processed", lambda: not answer(vn, "inbox", "list", "--state", "received")["items"])


def references(vn):
    return sorted(d["reference"] for d in answer(vn, "documents", "list", "--type", "FORM-D")["items"])


def send(th, reference):
    return answer(th, "send", REGION.document("form-d.xml", reference), "--from", "dft")["id"]


# --- Who is nobody ---

def certificate(authority, name, seconds):
    """For TLS clients, good for so many seconds: what openssl x509 cannot say, openssl ca can."""
    key, csr, cert, conf, index = (REGION.work / f"{name}.{kind}" for kind in ("key", "csr", "pem", "conf", "index"))
    run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", csr)
    index.touch()
    conf.write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={index}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n"
                    f"new_certs_dir={REGION.work}\n[p]\ncommonName=supplied\n"
                    "[x]\nkeyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n")
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    run("openssl", "ca", "-batch", "-notext", "-config", conf, "-cert", authority.cert, "-keyfile", authority.key, "-in", csr, "-out", cert,
        "-enddate", end.strftime("%Y%m%d%H%M%SZ"))
    return cert, key


def strangers(th, vn, expired, foreign):
    # Its last second is a good one (RFC 5280 4.1.2.5), so it is over a second after it began.
    over = ["openssl", "x509", "-checkend", "-1", "-noout", "-in", expired[0]]
    until("its end", lambda: subprocess.run(over, capture_output=True).returncode == 1, 60)
    for who, identity in {"nobody": None, "a stranger": foreign, "a partner whose certificate has ended": expired}.items():
        before, kept = figure(vn, "lintas_strangers_total"), figure(vn, "lintas_messages_refused_total")
        status, headers, body = ask(vn, "/as4", b"<x/>", identity)
        assert (status, body) == (403, b""), f"{who}: {status} {body}"
        assert not headers.get("Content-Type") and not headers.get("Server"), f"{who} is told {headers}"
        assert figure(vn, "lintas_strangers_total") == before + 1, who
        assert figure(vn, "lintas_messages_refused_total") == kept, f"{who} filled the disk"
        newest = answer(vn, "strangers")["items"]
        assert len(newest) == before + 1 and newest[0]["rule"] == "MSG-051" and newest[0]["address"].startswith("127.0.0.1:"), newest
    assert "MSG-051" in lintas(vn, "strangers")
    shown("no certificate, a stranger's, an expired one: a bare 403, a counter, a line in `lintas strangers`")

    kept = figure(vn, "lintas_messages_refused_total")
    status, headers, body = ask(vn, "/as4", BOMB, identity_of(th))
    assert status == 200 and b"EBMS:0009" in body and b"MSG-010" in body and b"SignatureValue" in body, (status, body)
    assert figure(vn, "lintas_messages_refused_total") == kept + 1
    refusal = answer(vn, "refusal", "list", "--partner", "TH")["items"][0]
    assert refusal["rule"] == "MSG-010" and refusal["receivedBytes"] == len(BOMB) and refusal["errorBytes"] == len(body), refusal
    assert "MSG-010" in lintas(vn, "refusal", "list")
    came, told = (vn.path / "refused", vn.path / "told")
    came.write_text(lintas(vn, "refusal", "received", refusal["id"]))
    told.write_text(lintas(vn, "refusal", "error", refusal["id"]))
    assert came.read_bytes().endswith(BOMB) and told.read_bytes().endswith(body)
    assert "MSG-010" in lintas(vn, "as4", "inspect", came, code=1)
    assert "signature    verified" in lintas(vn, "as4", "inspect", told, code=1)  # it cannot name a message that has no name
    shown("an entity bomb from the partner's own connection: a signed error; both kept, listed, and readable by `lintas as4 inspect`")


# --- Who takes his time ---

class Slow(threading.Thread):
    """Sends START, then BYTE each PAUSE seconds until it is cut; no BYTE: nothing more. HOW says what of TLS it does."""

    def __init__(self, vn, name, start, byte, identity=None, handshake=True):
        super().__init__(daemon=True)
        self.vn, self.name, self.start_with, self.byte, self.identity, self.handshake = vn, name, start, byte, identity, handshake
        self.took = None
        self.end = "has not begun"

    def connect(self):
        """A line, and when it was asked for, from when on the node counts. A handshake that took too long is made again."""
        for _ in range(5):
            began = time.monotonic()
            plain = socket.create_connection(("127.0.0.1", self.vn.port), timeout=SLOW)
            if not self.handshake:
                return plain, began
            try:
                return tls(self.vn, self.identity).wrap_socket(plain, server_hostname="127.0.0.1"), began
            except OSError:
                plain.close()
        raise AssertionError("five handshakes failed")

    def run(self):
        try:
            line, began = self.connect()
            with line:
                self.end = self.wait(line, began)
                self.took = time.monotonic() - began
        except Exception as e:  # it would be lost with the thread
            self.end = repr(e)

    def wait(self, line, began):
        try:
            line.sendall(self.start_with)
            line.settimeout(1)
            while time.monotonic() - began < SLOW:
                try:
                    got = line.recv(4096)
                    return f"answered {got}" if got else "cut"
                except (TimeoutError, ssl.SSLWantReadError):
                    line.sendall(self.byte or b"")
        except TimeoutError:
            return "not cut, and takes nothing"
        except OSError:
            return "cut"
        return "not cut"


def slow(th, vn):
    partner, head = identity_of(th), b"POST /as4 HTTP/1.1\r\nHost: vn\r\n"
    cut = figure(vn, "lintas_http_connections_cut_total")
    senders = [
        Slow(vn, "a stall in the middle of a body", head + b"Content-Length: 1000\r\n\r\n<soap", None, partner),
        Slow(vn, "a byte a second of a body", head + b"Content-Length: 1000\r\n\r\n<soap", b"x", partner),
        Slow(vn, "a byte a second of a chunked body", head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", partner),
        Slow(vn, "a byte a second of a body, by a stranger", head + b"Content-Length: 1000\r\n\r\n<soap", b"x"),
        Slow(vn, "a byte a second in a header", head + b"X-Slow: ", b"x", partner),
        Slow(vn, "a byte a second of headers, by a stranger", head + b"X-Slow: ", b"x"),
        Slow(vn, "a byte a second of the request line", b"GET /", b"x"),
        Slow(vn, "an empty line a second before any request line", b"", b"\r\n"),
        Slow(vn, "silence after the handshake", b"", None),
        Slow(vn, "a handshake that stops", b"\x16\x03\x01\x02\x00\x01", None, handshake=False),
        Slow(vn, "a byte a second of a handshake", b"\x16\x03\x01\x02\x00\x01", b"\0", handshake=False),
    ]
    for sender in senders:
        sender.start()
    arrives(th, vn, send(th, "SLOW-1"))
    for sender in senders:
        sender.join(2 * SLOW)
        assert sender.end == "cut", f"{sender.name}: {sender.end}"
        assert DEADLINE <= sender.took < SLOW, f"{sender.name}: cut after {sender.took:.1f} s"
    assert figure(vn, "lintas_http_connections_cut_total") >= cut + len(senders)
    shown(f"{len(senders)} ways to be slow are cut at the deadline, and a partner is served meanwhile")


def heads(vn):
    rows = {"a header of 64 kB": {"X-Long": "x" * 65536}, "five thousand headers": {f"X-{i}": "y" for i in range(5000)},
            "a header of a megabyte": {"X-Long": "x" * (1 << 20)}}
    for what, headers in rows.items():
        try:
            assert ask(vn, "/health/ready", headers=headers)[0] in (413, 431), what
        except (ConnectionError, ssl.SSLError, http.client.HTTPException):
            pass  # the connection was closed while we still wrote
        assert ask(vn, "/health/ready")[0] == 200, f"not ready after {what}"
    shown("huge and many headers end their connection and nothing else")


# --- Who are many ---

def dial(port):
    s = socket.socket()
    try:
        s.settimeout(SLOW)
        s.connect(("127.0.0.1", port))
        s.setblocking(False)
        return s
    except OSError as e:
        s.close()
        if e.errno in (errno.ECONNRESET, errno.ECONNREFUSED):
            return None
        raise


def is_open(s):
    try:
        return s.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def crowd(th, vn):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    many = CROWD if hard == resource.RLIM_INFINITY else min(CROWD, hard - 256)
    if many < CROWD:
        skipped("a_crowd_of_10000", f"{many} connections instead of {CROWD}: the limit of open files is {hard}")
    before, refused = vn.memory_kib("VmRSS"), figure(vn, "lintas_http_connections_refused_total")
    held, most, began = [], 0, time.monotonic()
    for i in range(many):
        held.append(dial(vn.port))
        if i == many // 2:
            waiting = send(th, "CROWD-1")
            assert ask(vn, "/as4", b"<x/>", identity_of(th), ELSEWHERE)[0] == 200, "a partner at another address is not served"
            most = sum(s is not None and is_open(s) for s in held)
            assert most <= AT_A_TIME + A_FEW, f"{most} connections of one address"

    def refused_enough():
        """Who got in stays for the deadline, then others may come in his place."""
        got_in = AT_A_TIME * (2 + (time.monotonic() - began) / DEADLINE)
        return figure(vn, "lintas_http_connections_refused_total") - refused >= many - held.count(None) - got_in - A_FEW
    grown = vn.memory_kib("VmRSS") - before
    until("who is too many is refused", refused_enough, SLOW)
    assert figure(vn, "lintas_http_connections") <= AT_A_TIME + A_FEW
    assert vn.process.poll() is None and grown < GROWTH_KIB, f"{many} connections cost {grown} KiB"
    for s in held:
        if s:
            s.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    arrives(th, vn, waiting)
    until("they are gone", lambda: figure(vn, "lintas_http_connections") < 16)
    grown = vn.memory_kib("VmRSS") - before
    assert grown < GROWTH_KIB, f"{grown} KiB are kept after the crowd"
    shown(f"{many} connections: {most} held at a time, {grown} KiB more memory, and the partner gets through")


def descriptors(vn):
    result = subprocess.run(["sh", "-c", 'ulimit -n 600; exec "$0" serve "$1"', REGION.lintas, vn.path], capture_output=True, timeout=60)
    assert result.returncode == 4 and b"max-connections = 1024" in result.stderr and b"at most 600" in result.stderr, result
    shown("fewer open files than the settings need is said at the start")


# --- The node's own troubles ---

def second(vn):
    result = subprocess.run([REGION.lintas, "serve", vn.path], capture_output=True, timeout=60)
    assert result.returncode == 5 and b"a node runs on" in result.stderr and b"it answers in a moment" in result.stderr, result
    assert vn.process.poll() is None and vn.ready() and answer(vn, "status")["running"]
    shown("a second node on one directory is refused with what to do; the first goes on")


def full_disk(th, vn):
    disk = os.statvfs(vn.path)
    reserve_mb = disk.f_bavail * disk.f_frsize * 2 >> 20  # not only a little more: other programs free some meanwhile
    if reserve_mb > RESERVE_MAX_MB:
        skipped("full_disk", f"{reserve_mb // 2} MB are free, and the greatest [disk] reserve is {RESERVE_MAX_MB} MB")
        return
    vn.stop()
    vn.configure({"reserve": f"{reserve_mb}MB"})
    log_before = len(vn.log_path().read_text())
    vn.spawn()
    until("VN lives", lambda: vn.says("/health/live") == 200)
    status, _, why = ask(vn, "/health/ready")
    assert status == 503 and b"disk reserve" in why, (status, why)
    waiting, began = send(th, "DISK-1"), time.monotonic()
    until("503", lambda: "503" in (answer(th, "outbox", "show", waiting).get("lastError") or ""))
    waits = lintas(th, "timeline", waiting)
    assert "not delivered after" in waits and "503" in waits and "lintas outbox" in waits, waits
    until("the roles have tried again", lambda: time.monotonic() - began > 5)  # they do every two seconds
    log = vn.log_path().read_text()[log_before:]
    told, over = log.count('"role.failed"'), log.count('"role.recovered"')  # a sender with nothing to send has recovered, until it has
    assert 0 < told <= ROLE_THREADS + over, f"{told} complaints in five seconds fill the log"
    assert "SLOW-1" in references(vn) and "DISK-1" not in references(vn), "reading must go on, and nothing be taken"
    assert "SLOW-1" in lintas(vn, "documents", "original", "SLOW-1")  # who reads it is in the log, which has room
    assert vn.log_path().read_text().count('"api.read-not-journalled"') == 1
    assert figure(vn, "lintas_disk_reserve_bytes") == reserve_mb << 20
    refused = subprocess.run([REGION.lintas, "send", REGION.document("form-d.xml", "DISK-2"), "--dir", vn.path], capture_output=True,
                             timeout=60)
    assert refused.returncode == 5 and b"reserve" in refused.stderr, refused
    vn.stop()
    vn.configure({"reserve": "16MB"})
    vn.start()
    arrives(th, vn, waiting)
    assert references(vn).count("DISK-1") == 1
    shown("a disk with less free than its reserve: 503, not ready, all can be read; what waited comes when there is room")


# --- A database that goes away ---

def sql(text):
    return run("psql", VN_REGION.database, "-Atqc", text).strip()


def attempts(th, document):
    return answer(th, "outbox", "show", document)["attempts"]


def lost_in_commit(th, vn):
    """A deferred trigger runs inside COMMIT; there it ends its own session, three times (a sequence is not rolled back)."""
    sql("SET search_path = vn; CREATE SEQUENCE ends; CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.direction = 'in' AND nextval('vn.ends') <= 3 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9);"
        " END IF; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT ON message DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION hang_up()")
    waiting = send(th, "COMMIT-1")
    arrives(th, vn, waiting)
    sql("DROP TRIGGER hang_up ON vn.message")
    # The first three ended in their commit. TH may have tried once more when an answer came late.
    assert int(sql("SELECT last_value FROM vn.ends")) == 4 and attempts(th, waiting) >= 4, attempts(th, waiting)
    assert references(vn).count("COMMIT-1") == 1
    shown("a session that ends in its commit, which is undone: no receipt, and the message once when it comes again")


def lost_after_commit(th, vn):
    """Committed, and the session ends while it waits for a standby that is not there: nobody hears of it."""
    waits = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"
    sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    sql("SELECT pg_reload_conf()")
    try:
        waiting = send(th, "COMMIT-2")
        # Only who takes a message in writes to wire.
        until("the commit waits", lambda: sql(f"SELECT count(*) {waits} AND pid IN (SELECT pid FROM pg_locks"
                                              " WHERE relation = 'vn.wire'::regclass AND mode = 'RowExclusiveLock')") != "0")
        assert answer(th, "documents", "show", waiting)["state"] != "transmitted", "a receipt before the commit was answered"
    finally:
        sql("ALTER SYSTEM RESET synchronous_standby_names")
        until("none waits", lambda: sql(f"SELECT count(pg_terminate_backend(pid)) {waits}") == "0")
        sql("SELECT pg_reload_conf()")
    arrives(th, vn, waiting)
    assert attempts(th, waiting) >= 2 and references(vn).count("COMMIT-2") == 1
    assert sql("SELECT count(*) FROM vn.message WHERE direction = 'in'") == "2"
    shown("a session that ends after its commit and before it is told: the message again gets the stored receipt, and is there once")


def role_fails(vn):
    def says(event):
        return [line for line in vn.log_path().read_text().splitlines() if f'"{event}"' in line and '"role":"timers"' in line]
    sql("ALTER TABLE vn.fsm_timer RENAME TO elsewhere")
    until("a complaint", lambda: says("role.failed"))
    time.sleep(5)  # three steps, two seconds after one another
    told = says("role.failed")
    assert len(told) == 1 and "fsm_timer" in told[0] and not says("role.recovered"), told
    sql("ALTER TABLE vn.elsewhere RENAME TO fsm_timer")
    until("that it is over", lambda: says("role.recovered"))
    shown("a role that fails says so once, and when it goes on")


def story():
    authority, other = Authority(REGION, "hostile authority"), Authority(REGION, "another authority")
    if VN_REGION.database:  # alone of the server's databases
        sql(f"ALTER DATABASE {sql('SELECT current_database()')} SET synchronous_commit = on")
    th, vn = Node(REGION, "TH", authority), Node(VN_REGION, "VN", authority, {"request-deadline": f"{DEADLINE}s"})
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    if VN_REGION.database:
        th.start(), vn.start()
        role_fails(vn)
        lost_in_commit(th, vn)
        lost_after_commit(th, vn)
    else:
        expired = certificate(authority, "expired", 40)  # long enough to be named to VN while it is good
        lintas(vn, "partner", "certificate", "TH", "--use", "tls", "--file", expired[0])
        descriptors(vn)
        th.start(), vn.start()
        slow(th, vn)
        heads(vn)
        second(vn)
        crowd(th, vn)
        strangers(th, vn, expired, certificate(other, "stranger", 3600))
        full_disk(th, vn)
    for node in (th, vn):
        assert answer(node, "audit", "verify")["brokenSequence"] == 0
        node.stop()
    shown("the journals verify")


play(story, REGION, VN_REGION)
