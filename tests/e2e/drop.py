#!/usr/bin/env python3
"""Drop folders with what people and programs put there: halves, links, pipes, names in every script, and a node that is killed.

usage: drop.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
"""
import copy, csv, io, json, os, pathlib, random, shutil, signal, time

from nodes import Authority, Node, Region, answer, free_port, lintas, play, shown, until

REGION = Region.asked_for("lintas-drop-")
WORK, ROOT = REGION.work, REGION.root.resolve()
SETTLE = 0.5


SAMPLE = list(csv.DictReader(io.StringIO((ROOT / "tests" / "mapping" / "ministry.csv").read_text("utf-8-sig"))))


def ministry(*references, **changes):
    first = [row for row in SAMPLE if row["CERT_NO"] == SAMPLE[0]["CERT_NO"]]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, first[0])
    writer.writeheader()
    for reference in references:
        for row in first:
            writer.writerow({**row, "CERT_NO": reference, **changes.get(reference.replace("-", "_"), {})})
    return out.getvalue().encode()


class Folder:
    """The drop folder of dft at TH."""

    def __init__(self, node):
        self.path, self.node = node.path / "drop" / "dft", node
        self.inside = self.path / "in" / "ministry-form-d"
        self.inside.mkdir(parents=True)

    def put(self, name, octets, inside=None):
        """NAME: bytes. Whole at once."""
        place = os.fsencode(inside or self.inside)
        with open(os.path.join(place, b".whole"), "wb") as file:
            file.write(octets)
        os.rename(os.path.join(place, b".whole"), os.path.join(place, name))

    def receipts(self):
        folder = self.path / "receipts"
        return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []

    def receipt_of(self, name):
        found = [told for told in self.receipts() if told["file"] == name]
        assert len(found) <= 1, found
        return found[0] if found else None

    def moved(self, kind, told, name):
        return pathlib.Path(os.fsdecode(os.path.join(os.fsencode(self.path / kind / told["id"]), name)))

    def status(self):
        return next(d for d in answer(self.node, "drop", "status")["items"] if d["organisation"] == "dft")

    def untaken(self):
        return {entry["path"]: entry["why"] for entry in self.status().get("entries", [])}


def names(folder):
    every = {
        "ü.csv".encode(): "ü.csv", "u\u0308.csv".encode(): "u\u0308.csv", "ใบรับรอง.csv".encode(): "ใบรับรอง.csv",
        "شهادة.csv".encode(): "شهادة.csv", "証明書 2026.csv".encode(): "証明書 2026.csv", b"-rf.csv": "-rf.csv",
        b"two\nlines.csv": "two%0Alines.csv", "\u202egpj.csv".encode(): "%E2%80%AEgpj.csv", b"\xff\xfe.csv": "%FF%FE.csv",
        b"$(touch x);'\".csv": "$(touch x);'\".csv", b"n" * 251 + b".csv": "n" * 251 + ".csv", "ก".encode() * 85: "ก" * 85,
    }
    for i, name in enumerate(every):
        folder.put(name, ministry(f"NAME-{i}"))
    for i, (name, shown_as) in enumerate(every.items()):
        told = until(f"{shown_as} is taken", lambda shown_as=shown_as: folder.receipt_of(shown_as))
        assert [d["reference"] for d in told["documents"]] == [f"NAME-{i}"] and told["refused"] == 0, told
        until("it is moved", folder.moved("done", told, name).exists)
        assert folder.moved("done", told, name).read_bytes() == ministry(f"NAME-{i}")
    until("all are moved away", lambda: not list(folder.inside.iterdir()))
    shown(f"{len(every)} names in every script, with line ends, dashes, wrong octets and 255 of them are taken as they are")


