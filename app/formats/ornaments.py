"""Ornaments of official papers: a woven frame, rosettes, a round seal. Millimetres, as on the canvas."""

from __future__ import annotations

import math

from app.formats.paged_pdf import MM, Canvas, Colour


def rosette(
    canvas: Canvas,
    x: float,
    y: float,
    radius: float,
    *,
    petals: int,
    rings: int,
    depth: float,
    colour: Colour,
    width: float = 0.15,
) -> None:
    """`rings` wavy circles of `petals` waves, turned against one another, woven round `x`, `y`.

    `radius` is the outermost reach; each wave swings over `depth` (0 to 1) of it. `width` of the line in mm.
    """
    reach = radius * MM
    swing = reach * depth / 2
    middle = reach - swing
    steps = petals * 4
    delta = 2 * math.pi / steps

    def place(t: float) -> tuple[float, float, float, float]:
        r, slope = middle + swing * math.cos(petals * t), -swing * petals * math.sin(petals * t)
        cos, sin = math.cos(t), math.sin(t)
        return r * cos, r * sin, slope * cos - r * sin, slope * sin + r * cos

    x0, y0, dx0, dy0 = place(0)
    path = [f"{x0:.2f} {y0:.2f} m"]
    for step in range(1, steps + 1):
        x1, y1, dx1, dy1 = place(step * delta)
        third = delta / 3
        path.append(
            f"{x0 + dx0 * third:.2f} {y0 + dy0 * third:.2f} "
            f"{x1 - dx1 * third:.2f} {y1 - dy1 * third:.2f} {x1:.2f} {y1:.2f} c"
        )
        x0, y0, dx0, dy0 = x1, y1, dx1, dy1
    ring = "\n".join([*path, "s"])
    angle = 2 * math.pi / petals / rings
    turn = f"{math.cos(angle):.6f} {math.sin(angle):.6f} {-math.sin(angle):.6f} {math.cos(angle):.6f} 0 0 cm"
    red, green, blue = colour
    canvas.raw(
        f"q {red} {green} {blue} RG {width * MM:.3f} w 1 0 0 1 {canvas.point(x, y)} cm\n"
        + "\n".join([f"{ring}\n{turn}"] * rings)
        + "\nQ"
    )


def woven_band(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    wave: float,
    swing: float,
    strands: int,
    colour: Colour,
    line: float = 0.12,
) -> None:
    """Waves woven along a rectangle's four sides, `swing` mm to both sides of them.

    `wave` mm is the wave's length; `width` and `height` should be whole numbers of it.
    `strands` waves are laid evenly out of step.
    """
    red, green, blue = colour
    repeat = f"{_strands(wave * MM, swing * MM, strands)}\n1 0 0 1 {wave * MM:.4f} 0 cm"
    right, down = "1 0 0 1", "0 -1 1 0"
    sides = (
        ((x, y), right, width),
        ((x, y + height), right, width),
        ((x, y), down, height),
        ((x + width, y), down, height),
    )
    for at, turn, length in sides:
        canvas.raw(
            f"q {red} {green} {blue} RG {line * MM:.3f} w {turn} {canvas.point(*at)} cm\n"
            + "\n".join([repeat] * round(length / wave))
            + "\nQ"
        )


def _strands(wave: float, swing: float, strands: int) -> str:
    """One wave's length of the weave, in points, from the origin to the right."""
    quarter = wave / 4
    third = quarter / 3
    paths = []
    for strand in range(strands):
        phase = 2 * math.pi * strand / strands
        y0, slope0 = swing * math.sin(phase), swing * math.cos(phase) * 2 * math.pi / wave
        path = [f"0 {y0:.2f} m"]
        for step in range(1, 5):
            t, x1 = phase + step * math.pi / 2, step * quarter
            y1, slope1 = swing * math.sin(t), swing * math.cos(t) * 2 * math.pi / wave
            path.append(
                f"{x1 - 2 * third:.2f} {y0 + slope0 * third:.2f} "
                f"{x1 - third:.2f} {y1 - slope1 * third:.2f} {x1:.2f} {y1:.2f} c"
            )
            y0, slope0 = y1, slope1
        paths.append(" ".join([*path, "S"]))
    return "\n".join(paths)


def round_seal(
    canvas: Canvas,
    x: float,
    y: float,
    radius: float,
    *,
    around: str,
    below: str = "",
    colour: Colour,
) -> None:
    """A round seal: `around` along the upper arc, a star in the middle, `below` a short line under it.

    The words are shapes, not text, and shrink to stay inside the ring however long. Raises `MissingGlyphsError`.
    """
    canvas.circle(x, y, radius, width=radius * 0.055, colour=colour)
    corners = []
    for corner in range(10):
        reach = radius * (0.3 if corner % 2 == 0 else 0.3 * 0.382)
        angle = corner * math.pi / 5
        corners.append((x + reach * math.sin(angle), y - reach * math.cos(angle)))
    canvas.polygon(corners, fill=colour)
    if around:
        span = min(240.0, 21.5 * (len(around) - 1))
        size = radius * 0.29
        room = math.radians(span / max(1, len(around) - 1)) * radius * 0.72
        squeeze = min(1.0, room / size) if len(around) > 1 else 1.0
        if squeeze < 0.62:
            size *= max(0.45, squeeze / 0.62)
            squeeze = min(1.0, room / size)
        canvas.letters_on_arc(
            x,
            y,
            radius * 0.9 - size * 0.88,
            around,
            size * MM,
            span=span,
            colour=colour,
            weight=size * 0.06,
            squeeze=squeeze,
        )
    if below:
        size = min(radius * 0.21, radius * 1.1 / len(below))
        left = x - canvas.typeface.width(below, size) / 2
        for char in below:
            advance = canvas.typeface.width(char, size)
            middle = left + advance / 2
            canvas.letters_on_arc(middle, y + radius * 0.53, 0, char, size * MM, span=0, colour=colour, weight=0.15)
            left += advance
