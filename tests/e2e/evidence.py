#!/usr/bin/env python3
"""`lintas evidence export`: the folder proves what was exchanged on a machine without Lintas, and every changed byte is found.

usage: evidence.py LINTAS SOURCE_ROOT   (exit 77: skipped)
Two real nodes for each profile; openssl, Python with lxml, and xmlsec1 judge what they export.
"""
import concurrent.futures, contextlib, datetime, hashlib, json, os, pathlib, re, shutil, subprocess, sys, tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from nodes import Authority, Node, Region, answer, lintas, play, run, shown, skip, until
from tamper import PYTHON, UNPROVED, flipped, place_in, sums_anew

PROFILES = {  # keys for signing and decryption, and how the certificate is named; the first is what a new partner has
    "edelivery-1.15": ("rsa-2048", "rsa-2048", "bst"), "edelivery-2.0": ("ed25519", "x25519", "ski"), "ecdsa-p256": ("p256", "p256", "issuer-serial")}
TOKENS = {"bst": b"<wsse:BinarySecurityToken", "ski": b"#X509SubjectKeyIdentifier", "issuer-serial": b"<ds:X509IssuerSerial"}
if not pathlib.Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", "import lxml"], capture_output=True).returncode:
    skip("no lxml")
region = Region.asked_for("lintas-evidence-")


# --- the machine without Lintas: what is on its PATH, and nothing else ---

def bare_machine(folder="bin", more=("gzip",)):
    programs = region.work / folder
    programs.mkdir()
    for name in ("awk cat cmp comm cut dirname env find grep mktemp openssl rm sed sh sort tr".split() + list(more)):
        (programs / name).symlink_to(shutil.which(name))
    return {"PATH": str(programs), "HOME": "/nonexistent", "TMPDIR": str(region.work)}


def says(folder, machine, *command):
    """(exit status, what was printed) of one program."""
    *program, script = command
    result = subprocess.run([*program, folder / script], capture_output=True, timeout=120, env=machine, cwd="/")
    return result.returncode, result.stdout.decode(errors="replace") + result.stderr.decode(errors="replace")


def judge(folder, machine):
    """What derive.py and verify.sh say, each when it is asked for."""
    for program, script in ((PYTHON, "derive.py"), ("/bin/sh", "verify.sh")):
        yield says(folder, machine, program, script)


def noticed(folder, machine):
    return any(status != 0 for status, _ in judge(folder, machine))


def told(folder, machine, sentence, programs=2):
    """At least so many of the two find something wrong, say SENTENCE, and neither says anything in a programmer's words."""
    answers = list(judge(folder, machine))
    for status, text in answers:
        assert not any(word in text for word in ("Error", "Traceback", "No such file", "cannot open", "not found")), text
        assert status == 0 or "this folder proves nothing" in text.splitlines()[-1], text
    assert sum(status != 0 and sentence in text for status, text in answers) >= programs, f"not said: {sentence}\n{answers}"


def must_hold(folder, machine, *sentences):
    together = ""
    for status, text in judge(folder, machine):
        assert status == 0 and "WRONG" not in text and " 0 are wrong" in text, f"{folder}\n{text}"
        together += text
    for sentence in sentences:
        assert sentence in together, f"{folder}: not said: {sentence}\n{together}"


# --- changing one byte ---

@contextlib.contextmanager
def copied(folder):
    with tempfile.TemporaryDirectory(dir=region.work) as beside:
        yield shutil.copytree(folder, pathlib.Path(beside) / "copy")


def changed(folder, machine, name, forged):
    """One byte of NAME is another, as it is, or, as a forger would, with SHA256SUMS made anew."""
    with copied(folder) as copy:
        data = (folder / name).read_bytes()
        (copy / name).write_bytes(flipped(data, place_in(name, data)))
        if forged:
            sums_anew(copy)
        assert noticed(copy, machine), f"{name} was changed (sums made anew: {forged}), and nobody noticed"


def missing(folder, machine, name):
    with copied(folder) as copy:
        (copy / name).unlink()
        told(copy, machine, f"WRONG  {name} is missing")


