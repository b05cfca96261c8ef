#!/usr/bin/env python3
"""Changes one byte in each file of a folder of evidence, as a forger does, who makes the sums anew: somebody must notice.

usage: tamper.py FOLDER   (a copy is made beside it)
"""
import hashlib
import pathlib
import shutil
import subprocess
import sys

PYTHON = "/usr/bin/python3"  # Debian's, which python3-lxml is for
UNPROVED = ("README.md", "SHA256SUMS", "verify.sh", "derive.py")  # protected by SHA256SUMS alone


def sums_anew(folder):
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256((folder / line[66:]).read_bytes()).hexdigest()}  {line[66:]}\n" for line in lines))


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def place_in(path, data):
    """Where a byte of FILE means something: PEM and JSON have white space, HTTP's headers much that nothing is derived from."""
    if path.suffix == ".pem":
        return len(data) // 2 // 65 * 65 + 10
    if path.name == "content-type":
        return data.index(b"boundary") + 12 if b"boundary" in data else data.index(b"soap" if b"soap" in data else b"text")
    if path.name == "message" and b"SignatureValue>" in data:
        return data.index(b"SignatureValue>") + 20
    if path.name == "entries.json":
        return data.index(b'"actor":"') + 9
    if path.name == "evidence.json":
        return data.index(b'"messageId":"') + 14
    return len(data) // 2


def noticed(folder):
    commands = ([PYTHON, folder / "derive.py"], ["/bin/sh", folder / "verify.sh"])
    return any(subprocess.run(command, capture_output=True, timeout=120).returncode != 0 for command in commands)


def main(folder):
    copy = folder.parent / "tampered"
    names = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p.name not in UNPROVED)
    for name in names:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        data = (folder / name).read_bytes()
        (copy / name).write_bytes(flipped(data, place_in(name, data)))
        sums_anew(copy)
        if not noticed(copy):
            sys.exit(f"{name} was changed, and nobody noticed")
    shutil.rmtree(copy)
    print(f"{len(names)} files were changed, one by one, and each was found")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
