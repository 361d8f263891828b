"""Rules of the reference data."""

from __future__ import annotations

import re

PROVINCE = "430000"


def initials(text: str) -> str:
    """Pinyin initials for searching: 长沙市 -> "css"; other characters stand as they are, in lower case."""
    from pypinyin import Style, lazy_pinyin  # its phrases take 55 MB: only for a process that names something

    letters = lazy_pinyin(text, style=Style.FIRST_LETTER, errors=str.lower)
    return "".join(letters)[:80]


def code_problem(code: str) -> str | None:
    """A speciality's code: 2 to 20 letters, digits and dots, so that it can be typed and searched from its beginning."""
    if re.fullmatch(r"[A-Z0-9][A-Z0-9.]{1,19}", code):
        return None
    return "专业代码为 2 至 20 位大写字母、数字或点，以字母或数字开头。"


def text_problem(text: str, what: str, longest: int = 120) -> str | None:
    """A required text: not blank, no line breaks or other control characters, at most `longest` characters."""
    if not text.strip():
        return f"请填写{what}。"
    if len(text.strip()) > longest:
        return f"{what}不超过 {longest} 个字。"
    return None if text.strip().isprintable() else f"{what}中有不可见字符，请重新录入。"
