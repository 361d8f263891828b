"""A PDF file written object by object: a prefix made once, what varies appended, one cross-reference table."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from datetime import datetime

from app.formats.fonts import Subset
from app.formats.pictures import Picture

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@dataclass
class PdfFile:
    """Objects numbered from 1 in the order of `reserve`; each is added once, in any order.

    `copy` gives a file that begins with the same bytes, for documents that share a prefix.
    """

    parts: list[bytes] = field(default_factory=lambda: [_HEADER])
    size: int = len(_HEADER)
    offsets: list[int] = field(default_factory=list)

    def copy(self) -> PdfFile:
        return PdfFile([b"".join(self.parts)], self.size, self.offsets[:])

    def reserve(self) -> int:
        """A number for an object added later."""
        self.offsets.append(0)
        return len(self.offsets)

    def add(self, body: bytes | str, number: int = 0) -> int:
        """Writes an object (its PDF syntax; text is ASCII) and returns its number."""
        number = number or self.reserve()
        data = body.encode("ascii") if isinstance(body, str) else body
        self.offsets[number - 1] = self.size
        part = b"%d 0 obj\n%b\nendobj\n" % (number, data)
        self.parts.append(part)
        self.size += len(part)
        return number

    def stream(self, data: bytes, entries: str = "", *, compress: int = 6, number: int = 0) -> int:
        """Writes a stream; `compress` is zlib's level, 0 for bytes already compressed as `entries` say."""
        if compress:
            data = zlib.compress(data, compress)
            entries += "/Filter/FlateDecode"
        return self.add(b"<<%b/Length %d>>stream\n%b\nendstream" % (entries.encode("ascii"), len(data), data), number)

    def image(self, picture: Picture) -> int:
        """Writes a photograph and returns its number."""
        space = "/DeviceGray" if picture.components == 1 else "/DeviceRGB"
        return self.stream(
            picture.data,
            f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}"
            f"/ColorSpace{space}/BitsPerComponent 8/Filter/DCTDecode",
            compress=0,
        )

    def font(self, subset: Subset) -> int:
        """Writes a font of the characters used so far, with their way back to text, and returns its number."""
        tag = "".join(chr(65 + byte % 26) for byte in hashlib.md5("".join(subset.characters).encode()).digest()[:6])
        name = f"/{tag}+{subset.typeface.name}"
        data = subset.font_file()
        file = self.stream(data, f"/Length1 {len(data)}", compress=1)
        descriptor = self.add(
            f"<</Type/FontDescriptor/FontName{name}/Flags 4/FontBBox[-1000 -1000 3000 2000]/ItalicAngle 0"
            f"/Ascent 1151/Descent -286/CapHeight 733/StemV 80/FontFile2 {file} 0 R>>"
        )
        widths = "".join(f" {code}[{width}]" for code, width in enumerate(subset.widths()) if width != 1000)
        cid = self.add(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont{name}/CIDToGIDMap/Identity"
            f"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            f"/FontDescriptor {descriptor} 0 R/DW 1000/W[{widths}]>>"
        )
        to_unicode = self.stream(_to_unicode(subset.characters))
        return self.add(
            f"<</Type/Font/Subtype/Type0/BaseFont{name}/Encoding/Identity-H"
            f"/DescendantFonts[{cid} 0 R]/ToUnicode {to_unicode} 0 R>>"
        )

    def finish(self, *, root: int, info: int) -> bytes:
        """The whole file. Equal objects give equal bytes."""
        digest = hashlib.md5(b"".join(self.parts[1:])).hexdigest()
        table = "".join([f"{offset:010d} 00000 n \n" for offset in self.offsets])
        count = len(self.offsets) + 1
        self.parts.append(
            f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n"
            f"<</Size {count}/Root {root} 0 R/Info {info} 0 R/ID[<{digest}><{digest}>]>>\n"
            f"startxref\n{self.size}\n%%EOF\n".encode("ascii")
        )
        return b"".join(self.parts)


def text_string(text: str) -> str:
    """`text` as a PDF text string, for titles and other entries that are not drawn."""
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"


def date_string(moment: datetime) -> str:
    """An aware time as PDF writes it. Raises `ValueError` if `moment` has no offset."""
    offset = moment.strftime("%z")
    if not offset:
        raise ValueError("a time without its offset")
    return f"(D:{moment:%Y%m%d%H%M%S}{offset[:3]}'{offset[3:5]}')"


def _to_unicode(characters: tuple[str, ...]) -> bytes:
    lines = []
    for start in range(0, len(characters), 100):
        block = characters[start : start + 100]
        lines.append(f"{len(block)} beginbfchar")
        lines += [f"<{start + n:04X}><{char.encode('utf-16-be').hex()}>" for n, char in enumerate(block, 1)]
        lines.append("endbfchar")
    return (
        "/CIDInit/ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n/CMapName/Adobe-Identity-UCS def\n"
        "/CMapType 2 def\n1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n"
        + "\n".join(lines)
        + "\nendcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
