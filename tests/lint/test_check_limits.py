#!/usr/bin/env python3
"""tools/check-limits: what is exactly as long as allowed passes; one more is found. Tables are exempt."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(HERE, "../../tools/check-limits")


def function(lines, branches=0):
    """A function of LINES lines with BRANCHES decisions: complexity BRANCHES + 1."""
    body = ["\tif (x)"] * branches
    return "int f(int x)\n{\n" + "\n".join(body + ["\tx++;"] * (lines - 4 - branches) + ["\treturn x;"]) + "\n}\n"


def table(text):
    return "/* clang-format off */\n" + text + "/* clang-format on */\n"


# file: (text, findings)
CASES = {
    "src/function_80.c": (function(80), []),
    "src/function_81.c": (function(81), ["1: function"]),
    "tests/function_81.c": (function(81), ["1: function"]),
    "src/complexity_15.c": (function(40, 14), []),
    "src/complexity_16.c": (function(40, 15), ["1: complexity"]),
    "fuzz/file_800.c": ("int a;\n" * 800, []),
    "bench/file_801.c": ("int a;\n" * 801, ["801: file"]),
    "src/long_table.c": (table("int a;\n" * 900), []),
    "src/after_table.c": (table("x" * 150 + "\n") + "x" * 150 + "\n", ["4: line"]),
    "src/rows.def": (("x" * 150 + "\n") * 900, []),
    "src/line_140.c": ("\t" + "x" * 132 + "\n", []),
    "src/line_141.c": ("\n\t" + "x" * 133 + "\n", ["2: line"]),
    "src/freed_with_value.c": ("void f(void)\n{\n\tbuf_auto b;\n\tbuf_init(&b, 1);\n\tTRY(g());\n}\n", []),
    "src/freed_without.c": ("int f(void)\n{\n\tbuf_auto b;\n\tif (x)\n\t\treturn 1;\n\tbuf_init(&b, 1);\n}\n", ["3: freed"]),
    "src/freed_null.c": ("int f(void)\n{\n\tdoc_auto d = NULL;\n\treturn g(&d);\n}\n", []),
    "src/freed_in_failing_init.c": ("int f(void)\n{\n\tbuf_auto b;\n\tTRY(fill(&b));\n}\n", []),
    "src/alone.h": ("#ifndef ALONE_H\n#define ALONE_H\n#include <stddef.h>\nstruct alone {\n\tsize_t a;\n};\n#endif\n", []),
    "src/needy.h": ("#ifndef NEEDY_H\n#define NEEDY_H\nsize_t needy(void);\n#endif\n", ["1: header"]),
    "src/unguarded.h": ("struct unguarded {\n\tint a;\n};\n", ["1: header"]),
    "src/narrowing.h": ("#ifndef NARROWING_H\n#define NARROWING_H\n"
                        "static inline char narrow(long a) { return a; }\n#endif\n", ["1: header"]),
}


def main():
    with tempfile.TemporaryDirectory() as root:
        with open(os.path.join(root, "meson.build"), "w", encoding="utf-8") as file:
            file.write("add_project_arguments('-Wconversion', '-Wl,-z,now', language: 'c')\n")
        for path, (text, _) in CASES.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        run = subprocess.run([TOOL, "--root", root], capture_output=True, text=True)
    got = {match.group() for match in re.finditer(r"^\w+/\S+:\d+: \w+", run.stdout, re.M)}
    want = {"%s:%s" % (path, finding) for path, (_, findings) in CASES.items() for finding in findings}
    for what, findings in ("not found", want - got), ("found wrongly", got - want):
        for finding in sorted(findings):
            print("%s: %s" % (what, finding))
    if run.stderr or run.returncode != 1:
        sys.exit("check-limits: status %d\n%s" % (run.returncode, run.stderr))
    sys.exit(1 if got != want else 0)


main()
