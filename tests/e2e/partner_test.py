#!/usr/bin/env python3
"""lintas partner test against a played partner (lintas simulate partner): when all is right it says so; each of the seeded
faults is found in the step where it is, with the side whose it is to mend.

usage: partner_test.py LINTAS SOURCE_ROOT
"""
import json, re, shutil, subprocess

from nodes import Authority, Node, Region, answer, lintas, play, run, shown, until

REGION = Region.asked_for("lintas-partner-test-")


class Played:
    """TH as a script plays it, in place of its node."""

    def __init__(self, node, *options, script=None, keys=None):
        self.node, self.options, self.keys = node, list(options), keys or node.path / "keys"
        if script is not None:
            path = node.region.work / "script.json"
            path.write_text(json.dumps({"rows": script}))
            self.options += ["--script", path]

    def __enter__(self):
        self.log = open(self.node.log_path(), "ab")
        command = [self.node.region.lintas, "simulate", "partner", "--listen", f"127.0.0.1:{self.node.port}", "--keys", self.keys,
                   *self.options]
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=self.log)
        self.node.region.children.append(self.process)
        assert b"SIMULATOR" in self.process.stdout.readline(), self.node.log_path().read_text()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(30) == 0, self.node.log_path().read_text()
        self.process.stdout.close()
        self.log.close()


def tested(node, partner, code=5):
    report = json.loads(lintas(node, "partner", "test", partner, "--json", code=code, seconds=120))
    return report, {step["step"]: step for step in report["steps"]}


def found(node, step, side, words, partner="TH"):
    """The first step that failed is STEP, it is SIDE's, and WORDS say what was seen; people read the same."""
    report, steps = tested(node, partner)
    failed = [s for s in report["steps"] if s["verdict"] == "failed"]
    assert report["verdict"] == "failed" and failed, report
    first = failed[0]
    assert (first["step"], first["side"]) == (step, side) and words in first["found"] and first["mend"], report
    page = lintas(node, "partner", "test", partner, code=5, seconds=120)
    assert ("OURS to mend" if side == "us" else "THEIRS to mend") in page and words in page, page
    print(f"found: {step}, {side}: {first['found']}")
    return steps


def with_tls_of(node, authority, name, days=90):
    """A copy of NODE's keys with a TLS certificate of AUTHORITY, for so many days from now; below 0: it has ended."""
    keys = REGION.work / name
    shutil.copytree(node.path / "keys", keys)
    tls = next(keys.glob("tls-*"))
    run("openssl", "req", "-new", "-key", tls / "key.pem", "-subj", "/CN=127.0.0.1", "-out", REGION.work / f"{name}.csr")
    authority.issue(REGION.work / f"{name}.csr", tls / "certificate.pem", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth",
                    days)
    return keys


def all_is_well(vn, th):
    with Played(th):
        report, steps = tested(vn, "TH", code=0)
        assert report["verdict"] == "passed", report
        for name in ("settings", "connection", "tls", "clock", "ping", "refusal", "sample ACDD", "sample CUSTOMS-RESPONSE"):
            assert steps[name]["verdict"] == "passed", steps[name]
        assert steps["sample FORM-D"]["verdict"] == "skipped" and "issuing-authority" in steps["sample FORM-D"]["found"], steps
        assert "all that was tried works" in lintas(vn, "partner", "test", "TH")


def faults(authority, vn, th):
    stranger = Authority(REGION, "stranger")
    other_node = Node(REGION, "LA", authority)
    # Nobody listens.
    found(vn, "connection", "them", "connection refused")
    # Its server shows a certificate of an authority that nobody agreed on.
    with Played(th, "--tls", with_tls_of(th, stranger, "strange-keys")):
        found(vn, "tls", "us", "no authority in the trust file has issued it")
        assert "[gateway] trust-file" in tested(vn, "TH")[1]["tls"]["mend"]
    # That of the agreed authority has expired.
    with Played(th, "--tls", with_tls_of(th, authority, "expired-keys", -1)):
        found(vn, "tls", "them", "it has expired")
    # It does not take our TLS certificate.
    with Played(th, script=[{"on": "any", "do": "status", "status": 403}]):
        found(vn, "tls", "them", "HTTP status 403")
    # Its clock is ten minutes ahead.
    with Played(th, script=[{"on": "any", "do": "clock", "seconds": 600}]):
        found(vn, "clock", "them", "ahead of ours")
    # It signs by another certificate than it gave us.
    with Played(th, "--other-keys", other_node.path / "keys", script=[{"on": "any", "do": "other-key"}]):
        found(vn, "ping", "them", "MSG-051")
    # Its receipts are unsigned.
    with Played(th, script=[{"on": "any", "do": "unsigned"}]):
        found(vn, "ping", "them", "MSG-030")
    # It is still an ebMS 2.0 gateway.
    with Played(th, script=[{"on": "any", "do": "old-version"}]):
        found(vn, "ping", "them", "SOAP 1.1 (ebMS 2)")
    # We call it by a party id that is not its own.
    with Played(th, "--party", "0088:thailand"):
        found(vn, "ping", "us", "MSG-080")
    # It does not know us.
    with Played(th, script=[{"on": "ping", "do": "refuse", "error": "MSG-050"}]):
        found(vn, "ping", "them", "MSG-050")
    # Its receipts speak of another message.
    with Played(th, script=[{"on": "any", "do": "wrong-receipt"}]):
        found(vn, "ping", "them", "MSG-100")
    # What it signs is not what arrives.
    with Played(th, script=[{"on": "any", "do": "corrupt"}]):
        found(vn, "ping", "them", "MSG-0")
    # It closes the connection.
    with Played(th, script=[{"on": "any", "do": "close"}]):
        found(vn, "ping", "them", "no answer before the end of the connection")
    # It has a fault of its own.
    with Played(th, script=[{"on": "any", "do": "status", "status": 500}]):
        found(vn, "ping", "them", "HTTP status 500")
    # It cannot open what we encrypt; everything else works.
    with Played(th, script=[{"on": "ACDD", "do": "refuse", "error": "MSG-060"}]):
        steps = found(vn, "sample ACDD", "us", "MSG-060")
        assert steps["ping"]["verdict"] == steps["refusal"]["verdict"] == "passed", steps
    # It takes everything, agreed or not.
    with Played(th, script=[{"on": "partner-test-not-agreed", "do": "status", "status": 204}]):
        found(vn, "refusal", "them", "HTTP status 204")


