"""phase4 as the partner of a node: its keys, its process (src/main/java), and messages as bytes."""
import contextlib, http.client, pathlib, os, re, ssl

import exchange
from nodes import free_port, run
from shared import SIGN, TLS, Keys, Tool, evidence, parse

# Of AS4: keys for signing and for decryption.
PROFILES = {profile: kinds[:2] for profile, kinds in exchange.PROFILES.items() if not profile.startswith("ebms2-")}
PARTY_TYPE = "urn:oasis:names:tc:ebcore:partyid-type:unregistered:asw"
SERVICE = "urn:lintas:service:documents:1"
ANSWER_SECONDS = 300  # of the slowest command: 20 MB, or the start on a busy machine


def subject_of(cert):
    return run("openssl", "x509", "-in", cert, "-noout", "-subject", "-nameopt", "RFC2253").strip().removeprefix("subject=")


# --- the other implementation ---

class Peer:
    """phase4 as the node of STATE, partner of OTHER (a Node or a Peer)."""

    def __init__(self, region, classes, state, authority, profile):
        self.region, self.state, self.profile, self.port, self.classes = region, state, profile, free_port(), classes
        self.path = region.work / f"{state.lower()}-phase4"
        self.path.mkdir()
        sign, decrypt = PROFILES[profile]
        agreement = "keyUsage=" + ("keyEncipherment" if decrypt == "rsa-2048" else "keyAgreement")
        self.keys = Keys(self.path, f"{state} phase4", authority)
        self.keys.new("sign", sign, SIGN)
        self.keys.new("decrypt", decrypt, agreement)
        self.keys.new("tls", "p256", TLS)
        (self.path / "authority.pem").write_text(authority.cert.read_text())

    def cert(self, use):
        return self.keys.cert(use)

    def start(self, other, pinned, decrypt):
        """OTHER: the partner; PINNED: certificates it may sign with; DECRYPT: the one that we encrypt for."""
        names = []
        for i, cert in enumerate(pinned):
            names.append(f"partner-sign-{i}.pem")
            (self.path / names[-1]).write_text(pathlib.Path(cert).read_text())
        (self.path / "partner-decrypt.pem").write_text(pathlib.Path(decrypt).read_text())
        settings = {"profile": self.profile, "port": self.port, "party": self.state, "party.type": PARTY_TYPE, "partner": other.state,
                    "pinned": " ".join(names), "endpoint": f"https://127.0.0.1:{self.port}/as4",
                    "partner.endpoint": f"https://127.0.0.1:{other.port}/as4"}
        (self.path / "peer.properties").write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        command = ["java", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                   f"{self.classes}/classes:{self.classes}/dependency/*", "lintas.interop.Peer", str(self.path)]
        with open(self.region.work / f"{self.path.name}.log", "wb") as log:
            self.tool = Tool("phase4", command, ANSWER_SECONDS, stderr=log, cwd=self.path)
        self.region.children.append(self.tool.process)
        assert self.tool.listen() == {"ready": str(self.port)}

    def send(self, *payloads, action="FORM-D", to="VN:customs", do="send", **more):
        return self.tool.obey(do=do, payloads=" ".join(map(str, payloads)), service=SERVICE, action=action,
                         **{"from": f"{self.state}:issuing-authority", "to": to}, **more)

    def ping(self, **more):
        return self.tool.obey(do="send", **{"from": f"{self.state}:customs", "to": "VN:customs"}, **more)

    def received(self):
        """What phase4 handed over: (what it says of it, the payloads), in order."""
        folders = sorted(f for f in (self.path / "received").iterdir() if f.suffix != ".new")
        return [(parse((f / "message").read_text()), [p.read_bytes() for p in sorted(f.glob("part-*"))]) for f in folders]

    def memory_kib(self, what):
        status = pathlib.Path(f"/proc/{self.tool.process.pid}/status").read_text()
        return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.M)[1])

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.tool.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- messages as bytes ---

class Raw:
    """A message as it went over the wire."""

    def __init__(self, content_type, body):
        self.content_type, self.body = content_type, body

    @staticmethod
    def of_phase4(path):
        head, _, body = path.read_bytes().partition(b"\r\n\r\n")
        return Raw(re.search(r"(?im)^content-type:\s*(.*?)\r?$", head.decode() + "\r\n")[1], body)

    @staticmethod
    def of_lintas(node, message):
        folder = evidence(node, message) / "1-sent"
        return Raw((folder / "content-type").read_text().strip(), (folder / "message").read_bytes())

    def but(self, pattern, by):
        """The same message, with what PATTERN matches, once, replaced."""
        body, count = re.subn(pattern, by, self.body, count=1, flags=re.S)
        assert count == 1, f"{pattern} is not in the message"
        return Raw(self.content_type, body)

    def post(self, port, authority, identity):
        """(status, body) of the answer."""
        context = ssl.create_default_context(cafile=authority.cert)
        context.load_cert_chain(*identity)
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)) as connection:
            connection.request("POST", "/as4", self.body, {"Content-Type": self.content_type})
            response = connection.getresponse()
            return response.status, response.read()
