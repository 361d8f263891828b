"""Ornaments keep to their places and leave the middle of the page alone."""

from collections.abc import Callable

import pytest
from PIL import ImageChops

from app.formats.fonts import MissingGlyphsError, base_typeface
from app.formats.ornaments import rosette, round_seal, woven_band
from app.formats.paged_pdf import Canvas, Colour, PageDesign
from tests.formats.checks import AT, pixels, sound, text_of

RED: Colour = (0.8, 0, 0)
SCALE = 5
"""Pixels a millimetre."""


def page(draw: Callable[[Canvas], None]) -> bytes:
    return PageDesign(base_typeface(), draw).render(lambda _: None, title="", subject="", made_at=AT)


def reach(draw: Callable[[Canvas], None]) -> tuple[float, ...]:
    """Left, top, right and bottom of what is drawn, mm."""
    document = page(draw)
    assert sound(document) == []
    box = pixels(document, dpi=127).convert("L").point(lambda value: 255 - value).getbbox()
    assert box is not None
    return tuple(value / SCALE for value in box)


def test_a_rosette_reaches_as_far_as_it_says() -> None:
    found = reach(lambda c: rosette(c, 100, 150, 30, petals=12, rings=9, depth=0.6, colour=RED, width=0.2))
    assert found == pytest.approx((70, 120, 130, 180), abs=0.5)


def test_a_band_runs_round_its_rectangle_and_leaves_the_inside_empty() -> None:
    def band(canvas: Canvas) -> None:
        woven_band(canvas, 40, 60, 120, 160, wave=4, swing=2, strands=6, colour=RED)

    assert reach(band) == pytest.approx((38, 58, 162, 222), abs=0.5)
    inside = (43 * SCALE, 63 * SCALE, 157 * SCALE, 217 * SCALE)
    assert pixels(page(band), dpi=127).crop(inside).getcolors() == [(570 * 770, (255, 255, 255))]


@pytest.mark.parametrize("around", ["", "厅", "湖南省人力资源和社会保障厅", "湖南省长株潭示范区某某局" * 5])
def test_a_seal_keeps_to_its_circle_however_long_its_words(around: str) -> None:
    def seal(canvas: Canvas) -> None:
        round_seal(canvas, 100, 150, 21, around=around, below="演示" * 4, colour=RED)

    assert reach(seal) == pytest.approx((79, 129, 121, 171), abs=0.3)
    without = pixels(page(lambda c: round_seal(c, 100, 150, 21, around="", colour=RED)), dpi=127)
    change = ImageChops.difference(pixels(page(seal), dpi=127), without).convert("L").getbbox()
    assert change is not None
    left, top, right, bottom = change
    assert min(left / SCALE - 79, top / SCALE - 129, 121 - right / SCALE, 171 - bottom / SCALE) > 1.3
    assert text_of(page(seal)) == ""


def test_a_seal_is_refused_where_a_character_is_missing() -> None:
    with pytest.raises(MissingGlyphsError) as refused:
        page(lambda c: round_seal(c, 100, 150, 21, around="某\U0003106c厅", colour=RED))
    assert refused.value.characters == ("\U0003106c",)
