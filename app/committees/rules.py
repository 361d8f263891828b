"""Rules of committees and their batches (Order No. 40 of MOHRSS, arts. 6 to 9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal

from app.catalog.enums import TitleLevel
from app.committees.enums import CommitteeGrade
from app.core import clock

SENIOR_BY_SERIES = 25
SENIOR_BY_SPECIALITY = 11
RECORD_YEARS = 3
LEAST_MEMBERS = 3
"""Each applicant is given the opinion of three judges at least (Order No. 40): fewer decide nothing."""
MOST_MEMBERS = 999
HIGHEST_FEE = Decimal(100_000)


def members_problem(grade: CommitteeGrade | None, members: int, *, by_series: bool, agreed_by: str = "") -> str | None:
    """What is wrong with a committee's number of members, or None.

    Odd, always. A senior committee by series has at least 25 judges, by speciality at least 11; fewer where the
    provincial HR department agreed, whose name is `agreed_by`. The national text leaves the others to the province.
    grade: None while it is not known.
    """
    if not LEAST_MEMBERS <= members <= MOST_MEMBERS or members % 2 == 0:
        return f"评委会人数应为单数，{LEAST_MEMBERS} 至 {MOST_MEMBERS} 人。"
    least = SENIOR_BY_SERIES if by_series else SENIOR_BY_SPECIALITY
    if grade is CommitteeGrade.SENIOR and members < least and not agreed_by.strip():
        kind = "系列" if by_series else "专业"
        return f"按{kind}组建的高评会不少于 {least} 人；经省级人社部门同意减少的，请填写同意单位。"
    return None


def latest_validity(recorded_on: date) -> date:
    """The last day of a record's three years: recorded on 2026-03-01, it holds through 2029-02-28."""
    return clock.years_after(recorded_on, RECORD_YEARS) - timedelta(days=1)


def record_problem(recorded_on: date | None, valid_until: date | None, today: date | None = None) -> dict[str, str]:
    """What is wrong with the dates of a committee's record, by field: in order, at most three years.

    today: the day on which it is said that the record is in force. Of a date that is None, nothing is known.
    """
    if today is not None and recorded_on is not None and recorded_on > today:
        return {"recorded_on": "核准备案日期不能晚于今天。"}
    if valid_until is None:
        return {}
    if recorded_on is not None and valid_until <= recorded_on:
        return {"valid_until": "有效期截止日期应晚于核准备案日期。"}
    if recorded_on is not None and valid_until > latest_validity(recorded_on):
        return {
            "valid_until": f"评委会备案有效期不超过 {RECORD_YEARS} 年，最晚到 {latest_validity(recorded_on):%Y-%m-%d}。"
        }
    if today is not None and valid_until < today:
        return {"valid_until": "备案有效期已过，请填写现行有效的备案。"}
    return {}


def batch_problem(
    grade: CommitteeGrade,
    valid_until: date,
    today: date,
    *,
    year: int,
    levels: Collection[TitleLevel],
    opens_on: date,
    closes_on: date,
    review_from: date,
    review_until: date,
    deadline: date | None = None,
) -> dict[str, str]:
    """What is wrong with a year's batch, by field; `valid_until` is the end of the committee's record.

    Applications are of the year in which they are made, so the window lies in the batch's year. An expired committee
    takes no plan, so the review must end while its record holds. `deadline`: the one it has, which may stay when it
    is past.
    """
    fields: dict[str, str] = {}
    if year not in (today.year, today.year + 1):
        fields["year"] = f"只能提交 {today.year} 或 {today.year + 1} 年度的批次。"
    foreign = [level.label for level in sorted(levels, key=lambda level: level.rank) if not grade.reviews(level)]
    if not levels:
        fields["levels"] = "请选择评审的职称等级。"
    elif foreign:
        fields["levels"] = f"{grade.label}不能评审{'、'.join(foreign)}。"
    outside = f"申报期应在 {year} 年之内，批次只接收 {year} 年度的申报。"
    if opens_on.year != year:
        fields["opens_on"] = outside
    if closes_on < opens_on:
        fields["closes_on"] = "申报截止日期不能早于开始日期。"
    elif closes_on.year != year:
        fields["closes_on"] = outside
    elif closes_on < today and closes_on != deadline:
        fields["closes_on"] = "申报截止日期已过。"
    if review_from < opens_on:
        fields["review_from"] = "评审开始日期不能早于申报开始日期。"
    if review_until < max(review_from, closes_on):
        fields["review_until"] = "评审结束日期不能早于评审开始日期和申报截止日期。"
    elif review_until > valid_until:
        fields["review_until"] = f"评委会备案到 {valid_until:%Y-%m-%d} 止，评审应在此前结束。"
    return fields


def fee_problem(amount: Decimal) -> str | None:
    """What is wrong with what an applicant is to pay, in yuan."""
    if not amount.is_finite() or not 0 <= amount <= HIGHEST_FEE:
        return f"缴费金额应在 0 至 {HIGHEST_FEE:,} 元之间。"
    return None if amount == round(amount, 2) else "缴费金额最多两位小数。"


Parents = Mapping[int, int | None]
"""Speciality -> the one above it."""


def lies_under(node: int, tops: Collection[int], parents: Parents) -> bool:
    """Whether a speciality is one of `tops` or stands below one of them."""
    here: int | None = node
    while here is not None:
        if here in tops:
            return True
        here = parents.get(here)
    return False


def as_wide(before: Collection[int], after: Collection[int], parents: Parents) -> bool:
    """Whether the specialities chosen `after` take whatever those `before` took; none chosen takes every one."""
    return not after or (bool(before) and all(lies_under(node, after, parents) for node in before))


def overlap(first: Collection[int], second: Collection[int], parents: Parents) -> bool:
    """Whether a speciality exists that both would take."""
    if not first or not second:
        return True
    return any(lies_under(node, second, parents) for node in first) or any(
        lies_under(node, first, parents) for node in second
    )
