"""PAdES signatures: a signer that holds its key, parsed once, instead of parsing it at every signature."""

from __future__ import annotations

import datetime
import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore


class HeldKeySigner(signers.Signer):  # type: ignore[misc]
    """pyHanko's signer with an RSA key loaded once (SimpleSigner parses it about twenty times a signature)."""

    def __init__(self, key: rsa.RSAPrivateKey, certificate: asn1_x509.Certificate) -> None:
        self._key = key
        super().__init__(
            signing_cert=certificate, cert_registry=SimpleCertificateStore(), prefer_pss=False, embed_roots=True,
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if dry_run:
            return bytes(self._key.key_size // 8)
        algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[digest_algorithm.lower()]
        return self._key.sign(data, padding.PKCS1v15(), algorithm)


@dataclass(frozen=True)
class SigningIdentity:
    """A loaded key and its certificate."""

    signer: HeldKeySigner
    certificate_pem: bytes


def load_identity(key_path: Path, certificate_path: Path) -> SigningIdentity:
    """From PEM files; ValueError if the key is not RSA."""
    key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("an RSA key is expected")
    pem = certificate_path.read_bytes()
    certificate = x509.load_pem_x509_certificate(pem)
    parsed = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    return SigningIdentity(HeldKeySigner(key, parsed), pem)


def create_identity(folder: Path, common_name: str) -> SigningIdentity:
    """The identity kept in `folder`, made (self-signed) on first use. Safe for many processes: the first one wins."""
    path = folder / "signing.pem"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(_self_signed(common_name))
        os.chmod(file.name, 0o600)
        try:
            os.link(file.name, path)
        except FileExistsError:
            pass
        os.unlink(file.name)
    return load_identity(path, path)


def _self_signed(common_name: str) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def sign(document: bytes, identity: SigningIdentity, *, reason: str, location: str) -> bytes:
    """`document` with a PAdES signature in an incremental update."""
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=reason, location=location
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    signers.PdfSigner(metadata, signer=identity.signer).sign_pdf(writer, output=out)
    return out.getvalue()


