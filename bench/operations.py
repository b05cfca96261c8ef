#!/usr/bin/env python3
"""./dev bench operations: a backlog drains beside other traffic, and ebMS 2.0. bench/README.md says how this is measured.

usage: operations.py BUILD ROOT [--quick] [--only NAME…] [--keep]
"""
import concurrent.futures, http.client, socket, sqlite3, sys, time

from pairs import PROFILES, Node, Pair, capacity, form_d, load, nodes, run

BACKLOG = 50_000  # messages that wait for one partner
SUBMITTERS = 4  # as many as the administration socket has workers
SHARE = 0.4  # of all that is exchanged meanwhile; half would be equal, and the counting has an end and a beginning


# --- ebMS 2.0 ---

def bench_ebms2(bench):
    profile = "ebms2-rsa-sha256"
    rounds, count = (2, 400) if bench.quick else (5, 1500)
    with Pair(bench, profile) as pair:
        ratio, rate, share = capacity(bench, pair, rounds, count)
    bench.figure(f"{profile}, part of the ceiling", ratio, "ratio", PROFILES[profile][2], at_least=True)
    bench.figure(f"{profile}, rate", rate, "messages/s")
    bench.figure(f"{profile}, OpenSSL's part of the CPU time", share, "ratio")


# --- a backlog ---

class Star:
    """TH, which sends, and VN and LA, which receive."""

    def __init__(self, bench):
        self.region = nodes.Region(bench.lintas, bench.root, "lintas-bench-")
        self.bench, profile = bench, "edelivery-1.15"
        authority = nodes.Authority(self.region, "authority")
        self.th, self.vn, self.la = (Node(self.region, state, authority, profile, False) for state in ("TH", "VN", "LA"))
        # A partner that has been away is tried within this time: as long as a drain waits to begin.
        self.th.configure({"retry-max": "30s"})
        for other in (self.vn, self.la):
            self.th.knows(other)
            other.knows(self.th)

    def __enter__(self):
        self.th.start()
        self.la.start()
        return self

    def __exit__(self, *_):
        self.region.close(self.bench.keep)


class Administration(http.client.HTTPConnection):
    def __init__(self, node):
        super().__init__("node")
        self.path = str(node.path / "admin.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def submit(node, document, numbers):
    line = Administration(node)
    for number in numbers:
        line.request("POST", "/api/v1/documents?partner=VN", document.replace("@NUMBER@@", f"B{number:08d}").encode(),
                     {"Content-Type": "application/xml"})
        answer = line.getresponse()
        text = answer.read()
        assert answer.status == 202, text


def queue(star, count):
    began = time.monotonic()
    document = form_d(star.bench.root, 2000)
    with concurrent.futures.ThreadPoolExecutor(SUBMITTERS) as pool:
        for future in [pool.submit(submit, star.th, document, range(i, count, SUBMITTERS)) for i in range(SUBMITTERS)]:
            future.result()
    star.bench.say(f"  {count} documents wait for VN, after {time.monotonic() - began:.0f} s")


def waiting(node):
    db = sqlite3.connect(f"file:{node.path}/lintas.db?mode=ro", uri=True, timeout=30)
    try:
        return db.execute("SELECT count(*) FROM message WHERE direction = 'out' AND partner = 'VN' AND state = 'queued'").fetchone()[0]
    finally:
        db.close()


def bench_backlog(bench):
    count = 3000 if bench.quick else BACKLOG
    document = form_d(bench.root, 20000, to="LA")
    with Star(bench) as star:
        alone = load(bench, star.th, star.la, document, 300 if bench.quick else 1000)["rate"]
        queue(star, count)
        star.vn.start()
        nodes.until("the backlog drains", lambda: waiting(star.th) < count - 100, seconds=120)
        rate = alone / 8  # a partner's ordinary day
        calm = load(bench, star.th, star.la, document, round(rate * (5 if bench.quick else 30)), 512, rate)
        before, began = waiting(star.th), time.monotonic()
        full = load(bench, star.th, star.la, document, 200 if bench.quick else 2000)
        drained, took = before - waiting(star.th), time.monotonic() - began
        left = waiting(star.th)
        assert left > 0, "the backlog was over before the measurement: a larger one is needed"
    beside, backlog = full["messages"] / took, drained / took
    bench.say(f"  alone LA gets {alone:.0f}/s; while VN's backlog drains with {backlog:.0f}/s, LA gets {beside:.0f}/s; {left} were left")
    bench.figure(f"p99 to another partner while {count} messages drain", calm["p99_ms"], "ms", 250)
    bench.figure("p50 to another partner meanwhile", calm["p50_ms"], "ms")
    bench.figure("share of the other partner at full load", beside / (beside + backlog), "ratio", SHARE, at_least=True)
    bench.figure("what both get, to what one gets alone", (beside + backlog) / alone, "ratio")


BENCHES = {"backlog": bench_backlog, "ebms2": bench_ebms2}

if __name__ == "__main__":
    sys.exit(run("operations", __doc__, BENCHES))
