"""A one-page PDF written directly: text in one embedded subset, vector drawing, JPEG pictures.

Coordinates are points from the page's lower left corner, as PDF has them. What never changes from page to page
(frames, seals) is drawn once into a `Form` and only referred to.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field

from PIL import Image, UnidentifiedImageError

from app.formats.fonts import FontBook, Subset

A4 = (595.28, 841.89)


class BadPicture(ValueError):
    """The bytes are no picture we can put on a page."""


@dataclass(frozen=True)
class Text:
    """One line: `x` is its left end, centre or right end by `align` ("l", "c", "r")."""

    x: float
    y: float
    size: float
    text: str
    align: str = "l"
    most: float = 0
    """Widest it may be, in points: a longer line is set smaller until it fits (0: no limit)."""
    colour: tuple[float, float, float] = (0.1, 0.1, 0.1)


@dataclass(frozen=True)
class Picture:
    x: float
    y: float
    width: float
    height: float
    jpeg: bytes
    pixels: tuple[int, int]
    grey: bool = False


def picture(content: bytes, x: float, y: float, width: float, height: float) -> Picture:
    """A photo as it goes into the page: RGB and grey JPEG unchanged, everything else converted; BadPicture if it is none."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.format == "JPEG" and image.mode in ("RGB", "L") and len(content) < 600_000:
                return Picture(x, y, width, height, content, image.size, image.mode == "L")
            image.thumbnail((900, 1200))
            flat = Image.new("RGB", image.size, "white")
            mask = image.convert("RGBA").getchannel("A")
            flat.paste(image.convert("RGB"), mask=mask)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadPicture("not a picture") from error
    buffer = io.BytesIO()
    flat.save(buffer, "JPEG", quality=88)
    return Picture(x, y, width, height, buffer.getvalue(), flat.size)


@dataclass(frozen=True)
class Form:
    """Drawing shared by every page, already compressed."""

    content: bytes
    box: tuple[float, float, float, float]


def form(commands: str, box: tuple[float, float, float, float] = (0, 0, *A4)) -> Form:
    return Form(zlib.compress(commands.encode("ascii"), 9), box)


@dataclass
class Page:
    """What goes on one page."""

    texts: list[Text]
    forms: list[Form] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    drawing: str = ""
    """Raw path commands, after the forms and below the text."""
    title: str = ""


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _utf16(text: str) -> str:
    return "<FEFF" + text.encode("utf-16-be").hex().upper() + ">"


def width_of(text: str, size: float, subset: Subset) -> float:
    """Points a line takes at `size`."""
    return sum(subset.widths[subset.glyphs[char]] for char in text) * size / 1000


def _show(line: Text, subset: Subset) -> str:
    size = line.size
    wide = width_of(line.text, size, subset)
    if line.most and wide > line.most:
        size *= line.most / wide
        wide = line.most
    x = line.x - {"l": 0.0, "c": wide / 2, "r": wide}[line.align]
    codes = "".join(f"{subset.glyphs[char]:04X}" for char in line.text)
    r, g, b = line.colour
    return (
        f"{_number(r)} {_number(g)} {_number(b)} rg /F1 {size:.3f} Tf 1 0 0 1 {_number(x)} {_number(line.y)} Tm <{codes}> Tj\n"
    )


def _to_unicode(subset: Subset) -> bytes:
    pairs = sorted((glyph, char) for char, glyph in subset.glyphs.items())
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    for start in range(0, len(pairs), 100):
        block = pairs[start : start + 100]
        lines.append(f"{len(block)} beginbfchar")
        lines += [f"<{glyph:04X}> <{char.encode('utf-16-be').hex().upper()}>" for glyph, char in block]
        lines.append("endbfchar")
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode("ascii")


def write(page: Page, book: FontBook) -> bytes:
    """The page as a PDF 1.7 file. ValueError names characters that no font has."""
    subset = book.subset("".join(line.text for line in page.texts) or " ")
    objects: list[bytes] = []

    def add(body: str | bytes) -> int:
        objects.append(body.encode("ascii") if isinstance(body, str) else body)
        return len(objects)

    def stream(dictionary: str, content: bytes) -> int:
        return add(f"<<{dictionary}/Length {len(content)}>>stream\n".encode("ascii") + content + b"\nendstream")

    widths = " ".join(f"{glyph}[{width}]" for glyph, width in sorted(subset.widths.items()))
    program = stream(f"/Length1 {len(subset.program)}/Filter/FlateDecode", zlib.compress(subset.program, 6))
    unicode_map = stream("/Filter/FlateDecode", zlib.compress(_to_unicode(subset), 6))
    descriptor = add(
        "<</Type/FontDescriptor/FontName/ZCSUBS+NotoSerifCJKsc/Flags 4/FontBBox[-200 -300 1200 1100]/ItalicAngle 0"
        f"/Ascent 880/Descent -120/CapHeight 730/StemV 80/FontFile2 {program} 0 R>>"
    )
    descendant = add(
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/ZCSUBS+NotoSerifCJKsc/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        f"/Supplement 0>>/FontDescriptor {descriptor} 0 R/DW 1000/W[{widths}]/CIDToGIDMap/Identity>>"
    )
    font = add(
        "<</Type/Font/Subtype/Type0/BaseFont/ZCSUBS+NotoSerifCJKsc/Encoding/Identity-H"
        f"/DescendantFonts[{descendant} 0 R]/ToUnicode {unicode_map} 0 R>>"
    )
    named, content = [], [page.drawing]
    before = []
    for place, shared in enumerate(page.forms):
        box = " ".join(_number(edge) for edge in shared.box)
        key = stream(f"/Type/XObject/Subtype/Form/BBox[{box}]/Resources<<>>/Filter/FlateDecode", shared.content)
        named.append(f"/X{place} {key} 0 R")
        before.append(f"q /X{place} Do Q\n")
    for place, image in enumerate(page.pictures):
        space = "/DeviceGray" if image.grey else "/DeviceRGB"
        key = stream(
            f"/Type/XObject/Subtype/Image/Width {image.pixels[0]}/Height {image.pixels[1]}/ColorSpace{space}"
            "/BitsPerComponent 8/Filter/DCTDecode",
            image.jpeg,
        )
        named.append(f"/I{place} {key} 0 R")
        content.append(
            f"q {_number(image.width)} 0 0 {_number(image.height)} {_number(image.x)} {_number(image.y)} cm /I{place} Do Q\n"
        )
    content = [*before, *content, "BT\n", *(_show(line, subset) for line in page.texts), "ET\n"]
    drawn = stream("/Filter/FlateDecode", zlib.compress("".join(content).encode("ascii"), 6))
    pages = len(objects) + 2
    leaf = add(
        f"<</Type/Page/Parent {pages} 0 R/MediaBox[0 0 {A4[0]} {A4[1]}]/Contents {drawn} 0 R"
        f"/Resources<</Font<</F1 {font} 0 R>>/XObject<<{''.join(named)}>>>>>>"
    )
    add(f"<</Type/Pages/Kids[{leaf} 0 R]/Count 1>>")
    catalog = add(f"<</Type/Catalog/Pages {pages} 0 R/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>>>")
    info = add(f"<</Title{_utf16(page.title)}/Producer(zhicheng)>>")
    return _file(objects, catalog, info)


def _file(objects: list[bytes], catalog: int, info: int) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number)
        out.write(body)
        out.write(b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(
        b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, catalog, info, start)
    )
    return out.getvalue()
