"""The JDK's own XML signature, with its real XPath transform, as another hand that signs and judges (src: Tool.java)."""
import itertools, pathlib, tempfile, threading

from envelopes import XPATHS
from nodes import run
from shared import Tool

SECONDS = 120  # of the slowest command on a busy machine


def compiled(folder):
    """The classes, in FOLDER, by the JDK's compiler and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((pathlib.Path(__file__).parent / "src").rglob("*.java"))
    run("javac", "-Xlint:all", "-Werror", "--release", "17", "-d", folder, *sources, seconds=SECONDS)
    return folder


class Jdk:
    """One process that obeys; it ends with us."""

    def __init__(self, classes):
        self.work = tempfile.TemporaryDirectory(prefix="lintas-jdk-")
        self.serial, self.lock = itertools.count(), threading.Lock()
        self.tool = Tool("the JDK", ["java", "-cp", str(classes), "lintas.interop.Tool"], SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tool.process.stdin.close()
        self.tool.process.wait(10)
        self.work.cleanup()

    def file(self, content):
        path = pathlib.Path(self.work.name) / str(next(self.serial))
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def obey(self, **command):
        with self.lock:
            return self.tool.obey(**command)

    def sign(self, envelope, attachments=(), key=None, xpath=XPATHS["ebms-core"][0], prefix=None, **more):
        """The message, as a file: its Content-Type before it. ATTACHMENTS: (Content-ID, type, octets). Without KEY it is not signed;
        XPATH "": without that transform."""
        out = self.file(b"")
        self.obey(do="sign", envelope=self.file(envelope), out=out, key=key, xpath=self.file(xpath) if xpath else None, prefix=prefix,
                  attachments=" ".join(str(self.file(a[2])) for a in attachments), ids=" ".join(a[0] for a in attachments),
                  types=" ".join(a[1] for a in attachments), **more)
        return out.read_bytes()

    def verify(self, message, certificate=None):
        """(what the JDK says, the envelope, the attachments) of MESSAGE, a file as sign() makes it. Without CERTIFICATE it is only
        opened."""
        with tempfile.TemporaryDirectory(dir=self.work.name) as parts:
            told = self.obey(do="verify", message=self.file(message), certificate=certificate, parts=parts)
            found = sorted(pathlib.Path(parts).glob("part-*"), key=lambda p: int(p.name[5:]))
            return told, (pathlib.Path(parts) / "envelope").read_bytes(), [p.read_bytes() for p in found]
