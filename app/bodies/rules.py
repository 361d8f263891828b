"""Rules of bodies: the unified social credit code, names that may be one body's."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from app.bodies.enums import BodyNature, NodeType
from app.catalog.rules import text_problem

__all__ = ["code_problem", "credit_code_problem", "nature_problem", "nearly_same", "text_problem"]

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(3**power % 31 for power in range(17))


def credit_code_problem(code: str) -> str | None:
    """What is wrong with a 统一社会信用代码 (GB 32100-2015), or None. Upper case is expected.

    The alphabet leaves out I, O, S, V and Z; the check is (31 - sum of weight x value mod 31) mod 31.
    """
    if len(code) != 18:
        return "统一社会信用代码应为 18 位。"
    wrong = sorted({char for char in code if char not in CREDIT_ALPHABET})
    if wrong:
        return f"统一社会信用代码中不能有“{'、'.join(wrong)}”（不使用 I、O、S、V、Z）。"
    if not code[2:8].isdigit():
        return "统一社会信用代码第 3 至 8 位是行政区划，应为数字。"
    total = sum(CREDIT_ALPHABET.index(char) * weight for char, weight in zip(code, CREDIT_WEIGHTS, strict=False))
    if CREDIT_ALPHABET[(31 - total % 31) % 31] != code[17]:
        return "统一社会信用代码的校验位不对，请逐位核对。"
    return None


_NUMERALS = "0123456789〇零一二三四五六七八九十百"
ALIKE = 0.8
CONTAINED = 0.75


def nearly_same(one: str, other: str) -> bool:
    """Whether two names may be one body's: written differently, a word left out, a word exchanged.

    By the share of pairs of neighbouring characters they have in common (ALIKE, Dice), or one within the other with few
    characters left out (CONTAINED). 第一中学 and 第二中学 are two, however much else is the same.
    """
    one, other = sorted((_core(one), _core(other)), key=len)
    if one == other:
        return True
    if len(one) < 4 or [c for c in one if c in _NUMERALS] != [c for c in other if c in _NUMERALS]:
        return False
    rest = iter(other)
    if len(one) >= CONTAINED * len(other) and all(char in rest for char in one):
        return True
    pairs, others = (list(pairwise(name)) for name in (one, other))
    common = sum(min(pairs.count(pair), others.count(pair)) for pair in set(pairs))
    return 2 * common >= ALIKE * (len(pairs) + len(others))


def _core(name: str) -> str:
    """A name without what is written now one way, now another: width, spaces, brackets, the form of a company."""
    plain = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name)).upper()
    return plain.replace("有限责任公司", "有限公司")


def nature_problem(node_type: NodeType, nature: BodyNature) -> str | None:
    """Whether a body of this nature can stand at this node (guide 1.3, 1.10), or None.

    A committee is nothing else; a title office is a public one.
    """
    if (node_type is NodeType.COMMITTEE) != (nature is BodyNature.COMMITTEE):
        return "评委会的单位性质只能是“评委会”，其他机构不能选“评委会”。"
    if node_type is NodeType.TITLE_OFFICE and nature not in (BodyNature.GOVERNMENT, BodyNature.PUBLIC_INSTITUTION):
        return "经办机构只能是机关或事业单位。"
    return None


def code_problem(code: str) -> str | None:
    """A body's code: 4 to 30 capital letters and digits, so that it can be typed and searched from its beginning."""
    return None if re.fullmatch(r"[A-Z0-9]{4,30}", code) else "机构编码为 4 至 30 位大写字母和数字。"
