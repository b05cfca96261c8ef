"""What the runs against other implementations have in common: cases that are counted, tools that obey, their keys, documents."""
import contextlib, datetime, pathlib, select, subprocess, traceback

from nodes import lintas, run

OPENSSL_KEYS = {"rsa-2048": ["RSA", "rsa_keygen_bits:2048"], "ed25519": ["ED25519"], "x25519": ["X25519"],
                "p256": ["EC", "ec_paramgen_curve:P-256"]}
SIGN = "keyUsage=digitalSignature"
TLS = f"{SIGN}\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:127.0.0.1"


# --- cases ---

class Tally:
    passed = failed = 0


@contextlib.contextmanager
def case(name):
    """One line, with what the case adds to the list that it gets; what is wrong in one does not keep the others from being tried."""
    said = []
    try:
        yield said
    except Exception as e:
        Tally.failed += 1
        place = traceback.extract_tb(e.__traceback__)[1]
        print(f"not ok {Tally.passed + Tally.failed} - {name}\n    line {place.lineno}: {place.line}\n"
              f"    {type(e).__name__}: {str(e)[:2000]}", flush=True)
    else:
        Tally.passed += 1
        print(f"ok {Tally.passed + Tally.failed} - {': '.join((name, *said))}", flush=True)


def finish():
    """The last line; the exit status."""
    print(f"{Tally.passed} passed, {Tally.failed} failed")
    return 1 if Tally.failed else 0


# --- the other implementation ---

def parse(line):
    return dict(pair.partition("=")[::2] for pair in line.rstrip("\n").split("\t"))


class Tool:
    """The process COMMAND, called NAME: it obeys lines of NAME=VALUE with tabs between, and answers each with one within SECONDS."""

    def __init__(self, name, command, seconds, **more):
        self.name, self.seconds = name, seconds
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)

    def listen(self):
        ready, _, _ = select.select([self.process.stdout], [], [], self.seconds)
        line = self.process.stdout.readline() if ready else ""
        assert line, f"{self.name} has ended" if ready else f"{self.name} has said nothing for {self.seconds} s"
        return parse(line)

    def obey(self, **command):
        """What it answers; a value of None is not said."""
        self.process.stdin.write("\t".join(f"{name}={value}" for name, value in command.items() if value is not None) + "\n")
        self.process.stdin.flush()
        told = self.listen()
        assert "failed" not in told, told
        return told


def issue_until(authority, csr, out, end):
    """A signing certificate that began before all others, so that of several it is the one by which a node signs, and lasts until END:
    what openssl x509 cannot say, openssl ca can."""
    begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    folder = out.with_suffix(".ca")
    folder.mkdir()
    (folder / "index").touch()
    (folder / "conf").write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={folder}/index\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n"
                                 f"x509_extensions=x\nnew_certs_dir={folder}\n[p]\ncommonName=supplied\n"
                                 "[x]\nbasicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nkeyUsage=digitalSignature\n")
    run("openssl", "ca", "-batch", "-notext", "-config", folder / "conf", "-cert", authority.cert, "-keyfile", authority.key, "-in", csr,
        "-out", out, "-startdate", f"{begin:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}")


class Keys:
    """Keys of OWNER in FOLDER, with certificates of AUTHORITY: NAME.key, NAME.pem, and NAME.p12 for Java."""

    def __init__(self, folder, owner, authority):
        self.folder, self.owner, self.authority = folder, owner, authority

    def cert(self, name):
        return self.folder / f"{name}.pem"

    def private(self, name):
        return self.folder / f"{name}.key"

    def pkcs12(self, name):
        return self.folder / f"{name}.p12"

    def new(self, name, kind, usage, end=None):
        key, csr, cert = self.private(name), self.folder / f"{name}.csr", self.cert(name)
        algorithm, *options = OPENSSL_KEYS[kind]
        run("openssl", "genpkey", "-algorithm", algorithm, *(x for o in options for x in ("-pkeyopt", o)), "-out", key)
        if kind == "x25519":  # signs no request
            public = self.folder / f"{name}.pub"
            run("openssl", "pkey", "-in", key, "-pubout", "-out", public)
            self.authority.issue_public(public, cert, usage, f"/CN={self.owner} {name}")
        else:
            run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={self.owner} {name}", "-out", csr)
            issue_until(self.authority, csr, cert, end) if end else self.authority.issue(csr, cert, usage)
        run("openssl", "pkcs12", "-export", "-inkey", key, "-in", cert, "-name", "key", "-passout", "pass:interop",
            "-out", self.pkcs12(name))


# --- the node ---

def turned(document):
    """Of VN for TH: what was of TH for VN."""
    return document.replace(">TH<", ">-<").replace(">VN<", ">TH<").replace(">-<", ">VN<")


def form_d(region, serial, to):
    """A new e-Form D for the state TO, the other one of VN and TH; the file is called by its reference."""
    path = region.document("form-d.xml", f"INTEROP-{serial:04}")
    if to == "TH":
        path.write_text(turned(path.read_text()))
    return path


def evidence(node, message):
    """The folder of all that went over the wire."""
    folder = node.region.work / f"evidence-{message}"
    if not folder.exists():
        lintas(node, "evidence", "export", message, "--to", folder)
    return folder
