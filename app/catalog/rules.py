"""Rules of the reference data."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def initials(text: str) -> str:
    """Pinyin initials for searching: 长沙市 -> "css"; other characters stand as they are, in lower case."""
    letters = lazy_pinyin(text, style=Style.FIRST_LETTER, errors=str.lower)
    return "".join(letters)[:80]
