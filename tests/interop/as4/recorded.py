#!/usr/bin/env python3
"""A message and a receipt of each profile that phase4 made in a run of as4.py --record, judged by `lintas as4 inspect`: without Java.

usage: recorded.py LINTAS FOLDER
"""
import json, os, pathlib, subprocess, sys, tempfile

LINTAS, FOLDER = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
SIGNATURES = {"edelivery-1.15": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
              "edelivery-2.0": "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
              "ecdsa-p256": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"}
passed = 0


def shown(name):
    global passed
    passed += 1
    print(f"ok {passed} - {name}", flush=True)


def inspect(folder, file, *more):
    result = subprocess.run([LINTAS, "as4", "inspect", file, "--certificate", folder / "signer.pem", "--profile", folder.name, "--at",
                             (folder / "at").read_text().strip(), "--json", *more], capture_output=True, timeout=60)
    assert b"Sanitizer" not in result.stderr, result.stderr
    return json.loads(result.stdout)


def changed(folder, name, old, new):
    """What is said of a copy in which the first OLD is NEW."""
    octets = (folder / name).read_bytes()
    assert octets.count(old), old
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(octets.replace(old, new, 1))
        copy.flush()
        return inspect(folder, copy.name, "--key", folder / "decrypt.key")


for profile, signature in SIGNATURES.items():
    folder = FOLDER / profile
    said = inspect(folder, folder / "message.as4", "--key", folder / "decrypt.key")
    assert said["verdict"] == "verified" and said["kind"] == "user message" and said["signatureAlgorithm"] == signature, said
    assert len(said["parts"]) == 1 and said["parts"][0]["encrypted"] and said["parts"][0]["compressed"], said
    shown(f"{profile}: phase4's message is verified, opened and expanded")
    said = inspect(folder, folder / "receipt.as4")
    assert said["verdict"] == "verified" and said["kind"] == "receipt" and said["signatureAlgorithm"] == signature, said
    shown(f"{profile}: phase4's receipt is verified")
    assert changed(folder, "message.as4", b"one@phase4", b"two@phase4")["verdict"] == "refused"
    assert changed(folder, "receipt.as4", b"@lintas-vn", b"@lintas-th")["verdict"] == "refused"
    shown(f"{profile}: neither is when it was changed")
print(f"{passed} passed")
