from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.catalog.enums import TitleLevel as L
from app.committees import rules
from app.committees.enums import CommitteeGrade as G

ODD = "评委会人数应为单数，1 至 999 人。"


@pytest.mark.parametrize(
    "grade, members, by_series, agreed_by, problem",
    [
        (G.SENIOR, 25, True, "", None),
        (G.SENIOR, 23, True, "", "按系列组建的高评会不少于 25 人；经省级人社部门同意减少的，请填写同意单位。"),
        (G.SENIOR, 23, True, "湖南省人社厅", None),
        (G.SENIOR, 23, True, "  ", "按系列组建的高评会不少于 25 人；经省级人社部门同意减少的，请填写同意单位。"),
        (G.SENIOR, 11, False, "", None),
        (G.SENIOR, 9, False, "", "按专业组建的高评会不少于 11 人；经省级人社部门同意减少的，请填写同意单位。"),
        (G.SENIOR, 26, True, "", ODD),
        (G.SENIOR, 24, True, "湖南省人社厅", ODD),
        (G.INTERMEDIATE, 13, True, "", None),
        (G.JUNIOR, 7, False, "", None),
        (G.JUNIOR, 0, False, "", ODD),
        (G.JUNIOR, -1, False, "", ODD),
        (G.SENIOR, 1001, True, "", ODD),
    ],
)
def test_members(grade: G, members: int, by_series: bool, agreed_by: str, problem: str | None) -> None:
    assert rules.members_problem(grade, members, by_series=by_series, agreed_by=agreed_by) == problem


@pytest.mark.parametrize(
    "recorded_on, last",
    [
        (date(2026, 3, 1), date(2029, 2, 28)),
        (date(2025, 3, 1), date(2028, 2, 29)),
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2026, 1, 1), date(2028, 12, 31)),
    ],
)
def test_three_years(recorded_on: date, last: date) -> None:
    assert rules.latest_validity(recorded_on) == last
    assert rules.record_problem(recorded_on, last) == {}
    late = date.fromordinal(last.toordinal() + 1)
    assert rules.record_problem(recorded_on, late) == {
        "valid_until": f"评委会备案有效期不超过 3 年，最晚到 {last:%Y-%m-%d}。"
    }


def test_a_record_ends_after_it_begins() -> None:
    day = date(2026, 3, 1)
    assert rules.record_problem(day, day) == {"valid_until": "有效期截止日期应晚于核准备案日期。"}


GOOD: dict[str, Any] = {
    "year": 2026,
    "levels": [L.ASSOCIATE_SENIOR, L.FULL_SENIOR],
    "opens_on": date(2026, 3, 1),
    "closes_on": date(2026, 5, 31),
    "review_from": date(2026, 6, 1),
    "review_until": date(2026, 12, 31),
}


@pytest.mark.parametrize(
    "changes, fields",
    [
        ({}, {}),
        ({"year": 2027}, {}),
        ({"year": 2025}, {"year": "只能提交 2026 或 2027 年度的批次。"}),
        ({"year": 2028}, {"year": "只能提交 2026 或 2027 年度的批次。"}),
        ({"levels": []}, {"levels": "请选择评审的职称等级。"}),
        ({"levels": [L.FULL_SENIOR, L.INTERMEDIATE, L.CLERK]}, {"levels": "高评会不能评审员级、中级。"}),
        ({"closes_on": date(2026, 2, 28)}, {"closes_on": "申报截止日期不能早于开始日期。"}),
        (
            {"opens_on": date(2026, 1, 1), "closes_on": date(2026, 3, 1)},
            {"closes_on": "申报截止日期已过。"},
        ),
        ({"review_from": date(2026, 2, 1)}, {"review_from": "评审开始日期不能早于申报开始日期。"}),
        ({"review_until": date(2026, 5, 30)}, {"review_until": "评审结束日期不能早于评审开始日期和申报截止日期。"}),
        ({"review_until": date(2028, 3, 1)}, {"review_until": "评委会备案到 2028-02-29 止，评审应在此前结束。"}),
        ({"review_until": date(2028, 2, 29)}, {}),
    ],
)
def test_batch(changes: dict[str, Any], fields: dict[str, str]) -> None:
    assert rules.batch_problem(G.SENIOR, date(2028, 2, 29), date(2026, 3, 2), **(GOOD | changes)) == fields
