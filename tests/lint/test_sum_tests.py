#!/usr/bin/env python3
"""tools/sum-tests believes no program's silence: what cmocka itself prints is counted, and a crash or an absent log is a failure."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(HERE, "../../tools/sum-tests")
PROGRAM = r"""
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
static void good(void **state) { (void)state; }
static void bad(void **state) { (void)state; assert_true(0); }
static void absent(void **state) { (void)state; skip(); }
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(good), cmocka_unit_test(absent), cmocka_unit_test(bad) };
	(void)argv;
	return argc > 1 ? cmocka_run_group_tests(tests, NULL, NULL)
	                : cmocka_run_group_tests_name("but the last", ((struct CMUnitTest[]){ tests[0], tests[1], tests[2] }), NULL, NULL);
}
"""


def cmocka(folder, *arguments):
    """testlog.json's line of a real run."""
    run = subprocess.run([os.path.join(folder, "program"), *arguments], capture_output=True, text=True)
    result = "OK" if run.returncode == 0 else "FAIL"
    return {"name": "cmocka", "stdout": run.stdout, "stderr": run.stderr, "result": result}


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "program.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        subprocess.run(["cc", source, "-o", os.path.join(folder, "program"), "-lcmocka"], check=True)
        plain = {"name": "plain", "stdout": "fine\n", "result": "OK"}
        cases = [  # lines of the log (None: there is none), what stands last, exit status, a line that must stand before
            ([plain], "1 passed, 0 failed", 0, ""),
            ([plain, cmocka(folder)], "3 passed, 0 failed, 1 skipped", 0, "cmocka absent"),
            ([plain, cmocka(folder, "all")], "3 passed, 1 failed, 1 skipped", 1, "cmocka bad"),
            ([{**cmocka(folder), "result": "ERROR"}], "2 passed, 1 failed, 1 skipped", 1, "cmocka ERROR"),
            ([plain, {**plain, "result": "TIMEOUT"}], "1 passed, 1 failed", 1, "plain TIMEOUT"),
            ([plain, {**plain, "result": "SKIP"}], "1 passed, 0 failed, 1 skipped", 0, "SKIPPED"),
            ([{**plain, "result": "SKIP"}], "0 passed, 0 failed, 1 skipped", 1, "SKIPPED"),
            ([{**plain, "stdout": "ok 1 - one\nok 2 - two\n"}], "2 passed, 0 failed", 0, ""),
            ([{**plain, "stdout": "ok 1 - one\n", "result": "FAIL"}], "1 passed, 1 failed", 1, "plain FAIL"),
            ([{**plain, "stdout": "ok 1 - one\nnot ok 2 - two\n"}], "1 passed, 1 failed", 1, "plain OK"),
            ([], "0 passed, 0 failed", 1, ""),
            (None, "0 passed, 1 failed", 1, "no test ran"),
        ]
        for number, (rows, last, status, before) in enumerate(cases):
            build = os.path.join(folder, str(number))
            os.makedirs(os.path.join(build, "meson-logs"))
            if rows is not None:
                with open(os.path.join(build, "meson-logs", "testlog.json"), "w", encoding="utf-8") as file:
                    file.writelines(json.dumps(row) + "\n" for row in rows)
            run = subprocess.run([TOOL, build], capture_output=True, text=True)
            got = run.stdout.splitlines() or [run.stderr]
            if got[-1] != last or run.returncode != status or before not in run.stdout:
                print("case %d: %s" % (number, run))
                wrong += 1
        run = subprocess.run([TOOL, "--plus", "2", "1", "0"], capture_output=True, text=True)
        if run.stdout != "2 passed, 1 failed\n" or run.returncode != 1:
            print("--plus: %s" % run)
            wrong += 1
    sys.exit(1 if wrong else 0)


main()
