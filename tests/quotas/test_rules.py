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
    "granted, problem",
    [
        (0, None),
        (3, None),
        (4, "核准职数应为 0 至 3 的整数。"),
        (-1, "核准职数应为 0 至 3 的整数。"),
        (None, "请填写核准职数。"),
    ],
)
def test_grant(granted: int | None, problem: str | None) -> None:
    assert rules.grant_problem(3, granted) == problem


@pytest.mark.parametrize(
    "granted, taken, number, problem",
    [
        (3, 0, 0, None),
        (3, 2, 2, None),
        (3, 2, 5, None),
        (3, 2, 1, "已单位推荐上报 2 人，核准职数不能少于 2。"),
        (3, 3, 3, "核准职数没有变化。"),
        (3, 4, 3, "核准职数没有变化。"),
        (3, 4, 5, None),
        (3, 4, 2, "已单位推荐上报 4 人，核准职数不能少于 3。"),  # more went up before there was a limit
        (3, 0, 6, "核准职数应为 0 至 5 的整数。"),
        (3, 0, None, "请填写核准职数。"),
    ],
)
def test_correction(granted: int, taken: int, number: int | None, problem: str | None) -> None:
    assert rules.correction_problem(5, granted, taken, number) == problem
