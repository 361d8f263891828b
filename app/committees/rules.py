"""Rules of committees and their batches (Order No. 40 of MOHRSS, arts. 6 to 9)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from app.catalog.enums import TitleLevel
from app.committees.enums import CommitteeGrade

SENIOR_BY_SERIES = 25
SENIOR_BY_SPECIALITY = 11
RECORD_YEARS = 3
MOST_MEMBERS = 999


def members_problem(grade: CommitteeGrade, members: int, *, by_series: bool, agreed_by: str = "") -> str | None:
    """What is wrong with a committee's number of members, or None.

    Odd, always. A senior committee by series has at least 25 judges, by speciality at least 11; fewer where the
    provincial HR department agreed, whose name is `agreed_by`. The national text leaves the others to the province.
    """
    if not 1 <= members <= MOST_MEMBERS or members % 2 == 0:
        return f"评委会人数应为单数，1 至 {MOST_MEMBERS} 人。"
    least = SENIOR_BY_SERIES if by_series else SENIOR_BY_SPECIALITY
    if grade is CommitteeGrade.SENIOR and members < least and not agreed_by.strip():
        kind = "系列" if by_series else "专业"
        return f"按{kind}组建的高评会不少于 {least} 人；经省级人社部门同意减少的，请填写同意单位。"
    return None


def latest_validity(recorded_on: date) -> date:
    """The last day of a record's three years: recorded on 2026-03-01, it holds through 2029-02-28."""
    year = recorded_on.year + RECORD_YEARS
    try:
        anniversary = recorded_on.replace(year=year)
    except ValueError:  # 29 February
        anniversary = date(year, 3, 1)
    return anniversary - timedelta(days=1)


def record_problem(recorded_on: date, valid_until: date) -> dict[str, str]:
    """What is wrong with the dates of a committee's record, by field: in order, at most three years."""
    if valid_until <= recorded_on:
        return {"valid_until": "有效期截止日期应晚于核准备案日期。"}
    if valid_until > latest_validity(recorded_on):
        return {
            "valid_until": f"评委会备案有效期不超过 {RECORD_YEARS} 年，最晚到 {latest_validity(recorded_on):%Y-%m-%d}。"
        }
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
) -> dict[str, str]:
    """What is wrong with a year's batch, by field; `valid_until` is the end of the committee's record.

    An expired committee takes no plan, so the review must end while its record holds.
    """
    fields: dict[str, str] = {}
    if year not in (today.year, today.year + 1):
        fields["year"] = f"只能提交 {today.year} 或 {today.year + 1} 年度的批次。"
    foreign = [level.label for level in sorted(levels, key=lambda level: level.rank) if not grade.reviews(level)]
    if not levels:
        fields["levels"] = "请选择评审的职称等级。"
    elif foreign:
        fields["levels"] = f"{grade.label}不能评审{'、'.join(foreign)}。"
    if closes_on < opens_on:
        fields["closes_on"] = "申报截止日期不能早于开始日期。"
    elif closes_on < today:
        fields["closes_on"] = "申报截止日期已过。"
    if review_from < opens_on:
        fields["review_from"] = "评审开始日期不能早于申报开始日期。"
    if review_until < max(review_from, closes_on):
        fields["review_until"] = "评审结束日期不能早于评审开始日期和申报截止日期。"
    elif review_until > valid_until:
        fields["review_until"] = f"评委会备案到 {valid_until:%Y-%m-%d} 止，评审应在此前结束。"
    return fields
