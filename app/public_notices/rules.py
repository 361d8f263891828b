"""Rules of a notice's dates (Order No. 40 of MOHRSS, arts. 15 and 24: at least five working days)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

MINIMUM_WORKING_DAYS = 5
LONGEST_DAYS = 90
FURTHEST_AHEAD_DAYS = 30


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> tuple[bool, bool]:
    """(works, known): whether a day is worked by the State Council's arrangement; weekdays where none is published."""
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < 5, False


@dataclass(frozen=True)
class WorkingDays:
    """How many working days, and whether some year's arrangement was not yet published."""

    count: int
    estimated: bool


def working_days_between(start: date, end: date) -> WorkingDays:
    """Working days from `start` to `end`, both included; 0 if they are the wrong way round."""
    days = [is_working_day(start + timedelta(days=offset)) for offset in range(max((end - start).days + 1, 0))]
    return WorkingDays(sum(works for works, _ in days), any(not known for _, known in days))


def earliest_end(start: date, days: int = MINIMUM_WORKING_DAYS) -> date:
    """The first day on which `days` working days are over, `start` included."""
    end, count = start, is_working_day(start)[0] * 1
    while count < days:
        end += timedelta(days=1)
        count += is_working_day(end)[0]
    return end


def dates_problem(starts_on: date, ends_on: date, today: date, minimum: int = MINIMUM_WORKING_DAYS) -> dict[str, str]:
    """What is wrong with a notice's dates, by field."""
    if starts_on < today:
        return {"starts_on": "公示开始日期不能早于今天。"}
    if (starts_on - today).days > FURTHEST_AHEAD_DAYS:
        return {"starts_on": f"公示应在 {FURTHEST_AHEAD_DAYS} 天内开始，请核对年份。"}
    if ends_on < starts_on:
        return {"ends_on": "公示结束日期不能早于开始日期。"}
    if (ends_on - starts_on).days > LONGEST_DAYS:
        return {"ends_on": f"公示期不能超过 {LONGEST_DAYS} 天。"}
    found = working_days_between(starts_on, ends_on)
    if found.count < minimum:
        note = "（该年度放假安排尚未公布，按周一至周五计算）" if found.estimated else ""
        first = earliest_end(starts_on, minimum)
        return {
            "ends_on": f"公示期不少于 {minimum} 个工作日，现在只有 {found.count} 个{note}，最早到 {first:%Y-%m-%d}。"
        }
    return {}
