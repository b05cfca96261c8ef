#!/usr/bin/env python3
"""Every rule of src/ is a row of docs/findings.md, which `lintas rule show` prints, and no code has two rows."""
import collections
import glob
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
CODE = re.compile(r'"([A-Z]{2,5}-\d{3})"')
FORM = "AAA-000"  # what the simulator looks for in a partner's text


def main():
    rules = collections.defaultdict(list)
    for path in glob.glob(os.path.join(ROOT, "src/**/*.[chd]*"), recursive=True):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                for code in CODE.findall(re.sub(r"/\*.*?\*/", "", line)):
                    if code != FORM:
                        rules[code].append("%s:%d" % (os.path.relpath(path, ROOT), number))
    with open(os.path.join(ROOT, "docs/findings.md"), encoding="utf-8") as file:
        shown = collections.Counter(re.findall(r"^\| ([A-Z]+-\d+) \|", file.read(), re.M))
    wrong = ["%s is in no row of docs/findings.md: a table of src/cli/rule.c is missing, or tools/printed write (%s)"
             % (code, places[0]) for code, places in sorted(rules.items()) if code not in shown]
    wrong += ["%s has %d rows" % row for row in sorted(shown.items()) if row[1] > 1]
    wrong += ["%s is shown, but no rule of src/ has it" % code for code in sorted(shown) if code not in rules]
    for line in wrong:
        print(line)
    print("%d rules, %d wrong" % (len(rules), len(wrong)))
    return 1 if wrong or not rules else 0


if __name__ == "__main__":
    sys.exit(main())