def strangers(folder):
    secret = WORK / "secret.csv"
    secret.write_bytes(ministry("SECRET-1"))
    outside = WORK / "outside"
    outside.mkdir()
    (folder.inside / "link.csv").symlink_to(secret)
    (folder.inside / "folder-link").symlink_to(outside)
    (folder.inside / "sub").mkdir()
    (folder.inside / "sub" / "inner.csv").write_bytes(ministry("INNER-1"))
    os.mkfifo(folder.inside / "pipe.csv")
    (folder.inside / "hard.csv").write_bytes(ministry("HARD-1"))
    os.link(folder.inside / "hard.csv", WORK / "hard.csv")
    (folder.inside / ".hidden.csv").write_bytes(ministry("HIDDEN-1"))
    (folder.inside / "copied.csv.part").write_bytes(ministry("PART-1"))
    (folder.path / "in" / "no-such-mapping").mkdir()
    (folder.path / "in" / "no-such-mapping" / "lost.csv").write_bytes(ministry("LOST-1"))
    (folder.path.parent / "nosuchorg" / "in").mkdir(parents=True)
    locked = os.geteuid() != 0
    (folder.inside / "locked.csv").write_bytes(ministry("LOCKED-1"))
    (folder.inside / "locked.csv").chmod(0 if locked else 0o600)
    folder.put(b"after.csv", ministry("AFTER-1"))
    until("what stands beside them is taken", lambda: folder.receipt_of("after.csv"))
    time.sleep(2 * SETTLE)
    untaken = folder.untaken()
    at = "in/ministry-form-d/"
    for name, why in (("link.csv", "symbolic link"), ("folder-link", "symbolic link"), ("sub", "a folder"), ("pipe.csv", "no file"),
                      ("hard.csv", "hard link")):
        assert why in untaken[at + name], (name, untaken)
    strangers = {d["organisation"]: d["entries"] for d in answer(folder.node, "drop", "status")["items"]}
    assert "no organisation of ours has this name" in strangers["nosuchorg"][0]["why"], strangers
    assert "; 1 file in it is not taken" in untaken["in/no-such-mapping"], untaken
    assert "a folder" in untaken["in/no-such-mapping"] and not any("hidden" in path or ".part" in path for path in untaken), untaken
    if locked:
        assert "cannot be read" in untaken[at + "locked.csv"], untaken
    else:
        print("SKIPPED: a file that cannot be read, because root reads all")
    assert "in/ministry-form-d/link.csv: it is a symbolic link" in lintas(folder.node, "drop", "status")
    references = {d["reference"] for d in answer(folder.node, "documents", "list", "--limit", "500")["items"]}
    assert not references & {"SECRET-1", "INNER-1", "HARD-1", "HIDDEN-1", "PART-1"} and "AFTER-1" in references
    assert secret.exists() and not list(outside.iterdir())
    (WORK / "hard.csv").unlink()
    until("a file whose other name is gone is taken", lambda: folder.receipt_of("hard.csv"))
    shown("links, pipes, folders, hidden and unfinished files are left, and told with the reason; nothing beside them waits")


