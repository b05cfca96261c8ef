#!/usr/bin/env python3
"""A played partner that sends (lintas simulate partner --send) to a real node, by AS4 and by ebMS 2: what is right is accepted once, with a
receipt for each repetition; what is wrong is refused by the rule that docs/simulator.md names, and nothing of it is among the documents.

usage: simulate.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
"""
import contextlib, json, re, shutil, subprocess

from nodes import Authority, Node, Region, answer, lintas, play, run, shown, until

REGION = Region.asked_for("lintas-simulate-")
KINDS = {"edelivery-1.15": None, "edelivery-2.0": ("ed25519", "x25519"), "ecdsa-p256": ("p256", "p256")}
# Of the page: what each `do` of a sender comes to, by AS4 and by ebMS 2: the rule, or the outcome of what is not answered by a signal.
PAGE = (REGION.root / "docs" / "simulator.md").read_text()
COMES_TO = r"([A-Z]{3}-\d{3}|[a-z-]+)"
SENT = {row[0]: row[1:] for row in re.findall(rf"^\| `([a-z-]+)` \| .* \| {COMES_TO} \| {COMES_TO} \|$", PAGE, re.M)}


class Sender:
    """TH as a script plays it."""

    def __init__(self, th, *how):
        self.options = ["--party", "TH", "--keys", th.path / "keys", "--trust", th.path / "partners-tls.pem", *how]

    def run(self, document, *options, script=(), code=0):
        path = REGION.work / "script.json"
        path.write_text(json.dumps({"rows": list(script)}))
        return run(REGION.lintas, "simulate", "partner", "--send", document, "--type", "FORM-D", "--script", path, *self.options, *options,
                   code=code, seconds=120)

    def send(self, document, *options, script=(), code=0):
        said = json.loads(self.run(document, "--json", *options, script=script, code=code))
        assert said["accepted"] == sum(item["outcome"] == "accepted" for item in said["items"]), said
        return said["items"]


def references(node):
    until("all is processed", lambda: not answer(node, "inbox", "list", "--state", "received")["items"])
    return sorted(d.get("reference", "") for d in answer(node, "documents", "list")["items"] if d["direction"] == "in")


def signed_by(items):
    return all(item["outcome"] == "accepted" and item["signer"].startswith("CN=VN") for item in items)


def is_told(node, sender, number, name):
    """All that SENDER can do wrong comes to what the page says; of the messages that are refused VN keeps no document."""
    before, rules = references(node), []
    for act, said in SENT.items():
        expected = said[number]
        row = {"on": "any", "do": act, "seconds": -100 * 86400 if act == "clock" else 1}
        document = REGION.document("form-d.xml", f"{name}-{act}")
        items = sender.send(document, script=[row], code=0 if expected == "accepted" else 5)
        last = items[-1]
        assert last.get("rule", last["outcome"]) == expected, (act, expected, items)
        assert len(items) == (2 if act in ("duplicate", "at-once", "altered") else 1), items
        if act in ("duplicate", "at-once", "altered"):
            assert signed_by(items[:1]) and items[0]["messageId"] == items[1]["messageId"], items
        if expected.startswith("MSG-"):
            rules.append(expected)
            kept = answer(node, "refusal", "list", "--partner", "TH")["items"][0]
            assert (kept["rule"], kept["messageId"]) == (expected, last["messageId"]), kept
            assert last["outcome"] == "refused" and last["signer"].startswith("CN=VN"), last
    taken = [act for act, said in SENT.items() if said[number] == "accepted" or act == "altered"]
    # Half a document has no reference; it was taken, and is told to be none in a message of its own.
    assert references(node) == sorted(before + ["" if act == "half" else f"{name}-{act}" for act in taken]), references(node)
    assert len(set(rules)) >= 5, rules


def by_as4(vn, th, la):
    card = REGION.work / "vn.card"
    card.write_text(lintas(vn, "card"))
    sender = Sender(th, "--card", card, "--other-keys", la.path / "keys")
    document = REGION.document("form-d.xml", "SIM-1")
    assert signed_by(sender.send(document)) and references(vn) == ["SIM-1"]
    said = sender.run(REGION.document("form-d.xml", "SIM-2"), "--count", "3", code=5,
                      script=[{"on": "FORM-D", "do": "unsigned", "after": 1, "times": 1}, {"on": "ping", "do": "away", "seconds": 60}])
    assert "SIMULATOR" in said and "3 sent, 2 accepted" in said and len(re.findall(r"unsigned +refused +200 +MSG-030", said)) == 1, said
    assert references(vn) == ["SIM-1", "SIM-2"]
    shown("a right message is accepted, and what the script says happens to the second of three")
    is_told(vn, sender, 0, "AS4")
    shown("by AS4 each fault comes to what the page says, a repetition counts once, and nothing wrong is kept")


