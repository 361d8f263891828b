"""Codes as paths: every module where it should be, the quiet zone kept."""

import re

import pytest
import segno

from app.formats.qr import MASK, qr_modules, qr_path


@pytest.mark.parametrize("text", ["1", "https://zc.example.gov.cn/c/B06261430000001?s=" + "aZ9-_" * 17, "湖南省"])
def test_path_covers_exactly_the_dark_modules(text: str) -> None:
    rows = [bytes(row) for row in segno.make(text, error="m", boost_error=False, micro=False, mask=MASK).matrix]
    assert [bytes(row) for row in qr_modules(text)] == rows
    drawn = [bytearray(len(rows)) for _ in rows]
    for x, y, width in re.findall(r"^(\d+) (\d+) (\d+) 1\.02 re$", qr_path(text, 0, 0, 100), re.M):
        for column in range(int(x), int(x) + int(width)):
            assert not drawn[int(y)][column]
            drawn[int(y)][column] = 1
    assert [bytes(row) for row in drawn] == rows


def test_quiet_zone_is_four_modules_inside_the_square() -> None:
    count = len(qr_modules("1"))
    module = 290 / (count + 8)
    assert module == 10
    assert qr_path("1", 5, 7, 290).splitlines()[0] == "q 10.0000 0 0 -10.0000 45.000 257.000 cm"


@pytest.mark.parametrize("text", ["", "x" * 3000])
def test_what_no_code_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  segno words the second itself
        qr_modules(text)
