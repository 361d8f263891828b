"""U1.5: a unit declares its posts, its superior decides; the approved number then limits 单位推荐上报."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalog.enums import TitleLevel
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor
from app.quotas import rules
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota


def declare(
    session: Session, *, actor: Actor, year: int, level: TitleLevel, posts: int, occupied: int, asked: int
) -> PostQuota:
    """职数申报 of the actor's unit for a year and level. Waiting or refused, it may be declared anew; approved, not."""
    if actor.role is not Role.UNIT or actor.body_id is None:
        raise NotAllowed("职数由所在单位申报。")
    fields = rules.declaration_problem(posts, occupied, asked)
    today = clock.today()
    if year not in (today.year, today.year + 1):
        fields["year"] = f"只能申报 {today.year} 或 {today.year + 1} 年度的职数。"
    if fields:
        raise Invalid(fields)
    quota = session.scalar(
        sa.select(PostQuota)
        .where(PostQuota.body_id == actor.body_id, PostQuota.year == year, PostQuota.level == level)
        .with_for_update()
    )
    if quota is not None and quota.status is QuotaStatus.APPROVED:
        raise Conflict(f"{year} 年度{level.label}职数已审核通过（{quota.granted} 个），不能再修改。")
    if quota is None:
        quota = PostQuota(body_id=actor.body_id, year=year, level=level)
    quota.posts, quota.occupied, quota.asked, quota.granted = posts, occupied, asked, None
    quota.status, quota.opinion, quota.decided_at = QuotaStatus.SUBMITTED, "", None
    session.add(quota)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"{year} 年度{level.label}职数刚刚由本单位其他经办人申报。") from error
    audit.record(session, actor, "quotas.declare", quota, posts=posts, occupied=occupied, asked=asked)
    return quota


def decide(
    session: Session, *, actor: Actor, quota_id: int, approve: bool, granted: int | None = None, opinion: str = ""
) -> PostQuota:
    """职数审核 【审核通过】 with the number granted, or 【审核不通过】 with the reason; once."""
    if actor.role not in (Role.HR_OFFICER, Role.TITLE_OFFICE):
        raise NotAllowed("职数由上级人社部门或专技机构审核。")
    quota = session.get(PostQuota, quota_id, with_for_update=True, populate_existing=True)
    if quota is None:
        raise NotFound
    if quota.body_id == actor.body_id:
        raise NotAllowed("不能审核本单位申报的职数。")
    if quota.status is not QuotaStatus.SUBMITTED:
        raise Conflict(f"该职数申报{quota.status.label}，不能再审核。")
    fields = {}
    if approve and (problem := rules.grant_problem(quota.asked, granted)):
        fields["granted"] = problem
    if not approve and not opinion.strip():
        fields["opinion"] = "审核不通过的，请填写原因。"
    if len(opinion.strip()) > 300:
        fields["opinion"] = "审核意见不超过 300 个字。"
    if fields:
        raise Invalid(fields)
    quota.status = QuotaStatus.APPROVED if approve else QuotaStatus.REFUSED
    quota.granted = granted if approve else None
    quota.opinion, quota.decided_at = opinion.strip(), clock.now()
    audit.record(session, actor, "quotas.decide", quota, approve=approve, granted=quota.granted)
    return quota
