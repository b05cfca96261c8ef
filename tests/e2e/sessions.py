#!/usr/bin/env python3
"""The sessions of a page, run as they stand: in each ```console block what follows "$ " (and "> ") is typed into one shell, and what
follows that is what the shell must say. So a page cannot go on telling what is no more so.

usage: sessions.py LINTAS SOURCE_ROOT PAGE…
White space does not count, and "…" is anything. A time is any time, and DAY is today; an id or a digest is that of the run, the same one
wherever the page has the same. What a page finds when it begins is made by its row of PAGES: nodes, and files. A page without one makes its
nodes itself, on ports 8443 and 9443. In every folder are "data" and "tools" of this repository.
"""
import contextlib, csv, io, os, pathlib, re, secrets, shutil, signal, subprocess, sys, threading

from nodes import TODAY, Authority, Node, Region, answer, free_port, lintas, play, shown, until

MARK = "end of answer " + secrets.token_hex(8)
SECONDS = 60  # that a command may take
QUESTION = r"^(find|cat|ls) |curl (?!.*-X POST)|^lintas (.*\b(list|show|status|timeline)\b|tasks)"
DAY = "2026-11-22"  # of which the pages tell
PASSWORD = "correct-horse-battery-7"
TIME = r"\d{4}-\d\d-\d\d[T ]?\d\d:\d\d:\d\d\.\d{3}Z"
VARYING = re.compile(rf"(?P<any>…)|{TIME}"
                     r"|(?P<name>[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


def blocks(page):
    """Each typed command of PAGE with its line and what is said to be answered."""
    steps, inside, number = [], False, 0
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            steps.append((number, [line[2:]], []))
        elif inside and steps and not steps[-1][2] and (line.startswith("> ") or steps[-1][1][-1].endswith("\\")):
            steps[-1][1].append(line.removeprefix("> "))
        elif inside:
            steps[-1][2].append(line)
    assert steps, f"{page} has no session"
    return [(number, "\n".join(typed), "\n".join(said)) for number, typed, said in steps]


class Shell:
    def __init__(self, folder, program):
        path = f"{program.parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        cwd=folder, env={**os.environ, "PATH": path}, start_new_session=True)

    def type(self, command):
        self.process.stdin.write(f"{command}\necho '{MARK}'\n")
        self.process.stdin.flush()
        late = threading.Timer(SECONDS, self.process.kill)
        late.start()
        said = []
        while (line := self.process.stdout.readline()) and MARK not in line:
            said.append(line)
        late.cancel()
        assert line, "the shell has ended:\n" + "".join(said)
        return "".join(said) + line[:line.index(MARK)]

    def close(self):
        """It, and what it has left running."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def agrees(expected, said, known):
    """Whether SAID is what is EXPECTED; then KNOWN has for each id of the page that of the run."""
    pattern, at, new = [], 0, []
    for found in VARYING.finditer(expected):
        pattern.append(re.escape("".join(expected[at:found.start()].split())))
        at, name = found.end(), found["name"]
        if name in new:
            pattern.append(f"(?P=n{new.index(name)})")
        elif name:
            pattern.append(re.escape(known[name]) if name in known else f"(?P<n{len(new)}>[0-9a-f-]{{{len(name)}}})")
            if name not in known:
                new.append(name)
        else:
            pattern.append(".*" if found["any"] else TIME)
    match = re.fullmatch("".join(pattern) + re.escape("".join(expected[at:].split())), "".join(said.split()))
    if match:
        known.update((name, match[f"n{i}"]) for i, name in enumerate(new))
    return match is not None


def ask(shell, place, command, expected, known):
    """What another node is told arrives when it arrives: a question is asked again until the answer is the page's, an order is not."""
    said, right = [], []

    def answered():
        said.append(shell.type(command))
        right.append(agrees(expected, said[-1], known))
        return right[-1] or not re.search(QUESTION, command)

    try:
        until(place, answered, seconds=SECONDS, pause=0.3)
    finally:
        assert right and right[-1], f"{place}: {command}\nshould say\n{expected}\nsays\n{said and said[-1]}"


def both(region, settings=None, plain=False):
    """TH and VN know each other; there are officers at TH's issuing authority "dft" and VN's customs, and ca.pem is who certified them."""
    authority = Authority(region, "ca")
    made = []
    for state, organisation in (("TH", "dft"), ("VN", "customs")):
        node = Node(region, state, authority, {"interface.port": free_port(), "interface.address": "127.0.0.1",
                                               **({"plain": "yes"} if plain else {}), **(settings or {}).get(state, {})})
        if organisation == "dft":
            lintas(node, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
        lintas(node, "user", "add", f"{organisation}-officer", "--organisation", organisation, "--role", "officer", "--title",
               "An officer", "--password-stdin", input=f"{PASSWORD}\n".encode())
        made.append(node)
    for node, other in (made, reversed(made)):
        lintas(node, "partner", "add", other.state, "--endpoint", f"{other.scheme}://127.0.0.1:{other.port}/as4", "--sign",
               other.cert("sign"), "--encrypt", other.cert("decrypt"), *(() if plain else ("--tls", other.cert("tls"))))
    return made


def running(region, **more):
    th, vn = both(region, **more)
    th.start(), vn.start()
    return th, vn


def demo(region):
    """What ./dev demo leaves, as far as the page speaks of it."""
    nodes = running(region, plain=True)
    folder = region.work / "demo"
    folder.mkdir()
    for node in nodes:
        (folder / node.state.lower()).symlink_to(node.path)
    (folder / "logins").write_text(f"TH dft-officer {PASSWORD}\nVN customs-officer {PASSWORD}\n")
    region.document("form-d.xml", "TRY-D-0001").rename(folder / "try-form-d.xml")
    region.document("form-d-broken.xml", "TRY-D-0002").rename(folder / "try-form-d-broken.xml")
    return nodes


def received(region):
    th, vn = running(region)
    lintas(th, "send", region.document("form-d.xml", "D2026-0045678"), "--from", "dft")
    until("it is there", lambda: answer(vn, "documents", "list")["items"])
    return th, vn


def one_down(region):
    th, vn = both(region, {"VN": {"heartbeat": "1s"}})
    vn.start()
    until("the link is down", lambda: answer(vn, "partner", "link", "TH")["state"] == "down")
    for reference in ("D2026-0045678", "D2026-0045679"):
        region.document("form-d.xml", reference)
    return th, vn


def to_back_up(region):
    """TH that runs, and VN with more to it than is kept."""
    th, vn = both(region)
    vn.configure({"mappings": "mappings", "drop": "drop", "webhooks.trust-file": "../receivers.pem"})
    (vn.path / "drop").mkdir()
    shutil.copytree(region.root / "data" / "mapping", vn.path / "mappings")
    shutil.copy(region.work / "ca.pem", region.work / "receivers.pem")
    (vn.path / "mappings" / "notes copy.txt").touch()
    th.configure({"name": "Thai Customs"})
    th.start()
    until("its journal is sealed", lambda: answer(th, "audit", "verify")["seals"] > 0)
    return th, vn


def ministry(region):
    """Nodes with the shipped mappings, and a ministry's exports, with mistakes: two certificates (mixed.csv), three (application.csv)."""
    national = {"mappings": region.root.resolve() / "data" / "mapping", "drop": "drop", "drop-settle": "1s"}
    nodes = both(region, {"TH": national, "VN": national})
    for node in nodes:
        (node.path / "drop").mkdir()
    lintas(nodes[1], "organisation", "add", "moit", "--seat", "issuing-authority", "--name", "Ministry of Industry and Trade")
    for node in nodes:
        node.start()
    rows = list(csv.DictReader(io.StringIO((region.root / "tests" / "mapping" / "ministry.csv").read_text("utf-8-sig"))))
    first = [row for row in rows if row["CERT_NO"] == rows[0]["CERT_NO"]]
    table(region.work / "mixed.csv", [{**row, "CERT_NO": reference} for reference in ("D2026-0045691", "D2026-0045692") for row in first],
          {4: {"UNIT": "B34"}})
    shutil.copy(region.work / "mixed.csv", nodes[0].path)
    (region.work / "answers.csv").write_text(ANSWERS, encoding="utf-8")
    table(region.work / "application.csv", [{**row, "REMARKS": "urgent"} for row in rows],
          {1: {"GROSS_KG": "12.5", "NET_KG": "13.0"}, 2: {"UNIT": "B34"}, 3: {"ISSUE_DATE": "2026-11-02"}})
    return nodes


ANSWERS = """RESPONSE;RESPONSE_DATE;STATE;OFFICE;CO_STATE;CO_REF;CO_DATE;STATUS;REASON;LINE;LINE_STATUS;LINE_REASON;DECLARATION;USED;UNIT
VN-RSP-2;20261102;VN;Hai Phong;TH;D2026-0045678;20261102;PART;;1;USED;;EX-101;432,50;KGM
VN-RSP-3;20261102;VN;Hai Phong;TH;D2026-0045678;20261102;REFUSED;Origin criterion not met: see letter EX/2026/11;;;;;;
"""


def table(path, rows, mistakes):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows({**row, **mistakes.get(i, {})} for i, row in enumerate(rows))


# What there is when a page begins, and where it is typed.
PAGES = {
    "README": (demo, ":"),
    "api": (running, ":"),
    "backup": (to_back_up, ":"),
    "drop": (ministry, "cd th"),
    "interface": (received, "export LINTAS_DIR=vn"),
    "mapping": (ministry, "export LINTAS_DIR=th"),
    "papers": (one_down, "export LINTAS_DIR=vn"),
}


def session(region, page):
    names = {DAY: TODAY}
    for name in ("data", "tools"):
        (region.work / name).symlink_to(region.root.resolve() / name)
    if page.stem in PAGES:
        begin, first = PAGES[page.stem]
        th, vn = begin(region)
        names.update({f"https://asw.{node.state.lower()}.example:8444": f"https://127.0.0.1:{node.interface_port}" for node in (th, vn)})
        names["127.0.0.1:18453"] = f"127.0.0.1:{th.interface_port}"
    else:
        first = ":"
        names.update({f"127.0.0.1:{port}": f"127.0.0.1:{free_port()}" for port in (8443, 9443)})
    shell, known = Shell(region.work, pathlib.Path(region.lintas)), {}
    try:
        shell.type(first)
        for line, typed, expected in blocks(page):
            for name, real in names.items():
                typed, expected = typed.replace(name, real), expected.replace(name, real)
            for name, real in known.items():
                typed = typed.replace(name, real)
            ask(shell, f"{page.name}:{line}", typed, expected, known)
            shown(f"{page.name}:{line}")
    finally:
        shell.close()
        region.kill()


def story():
    for page, region in REGIONS.items():
        session(region, page)


REGIONS = {pathlib.Path(page): Region(sys.argv[1], sys.argv[2], f"lintas-{pathlib.Path(page).stem}-") for page in sys.argv[3:]}
play(story, *REGIONS.values())
