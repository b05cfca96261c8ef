#!/usr/bin/env python3
"""Three real nodes under kill -9, while clients of each send e-Forms D to both others: by AS4, by ebMS 2 with acknowledgments in the HTTP
response, and by ebMS 2 with acknowledgments that are requests of their own.

usage: crash.py LINTAS SOURCE_ROOT [--database sqlite|postgresql] [--rounds N] [--seed N] [--keep]   (exit 77: skipped)

A round kills, at a random moment, a node or its keys process (on PostgreSQL also all database sessions of a node), freezes what is
left, reads from both databases where every message under way stands, and lets go on what was frozen. Every other time the random
moment is moved to just after the next acknowledgement, because a false one is found out there. What was killed is started again at
once; now and then the next round comes before it is ready. Each CHECK_EVERY rounds, and at the end, everything is
delivered and compared with what the clients know: whatever was acknowledged is at the partner, exactly once, processed once, with
one receipt that is the same at both ends, and the journals verify. From HIT_ROUNDS rounds on, every victim must have been met as well,
and every stage by each of the three ways to exchange, but what is SELDOM. The last line is the result, a JSON object.

--seed repeats what the test draws: which victim comes when, and how long it waits before. What the nodes and the clients do
meanwhile is up to the machine, so that a seed does not repeat a run.
"""
import argparse, collections, contextlib, json, os, pathlib, random, signal, sys, time, traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from books import DOUBLED, LOST, STAGES, WRONG, Account, Busy, PostgresBook, SqliteBook, compare, stages_between  # noqa: E402
from clients import UNDER_WAY, Traffic, call  # noqa: E402
from nodes import TODAY, Authority, Node, Region, answer, lintas, new_database, run, until  # noqa: E402

IN_FLIGHT = 16  # messages under way at a kill, or the round does not count
CHECK_EVERY = 25
HIT_ROUNDS = 100  # so many are enough to meet everything
PAUSE_SECONDS = 0.6  # the longest between two kills, beside the restart
STARTING_SHARE = 1 / 8  # of the restarts that the next round does not wait for
ANSWER_SHARE = 1 / 2  # of the rounds that kill just after an acknowledgement
READY_SECONDS, DRAIN_SECONDS = 60, 180
EXIT_KEY = 4  # of a node whose keys process is gone (src/base/errors.def)
FINDINGS_SHOWN = 40
SAMPLE = 50  # documents whose bytes are compared at the end
# More exchanges at a time than usual, so that kills find messages in all stages; a short lease, so that a claim whose commit was
# uncertain is soon free.
SETTINGS = {"retry-first": "100ms", "senders": "32", "slots": "16", "timeout": "5s", "level": "warn"}

# Who exchanges how; of ebMS 2 what the proposal of the agreement says of it.
BINDINGS = {"AS4": None, "ebMS 2 sync": ["--sync"], "ebMS 2 async": []}
PAIRS = (("TH", "VN", "AS4"), ("TH", "LA", "ebMS 2 sync"), ("LA", "VN", "ebMS 2 async"))
# An acknowledgment that is a request of its own comes when its document has mostly been processed.
SELDOM = {("5", "ebMS 2 async")}
# ebMS 2 sends again as the agreement says.
AGREED = ["--agreed", "--interval", "1s", "--retries", "1000", "--persist", "1d"]


def paper_of(root, state, other):
    """The demo's e-Form D, as STATE issues it for OTHER."""
    text = (root / "tools" / "demo" / "form-d.xml").read_text().replace("@TODAY@", TODAY)
    for old, new in (("TH", "\0"), ("VN", other), ("\0", state)):
        text = text.replace(f"CountryID>{old}<", f"CountryID>{new}<")
    return lambda reference: text.replace("@REFERENCE@", reference)


