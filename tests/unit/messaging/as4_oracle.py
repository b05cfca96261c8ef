"""Checks an AS4 message without any of our code: lxml canonicalises, hashlib digests, the openssl program verifies.

as4_oracle.py MESSAGE BOUNDARY CERTIFICATE [CONTENT_ID MEDIA_TYPE FILE]...

BOUNDARY is - for a bare SOAP message. FILE holds a part as it was before encryption. Prints what was checked; status 0 if all is right,
1 if something is wrong, 77 if lxml is missing."""
import base64
import hashlib
import subprocess
import sys
import tempfile

try:
    from lxml import etree
except ImportError:
    sys.exit(77)

DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
SWA = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def canonical(node):
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False)


def soap_of(message, boundary):
    if boundary == "-":
        return message
    part = message.split(b"--" + boundary.encode() + b"\r\n")[1]
    return part.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n", 1)[0]


def part_octets(media_type, data):
    """WS-Security SwA 1.1, 5.4.2."""
    if media_type in ("text/xml", "application/xml") or media_type.endswith("+xml"):
        return canonical(etree.fromstring(data).getroottree())
    if media_type.startswith("text/"):
        return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return data


def der_of(raw):
    """ECDSA r and s side by side as the DER that openssl wants."""
    def integer(octets):
        octets = octets.lstrip(b"\0")
        octets = b"\0" + octets if not octets or octets[0] & 0x80 else octets
        return bytes([2, len(octets)]) + octets
    both = integer(raw[:32]) + integer(raw[32:])
    return bytes([0x30, len(both)]) + both


def verify(certificate, algorithm, data, value):
    with tempfile.TemporaryDirectory() as folder:
        key, text, signature = (folder + "/" + name for name in ("key", "text", "signature"))
        public = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True).stdout
        for name, content in (key, public), (text, data), (signature, der_of(value) if "ecdsa" in algorithm else value):
            with open(name, "wb") as file:
                file.write(content)
        if algorithm == "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519":
            command = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key, "-in", text, "-sigfile", signature]
        elif algorithm in (MORE + "rsa-sha256", MORE + "ecdsa-sha256"):
            command = ["dgst", "-sha256", "-verify", key, "-signature", signature, text]
        else:
            return False
        return subprocess.run(["openssl"] + command, capture_output=True).returncode == 0


def main():
    path, boundary, certificate, *rest = sys.argv[1:]
    parts = {rest[i]: (rest[i + 1], open(rest[i + 2], "rb").read()) for i in range(0, len(rest), 3)}
    soap = soap_of(open(path, "rb").read(), boundary)
    root = etree.fromstring(soap)
    by_id = {node.get(WSU_ID): node for node in root.iter() if node.get(WSU_ID)}
    info, = root.iter(DS + "SignedInfo")
    good = True

    for reference in info.iter(DS + "Reference"):
        uri = reference.get("URI")
        transform, = (t.get("Algorithm") for t in reference.iter(DS + "Transform"))
        if uri.startswith("#"):
            octets = canonical(by_id[uri[1:]])
            right = transform == EXC and octets in soap    # already canonical as it was written
        else:
            octets = part_octets(*parts.pop(uri[len("cid:"):]))
            right = transform == SWA
        method = reference.find(DS + "DigestMethod").get("Algorithm")
        right = right and method == "http://www.w3.org/2001/04/xmlenc#sha256"
        right = right and base64.b64decode(reference.find(DS + "DigestValue").text) == hashlib.sha256(octets).digest()
        print(uri, "right" if right else "WRONG")
        good = good and right
    value = base64.b64decode(next(root.iter(DS + "SignatureValue")).text)
    signed = canonical(info)
    right = signed in soap and verify(certificate, info.find(DS + "SignatureMethod").get("Algorithm"), signed, value)
    print("SignatureValue", "right" if right else "WRONG")
    return 0 if good and right and not parts else 1


sys.exit(main())
