"""The electronic certificate: one signed A4 page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from app.formats import pdf, signing
from app.formats.fonts import FontBook
from app.formats.pdf import A4, Page, Text
from app.formats.qr import qr_commands

INK, SOFT, RED = (0.1, 0.1, 0.1), (0.36, 0.36, 0.36), (0.75, 0.08, 0.08)
WIDTH, HEIGHT = A4
PHOTO_BOX = (424.0, 524.0, 85.0, 119.0)
"""x, y, width, height in points: 30 x 42 mm."""


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
    """What one process needs to print: fonts and the signing key, loaded once."""

    def __init__(self, folder: Path, identity: signing.SigningIdentity, *, demo: bool = False) -> None:
        self.fonts = FontBook(folder)
        self.identity = identity
        self.demo = demo


_press: Press | None = None
_recipe: tuple[Path, str, str, bool] | None = None


def configure(folder: Path, key: str, certificate: str, *, demo: bool) -> None:
    """Say where fonts are kept and which PEM files sign (empty: a self-signed identity in `folder`)."""
    global _press, _recipe
    _press, _recipe = None, (folder, key, certificate, demo)


def press() -> Press:
    """The process's press, made at first use (the base font takes some seconds the very first time)."""
    global _press
    if _press is None:
        if _recipe is None:
            raise RuntimeError("documents.configure() has not been called")
        folder, key, certificate, demo = _recipe
        identity = (
            signing.load_identity(Path(key), Path(certificate))
            if key
            else signing.create_identity(folder / "keys", "职称电子证书签章（演示）")
        )
        _press = Press(folder / "fonts", identity, demo=demo)
    return _press


def _frame() -> str:
    """A double frame with a woven band between, and a faint rosette behind the text."""
    commands = ["0.72 0.12 0.12 RG 2.4 w 34 34 527.28 773.89 re S 0.8 w 46 46 503.28 749.89 re S\n", "0.86 0.55 0.5 RG 0.5 w\n"]
    for turn in range(2):
        for (x0, y0, x1, y1) in ((40, 40, 555.28, 40), (40, 801.89, 555.28, 801.89), (40, 40, 40, 801.89), (555.28, 40, 555.28, 801.89)):
            commands.append(_wave(x0, y0, x1, y1, turn * math.pi))
    commands.append("0.965 0.9 0.88 RG 0.4 w\n")
    for petal in range(36):
        angle = petal * math.pi / 18
        cx, cy = WIDTH / 2 + 70 * math.cos(angle), 400 + 70 * math.sin(angle)
        commands.append(_circle(cx, cy, 96))
    return "".join(commands)


def _wave(x0: float, y0: float, x1: float, y1: float, phase: float) -> str:
    length = math.hypot(x1 - x0, y1 - y0)
    count = int(length / 2)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    points = []
    for step in range(count + 1):
        along = length * step / count
        off = 3.2 * math.sin(along * math.pi / 9 + phase)
        points.append(f"{x0 + ux * along - uy * off:.1f} {y0 + uy * along + ux * off:.1f}")
    return points[0] + " m " + " l ".join(points[1:]) + " l S\n"


def _circle(cx: float, cy: float, radius: float) -> str:
    k = radius * 0.5523
    return (
        f"{cx + radius:.1f} {cy:.1f} m {cx + radius:.1f} {cy + k:.1f} {cx + k:.1f} {cy + radius:.1f} {cx:.1f} {cy + radius:.1f} c "
        f"{cx - k:.1f} {cy + radius:.1f} {cx - radius:.1f} {cy + k:.1f} {cx - radius:.1f} {cy:.1f} c "
        f"{cx - radius:.1f} {cy - k:.1f} {cx - k:.1f} {cy - radius:.1f} {cx:.1f} {cy - radius:.1f} c "
        f"{cx + k:.1f} {cy - radius:.1f} {cx + radius:.1f} {cy - k:.1f} {cx + radius:.1f} {cy:.1f} c S\n"
    )


SEAL = (430.0, 196.0, 54.0)
"""Centre and radius of the seal in points."""


def _seal() -> str:
    x, y, radius = SEAL
    star = []
    for point in range(10):
        reach = 17 if point % 2 == 0 else 6.5
        angle = math.pi / 2 + point * math.pi / 5
        star.append(f"{x + reach * math.cos(angle):.1f} {y + reach * math.sin(angle):.1f}")
    return "0.78 0.1 0.1 RG 2.2 w\n" + _circle(x, y, radius) + "0.78 0.1 0.1 rg\n" + star[0] + " m " + " l ".join(star[1:]) + " l h f\n"


