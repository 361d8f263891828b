"""The electronic certificate: one signed A4 page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path

from app.core.clock import CHINA
from app.formats import signing
from app.formats.fonts import base_typeface
from app.formats.ornaments import rosette, round_seal, woven_band
from app.formats.paged_pdf import Canvas, Colour, PageDesign

PROVINCE = "湖南省"
TITLE = "专业技术职称证书"

INK: Colour = (0.12, 0.11, 0.10)
SOFT: Colour = (0.42, 0.36, 0.30)
RED: Colour = (0.66, 0.08, 0.10)
SEAL_RED: Colour = (0.84, 0.13, 0.12)
GOLD: Colour = (0.76, 0.60, 0.30)
PALE_GOLD: Colour = (0.90, 0.82, 0.64)
WHISPER: Colour = (0.955, 0.925, 0.865)
PAPER: Colour = (0.998, 0.992, 0.975)

LABELS_FROM, VALUES_FROM, VALUES_TO = 30.0, 54.0, 181.0
ROWS_FROM, ROW = 83.0, 10.6
PHOTO = (146.0, 83.5, 35.0, 49.0)
"""Left, top, width and height, mm: a two-inch photograph."""
ROWS_BESIDE_PHOTO = 5
QR = (27.5, 219.0, 40.0)
SEAL = (148.0, 235.0, 21.0)
"""Centre and radius, mm: 42 mm across, as a provincial department's seal is."""


@dataclass(frozen=True)
class CertificateFace:
    """Every word on a certificate. `photo`: JPEG or PNG, or None for a certificate without one."""

    name: str
    gender: str
    id_number_masked: str
    photo: bytes | None
    title: str
    level: str
    series: str
    speciality: str
    method: str
    number: str
    obtained_on: date
    approving_body: str
    issuing_authority: str
    document_number: str
    issued_on: date
    check_url: str


class Press:
    """What one process needs to print: the typeface, the seal's word for a demonstration, the signing key."""

    def __init__(self, identity: signing.SigningIdentity | None = None, *, demo: bool = False) -> None:
        self.typeface = base_typeface()
        self.identity = identity
        self.demo = demo


_press: Press | None = None
_recipe: tuple[Path, str, str, bool] | None = None


def configure(folder: Path, key: str, certificate: str, *, demo: bool) -> None:
    """Say which PEM files sign (empty: a self-signed identity kept in `folder`/keys)."""
    global _press, _recipe
    _press, _recipe = None, (folder, key, certificate, demo)


def press() -> Press:
    """The process's press, made at first use. Raises `RuntimeError` before `configure`."""
    global _press
    if _press is None:
        if _recipe is None:
            raise RuntimeError("documents.configure() has not been called")
        folder, key, certificate, demo = _recipe
        identity = (
            signing.load_identity(Path(key), Path(certificate)) if key else signing.create_demo_signer(folder / "keys")
        )
        _press = Press(identity, demo=demo)
    return _press


def render(face: CertificateFace, machine: Press) -> bytes:
    """The certificate as an unsigned PDF; equal faces give equal bytes.

    Raises `MissingGlyphsError` naming the characters no font draws, `BadImageError` for a photograph that is none, and
    `ValueError` if `check_url` is empty or too long for a code.
    """
    return _design(face.issuing_authority, machine.demo).render(
        lambda canvas: _fill_in(canvas, face),
        title=f"{PROVINCE}{TITLE} {face.number}",
        subject=f"{face.name} {face.title}",
        made_at=datetime.combine(face.issued_on, time(), CHINA),
    )


def render_signed(face: CertificateFace, machine: Press | None = None) -> bytes:
    """The certificate with a PAdES signature, by `machine` or else the process's press. Raises as `render` does."""
    machine = machine or press()
    if machine.identity is None:
        raise RuntimeError("the press has no key to sign with")
    return signing.sign(
        render(face, machine),
        machine.identity,
        reason=f"签发职称证书 {face.number}",
        location=PROVINCE,
        name=face.issuing_authority,
    )


