#!/usr/bin/env python3
"""`lintas as4 inspect` as an operator and a script use it: exit statuses, standard input, --json, and what a person reads.

usage: as4_inspect.py LINTAS SOURCE_ROOT   (exit 77: skipped)
The messages are real ones of other products, in LINTAS_DATA/as4; their PROVENANCE.md says what to expect.
"""
import base64, json, os, pathlib, re, subprocess

from nodes import Region, play, shown, skip

DATA = pathlib.Path(os.environ.get("LINTAS_DATA", "/nonexistent")) / "as4"
if not DATA.is_dir():
    skip("no LINTAS_DATA/as4")
REGION = Region.asked_for("lintas-as4-inspect-")
LINTAS, ROOT = REGION.lintas, REGION.root
RECEIPT = DATA / "positive" / "governikus.as4in"


def inspect(file, *options, stdin=None):
    """(exit status, what a person reads, what a script reads)"""
    texts = [subprocess.run([LINTAS, "as4", "inspect", str(file), *map(str, options), *more], input=stdin, capture_output=True, timeout=60)
             for more in ((), ("--json",))]
    assert texts[0].returncode == texts[1].returncode and not any(b"Sanitizer" in t.stderr for t in texts), texts
    return texts[0].returncode, texts[0].stdout.decode(), json.loads(texts[1].stdout or "null")


def embedded_certificate(file, folder):
    """The BinarySecurityToken, taken out without our code."""
    text = re.search(rb"BinarySecurityToken[^>]*>([^<]+)<", file.read_bytes())[1]
    path = pathlib.Path(folder) / (file.name + ".der")
    path.write_bytes(base64.b64decode(text))
    return path


def verdicts(said):
    return {v["stage"]: v["verdict"] for v in said["verdicts"]}


def story():
    folder = REGION.work
    certificate = embedded_certificate(RECEIPT, folder)
    stranger = embedded_certificate(DATA / "positive" / "TestReceipt12.xml", folder)
    then = ("--at", "2022-03-07T18:00:00Z")
    status, text, said = inspect(RECEIPT, "--certificate", certificate, *then)
    assert status == 0 and said["verdict"] == "verified" and text.splitlines()[-1] == "verified", text
    assert set(verdicts(said).values()) == {"verified"} and said["algorithmsOf"] == "edelivery-1.15"
    assert inspect("-", "--certificate", certificate, *then, stdin=RECEIPT.read_bytes())[2] == said
    for wrong in ((folder,), (f"{folder}/none",), (RECEIPT, "--certificate", __file__), (RECEIPT, "--at", "then")):
        assert subprocess.run([LINTAS, "as4", "inspect", *wrong], capture_output=True, timeout=60).returncode == 2, wrong
    shown("0: a real receipt with its certificate, at its time; also from standard input")

    status, text, said = inspect(RECEIPT, *then)
    assert status == 0 and said["verdict"] == "undecided" and verdicts(said)["trust"] == "undecided"
    assert text.splitlines()[-1] == "undecided: trust" and "--certificate" in text
    shown("0: the same when nobody was named to be believed; it says so")

    status, text, said = inspect(RECEIPT, "--certificate", certificate)
    assert status == 1 and said["findings"][0]["code"] == "CRT-003" and verdicts(said)["signature"] == "verified"
    assert f"--at {said['timestamp']}" in text
    status, text, said = inspect(RECEIPT, "--certificate", stranger, *then)
    assert status == 1 and verdicts(said)["trust"] == "refused" and verdicts(said)["signature"] == "verified"
    assert text.splitlines()[-1] == "refused: trust"
    shown("1: out of its time, or by a certificate that is not believed; the signature is right all the same")

    changed = pathlib.Path(folder) / "changed"
    changed.write_bytes(RECEIPT.read_bytes().replace(b"@phase4</", b"@phaseX</", 1))
    status, text, said = inspect(changed, "--certificate", certificate, *then)
    wrong = next(r for r in said["references"] if r["verdict"] == "refused")
    assert status == 1 and wrong["covers"] == "Messaging" and wrong["stated"] in text and wrong["computed"] in text
    assert said["signatureValue"] == "verified" and verdicts(said)["signature"] == "refused"
    shown("1: one changed octet: the digest that is stated, and the one that is so")

    for group, statuses in (("positive", {0, 1}), ("negative", {1}), ("unsigned", {1}), ("envelope-only", {1})):
        for file in sorted((DATA / group).iterdir()):
            options = []
            for name in ("AccessPointA.cer", "AccessPointB.cer"):
                options += ["--certificate", DATA / "keys" / name]
            for more in ([], options):
                status, text, said = inspect(file, *more)
                assert status in statuses, f"{file}: exit {status}\n{text}"
                assert said.get("messageId") or said["findings"], file
                assert all(v["verdict"] != "undecided" or v.get("why") for v in said["verdicts"]), file
    shown("no collected message that is wrong, unsigned or still closed ends with 0; none is without a word why")

    for options in (["--at", "yesterday"], ["--profile", "none"], ["--certificate", RECEIPT], ["--key", certificate],
                    ["--certificate", "/nonexistent"]):
        assert inspect(RECEIPT, *options)[0] in (2, 3), options
    assert inspect(pathlib.Path(folder) / "nothing")[0] in (2, 3)
    shown("2 or 3: a mistake of the operator is none of the message")

    for file in (ROOT / "README.md", DATA / "PROVENANCE.md"):
        status, text, said = inspect(file)
        assert status == 1 and text.startswith("no AS4 message\n") and "verified" not in text and "mediaType" not in said, text
        assert text.splitlines()[-1] == "refused: MIME", text
    shown("1: a file that is no message is told as such, and nothing in it is verified")

    folded = pathlib.Path(folder) / "folded"
    body = RECEIPT.read_bytes()
    body = body[body.index(b"<"):].replace(b"more#rsa-sha256", b"more#&#x9B;rsa-sha256")  # CSI of ECMA-48, which XML 1.0 allows
    folded.write_bytes(b"POST / HTTP/1.1\r\nContent-Type: application/soap+xml;\r\n\t\tcharset=utf-8\r\n\r\n" + body)
    status, text, said = inspect(folded, "--certificate", certificate, *then)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) and "media type       application/soap+xml; charset=utf-8\n" in text, text
    assert "\x9b" in said["signatureAlgorithm"] and "\t" in said["mediaType"], said
    shown("what moves a terminal's cursor is printed as a blank")

    status, text, said = inspect(DATA / "negative" / "receipt_with_invalid_signature.as4")
    assert f"its value      undecided: {said['signatureValueWhy']}\n" in text, text
    shown("a value that is undecided says why")

    documented = (ROOT / "docs" / "operations.md").read_text()

    def names(value):
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                yield from item
                for inner in item.values():
                    yield from names(inner)
    seen = set()
    for group in ("positive", "negative", "unsigned", "envelope-only"):
        for file in (DATA / group).iterdir():
            seen |= set(names(inspect(file)[2]))
    assert len(seen) > 40 and not [n for n in seen if f"`{n}`" not in documented], [n for n in seen if f"`{n}`" not in documented]
    shown("every name of --json is documented")


play(story, REGION)
