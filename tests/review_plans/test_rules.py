from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.review_plans.enums import PlanMode
from app.review_plans.rules import PlanContent, hundredths, plan_gaps

TODAY, MEETING, UNTIL = date(2026, 3, 2), date(2026, 3, 20), date(2026, 12, 31)


def gaps(
    candidates: int = 3,
    weights: tuple[str, ...] = ("30", "70"),
    judges: int = 7,
    meeting_on: date = MEETING,
) -> tuple[str, ...]:
    numbers = [Decimal(weight) for weight in weights]
    return plan_gaps(PlanContent(PlanMode.OFFLINE, meeting_on, candidates, numbers, judges, UNTIL), TODAY)


def test_a_complete_plan_has_no_gaps() -> None:
    assert gaps() == ()
    assert gaps(weights=("33.33", "33.33", "33.34"), judges=3, meeting_on=TODAY) == ()
    assert gaps(meeting_on=UNTIL) == ()


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert gaps(0, (), 0, date(2026, 3, 1)) == (
        "没有参评人员",
        "没有打分细则",
        "没有专家需求",
        "评审会议日期不能早于今天",
    )


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (gaps(weights=("30", "69.99")), "打分细则的权重合计应为 100，现为 99.99"),
        (gaps(weights=("100", "1")), "打分细则的权重合计应为 100，现为 101"),
        (gaps(judges=2), "专家需求合计不少于 3 人，现为 2 人"),
        (gaps(meeting_on=date(2027, 1, 1)), "评审会议日期超出年度批次的评审时间（至 2026-12-31）"),
    ],
)
def test_one_gap(found: tuple[str, ...], told: str) -> None:
    assert found == (told,)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("30", Decimal(30)),
        (" 33.33 ", Decimal("33.33")),
        ("1e2", Decimal(100)),
        ("３０", Decimal(30)),
        ("-5", Decimal(-5)),
        ("33.333", None),
        ("NaN", None),
        ("sNaN", None),
        ("Infinity", None),
        ("三十", None),
        ("", None),
    ],
)
def test_numbers_as_typed(typed: str, number: Decimal | None) -> None:
    assert hundredths(typed) == number
