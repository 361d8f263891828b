from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.catalog.enums import TitleLevel as L
from app.committees import rules
from app.committees.enums import CommitteeGrade as G

ODD = "评委会人数应为单数，3 至 999 人。"


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
        (G.JUNIOR, 3, False, "", None),
        (G.JUNIOR, 1, False, "", ODD),
        (G.SENIOR, 1, False, "湖南省人社厅", ODD),  # fewer than give an opinion on each applicant
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


@pytest.mark.parametrize("recorded_on", [date.min, date(1, 2, 28), date(9996, 2, 29), date(9998, 1, 1), date.max])
def test_no_record_of_a_day_nobody_means(recorded_on: date) -> None:
    for valid_until in (date.min, date.max):
        for today in (None, date.min, date(2026, 3, 2), date.max):
            assert rules.record_problem(recorded_on, valid_until, today)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_no_batch_of_a_day_nobody_means(day: date) -> None:
    days = dict.fromkeys(("opens_on", "closes_on", "review_from", "review_until"), day)
    for year in (0, -5, 2026, 10**9):
        assert rules.batch_problem(G.SENIOR, date.max, date(2026, 3, 2), year=year, levels=[], **days)


def test_a_record_ends_after_it_begins() -> None:
    day = date(2026, 3, 1)
    assert rules.record_problem(day, day) == {"valid_until": "有效期截止日期应晚于核准备案日期。"}


@pytest.mark.parametrize(
    "recorded_on, valid_until, fields",
    [
        (date(2026, 3, 2), date(2029, 3, 1), {}),
        (date(2026, 3, 3), date(2029, 3, 2), {"recorded_on": "核准备案日期不能晚于今天。"}),
        (date(2031, 1, 1), date(2033, 1, 1), {"recorded_on": "核准备案日期不能晚于今天。"}),
        (date(2001, 1, 1), date(2003, 12, 31), {"valid_until": "备案有效期已过，请填写现行有效的备案。"}),
        (date(2023, 3, 3), date(2026, 3, 1), {"valid_until": "备案有效期已过，请填写现行有效的备案。"}),
        (date(2023, 3, 3), date(2026, 3, 2), {}),
        (date(2026, 3, 2), date(2026, 3, 2), {"valid_until": "有效期截止日期应晚于核准备案日期。"}),
    ],
)
def test_a_record_that_is_said_to_be_in_force(recorded_on: date, valid_until: date, fields: dict[str, str]) -> None:
    assert rules.record_problem(recorded_on, valid_until, date(2026, 3, 2)) == fields


TREE = {1: None, 2: 1, 3: 1, 4: 2, 5: 2}


@pytest.mark.parametrize(
    "node, tops, under",
    [(4, {4}, True), (4, {2}, True), (4, {1}, True), (4, {3, 5}, False), (1, {4}, False), (9, {1}, False)],
)
def test_what_lies_under(node: int, tops: set[int], under: bool) -> None:
    assert rules.lies_under(node, tops, TREE) is under


@pytest.mark.parametrize(
    "first, second, both, as_wide",
    [
        (set(), set(), True, True),
        ({4}, set(), True, True),
        (set(), {4}, True, False),
        ({4}, {2}, True, True),
        ({2}, {4}, True, False),
        ({2}, {4, 5}, True, False),
        ({4}, {5}, False, False),
        ({4}, {4, 5}, True, True),
        ({4, 3}, {2}, True, False),
    ],
)
def test_chosen_specialities(first: set[int], second: set[int], both: bool, as_wide: bool) -> None:
    assert rules.overlap(first, second, TREE) is rules.overlap(second, first, TREE) is both
    assert rules.as_wide(first, second, TREE) is as_wide


OUTSIDE = "申报期应在 {0} 年之内，批次只接收 {0} 年度的申报。"
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
        ({"year": 2027}, {"opens_on": OUTSIDE.format(2027), "closes_on": OUTSIDE.format(2027)}),
        ({"closes_on": date(2027, 1, 31), "review_until": date(2027, 3, 1)}, {"closes_on": OUTSIDE.format(2026)}),
        ({"opens_on": date(1900, 1, 1)}, {"opens_on": OUTSIDE.format(2026)}),
        (
            {"year": 2025, "opens_on": date(2025, 3, 1), "closes_on": date(2025, 5, 1)},
            {"year": "只能提交 2026 或 2027 年度的批次。", "closes_on": "申报截止日期已过。"},
        ),
        (
            {
                "year": 2028,
                "opens_on": date(2028, 1, 1),
                "closes_on": date(2028, 2, 1),
                "review_from": date(2028, 2, 1),
                "review_until": date(2028, 2, 28),
            },
            {"year": "只能提交 2026 或 2027 年度的批次。"},
        ),
        ({"levels": []}, {"levels": "请选择评审的职称等级。"}),
        ({"levels": [L.FULL_SENIOR, L.INTERMEDIATE, L.CLERK]}, {"levels": "高评会不能评审员级、中级。"}),
        ({"closes_on": date(2026, 2, 28)}, {"closes_on": "申报截止日期不能早于开始日期。"}),
        (
            {"opens_on": date(2026, 1, 1), "closes_on": date(2026, 3, 1)},
            {"closes_on": "申报截止日期已过。"},
        ),
        ({"closes_on": date(2026, 3, 1), "deadline": date(2026, 3, 1)}, {}),
        (
            {"closes_on": date(2026, 3, 1), "deadline": date(2026, 5, 31)},
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
