#!/usr/bin/env python3
"""Messages that the JDK signed by the transforms of ebMS 2 in a run of record.py, judged by `lintas as4 inspect`: without Java.

usage: recorded.py LINTAS FOLDER
"""
import json, os, pathlib, subprocess, sys

LINTAS, FOLDER = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
passed = 0
for name, about in json.loads((FOLDER / "index.json").read_text()).items():
    result = subprocess.run([LINTAS, "as4", "inspect", FOLDER / f"{name}.ebms2", "--certificate", FOLDER / "signer.pem", "--profile",
                             "ebms2-rsa-sha256", "--json"], capture_output=True, timeout=60)
    assert b"Sanitizer" not in result.stderr, result.stderr
    said = json.loads(result.stdout)
    assert said["binding"] == "ebms2", (name, said)
    assert said["verdict"] == ("verified" if about["believe"] else "refused"), (name, said["findings"])
    if about["believe"]:
        assert [p["sha256"] for p in said["parts"]] == about["payloads"] and said["headerSigned"] and said["bodySigned"], (name, said)
    passed += 1
    print(f"ok {passed} - {name}: {'believed' if about['believe'] else about['wrong'] + ', refused'}", flush=True)
print(f"{passed} passed")
