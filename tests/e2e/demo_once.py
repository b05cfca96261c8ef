#!/usr/bin/env python3
"""The demo, once, on ports that are free: two builds on one host may test at the same time.

usage: demo_once.py DEMO_SH
"""
import os, sys

from nodes import free_port, is_free

OTHERS = (1, 2, 3, 10, 11, 12, 13)  # demo.sh takes DEMO_PORT and those so much above it


def free_ports():
    for _ in range(100):
        first = free_port()
        if all(is_free(first + i) for i in OTHERS):
            return first
    raise AssertionError(f"no free ports for the demo")


if __name__ == "__main__":  # in our place, so that whoever ends this test ends the demo
    os.execve(sys.argv[1], [sys.argv[1], "--once"], {**os.environ, "DEMO_PORT": str(free_ports())})
