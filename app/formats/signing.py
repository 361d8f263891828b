"""PAdES signatures by a signer that holds its key, parsed once, instead of parsing it at every signature."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

DEMO_NAME = "电子签章（演示）"
_DEMO_FILE = "signing.pem"
_ATTRIBUTES = 1024
"""Bytes that hold all of a signature but its certificate, its issuer's name and its value, with room to spare."""
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class HeldKeySigner(signers.Signer):  # type: ignore[misc]
    """pyHanko's signer with a key loaded once (SimpleSigner parses it some twenty times a signature)."""

    def __init__(self, key: PrivateKey, certificate: asn1_x509.Certificate) -> None:
        self._key = key
        super().__init__(
            signing_cert=certificate,
            cert_registry=SimpleCertificateStore(),
            prefer_pss=False,
            embed_roots=True,
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature of `data`; a dry run only reserves its room."""
        algorithm = _HASHES[digest_algorithm.lower()]
        if isinstance(self._key, rsa.RSAPrivateKey):
            return bytes(self._key.key_size // 8) if dry_run else self._key.sign(data, padding.PKCS1v15(), algorithm)
        # DER of two integers: at most nine bytes more than their length
        return bytes(self._key.key_size // 4 + 11) if dry_run else self._key.sign(data, ec.ECDSA(algorithm))


@dataclass(frozen=True)
class SigningIdentity:
    """A loaded key and its certificate."""

    signer: HeldKeySigner
    certificate_pem: bytes
    room: int
    """Characters a signature may take in the file, twice its bytes: said beforehand, pyHanko need not sign twice."""


def load_identity(key_path: Path, certificate_path: Path) -> SigningIdentity:
    """An identity from PEM files without a passphrase; both may be the same file.

    Raises `OSError` if a file cannot be read, `ValueError` if the key is neither RSA nor elliptic curve or the
    certificate is for another key.
    """
    key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    if not isinstance(key, PrivateKey):
        raise ValueError("an RSA or elliptic curve key is expected")
    certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    if certificate.public_key() != key.public_key():
        raise ValueError("the certificate is for another key")
    der = certificate.public_bytes(serialization.Encoding.DER)
    signer = HeldKeySigner(key, asn1_x509.Certificate.load(der))
    room = 2 * (len(der) + key.key_size // 4 + _ATTRIBUTES + len(certificate.issuer.public_bytes()))
    return SigningIdentity(signer, certificate.public_bytes(serialization.Encoding.PEM), room)


def create_demo_signer(folder: Path, common_name: str = DEMO_NAME) -> SigningIdentity:
    """The self-signed identity kept in `folder`, made on first use: for demonstrations, trusted by nobody.

    Safe for many processes at once: the first one's key is everyone's. Raises `ValueError` if `common_name` is longer
    than 64 bytes, about 21 Chinese characters.
    """
    path = folder / _DEMO_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp's file is readable by its owner alone
        handle, temporary = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(_self_signed(common_name))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        os.unlink(temporary)
    return load_identity(path, path)


def _self_signed(common_name: str) -> bytes:
    """Key and certificate in one PEM, good for ten years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def sign(document: bytes, identity: SigningIdentity, *, reason: str, location: str, name: str = "") -> bytes:
    """`document` (a PDF) with a PAdES signature in an incremental update, certifying that nothing may change after it.

    `reason`, `location` and `name` (of whoever signs) may be Chinese.
    """
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature1",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        location=location,
        name=name or None,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    signers.PdfSigner(metadata, signer=identity.signer).sign_pdf(writer, output=out, bytes_reserved=identity.room)
    return out.getvalue()