def new_certificates(authority, vn, th, profile):
    """Keys of PROFILE's kinds on both sides, which VN and TH agree on: VN's certificates."""
    for node in (vn, th):
        for use, kind in zip(("sign", "decrypt"), KINDS[profile]):
            node.new_key(authority, use, kind, f"{node.state}-{profile}-{use}")
    lintas(vn, "partner", "certificate", "TH", "--use", "sign", "--file", REGION.work / f"TH-{profile}-sign.pem")
    lintas(vn, "partner", "certificate", "TH", "--use", "encrypt", "--file", REGION.work / f"TH-{profile}-decrypt.pem")
    lintas(vn, "partner", "change", "TH", "--profile", profile)
    return [REGION.work / f"VN-{profile}-{use}.pem" for use in ("sign", "decrypt")]


def by_each_profile(authority, vn, th):
    sign, decrypt = vn.cert("sign"), vn.cert("decrypt")
    for profile, kinds in KINDS.items():
        if kinds:
            sign, decrypt = new_certificates(authority, vn, th, profile)
        document = REGION.document("form-d.xml", f"SIM-{profile}")
        to = ["--profile", profile, "--to", f"https://127.0.0.1:{vn.port}/as4", "--to-party", "VN", "--encrypt", decrypt]
        items = Sender(th, *to, "--sign", sign).send(document, script=[{"on": "FORM-D", "do": "duplicate", "seconds": 1}])
        assert len(items) == 2 and signed_by(items) and references(vn).count(f"SIM-{profile}") == 1, items
        wrong = Sender(th, *to, "--sign", th.cert("sign")).send(document, code=5)[0]
        assert (wrong["outcome"], wrong["rule"]) == ("wrong-answer", "MSG-051"), wrong
    shown("by each profile, with certificates instead of a card; a receipt that another has signed is wrong")


def agree(vn, th, cpa, *options):
    """What VN and TH agree on by ebMS 2 from now on."""
    lintas(vn, "partner", "change", "TH", "--profile", "ebms2-rsa-sha256")
    text = lintas(vn, "partner", "propose", "TH", "--endpoint", f"https://127.0.0.1:{vn.port}/as4", "--partner-endpoint",
                  f"https://127.0.0.1:{th.port}/as4", "--agreed", "--id", cpa, "--document", "FORM-D", *options)
    path = REGION.work / f"{cpa}.xml"
    path.write_text(text)
    lintas(vn, "partner", "import", path, "--partner", "TH")
    return path


@contextlib.contextmanager
def listening(node, *how):
    """NODE's place, played."""
    command = [REGION.lintas, "simulate", "partner", "--listen", f"127.0.0.1:{node.port}", "--keys", node.path / "keys", *how]
    with open(node.log_path(), "ab") as log:
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=log)
        REGION.children.append(process)
        assert b"SIMULATOR" in process.stdout.readline(), node.log_path().read_text()
        yield
        process.terminate()
        assert process.wait(30) == 0, node.log_path().read_text()
        process.stdout.close()


def lines(node):
    return [json.loads(line) for line in node.log_path().read_text().splitlines() if line.endswith("}")]


def by_ebms2(vn, th, la):
    cpa = agree(vn, th, "VN-TH-SYNC", "--sync")
    to = ["--profile", "ebms2-rsa-sha256", "--agreement", cpa, "--sign", vn.cert("sign"), "--other-keys", la.path / "keys"]
    is_told(vn, Sender(th, *to), 1, "EBMS2")
    shown("by ebMS 2 under a CPA, too")
    lintas(vn, "partner", "withdraw-agreement", "TH", "VN-TH-SYNC")
    refused = Sender(th, *to).send(REGION.document("form-d.xml", "SIM-OVER"), code=5)[0]
    assert refused["rule"] == "MSG-085", refused
    later = Sender(th, *to[:2], "--agreement", agree(vn, th, "VN-TH-LATER"))
    with listening(th, *to[:2]):
        taken = later.send(REGION.document("form-d.xml", "SIM-LATER"), code=5)[0]
        assert taken["outcome"] == "taken" and "SIM-LATER" in references(vn), taken
        until("the receipt comes with a request of its own", lambda: any(
            line["event"] == "simulator.heard" and line["about"] == taken["messageId"] for line in lines(th)))
    shown("under an agreement that has ended it is refused; one whose answers come later has it taken, and who listens hears of it")


def by_wrong_answers(vn, th, la):
    """One played partner sends, another answers: what is no right answer is seen to be none."""
    said = [("receipt", "accepted", None), ("wrong-receipt", "wrong-answer", "MSG-100"), ("unsigned", "wrong-answer", "MSG-030"),
            ("other-key", "wrong-answer", "MSG-051"), ("refuse", "refused", "MSG-080"), ("status", "turned-away", None),
            ("old-version", "turned-away", None), ("close", "unanswered", None), ("corrupt", "wrong-answer", "MSG-")]
    script = REGION.work / "answers.json"
    rows = [{"on": "any", "do": act, "times": 1, "status": 503, "error": "MSG-080"} for act, _, _ in said]
    script.write_text(json.dumps({"rows": rows}))
    as4 = ["--to-party", "VN", "--to", f"https://127.0.0.1:{vn.port}/as4", "--encrypt", vn.cert("decrypt"), "--sign", vn.cert("sign")]
    for profile, *how in (("edelivery-1.15", *as4), ("ebms2-rsa-sha256", "--agreement", REGION.work / "VN-TH-SYNC.xml")):
        sender = Sender(th, "--profile", profile, *how)
        with listening(vn, "--profile", profile, "--script", script, "--other-keys", la.path / "keys"):
            items = sender.send(REGION.document("form-d.xml", "SIM-0"), "--count", len(said), code=5)
        for (act, outcome, rule), item in zip(said, items, strict=True):
            # What is left to compare of an ebMS 2 receipt is what it speaks of.
            expected = "MSG-102" if (profile, act) == ("ebms2-rsa-sha256", "wrong-receipt") else rule
            assert item["outcome"] == outcome and item.get("rule", "").startswith(expected or ""), (profile, act, item)
            assert ("rule" in item) == (rule is not None), item
    shown("answers that are none, of another played partner, are told apart from receipts and errors, by both bindings")