def no_certificate_to_encrypt_for(vn, th):
    """Said once, with the command; nothing else depends on it."""
    fingerprint = next(c["fingerprint"] for c in answer(vn, "partner", "show", "TH")["certificates"] if c["use"] == "encrypt")
    lintas(vn, "partner", "withdraw", "TH", fingerprint)
    with Played(th):
        steps = found(vn, "sample CUSTOMS-RESPONSE", "them", "no certificate that can be encrypted for")
        assert "lintas partner certificate TH --use encrypt --file FILE" in steps["sample CUSTOMS-RESPONSE"]["mend"], steps
        assert [s["step"] for s in steps.values() if s["verdict"] == "failed"] == ["sample CUSTOMS-RESPONSE"], steps
        assert "same cause" in steps["sample ACDD"]["found"], steps
    lintas(vn, "partner", "certificate", "TH", "--use", "encrypt", "--file", th.cert("decrypt"))


def both_ways(authority):
    """Two real nodes, over plain HTTP: whatever is tested, nothing is left but the messages, and the link is up."""
    mm, kh = (Node(REGION, state, authority, {"plain": "yes"}) for state in ("MM", "KH"))
    for node, other in ((mm, kh), (kh, mm)):
        lintas(node, "organisation", "add", "npp", "--seat", "plant-health", "--name", "Plant protection")
        lintas(node, "partner", "add", other.state, "--endpoint", f"http://127.0.0.1:{other.port}/as4", "--sign", other.cert("sign"),
               "--encrypt", other.cert("decrypt"))
    mm.start()
    page = lintas(mm, "partner", "test", "KH", code=5)
    assert "connection refused" in page, page
    until("the link is seen", lambda: answer(mm, "partner", "link", "KH")["failures"] > 0)
    page = lintas(mm, "partner", "link", "KH").replace("\n ", "")
    assert re.search(r"never answered; (1 attempt|[0-9]+ attempts in a row) without an answer", page), page
    kh.start()
    # Nobody there has the seat: there is nothing of it to exchange, and nothing to mend.
    step = tested(mm, "KH", code=0)[1]["sample CUSTOMS-RESPONSE"]
    assert step["verdict"] == "skipped" and "MSG-082" in step["found"], step
    for node in (mm, kh):
        lintas(node, "organisation", "add", "moic", "--seat", "issuing-authority", "--name", "Ministry of Commerce")
    before = {node: sum(":" not in m["action"] for m in answer(node, "inbox", "list")["items"]) for node in (mm, kh)}
    for node, other in ((mm, kh), (kh, mm)):
        steps = tested(node, other.state, code=0)[1]
        assert steps["tls"]["verdict"] == "skipped" and "plain HTTP" in steps["tls"]["found"], steps
        samples = {name: step["verdict"] for name, step in steps.items() if name.startswith("sample ")}
        assert len(samples) > 9 and set(samples.values()) == {"passed"}, samples
        until("the link is up", lambda: answer(node, "partner", "link", other.state)["state"] == "up")
    for node, other in ((mm, kh), (kh, mm)):
        messages = until("all is processed", lambda: processed(node, before[node] + len(samples)))
        assert not answer(node, "documents", "list")["items"] and not answer(node, "tasks")["items"]
        for message in messages:
            assert "finding" not in lintas(node, "timeline", message), lintas(node, "timeline", message)
    # What one of them does not exchange, the other is told how to put down.
    lintas(kh, "partner", "opt-out", "MM", "ACDD", "--law", "note 7/2026")
    steps = tested(mm, "KH")[1]
    assert "note 7/2026" in steps["sample ACDD"]["found"] or "MSG-089" in steps["sample ACDD"]["found"], steps
    assert "lintas partner opt-out" in steps["sample ACDD"]["mend"], steps
    lintas(mm, "partner", "opt-out", "KH", "ACDD", "--law", "note 7/2026")
    step = tested(mm, "KH", code=0)[1]["sample ACDD"]
    assert step["verdict"] == "skipped" and step["found"].endswith(": note 7/2026"), step
    mm.stop(), kh.stop()


