"""Signatures hold before pyHanko's own validation, and break at any change."""

import datetime
import io
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID
from pypdf import PdfReader

from app.formats.fonts import base_typeface
from app.formats.paged_pdf import PageDesign
from app.formats.signing import SigningIdentity, create_demo_signer, load_identity, sign
from tests.formats.checks import AT, validate


@pytest.fixture(scope="module")
def document() -> bytes:
    design = PageDesign(base_typeface(), lambda canvas: canvas.text(20, 20, "题目", 20))
    return design.render(lambda canvas: canvas.text(20, 40, "内容", 12), title="题", subject="", made_at=AT)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> SigningIdentity:
    return create_demo_signer(tmp_path_factory.mktemp("keys"))


def test_signature_holds_and_covers_the_whole_file(document: bytes, identity: SigningIdentity) -> None:
    signed = sign(document, identity, reason="签发证书", location="湖南省", name="某某厅")
    status = validate(signed, identity)
    assert (status.intact, status.valid, status.trusted, status.coverage.name) == (True, True, True, "ENTIRE_FILE")
    assert status.docmdp_ok
    assert signed.startswith(document)


def test_what_the_signature_says_may_be_chinese(document: bytes, identity: SigningIdentity) -> None:
    signed = sign(document, identity, reason="签发证书", location="湖南省", name="某某厅")
    entry = PdfReader(io.BytesIO(signed)).get_fields()["Signature1"]["/V"]
    assert (entry["/Reason"], entry["/Location"], entry["/Name"]) == ("签发证书", "湖南省", "某某厅")
    assert entry["/SubFilter"] == "/ETSI.CAdES.detached"


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.9])
def test_a_changed_byte_is_found(document: bytes, identity: SigningIdentity, where: float) -> None:
    signed = bytearray(sign(document, identity, reason="签发", location="湖南省"))
    # inside a stream of the signed document, so that the file still opens
    spots = [at for at in range(len(document)) if signed[at : at + 6] == b"stream" and signed[at - 3 : at] != b"end"]
    start = spots[int(where * len(spots))]
    end = signed.index(b"endstream", start)
    signed[(start + end) // 2] ^= 1
    status = validate(bytes(signed), identity)
    assert not status.intact


def test_another_key_is_not_trusted(document: bytes, identity: SigningIdentity, tmp_path: Path) -> None:
    signed = sign(document, create_demo_signer(tmp_path), reason="签发", location="湖南省")
    status = validate(signed, identity)
    assert (status.intact, status.valid, status.trusted) == (True, True, False)


def test_processes_starting_together_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: create_demo_signer(tmp_path / "keys").certificate_pem, range(4)))
    assert len(set(made)) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["signing.pem"]
    assert stat.S_IMODE((tmp_path / "keys" / "signing.pem").stat().st_mode) == 0o600


def pem_pair(folder: Path, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> tuple[Path, Path]:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "湖南省电子签章" * 3)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
        .sign(key, hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None)
    )
    paths = folder / "key.pem", folder / "certificate.pem"
    paths[0].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    paths[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return paths


def test_an_elliptic_curve_key_signs_too(document: bytes, tmp_path: Path) -> None:
    loaded = load_identity(*pem_pair(tmp_path, ec.generate_private_key(ec.SECP384R1())))
    status = validate(sign(document, loaded, reason="签发", location="湖南省"), loaded)
    assert (status.intact, status.valid, status.trusted) == (True, True, True)


def test_keys_that_cannot_sign_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="RSA or elliptic curve"):
        load_identity(*pem_pair(tmp_path, ed25519.Ed25519PrivateKey.generate()))
    key, _ = pem_pair(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    other = tmp_path / "other"
    other.mkdir()
    _, certificate = pem_pair(other, ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ValueError, match="another key"):
        load_identity(key, certificate)
    with pytest.raises(FileNotFoundError):
        load_identity(tmp_path / "none.pem", certificate)
