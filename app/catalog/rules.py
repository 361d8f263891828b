"""Rules of the reference data."""

from __future__ import annotations

import re
from functools import lru_cache

from app.core.text import called, folded, shapeless
from app.formats.fonts import missing_glyphs

PROVINCE = "430000"


def initials(text: str) -> str:
    """Pinyin initials for searching: 长沙市 -> "css"; other characters stand as they are, in lower case."""
    from pypinyin.seg.simpleseg import simple_seg  # its phrases take 55 MB: only for a process that names something

    text = folded(text)
    runs = ([run] if run.isascii() else _words(run) for run in simple_seg(text))
    return "".join([word.lower() if word.isascii() else _letters(word) for run in runs for word in run])[:80]


def _words(run: str) -> list[str]:
    """The phrases and characters that a run of characters is read by: as few as will do, of these the most that tell a
    reading which the characters alone don't.

    Taking the longest phrase from the left reads 国际会计 as 国|际会|计, with the 会 of 开会.
    """
    from pypinyin.constants import PHRASES_DICT
    from pypinyin.seg.mmseg import p_set

    ends = len(run)
    best = [(0, 0, ends)] * (ends + 1)
    """From each place to the end: how many words, how many that tell nothing, and where the first of them ends."""
    for start in range(ends - 1, -1, -1):
        words, plain, _ = best[start + 1]
        found = (words + 1, plain + 1, start + 1)
        end = start + 2
        while end <= ends and (word := run[start:end]) in p_set:
            words, plain, _ = best[end]
            if words < found[0] and word in PHRASES_DICT:
                found = min(found, (words + 1, plain + (not _tells(word)), end))
            end += 1
        best[start] = found
    cut, start = [], 0
    while start < ends:
        end = best[start][2]
        cut.append(run[start:end])
        start = end
    return cut


@lru_cache(maxsize=1 << 14)
def _tells(word: str) -> bool:
    return _letters(word) != "".join(map(_letters, word))


@lru_cache(maxsize=1 << 14)
def _letters(word: str) -> str:
    """Of one word: a province's names are made of few, and each costs ten times a look-up."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(word, style=Style.FIRST_LETTER, errors=str.lower))


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
    if hidden := shapeless(text.strip()):
        return f"{what}中有不可见字符 {called(hidden[0])}，请删去后重新录入。"
    return None


def name_problem(text: str, what: str, longest: int = 120) -> str | None:
    """A text that certificates print, or that people search by: as `text_problem`; a space only between Latin words,
    and no character that our fonts can't draw: the certificate would be refused on the day it is issued.
    """
    stripped = text.strip()
    for at, char in enumerate(stripped):
        around = stripped[at - 1 : at + 2]
        if char.isspace() and not (char == " " and around.isascii() and " " not in (around[0], around[-1])):
            return f"{what}中“{around[0]}”之后有空格或换行，请删去。"
    if problem := text_problem(text, what, longest):
        return problem
    if lacking := missing_glyphs(stripped):
        named = "、".join(f"“{char}”（U+{ord(char):04X}）" for char in lacking)
        return f"{what}中的{named}没有可以打印的字形，印不到证书上，请换用其他字。"
    return None
