import pytest

from app.quotas import rules

WHOLE = "应为 0 至 100000 的整数。"


@pytest.mark.parametrize("posts, occupied, vacant", [(10, 4, 6), (10, 10, 0), (10, 12, 0), (0, 0, 0)])
def test_vacant(posts: int, occupied: int, vacant: int) -> None:
    assert rules.vacant(posts, occupied) == vacant


@pytest.mark.parametrize(
    "posts, occupied, asked, fields",
    [
        (10, 4, 6, {}),
        (10, 4, 0, {}),
        (10, 4, 7, {"asked": "申报职数不能多于空缺职数 6。"}),
        (10, 12, 1, {"asked": "申报职数不能多于空缺职数 0。"}),
        (-1, -1, -1, {"posts": WHOLE, "occupied": WHOLE, "asked": WHOLE}),
        (100_001, 0, 1, {"posts": WHOLE}),
    ],
)
def test_declaration(posts: int, occupied: int, asked: int, fields: dict[str, str]) -> None:
    assert rules.declaration_problem(posts, occupied, asked) == fields


@pytest.mark.parametrize(
    "taken, number, problem",
    [
        (0, 0, None),
        (0, 5, None),
        (0, 6, "核准职数应为 0 至 5 的整数。"),
        (0, -1, "核准职数应为 0 至 5 的整数。"),
        (0, None, "请填写核准职数。"),
        (3, 3, None),
        (3, 1, "已推荐上报 3 人，核准职数不能少于 3。"),
        (3, 6, "核准职数应为 3 至 5 的整数。"),
        (5, 5, None),
        (6, 5, "已推荐上报 6 人，多于申报职数 5，不能核准；请由单位按实际人数重新申报。"),
    ],
)
def test_grant(taken: int, number: int | None, problem: str | None) -> None:
    assert rules.grant_problem(5, taken, number) == problem
