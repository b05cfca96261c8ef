"""Verifies a flattened JWS (RFC 7515 7.2.2) with its own certificate: Python takes it apart, OpenSSL verifies."""
import base64
import json
import pathlib
import subprocess
import sys
import tempfile


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def der_integer(octets):
    octets = octets.lstrip(b"\0") or b"\0"
    octets = b"\0" + octets if octets[0] & 0x80 else octets
    return bytes([2, len(octets)]) + octets


def main():
    jws = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="ascii"))
    header = json.loads(decode(jws["protected"]))
    assert set(jws) == {"payload", "protected", "signature"}, jws.keys()
    assert header["typ"] == "lintas-card+json", header
    assert json.loads(decode(jws["payload"]))["version"] == 1
    signature = decode(jws["signature"])
    if header["alg"] == "ES256":  # RFC 7518 3.4: r and s of 32 octets each; OpenSSL wants them as DER
        assert len(signature) == 64
        pair = der_integer(signature[:32]) + der_integer(signature[32:])
        signature = bytes([0x30, len(pair)]) + pair
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "cert.der").write_bytes(base64.b64decode(header["x5c"][0]))
        (path / "input").write_bytes(f"{jws['protected']}.{jws['payload']}".encode())
        (path / "signature").write_bytes(signature)
        key = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", path / "cert.der", "-noout", "-pubkey"],
                             check=True, capture_output=True).stdout
        (path / "key.pem").write_bytes(key)
        digest = [] if header["alg"] == "EdDSA" else ["-digest", "sha256"]
        subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", *digest, "-pubin", "-inkey", path / "key.pem",
                        "-in", path / "input", "-sigfile", path / "signature"], check=True, stdout=subprocess.DEVNULL)


main()
