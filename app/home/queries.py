"""What each role's first page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.enums import RegistrationStatus
from app.accounts.models import Account, UnitRegistration
from app.applications.enums import WITH_APPLICANT, ApplicationState
from app.applications.models import Application
from app.applications.queries import COUNT_CAP, waiting_for
from app.approval_paths.models import MendingRequest, PathEdge
from app.approval_paths.queries import mended_by
from app.certificates.enums import CertificateStatus
from app.certificates.models import Certificate
from app.core import clock
from app.core.enums import Role
from app.core.scope import Actor
from app.outcomes.queries import waiting_filings
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota
from app.quotas.queries import REVIEWERS, reviewed_by
from app.review_plans.enums import PlanKind, PlanState
from app.review_plans.queries import count_of

OVERDUE_DAYS = 7
SCREEN_OF = {
    ApplicationState.AT_EMPLOYER: "RecommendationView.list",
    ApplicationState.AT_SUPERIOR: "SuperiorReviewView.list",
    ApplicationState.AT_OFFICE: "QualificationReviewView.list",
    ApplicationState.AT_COMMITTEE: "RecheckView.list",
    ApplicationState.RECHECKED: "PlanView.list",
    ApplicationState.PLANNED: "ResultView.list",
    ApplicationState.REVIEW_PASSED: "ResultNoticeView.list",
    ApplicationState.ON_NOTICE: "ResultNoticeView.list",
    ApplicationState.AWAITING_FILING: "FilingView.list",
    ApplicationState.EFFECTIVE: "IssuingView.list",
}
QUEUE_OF = {
    Role.UNIT: "RecommendationView.list",
    Role.DEPARTMENT: "SuperiorReviewView.list",
    Role.TITLE_OFFICE: "QualificationReviewView.list",
    Role.HR_OFFICER: "QualificationReviewView.list",
    Role.COMMITTEE: "RecheckView.list",
}
"""Where what came back from above is dealt with."""


@dataclass(frozen=True)
class Card:
    """A figure of the first page; `endpoint` and `arguments` make its address."""

    title: str
    count: str
    endpoint: str
    note: str = ""
    tone: str = "plain"
    arguments: tuple[tuple[str, str], ...] = ()


def _shown(count: int) -> str:
    return f"{COUNT_CAP}+" if count >= COUNT_CAP else str(count)


def cards(session: Session, actor: Actor) -> list[Card]:
    """What waits for the actor, for how long; nothing that does not need him."""
    make: Callable[[Session, Actor], list[Card]] | None = {
        Role.APPLICANT: _applicant,
        Role.SPECIAL_PLAN_OFFICER: _special,
        Role.SYSADMIN: _administrator,
    }.get(actor.role)
    if make is not None:
        return make(session, actor)
    return (_queues(session, actor) + _configured(session, actor) if actor.body_id else []) + _offices(session, actor)


def _configured(session: Session, actor: Actor) -> list[Card]:
    """What the configuration of paths asks of the body."""
    if actor.role is Role.COMMITTEE:
        return []
    unconfirmed = _count(
        session,
        sa.select(PathEdge.id).where(
            PathEdge.subordinate_id == actor.body_id, PathEdge.active, PathEdge.confirmed_at.is_(None)
        ),
    )
    mending = _count(session, mended_by(actor).where(MendingRequest.settled_at.is_(None)))
    found = []
    if unconfirmed:
        arguments = (("confirmed", "no"),)
        found.append(
            Card("审核层级待确认", _shown(unconfirmed), "ConfirmationView.list", tone="wait", arguments=arguments)
        )
    if mending:
        found.append(Card("路径修正通知", _shown(mending), "MendingView.list", "审核路径断开，等待修正", "bad"))
    return found


def _queues(session: Session, actor: Actor) -> list[Card]:
    found = []
    for waiting in waiting_for(session, actor.body_id or 0):
        endpoint = SCREEN_OF.get(waiting.state) or QUEUE_OF.get(actor.role)
        if waiting.state in (ApplicationState.RETURNED, ApplicationState.REFUSED):
            endpoint = QUEUE_OF.get(actor.role)
        if waiting.state is ApplicationState.EFFECTIVE or endpoint is None:
            continue
        days = (clock.now() - waiting.oldest).days
        note = f"最久的已等 {days} 天" if days else "都是今天到的"
        found.append(
            Card(
                waiting.state.label,
                _shown(waiting.count),
                endpoint,
                note,
                "bad" if days >= OVERDUE_DAYS else "wait",
                (("state", waiting.state.value),),
            )
        )
    return found


def _offices(session: Session, actor: Actor) -> list[Card]:
    found = []
    if actor.role is Role.HR_OFFICER:
        plans = count_of(session, PlanState.SUBMITTED, PlanKind.NORMAL)
        filings = waiting_filings(session)
        found += (
            [
                Card(
                    "呈报方案待审核",
                    _shown(plans),
                    "PlanReviewView.list",
                    tone="wait",
                    arguments=(("state", "submitted"),),
                )
            ]
            if plans
            else []
        )
        found += (
            [
                Card(
                    "评审结果待备案",
                    _shown(filings),
                    "FilingReviewView.list",
                    tone="wait",
                    arguments=(("state", "submitted"),),
                )
            ]
            if filings
            else []
        )
        registrations = _count(
            session, sa.select(UnitRegistration.id).where(UnitRegistration.status == RegistrationStatus.SUBMITTED)
        )
        if registrations:
            asked = (("status", "submitted"),)
            found.append(
                Card(
                    "单位注册待审核", _shown(registrations), "RegistrationReviewView.list", tone="wait", arguments=asked
                )
            )
    if actor.role in REVIEWERS:
        waiting = sa.select(PostQuota.id).where(PostQuota.status == QuotaStatus.SUBMITTED, reviewed_by(actor))
        quotas = _count(session, waiting)
        found += [Card("职数待审核", _shown(quotas), "QuotaReviewView.list", tone="wait")] if quotas else []
    if actor.role in (Role.HR_OFFICER, Role.TITLE_OFFICE):
        effective = _count(session, sa.select(Application.id).where(Application.state == ApplicationState.EFFECTIVE))
        issued = _count(session, sa.select(Certificate.id).where(Certificate.status == CertificateStatus.ISSUED))
        found += [Card("待发放证书", _shown(effective), "IssuingView.list", tone="wait")] if effective else []
        found += [Card("待生成电子证书", _shown(issued), "RenderingView.list", tone="wait")] if issued else []
    return found


def _count(session: Session, rows: sa.Select[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(rows.limit(COUNT_CAP).subquery())) or 0


def _special(session: Session, _actor: Actor) -> list[Card]:
    waiting = count_of(session, PlanState.SUBMITTED, PlanKind.SPECIAL)
    return [Card("特殊方案待审核", _shown(waiting), "SpecialPlanReviewView.list", tone="wait")] if waiting else []


def _administrator(session: Session, _actor: Actor) -> list[Card]:
    locked = _count(session, sa.select(Account.id).where(Account.locked_until > clock.now()))
    return [Card("锁定中的账号", _shown(locked), "AccountView.list", "连续输错密码", "wait")] if locked else []


def _applicant(session: Session, actor: Actor) -> list[Card]:
    found = []
    for application in session.scalars(
        sa.select(Application).where(Application.person_id == actor.person_id).order_by(Application.id.desc()).limit(5)
    ):
        mine = application.state in WITH_APPLICANT
        note = (
            "请修改后重新提交"
            if application.state is ApplicationState.CORRECTING
            else "继续填写"
            if mine
            else "查看进度"
        )
        found.append(
            Card(
                f"{application.year} 年度申报",
                application.state.label,
                "ApplicationView.show",
                note,
                "wait" if mine else "plain",
                (("pk", str(application.id)),),
            )
        )
    return found or [Card("还没有申报", "开始申报", "ApplicationView.new", "填写职称申报信息")]
