"""The Chinese font: Noto Serif CJK SC from the `mplfonts` package, with glyf outlines made once and kept.

HarfBuzz subsets a glyf font in a third of a millisecond and a CFF font in tens. So the standard characters
(GB 2312 and ASCII) are converted once into a base font in a cache folder; rarer characters are converted when
a text needs them. A character that the font does not have is reported, never dropped.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import uharfbuzz as hb
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

SOURCE = Path(str(files("mplfonts"))) / "fonts" / "NotoSerifCJKsc-Regular.otf"
BASE_NAME = "serif-sc-gb2312-1.ttf"
"""Change the last number when the recipe changes: an old cache is then left aside."""
_TOLERANCE = 1.5  # font units (1000 to the em): invisible at print size
_DROPPED = ("CFF ", "VORG", "GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx")
_MAXP = (
    "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
    "maxSizeOfInstructions", "maxComponentElements", "maxPoints", "maxContours", "maxCompositePoints",
    "maxCompositeContours", "maxComponentDepth",
)


@lru_cache(maxsize=1)
def _source_face() -> hb.Face:
    return hb.Face(hb.Blob.from_file_path(str(SOURCE)))


@lru_cache(maxsize=1)
def covered() -> frozenset[int]:
    """The code points the font can draw."""
    return frozenset(_source_face().unicodes)


def missing_glyphs(text: str) -> tuple[str, ...]:
    """The characters of `text` no carried font can draw, in order of appearance; white space needs none."""
    known = covered()
    return tuple(dict.fromkeys(char for char in text if not char.isspace() and ord(char) not in known))


def standard_characters() -> frozenset[int]:
    """GB 2312, printable ASCII and the middle dot."""
    points = set(range(0x20, 0x7F)) | {0xB7}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                points.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return frozenset(points & covered())


def _subset(face: hb.Face, points: Iterable[int], *, retain: bool = False) -> bytes:
    wanted = hb.SubsetInput()
    wanted.sets(hb.SubsetInputSets.UNICODE).set(set(points))
    wanted.flags = hb.SubsetFlags.NO_LAYOUT_CLOSURE | (hb.SubsetFlags.RETAIN_GIDS if retain else hb.SubsetFlags.DEFAULT)
    return bytes(hb.subset(face, wanted).blob.data)


def glyf_font(points: Iterable[int]) -> bytes:
    """A TrueType font of the given code points, converted from the source's cubic outlines."""
    font = TTFont(io.BytesIO(_subset(_source_face(), points)), recalcBBoxes=True)
    outlines, order = font.getGlyphSet(), font.getGlyphOrder()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, _TOLERANCE, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], table = newTable("loca"), newTable("glyf")
    font["glyf"] = table
    table.glyphOrder, table.glyphs = order, glyphs
    for tag in _DROPPED:
        if tag in font:
            del font[tag]
    maxp = font["maxp"]
    maxp.tableVersion, maxp.maxZones = 0x00010000, 1
    for name in _MAXP:
        setattr(maxp, name, 0)
    font["post"].formatType, font.sfntVersion = 3.0, "\000\001\000\000"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def ensure_base(folder: Path) -> Path:
    """The base font in `folder`, made if it is not there (about ten seconds). Safe for many processes at once."""
    path = folder / BASE_NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        content = glyf_font(standard_characters())
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)
    return path


@dataclass(frozen=True)
class Subset:
    """A font program of a few characters, with what a PDF must know of it."""

    program: bytes
    glyphs: dict[str, int]
    """character -> glyph number in `program`."""
    widths: dict[int, int]
    """glyph number -> advance in thousandths of the em."""


class FontBook:
    """The fonts of one process: the base with glyf outlines, and the rest of the source on demand."""

    def __init__(self, folder: Path) -> None:
        self._base = hb.Face(hb.Blob.from_file_path(str(ensure_base(folder))))
        self._known = frozenset(self._base.unicodes)

    def subset(self, text: str) -> Subset:
        """The characters of `text` as one font program; ValueError naming those that no font has."""
        lacking = missing_glyphs(text)
        if lacking:
            raise ValueError("no glyph for " + " ".join(lacking))
        points = {ord(char) for char in text}
        face = self._base if points <= self._known else _rare_face(frozenset(points))
        program = _subset(face, points)
        made = hb.Face(program)
        font = hb.Font(made)
        scale = 1000 / made.upem
        glyphs = {char: font.get_nominal_glyph(ord(char)) for char in set(text)}
        widths = {glyph: round(font.get_glyph_h_advance(glyph) * scale) for glyph in glyphs.values()}
        return Subset(program, glyphs, widths)


@lru_cache(maxsize=64)
def _rare_face(points: frozenset[int]) -> hb.Face:
    """A face with rare characters among others: converted for this text (some tens of milliseconds)."""
    return hb.Face(glyf_font(points))
