"""U1.5: a unit declares its posts, its superior decides; the approved number then limits 单位推荐上报."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bodies import services as bodies
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor, elevated
from app.quotas import queries, rules
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota

recommended: list[Callable[[Session, int, int, TitleLevel], int]] = []
"""How many of a body, year and level take a place: the domain that sends them up appends its count."""


def declare(
    session: Session, *, actor: Actor, year: int, level: TitleLevel, posts: int, occupied: int, asked: int
) -> PostQuota:
    """职数申报 【新增】 of the actor's unit for a year and level. Conflict where there is one; pressed twice, it is one."""
    if actor.role is not Role.UNIT or actor.body_id is None:
        raise NotAllowed("职数由所在单位申报。")
    bodies.hold(session, [actor.body_id])
    fields = rules.declaration_problem(posts, occupied, asked)
    today = clock.today()
    if year not in (today.year, today.year + 1):
        fields["year"] = f"只能申报 {today.year} 或 {today.year + 1} 年度的职数。"
    if fields:
        raise Invalid(fields)
    known: PostQuota | None = session.scalar(
        sa.select(PostQuota).where(PostQuota.body_id == actor.body_id, PostQuota.year == year, PostQuota.level == level)
    )
    if known is not None:
        if _same(known, posts, occupied, asked):
            return known
        if known.status is QuotaStatus.APPROVED:
            raise _settled(known)
        raise Conflict(
            f"{year} 年度{level.label}职数已申报（{known.status.label}，申报职数 {known.asked}），请在列表中修改。"
        )
    quota = PostQuota(body_id=actor.body_id, year=year, level=level, posts=posts, occupied=occupied, asked=asked)
    quota.status = QuotaStatus.SUBMITTED
    session.add(quota)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"{year} 年度{level.label}职数刚刚由本单位其他经办人申报。") from error
    audit.record(session, actor, "quotas.declare", quota, posts=posts, occupied=occupied, asked=asked)
    return quota


def redeclare(
    session: Session, *, actor: Actor, quota_id: int, version: int, posts: int, occupied: int, asked: int
) -> PostQuota:
    """职数申报 【修改】 of one that waits or was refused; it waits (again) for its decision. Approved, it stays."""
    quota = _locked(session, quota_id)
    if actor.role is not Role.UNIT or quota.body_id != actor.body_id:
        raise NotAllowed("职数由所在单位申报。")
    if quota.status is QuotaStatus.APPROVED:
        raise _settled(quota)
    if _same(quota, posts, occupied, asked):
        return quota
    _require_seen(session, quota, version)
    bodies.hold(session, [quota.body_id])
    if fields := rules.declaration_problem(posts, occupied, asked):
        raise Invalid(fields)
    changes = audit.assign(quota, posts=posts, occupied=occupied, asked=asked)
    quota.declared_at = clock.now()
    quota.status, quota.opinion, quota.decided_at, quota.decided_by = QuotaStatus.SUBMITTED, "", None, ""
    session.flush()
    audit.record(session, actor, "quotas.redeclare", quota, changes=changes)
    return quota


def decide(
    session: Session,
    *,
    actor: Actor,
    quota_id: int,
    version: int,
    approve: bool,
    granted: int | None = None,
    opinion: str = "",
) -> PostQuota:
    """职数审核 【审核通过】 with the number granted, or 【审核不通过】 with the reason; once.

    `version` is the one the person saw: Conflict, saying what has changed, if the unit has declared anew since.
    """
    quota = _under_review(session, actor, quota_id)
    _require_seen(session, quota, version)
    if quota.status is not QuotaStatus.SUBMITTED:
        raise Conflict(f"该职数申报{quota.status.label}，不能再审核。")
    fields = _opinion_problem(opinion, "" if approve else "审核不通过的，请填写原因。")
    if approve:
        body = _held_while_counted(session, quota)
        if not body.active:
            raise Conflict(f"“{body.name}”已经注销，不能审核通过它申报的职数。")
        if problem := rules.grant_problem(quota.asked, taken(session, quota), granted):
            fields["granted"] = problem
    if fields:
        raise Invalid(fields)
    quota.status = QuotaStatus.APPROVED if approve else QuotaStatus.REFUSED
    quota.granted = granted if approve else None
    _sign(quota, actor, opinion)
    session.flush()
    detail = {"asked": quota.asked, "granted": granted} if approve else {"asked": quota.asked}
    action = "quotas.approve" if approve else "quotas.refuse"
    audit.record(session, actor, action, quota, **detail, opinion=quota.opinion)
    return quota


