#!/usr/bin/env python3
"""./dev bench tariff: lines assessed a second through the library, on one core, and memory over ten million of them; five minutes.

usage: tariff.py BUILD ROOT [--quick] [--only NAME…]
"""
import json, subprocess, sys

import pairs

TARGET = 100000
GROWTH_KIB = 1024  # what an allocator may still settle


def assess(bench, lines, seconds, trace):
    out = subprocess.run([bench.build / "bench/tariff", str(lines), str(seconds), str(trace)], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def speed(bench):
    count = 200000 if bench.quick else 2000000
    for trace, name, target in ((1, "with the steps of the arithmetic", TARGET), (0, "without", None), (2, "with the text of each step", None)):
        rates = sorted(r["lines"] / r["cpu_seconds"] for r in (assess(bench, count, 60, trace) for _ in range(3)))
        bench.figure("lines a second, %s" % name, rates[1], "/s of a core", target, at_least=True)
    result = assess(bench, 1000, 60, 1)
    bench.figure("options calculated of a line", result["calculated"] / result["lines"], "")
    bench.figure("steps of a line", result["steps"] / result["lines"], "")
    bench.figure("a tariff of %d measures is built in" % result["measures"], result["build_seconds"] * 1000, "ms")


def memory(bench):
    result = assess(bench, 1000000 if bench.quick else 10000000, 300, 1)
    bench.figure("lines in one process", result["lines"], "")
    bench.figure("memory that they left behind", result["after_kib"] - result["before_kib"], "KiB", GROWTH_KIB)
    bench.figure("most memory, the tariff with it", result["peak_kib"], "KiB")


if __name__ == "__main__":
    sys.exit(pairs.run("tariff", __doc__, {"speed": speed, "memory": memory}))
