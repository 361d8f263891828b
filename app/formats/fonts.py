"""The Chinese typeface: which characters it can draw, how wide they are, and its subset for one document.

Noto Serif CJK SC, and Noto Sans CJK SC for the characters the serif lacks; both OFL, both carried by `mplfonts`.
The files stay mapped, not read: a character's outline is turned into a TrueType record when it is first needed
(about half a millisecond) and kept, so nothing is built ahead and rare characters take the same way as common ones.
"""

from __future__ import annotations

import importlib.util
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import uharfbuzz as hb
from fontTools.pens.recordingPen import RecordingPen

from app.core.errors import Refusal
from app.formats.glyf import BLANK, UNITS_PER_EM, Glyph, OutlinePen, assemble

_OPERATORS = {"moveTo": "m", "lineTo": "l", "curveTo": "c", "closePath": "h"}
_INVISIBLE = {"Cc", "Cf", "Cs"}


class MissingGlyphsError(Refusal, ValueError):
    """No carried font draws these characters. `characters` holds each once, in the order met."""

    def __init__(self, characters: Sequence[str]) -> None:
        self.characters = tuple(characters)
        names = "、".join(f"“{c if c.isprintable() else '?'}”(U+{ord(c):04X})" for c in self.characters)
        super().__init__(f"字库中没有这些字：{names}")


class Typeface:
    """Fonts asked in turn, the first that has a character draws it. Safe to share between threads.

    Raises `FileNotFoundError` if a font file is missing, `ValueError` if a font has not 1000 units to the em.
    """

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        self.name = name
        self._fonts: list[hb.Font] = []
        for path in paths:
            if not path.is_file():
                raise FileNotFoundError(path)
            face = hb.Face(hb.Blob.from_file_path(str(path)))
            if face.upem != UNITS_PER_EM:
                raise ValueError(f"{path.name}: {face.upem} units to the em, not {UNITS_PER_EM}")
            self._fonts.append(hb.Font(face))
        self._places: dict[str, tuple[hb.Font, int] | None] = {}
        self._glyphs: dict[str, Glyph | None] = {}
        self._lock = threading.Lock()

    def _glyph(self, char: str) -> Glyph | None:
        try:
            return self._glyphs[char]
        except KeyError:
            with self._lock:
                return self._glyphs.setdefault(char, self._convert(char))

    def _convert(self, char: str) -> Glyph | None:
        found = self._found(char)
        if found is None:
            return None
        (font, number), pen = found, OutlinePen()
        font.draw_glyph_with_pen(number, pen)
        return pen.glyph(font.get_glyph_h_advance(number))

    def _found(self, char: str) -> tuple[hb.Font, int] | None:
        """The first font that draws a character, and its number there."""
        if char not in self._places:
            seen = () if unicodedata.category(char) in _INVISIBLE else self._fonts
            numbers = ((font, font.get_nominal_glyph(ord(char))) for font in seen)
            self._places[char] = next((found for found in numbers if found[1]), None)
        return self._places[char]

    def missing_glyphs(self, text: str) -> tuple[str, ...]:
        """The characters of `text` that would not print, each once, in order; empty if all print.

        Control and format characters count as missing; so do variation selectors, which would be lost.
        """
        return tuple(dict.fromkeys(char for char in text if self._found(char) is None))

    def glyphs(self, text: Iterable[str]) -> list[Glyph]:
        """The glyph of each character. Raises `MissingGlyphsError` naming every one that has none."""
        characters = list(text)
        found = [glyph for glyph in map(self._glyph, characters) if glyph is not None]
        if len(found) < len(characters):
            raise MissingGlyphsError(self.missing_glyphs("".join(characters)))
        return found

    def width(self, text: str, size: float) -> float:
        """The advance of `text` set at `size`, in the unit of `size`. Raises `MissingGlyphsError`."""
        return sum([glyph.advance for glyph in self.glyphs(text)]) * size / UNITS_PER_EM

    def outline(self, char: str) -> str:
        """The character as PDF path operators, 1000 units to the em, from its baseline's left end.

        Raises `MissingGlyphsError`.
        """
        found = self._found(char)
        if found is None:
            raise MissingGlyphsError([char])
        (font, number), pen = found, RecordingPen()
        font.draw_glyph_with_pen(number, pen)
        return " ".join(
            " ".join([*(f"{x:.0f} {y:.0f}" for x, y in points), _OPERATORS[name]]) for name, points in pen.value
        )


class Subset:
    """The characters one document uses, numbered as they are met; number 0 stays blank."""

    def __init__(self, typeface: Typeface) -> None:
        self.typeface = typeface
        self._codes: dict[str, str] = {}

    def encode(self, text: str) -> str:
        """`text` as a hexadecimal PDF string of two-byte glyph numbers. Raises `MissingGlyphsError`, adding nothing."""
        codes = self._codes
        new = [char for char in dict.fromkeys(text) if char not in codes]
        if new:
            self.typeface.glyphs(new)
            for char in new:
                codes[char] = f"{len(codes) + 1:04X}"
        return f"<{''.join([codes[char] for char in text])}>"

    @property
    def characters(self) -> tuple[str, ...]:
        """The characters met, in the order of their glyph numbers, which begin at 1."""
        return tuple(self._codes)

    def font_file(self) -> bytes:
        """A TrueType font of exactly these characters."""
        return assemble([BLANK, *self.typeface.glyphs(self._codes)])

    def widths(self) -> list[int]:
        """Advance of each glyph number from 0, 1000 to the em."""
        return [BLANK.advance, *(glyph.advance for glyph in self.typeface.glyphs(self._codes))]


@cache
def base_typeface() -> Typeface:
    """The process's one typeface. Raises `FileNotFoundError` if `mplfonts` is not whole."""
    spec = importlib.util.find_spec("mplfonts")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("mplfonts")
    folder = Path(spec.origin).parent / "fonts"
    files = ("NotoSerifCJKsc-Regular.otf", "NotoSansCJKsc-Regular.otf")
    return Typeface("NotoSerifCJKsc-Regular", [folder / file for file in files])


def missing_glyphs(text: str) -> tuple[str, ...]:
    """The characters of `text` that no carried font draws, each once, in order; empty if all print."""
    return base_typeface().missing_glyphs(text)
