"""Outlines become TrueType records that other people's readers understand, as near to the curve as promised."""

import io
import math

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from app.formats.glyf import BLANK, TOLERANCE, Glyph, OutlinePen, assemble

HANDLE = 4 / 3 * math.tan(math.pi / 8)


def square(pen: OutlinePen) -> None:
    pen.moveTo((0, 0))
    pen.lineTo((700, 0))
    pen.lineTo((700, 300))
    pen.lineTo((0, 300))
    pen.closePath()


def circle(pen: OutlinePen, radius: float) -> None:
    pen.moveTo((radius, 0))
    h = radius * HANDLE
    pen.curveTo((radius, h), (h, radius), (0, radius))
    pen.curveTo((-h, radius), (-radius, h), (-radius, 0))
    pen.curveTo((-radius, -h), (-h, -radius), (0, -radius))
    pen.curveTo((h, -radius), (radius, -h), (radius, 0))
    pen.closePath()


def read(*glyphs: Glyph) -> TTFont:
    return TTFont(io.BytesIO(assemble([BLANK, *glyphs])), checkChecksums=2)


def test_a_square_comes_back_the_other_way_round() -> None:
    pen = OutlinePen()
    square(pen)
    glyph = pen.glyph(800)
    assert (glyph.advance, glyph.left, glyph.points, glyph.contours) == (800, 0, 4, 1)
    font = read(glyph)
    name = font.getGlyphOrder()[1]
    drawn = RecordingPen()
    font.getGlyphSet()[name].draw(drawn)
    assert [step for step in drawn.value if step[0] != "closePath"] == [
        ("moveTo", ((0, 0),)),
        ("lineTo", ((0, 300),)),
        ("lineTo", ((700, 300),)),
        ("lineTo", ((700, 0),)),
    ]
    assert font["hmtx"][name] == (800, 0)


@pytest.mark.parametrize("radius", [20, 150, 480, 3000])
def test_a_curve_is_followed_within_the_tolerance(radius: float) -> None:
    pen = OutlinePen()
    circle(pen, radius)
    (contour,) = pen.contours
    furthest = 0.0
    for n in range(0, len(contour), 2):
        (ax, ay, on), (bx, by, off), (cx, cy, end) = contour[n], contour[n + 1], contour[(n + 2) % len(contour)]
        assert (on, off, end) == (1, 0, 1)
        for step in range(21):
            t = step / 20
            x = ax * (1 - t) ** 2 + 2 * bx * t * (1 - t) + cx * t * t
            y = ay * (1 - t) ** 2 + 2 * by * t * (1 - t) + cy * t * t
            furthest = max(furthest, abs(math.hypot(x, y) - radius))
    # the cubic itself leaves the circle by 0.03 %, and whole numbers cost up to 0.71
    assert furthest <= TOLERANCE + 0.0003 * radius + 0.71


def test_blanks_and_specks_have_no_record() -> None:
    pen = OutlinePen()
    pen.moveTo((5, 5))
    pen.lineTo((6, 5))
    pen.closePath()
    assert pen.glyph(250) == Glyph(250, 0, 0, 0, b"")
    assert OutlinePen().glyph(1000) == BLANK


def test_every_record_is_where_the_font_says() -> None:
    glyphs = []
    for radius in (10, 255, 256, 4000):  # differences of one byte and of two
        pen = OutlinePen()
        circle(pen, radius)
        square(pen)
        glyphs.append(pen.glyph(radius))
    font = read(glyphs[0], BLANK, *glyphs[1:])
    order = font.getGlyphOrder()
    assert len(order) == 6
    assert [font["glyf"][name].numberOfContours for name in order] == [0, 2, 0, 2, 2, 2]
    assert [font["hmtx"][name][0] for name in order] == [1000, 10, 1000, 255, 256, 4000]
    assert [(font["glyf"][order[n]].xMin, font["glyf"][order[n]].yMax) for n in (1, 3, 5)] == [
        (-10, 300),
        (-255, 300),
        (-4000, 4000),
    ]
    assert all(len(glyph.record) % 4 == 0 for glyph in glyphs)
