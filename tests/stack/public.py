"""A public address for a server of the tests, with a certificate for it.

Functions call public addresses over TLS and nothing else, and nothing switches that off. So the
tests change what lies below: the loader takes one unused public network to loopback, and the
authority that signs for it is the one that the system believes.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ADDRESS = "3ffe::c4"
"""In the network that `stand_in.c` takes to loopback."""
LIFE = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Public:
    """What makes `ADDRESS` a server on loopback, for processes with this in their environment."""

    environment: dict[str, str]
    tls: ssl.SSLContext


def public_address(folder: Path) -> Public:
    library, authority, chain = folder / "stand_in.so", folder / "authority.pem", folder / "stand_in.pem"
    source = Path(__file__).with_name("stand_in.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    write_certificates(authority, chain)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    return Public({"LD_PRELOAD": str(library), "SSL_CERT_FILE": str(authority)}, tls)


def write_certificates(authority: Path, chain: Path) -> None:
    """An authority of a day's life, and a certificate that it signed together with its key."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    itself = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an authority for tests")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))])
    may_sign = x509.BasicConstraints(ca=True, path_length=None)
    root = certificate(itself, itself, root_key, may_sign).sign(root_key, hashes.SHA256())
    leaf = certificate(x509.Name([]), itself, key, address).sign(root_key, hashes.SHA256())
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LIFE)
        .not_valid_after(now + LIFE)
        .add_extension(extension, critical=True)
    )
