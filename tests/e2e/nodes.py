"""Real nodes on loopback, for tests from outside: authorities, keys, partners over mutual TLS, and the processes.

Everything of a region lies in one temporary directory; each wait has an end. A test is

    REGION = Region.asked_for("lintas-name-")   # LINTAS SOURCE_ROOT [postgresql]

    def story():
        ...
        shown("what is proved now")

    play(story, REGION)
"""
import atexit, contextlib, datetime, json, os, pathlib, random, re, secrets, shutil, signal, socket, ssl, subprocess, sys, tempfile, time
import urllib.error, urllib.request

TODAY = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
# So that a test sees retries, and a small disk is enough.
QUICK = {"address": "127.0.0.1", "retry-first": "200ms", "retry-max": "1s", "reserve": "16MB"}


def run(*args, code=0, seconds=60, **more):
    result = subprocess.run([str(a) for a in args], capture_output=True, timeout=seconds, **more)
    assert result.returncode == code, f"{args}: exit {result.returncode}\n{result.stdout.decode()}\n{result.stderr.decode()}"
    return result.stdout.decode()


def until(what, check, seconds=60, pause=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(pause)
    raise AssertionError(f"not within {seconds} s: {what}")


def lintas(node, *args, code=0, seconds=60, **more):
    return run(node.region.lintas, *args, "--dir", node.path, code=code, seconds=seconds, **more)


def answer(node, *args, seconds=60):
    return json.loads(lintas(node, *args, "--json", seconds=seconds))


PASSED = []


def shown(name):
    PASSED.append(name)
    print(f"ok {len(PASSED)} - {name}", flush=True)


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def play(story, *regions):
    """Runs STORY, with which REGIONS end (KEEP in the environment: but for their files). If it fails, what their nodes said is printed;
    in that no sanitizer may have found anything.
    """
    try:
        story()
        for log in (log for region in regions for log in region.work.glob("*.log")):
            assert not re.search(rb"Sanitizer|runtime error:", log.read_bytes()), f"a finding in {log.name}"
    except BaseException:
        print(*(region.logs() for region in regions), sep="\n")
        raise
    finally:
        for region in regions:
            region.close(keep=bool(os.environ.get("KEEP")))
    print(f"{len(PASSED)} passed")


SERVER = os.environ.get("LINTAS_TEST_POSTGRES")


def new_database():
    """The URL of a new database on the PostgreSQL server for tests, until the program ends. Tests that run side by side share no more."""
    if not SERVER:
        skip("no PostgreSQL; run it under tests/postgres.sh")
    name = f"lintas_{os.getpid()}_{secrets.token_hex(4)}"
    run("psql", SERVER, "-qc", f"CREATE DATABASE {name}")
    atexit.register(run, "psql", SERVER, "-qc", f"DROP DATABASE {name} WITH (FORCE)")
    return re.sub(r"[^/]*\?", f"{name}?", SERVER, count=1)


CLAIMS = []


def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port that is free, and no other test's until this program ends, also while its node is down: its number is claimed by an abstract
    socket. The kernel gives the ports of its own range to whoever connects.
    """
    below = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(100):
        port, claim = random.randrange(below // 2, below), socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            claim.bind(f"\0lintas-test-port-{port}")
            if is_free(port):
                CLAIMS.append(claim)
                return port
        claim.close()
    raise AssertionError("no free port")


class Region:
    """The nodes of one test, that run LINTAS. DATABASE: a PostgreSQL URL, where each node has its schema; None: SQLite."""

    def __init__(self, lintas_program, root, prefix, database=None):
        self.lintas, self.root, self.database = os.path.abspath(lintas_program), pathlib.Path(root), database
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
        self.children = []

    @classmethod
    def asked_for(cls, prefix):
        """By the arguments of the test: LINTAS SOURCE_ROOT [postgresql]."""
        return cls(sys.argv[1], sys.argv[2], prefix, new_database() if sys.argv[3:] == ["postgresql"] else None)

    def document(self, name, reference, about=""):
        path = self.work / f"{reference}.xml"
        text = (self.root / "tools" / "demo" / name).read_text()
        path.write_text(text.replace("@TODAY@", TODAY).replace("@REFERENCE@", reference).replace("@ABOUT@", about))
        return path

    def logs(self, tail=3000):
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-tail:]}" for log in sorted(self.work.glob("*.log")))

    def kill(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait(10)

    def close(self, keep=False):
        self.kill()
        if not keep:
            shutil.rmtree(self.work, ignore_errors=True)


class Authority:
    """Its certificates last longer than the sixty days before which a node asks for new ones."""

    DAYS = 90

    def __init__(self, region, name):
        self.key, self.cert = region.work / f"{name}.key", region.work / f"{name}.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "120", "-subj", f"/CN={name}", "-keyout", self.key,
            "-out", self.cert)

    def issue(self, csr, out, extensions, days=None):
        self.certify(out, extensions, "-req", "-in", csr, days=days)

    def issue_public(self, public, out, extensions, subject):
        self.certify(out, extensions, "-new", "-force_pubkey", public, "-subj", subject)

    def certify(self, out, extensions, *what, days=None):
        ext = pathlib.Path(f"{out}.ext")
        ext.write_text("basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" + extensions)
        run("openssl", "x509", *what, "-CA", self.cert, "-CAkey", self.key, "-days", str(days or self.DAYS), "-extfile", ext, "-out", out)


class Node:
    """A node of STATE with certificates of AUTHORITY; SETTINGS replace values of its configuration by their names."""

    def __init__(self, region, state, authority, settings=None):
        self.region, self.state, self.path, self.port = region, state, region.work / state.lower(), free_port()
        self.interface_port = (settings or {}).get("interface.port")
        self.scheme = "http" if (settings or {}).get("plain") == "yes" else "https"
        self.application = f"lintas-{state.lower()}"  # how PostgreSQL knows its sessions
        extra = ["--database", self.database_url()] if region.database else []
        if region.database:
            run("psql", region.database, "-qc", f"CREATE SCHEMA {state.lower()}")
        run(region.lintas, "init", self.path, "--state", state, "--port", self.port, *extra)
        self.configure({**QUICK, **(settings or {})})
        for use, kind, usage in (("sign", "rsa-2048", "keyUsage=digitalSignature"), ("decrypt", "rsa-2048", "keyUsage=keyEncipherment"),
                                 ("tls", "p256", "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
                                                 "subjectAltName=IP:127.0.0.1")):
            key = lintas(self, "key", "new", "--use", use, "--type", kind).strip()
            csr = region.work / f"{state}-{use}.csr"
            csr.write_text(lintas(self, "key", "csr", key, "--subject", f"CN={state} {use},O=Customs,C={state}"))
            authority.issue(csr, self.cert(use), usage)
            lintas(self, "key", "install", key, "--certificate", self.cert(use))
        shutil.copy(authority.cert, self.path / "partners-tls.pem")

    def new_key(self, authority, use, kind, name):
        """A key of KIND with a certificate of AUTHORITY, in use; the certificate's file."""
        usage = "keyUsage=digitalSignature" if use == "sign" else "keyUsage=" + ("keyEncipherment" if "rsa" in kind else "keyAgreement")
        key = lintas(self, "key", "new", "--use", use, "--type", kind).strip()
        csr, cert = self.region.work / f"{name}.csr", self.region.work / f"{name}.pem"
        if kind == "x25519":  # cannot sign a request: the authority takes the public key
            csr.write_text(lintas(self, "key", "public", key))
            authority.issue_public(csr, cert, usage, f"/CN={name}/O=Customs/C={self.state}")
        else:
            csr.write_text(lintas(self, "key", "csr", key, "--subject", f"CN={name},O=Customs,C={self.state}"))
            authority.issue(csr, cert, usage)
        lintas(self, "key", "install", key, "--certificate", cert)
        return cert

    def database_url(self, application=None):
        """For this node's schema. APPLICATION: who asks, when it is not the node."""
        return f"{self.region.database}&application_name={application or self.application}&options=-csearch_path%3D{self.state.lower()}"

    def configure(self, settings):
        """SETTINGS by their names; "section.name" where several sections have one, else the first is meant."""
        conf, section = self.path / "lintas.conf", ""
        lines, left = conf.read_text().splitlines(), dict(settings)
        for i, line in enumerate(lines):
            section = line.strip("[]") if line.startswith("[") else section
            name, equals, _ = line.partition(" = ")
            key = f"{section}.{name}" if f"{section}.{name}" in left else name
            if equals and not line.startswith(";") and key in left:
                lines[i] = f"{name} = {left.pop(key)}"
        assert not left, f"no such settings: {left}"
        conf.write_text("\n".join(lines) + "\n")

    def cert(self, use):
        return self.region.work / f"{self.state}-{use}.pem"

    def knows(self, other):
        lintas(self, "partner", "add", other.state, "--endpoint", f"https://127.0.0.1:{other.port}/as4", "--sign", other.cert("sign"),
               "--encrypt", other.cert("decrypt"), "--tls", other.cert("tls"))

    def log_path(self):
        return self.region.work / f"{self.state}.log"

    def spawn(self):
        """Starts it, and does not wait."""
        with open(self.log_path(), "ab") as log:
            self.process = subprocess.Popen([self.region.lintas, "serve", self.path], stderr=log, stdout=log)
        self.region.children.append(self.process)

    def start(self):
        self.spawn()
        until(f"{self.state} answers", lambda: self.process.poll() is not None or self.ready())
        assert self.process.poll() is None, self.log_path().read_text()

    def says(self, path):
        """The status of a GET; None while nobody answers."""
        try:
            return self.get(path)[0]
        except OSError:
            return None

    def ready(self):
        return self.says("/health/ready") == 200

    def get(self, path, body=None, certificate=None):
        context = ssl.create_default_context(cafile=self.path / "partners-tls.pem")
        if certificate:
            context.load_cert_chain(*certificate)
        request = urllib.request.Request(f"{self.scheme}://127.0.0.1:{self.port}{path}", data=body,
                                         headers={"Content-Type": "application/soap+xml"})
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as r:
                return r.status, r.read()
        except urllib.error.HTTPError as e:
            return e.code, e.read()

    def memory_kib(self, what="VmHWM"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith(what)))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        assert self.process.wait(60) == (0 if how == signal.SIGTERM else -how), self.log_path().read_text()
