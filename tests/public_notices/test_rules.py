"""Working days and a notice's dates. The days are the State Council's own arrangements of 2025 and 2026."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from app.public_notices.rules import (
    WorkingDays,
    dates_problem,
    earliest_end,
    is_working_day,
    working_days_between,
)

PUBLISHED = 2026
"""The newest year in chinesecalendar when this was written."""


def unpublished() -> int:
    """The first year whose arrangement the package does not know."""
    year = PUBLISHED
    while True:
        try:
            chinese_calendar.is_workday(date(year, 6, 1))
        except NotImplementedError:
            return year
        year += 1


@pytest.mark.parametrize(
    "day, works",
    [
        (date(2025, 10, 1), False),  # 国庆节, a Wednesday
        (date(2025, 10, 8), False),
        (date(2025, 10, 9), True),
        (date(2025, 9, 28), True),  # a Sunday worked for it
        (date(2025, 10, 11), True),  # a Saturday worked for it
        (date(2025, 10, 12), False),
        (date(2026, 3, 2), True),
    ],
)
def test_working_day(day: date, works: bool) -> None:
    assert is_working_day(day) == (works, True)


def test_a_year_not_yet_published_falls_back_to_weekdays_and_says_so() -> None:
    first = date(unpublished(), 1, 1)
    monday = first + timedelta(days=-first.weekday() % 7)
    assert [is_working_day(monday + timedelta(days=n)) for n in range(7)] == [(n < 5, False) for n in range(7)]
    assert working_days_between(monday, monday + timedelta(days=6)) == WorkingDays(5, True)
    problem = dates_problem(monday, monday + timedelta(days=3), monday)["ends_on"]
    assert problem == (
        "公示期不少于 5 个工作日，现在只有 4 个（该年度放假安排尚未公布，按周一至周五计算），"
        f"最早到 {monday + timedelta(days=4):%Y-%m-%d}。"
    )


def test_a_span_over_the_edge_says_so_too() -> None:
    last = date(unpublished() - 1, 12, 31)
    assert working_days_between(last, last).estimated is False
    assert working_days_between(last, last + timedelta(days=1)).estimated is True


@pytest.mark.parametrize(
    "start, end, count",
    [
        (date(2026, 3, 2), date(2026, 3, 6), 5),
        (date(2026, 3, 2), date(2026, 3, 2), 1),
        (date(2026, 3, 7), date(2026, 3, 8), 0),
        (date(2026, 3, 6), date(2026, 3, 2), 0),
        (date(2025, 9, 28), date(2025, 10, 11), 6),  # three before the holiday, three after
        (date(2025, 10, 1), date(2025, 10, 8), 0),
    ],
)
def test_working_days_between(start: date, end: date, count: int) -> None:
    assert working_days_between(start, end) == WorkingDays(count, False)


@pytest.mark.parametrize(
    "start, days, end",
    [
        (date(2026, 3, 2), 5, date(2026, 3, 6)),
        (date(2026, 3, 4), 5, date(2026, 3, 10)),
        (date(2026, 3, 7), 5, date(2026, 3, 13)),  # begun on a Saturday
        (date(2026, 3, 2), 1, date(2026, 3, 2)),
        (date(2025, 9, 30), 5, date(2025, 10, 13)),  # over the National Day: 30, 9, 10, 11, 13
    ],
)
def test_earliest_end(start: date, days: int, end: date) -> None:
    assert earliest_end(start, days) == end
    assert working_days_between(start, end).count == days
    assert working_days_between(start, end - timedelta(days=1)).count == days - 1


MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    "starts_on, ends_on, problem",
    [
        (MONDAY, date(2026, 3, 6), {}),
        (MONDAY, MONDAY + timedelta(days=90), {}),
        (MONDAY, date(2026, 3, 5), {"ends_on": "公示期不少于 5 个工作日，现在只有 4 个，最早到 2026-03-06。"}),
        (date(2026, 3, 1), date(2026, 3, 6), {"starts_on": "公示开始日期不能早于今天。"}),
        (MONDAY, date(2026, 3, 1), {"ends_on": "公示结束日期不能早于开始日期。"}),
        (MONDAY, MONDAY + timedelta(days=91), {"ends_on": "公示期不能超过 90 天。"}),
    ],
)
def test_dates(starts_on: date, ends_on: date, problem: dict[str, str]) -> None:
    assert dates_problem(starts_on, ends_on, MONDAY) == problem


def test_an_authority_may_ask_for_more() -> None:
    assert dates_problem(MONDAY, date(2026, 3, 6), MONDAY, 7) == {
        "ends_on": "公示期不少于 7 个工作日，现在只有 5 个，最早到 2026-03-10。"
    }
