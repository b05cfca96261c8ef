#!/usr/bin/env python3
"""The demo given again while one runs: it is shown, and never replaced. Stand-ins that say that they are ready are the nodes.

usage: demo_again.py DEMO_SH
"""
import os, pathlib, subprocess, sys, tempfile

from demo_once import free_ports
from nodes import play, shown, until

READY = "import http.server, sys; http.server.HTTPServer(('127.0.0.1', int(sys.argv[3])), http.server.SimpleHTTPRequestHandler).serve_forever()"


def demo(folder, *mode):
    result = subprocess.run([sys.argv[1], *mode], env={**os.environ, "DEMO": str(folder)}, capture_output=True, timeout=60, text=True)
    return result.returncode, result.stdout + result.stderr


def story(folder, nodes):
    first = free_ports()
    (folder / "port").write_text(f"{first}\n")
    (folder / "health").mkdir()
    (folder / "health" / "ready").touch()
    for i, state in enumerate(("th", "la", "vn", "sg")):
        (folder / state).mkdir()
        # as a node's command line is: … serve DIR
        nodes.append(subprocess.Popen([sys.executable, "-c", READY, "serve", str(folder / state), str(first + i)], cwd=folder,
                                      stderr=subprocess.DEVNULL))
        (folder / state / "pid").write_text(f"{nodes[i].pid}\n")
    status, text = demo(folder)
    assert status == 1 and f"http://127.0.0.1:{first}/as4" in text and "its morning is not over" in text, text
    (folder / "sent").write_text("0192\n")
    status, text = until("they listen", lambda: (lambda said: said if said[0] == 0 else None)(demo(folder)), seconds=20)
    assert "A demo runs already" in text and f"http://127.0.0.1:{first + 2}/as4" in text and "timeline 0192" in text, text
    status, text = demo(folder, "--once")
    assert status == 1 and "--once begins anew" in text, text
    nodes[1].kill()
    nodes[1].wait()
    status, text = demo(folder)
    assert status == 1 and "not all of its nodes answer" in text and (folder / "sent").exists(), text


def in_a_folder():
    nodes = []
    with tempfile.TemporaryDirectory(prefix="lintas-again-") as folder:
        try:
            story(pathlib.Path(folder).resolve(), nodes)
        finally:
            for node in nodes:
                node.kill()
                node.wait()
    shown("a demo that runs is shown, not replaced")


play(in_a_folder)
