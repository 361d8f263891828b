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


def grant_problem(asked: int, granted: int | None) -> str | None:
    """What is wrong with an approved number: between 0 and what was asked for, which is never more than is vacant."""
    if granted is None:
        return "请填写核准职数。"
    return None if 0 <= granted <= asked else f"核准职数应为 0 至 {asked} 的整数。"


def correction_problem(asked: int, granted: int, taken: int, number: int | None) -> str | None:
    """What is wrong with correcting `granted` to `number`: as a grant, and never below the `taken` places.

    Where more was sent up than granted, before there was a limit, the number may only rise.
    """
    if problem := grant_problem(asked, number):
        return problem
    assert number is not None
    if number < min(taken, granted):
        return f"已单位推荐上报 {taken} 人，核准职数不能少于 {min(taken, granted)}。"
    return "核准职数没有变化。" if number == granted else None
