"""Rules of bodies: the unified social credit code, names that may be one body's, who may decide, codes of issuing authorities."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from app.bodies.enums import DECIDING, BodyNature, NodeType
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.rules import name_problem, text_problem
from app.core.text import is_ideograph

__all__ = [
    "acceptance_problem",
    "body_problem",
    "code_problem",
    "contact_problem",
    "credit_code_problem",
    "guideline_problem",
    "issuing_code_problem",
    "name_problem",
    "nature_problem",
    "nearly_same",
    "stem",
    "telephone_problem",
    "text_problem",
]

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(3**power % 31 for power in range(17))
GUIDELINE_LENGTH = 5000
"""Of 申报须知, by hand and by workbook."""
PRINTED_NAME = "打印在证书上的机构名称"


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


def code_problem(code: str, what: str = "机构编码") -> str | None:
    """A body's code: 4 to 30 capital letters and digits, so that it can be typed and searched from its beginning."""
    return None if re.fullmatch(r"[A-Z0-9]{4,30}", code) else f"{what}为 4 至 30 位大写字母和数字。"


def body_problem(
    *,
    name: str,
    node_type: NodeType | None,
    nature: BodyNature | None,
    credit_code: str,
    contact_name: str,
    contact_phone: str,
) -> dict[str, str]:
    """What is wrong with what is said of a body, by field; of what is None, nothing is known.

    The credit code in upper case, empty where it has none.
    """
    checks = {
        "name": name_problem(name, "机构名称"),
        "nature": nature_problem(node_type, nature) if node_type and nature else None,
        "credit_code": credit_code_problem(credit_code) if credit_code else None,
        "contact_name": contact_problem(contact_name.strip()) if contact_name.strip() else None,
        "contact_phone": telephone_problem(contact_phone.strip()) if contact_phone.strip() else None,
    }
    return {field: problem for field, problem in checks.items() if problem}


def contact_problem(name: str) -> str | None:
    """Who is asked for: a person, or the office that answers (人事科); written as people are named."""
    if problem := text_problem(name, "联系人", 40):
        return problem
    plain = all(char.isalpha() or is_ideograph(char) or char in "·•. -" for char in name)
    return None if plain else "联系人中只能有汉字、字母和间隔号。"


def telephone_problem(text: str) -> str | None:
    """A mobile number, or a landline with its area code and perhaps an extension: 0731-84900000-8012."""
    if re.fullmatch(r"1[3-9][0-9]{9}|0[1-9][0-9]{1,2}-?[2-9][0-9]{6,7}(-[0-9]{1,6})?", text):
        return None
    return "联系电话应为 11 位手机号，或带区号的固定电话，例如 0731-84900000。"


def acceptance_problem(
    node_type: NodeType, method: AcquisitionMethod | None, level: TitleLevel | None
) -> dict[str, str]:
    """Why a body of this kind can't be the final authority of a method at a level, by field (guide 1.3).

    Of a method or level that is None, nothing is known.
    """
    fields: dict[str, str] = {}
    if method is AcquisitionMethod.REVIEW:
        fields["method"] = "评审由评委会决定，受理机构只办初定和认定。"
    elif method and level and level not in method.levels:
        highest = max(method.levels, key=lambda one: one.rank)
        fields["level"] = f"{method.label}最高到{highest.label}，不能受理{level.label}。"
    if node_type not in DECIDING:
        kinds = "、".join(kind.label for kind in DECIDING)
        fields["body_id"] = f"{node_type.label}不能作为初定、认定的受理机构，受理机构只能是{kinds}。"
    return fields


def guideline_problem(text: str) -> str | None:
    """申报须知: several lines, or none."""
    return f"申报须知不超过 {GUIDELINE_LENGTH} 个字。" if len(text.strip()) > GUIDELINE_LENGTH else None


def issuing_code_problem(code: str) -> str | None:
    """发证单位编码 (guide 1.9): usually the last four digits of the region; the number template has room for eight."""
    if re.fullmatch(r"[0-9A-Z]{4,8}", code):
        return None
    return "发证单位编码为 4 至 8 位数字和大写字母，一般为机构所属统筹区后 4 位。"


def stem(code: str) -> str:
    """What tells issuing codes apart: numbers pad them with zeros on the right, so 43 and 430 would share their numbers."""
    return code.rstrip("0")
