#!/usr/bin/env python3
"""The sessions of a page, run as they stand: in each ```console block what follows "$ " (and "> ") is typed into one shell, and what follows that is
what the shell must say. White space does not count, and "…" is anything. So a page cannot go on telling what is no more so.

usage: sessions.py LINTAS SOURCE_ROOT PAGE…
In the folder where a page is typed lie a certificate of origin from TH to VN (form-d.xml) and one with mistakes (form-d-broken.xml). For a page
that speaks of asw.th.example that node and asw.vn.example run, with an officer at TH's issuing authority "dft" and one at VN's customs, and ca.pem
lies there, too. Another page makes its nodes itself, on ports 8443 and 9443.
"""
import contextlib, os, pathlib, re, secrets, signal, subprocess, sys, threading

from nodes import Authority, Node, Region, free_port, lintas, play, shown, until

REGION = Region.asked_for("lintas-sessions-")
MARK = "end of answer " + secrets.token_hex(8)
SECONDS = 60  # that a command may take
QUESTION = r"curl (?!.*-X POST)|lintas .*\b(list|show|status|timeline)\b"


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
    return [(number, "\n".join(typed), "\n".join(answer)) for number, typed, answer in steps]


class Shell:
    def __init__(self, folder):
        path = f"{pathlib.Path(REGION.lintas).parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
                                        env={**os.environ, "PATH": path}, start_new_session=True)

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


def agrees(expected, said):
    pattern = ".*".join(re.escape("".join(part.split())) for part in expected.split("…"))
    return re.fullmatch(pattern, "".join(said.split())) is not None


def ask(shell, place, command, expected):
    """What another node is told arrives when it arrives: a question is asked again until it is answered as the page says, an order is not."""
    said = []

    def answered():
        said.append(shell.type(command))
        return agrees(expected, said[-1]) or not re.search(QUESTION, command)

    try:
        until(place, answered, seconds=SECONDS, pause=0.3)
    finally:
        assert said and agrees(expected, said[-1]), f"{place}: {command}\nshould say\n{expected}\nsays\n{said and said[-1]}"


def make(state, authority, organisation):
    node = Node(REGION, state, authority, {"interface.port": free_port(), "interface.address": "127.0.0.1"})
    if organisation != "customs":
        lintas(node, "organisation", "add", organisation, "--seat", "issuing-authority", "--name", f"Issuing authority of {state}")
    lintas(node, "user", "add", f"{organisation}-officer", "--organisation", organisation, "--role", "officer", "--title", "An officer",
           "--password-stdin", input=b"correct horse battery 7\n")
    return node


def run_nodes(folder):
    """TH and VN, for pages that begin with nodes that run; what stands in the page for their addresses."""
    authority = Authority(REGION, "authority")
    th, vn = make("TH", authority, "dft"), make("VN", authority, "customs")
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()
    (folder / "ca.pem").write_bytes(authority.cert.read_bytes())
    return {f"https://asw.{node.state.lower()}.example:8444": f"https://127.0.0.1:{node.interface_port}" for node in (th, vn)}


def session(page):
    folder = REGION.work / page.stem
    folder.mkdir()
    for name, reference in (("form-d.xml", "D2026-0045678"), ("form-d-broken.xml", "D2026-0045679")):
        REGION.document(name, reference).rename(folder / name)
    steps = blocks(page)
    names = {f"127.0.0.1:{port}": f"127.0.0.1:{free_port()}" for port in (8443, 9443)}
    if any("asw.th.example" in typed for _, typed, _ in steps):
        names = run_nodes(folder)
    shell = Shell(folder)
    try:
        for line, typed, expected in steps:
            for name, real in names.items():
                typed, expected = typed.replace(name, real), expected.replace(name, real)
            ask(shell, f"{page.name}:{line}", typed, expected)
            shown(f"{page.name}:{line}")
    finally:
        shell.close()


def story():
    for page in sys.argv[3:]:
        session(pathlib.Path(page))


play(story, REGION)
