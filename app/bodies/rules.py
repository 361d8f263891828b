"""Rules of bodies: the unified social credit code."""

from __future__ import annotations

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
