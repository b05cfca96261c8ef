#!/usr/bin/env python3
"""The demo, once, on ports that are free: two builds on one host may test at the same time.

usage: demo_once.py DEMO_SH
"""
import os, socket, sys

from nodes import free_port

NODES = 3  # demo.sh takes DEMO_PORT and those after it


def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports():
    for _ in range(100):
        first = free_port()
        if all(is_free(first + i) for i in range(1, NODES)):
            return first
    raise AssertionError(f"no {NODES} free ports in a row")


# In our place, so that whoever ends this test ends the demo.
os.execve(sys.argv[1], [sys.argv[1], "--once"], {**os.environ, "DEMO_PORT": str(free_ports())})