def is_refused(document, words, *options, code=1):
    said = subprocess.run([REGION.lintas, "simulate", "partner", *map(str, options)], capture_output=True, timeout=60, input=b"")
    assert said.returncode == code and not said.stdout, said
    for word in words:
        assert word.encode() in said.stderr, (word, said.stderr.decode())


def options(vn, th):
    document, keys, script = REGION.document("form-d.xml", "SIM-0"), th.path / "keys", REGION.work / "wrong.json"
    script.write_text(json.dumps({"rows": [{"on": "any", "do": "refuse"}, {"on": "any", "do": "other-key"}, {"on": "any", "do": "away"}]}))
    # Neither, and both.
    is_refused(document, ["--listen", "--send"], "--keys", keys, code=2)
    is_refused(document, ["program of its own"], "--keys", keys, "--listen", "127.0.0.1:1", "--send", document, code=2)
    # All at once, whatever it is about.
    is_refused(document, ["SIM-020", "--anywhere", "SIM-021", "--party ID", "SIM-022", "SIM-007", "FORM-X", "SIM-005", "SIM-003",
                          "--other-keys", "rows[3]", "SIM-012", "leave it out"],
               "--send", document, "--keys", keys, "--anywhere", "--count", "0", "--type", "FORM-X", "--script", script,
               "--agreement", document)
    is_refused(document, ["SIM-020", "--card", "--json"], "--listen", "127.0.0.1:1", "--keys", keys, "--card", document, "--json")
    ebms2 = ["--profile", "ebms2-rsa-sha256"]
    send = ["--send", document, "--keys", keys, "--party", "TH", "--type", "FORM-D"]
    is_refused(document, ["SIM-006"], *send, "--profile", "as5")
    is_refused(document, ["SIM-008", "SIM-010"], *send)
    is_refused(document, ["SIM-011", "--encrypt", "--sign"], *send, "--to-party", "VN", "--encrypt", document, "--sign", document)
    is_refused(document, ["SIM-010", "ecdsa-p256"], *send, "--to-party", "VN", "--profile", "ecdsa-p256", "--encrypt", vn.cert("decrypt"))
    is_refused(document, ["SIM-009"], *send, "--to-party", "VN", "--encrypt", vn.cert("decrypt"))
    is_refused(document, ["SIM-012", "--agreement"], *send, *ebms2)
    is_refused(document, ["SIM-012", "--card, --to-party"], *send, *ebms2, "--agreement", document, "--to-party", "VN")
    is_refused(document, ["CPA-"], *send, *ebms2, "--agreement", document)
    cpa = agree(vn, th, "VN-TH-ACDD", "--document", "ACDD")
    is_refused(document, ["SIM-013", "VN-TH-ACDD"], *send[:4], "--party", "KH", "--type", "FORM-D", *ebms2,
               "--agreement", cpa)
    is_refused(document, ["SIM-014", "CUSTOMS-RESPONSE"], *send[:6], "--type", "CUSTOMS-RESPONSE", *ebms2, "--agreement", cpa)
    without = REGION.work / "no-tls"
    shutil.copytree(keys, without, ignore=shutil.ignore_patterns("tls-*"))
    is_refused(document, ["SIM-023", "--plain"], *send[:2], "--keys", without, *send[4:], "--card", document)
    # Nobody is there.
    nobody = Sender(th, "--to-party", "VN", "--encrypt", vn.cert("decrypt"), "--to", "https://127.0.0.1:1/as4").send(document, code=5)[0]
    assert nobody["outcome"] == "unanswered" and "connection refused" in nobody["text"], nobody
    shown("options, script, certificates and agreements that do not fit are refused, all at once and with what to do")


def story():
    authority = Authority(REGION, "asean")
    vn, th, la = (Node(REGION, state, authority) for state in ("VN", "TH", "LA"))
    vn.configure({"gateway.url": f"https://127.0.0.1:{vn.port}/as4"})
    vn.knows(th)
    vn.start()
    by_as4(vn, th, la)
    by_each_profile(authority, vn, th)
    by_ebms2(vn, th, la)
    options(vn, th)
    vn.stop()
    by_wrong_answers(vn, th, la)


play(story, REGION)
