"""Rules of a review plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from app.review_plans.enums import PlanMode

MINIMUM_GROUP = 3
"""Each review group has at least three judges (Order No. 40, art. 20)."""


@dataclass(frozen=True)
class PlanContent:
    """What a plan holds, as far as the gate must know."""

    mode: PlanMode
    meeting_on: date
    candidates: int
    weights: Sequence[Decimal]
    judges: int
    review_until: date


def plan_gaps(plan: PlanContent, today: date) -> tuple[str, ...]:
    """Everything that is missing before a plan may be submitted: all of it, at once."""
    gaps = []
    if plan.candidates == 0:
        gaps.append("没有参评人员")
    if not plan.weights:
        gaps.append("没有打分细则")
    elif sum(plan.weights) != 100:
        gaps.append(f"打分细则的权重合计应为 100，现为 {sum(plan.weights):g}")
    if plan.judges == 0:
        gaps.append("没有专家需求")
    elif plan.judges < MINIMUM_GROUP:
        gaps.append(f"专家需求合计不少于 {MINIMUM_GROUP} 人，现为 {plan.judges} 人")
    if plan.meeting_on < today:
        gaps.append("评审会议日期不能早于今天")
    if plan.meeting_on > plan.review_until:
        gaps.append(f"评审会议日期超出年度批次的评审时间（至 {plan.review_until:%Y-%m-%d}）")
    return tuple(gaps)


def hundredths(text: str) -> Decimal | None:
    """A number as typed, of at most two decimals; None if it is none (also NaN and infinity, which Decimal reads)."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and exponent >= -2 else None
