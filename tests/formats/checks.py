"""How tests look into a PDF from outside: other people's readers, never our own code."""

import io
import subprocess
from datetime import UTC, datetime
from typing import Any

import pikepdf
from asn1crypto import pem, x509
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from app.formats.signing import SigningIdentity

AT = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


def text_of(document: bytes) -> str:
    """The page's text as pypdf extracts it."""
    return PdfReader(io.BytesIO(document)).pages[0].extract_text()


def poppler_text(document: bytes) -> str:
    """The page's text in reading order as pdftotext extracts it."""
    read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=document, capture_output=True, check=True)
    return read.stdout.decode()


def sound(document: bytes) -> list[str]:
    """What qpdf finds wrong with the file."""
    with pikepdf.open(io.BytesIO(document)) as pdf:
        return list(pdf.check_pdf_syntax())


def pixels(document: bytes, dpi: int = 40) -> Image.Image:
    """The page as poppler draws it."""
    drawn = subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-png", "-singlefile", "-"], input=document, capture_output=True, check=True
    )
    assert drawn.stderr == b""
    return Image.open(io.BytesIO(drawn.stdout)).convert("RGB")


def validate(document: bytes, identity: SigningIdentity) -> Any:
    """pyHanko's judgement of the only signature, trusting `identity`'s certificate alone."""
    _, _, der = pem.unarmor(identity.certificate_pem)
    context = ValidationContext(trust_roots=[x509.Certificate.load(der)], allow_fetching=False)
    return validate_pdf_signature(PdfFileReader(io.BytesIO(document)).embedded_signatures[0], context)
