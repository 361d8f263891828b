"""The life of an application, as data. `services.move` is the one function that applies it."""

from __future__ import annotations

from dataclasses import dataclass

from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.core.workflow import Machine, Transition


@dataclass(frozen=True)
class Facts:
    """What the guards look at. Each field is already a reason in the user's words, or empty where all is well."""

    incomplete: tuple[str, ...] = ()
    ineligible: str = ""
    blacklisted: str = ""
    window: str = ""
    notice: str = ""
    objection: str = ""
    quota: str = ""
    asked_before: str = ""
    filing: str = ""


def _complete(facts: Facts) -> str | None:
    return "；".join(facts.incomplete) or None


def _eligible(facts: Facts) -> str | None:
    return facts.ineligible or None


def _not_blacklisted(facts: Facts) -> str | None:
    return facts.blacklisted or None


def _window_open(facts: Facts) -> str | None:
    return facts.window or None


def _notice_over(facts: Facts) -> str | None:
    return facts.notice or None


def _no_objection(facts: Facts) -> str | None:
    return facts.objection or None


def _quota_left(facts: Facts) -> str | None:
    return facts.quota or None


def _told_once(facts: Facts) -> str | None:
    return facts.asked_before or None


def _t(action: A, sources: set[S], *targets: S, guards: tuple = (), opinion: bool = False) -> Transition[S, A]:  # type: ignore[type-arg]
    return Transition(action, frozenset(sources), frozenset(targets), guards, opinion)


_UP = (S.AT_SUPERIOR, S.AT_OFFICE, S.AT_COMMITTEE)

APPLICATION = Machine(
    "application",
    (
        _t(A.SUBMIT, {S.DRAFT}, S.AT_EMPLOYER, guards=(_complete, _eligible, _not_blacklisted, _window_open)),
        _t(A.RESUBMIT, {S.CORRECTING}, S.AT_EMPLOYER, guards=(_complete, _eligible, _not_blacklisted)),
        _t(A.LAPSE, {S.CORRECTING}, S.WITHDRAWN),
        _t(
            A.WITHDRAW,
            {S.DRAFT, S.CORRECTING, S.AT_EMPLOYER, S.AT_SUPERIOR, S.AT_OFFICE, S.AT_COMMITTEE, S.RETURNED, S.REFUSED},
            S.WITHDRAWN,
        ),
        _t(A.FORWARD, {S.AT_EMPLOYER}, *_UP, guards=(_notice_over, _no_objection, _quota_left, _not_blacklisted)),
        _t(A.DECLINE, {S.AT_EMPLOYER}, S.NOT_APPROVED, opinion=True),
        _t(
            A.APPROVE,
            {S.AT_SUPERIOR, S.AT_OFFICE},
            *_UP,
            S.EFFECTIVE,
            guards=(_not_blacklisted,),
        ),
        _t(A.APPROVE, {S.AT_COMMITTEE}, *_UP, S.RECHECKED, S.EFFECTIVE, guards=(_not_blacklisted,)),
        _t(A.REFUSE, {S.AT_SUPERIOR, S.AT_OFFICE, S.AT_COMMITTEE}, S.REFUSED, opinion=True),
        _t(A.RETURN, {S.AT_EMPLOYER}, S.CORRECTING, guards=(_told_once,), opinion=True),
        _t(
            A.RETURN,
            {S.AT_SUPERIOR, S.AT_OFFICE, S.AT_COMMITTEE},
            S.RETURNED,
            guards=(_told_once,),
            opinion=True,
        ),
        _t(A.RETURN, {S.RETURNED}, S.RETURNED, S.CORRECTING, opinion=True),
        _t(A.RESEND, {S.RETURNED}, *_UP, guards=(_not_blacklisted,), opinion=True),
        _t(A.SUPPLEMENT, {S.REFUSED}, S.RETURNED, S.CORRECTING, opinion=True),
        _t(A.CLOSE, {S.REFUSED}, S.NOT_APPROVED, opinion=True),
        _t(A.PLAN, {S.RECHECKED}, S.PLANNED, guards=(_not_blacklisted,)),
        _t(A.UNPLAN, {S.PLANNED}, S.RECHECKED),
        _t(A.PASS, {S.PLANNED}, S.REVIEW_PASSED),
        _t(A.FAIL, {S.PLANNED}, S.REVIEW_FAILED),
        _t(A.PUBLISH, {S.REVIEW_PASSED}, S.ON_NOTICE),
        _t(A.CLEAR, {S.ON_NOTICE}, S.AWAITING_FILING, guards=(_notice_over, _no_objection)),
        _t(A.UPHOLD, {S.ON_NOTICE}, S.NOT_APPROVED, opinion=True),
        _t(A.FILE, {S.AWAITING_FILING}, S.EFFECTIVE),
        _t(A.ISSUE, {S.EFFECTIVE}, S.CERTIFIED, guards=(_not_blacklisted,)),
    ),
)