def emptied(folder, machine, name):
    with copied(folder) as copy:
        (copy / name).unlink()
        sums = (copy / "SHA256SUMS").read_text().splitlines(True)
        (copy / "SHA256SUMS").write_text("".join(line for line in sums if line[66:].rstrip() != str(name)))
        assert noticed(copy, machine), f"{name} was taken away, and nobody noticed"
        (copy / name).touch()
        (copy / "SHA256SUMS").write_text("".join(sums))
        sums_anew(copy)
        told(copy, machine, f"WRONG  {name} is empty" if name.parent.name != "payload" else "WRONG", programs=1)


def tamper(folder, machine, sums_as_they_are=True):
    """Each file in turn is changed; with the sums made anew, too, where it proves something by itself. And nothing can be taken away or
    emptied, either.
    """
    files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert len(files) > 20
    cases = [(changed, name, True) for name in files if name.name not in UNPROVED]
    if sums_as_they_are:
        cases += [(changed, name, False) for name in files]
        cases += [(missing, name) for name in files if name.suffix not in (".sh", ".py")]
        cases += [(emptied, name) for name in files if name.suffix not in (".sh", ".py") and name.name != "SHA256SUMS"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for case in [pool.submit(what, folder, machine, *of) for what, *of in cases]:
            case.result()
    return len(files)


def what_people_read(folder, machine):
    """The content in plain is not what is signed; a forger changes it alone, and makes the sums anew."""
    copy = region.work / "forged"
    shutil.copytree(folder, copy)
    data = (folder / "payload" / "1.xml").read_bytes()
    (copy / "payload" / "1.xml").write_bytes(flipped(data, len(data) // 2))
    sums_anew(copy)
    told(copy, machine, "WRONG  payload/1.xml is what payload/1.signed expands to", programs=1)
    told(copy, machine, "WRONG  evidence.json has the digest of payload/1.xml", programs=1)
    poor = bare_machine("without-gzip", [])
    status, text = says(copy, poor, "/bin/sh", "verify.sh")
    assert status == 0 and "note   payload/1.xml: whether it is the content of payload/1.signed is checked by derive.py alone" in text, text
    (copy / "payload" / "2.xml").write_text("<more/>")
    told(copy, machine, "WRONG  payload/2.xml is not named in SHA256SUMS: it was added")
    (copy / "SHA256SUMS").open("a").write("0" * 64 + "  payload/2.xml\n")
    sums_anew(copy)
    told(copy, machine, "WRONG  payload/2.xml: a signed list of digests has payload/2.xml", programs=1)
    told(copy, machine, "WRONG  payload/2.xml does not belong into this folder", programs=1)
    status, text = says(folder, machine, PYTHON, "-S", "derive.py")  # -S: without the libraries that Debian adds
    assert status == 2 and text.startswith(f"derive.py needs lxml, which {PYTHON} does not have: apt install python3-lxml, or "), text
    shown("content that was changed or added beside what is signed is found; each program says in words what is missing")


# --- forging: whoever made the folder made the sums as well ---

def sums_of_all(folder):
    files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p != folder / "SHA256SUMS")
    (folder / "SHA256SUMS").write_text("".join(f"{hashlib.sha256((folder / p).read_bytes()).hexdigest()}  {p}\n" for p in files))


def forged(folder, change):
    copy = region.work / "forgery"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    change(copy)
    sums_of_all(copy)
    return copy


def edit(folder, change, name="evidence.json"):
    """CHANGE is made to what the JSON file says."""
    said = json.loads((folder / name).read_text())
    change(said)
    (folder / name).write_text(json.dumps(said, separators=(",", ":")))


def another_certificate(folder, which):
    """Of the same key, by an authority of the forger's own."""
    own, key, made = region.work / "rogue.pem", region.work / "rogue.key", folder / which / "signer.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", own, "-subj", "/CN=rogue", "-days", "30")
    (region.work / "rogue.pub").write_text(run("openssl", "x509", "-in", made, "-noout", "-pubkey"))
    run("openssl", "x509", "-new", "-force_pubkey", region.work / "rogue.pub", "-subj", "/CN=somebody", "-CA", own, "-CAkey", key,
        "-days", "10", "-out", made)
    print_ = run("openssl", "x509", "-in", made, "-noout", "-fingerprint", "-sha256").split("=")[1].strip().replace(":", "").lower()

    def name_it(said):
        wire = next(w for w in said["wires"] if w["folder"] == which)
        wire["signer"] = wire["basis"][0]["fingerprint"] = print_
    edit(folder, name_it)


def renamed(folder):
    (folder / "1-sent").rename(folder / "1-x-sent")
    (folder / "2-receipt-received" / "answers").write_text("1-x-sent\n")

    def name_it(said):
        said["wires"][0].update(folder="1-x-sent", kind="x-sent")
        said["wires"][1]["answers"] = "1-x-sent"
    edit(folder, name_it)


def later(folder):
    """Everything happened five days later."""
    def move(said):
        for wire in said["wires"]:
            wire["at"] += 5 * 86400 * 10**6
            wire["time"] = datetime.datetime.fromtimestamp(wire["at"] // 1000 / 1000, datetime.timezone.utc).strftime(
                "%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (wire["at"] // 1000 % 1000)
            (folder / wire["folder"] / "time").write_text("%d\n%s\n" % (wire["at"] // 10**6, wire["time"]))
    edit(folder, move)


def list_called_later(folder):
    (folder / "2-receipt-received" / "crl-1.pem").rename(folder / "2-receipt-received" / "later-crl-1.pem")


def list_withheld(folder):
    """With its issuer: as if the node had known neither."""
    for name in ("crl-1.pem", "issuer-1.pem"):
        (folder / "2-receipt-received" / name).unlink()

    def forget(said):
        wire = said["wires"][1]
        wire.update(issuers=0, revocationLists=0, basis=wire["basis"][:1])
    edit(folder, forget)


def unsealed(folder):
    def open_up(said):
        for entry in said["entries"]:
            for name in ("seal", "sequence", "index", "count", "path"):
                entry.pop(name, None)
            entry["actor"] = "somebody else"
    edit(folder, open_up, "audit/entries.json")
    (folder / "audit" / "links.tsv").write_text("")
    edit(folder, lambda said: said.update(journal={"entries": said["journal"]["entries"], "unsealed": said["journal"]["entries"],
                                                  "links": 0, "toHead": False}))


def entry_digest(entry):
    """README.md, "The files"."""
    preimage = b""
    for name in "id at actor organisation subjectType subject event fromState toState detail law content".split():
        text = entry.get(name, "" if name in entry.get("empty", "").split() else None)
        preimage += b"\xff" * 8 if text is None else len(str(text).encode()).to_bytes(8, "big") + str(text).encode()
    return hashlib.sha256(preimage).digest()


def before_a_gap(folder):
    """A chain of the forger's own, one entry a seal, and far on the genuine head."""
    links, before = [], "00" * 32

    def seal(said):
        nonlocal before
        for number, entry in enumerate(said["entries"], 1):
            entry["actor"] = "somebody else"
            root = hashlib.sha256(b"\0" + entry_digest(entry)).digest()
            digest = hashlib.sha256(bytes.fromhex(before) + f"{number}\n{number}\n1\n".encode() + root).hexdigest()
            entry.update(seal=number, sequence=number, index=0, count=1, path=[])
            links.append(f"{number}\t{number}\t{number}\t1\t{before}\t{root.hex()}\t{digest}")
            before = digest
    edit(folder, seal, "audit/entries.json")
    head = (folder / "audit" / "links.tsv").read_text().splitlines()[-1].split("\t")
    links.append("\t".join(["90000"] + head[1:]))
    (folder / "audit" / "links.tsv").write_text("\n".join(links) + "\n")
    edit(folder, lambda said: said["journal"].update(links=len(links), lastSeal=90000))


def twice(folder):
    text = (folder / "evidence.json").read_text()
    (folder / "evidence.json").write_text('{"state":"abandoned",' + text[1:])


def outside(folder):
    edit(folder, lambda said: said["payloads"][0].update(plain="../../../etc/hostname", signed="../../../etc/hostname"))


def content_beside(folder):
    """The name that people open holds another content; the genuine one stands beside it."""
    genuine = (folder / "payload" / "1.xml").read_bytes()
    (folder / "payload" / "1.xml").write_bytes(genuine.replace(b"EV-", b"FORGED-"))
    (folder / "payload" / "0.xml").write_bytes(genuine)
    edit(folder, lambda said: said["payloads"][0].update(plain="payload/0.xml"))


def content_twice(folder):
    for name in ("1.xml", "1.signed"):
        shutil.copy(folder / "payload" / name, folder / "payload" / name.replace("1", "2"))
    edit(folder, lambda said: said["payloads"].append(dict(said["payloads"][0], plain="payload/2.xml", signed="payload/2.signed")))


def entries_time(folder):
    edit(folder, lambda said: [entry.update(time="1999-01-01T00:00:00.000Z") for entry in said["entries"]], "audit/entries.json")


def signature_taken_away(folder, which):
    for path in (folder / which).iterdir():
        if path.suffix != ".pem" and path.name not in ("message", "content-type", "time"):
            path.unlink()
    edit(folder, lambda said: [wire.update(proved=False) for wire in said["wires"] if wire["folder"] == which])


def refusal_alone(folder):
    """Nothing of the message, and an answer whose signature is not shown and whose certificate is forgotten."""
    signature_taken_away(folder, "2-error-received")
    for path in (folder / "2-error-received").glob("*.pem"):
        path.unlink()
    shutil.rmtree(folder / "1-sent")
    for later in folder.glob("[3-9]-*"):  # a slow machine was refused again before it exported
        shutil.rmtree(later)
    (folder / "2-error-received").rename(folder / "1-error-received")
    edit(folder, lambda said: said.update(wires=[dict(said["wires"][1], folder="1-error-received", basis=[])]))


def own_receipt(folder):
    """The message's signer answers itself, says the forger, who has only that certificate."""
    shutil.copy(folder / "1-sent" / "signer.pem", folder / "2-receipt-received" / "signer.pem")
    edit(folder, lambda said: (said["wires"][1].update(signer=said["wires"][0]["signer"]),
                               said["wires"][1]["basis"][0].update(fingerprint=said["wires"][0]["signer"])))


NO_RECORD = ": the journal names its record: octets, time, signer, certificates, revocation lists and content"
FORGERIES = (  # who made the folder anew, and what derive.py says
    (content_beside, "WRONG  evidence.json names the files of payload/ by their numbers"),
    (content_twice, "WRONG  1-sent: header, body and each content are signed, each once"),
    (renamed, "WRONG  evidence.json names each folder by its number and one of the six kinds"),
    (lambda f: edit(f, lambda said: said["wires"][1].update(kind="error-received")), "WRONG  evidence.json names each folder by its"),
    (lambda f: (f / "payload" / "2.xml").symlink_to("/etc/hostname"), "WRONG  payload/2.xml does not belong into this folder"),
    (lambda f: (f / "note.txt").write_text("see there\n"), "WRONG  note.txt does not belong into this folder"),
    (outside, "WRONG  evidence.json names the files of payload/ by their numbers"),
    (twice, "WRONG  evidence.json has a name twice"),
    (later, "WRONG  1-sent" + NO_RECORD),
    (lambda f: another_certificate(f, "1-sent"), "WRONG  1-sent" + NO_RECORD),
    (list_called_later, "WRONG  2-receipt-received/later-crl-1.pem is called later only if it is"),
    (list_withheld, "WRONG  2-receipt-received" + NO_RECORD),
    (own_receipt, "WRONG  2-receipt-received: another certificate than that of 1-sent signed it"),
    (lambda f: edit(f, lambda said: said["from"].update(type="x")), "WRONG  1-sent: evidence.json says what the message says"),
    (entries_time, ": its time is what its field at says"),
)


def forgeries(folder, refused, machine):
    for change, sentence in FORGERIES:
        told(forged(folder, change), machine, sentence, programs=1)
    told(forged(refused, lambda f: signature_taken_away(f, "2-error-received")), machine,
         "WRONG  2-error-received: its signature does not hold, so that the files of it are not here", programs=1)
    told(forged(refused, refusal_alone), machine, "WRONG  1-error-received" + NO_RECORD, programs=1)
    for which, change in (("verify.sh", own_receipt), ("verify.sh", renamed),
                          ("verify.sh", lambda f: (f / "payload" / "2.xml").symlink_to("/etc/hostname"))):
        assert says(forged(folder, change), machine, "/bin/sh", which)[0] == 1, change
    assert says(forged(refused, refusal_alone), machine, "/bin/sh", "verify.sh")[0] == 3
    for change in (unsealed, before_a_gap):
        status, text = says(forged(folder, change), machine, PYTHON, "derive.py")
        assert status == 3 and " 0 are wrong" in text and "The journal proves nothing here" in text, text
        assert "nothing holds it" in text and " is under seal 1\n" not in text, text
    shown(f"{len(FORGERIES)} ways of forging a folder with its sums are found, and what the journal does not hold is not believed")


def words(folder, message, machine):
    """What is said in the end, and by which names people know it."""
    signers = {}
    for which in ("1-sent", "2-receipt-received"):  # expected: openssl's own words
        text = run("openssl", "x509", "-in", folder / which / "signer.pem", "-noout", "-fingerprint", "-sha256", "-serial")
        signers[which] = dict(line.split("=") for line in text.splitlines())
    readme = (folder / "README.md").read_text()
    text = says(folder, machine, "/bin/sh", "verify.sh")[1]
    derived = says(folder, machine, PYTHON, "derive.py")[1]
    for which, deed in (("1-sent", "signed this message with its content"), ("2-receipt-received", "acknowledged 1-sent at 20")):
        print_, serial = next(v for k, v in signers[which].items() if "ingerprint" in k), signers[which]["serial"]
        line = next(line for line in text.splitlines() if line.startswith(f"- {which}: "))
        assert deed in line and line.endswith(print_), line
        assert print_.replace(":", "").lower() in derived.split("this:")[1] and f"`{print_.replace(':', '').lower()}`" in readme
        assert f"serial number `{serial}`" in readme, serial
    assert readme.startswith(f"# Evidence of `FORM-D` `{message}` in message"), readme[:100]
    assert f"| document | `{message}`, issued " in readme
    assert not re.search("@[A-Z]+[:@]", readme), "a place was not filled"
    files = {p.name for p in folder.rglob("*")}
    for name, file in (("later-crl-N", "later-crl-1.pem"), ("`crl-N", "crl-1.pem"), ("issuer-N", "issuer-1.pem"), ("`N-sent`", "1-sent"),
                       ("N-error", "2-error-received"), ("`N-received`", "1-received"), ("N-receipt", "2-receipt-received")):
        assert (name in readme) == (file in files), name
    shown("README.md and the last words name certificates, document and files as they are")


def facts(folder):
    return json.loads((folder / "evidence.json").read_text())


def export(node, message, name, *more):
    folder = region.work / name
    lintas(node, "evidence", "export", message, "--to", folder, *more)
    return folder


# --- two nodes ---

def revocation_list(authority):
    """A fresh, empty list of AUTHORITY."""
    folder = region.work / "list"
    folder.mkdir()
    (folder / "index.txt").touch()
    (folder / "number").write_text("01\n")
    (folder / "conf").write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={folder}/index.txt\ncrlnumber={folder}/number\n"
                                 "default_md=sha256\ndefault_crl_days=20\n")
    run("openssl", "ca", "-gencrl", "-config", folder / "conf", "-keyfile", authority.key, "-cert", authority.cert, "-out", folder / "crl.pem")
    return folder / "crl.pem"


def sent_and_taken(th, vn, reference):
    """Sends a document and a ping; (id at TH, id at VN) of both messages, and the document's file."""
    path = region.document("form-d.xml", reference)
    sent = answer(th, "send", path, "--from", "dft")["message"]
    ping = answer(th, "ping", "VN")["id"]
    both = []
    for message in (sent, ping):
        out = until("delivered", lambda message=message: next((m for m in answer(th, "outbox", "list")["items"]
                                                               if m["id"] == message and m["state"] == "delivered"), None))
        both.append((message, until("processed", lambda out=out: next((m["id"] for m in answer(vn, "inbox", "list")["items"] if m[
            "messageId"] == out["messageId"] and m["state"] == "processed"), None))))
    return both, path


def xmlsec(folder, wanted):
    """Runs the commands of README.md."""
    commands = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("xmlsec1 ")]
    assert bool(commands) == wanted, f"{folder}: {commands}"
    if shutil.which("xmlsec1"):
        for command in commands:
            run("sh", "-c", command, cwd=folder)
    return len(commands)


def exchange_by(profile, th, vn, machine):
    both, path = sent_and_taken(th, vn, f"EV-{profile}")
    (document, document_in), (ping, ping_in) = both
    folders = {name: export(node, message, f"{profile}-{name}") for name, node, message in (
        ("document-th", th, document), ("document-vn", vn, document_in), ("ping-th", th, ping), ("ping-vn", vn, ping_in))}
    for name, folder in folders.items():
        must_hold(folder, machine, "repeats exactly the digests", "the journal names what is in this folder")
        lines = 2 if name.startswith("ping") else 1  # a message with content is for openssl and lxml alone, its receipt is not
        assert xmlsec(folder, profile != "edelivery-2.0") == (lines if profile != "edelivery-2.0" else 0)
    for name in ("document-th", "document-vn"):
        assert (folders[name] / "payload" / "1.xml").read_bytes() == path.read_bytes(), "the plain payload is another document"
    assert [w["kind"] for w in facts(folders["document-th"])["wires"]] == ["sent", "receipt-received"]
    assert [w["kind"] for w in facts(folders["document-vn"])["wires"]] == ["received", "receipt-sent"]
    for name in ("1-sent", "2-receipt-received"):
        message = (folders["document-th"] / name / "message").read_bytes()
        in_signature = message[message.index(b"<ds:SignatureValue"):message.index(b"</ds:Signature>")]
        assert TOKENS[PROFILES[profile][2]] in (message if PROFILES[profile][2] == "bst" else in_signature), name
    # Both sides hold the same octets.
    for mine, yours in (("1-sent", "1-received"), ("2-receipt-received", "2-receipt-sent")):
        assert (folders["document-th"] / mine / "message").read_bytes() == (folders["document-vn"] / yours / "message").read_bytes()
    shown(f"{profile}: with content and without, from both sides, openssl and lxml prove it")
    return document, document_in, folders


def exchange_by_ebms2(th, vn, machine):
    """Under a CPA, as each of them imports it; answers come with requests of their own."""
    endpoints = [f"https://127.0.0.1:{node.port}/as4" for node in (th, vn)]
    cpa = region.work / "cpa.xml"
    cpa.write_text(lintas(th, "partner", "propose", "VN", "--endpoint", endpoints[0], "--partner-endpoint", endpoints[1], "--agreed"))
    for node, other in ((th, "VN"), (vn, "TH")):
        lintas(node, "partner", "import", cpa, "--partner", other)
    path = region.document("form-d.xml", "EV-ebms2")
    sent = answer(th, "send", path, "--from", "dft")["message"]
    out = until("delivered", lambda: next((m for m in answer(th, "outbox", "list")["items"]
                                           if m["id"] == sent and m["state"] == "delivered"), None))
    taken = until("processed", lambda: next((m["id"] for m in answer(vn, "inbox", "list")["items"] if m[
        "messageId"] == out["messageId"] and m["state"] == "processed"), None))
    folders = export(th, sent, "ebms2-th"), export(vn, taken, "ebms2-vn")
    for folder, kinds in zip(folders, (["sent", "receipt-received"], ["received", "receipt-sent"])):
        must_hold(folder, machine, "repeats exactly the digests", "the journal names what is in this folder",
                  "the agreement that it names is agreement/1.xml", "the journal names agreement/1.xml as what was agreed then")
        assert [w["kind"] for w in facts(folder)["wires"]] == kinds
        assert xmlsec(folder, True) == 1 and "encrypted" not in (folder / "README.md").read_text()
        assert (folder / "agreement" / "1.xml").read_bytes() == cpa.read_bytes(), "the agreement is another one"
        assert (folder / "payload" / "1.xml").read_bytes() == path.read_bytes(), "the plain payload is another document"
    told(forged(folders[0], another_agreement), machine, "WRONG  1-sent: the journal names agreement/1.xml as what was agreed then",
         programs=1)
    tamper(folders[1], machine, sums_as_they_are=False)
    shown("ebms2: under a CPA, from both sides, openssl, lxml and xmlsec prove it; the agreement is there, and another one is found")


def another_agreement(folder):
    """With other retries, as if that had been agreed."""
    text = (folder / "agreement" / "1.xml").read_text()
    (folder / "agreement" / "1.xml").write_text(text.replace("<tns:Retries>", "<tns:Retries>1"))
    digest = hashlib.sha256((folder / "agreement" / "1.xml").read_bytes()).hexdigest()
    edit(folder, lambda said: said["agreements"][0].update(sha256=digest))


def change_profile(th, vn, authority, profile):
    """New keys on both sides, beside the old ones; then both agree on PROFILE."""
    sign, decrypt, token = PROFILES[profile]
    for node, other in ((th, vn), (vn, th)):
        for use, kind, at in (("sign", sign, "sign"), ("decrypt", decrypt, "encrypt")):
            cert = node.new_key(authority, use, kind, f"{node.state}-{profile}-{use}")
            lintas(other, "partner", "certificate", node.state, "--use", at, "--file", cert)
    for node, other in ((th, "VN"), (vn, "TH")):
        lintas(node, "partner", "change", other, "--profile", profile, "--token", token)


def versions(th, vn, authority, machine):
    """A partner that is down, and a certificate that changes meanwhile."""
    vn.stop()
    message = json.loads(lintas(th, "ping", "VN", "--wait", "0", "--json", code=5))["id"]
    until("tried", lambda: answer(th, "outbox", "list")["items"][0]["attempts"])
    waiting = export(th, message, "waiting")
    must_hold(waiting, machine, "there is no receipt")
    assert "There is no receipt" in (waiting / "README.md").read_text()
    older = [k["id"] for k in answer(th, "key", "list")["items"] if (k["use"], k["type"], k["status"]) == ("sign", "ed25519", "active")]
    cert = th.new_key(authority, "sign", "ed25519", "TH-new-sign")
    lintas(vn, "partner", "certificate", "TH", "--use", "sign", "--file", cert)  # on the stopped node
    for key in older:  # until then it signs, because partners know it; there is no way back, so it asks who has the next one
        lintas(th, "key", "retire", key, code=6)
        assert key in [k["id"] for k in answer(th, "key", "list")["items"] if k["status"] == "active"]
        lintas(th, "key", "retire", key, "--approved")
    until("signed anew", lambda: len(list((export(th, message, f"waiting-{len(list(region.work.glob('waiting*')))}")).glob("*-sent"))) == 2)
    vn.start()
    until("delivered", lambda: answer(th, "outbox", "list")["items"][0]["state"] == "delivered")
    folder = export(th, message, "versions")
    must_hold(folder, machine, "3-receipt-received: repeats exactly the digests of 2-sent")
    wires = facts(folder)["wires"]
    assert [w["folder"] for w in wires] == ["1-sent", "2-sent", "3-receipt-received"] and wires[2]["answers"] == "2-sent"
    assert wires[0]["signer"] != wires[1]["signer"]
    shown("a message that waits has no receipt; signed anew, it has a folder for each version")


def never_left(th, vn, machine):
    """Signed, and nobody listens; an officer holds it and gives it up."""
    vn.stop()
    path = region.document("form-d.xml", "EV-never")
    message = answer(th, "send", path, "--from", "dft")["message"]
    until("tried", lambda: answer(th, "outbox", "list")["items"][0]["attempts"])
    for decision in ("hold", "abandon"):
        until(decision, lambda: subprocess.run([region.lintas, "outbox", decision, message, "--dir", th.path],
                                               capture_output=True).returncode == 0)
    folder = export(th, message, "never-left")
    vn.start()
    must_hold(folder, machine, "- There is no receipt: nothing here shows that the message was accepted.")
    readme = (folder / "README.md").read_text()
    places = [readme.index(text) for text in ("signed the message, for sending (folder `1-sent`)", ": the message was held",
                                              ": the message was abandoned", "**There is no receipt.**", "**The exchange was abandoned**")]
    assert places == sorted(places) and "| why the last attempt failed | " in readme and "| document | `EV-never`, issued " in readme
    assert not any(name in readme for name in ("N-receipt", "N-error", "N-received", "answers` |", "later-crl-N"))
    shown("a message that never left is told as such, with who held it and gave it up")


def refusals(th, vn, machine):
    lintas(vn, "partner", "suspend", "TH")
    message = json.loads(lintas(th, "ping", "VN", "--wait", "0", "--json", code=5))["id"]
    until("refused", lambda: answer(th, "outbox", "list")["items"][0].get("lastError"))  # attempts count from their beginning
    folder = export(th, message, "refused")
    lintas(vn, "partner", "resume", "TH")
    assert [w["kind"] for w in facts(folder)["wires"]][:2] == ["sent", "error-received"], facts(folder)["wires"]
    must_hold(folder, machine, "2-error-received: the signature over SignedInfo", "there is no receipt")
    assert "MSG-" in (folder / "README.md").read_text()
    shown("a signed refusal is evidence, too")
    return folder


def by_hand(th, vn, document, machine):
    folder = region.work / "by-hand"
    folder.mkdir()
    (folder / "something").touch()
    assert facts(export(th, "EV-edelivery-1.15", "by-reference"))["id"] == document
    before = len(answer(th, "timeline", document)["items"])
    lintas(th, "evidence", "export", document, "--to", folder, code=6)
    lintas(th, "evidence", "export", "nothing", code=3)
    assert len(answer(th, "timeline", document)["items"]) == before, "a refused export is in the journal"
    (folder / "something").unlink()
    th.stop()
    name = facts(region.work / "again-document-th")["messageId"]  # eb:MessageId names it as well, and the node need not run
    summary = json.loads(run(region.lintas, "evidence", "export", name, "--dir", th.path, "--json", cwd=folder))
    made = folder / f"evidence-{document}"
    assert summary["folder"] == made.name and summary["files"] == sum(p.is_file() for p in made.rglob("*"))
    must_hold(made, machine)
    entry = answer(th, "timeline", document)["items"][-1]
    assert entry["event"] == "evidence-exported" and entry["content"] == hashlib.sha256((made / "SHA256SUMS").read_bytes()).hexdigest()
    proof = answer(th, "audit", "verify", "--evidence")
    assert proof["brokenSequence"] == 0 and not proof.get("brokenWire") and proof["wires"] > 0, proof
    shown("the export names the folder in the journal; a folder that holds something, or an unknown message, is refused")


def story():
    machine, authority = bare_machine(), Authority(region, "authority")
    th, vn = Node(region, "TH", authority), Node(region, "VN", authority)
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    lists = revocation_list(authority)
    for node, other in ((th, "VN"), (vn, "TH")):
        lintas(node, "partner", "certificate", other, "--use", "issuer", "--file", authority.cert)
        lintas(node, "partner", "certificate", other, "--use", "crl", "--file", lists)
    th.start(), vn.start()

    document, document_in, folders = exchange_by("edelivery-1.15", th, vn, machine)
    for folder in (folders["document-th"] / "2-receipt-received", folders["document-vn"] / "1-received"):
        assert (folder / "crl-1.pem").read_text().split() == lists.read_text().split(), "not the list that was in force"
    must_hold(folders["document-th"], machine, "2-receipt-received: crl-*.pem do not revoke signer.pem")
    shown("the revocation list of the day is there and is checked")
    count = tamper(folders["document-th"], machine)
    shown(f"a changed byte in each of {count} files is found, also by who makes the sums anew; and so is a missing or emptied file")
    words(folders["document-th"], "EV-edelivery-1.15", machine)
    what_people_read(folders["document-th"], machine)

    later = {}
    for profile in ("ecdsa-p256", "edelivery-2.0"):
        change_profile(th, vn, authority, profile)
        later[profile] = exchange_by(profile, th, vn, machine)[2]
    tamper(later["ecdsa-p256"]["ping-vn"], machine, sums_as_they_are=False)
    tamper(later["edelivery-2.0"]["document-vn"], machine, sums_as_they_are=False)
    shown("the same for ECDSA and Ed25519")

    for node, other in ((th, vn), (vn, th)):
        lintas(node, "key", "retire", "sign-1", "--approved")
        lintas(node, "key", "retire", "decrypt-1")
        for c in answer(other, "partner", "show", node.state)["certificates"]:
            if f"CN={node.state} " in c["subject"] and c["use"] in ("sign", "encrypt"):
                lintas(other, "partner", "withdraw", node.state, c["fingerprint"])
    for node, message, name in ((th, document, "document-th"), (vn, document_in, "document-vn")):
        folder = export(node, message, f"again-{name}")
        must_hold(folder, machine)
        for path in folders[name].glob("[0-9]*/*"):
            assert path.read_bytes() == (folder / path.relative_to(folders[name])).read_bytes(), f"{path.name} is not as it was"
    shown("certificate withdrawn, key retired: the same evidence")
    versions(th, vn, authority, machine)
    forgeries(folders["document-th"], refusals(th, vn, machine), machine)
    never_left(th, vn, machine)
    change_profile(th, vn, authority, "edelivery-1.15")  # new RSA keys, which a CPA needs
    exchange_by_ebms2(th, vn, machine)
    by_hand(th, vn, document, machine)


play(story, region)
