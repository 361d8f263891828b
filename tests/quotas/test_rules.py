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


@pytest.mark.parametrize("granted, good", [(0, True), (3, True), (4, False), (-1, False), (None, False)])
def test_grant(granted: int | None, good: bool) -> None:
    assert rules.grant_problem(3, granted) == (None if good else "核准职数应为 0 至 3 的整数。")
