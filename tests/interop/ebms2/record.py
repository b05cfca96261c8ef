#!/usr/bin/env python3
"""Makes the recorded messages anew: signed by the JDK, with a key that is forgotten at once.

usage: record.py FOLDER
FOLDER gets signer.pem, NAME.ebms2 (Content-Type, an empty line, the body) and index.json: what each is and whether it is to be
believed; of those that are not, whether their signature "holds" nevertheless. Each that is was judged by the JDK, and again without
any XPath (direct() below), before it was kept. Needs lxml.
"""
import base64, hashlib, itertools, json, pathlib, re, sys, tempfile, xml.etree.ElementTree as ElementTree

from lxml import etree

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "interop")]
from envelopes import (DS, NEXT_MSH, SMUGGLED, SOAP, XPATHS, XPATHS_REFUSED, Address, Header, acknowledgment, child,  # noqa: E402
                       element, header_of, manifest, message_error, references_of)
from jdk import Jdk, compiled  # noqa: E402
from nodes import run  # noqa: E402

TYPE = "urn:oasis:names:tc:ebcore:partyid-type:unregistered:asw"
COUNTS = 0, 1, 3
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
# Line ends and letters that a careless reader changes, octets of every value, an empty part.
PAYLOADS = (("form-d@vn.example", "application/xml", "<?xml version=\"1.0\"?>\r\n<document>Bộ Công Thương\n</document>\n".encode()),
            ("annex@vn.example", "application/octet-stream", bytes(range(256))), ("empty@vn.example", "text/plain", b""))
# How the three messages of each literal differ besides.
MANNERS = ({"encoding": "binary"}, {"encoding": "base64", "keyvalue": "no"}, {"encoding": "none", "crlf": "yes"})
EARLY_NEXT_MSH = NEXT_MSH.replace(":actor:", ":service:")
HOP = '\n    <x:hop xmlns:x="urn:example:x" {}:actor="{}" x:at="1"> one <x:inside/> two </x:hop>'
COMMENT = "\n    <!-- canonical XML leaves comments out -->"


def header(**changes):
    return Header(Address("VN", TYPE, "issuing-authority"), Address("TH", TYPE, "customs"), "vn-th-1", "urn:lintas:service:documents:1",
                  "FORM-D", **{"eliminate": True, "acknowledge": True, "conversation": "conversation-1@vn.example",
                               "at": "2026-11-22T03:00:00Z", **changes})


def direct(envelope, payloads):
    """Whether all digests are those of the payloads and of the envelope in canonical form, without its signature and without what is of
    the two actors that the literal names."""
    root = etree.fromstring(envelope)
    signature = root.find(f"{{{SOAP}}}Header/{{{DS}}}Signature")
    plain = etree.fromstring(envelope)
    literal = signature.findtext(f".//{{{DS}}}XPath")
    left_out = [e for e in plain.iter(etree.Element) if e.get(f"{{{SOAP}}}actor") and f'"{e.get(f"{{{SOAP}}}actor")}"' in literal]
    for gone in [plain.find(f"{{{SOAP}}}Header/{{{DS}}}Signature"), *left_out]:
        before = gone.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + (gone.tail or "")
        else:
            gone.getparent().text = (gone.getparent().text or "") + (gone.tail or "")
        gone.getparent().remove(gone)
    octets = {"": etree.tostring(plain, method="c14n", with_comments=False), **{f"cid:{p[0]}": p[2] for p in payloads}}
    digests = {r.get("URI"): r.findtext(f"{{{DS}}}DigestValue") for r in signature.iter(f"{{{DS}}}Reference")}
    return digests == {uri: base64.b64encode(hashlib.sha256(o).digest()).decode() for uri, o in octets.items()}


class Recorder:
    def __init__(self, jdk, folder, work):
        self.jdk, self.folder, self.index = jdk, folder, {}
        key, self.cert, self.p12 = work / "key", folder / "signer.pem", work / "p12"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", "/CN=VN sign", "-addext",
            "keyUsage=critical,digitalSignature", "-keyout", key, "-out", self.cert)
        run("openssl", "pkcs12", "-export", "-inkey", key, "-in", self.cert, "-name", "key", "-passout", "pass:interop", "-out", self.p12)

    def keep(self, name, text, payloads=(), wrong="", after=None, **how):
        """WRONG: why it is to be refused, although the JDK's judgement may be another. AFTER: (pattern, replacement) when it is signed."""
        message = self.jdk.sign(text, payloads, key=self.p12, **how)
        if after:
            message, count = re.subn(after[0].encode(), after[1].encode(), message, count=1, flags=re.S)
            assert count == 1, name
        told, envelope, parts = self.jdk.verify(message, self.cert)
        assert parts == [p[2] for p in payloads], name
        if not wrong:
            assert told["verified"] == "true" and direct(envelope, payloads), (name, told)
        (self.folder / f"{name}.ebms2").write_bytes(message)
        self.index[name] = {"believe": not wrong, "payloads": [hashlib.sha256(p[2]).hexdigest() for p in payloads],
                            **({"wrong": wrong, "holds": told["value"] == "true" and ":false" not in told["references"]} if wrong else {})}


