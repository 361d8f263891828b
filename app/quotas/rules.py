"""Arithmetic of post quotas (guide, 职数申报 and 职数审核)."""

from __future__ import annotations

MOST_POSTS = 100_000


def vacant(posts: int, occupied: int) -> int:
    """空缺: approved posts less occupied ones; never below 0, for a unit may stand over its number."""
    return max(posts - occupied, 0)


def declaration_problem(posts: int, occupied: int, asked: int) -> dict[str, str]:
    """What is wrong with a unit's declaration, by field: whole numbers, and no more asked for than are vacant."""
    fields = {
        name: f"应为 0 至 {MOST_POSTS} 的整数。"
        for name, value in (("posts", posts), ("occupied", occupied), ("asked", asked))
        if not 0 <= value <= MOST_POSTS
    }
    if not fields and asked > vacant(posts, occupied):
        fields["asked"] = f"申报职数不能多于空缺职数 {vacant(posts, occupied)}。"
    return fields


def grant_problem(asked: int, taken: int, number: int | None) -> str | None:
    """What is wrong with an approved number, of a decision or a correction.

    Between 0 and what was asked for, which is never more than is vacant; and never below the `taken` places, the people
    sent up already.
    """
    if number is None:
        return "请填写核准职数。"
    if taken > asked:
        return f"已推荐上报 {taken} 人，多于申报职数 {asked}，不能核准；请由单位按实际人数重新申报。"
    if not 0 <= number <= asked:
        return f"核准职数应为 {taken} 至 {asked} 的整数。"
    return f"已推荐上报 {taken} 人，核准职数不能少于 {taken}。" if number < taken else None
