"""Which characters are kept: every one with a shape, of extensions newer than Python's tables too."""

from __future__ import annotations

import pytest

from app.accounts.rules import name_problem
from app.core import text
from app.formats.tables import neutral
from app.web.forms import strip

RARE = {
    "basic": "龘",
    "extension A": "㐀",
    "extension B": "𠮷",
    "extension G": "\U00030000",
    "extension H": "\U00031350",
    "extension I": "\U0002ebf0",
    "compatibility supplement": "\U0002f800",
}


@pytest.mark.parametrize("char", RARE.values(), ids=RARE)
def test_a_rare_character_is_nowhere_dropped(char: str) -> None:
    assert strip(f" 李{char} ") == neutral(f"李{char}") == text.cleaned(f"李{char}") == f"李{char}"
    assert text.shapeless(f"李{char}") == []
    assert text.is_ideograph(char)
    assert name_problem(f"李{char}") is None


@pytest.mark.parametrize("char", ["\ue000", "\u3000", "\xa0", "\u2003", "\U000e0100", "😀", "\u0378"])
def test_what_has_a_shape_or_a_width_stays(char: str) -> None:
    assert text.cleaned(f"甲{char}乙") == f"甲{char}乙"
    assert not text.is_ideograph(char)


@pytest.mark.parametrize(
    "char", ["\x00", "\x0b", "\x7f", "\u200b", "\u202e", "\ufeff", "\ud800", "\ufffe", "\u2028", "\U000e0041"]
)
def test_what_has_none_goes(char: str) -> None:
    assert text.cleaned(f"甲{char}乙\n丙") == "甲乙\n丙"
    assert text.shapeless(f"甲{char}乙{char}") == [char]
    assert name_problem(f"甲{char}乙") is not None


def test_what_is_kept_is_no_fault() -> None:
    assert text.shapeless("甲\n乙\t丙") == ["\n", "\t"]
    assert text.shapeless("甲\n乙\t丙", keep=text.BREAKS) == []


def test_a_character_is_told_by_its_number_and_name() -> None:
    assert [text.called(char) for char in "\u200b\x01"] == ["U+200B（零宽空格）", "U+0001"]