def business(recorder):
    for (number, (name, (literal, prefix, declared))), count in itertools.product(enumerate(XPATHS.items()), COUNTS):
        sync = (number + count) % 2 == 0
        payloads = PAYLOADS[:count]
        # One of the two hops is not in the digest: which one, the literal says. Comments never are.
        more = "".join(HOP.format(prefix, actor) for actor in (NEXT_MSH, EARLY_NEXT_MSH)) if count == 1 else COMMENT if count == 3 else ""
        head = header(message_id=f"{name}-{count}@vn.example", sync=sync, more=more)
        how = {**MANNERS[COUNTS.index(count)], "bare": "yes" if number % 2 and not count else None}
        recorder.keep(f"{name}-{count}-{'sync' if sync else 'async'}", head.xml(prefix, manifest([p[0] for p in payloads])), payloads,
                      xpath=literal, prefix=prefix if declared else None, **how)
    # What Digikoppeling's text asks for and its implementations do not do: ds:SignedInfo in exclusive canonical form.
    recorder.keep("exclusive-signed-info-0-async", header(message_id="exclusive-0@vn.example").xml(), c14n=EXCLUSIVE)


def signals(recorder):
    """What TH, with the same key, answers to a message recorded above."""
    request, top, _ = header_of(recorder.jdk.verify((recorder.folder / "ebms-core-1-async.ebms2").read_bytes())[1])
    references, _ = references_of(child(top, "ds:Signature", "ds:SignedInfo"))
    repeated = "".join(ElementTree.tostring(r, encoding="unicode").strip() for r in references)
    error = message_error(request, "TimeToLiveExpired", "//Header/MessageHeader/MessageData/TimeToLive", "too late")
    status = ('<eb:StatusResponse eb:version="2.0" eb:messageStatus="Received">'
              f"{element('RefToMessageId', request.message_id)}{element('Timestamp', request.at)}</eb:StatusResponse>")
    for name, head, body in (("acknowledgment", acknowledgment(request, repeated), ""), ("error", error, ""),
                             ("pong", request.answer("Pong"), ""), ("status-response", request.answer("StatusResponse"), status)):
        head.message_id, head.at = f"{name}@th.example", "2026-11-22T03:00:01Z"
        recorder.keep(f"signal-{name}", head.xml("soap", body), xpath=XPATHS["ebms-core"][0], bare="yes")


def refused(recorder):
    """Good signatures of too little, or by algorithms that nobody agreed on."""
    text = header(message_id="refused@vn.example").xml("soap", manifest([PAYLOADS[0][0]]))
    ways = {f"xpath-{name.replace(' ', '-')}": {"xpath": literal} for name, literal in XPATHS_REFUSED.items()}
    ways |= {"xpath-none": {"xpath": ""}, "attachment-not-signed": {"unsigned": "1"}, "digest-sha1": {"digest": DS + "sha1"},
             "rsa-sha1": {"signature": DS + "rsa-sha1"}, "rsa-sha512": {"signature": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"}}
    ways |= {f"{name.replace(' ', '-')}-not-signed": {"after": edit} for name, edit in SMUGGLED.items()}
    for name, how in ways.items():
        recorder.keep(f"refused-{name}", text, PAYLOADS[:1], wrong=name.replace("-", " "), **how)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.ebms2"):
        old.unlink()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        with Jdk(compiled(work / "classes")) as jdk:
            recorder = Recorder(jdk, folder, work)
            business(recorder)
            signals(recorder)
            refused(recorder)
    lines = ",\n".join(f'"{name}": {json.dumps(about)}' for name, about in sorted(recorder.index.items()))
    (folder / "index.json").write_text(f"{{\n{lines}\n}}\n")
    print(f"{len(recorder.index)} messages, {sum(about['believe'] for about in recorder.index.values())} of them to be believed")


if __name__ == "__main__":
    main()