def halves(folder):
    octets = ministry("HALF-1", "HALF-2")
    with open(folder.inside / "slow.csv", "wb") as file:
        for i in range(0, len(octets), max(1, len(octets) // 15)):
            file.write(octets[i:i + max(1, len(octets) // 15)])
            file.flush()
            assert not folder.receipt_of("slow.csv"), "half a file was taken"
            time.sleep(SETTLE / 4)
    told = until("it is whole", lambda: folder.receipt_of("slow.csv"))
    assert [d["reference"] for d in told["documents"]] == ["HALF-1", "HALF-2"] and told["refused"] == 0
    shown("a file that is still being written is taken when it is whole")


def refusals(folder):
    folder.put(b"mixed.csv", ministry("MIX-1", "MIX-2", MIX_2={"UNIT": "B34"}))
    told = until("mixed.csv is judged", lambda: folder.receipt_of("mixed.csv"))
    assert told["refused"] == 1 and told["documents"][0]["id"] and "id" not in told["documents"][1], told
    finding = told["documents"][1]["findings"][0]
    assert finding["code"] == "COD-002" and 'line 5, column "UNIT"' in finding["text"], finding
    place = folder.moved("refused", told, b"mixed.csv")
    until("it is moved", place.exists)
    assert 'line 5, column "UNIT"' in (place.parent / "findings.txt").read_text()
    assert json.loads((place.parent / "findings.json").read_text())["refused"] == 1
    for name, octets, code in ((b"empty.csv", b"", "MAP-036"), (b"latin.csv", ministry("LATIN-1").decode().encode("utf-16"), "CSV-"),
                               (b"columns.csv", b"A,B\r\n1,2\r\n", "MAP-020"), (b"large.csv", bytes(70000), "NAT-002")):
        folder.put(name, octets)
        told = until(f"{name} is judged", lambda name=name: folder.receipt_of(name.decode()))
        assert told["refused"] >= 1 and told["findings"][0]["code"].startswith(code), told
        until("it is moved", folder.moved("refused", told, name).exists)
    folder.put(b"plain.xml", b"<not closed", folder.path / "in")
    told = until("plain.xml is judged", lambda: folder.receipt_of("plain.xml"))
    assert told["refused"] == 1, told
    form = REGION.document("form-d.xml", "PLAIN-1").read_bytes()
    folder.put(b"form.xml", form, folder.path / "in")
    told = until("form.xml is taken", lambda: folder.receipt_of("form.xml"))
    assert told["refused"] == 0 and told["documents"][0]["reference"] == "PLAIN-1", told
    shown("what is wrong lies in \"refused\" with its findings beside; what is right in the same file is sent")


def again(folder, th):
    before = len(answer(th, "documents", "list", "--limit", "500")["items"])
    told = folder.receipt_of("after.csv")
    folder.put(b"after.csv", ministry("AFTER-1"))
    until("it is gone", lambda: not (folder.inside / "after.csv").exists())
    assert folder.receipt_of("after.csv")["documents"][0]["id"] == told["documents"][0]["id"]
    folder.put(b"other name.csv", ministry("AFTER-1"))
    other = until("other name.csv", lambda: folder.receipt_of("other name.csv"))
    assert other["documents"][0]["repeated"] and other["documents"][0]["id"] == told["documents"][0]["id"]
    assert len(answer(th, "documents", "list", "--limit", "500")["items"]) == before
    shown("the same file again, under its name or another one, sends nothing again")


def everywhere(folder, th):
    """A document that came in two files is told in the receipts of both."""
    for name in (b"twice one.csv", b"twice two.csv"):
        folder.put(name, ministry("TWICE-1"))
    for name in ("twice one.csv", "twice two.csv"):
        until(f"{name} tells that it was transmitted", lambda name=name: (folder.receipt_of(name) or {"documents": [{}]})["documents"][0].get(
            "state") == "transmitted")
    shown("a document that is in two files is transmitted in both receipts")


def same_names(folder):
    """Files that have the names of what is written beside them."""
    for name in (b"findings.txt", b"findings.json"):
        octets = ministry("SAME-" + name.decode(), SAME_findings={"UNIT": "B34"}) + b"broken\r\n"
        folder.put(name, octets)
        told = until(f"{name} is judged", lambda name=name: folder.receipt_of(name.decode()))
        assert told["refused"], told
        until("it is moved", folder.moved("refused", told, b"file").exists)
        assert folder.moved("refused", told, b"file").read_bytes() == octets
        assert "refused" in folder.moved("refused", told, b"findings.txt").read_text()
        assert json.loads(folder.moved("refused", told, b"findings.json").read_text())["file"] == name.decode()
        folder.put(name, octets)
        until("it is moved again", lambda name=name: not (folder.inside / name.decode()).exists())
        assert json.loads(folder.moved("refused", told, b"findings.json").read_text())["file"] == name.decode()
    folder.put(b"findings.txt", ministry("SAME-GOOD"))
    told = until("a good one is taken", lambda: next((r for r in folder.receipts() if r["file"] == "findings.txt" and not r["refused"]), None))
    until("it is moved under its name", folder.moved("done", told, b"findings.txt").exists)
    shown("a file named findings.txt does not overwrite what was found")


def strays(folder):
    """What is wrong with one file keeps none back: each is judged by itself."""
    inside = folder.path / "in"
    (inside / "FORM-D").mkdir()
    (inside / "CUSTOMS-RESPONSE").mkdir()
    form = REGION.document("form-d.xml", "STRAY-1").read_bytes()
    files = {
        "root.xml": (inside, b"<stranger/>"), "none.xml": (inside, b""), "none-d.xml": (inside / "FORM-D", b""),
        "json.json": (inside, b"{}"), "list.json": (inside / "FORM-D", b"[" * 100000), "nul.xml": (inside, b"\0" * 5000),
        "other.xml": (inside / "CUSTOMS-RESPONSE", form), "seat.xml": (inside, REGION.document("response.xml", "STRAY-2", "NONE").read_bytes()
                                                                     if (ROOT / "tools" / "demo" / "response.xml").exists() else b"<r/>"),
        "nobody.xml": (inside, form.replace(b">VN<", b">LA<")), "state.xml": (inside, form.replace(b">TH<", b">KH<")),
        "entity.xml": (inside, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    }
    for name, (place, octets) in files.items():
        folder.put(name.encode(), octets, place)
    folder.put(b"stray good.xml", REGION.document("form-d.xml", "STRAY-9").read_bytes(), inside)
    until("the right one is sent", lambda: folder.receipt_of("stray good.xml"))
    for name in files:
        told = until(f"{name} is judged", lambda name=name: folder.receipt_of(name), seconds=20)
        found = told["findings"] + [f for d in told["documents"] for f in d["findings"]]
        assert told["refused"] and found, (name, told)
    shown(f"{len(files)} files that are no documents, empty, of another type, state, seat or partner are refused, each with its findings")


def tests(folder, th, vn):
    """What comes into the folder "test"."""
    inside = folder.path / "test" / "ministry-form-d"
    inside.mkdir(parents=True)
    folder.put(b"trial.csv", ministry("TRIAL-1"), inside)
    folder.put(b"trial.xml", REGION.document("form-d.xml", "TRIAL-2").read_bytes(), inside.parent)
    (inside / "trial-link.csv").symlink_to("/etc/passwd")
    for name, where, reference in (("trial.csv", "test/ministry-form-d", "TRIAL-1"), ("trial.xml", "test/", "TRIAL-2")):
        told = until(f"{name} is taken", lambda name=name: folder.receipt_of(name))
        assert told["folder"] == where and told["refused"] == 0, told
        until("it arrives", lambda reference=reference: [d for d in answer(vn, "documents", "list", "--reference", reference)["items"]])
        for node in (th, vn):
            assert [d["test"] for d in answer(node, "documents", "list", "--reference", reference)["items"]] == [True]
    assert "symbolic link" in folder.untaken()["test/ministry-form-d/trial-link.csv"]
    folder.put(b"trial.csv", ministry("TRIAL-1"))
    until("the same file in earnest is another one", lambda: [r for r in folder.receipts() if r["file"] == "trial.csv" and
                                                              r["folder"] == "ministry-form-d" and not r["documents"][0].get("repeated")])
    (inside / "trial-link.csv").unlink()
    shown("what is put into \"test\" is sent as a test, and known as one on both sides")


def traps(folder, th):
    """Somebody puts a link in the place of a folder of ours."""
    outside = WORK / "elsewhere"
    outside.mkdir()
    (folder.path / "done").rename(folder.path / "kept")
    (folder.path / "done").symlink_to(outside)
    folder.put(b"trap.csv", ministry("TRAP-1"))
    until("it is told", lambda: "role.failed" in th.log_path().read_text())
    until("the document is kept", lambda: [d for d in answer(th, "documents", "list", "--reference", "TRAP-1")["items"]])
    assert not list(outside.iterdir()) and (folder.inside / "trap.csv").exists()
    (folder.path / "done").unlink()
    (folder.path / "kept").rename(folder.path / "done")
    told = until("it goes on", lambda: folder.receipt_of("trap.csv"))
    until("it is moved", folder.moved("done", told, b"trap.csv").exists)
    assert len(answer(th, "documents", "list", "--reference", "TRAP-1")["items"]) == 1
    shown("a link in the place of a folder is not followed; once it is gone the file goes on where it was")


def killed(folder, th, vn):
    """At any moment, many times; each file has several documents."""
    random.seed(int(os.environ.get("LINTAS_SEED", "1")))
    files = {f"kill-{i}.csv": [f"KILL-{i}-{k}" for k in range(4)] for i in range(12)}
    for name, references in files.items():
        folder.put(name.encode(), ministry(*references))
    for _ in range(6):
        time.sleep(random.uniform(0.05, 0.9))
        th.stop(signal.SIGKILL)
        th.start()
    told = until("all are taken", lambda: (lambda found: found if all(found.values()) else None)(
        {name: folder.receipt_of(name) for name in files}), seconds=120)
    for name, references in files.items():
        assert [d["reference"] for d in told[name]["documents"]] == references and told[name]["refused"] == 0, told[name]
        until("moved", folder.moved("done", told[name], name.encode()).exists)
    every = sorted(reference for references in files.values() for reference in references)

    def arrived():
        items = answer(vn, "documents", "list", "--limit", "500")["items"]
        return sorted(d["reference"] for d in items if d["reference"].startswith("KILL-"))
    until("all arrive", lambda: len(arrived()) >= len(every), seconds=120)
    assert arrived() == every
    out = vn.path / "drop" / "customs" / "out"
    until("all are written", lambda: sum(1 for _ in out.glob("*FORM-D-*.xml")) == len(answer(vn, "documents", "list", "--type", "FORM-D",
                                                                                           "--limit", "500")["items"]))
    shown(f"killed six times: {len(files)} files with {len(every)} documents, nothing lost, nothing doubled")


def beside(folder, th, vn):
    """A second node with the same database and the same folder."""
    second = copy.copy(th)
    second.path, second.port = WORK / "th-second", free_port()
    shutil.copytree(th.path, second.path, ignore=shutil.ignore_patterns("drop", "instance", "*.sock"))
    second.configure({"listen.port" if "[listen]" in (th.path / "lintas.conf").read_text() else "port": second.port,
                      "drop": th.path / "drop"})
    second.start()
    files = {f"both-{i}.csv": [f"BOTH-{i}-{k}" for k in range(3)] for i in range(20)}
    for i, (name, references) in enumerate(files.items()):
        folder.put(name.encode(), ministry(*references, BOTH_3_1={"UNIT": "B34"}))
    for name, references in files.items():
        told = until(f"{name} is taken", lambda name=name: folder.receipt_of(name))
        assert [d["reference"] for d in told["documents"]] == references and told["refused"] == (name == "both-3.csv"), told
        assert not any(d.get("repeated") for d in told["documents"]), told
        until("it is moved", folder.moved("refused" if told["refused"] else "done", told, name.encode()).exists)
    until("all arrive", lambda: len([d for d in answer(vn, "documents", "list", "--limit", "500")["items"]
                                     if (d.get("reference") or "").startswith("BOTH-")]) == 59)
    second.stop()
    assert "another node takes" not in th.log_path().read_text()
    shown("two nodes with one database and one folder take each file once")


def gone(folder):
    """The folder goes away (a share that is not mounted): the status says so, then there is a task; both end with it."""
    node, drop = folder.node, folder.path.parent
    aside = drop.with_name("aside")
    tasks = lambda: [t for t in answer(node, "tasks")["items"] if t["kind"] == "role-failed" and t["state"] == "open"]
    drop.rename(aside)
    fault = until("the status says that it fails", lambda: answer(node, "status").get("faults"))[0]
    assert fault["role"] == "drop" and "cannot open the folder" in fault["text"], fault
    assert "FAILS since" in lintas(node, "status")
    task = until("there is a task", tasks)[0]
    assert task["subject"] == "drop" and "cannot open the folder" in task["text"], task
    aside.rename(drop)
    until("both are over", lambda: not answer(node, "status").get("faults") and not tasks())
    shown("a folder that is gone stands in the status and is a task, until it is back")


def story():
    authority = Authority(REGION, "authority")
    quick = {"drop": "drop", "drop-settle": f"{int(SETTLE * 1000)}ms", "mappings": ROOT / "data" / "mapping", "max-payload": "64KB"}
    th, vn = Node(REGION, "TH", authority, quick), Node(REGION, "VN", authority, quick)
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    folder = Folder(th)
    (vn.path / "drop" / "customs").mkdir(parents=True)
    th.start(), vn.start()
    names(folder)
    strangers(folder)
    halves(folder)
    refusals(folder)
    again(folder, th)
    everywhere(folder, th)
    same_names(folder)
    strays(folder)
    tests(folder, th, vn)
    gone(folder)
    traps(folder, th)
    killed(folder, th, vn)
    if REGION.database:
        beside(folder, th, vn)
    th.stop(), vn.stop()


play(story, REGION)
