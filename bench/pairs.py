"""Pairs of real nodes under load, for the benches: bench/README.md says how things are measured."""
import argparse, json, os, pathlib, shutil, statistics, sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))
import nodes  # noqa: E402

PROFILES = {  # key types for signing and decryption, and the least part of the ceiling
    "edelivery-1.15": ("rsa-2048", "rsa-2048", 0.60),
    "edelivery-2.0": ("ed25519", "x25519", 0.25),
    "ecdsa-p256": ("p256", "p256", 0.25),
    "ebms2-rsa-sha256": ("rsa-2048", "rsa-2048", 0.60),
}
CORES = len(os.sched_getaffinity(0))
OPEN = 64  # messages under way at full load
EXTENSIONS = {"sign": "keyUsage=digitalSignature", "decrypt": "keyUsage=keyEncipherment,keyAgreement",
              "tls": "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:127.0.0.1"}


# --- nodes ---

class Node(nodes.Node):
    """A node as an operator makes it: every setting is the default, but the address and the room that it keeps on the disk."""

    def __init__(self, region, state, authority, profile, plain):
        self.region, self.state, self.path, self.port = region, state, region.work / state.lower(), nodes.free_port()
        self.originals = None
        self.profile, self.plain, self.scheme = profile, plain, "http" if plain else "https"
        nodes.run(region.lintas, "init", self.path, "--state", state, "--port", self.port, *(["--plain"] if plain else []))
        self.configure({"address": "127.0.0.1"})
        sign, decrypt, _ = PROFILES[profile]
        for use, kind in (("sign", sign), ("decrypt", decrypt), ("tls", "p256")):
            self.certify(authority, nodes.lintas(self, "key", "new", "--use", use, "--type", kind).splitlines()[0].strip(), use, kind)
        shutil.copy(authority.cert, self.path / "partners-tls.pem")
        if state == "TH":
            nodes.lintas(self, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")

    def certify(self, authority, key, use, kind):
        if kind == "x25519":  # it cannot sign a request: the authority takes the public key by itself
            public = self.region.work / f"{self.state}-{use}.pub"
            public.write_text(nodes.lintas(self, "key", "public", key))
            nodes.run("openssl", "x509", "-new", "-force_pubkey", public, "-subj", f"/CN={self.state} {use}", "-CA", authority.cert,
                      "-CAkey", authority.key, "-CAcreateserial", "-days", "20", "-extfile", self.extensions(use), "-out", self.cert(use))
        else:
            csr = self.region.work / f"{self.state}-{use}.csr"
            csr.write_text(nodes.lintas(self, "key", "csr", key, "--subject", f"CN={self.state} {use},O=Customs,C={self.state}"))
            authority.issue(csr, self.cert(use), EXTENSIONS[use])
        nodes.lintas(self, "key", "install", key, "--certificate", self.cert(use))

    def extensions(self, use):
        path = self.region.work / f"{use}.ext"
        path.write_text("basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" + EXTENSIONS[use])
        return path

    def knows(self, other):
        if self.profile.startswith("ebms2"):
            return self.agrees(other)
        nodes.lintas(self, "partner", "add", other.state, "--endpoint", f"{other.scheme}://127.0.0.1:{other.port}/as4", "--profile", self.profile,
                     "--sign", other.cert("sign"), "--encrypt", other.cert("decrypt"), "--tls", other.cert("tls"))

    def agrees(self, other):
        """By ebMS 2, under a CPA that whoever is first proposes; acknowledgments come at once."""
        cpa, url = self.region.work / "cpa.xml", lambda node: f"{node.scheme}://127.0.0.1:{node.port}/ebms"
        nodes.lintas(self, "partner", "add", other.state, "--profile", self.profile, "--sign", other.cert("sign"), "--tls", other.cert("tls"))
        if not cpa.exists():
            cpa.write_text(nodes.lintas(self, "partner", "propose", other.state, "--endpoint", url(self), "--partner-endpoint", url(other),
                                        "--sync", "--agreed"))
        nodes.lintas(self, "partner", "import", cpa, "--partner", other.state)

    def ready(self):
        if not self.plain:
            return super().ready()
        try:
            with nodes.urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def processes(self):
        """The node and its keys process."""
        return [self.process.pid] + [int(child) for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
                                     for child in (task / "children").read_text().split()]

    def cpu_seconds(self):
        fields = [pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.processes()]
        return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


class Pair:
    """TH, which sends, and VN, which receives, of one profile."""

    def __init__(self, bench, profile, plain=False):
        self.bench, self.profile = bench, profile
        self.region = nodes.Region(bench.lintas, bench.root, "lintas-bench-")
        authority = nodes.Authority(self.region, "authority")
        self.sender, self.receiver = (Node(self.region, state, authority, profile, plain) for state in ("TH", "VN"))
        self.sender.knows(self.receiver)
        self.receiver.knows(self.sender)

    def __enter__(self):
        for node in (self.sender, self.receiver):
            node.start()
        return self

    def __exit__(self, *_):
        self.region.close(self.bench.keep)

    def load(self, document, count, open_=OPEN, rate=0.0):
        return load(self.bench, self.sender, self.receiver, document, count, open_, rate)


def load(bench, sender, receiver, document, count, open_=OPEN, rate=0.0):
    """COUNT documents; what load.c reports, and the nodes' own time."""
    before = [node.cpu_seconds() for node in (sender, receiver)]
    path = sender.region.work / f"document-{receiver.state}.xml"
    path.write_text(document)
    out = nodes.run(bench.build / "bench/load", sender.path, receiver.path, receiver.state, path, bench.sent + 1, count, open_, rate,
                    seconds=1200)
    result = json.loads(out)
    bench.sent += count
    result["nodes_cpu_us"] = [round((node.cpu_seconds() - b) / count * 1e6) for node, b in zip((sender, receiver), before)]
    result["rate"] = count / result["processed_seconds"]
    return result


# --- documents ---

def form_d(root, size, to="VN"):
    """An e-Form D to the state TO of about SIZE octets: the demo's, with as many of its lines of goods as that takes. load.c numbers it."""
    text = (root / "tools/demo/form-d.xml").read_text().replace("@TODAY@", nodes.TODAY).replace("@REFERENCE@", "BENCH-@NUMBER@@")
    text = text.replace(">VN<", f">{to}<")
    tag = "IncludedTradeLineItem"
    start, end = text.index(f"  <{tag}>"), text.rindex(f"</{tag}>\n") + len(f"</{tag}>\n")
    head, tail = text[:start], text[end:]
    items = [f"  <{tag}>{part}" for part in text[start:end].split(f"  <{tag}>")[1:]]
    body, number = "", 0
    while number == 0 or len((head + body + tail).encode()) < size:
        item = items[number % len(items)]
        number += 1
        body += item.replace(item[item.index("<SequenceNumeric>"):item.index("</SequenceNumeric>")], f"<SequenceNumeric>{number}")
    return head + body + tail


# --- figures ---

class Bench:
    def __init__(self, name, args):
        self.name, self.sent = name, 0
        self.build, self.root = pathlib.Path(args.build).resolve(), pathlib.Path(args.root).resolve()
        self.lintas, self.quick, self.keep = str(self.build / "src/cli/lintas"), args.quick, args.keep
        self.figures = []

    def say(self, text):
        print(text, flush=True)

    def figure(self, name, value, unit, target=None, at_least=False):
        """TARGET None: reported, not judged."""
        ok = target is None or (value >= target if at_least else value <= target)
        self.figures.append(dict(bench=self.name, name=name, value=round(value, 3), unit=unit, target=target, ok=ok))
        return ok

    def ceiling(self, profile, seconds=0.7):
        """Exchanges a second, and the processor time of one in microseconds."""
        return [float(x) for x in nodes.run(self.build / "bench/ceiling", profile, seconds, CORES).split()]

    def report(self):
        self.say(f"\n  {'figure':<44} {'value':>12}  {'unit':<22} {'target':>8}")
        for f in self.figures:
            target = "" if f["target"] is None else f["target"]
            self.say(f"  {f['name']:<44} {f['value']:>12}  {f['unit']:<22} {target:>8}  {'' if f['ok'] else 'MISSED'}")
        for f in self.figures:
            print(json.dumps(f))
        return all(f["ok"] for f in self.figures)


def capacity(bench, pair, rounds, count):
    """Rounds of full load between measurements of the ceiling, which is the mean of the one before and the one after. Also how much of
    the nodes' processor time the ceiling's operations are: what the ratio would be were nothing else the bound."""
    document = form_d(bench.root, 20000)
    pair.load(document, count // 4)  # connections, caches
    ratios, rates, shares = [], [], []
    before = bench.ceiling(pair.profile)
    for _ in range(rounds):
        result = pair.load(document, count)
        after = bench.ceiling(pair.profile)
        ceiling, cpu_us = ((b + a) / 2 for b, a in zip(before, after))
        ratios.append(result["rate"] / ceiling)
        rates.append(result["rate"])
        shares.append(cpu_us / sum(result["nodes_cpu_us"]))
        bench.say(f"  {pair.profile:<15} {result['rate']:7.0f}/s of {ceiling:5.0f}/s   CPU a message: TH {result['nodes_cpu_us'][0]} us, "
                  f"VN {result['nodes_cpu_us'][1]} us, OpenSSL alone {cpu_us:.0f} us; generator {result['cpu_seconds'] / result['seconds']:.1%}"
                  " of a core")
        before = after
    return [statistics.median(values) for values in (ratios, rates, shares)]


def run(name, description, benches):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("build")
    parser.add_argument("root")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", nargs="*", choices=benches, default=list(benches))
    args = parser.parse_args()
    bench = Bench(name, args)
    for chosen in args.only:
        benches[chosen](bench)
    return 0 if bench.report() else 1