def processed(node, count):
    """The samples that came, once all are processed."""
    items = [m for m in answer(node, "inbox", "list")["items"] if m["test"] and ":" not in m["action"]]
    return [m["id"] for m in items] if len(items) == count and all(m["state"] == "processed" for m in items) else None


def goes_away(vn, th):
    with Played(th, script=[{"on": "ping", "do": "away", "seconds": 3, "times": 1}]):
        found_away = tested(vn, "TH")[1]
        assert found_away["ping"]["verdict"] == "failed", found_away
        until("the partner is back", lambda: tested_code(vn) == 0, seconds=60)


def agree(vn, th, cpa, *options, test=False):
    """A CPA of that id between the two, imported by VN, and as a file for TH."""
    endpoints = [f"https://127.0.0.1:{node.port}/as4" for node in (vn, th)]
    text = lintas(vn, "partner", "propose", "TH", "--endpoint", endpoints[0], "--partner-endpoint", endpoints[1], "--agreed",
                  "--id", cpa, "--document", "ACDD", *options)
    path = vn.region.work / f"{cpa}.xml"
    path.write_text(text)
    lintas(vn, "partner", "import", path, "--partner", "TH", *(["--test"] if test else []))
    return path


def by_ebms2(vn, th):
    """Acknowledged at once by the played partner, who holds another CPA or ours; then with requests of their own by a real one."""
    agree(vn, th, "VN-TH-SYNC", "--sync")
    profile = ["--profile", "ebms2-rsa-sha256"]
    with Played(th, *profile, "--cpa", "VN-TH-OLD"):
        found(vn, "ping", "them", "under CPA VN-TH-SYNC")
    with Played(th, *profile, "--cpa", "VN-TH-SYNC"):
        steps = tested(vn, "TH", code=0)[1]
        assert steps["settings"]["found"] == "VN-TH-SYNC" and steps["refusal"]["verdict"] == "passed", steps
        assert steps["sample ACDD"]["verdict"] == "skipped" and "as a trial" in steps["sample ACDD"]["found"], steps
    agree(vn, th, "VN-TH-TRIAL", "--sync", test=True)
    with Played(th, *profile):
        assert tested(vn, "TH", code=0)[1]["sample ACDD"]["verdict"] == "passed"
    for cpa in ("VN-TH-SYNC", "VN-TH-TRIAL"):
        lintas(vn, "partner", "withdraw-agreement", "TH", cpa)
    th.knows(vn)
    lintas(th, "partner", "import", agree(vn, th, "VN-TH-LATER"), "--partner", "VN")
    lintas(th, "partner", "import", agree(vn, th, "VN-TH-LATER-TRIAL", test=True), "--partner", "VN", "--test")
    th.start()
    steps = tested(vn, "TH", code=0)[1]
    assert steps["ping"]["verdict"] == steps["refusal"]["verdict"] == steps["sample ACDD"]["verdict"] == "passed", steps
    # What is cited is the standard by which is spoken.
    assert "ebMS 2.0" in steps["refusal"]["found"] and "AS4" not in steps["refusal"]["found"], steps["refusal"]
    th.stop()


def tested_code(node):
    result = subprocess.run([node.region.lintas, "partner", "test", "TH", "--dir", str(node.path)], capture_output=True, timeout=120)
    return result.returncode


def refuses_to_play(th):
    said = subprocess.run([REGION.lintas, "simulate", "partner", "--listen", "0.0.0.0:9443", "--keys", str(th.path / "keys")],
                          capture_output=True, timeout=60)
    assert said.returncode == 2 and b"--anywhere" in said.stderr, said
    script = REGION.work / "wrong.json"
    script.write_text('{"rows": [{"on": "any", "do": "dance"}, {"on": "ping", "do": "delay"}]}')
    said = subprocess.run([REGION.lintas, "simulate", "partner", "--listen", f"127.0.0.1:{th.port}", "--keys", str(th.path / "keys"),
                           "--script", str(script)], capture_output=True, timeout=60)
    assert said.returncode == 1 and b"SIM-001" in said.stderr and b"SIM-003" in said.stderr, said


def story():
    authority = Authority(REGION, "asean")
    vn, th = Node(REGION, "VN", authority), Node(REGION, "TH", authority)
    vn.knows(th)
    lintas(vn, "partner", "test", "TH", code=5)  # the node is stopped
    vn.start()
    refuses_to_play(th)
    all_is_well(vn, th)
    faults(authority, vn, th)
    no_certificate_to_encrypt_for(vn, th)
    goes_away(vn, th)
    both_ways(authority)
    by_ebms2(vn, th)
    lintas(vn, "partner", "test", "KH", code=3)
    lintas(vn, "partner", "suspend", "TH")
    found(vn, "settings", "us", "suspended")
    vn.stop()
    shown("all faults were found, with their side")


play(story, REGION)
