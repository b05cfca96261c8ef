#!/usr/bin/env python3
"""tools/check-layers finds each breach in tests/lint/layers/src at the line that says "finds: RULE", and nothing else."""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(HERE, "../../tools/check-layers")
ROOT = os.path.join(HERE, "layers")
RULES = {"banned", "folder", "internal", "layer", "library", "public", "sql", "symbol"}


def expected():
    marks = set()
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    for rule in re.findall(r"finds: (\w+)", line):
                        marks.add("%s:%d: %s" % (os.path.relpath(path, ROOT), number, rule))
    return marks


def found(*arguments):
    run = subprocess.run([TOOL, "--root", ROOT, *arguments], capture_output=True, text=True)
    lines = {re.match(r"\S+: \w+", line).group() for line in run.stdout.splitlines()}
    if run.stderr or run.returncode != (1 if lines else 0):
        sys.exit("check-layers %s: status %d\n%s" % (" ".join(arguments), run.returncode, run.stderr))
    return lines


def compiled(build):
    """The sources that reach for symbols, as objects of a build directory."""
    rows = []
    for name in ("codec/symbols", "db/store", "messaging/work"):
        source = os.path.join(ROOT, "src", name + ".c")
        output = name.replace("/", "_") + ".o"
        subprocess.run(["cc", "-c", source, "-o", os.path.join(build, output)], check=True)
        rows.append({"directory": build, "file": source, "output": output})
    with open(os.path.join(build, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(rows, file)


def main():
    with tempfile.TemporaryDirectory() as build:
        compiled(build)
        got = found() | found("--objects", build)
    want = expected()
    unseen = RULES - {mark.split()[-1] for mark in want}
    for what, marks in ("not found", want - got), ("found without a mark", got - want), ("a rule without a breach", unseen):
        for mark in sorted(marks):
            print("%s: %s" % (what, mark))
    sys.exit(1 if got != want or unseen else 0)


main()