def correct(
    session: Session, *, actor: Actor, quota_id: int, version: int, granted: int | None, opinion: str
) -> PostQuota:
    """【更正核准职数】 of an approved quota, with the reason; never below the places that are taken."""
    quota = _under_review(session, actor, quota_id)
    _require_seen(session, quota, version)
    if quota.status is not QuotaStatus.APPROVED or quota.granted is None:
        raise Conflict(f"该职数申报{quota.status.label}，没有核准职数可以更正。")
    _held_while_counted(session, quota)
    fields = _opinion_problem(opinion, "请填写更正原因。")
    if granted == quota.granted:
        fields["granted"] = "核准职数没有变化。"
    elif problem := rules.grant_problem(quota.asked, taken(session, quota), granted):
        fields["granted"] = problem
    if fields:
        raise Invalid(fields)
    changes = audit.assign(quota, granted=granted)
    _sign(quota, actor, opinion)
    session.flush()
    audit.record(session, actor, "quotas.correct", quota, changes=changes, opinion=quota.opinion)
    return quota


def taken(session: Session, quota: PostQuota) -> int:
    """How many the unit has recommended for the quota's year and level."""
    return sum(count(session, quota.body_id, quota.year, quota.level) for count in recommended)


def waiting(session: Session, body_id: int) -> str | None:
    """What a unit has asked for and nobody has decided."""
    with elevated(session, "what waits for a superior keeps the unit from ending, whoever ends it"):
        found = session.scalars(
            sa.select(PostQuota)
            .where(PostQuota.body_id == body_id, PostQuota.status == QuotaStatus.SUBMITTED)
            .order_by(PostQuota.year, PostQuota.id)
        ).all()
    return f"待审核的职数申报（{'、'.join(map(str, found))}）" if found else None


def _held_while_counted(session: Session, quota: PostQuota) -> Body:
    """The unit, locked: whoever takes a place holds its row too, and reads the number after it."""
    return session.get_one(Body, quota.body_id, with_for_update={"key_share": True}, populate_existing=True)


def _locked(session: Session, quota_id: int) -> PostQuota:
    quota = session.get(PostQuota, quota_id, with_for_update=True, populate_existing=True)
    if quota is None:
        raise NotFound
    return quota


def _under_review(session: Session, actor: Actor, quota_id: int) -> PostQuota:
    quota = _locked(session, quota_id)
    if quota.body_id == actor.body_id:
        raise NotAllowed("不能审核本单位申报的职数。")
    if session.scalar(sa.select(PostQuota.id).where(PostQuota.id == quota_id, queries.reviewed_by(actor))) is None:
        raise NotAllowed(f"该单位的职数由{queries.reviewers(session, quota)}审核。")
    return quota


def _require_seen(session: Session, quota: PostQuota, version: int) -> None:
    if quota.version == version:
        return
    if quota.status is QuotaStatus.SUBMITTED:
        what = (
            f"单位已于 {clock.local(quota.declared_at):%m-%d %H:%M} 重新申报："
            f"核定 {quota.posts}、已聘 {quota.occupied}、申报 {quota.asked}"
        )
    else:
        number = "" if quota.granted is None else f"，核准 {quota.granted}"
        moment = "" if quota.decided_at is None else f"已于 {clock.local(quota.decided_at):%m-%d %H:%M} "
        corrected = queries.last_action(session, quota) == "quotas.correct"
        what = f"{quota.decided_by}{moment}{'更正核准职数' if corrected else quota.status.label}{number}"
    raise Conflict(f"您打开页面之后，{what}。请核对后再办理。")


def _same(quota: PostQuota, *numbers: int) -> bool:
    """Whether a declaration waits that says just this: pressed twice."""
    return quota.status is QuotaStatus.SUBMITTED and (quota.posts, quota.occupied, quota.asked) == numbers


def _settled(quota: PostQuota) -> Conflict:
    return Conflict(
        f"{quota.year} 年度{quota.level.label}职数已审核通过（{quota.granted} 个），不能再修改；确需调整的，请联系审核单位更正。"
    )


def _opinion_problem(opinion: str, ask: str) -> dict[str, str]:
    """`ask`: what is said where none is given, if one must be."""
    if ask and not opinion.strip():
        return {"opinion": ask}
    return {"opinion": "审核意见不超过 300 个字。"} if len(opinion.strip()) > 300 else {}


def _sign(quota: PostQuota, actor: Actor, opinion: str) -> None:
    quota.opinion, quota.decided_at = opinion.strip(), clock.now()
    quota.decided_by = f"{actor.body_name} {actor.name}".strip()


bodies.uses.append(waiting)
