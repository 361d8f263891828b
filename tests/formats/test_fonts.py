"""Which characters print, what they measure, and that what is embedded is their shape."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mplfonts
import pytest
from fontTools.pens.areaPen import AreaPen
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

from app.formats.fonts import MissingGlyphsError, Subset, Typeface, base_typeface, missing_glyphs

RARE = "㛃𬭎𠅤堃喆犇"
GB2312 = "".join(
    bytes((high, low)).decode("gb2312")
    for high in range(0xB0, 0xF8)
    for low in range(0xA1, 0xFF)
    if not (high == 0xD7 and low > 0xF9)
)


def test_common_and_rare_characters_all_print() -> None:
    assert len(GB2312) == 6763
    assert missing_glyphs(GB2312[::7] + RARE + "ABC xyz 0189·（）〔〕《》，。、") == ()


def test_a_character_the_serif_lacks_comes_from_the_sans() -> None:
    only_serif = Typeface("serif", [base_path("NotoSerifCJKsc-Regular.otf")])
    assert only_serif.missing_glyphs("张𠀡") == ("𠀡",)
    assert missing_glyphs("张𠀡") == ()


def base_path(name: str) -> Path:
    return Path(mplfonts.__file__).parent / "fonts" / name


@pytest.mark.parametrize(
    "text, missing",
    [
        ("", ()),
        ("张三", ()),
        ("李\U0003106c明\U000323a0\U0003106c", ("\U0003106c", "\U000323a0")),  # Extensions G and H
        ("张\ue000三", ("\ue000",)),  # private use, as old systems stored rare names
        ("葛\U000e0100", ("\U000e0100",)),  # a variation selector would be lost
        ("张\n三\x00\u200b", ("\n", "\x00", "\u200b")),
    ],
)
def test_missing_characters_are_named_once_in_order(text: str, missing: tuple[str, ...]) -> None:
    assert missing_glyphs(text) == missing


def test_the_refusal_says_which_characters() -> None:
    subset = Subset(base_typeface())
    subset.encode("张")
    with pytest.raises(MissingGlyphsError) as refused:
        subset.encode("李\U0003106c明")
    assert refused.value.characters == ("\U0003106c",)
    assert "(U+3106C)" in str(refused.value)
    assert subset.characters == ("张",)


def test_codes_count_characters_as_they_come() -> None:
    subset = Subset(base_typeface())
    assert subset.encode("") == "<>"
    assert subset.encode("张三张") == "<000100020001>"
    assert subset.encode("三𬭎") == "<00020003>"
    assert subset.characters == ("张", "三", "𬭎")
    assert subset.widths() == [1000, 1000, 1000, 1000]


def test_widths_are_the_fonts() -> None:
    face = base_typeface()
    assert face.width("张三", 12) == 24
    assert 0 < face.width("i", 1) < face.width("W", 1) < 1.1
    assert face.width("", 12) == 0


def test_the_embedded_font_is_whole_and_its_shapes_are_the_originals() -> None:
    face = base_typeface()
    subset = Subset(face)
    text = "湖南省张囍gW8。" + RARE
    subset.encode(text)
    font = TTFont(io.BytesIO(subset.font_file()), checkChecksums=2)
    assert font["maxp"].numGlyphs == len(text) + 1
    glyphs = font.getGlyphSet()
    with TTFont(base_path("NotoSerifCJKsc-Regular.otf"), lazy=True) as original:
        names, outlines = original.getBestCmap(), original.getGlyphSet()
        for name, char in zip(font.getGlyphOrder()[1:], subset.characters, strict=True):
            ours, theirs = (BoundsPen(None), AreaPen(None)), (BoundsPen(None), AreaPen(None))
            for pen in ours:
                glyphs[name].draw(pen)
            for pen in theirs:
                outlines[names[ord(char)]].draw(pen)
            assert ours[0].bounds == pytest.approx(theirs[0].bounds, abs=1.5), char
            # TrueType runs its outlines the other way round
            assert -ours[1].value == pytest.approx(theirs[1].value, rel=0.01), char
            assert font["hmtx"][name] == (outlines[names[ord(char)]].width, font["glyf"][name].xMin)


def test_a_space_is_blank_and_prints() -> None:
    subset = Subset(base_typeface())
    subset.encode("　 ")
    font = TTFont(io.BytesIO(subset.font_file()))
    assert [font["glyf"][name].numberOfContours for name in font.getGlyphOrder()] == [0, 0, 0]


def test_threads_may_share_a_typeface() -> None:
    face = Typeface("serif", [base_path("NotoSerifCJKsc-Regular.otf")])
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: face.glyphs(GB2312[:150]), range(8)))
    assert all(glyphs == made[0] for glyphs in made)


def test_a_missing_font_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Typeface("none", [tmp_path / "none.otf"])
