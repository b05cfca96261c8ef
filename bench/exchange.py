#!/usr/bin/env python3
"""./dev bench exchange: how fast two real nodes exchange, and how large they grow. bench/README.md says how this is measured.

usage: exchange.py BUILD ROOT [--quick] [--only NAME…] [--keep]
"""
import argparse, json, os, pathlib, random, re, shutil, sqlite3, statistics, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))
import nodes, store  # noqa: E402

PROFILES = {  # key types for signing and decryption, and the least part of the ceiling
    "edelivery-1.15": ("rsa-2048", "rsa-2048", 0.60),
    "edelivery-2.0": ("ed25519", "x25519", 0.25),
    "ecdsa-p256": ("p256", "p256", 0.25),
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
        nodes.lintas(self, "partner", "add", other.state, "--endpoint", f"{other.scheme}://127.0.0.1:{other.port}/as4", "--profile", self.profile,
                     "--sign", other.cert("sign"), "--encrypt", other.cert("decrypt"), "--tls", other.cert("tls"))

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
        self.bench, self.profile, self.sent = bench, profile, 0
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
        """COUNT documents; what load.c reports, and the nodes' own time."""
        before = [node.cpu_seconds() for node in (self.sender, self.receiver)]
        path = self.region.work / "document.xml"
        path.write_text(document)
        out = nodes.run(self.bench.build / "bench/load", self.sender.path, self.receiver.path, "VN", path, self.sent + 1, count, open_,
                        rate, seconds=1200)
        result = json.loads(out)
        self.sent += count
        result["nodes_cpu_us"] = [round((node.cpu_seconds() - b) / count * 1e6)
                                  for node, b in zip((self.sender, self.receiver), before)]
        result["rate"] = count / result["processed_seconds"]
        return result


# --- documents ---

def form_d(root, size):
    """An e-Form D of about SIZE octets: the demo's, with as many of its lines of goods as that takes. load.c numbers it."""
    text = (root / "tools/demo/form-d.xml").read_text().replace("@TODAY@", nodes.TODAY).replace("@REFERENCE@", "BENCH-@NUMBER@@")
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
    def __init__(self, args):
        self.build, self.root = pathlib.Path(args.build).resolve(), pathlib.Path(args.root).resolve()
        self.lintas, self.quick, self.keep = str(self.build / "src/cli/lintas"), args.quick, args.keep
        self.figures = []

    def say(self, text):
        print(text, flush=True)

    def figure(self, name, value, unit, target=None, at_least=False):
        """TARGET None: reported, not judged."""
        ok = target is None or (value >= target if at_least else value <= target)
        self.figures.append(dict(bench="exchange", name=name, value=round(value, 3), unit=unit, target=target, ok=ok))
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


def bench_capacity(bench):
    rounds, count = (2, 400) if bench.quick else (5, 1500)
    for profile, (_, _, target) in PROFILES.items():
        with Pair(bench, profile) as pair:
            ratio, rate, share = capacity(bench, pair, rounds, count)
            bench.figure(f"{profile}, part of the ceiling", ratio, "ratio", target, at_least=True)
            bench.figure(f"{profile}, rate", rate, "messages/s")
            bench.figure(f"{profile}, OpenSSL's part of the CPU time", share, "ratio")
            if profile == "edelivery-1.15":
                bench_latency(bench, pair, rate)
    if not bench.quick:
        with Pair(bench, "edelivery-1.15", plain=True) as pair:
            ratio, _, _ = capacity(bench, pair, 2, count)
            bench.figure("edelivery-1.15 without TLS, part of the ceiling", ratio, "ratio")


def bench_latency(bench, pair, rate):
    """From "accepted" to "receipt stored", at half of what was just measured."""
    result = pair.load(form_d(bench.root, 20000), max(100, round(rate / 2 * (5 if bench.quick else 20))), 512, rate / 2)
    bench.figure("p50 at half of the capacity", result["p50_ms"], "ms")
    bench.figure("p99 at half of the capacity", result["p99_ms"], "ms", 40)


# --- size ---

FEW, MANY, MOST = 1000, 100_000, 300_000  # messages stored
LARGE = 4_200_000  # an e-Form D has at most 500 lines of goods, of 8.5 kB each


def large_form_d(root, size):
    """Of text that does not compress away: the longest descriptions of goods that an e-Form D may have, in letters of four octets."""
    letters = random.Random(size)
    document = form_d(root, size // 11)  # a line of goods grows from 0.8 kB to 8.8
    describe = lambda _: "<Description>" + "".join(chr(letters.randrange(0x20000, 0x2A000)) for _ in range(2000)) + "</Description>"
    tag = "IncludedTradeLineItem"
    start, end = document.index(f"  <{tag}>"), document.rindex(f"</{tag}>\n") + len(f"</{tag}>\n")
    items = "".join(re.sub("<Description>.*?</Description>", describe, item) for item in document[start:end].splitlines(True))
    return document[:start] + items + document[end:]


def pss_mb(node):
    rollups = [pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in node.processes()]
    return sum(int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) for text in rollups) / 1024


def status_mb(pid, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024


def peak_growth(pair, work):
    """By how many MB WORK raises the larger of the two nodes' peaks."""
    processes = [pid for node in (pair.sender, pair.receiver) for pid in node.processes()]
    for pid in processes:
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is measured anew, proc(5)
    before = {pid: status_mb(pid, "VmRSS") for pid in processes}
    work()
    return max(sum(status_mb(pid, "VmHWM") - before[pid] for pid in node.processes()) for node in (pair.sender, pair.receiver))


def start_ms(node):
    """From the start of the program to the first answer that it is ready."""
    context = None if node.plain else nodes.ssl.create_default_context(cafile=node.path / "partners-tls.pem")
    began = time.monotonic()
    node.spawn()
    while time.monotonic() - began < 30:
        try:
            with nodes.urllib.request.urlopen(f"{node.scheme}://127.0.0.1:{node.port}/health/ready", context=context, timeout=10) as answer:
                if answer.status == 200:
                    return (time.monotonic() - began) * 1000
        except OSError:
            time.sleep(0.002)
    raise AssertionError(f"{node.state} is not ready: {node.log_path().read_text()}")


def grow(bench, pair, messages):
    """Stops the nodes and gives each a store of MESSAGES."""
    for node in (pair.sender, pair.receiver):
        nodes.until("the journal is sealed", lambda: not unsealed(node), seconds=120)
        node.stop()
        began = time.monotonic()
        node.originals = node.originals or store.Originals(node.path / "lintas.db")
        total = node.originals.multiply(messages)
        size = (node.path / "lintas.db").stat().st_size / 2**20
        bench.say(f"  {node.state} has {total} messages, {size:.0f} MB, after {time.monotonic() - began:.0f} s of copying")


def unsealed(node):
    db = sqlite3.connect(f"file:{node.path}/lintas.db?mode=ro", uri=True)
    try:
        return db.execute("SELECT count(*) FROM journal WHERE sequence IS NULL").fetchone()[0]
    finally:
        db.close()


def bench_size(bench):
    many, most = (5000, 10000) if bench.quick else (MANY, MOST)
    with Pair(bench, "ecdsa-p256") as small, Pair(bench, "ecdsa-p256") as large:
        document = form_d(bench.root, 2000)
        for pair in (small, large):
            pair.load(document, FEW)
        grow(bench, large, many)
        starts = []
        for _ in range(3):
            starts.append(start_ms(large.sender))
            large.sender.stop()
        bench.figure(f"start to ready, {many} messages stored", statistics.median(starts), "ms", 300)
        for node in (large.sender, large.receiver):
            node.start()
        bench_memory(bench, large, document, many)
        grow(bench, large, most)
        for node in (large.sender, large.receiver):
            node.start()
        bench_flat(bench, small, large, document, most)


def bench_memory(bench, pair, document, stored):
    pairs = (pair.sender, pair.receiver)
    count = 500 if bench.quick else 3000
    pair.load(document, 2 * count)  # until the databases' page caches are full
    first = max(map(pss_mb, pairs))
    pair.load(document, count)
    second = max(map(pss_mb, pairs))
    bench.figure(f"PSS of a node, {stored} messages stored", second, "MB", 64)
    bench.figure("PSS after twice the load", second / first, "ratio", 1.05)
    payload = large_form_d(bench.root, LARGE)
    size = len(payload.encode()) / 2**20
    bench.figure(f"a payload of {size:.1f} MB adds to the peak", peak_growth(pair, lambda: pair.load(payload, 1)) / size, "times its size", 4)


def bench_flat(bench, small, large, document, most):
    """The same load by turns on a small and a large store, so that a machine whose speed swings does so for both."""
    cpu, wall = [], []
    count = 300 if bench.quick else 1000
    for pair in (small, large):
        pair.load(document, count)
    for _ in range(3 if bench.quick else 7):
        a, b = small.load(document, count), large.load(document, count)
        cpu.append(sum(b["nodes_cpu_us"]) / sum(a["nodes_cpu_us"]))
        wall.append(a["rate"] / b["rate"])
        bench.say(f"  CPU a message: {sum(a['nodes_cpu_us'])} us on the small store, {sum(b['nodes_cpu_us'])} us on the large one; "
                  f"{a['rate']:.0f}/s and {b['rate']:.0f}/s")
    bench.figure(f"CPU time of a message, {most} to {FEW} stored", statistics.median(cpu), "ratio", 1.2)
    bench.figure(f"time of a message, {most} to {FEW} stored", statistics.median(wall), "ratio", 1.2)


BENCHES = {"capacity": bench_capacity, "size": bench_size}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("root")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", nargs="*", choices=BENCHES, default=list(BENCHES))
    args = parser.parse_args()
    bench = Bench(args)
    for name in args.only:
        BENCHES[name](bench)
    return 0 if bench.report() else 1


if __name__ == "__main__":
    sys.exit(main())
