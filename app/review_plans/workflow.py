"""The life of a review plan, as data."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.workflow import Machine, Transition
from app.review_plans.enums import PlanAction as A
from app.review_plans.enums import PlanState as S


@dataclass(frozen=True)
class PlanFacts:
    """What the guards look at: each a reason in the user's words, or empty."""

    incomplete: tuple[str, ...] = ()
    committee_expired: str = ""


def _complete(facts: PlanFacts) -> str | None:
    return "；".join(facts.incomplete) or None


def _committee_valid(facts: PlanFacts) -> str | None:
    return facts.committee_expired or None


PLAN = Machine(
    "review_plan",
    (
        Transition(A.SUBMIT, frozenset({S.DRAFT, S.RETURNED}), frozenset({S.SUBMITTED}), (_complete, _committee_valid)),
        Transition(A.APPROVE, frozenset({S.SUBMITTED}), frozenset({S.APPROVED}), (_committee_valid,)),
        Transition(A.REFUSE, frozenset({S.SUBMITTED}), frozenset({S.RETURNED}), opinion=True),
        Transition(A.CONCLUDE, frozenset({S.APPROVED}), frozenset({S.CONCLUDED})),
        Transition(A.CANCEL, frozenset({S.DRAFT, S.RETURNED}), frozenset({S.CANCELLED})),
    ),
)
