"""One-page documents that share a design: the design is drawn once, each document adds its words, photograph and code.

Lengths and places are millimetres from the page's top left corner, type sizes are points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.formats.fonts import Subset, Typeface
from app.formats.pdf_file import PdfFile, date_string, text_string
from app.formats.pictures import Picture, picture
from app.formats.qr import qr_path

MM = 72 / 25.4
A4 = (210.0, 297.0)
LEADING = 1.35
"""Distance of two lines of a box, in type sizes."""

Colour = tuple[float, float, float]
"""Red, green, blue, each 0 to 1."""
BLACK: Colour = (0, 0, 0)

_NEVER_FIRST = set("，。、；：？！）》】」』”’…—·,.;:?!)]}%/")
_NEVER_LAST = set("（《【「『“‘([{")


@dataclass(frozen=True, slots=True)
class Fitted:
    """Text broken into `lines` at `size` points, the largest at which it keeps to its box."""

    lines: tuple[str, ...]
    size: float


def wrap(typeface: Typeface, text: str, width: float) -> list[str]:
    """`text` broken into lines of at most `width` type sizes; words and numbers stay whole if a line holds them."""
    lines, line, used = [], "", 0.0
    for piece in _pieces(text):
        advance = typeface.width(piece, 1)
        if used + advance <= width:
            line, used = line + piece, used + advance
            continue
        if line:
            lines.append(line.rstrip())
        line, used = "", 0.0
        for char in piece.lstrip() if advance > width else ():
            advance = typeface.width(char, 1)
            if line and used + advance > width:
                lines.append(line)
                line, used = "", 0.0
            line, used = line + char, used + advance
        if not line:
            line = piece.lstrip()
            used = typeface.width(line, 1)
    return [*lines, line.rstrip()] if line or not lines else lines


def _pieces(text: str) -> list[str]:
    """The parts of `text` between which a line may break."""
    pieces: list[str] = []
    for char in text:
        last = pieces[-1][-1] if pieces else ""
        joined = last and (
            (char.isascii() and last.isascii() and char != " " and last != " ")
            or char in _NEVER_FIRST
            or last in _NEVER_LAST
        )
        if joined:
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def fit(typeface: Typeface, text: str, *, width: float, height: float, size: float, step: float = 0.5) -> Fitted:
    """The largest size up to `size` points at which `text` keeps to `width` × `height` mm, on as many lines as needed.

    Never overflows, however long the text. Raises `MissingGlyphsError`.
    """
    if typeface.width(text, size) <= width * MM and size * LEADING <= height * MM:
        return Fitted((text,), size)
    while True:
        lines = wrap(typeface, text, width * MM / size)
        if len(lines) * size * LEADING <= height * MM or size <= 2 * step:
            widest = max(typeface.width(line, size) for line in lines)
            scale = min(1.0, width * MM / widest if widest else 1.0, height * MM / (len(lines) * size * LEADING))
            return Fitted(tuple(lines), size * scale)
        size -= step


Draw = Callable[["Canvas"], None]


class Canvas:
    """The operators of one layer of a page, and what they refer to."""

    def __init__(self, height: float, typeface: Typeface, font: str) -> None:
        """`height` of the page in mm; `font` is the resource name of this layer's characters."""
        self.height = height
        self.typeface = typeface
        self.subset = Subset(typeface)
        self.font = font
        self.images: dict[str, Picture] = {}
        self._operators: list[str] = []

    def content(self) -> bytes:
        """The layer's operators."""
        return "\n".join(self._operators).encode("ascii")

    def raw(self, operators: str) -> None:
        """Operators in points from the lower left; the caller keeps the graphics state as it was."""
        self._operators.append(operators)

    def point(self, x: float, y: float) -> str:
        """A place as PDF operands."""
        return f"{x * MM:.2f} {(self.height - y) * MM:.2f}"

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        align: float = 0.0,
        colour: Colour = BLACK,
        spacing: float = 0.0,
        weight: float = 0.0,
    ) -> None:
        """One line with its baseline at `y`; `align` 0 starts, 0.5 centres, 1 ends at `x`.

        `spacing` adds points after each character, `weight` of stroke makes it bolder. Raises `MissingGlyphsError`.
        """
        codes = self.subset.encode(text)
        if not text:
            return
        if align:
            width = self.typeface.width(text, size) + spacing * (len(text) - 1)
            x -= align * width / MM
        self._operators.append(
            f"BT{_fill(colour)}/{self.font} {size:.2f} Tf {spacing:.2f} Tc"
            f"{_weight(colour, weight)} {self.point(x, y)} Td {codes} Tj ET"
        )

    def text_box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str,
        size: float,
        *,
        align: float = 0.0,
        colour: Colour = BLACK,
        weight: float = 0.0,
    ) -> Fitted:
        """Text kept inside a box by shrinking or breaking it, centred in its height. Raises `MissingGlyphsError`."""
        fitted = fit(self.typeface, text, width=width, height=height, size=size)
        leading = fitted.size * LEADING / MM
        # a Chinese character's body stands 0.38 em above the middle of its line's baseline
        first = y + (height - leading * (len(fitted.lines) - 1)) / 2 + 0.38 * fitted.size / MM
        for number, line in enumerate(fitted.lines):
            self.text(
                x + width * align,
                first + number * leading,
                line,
                fitted.size,
                align=align,
                colour=colour,
                weight=weight,
            )
        return fitted

    def letters_on_arc(
        self,
        x: float,
        y: float,
        radius: float,
        text: str,
        size: float,
        *,
        span: float,
        colour: Colour = BLACK,
        weight: float = 0.0,
        squeeze: float = 1.0,
    ) -> None:
        """Characters spread evenly over `span` degrees of a circle round `x`, `y`, upright at its top.

        They are shapes, not text to be searched or copied. `radius` mm is that of the baseline; `squeeze` narrows
        each character; `weight` points of stroke make it bolder. Raises `MissingGlyphsError`.
        """
        step = span / (len(text) - 1) if len(text) > 1 else 0.0
        scale = size / 1000
        shapes = []
        for number, char in enumerate(text):
            angle = math.radians(span / 2 - number * step)
            cos, sin = math.cos(angle), math.sin(angle)
            half = self.typeface.width(char, size) * squeeze / 2
            left = x * MM - radius * MM * sin - half * cos
            base = (self.height - y) * MM + radius * MM * cos - half * sin
            shapes.append(
                f"q {squeeze * scale * cos:.6f} {squeeze * scale * sin:.6f} {-scale * sin:.6f} {scale * cos:.6f} "
                f"{left:.2f} {base:.2f} cm {self.typeface.outline(char)} {'B' if weight else 'f'} Q"
            )
        self._operators.append(f"{_fill(colour)}{_stroke(colour)}{weight / scale:.1f} w\n" + "\n".join(shapes))

    def lines(self, points: Sequence[tuple[float, float]], *, width: float, colour: Colour = BLACK) -> None:
        """An open line through `points`, `width` mm wide."""
        path = self._path(points)
        self._operators.append(f"{_stroke(colour)} {width * MM:.3f} w {path} S")

    def polygon(self, points: Sequence[tuple[float, float]], *, fill: Colour) -> None:
        """A filled shape with the corners `points`."""
        path = self._path(points)
        self._operators.append(f"{_fill(fill)}{path} h f")

    def _path(self, points: Sequence[tuple[float, float]]) -> str:
        start, *rest = [self.point(x, y) for x, y in points]
        return " ".join([f"{start} m", *(f"{place} l" for place in rest)])

    def circle(self, x: float, y: float, radius: float, *, width: float, colour: Colour = BLACK) -> None:
        """A circle round `x`, `y`, its line `width` mm wide inside `radius`."""
        reach = radius - width / 2
        bend = reach * 0.5523
        corners = ((1, 0, 0, -1), (0, -1, -1, 0), (-1, 0, 0, 1), (0, 1, 1, 0))
        curves = [
            f"{self.point(x + a * reach + c * bend, y + b * reach + d * bend)} "
            f"{self.point(x + c * reach + a * bend, y + d * reach + b * bend)} "
            f"{self.point(x + c * reach, y + d * reach)} c"
            for a, b, c, d in corners
        ]
        self._operators.append(
            f"{_stroke(colour)}{width * MM:.3f} w {self.point(x + reach, y)} m " + " ".join(curves) + " s"
        )

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        line: float = 0.0,
        stroke: Colour = BLACK,
        fill: Colour | None = None,
    ) -> None:
        """A rectangle, its outline `line` mm wide and not drawn if that is 0."""
        paint = ("B" if line else "f") if fill else "S"
        self._operators.append(
            f"{_stroke(stroke)}{_fill(fill or BLACK)}{line * MM:.3f} w {self.point(x, y + height)} "
            f"{width * MM:.2f} {height * MM:.2f} re {paint}"
        )

    def photo(self, x: float, y: float, width: float, height: float, data: bytes) -> None:
        """A photograph centred in a box and cut to its proportions. Raises `BadImageError`."""
        image = picture(data)
        scale = max(width / image.width, height / image.height)
        w, h = image.width * scale, image.height * scale
        name = f"Im{len(self.images)}"
        self.images[name] = image
        self._operators.append(
            f"q {self.point(x, y + height)} {width * MM:.2f} {height * MM:.2f} re W n "
            f"{w * MM:.2f} 0 0 {h * MM:.2f} {self.point(x + (width - w) / 2, y + (height + h) / 2)} cm /{name} Do Q"
        )

    def qr(self, x: float, y: float, size: float, text: str) -> None:
        """A QR code in a square, its quiet zone included. Raises `ValueError` if `text` is empty or too long."""
        self._operators.append(f"0 g {qr_path(text, x * MM, (self.height - y - size) * MM, size * MM)}")


