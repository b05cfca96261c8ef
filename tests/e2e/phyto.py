"""A signed phytosanitary certificate from one state's plant protection organization to another's, byte for byte.

The signature is an enveloped one by xmlsec1, which also judges it at the far end: what was forwarded still verifies.
"""
import hashlib, json, pathlib, shutil, subprocess, sys

from nodes import Authority, Node, Region, answer, lintas, play, run, shown, until

REGION = Region.asked_for("lintas-phyto-")
GOLDEN = pathlib.Path(sys.argv[2]) / "tests" / "golden"
WORK = REGION.work

SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>
<ds:SignatureValue/></ds:Signature></rsm:SPSCertificate>"""


def signed(key):
    """The golden certificate, signed inside; CRLF and a comment are among the octets that must not change."""
    text = (GOLDEN / "e-phyto" / "good-seeds.xml").read_text()
    template, out = WORK / "template.xml", WORK / "signed.xml"
    template.write_text(text.replace("</rsm:SPSCertificate>", SIGNATURE).replace("<rsm:SPSConsignment>", "<!-- section I -->\n  <rsm:SPSConsignment>"))
    run("xmlsec1", "--sign", "--privkey-pem", key, "--output", out, template)
    out.write_bytes(out.read_bytes() + b"\r\n<!-- as it was printed -->\n")
    return out


def verify(path, public, code=0):
    run("xmlsec1", "--verify", "--pubkey-pem", public, path, code=code)


def story():
    authority = Authority(REGION, "phyto authority")
    th, vn = Node(REGION, "TH", authority), Node(REGION, "VN", authority)
    lintas(th, "organisation", "add", "doa", "--seat", "plant-health", "--name", "Department of Agriculture")
    lintas(vn, "organisation", "add", "ppd", "--seat", "plant-health", "--name", "Plant Production and Protection Department")
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()

    key, public = WORK / "nppo.key", WORK / "nppo.pub"
    run("openssl", "genrsa", "-out", key, "2048")
    run("openssl", "rsa", "-in", key, "-pubout", "-out", public)
    certificate = signed(key)
    verify(certificate, public)
    sent = answer(th, "send", certificate)["id"]
    until("transmitted", lambda: answer(th, "documents", "show", sent)["state"] == "transmitted")
    received = until("received", lambda: answer(vn, "documents", "list", "--type", "E-PHYTO")["items"])[0]
    assert received["organisation"] == "ppd" and received["reference"] == "TH-PC-2026-004217", received

    arrived = WORK / "arrived.xml"
    arrived.write_bytes(subprocess.run([REGION.lintas, "documents", "original", received["id"], "--dir", vn.path], check=True,
                                       capture_output=True, timeout=60).stdout)
    digest = hashlib.sha256(certificate.read_bytes()).hexdigest()
    assert hashlib.sha256(arrived.read_bytes()).hexdigest() == digest == received["digest"], received
    verify(arrived, public)
    altered = WORK / "altered.xml"
    altered.write_bytes(arrived.read_bytes().replace(b"12000.50", b"12000.5"))
    verify(altered, public, code=1)

    summary = json.loads(lintas(vn, "documents", "content", received["id"]))
    assert summary["item"][0]["scientificName"] == [{"text": "Oryza sativa"}], summary
    assert summary["item"][0]["netWeight"] == {"value": "12000.50", "unit": "KGM"}, summary
    assert summary["signature"] == [{"method": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}], summary

    withdrawal = WORK / "withdrawal.xml"
    shutil.copy(GOLDEN / "e-phyto-withdrawal" / "good-withdrawal.xml", withdrawal)
    lintas(th, "send", withdrawal)
    until("withdrawn", lambda: answer(vn, "documents", "show", received["id"])["state"] == "withdrawn")
    th.stop(), vn.stop()
    shown("a signed certificate crosses byte for byte, and is withdrawn")


play(story, REGION)
