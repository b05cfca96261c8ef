#!/usr/bin/env python3
"""./dev bench exchange: how fast two real nodes exchange, and how large they grow. bench/README.md says how this is measured.

usage: exchange.py BUILD ROOT [--quick] [--only NAME…] [--keep]
"""
import pathlib, random, re, sqlite3, statistics, sys, time

from pairs import PROFILES, Pair, capacity, form_d, nodes, run
import store


def bench_capacity(bench):
    rounds, count = (2, 400) if bench.quick else (5, 1500)
    for profile, (_, _, target) in PROFILES.items():
        if profile.startswith("ebms2"):
            continue  # in operations
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


if __name__ == "__main__":
    sys.exit(run("exchange", __doc__, BENCHES))