def process_of(pid):
    """(name, state, parent, start) of a process; None if it is gone or only waits to be buried."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None  # also while it is being read
    if not text:
        return None
    name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
    return None if rest[0] in "ZX" else (name, rest[0], int(rest[1]), rest[19])


def keys_of(node):
    """The keys process of NODE: its pid and when it started, so that a later one of the same pid is not taken for it."""
    for entry in pathlib.Path("/proc").iterdir():
        process = process_of(entry.name) if entry.name.isdigit() else None
        if process and process[0] == "lintas-keys" and process[2] == node.process.pid:
            return int(entry.name), process[3]
    return None


def was_started_with(pid, mark):
    try:
        return mark in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def lives(keys):
    process = process_of(keys[0])
    return process is not None and process[3] == keys[1]


def share(values, part):
    return round(sorted(values)[min(len(values) - 1, int(len(values) * part))]) if values else None


class Crash:
    def __init__(self, region, options):
        self.region, self.options, self.random = region, options, random.Random(options.seed)
        authority = Authority(region, "crash authority")
        by_state = {state: Node(region, state, authority, SETTINGS) for state in ("TH", "VN", "LA")}
        self.nodes = list(by_state.values())
        for node in self.nodes:
            lintas(node, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Issuing authority")
            node.book = PostgresBook(node.database_url("crash-book")) if region.database else SqliteBook(node.path / "lintas.db")
            node.account, node.keys, node.starting = Account(node.state), None, None
        pairs = [(by_state[one], by_state[other], binding) for one, other, binding in PAIRS]
        for pair in pairs:
            self.agree(*pair)
        self.traffic = Traffic(pairs, lambda state, other: paper_of(region.root, state, other))
        kinds = (("node", self.strike_node), ("keys", self.strike_keys), ("sessions", self.strike_sessions))
        self.victims = [(f"{node.state} {kind}", node, strike) for kind, strike in kinds[:3 if region.database else 2]
                        for node in self.nodes]
        self.due = []  # the victims of this turn that were not struck yet, in an order of its own
        self.stages = {binding: collections.Counter() for binding in BINDINGS}  # messages
        self.hit = {binding: collections.Counter() for binding in BINDINGS}  # kills that found at least one message in a stage
        self.killed, self.in_flight_min = collections.Counter(), None
        self.thin = self.while_starting = self.after_answer = 0
        self.ready_ms, self.ended_ms, self.drain_ms, self.dead_keys = [], [], [], []
        self.evidence = ["--evidence"] if "--evidence" in run(region.lintas, "audit", "verify", "--help") else []

    def agree(self, one, other, binding):
        for node, partner in ((one, other), (other, one)):
            node.knows(partner)
        if BINDINGS[binding] is None:
            return
        endpoints = [f"https://127.0.0.1:{node.port}/as4" for node in (one, other)]
        cpa = self.region.work / f"{one.state}-{other.state}.xml"
        cpa.write_text(lintas(one, "partner", "propose", other.state, "--endpoint", endpoints[0], "--partner-endpoint", endpoints[1],
                              *AGREED, *BINDINGS[binding]))
        for node, partner in ((one, other), (other, one)):
            lintas(node, "partner", "import", cpa, "--partner", partner.state)

    def close(self):
        self.region.kill()
        self.traffic.stop()
        for node in self.nodes:
            node.book.close()

    # --- Killing ---

    def strike_node(self, node):
        node.process.kill()
        return True

    def strike_keys(self, node):
        """The node ends by itself: whoever supervises it starts it anew."""
        os.kill(node.keys[0], signal.SIGKILL)
        return True

    def strike_sessions(self, node):
        """The node stays."""
        with node.book.open() as ask:
            ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
                f" AND application_name = '{node.application}'")
        return False

    def freeze(self, number):
        for node in self.nodes:
            if node.process.returncode is None:
                node.process.send_signal(number)

    def stages_now(self, asked):
        """By binding, counted while nothing moves. A node that was stopped with the database's index locked gets a moment to finish."""
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                with contextlib.ExitStack() as books:
                    ask = {node: books.enter_context(node.book.open()) for node in self.nodes}
                    stages = {binding: collections.Counter() for binding in BINDINGS}
                    for link in self.traffic.links:
                        stages[link.binding] += stages_between(link, ask[link.sender], ask[link.receiver], asked[link.name])
                    return stages
            except Busy:
                assert time.monotonic() < end, "a database stays locked"
                self.freeze(signal.SIGCONT)
                time.sleep(0.02)
                self.freeze(signal.SIGSTOP)

    def kill(self, name, node, strike):
        starting = node.starting is not None
        if starting:  # it may still lack what else could be struck
            name, strike = f"{node.state} node", self.strike_node
        asked = {link.name: self.traffic.asked(link) for link in self.traffic.links}
        ends = strike(node)
        struck = time.monotonic()
        if strike == self.strike_node:
            node.process.wait(READY_SECONDS)
        self.freeze(signal.SIGSTOP)
        try:
            stages = self.stages_now(asked)
        finally:
            self.freeze(signal.SIGCONT)
        self.count(name, stages, starting)
        if ends:
            self.restart(node, strike, struck)

    def count(self, name, stages, starting):
        in_flight = sum(messages.total() for messages in stages.values())
        if in_flight < IN_FLIGHT:
            self.thin += 1
            return
        self.killed[name] += 1
        self.while_starting += starting
        for binding, found in stages.items():
            self.stages[binding] += found
            self.hit[binding].update(stage for stage, messages in found.items() if messages)
        self.in_flight_min = min(self.in_flight_min or in_flight, in_flight)

    def restart(self, node, strike, struck):
        if strike == self.strike_keys:
            code = node.process.wait(READY_SECONDS)
            assert code == EXIT_KEY, f"{node.state} without its keys process ended with status {code}"
            self.ended_ms.append((time.monotonic() - struck) * 1000)
        if node.keys:
            self.dead_keys.append(node.keys)
        node.keys, node.starting = None, time.monotonic()
        node.spawn()

    def await_ready(self, node):
        if node.starting is None:
            return
        end = node.starting + READY_SECONDS
        while not node.ready():
            assert node.process.poll() is None, f"{node.state} ended at its start with status {node.process.returncode}"
            assert time.monotonic() < end, f"{node.state} is not ready after {READY_SECONDS} s"
            time.sleep(0.01)
        self.ready_ms.append((time.monotonic() - node.starting) * 1000)
        node.keys, node.starting = keys_of(node), None
        assert node.keys, f"{node.state} has no keys process"

    def look_after(self):
        """What must hold at any moment."""
        if self.traffic.fault:
            raise self.traffic.fault
        for node in self.nodes:
            assert node.process.poll() is None, f"{node.state} ended unasked with status {node.process.returncode}"
        until("keys processes of dead nodes end", lambda: not any(map(lives, self.dead_keys)), 15, 0.01)
        self.dead_keys.clear()

    def round(self):
        self.look_after()
        until("enough is under way", lambda: self.traffic.fault or self.traffic.under_way() > IN_FLIGHT + 8, 60, 0.01)
        time.sleep(self.random.uniform(0, PAUSE_SECONDS))
        if not self.due:
            self.due = self.random.sample(self.victims, len(self.victims))
        name, node, strike = self.due.pop()
        if self.random.random() < ANSWER_SHARE:
            self.after_answer += self.traffic.await_answer(node, PAUSE_SECONDS)
        self.kill(name, node, strike)
        if self.random.random() >= STARTING_SHARE:
            for node in self.nodes:
                self.await_ready(node)

    # --- Checking ---

    def check(self, anew):
        """Findings, when everything is delivered. ANEW: also what earlier checks have seen."""
        for node in self.nodes:
            self.await_ready(node)
        self.traffic.pause(True)
        began = time.monotonic()
        until("all is delivered and processed", lambda: self.traffic.fault or self.traffic.settled(), DRAIN_SECONDS)
        self.drain_ms.append((time.monotonic() - began) * 1000)
        self.look_after()
        for node in self.nodes:
            self.read(node, anew)
        findings = [f for node in self.nodes for f in node.account.rest()]
        for link in self.traffic.links:
            findings += compare(link)
        for node in self.nodes:
            proof = answer(node, "audit", "verify", *(self.evidence if anew else []), seconds=300)
            if proof["brokenSequence"] != 0 or proof.get("brokenWire"):
                findings.append((WRONG, f"{node.state}: the journal does not verify: {proof}"))
        if anew:
            findings += self.check_bytes()
        self.traffic.pause(False)
        return findings

    def read(self, node, anew):
        """All that NODE has. A database may be locked for a moment: by a node that has just recovered it, or moves its log."""
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                with node.book.open() as ask:
                    return node.account.read(ask, anew)
            except Busy:
                assert time.monotonic() < end, "a database stays locked"
                time.sleep(0.02)

    def check_bytes(self):
        """Some documents as the partner shows them, against the bytes that the client sent."""
        for link in self.traffic.links:
            for reference in self.random.sample(sorted(link.ledger), min(SAMPLE, len(link.ledger))):
                copies = link.receiver.account.received.get((link.sender.state, reference))
                _, body = call(link.receiver, "GET", f"/api/v1/documents/{copies[0][2]}/original") if copies else (0, b"")
                if body.decode() != link.paper(reference):
                    yield WRONG, f"{reference}: {link.receiver.state} shows other bytes"

    # --- The test ---

    def progress(self, number, began):
        every = 1 if sys.stdout.isatty() else CHECK_EVERY
        if number % every == 0 or number == self.options.rounds:
            print(f"{number:5d} rounds  {time.monotonic() - began:6.0f} s  acknowledged {self.traffic.acknowledged():7d}  "
                  f"fewest in flight {self.in_flight_min}", end="\r" if every == 1 else "\n", flush=True)

    def run(self):
        for node in self.nodes:
            node.starting = time.monotonic()
            node.spawn()
        for node in self.nodes:
            self.await_ready(node)
        self.ready_ms.clear()  # of the first start, on an empty database
        self.traffic.start()
        began, findings, tries = time.monotonic(), [], 0
        while self.killed.total() < self.options.rounds and not findings:
            tries += 1
            assert tries < 2 * self.options.rounds + 20, f"{self.thin} rounds had fewer than {IN_FLIGHT} messages in flight"
            before = self.killed.total()
            self.round()
            if self.killed.total() > before:
                self.progress(self.killed.total(), began)
                last = self.killed.total() == self.options.rounds
                if last or self.killed.total() % CHECK_EVERY == 0:
                    findings = self.check(anew=last)
        self.traffic.stop()
        for node in self.nodes:
            node.stop()
        self.look_for_left_overs()
        return findings

    def look_for_left_overs(self):
        mark = str(self.region.work).encode()
        left = [p.name for p in pathlib.Path("/proc").iterdir() if p.name.isdigit() and process_of(p.name)
                and was_started_with(p.name, mark)]
        assert not left, f"processes were left: {left}"

    def report(self, findings):
        names = [name for name, _, _ in self.victims]
        total = sum(self.stages.values(), collections.Counter())
        crossed = {binding: sum(link.acknowledged() for link in self.traffic.links if link.binding == binding) for binding in BINDINGS}
        heads = "".join(f"{binding:>14s}{'kills':>7s}" for binding in BINDINGS)
        print(f"\n{'messages by stage, and at how many kills':44s}{heads}")
        for stage, text in STAGES.items():
            row = "".join(f"{self.stages[binding][stage]:14d}{self.hit[binding][stage]:7d}" for binding in BINDINGS)
            print(f"{stage:>3s} {text:40s}{row}")
        print(f"{'    acknowledged, delivered, processed':44s}" + "".join(f"{crossed[binding]:14d}{'':7s}" for binding in BINDINGS))
        print(f"Killed: {', '.join(f'{name} {self.killed[name]}' for name in names)}.")
        print(f"{self.after_answer} kills came just after an acknowledgement, {self.while_starting} hit a node that was still starting; "
              f"{self.thin} kills with fewer than {IN_FLIGHT} messages in flight do not count.")
        print(f"{self.traffic.unanswered} submissions got no answer or a 5xx; {self.traffic.repeated} of those had been stored, which the "
              f"node said when they were repeated.")
        print(f"From start to ready: p50 {share(self.ready_ms, .5)} ms, p95 {share(self.ready_ms, .95)} ms, max "
              f"{share(self.ready_ms, 1)} ms; a node ends {share(self.ended_ms, .5)} ms (max {share(self.ended_ms, 1)}) after its "
              f"keys process; all is delivered and processed {share(self.drain_ms, 1)} ms after the last submission, at most.")
        for kind, text in sorted(findings)[:FINDINGS_SHOWN]:
            print(f"FINDING {kind}: {text}")
        if len(findings) > FINDINGS_SHOWN:
            print(f"… and {len(findings) - FINDINGS_SHOWN} more findings")
        missed = [name for name in names if not self.killed[name]]
        missed += [f"{stage} by {binding}" for binding in BINDINGS for stage in STAGES
                   if not self.hit[binding][stage] and (stage, binding) not in SELDOM]
        if self.killed.total() < HIT_ROUNDS:
            missed = []  # not enough to ask for it
        elif missed:
            print(f"MISSED: {', '.join(missed)}")
        kinds = collections.Counter(kind for kind, _ in {(kind, text.split(":")[0]) for kind, text in findings})
        return {"rounds": self.killed.total(), "killed": dict(self.killed), "in_flight_min": self.in_flight_min,
                "stages": {stage: total[stage] for stage in STAGES}, "acknowledged": self.traffic.acknowledged(), "crossed": crossed,
                "lost": kinds[LOST], "doubled": kinds[DOUBLED], "missed": missed, "ok": not findings and not missed}


def rounds(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lintas")
    parser.add_argument("root")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=rounds, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="keep the directories of the nodes")
    return parser.parse_args()


def end_by_signal(number, _):
    raise SystemExit(128 + number)


def main():
    options = parse()
    url = new_database() if options.database == "postgresql" else None
    signal.signal(signal.SIGTERM, end_by_signal)
    region = Region(options.lintas, options.root, "lintas-crash-", url)
    under_way = 2 * len(PAIRS) * UNDER_WAY
    print(f"{options.database}: {options.rounds} rounds, --seed {options.seed}, {under_way} messages under way, in {region.work}",
          flush=True)
    result, crash = {"ok": False}, None
    try:
        crash = Crash(region, options)
        result = crash.report(crash.run())
    except Exception as e:
        traceback.print_exc(file=sys.stdout)
        result["fault"] = f"{type(e).__name__}: {e}"[:400]
    finally:
        if not result["ok"]:
            print(region.logs())
        if crash:
            crash.close()
        region.close(options.keep)
        if options.keep:
            print(f"kept: {region.work}")
    print(json.dumps({"crash": options.database, "seed": options.seed, **result}))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