@lru_cache(maxsize=1)
def _background() -> pdf.Form:
    return pdf.form(_frame())


@lru_cache(maxsize=1)
def _seal_form() -> pdf.Form:
    return pdf.form(_seal())


def _around(text: str) -> list[Text]:
    """The authority's name: upright characters along the seal's upper arc."""
    x, y, radius = SEAL
    shown = text[:24]
    span = min(math.radians(15) * len(shown), math.radians(285))
    size = 11 if len(shown) <= 14 else 8.2
    lines = []
    for place, char in enumerate(shown):
        angle = math.pi / 2 + span / 2 - span * (place + 0.5) / len(shown)
        reach = radius - 11
        lines.append(Text(x + reach * math.cos(angle), y + reach * math.sin(angle) - size * 0.36, size, char, "c", colour=(0.78, 0.1, 0.1)))
    return lines


def _facts(face: CertificateFace) -> list[tuple[str, str]]:
    return [
        ("姓　　名", face.name),
        ("性　　别", face.gender),
        ("身份证号", face.id_number_masked),
        ("职称名称", face.title),
        ("级　　别", face.level),
        ("系　　列", face.series),
        ("专　　业", face.speciality),
        ("取得方式", face.method),
        ("取得时间", _day(face.obtained_on)),
        ("批准文号", face.document_number),
        ("评审（认定）机构", face.approving_body),
    ]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def page_of(face: CertificateFace, *, demo: bool = False) -> Page:
    """The page's content; pure, so that the tests can read it."""
    centre = WIDTH / 2
    texts = [
        Text(centre, 728, 19, "湖南省", "c", colour=INK),
        Text(centre, 684, 34, "专业技术职称证书", "c", colour=RED),
        Text(centre, 660, 10.5, "（电子证书）", "c", colour=SOFT),
    ]
    y = 614.0
    for label, value in _facts(face):
        beside_photo = y > PHOTO_BOX[1] - 20
        texts.append(Text(90, y, 12.5, label, colour=SOFT))
        left = 208 if len(label) > 5 else 166
        texts.append(Text(left, y, 14, value, most=(PHOTO_BOX[0] - 16 if beside_photo else 505) - left))
        y -= 29.5
    texts += [
        Text(90, 262, 12.5, "证书编号", colour=SOFT),
        Text(166, 262, 14, face.number, most=230),
        Text(SEAL[0], 120, 11.5, face.issuing_authority, "c", most=200),
        Text(SEAL[0], 102, 11.5, _day(face.issued_on), "c"),
        Text(135, 112, 9.5, "扫码查验真伪", "c", colour=SOFT),
        Text(centre, 66, 8.5, "本证书由系统生成并加盖电子签名，与纸质证书具有同等效力；任何改动都会使签名失效。", "c", colour=SOFT),
        *_around(face.issuing_authority),
    ]
    if demo:
        texts.append(Text(SEAL[0], SEAL[1] - 34, 8, "演示", "c", colour=(0.78, 0.1, 0.1)))
    pictures = []
    x, bottom, width, height = PHOTO_BOX
    drawing = f"0.6 0.6 0.6 RG 0.5 w {x} {bottom} {width} {height} re S\n" + qr_commands(face.check_url, 90, 124, 90)
    if face.photo is not None:
        pictures.append(pdf.picture(face.photo, x, bottom, width, height))
    else:
        texts.append(Text(x + width / 2, bottom + height / 2 - 4, 10, "无照片", "c", colour=SOFT))
    return Page(texts, [_background(), _seal_form()], pictures, drawing, f"职称证书 {face.number}")


def render(face: CertificateFace, machine: Press) -> bytes:
    """The page as an unsigned PDF. ValueError names characters no font has; pdf.BadPicture for a bad photo."""
    return pdf.write(page_of(face, demo=machine.demo), machine.fonts)


def render_signed(face: CertificateFace) -> bytes:
    """The page, signed (PAdES) by the process's press."""
    machine = press()
    return signing.sign(render(face, machine), machine.identity, reason=f"职称证书 {face.number}", location="湖南省")