def _fill(colour: Colour) -> str:
    return f" {colour[0]:.3g} {colour[1]:.3g} {colour[2]:.3g} rg "


def _stroke(colour: Colour) -> str:
    return f" {colour[0]:.3g} {colour[1]:.3g} {colour[2]:.3g} RG "


def _weight(colour: Colour, weight: float) -> str:
    return f"{_stroke(colour)}{weight:.2f} w 2 Tr" if weight else " 0 Tr"


class PageDesign:
    """A page whose unvarying layer `draw` is drawn once; `render` costs only what varies. Threads may share it.

    `page` is width and height in mm. Raises what `draw` raises.
    """

    def __init__(self, typeface: Typeface, draw: Draw, *, page: tuple[float, float] = A4) -> None:
        self.typeface = typeface
        self.page = page
        canvas = Canvas(page[1], typeface, "F0")
        draw(canvas)
        file = PdfFile()
        root, self._pages, self._leaf = file.reserve(), file.reserve(), file.reserve()
        file.add(
            f"<</Type/Catalog/Pages {self._pages} 0 R/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>>>", root
        )
        file.add(f"<</Type/Pages/Count 1/Kids[{self._leaf} 0 R]>>", self._pages)
        self._root = root
        self._content = file.stream(canvas.content(), compress=9)
        self._font = file.font(canvas.subset)
        self._images = "".join(f"/S{name} {file.image(image)} 0 R" for name, image in canvas.images.items())
        self._prefix = file.copy()

    def render(self, draw: Draw, *, title: str, subject: str, made_at: datetime) -> bytes:
        """The PDF with the layer `draw` above the design. Equal arguments give equal bytes.

        `made_at` must be aware. Raises what `draw` raises, `MissingGlyphsError` and `BadImageError` among them.
        """
        canvas = Canvas(self.page[1], self.typeface, "F1")
        draw(canvas)
        file = self._prefix.copy()
        content = file.stream(canvas.content())
        fonts = f"/F0 {self._font} 0 R"
        if canvas.subset.characters:
            fonts += f"/F1 {file.font(canvas.subset)} 0 R"
        images = self._images + "".join(f"/{name} {file.image(image)} 0 R" for name, image in canvas.images.items())
        width, height = self.page
        file.add(
            f"<</Type/Page/Parent {self._pages} 0 R/MediaBox[0 0 {width * MM:.2f} {height * MM:.2f}]"
            f"/Contents[{self._content} 0 R {content} 0 R]"
            f"/Resources<</Font<<{fonts}>>/XObject<<{images}>>>>>>",
            self._leaf,
        )
        moment = date_string(made_at)
        info = file.add(
            f"<</Title{text_string(title)}/Subject{text_string(subject)}/CreationDate{moment}/ModDate{moment}>>"
        )
        return file.finish(root=self._root, info=info)
