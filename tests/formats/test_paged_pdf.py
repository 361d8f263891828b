"""Pages from outside: text comes out as it went in, the file is sound, nothing leaves its box."""

from collections.abc import Callable
from datetime import datetime

import pytest

from app.formats.fonts import MissingGlyphsError, base_typeface
from app.formats.paged_pdf import LEADING, MM, Canvas, Fitted, PageDesign, fit, wrap
from app.formats.qr import qr_modules
from tests.formats.checks import AT, pixels, poppler_text, sound, text_of

RARE = "㛃𬭎𠅤堃喆犇"


def page(draw: Callable[[Canvas], object], design: Callable[[Canvas], None] = lambda _: None) -> bytes:
    return PageDesign(base_typeface(), design).render(
        lambda canvas: draw(canvas) and None, title="题目", subject="", made_at=AT
    )


@pytest.mark.parametrize("text", ["张三", RARE, "A1·b-9（湘人社函〔2026〕128号）", "𠀡𠃋", "价￥5，“引”"])
def test_text_comes_out_as_it_went_in(text: str) -> None:
    document = page(lambda canvas: canvas.text(20, 40, text, 14))
    assert text_of(document) == text
    assert poppler_text(document).strip() == text
    assert sound(document) == []


def test_two_hundred_characters_of_one_page_come_out_in_order() -> None:
    text = "".join(chr(0x4E00 + n * 7) for n in range(230))
    assert text_of(page(lambda canvas: canvas.text_box(20, 20, 170, 60, text, 12))).replace("\n", "") == text


def test_design_and_words_are_two_layers_of_one_sound_file() -> None:
    design = PageDesign(base_typeface(), lambda canvas: canvas.text(20, 20, "标题", 20))
    pages = [
        design.render(lambda canvas, word=word: canvas.text(20, 60, word, 12), title=word, subject="", made_at=AT)
        for word in ("甲", "乙丙")
    ]
    assert [text_of(document) for document in pages] == ["标题\n甲", "标题\n乙丙"]
    assert [sound(document) for document in pages] == [[], []]


def test_a_page_of_the_design_alone() -> None:
    document = page(lambda _: None, lambda canvas: canvas.text(20, 20, "空白", 20))
    assert (text_of(document), sound(document)) == ("空白", [])


def test_equal_pages_are_equal_bytes() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.text(20, 40, "同", 14)

    assert page(draw) == page(draw)
    assert page(draw) != page(lambda canvas: canvas.text(20, 40, "異", 14))


def test_a_missing_character_stops_the_page() -> None:
    with pytest.raises(MissingGlyphsError) as refused:
        page(lambda canvas: canvas.text(20, 40, "李\U0003106c", 14))
    assert refused.value.characters == ("\U0003106c",)


def test_a_time_without_offset_is_refused() -> None:
    design = PageDesign(base_typeface(), lambda _: None)
    with pytest.raises(ValueError, match="offset"):
        design.render(lambda _: None, title="", subject="", made_at=datetime(2026, 1, 1))


@pytest.mark.parametrize(
    "text, width, lines",
    [
        ("一二三四五", 5, ["一二三四五"]),
        ("一二三四五", 2, ["一二", "三四", "五"]),
        ("一二三，四", 3, ["一二", "三，四"]),
        ("一二（三四）", 3, ["一二", "（三", "四）"]),
        ("编号B06261430000001止", 9, ["编号", "B06261430000001", "止"]),
        ("BIM and GIS", 3, ["BIM", "and", "GIS"]),
        ("", 5, [""]),
    ],
)
def test_lines_break_where_chinese_may(text: str, width: float, lines: list[str]) -> None:
    assert wrap(base_typeface(), text, width) == lines


@pytest.mark.parametrize("length", [1, 8, 20, 40, 90, 400])
@pytest.mark.parametrize("unit", ["湖南，", "Wm", "（", "i "])
def test_no_text_leaves_its_box(unit: str, length: int) -> None:
    face, text = base_typeface(), unit * length
    fitted = fit(face, text, width=60, height=9.8, size=15)
    assert 0 < fitted.size <= 15
    assert max(face.width(line, fitted.size) for line in fitted.lines) <= 60 * MM + 0.01
    assert len(fitted.lines) * fitted.size * LEADING <= 9.8 * MM + 0.01
    assert "".join(fitted.lines).replace(" ", "") == text.replace(" ", "")


def test_a_short_text_keeps_its_size_and_a_longer_one_shrinks_before_it_breaks() -> None:
    face = base_typeface()
    assert fit(face, "短", width=60, height=9.8, size=15) == Fitted(("短",), 15)
    longer = fit(face, "一" * 12, width=60, height=9.8, size=15)
    assert (longer.lines, longer.size) == (("一" * 12,), 14)
    assert len(fit(face, "一" * 30, width=60, height=9.8, size=15).lines) == 2


def test_box_is_where_it_is_said_to_be() -> None:
    drawn = pixels(page(lambda canvas: canvas.text_box(50, 100, 30, 10, "国国国", 20)), dpi=127)  # 5 pixels a mm
    box = drawn.point(lambda value: 255 - value).getbbox()
    assert box is not None
    left, top, right, bottom = (value / 5 for value in box)
    assert 50 <= left < 52
    assert right <= 80
    assert 100 <= top < bottom <= 110
    assert (top + bottom) / 2 == pytest.approx(105, abs=0.5)


def test_the_drawn_code_is_the_code() -> None:
    text = "https://zc.example.gov.cn/check/" + "aZ9-_" * 12
    rows = qr_modules(text)
    side = len(rows) + 8
    drawn = pixels(page(lambda canvas: canvas.qr(50, 100, side, text)), dpi=127)  # a module a millimetre
    read = [
        [int(drawn.getpixel((round((54.5 + x) * 5), round((104.5 + y) * 5)))[0] < 128) for x in range(len(rows))]  # type: ignore[index]
        for y in range(len(rows))
    ]
    assert read == [list(row) for row in rows]
    assert drawn.crop((0, 500, 1050, 519)).getcolors() == [(1050 * 19, (255, 255, 255))]
