#!/usr/bin/env python3
"""Five years later: what was exchanged goes into an archive, is deleted by rule, and is still proved without Lintas.

usage: archive.py LINTAS SOURCE_ROOT YEARS.so   (exit 77: skipped)
Two real nodes exchange a certificate and the response to it; then commands live six years later (years.c). openssl, tar and sha256sum
judge what is in the archive, and whatever is changed in it is found.
"""
import hashlib, json, os, shutil, subprocess, sys

from nodes import Authority, Node, Region, answer, lintas, play, run, shown, until

LATER = {**os.environ, "LD_PRELOAD": os.path.abspath(sys.argv[3]), "DAYS_AHEAD": str(6 * 366),
         "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}
region = Region.asked_for("lintas-archive-")


class LongAuthority(Authority):
    """Its certificates are still valid when the archive is signed."""

    DAYS = 4000


def later(node, *args, code=0):
    return lintas(node, *args, code=code, env=LATER, seconds=120)


def later_json(node, *args):
    return json.loads(later(node, *args, "--json"))


def refused(node, *args, code=1):
    result = subprocess.run([region.lintas, *map(str, args), "--dir", str(node.path)], capture_output=True, timeout=120, env=LATER)
    assert result.returncode != 0, f"{args} was not refused\n{result.stdout.decode()}"
    text = result.stderr.decode() + result.stdout.decode()
    assert "Sanitizer" not in text, text
    return text


def exchange(th, vn):
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()
    lintas(th, "send", region.document("form-d.xml", "AR-0001"))
    arrived = lambda node, n: (lambda d: d if len(d) >= n else None)(answer(node, "documents", "list", "--direction", "in")["items"])
    certificate = until("the certificate arrives", lambda: arrived(vn, 1))[0]
    lintas(vn, "documents", "seen", certificate["id"])
    lintas(vn, "send", region.document("customs-response.xml", "AR-R1", "AR-0001"))
    response = until("the response arrives", lambda: arrived(th, 1))[0]
    lintas(th, "documents", "seen", response["id"])
    until("its receipt is there", lambda: all(m["state"] == "delivered" for m in answer(vn, "outbox", "list")["items"]))
    until("the certificate is used", lambda: answer(vn, "documents", "show", certificate["id"])["state"] == "utilised")
    th.stop(), vn.stop()
    return certificate


def terms(vn, certificate):
    assert "nothing is older than its term" in lintas(vn, "retention", "due")
    due = later_json(vn, "retention", "due")["items"]
    assert {(d["type"], d["verdict"]) for d in due} == {("FORM-D", "referred"), ("CUSTOMS-RESPONSE", "not-archived")}, due
    assert all(d["term"] == "5y" and "31(2)" in d["law"] for d in due)
    assert "0 messages and refusals deleted" in later(vn, "retention", "run")
    assert len(answer(vn, "documents", "list")["items"]) == 2
    shown("six years later both are older than their term, and nothing is deleted that is in no archive")


def write(vn, archive):
    stale = archive / "volume-000001.part"
    stale.mkdir(parents=True)
    (stale / "0001-half.tar").write_bytes(b"half")  # as who was killed leaves it
    assert later_json(vn, "archive", "write", archive, "--messages", "1")["volumes"] == 2
    assert sorted(p.name for p in archive.iterdir()) == ["README.md", "volume-000001", "volume-000002"]
    assert later_json(vn, "archive", "write", archive)["volumes"] == 0
    text = later(vn, "archive", "verify", archive)
    assert "volumes: 2, messages: 2" in text and "every digest, seal and signature is right" in text, text
    proof = later_json(vn, "archive", "verify", archive)
    fingerprint = proof["signers"][0]["fingerprint"]
    der = subprocess.run(["openssl", "x509", "-in", vn.cert("sign"), "-outform", "DER"], capture_output=True, check=True).stdout
    assert fingerprint == hashlib.sha256(der).hexdigest()
    assert proof["head"] == hashlib.sha256((archive / "volume-000002" / "volume.jws").read_bytes()).hexdigest()
    lintas(vn, "archive", "verify", archive, "--signer", fingerprint[:16])
    assert "none of --signer" in refused(vn, "archive", "verify", archive, "--signer", "0" * 16)
    shown("the archive is written, volume by volume, and verified by its signed chain; a half-written volume is cleaned away")


def without_lintas(archive):
    """As README.md of the archive says: sha256sum, tar, and verify.sh with openssl."""
    for volume in sorted(archive.glob("volume-*")):
        run("sha256sum", "--strict", "-c", "SHA256SUMS", cwd=volume)
        assert json.loads((volume / "volume.json").read_text())["sums"] == hashlib.sha256((volume / "SHA256SUMS").read_bytes()).hexdigest()
        for line in (volume / "index.jsonl").read_text().splitlines():
            entry = json.loads(line)
            place = region.work / "unpacked" / entry["message"]
            place.mkdir(parents=True)
            run("tar", "-xf", volume / entry["file"], "-C", place)
            said = run("sh", place / f"evidence-{entry['message']}" / "verify.sh", seconds=120)
            assert "WRONG" not in said and " 0 are wrong" in said, said
    shown("what is in it is unpacked by tar and proved by its own verify.sh, with openssl")


def search(vn, archive, certificate):
    found = later(vn, "archive", "search", archive, "--reference", "AR-0001", "--type", "FORM-D", "--partner", "TH")
    assert "volume-00000" in found and "AR-0001" in found and "AR-R1" not in found, found
    assert "nothing in 2 volumes fits" in later(vn, "archive", "search", archive, "--partner", "MY")
    assert "nothing in 2 volumes fits" in later(vn, "archive", "search", archive, "--until", "2020-01-01")
    proof = region.work / "proof"
    later(vn, "archive", "search", archive, "--message", certificate["id"], "--extract", proof)
    (folder,) = proof.iterdir()
    assert " 0 are wrong" in run("sh", folder / "verify.sh", seconds=120)
    shown("a message is found by what its document says, and extracted")


def delete(vn, archive, certificate):
    hold = later_json(vn, "hold", "put", "--document", "AR-0001", "--reason", "a court asks")["id"]
    assert "0 messages and refusals deleted" in later(vn, "retention", "run")
    assert {d["verdict"] for d in later_json(vn, "retention", "due")["items"]} == {"held", "referred"}
    later(vn, "hold", "lift", hold)
    assert "2 messages and refusals deleted" in later(vn, "retention", "run")
    assert answer(vn, "documents", "list")["items"] == []
    said = lintas(vn, "audit", "verify", "--evidence")
    assert "2 messages and refusals were deleted by rule" in said and "more that it names were deleted by rule" in said, said
    assert "was deleted when its term was over" in refused(vn, "evidence", "export", certificate["message"], "--to", region.work / "none")
    timeline = lintas(vn, "timeline", certificate["message"])
    assert "deleted" in timeline and "archived" in timeline, timeline
    assert [h["lifted"][:4] for h in answer(vn, "hold", "list")["items"]] != []
    shown("a hold keeps both; once it is lifted they go, and the audit is whole and says so")


def tampered(archive, change):
    copy = region.work / "tampered"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(archive, copy, symlinks=True)
    change(copy)
    return copy


def hostile(vn, archive):
    index = archive / "volume-000001" / "index.jsonl"
    bundle = next((archive / "volume-000001").glob("*.tar")).name

    def flip(name):
        def change(copy):
            path = copy / "volume-000001" / name
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        return change

    def cut(name):
        return lambda copy: (copy / "volume-000001" / name).write_bytes((archive / "volume-000001" / name).read_bytes()[:-7])

    def line(text):  # as who makes the sums anew would
        return lambda copy: (copy / "volume-000001" / "index.jsonl").write_text(text)

    entry = json.loads(index.read_text())
    outside = json.dumps({**entry, "file": "../../etc/passwd"})
    swap = lambda copy: [(copy / a).rename(copy / b) for a, b in (("volume-000001", "x"), ("volume-000002", "volume-000001"), ("x", "volume-000002"))]
    cases = {f"altered {n}": (flip(n), n) for n in (bundle, "index.jsonl", "SHA256SUMS", "volume.json", "volume.jws")}
    cases.update({f"cut {n}": (cut(n), "volume-000001") for n in (bundle, "index.jsonl", "SHA256SUMS", "volume.json", "volume.jws")})
    cases.update({
        "a missing volume": (lambda copy: shutil.rmtree(copy / "volume-000001"), "volume-000001 is missing"),
        "exchanged volumes": (swap, "it is volume 2"),
        "a missing bundle": (lambda copy: (copy / "volume-000001" / bundle).unlink(), "cannot be opened"),
        "one file more": (lambda copy: (copy / "volume-000002" / "0002-more.tar").write_bytes(b""), "does not name"),
        "a stranger beside them": (lambda copy: (copy / "volume-1").mkdir(), "does not belong"),
        "a link": (lambda copy: ((copy / "volume-000001" / bundle).unlink(), (copy / "volume-000001" / bundle).symlink_to("/etc/passwd")), "cannot be opened"),
        "a path that leaves": (line(outside + "\n"), "index.jsonl: it was altered"),
        "a name twice": (line(index.read_text() * 2), "index.jsonl: it was altered"),
        "an endless index": (line("x" * (20 << 20)), "index.jsonl is longer than"),
    })
    for name, (change, sentence) in cases.items():
        said = refused(vn, "archive", "verify", tampered(archive, change))
        assert sentence in said and "volume-" in said, f"{name}: {said}"
    # Searching does not verify first: it must not be led astray either.
    for text, sentence in ((outside + "\n", "index.jsonl: line 1: /file is no name of a file"), ("x" * 100000, "longer than"),
                           (index.read_text()[:-7], "is cut off"), ("{}\n", "line 1"), ("\0\n", "line 1")):
        said = refused(vn, "archive", "search", tampered(archive, line(text)), "--extract", region.work / "out")
        assert sentence in said and "volume-000001" in said, said
    said = refused(vn, "archive", "search", tampered(archive, flip(bundle)), "--extract", region.work / "out")
    assert f"volume-000001/{bundle}: it was altered" in said, said
    assert not (region.work / "out").exists()
    shown(f"an archive that was changed is refused, with its place: {len(cases)} ways")


def set_back(vn, before):
    """As it was before the archive was written."""
    for path in before.iterdir():
        shutil.copy(path, vn.path / path.name)
    for path in vn.path.glob("lintas.db-*"):
        if not (before / path.name).exists():
            path.unlink()


def again(vn, archive, before):
    """As when it was killed before it was told."""
    set_back(vn, before)
    copy = tampered(archive, lambda copy: shutil.rmtree(copy / "volume-000002"))
    assert later_json(vn, "archive", "write", copy)["messages"] == 1  # the first volume is told to the node, the other message is written
    assert later_json(vn, "archive", "verify", copy)["messages"] == 2
    assert "2 messages and refusals deleted" in later(vn, "retention", "run")
    lintas(vn, "audit", "verify", "--evidence")
    shown("who was killed between a volume and telling the node loses nothing and writes nothing twice")


def not_believed(th, vn, archive, before):
    """The node deletes what it is told of: so it is told of no volume that is damaged, or is another node's."""
    set_back(vn, before)

    def damage(name):
        def change(copy):
            path = next((copy / "volume-000002").glob(name))
            path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
        return change

    for name in ("*.tar", "index.jsonl", "SHA256SUMS"):
        said = refused(vn, "archive", "write", tampered(archive, damage(name)))
        assert "volume-000002" in said and ("altered" in said or "digest" in said), said
    said = refused(th, "archive", "write", tampered(archive, lambda copy: None))
    assert "is no key of this node" in said, said
    assert {d["verdict"] for d in later_json(vn, "retention", "due")["items"]} == {"referred", "not-archived"}
    assert "0 messages and refusals deleted" in later(vn, "retention", "run")
    shown("nothing is deleted because of a volume that is damaged, or another node's")


def killed(vn, before):
    """kill -9 a little later each time, until one run comes to its end before."""
    set_back(vn, before)
    archive, runs = region.work / "killed", 0
    for runs in range(1, 200):
        process = subprocess.Popen([region.lintas, "archive", "write", str(archive), "--messages", "1", "--dir", str(vn.path)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=LATER)
        try:
            said = process.communicate(timeout=0.03 * runs)[1].decode()
            assert process.returncode == 0, said
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        if (archive / "volume-000001").exists():  # whatever was killed: each volume that has its name is whole
            later(vn, "archive", "verify", archive)
    assert later_json(vn, "archive", "verify", archive)["messages"] == 2
    assert "2 messages and refusals deleted" in later(vn, "retention", "run")
    lintas(vn, "audit", "verify", "--evidence")
    shown(f"kill -9 while it writes, {runs - 1} times: each volume is whole, and no message is missing or written twice")


def story():
    authority = LongAuthority(region, "authority")
    th, vn = Node(region, "TH", authority), Node(region, "VN", authority)
    archive, before = region.work / "archive", region.work / "before"
    certificate = exchange(th, vn)
    terms(vn, certificate)
    before.mkdir()
    for path in vn.path.glob("lintas.db*"):
        shutil.copy(path, before / path.name)
    write(vn, archive)
    without_lintas(archive)
    search(vn, archive, certificate)
    delete(vn, archive, certificate)
    later(vn, "archive", "verify", archive)
    hostile(vn, archive)
    again(vn, archive, before)
    not_believed(th, vn, archive, before)
    killed(vn, before)


play(story, region)