def _fields(face: CertificateFace) -> tuple[tuple[str, str], ...]:
    """Label and value of each row, from the top."""
    body = "评审机构" if "评审" in face.method else "认定机构"
    return (
        ("姓　　名", face.name),
        ("性　　别", face.gender),
        ("身份证号", face.id_number_masked),
        ("职称名称", face.title),
        ("级　　别", face.level),
        ("系　　列", face.series),
        ("专　　业", face.speciality),
        ("取得方式", face.method),
        ("取得时间", _day(face.obtained_on)),
        (body, face.approving_body),
        ("批准文号", face.document_number),
        ("证书编号", face.number),
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _row(number: int) -> tuple[float, float]:
    """Top and right end of a row, mm."""
    end = PHOTO[0] - 7 if number < ROWS_BESIDE_PHOTO else VALUES_TO
    return ROWS_FROM + number * ROW, end


def _fill_in(canvas: Canvas, face: CertificateFace) -> None:
    """What differs from one certificate to the next."""
    for number, (label, value) in enumerate(_fields(face)):
        top, end = _row(number)
        canvas.text_box(LABELS_FROM, top, VALUES_FROM - LABELS_FROM - 3, ROW - 0.8, label, 12.5, colour=SOFT)
        canvas.text_box(VALUES_FROM, top, end - VALUES_FROM, ROW - 0.8, value, 15 if number else 17, colour=INK)
    if face.photo is None:
        canvas.text_box(*PHOTO, "无照片", 10.5, align=0.5, colour=SOFT)
    else:
        canvas.photo(*PHOTO, face.photo)
    canvas.qr(*QR, face.check_url)
    canvas.text(SEAL[0], 260.2, _day(face.issued_on), 13, align=0.5, colour=INK)


@lru_cache(maxsize=256)
def _design(authority: str, demo: bool) -> PageDesign:
    """The page of one issuing authority, before anything is filled in."""
    return PageDesign(base_typeface(), lambda canvas: _draw_design(canvas, authority, demo))


def _draw_design(canvas: Canvas, authority: str, demo: bool) -> None:
    canvas.rectangle(0, 0, 210, 297, fill=PAPER)
    _draw_frame(canvas)
    rosette(canvas, 105, 156, 62, petals=12, rings=9, depth=0.62, colour=WHISPER, width=0.2)
    rosette(canvas, 105, 156, 27, petals=10, rings=6, depth=0.8, colour=WHISPER, width=0.2)

    canvas.text(106, 38.5, PROVINCE, 21, align=0.5, colour=INK, spacing=14, weight=0.35)
    canvas.text(105.6, 57.5, TITLE, 37, align=0.5, colour=RED, spacing=3.5, weight=0.9)
    for left, right in ((52, 98), (112, 158)):
        canvas.lines([(left, 67.5), (right, 67.5)], width=0.3, colour=GOLD)
        canvas.lines([(left + 6, 68.4), (right - 6, 68.4)], width=0.12, colour=GOLD)
    rosette(canvas, 105, 67.9, 4.6, petals=8, rings=4, depth=0.7, colour=GOLD, width=0.13)

    for number in range(12):
        top, end = _row(number)
        canvas.lines([(VALUES_FROM - 1, top + ROW - 0.9), (end, top + ROW - 0.9)], width=0.12, colour=PALE_GOLD)
    x, y, width, height = PHOTO
    canvas.rectangle(x - 1.2, y - 1.2, width + 2.4, height + 2.4, line=0.25, stroke=GOLD, fill=(1, 1, 1))
    x, y, side = QR
    canvas.rectangle(x + 1.5, y + 1.5, side - 3, side - 3, line=0.15, stroke=PALE_GOLD, fill=(1, 1, 1))
    canvas.text(x + side / 2, y + side + 3.6, "扫码查验", 10.5, align=0.5, colour=SOFT, spacing=1.5)

    x, y, radius = SEAL
    round_seal(canvas, x, y, radius, around=authority, below="演示" if demo else "", colour=SEAL_RED)
    canvas.text_box(x - 34, 246.6, 68, 8.2, authority, 14, align=0.5, colour=INK)
    footer = "本电子证书与纸质证书具有同等效力，内容以扫码查验结果为准。"
    if demo:
        footer = "演示环境生成，不具有证明效力。"
    canvas.text(105, 274.5, footer, 9, align=0.5, colour=SOFT)


def _draw_frame(canvas: Canvas) -> None:
    """Two frames with a woven band between, and a rosette over each corner."""
    canvas.rectangle(6, 5.5, 198, 286, line=0.9, stroke=RED)
    canvas.rectangle(7.4, 6.9, 195.2, 283.2, line=0.2, stroke=RED)
    woven_band(canvas, 11, 10.5, 188, 276, wave=4, swing=2.4, strands=6, colour=GOLD, line=0.13)
    canvas.rectangle(14.6, 14.1, 180.8, 268.8, line=0.2, stroke=RED)
    canvas.rectangle(15.8, 15.3, 178.4, 266.4, line=0.5, stroke=GOLD)
    for x in (12.4, 197.6):
        for y in (11.9, 285.1):
            canvas.rectangle(x - 4.9, y - 4.9, 9.8, 9.8, line=0.2, stroke=RED, fill=PAPER)
            rosette(canvas, x, y, 4.5, petals=8, rings=5, depth=0.8, colour=RED, width=0.11)
