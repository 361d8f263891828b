"""Publishing a notice, recording objections and how they ended, concluding it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.catalog.queries import setting
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from app.public_notices.enums import NoticeKind, NoticeStatus, ObjectionStatus
from app.public_notices.models import NoticeLine, Objection, PublicNotice
from app.public_notices.rules import MINIMUM_WORKING_DAYS, dates_problem

PUBLISHERS: Mapping[NoticeKind, Role] = {NoticeKind.EMPLOYER: Role.UNIT, NoticeKind.RESULT: Role.COMMITTEE}


@dataclass(frozen=True)
class LineInput:
    """One person to be published: `subject_id` is the application."""

    subject_id: int
    name: str
    employer: str
    title: str
    remark: str = ""


def publish(
    session: Session,
    *,
    actor: Actor,
    kind: NoticeKind,
    title: str,
    place: str,
    contact: str,
    starts_on: date | None,
    ends_on: date | None,
    lines: Sequence[LineInput],
) -> PublicNotice:
    """【新增】 a notice by the actor's body, at least five working days. Raises Invalid with every field at fault."""
    if actor.body_id is None or actor.role is not PUBLISHERS[kind]:
        raise NotAllowed(f"{kind.label}由{PUBLISHERS[kind].label}发布。")
    fields = {
        name: message
        for name, value, message in (
            ("title", title, "请填写公示标题。"),
            ("place", place, "请填写公示地点。"),
            ("contact", contact, "请填写受理异议的联系人和电话。"),
            ("starts_on", starts_on, "请选择公示开始日期。"),
            ("ends_on", ends_on, "请选择公示结束日期。"),
            ("lines", lines, "请选择公示人员。"),
        )
        if not value or (isinstance(value, str) and not value.strip())
    }
    fields |= {
        name: "不超过 120 个字。"
        for name, value in (("title", title), ("place", place), ("contact", contact))
        if len(value) > 120
    }
    if len({line.subject_id for line in lines}) < len(lines):
        fields["lines"] = "公示人员中有重复，请去掉重复的一行。"
    if starts_on and ends_on:
        minimum = int(setting(session, "notice_working_days", str(MINIMUM_WORKING_DAYS)))
        fields |= dates_problem(starts_on, ends_on, clock.today(), minimum)
    if fields or starts_on is None or ends_on is None:
        raise Invalid(fields)
    notice = PublicNotice(
        kind=kind,
        body_id=actor.body_id,
        title=title.strip(),
        place=place.strip(),
        contact=contact.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        published_at=clock.now(),
        status=NoticeStatus.RUNNING,
    )
    notice.lines = [
        NoticeLine(
            seq=seq,
            subject_id=line.subject_id,
            name=line.name,
            employer=line.employer,
            title=line.title,
            remark=line.remark,
        )
        for seq, line in enumerate(lines, 1)
    ]
    session.add(notice)
    session.flush()
    audit.record(
        session, actor, "public_notices.publish", notice, kind=kind.value, subjects=[x.subject_id for x in lines]
    )
    return notice


def _own(session: Session, actor: Actor, notice_id: int, *, lock: bool = True) -> PublicNotice:
    notice = session.get(PublicNotice, notice_id, with_for_update=lock or None, populate_existing=lock)
    if notice is None:
        raise NotFound
    if notice.body_id != actor.body_id:
        raise NotAllowed("只有发布公示的单位可以办理。")
    return notice


def record_objection(
    session: Session,
    *,
    actor: Actor,
    notice_id: int,
    line_id: int,
    received_on: date | None,
    raised_by: str,
    content: str,
) -> Objection:
    """An objection received while the notice runs, against one line of it."""
    notice = _own(session, actor, notice_id)
    if notice.status is not NoticeStatus.RUNNING:
        raise Conflict(f"该公示{notice.status.label}，不能再登记异议。")
    fields = {}
    if (
        session.scalar(sa.select(NoticeLine.id).where(NoticeLine.id == line_id, NoticeLine.notice_id == notice_id))
        is None
    ):
        fields["line_id"] = "请选择被提出异议的人员。"
    if received_on is None or not notice.starts_on <= received_on <= clock.today():
        fields["received_on"] = "收到日期应在公示开始之后、今天之前。"
    if not raised_by.strip() or len(raised_by) > 120:
        fields["raised_by"] = "请填写异议人（实名）或“匿名”，不超过 120 个字。"
    if not content.strip() or len(content) > 1000:
        fields["content"] = "请填写异议内容，不超过 1000 个字。"
    if fields or received_on is None:
        raise Invalid(fields)
    objection = Objection(
        notice_id=notice_id,
        line_id=line_id,
        received_on=received_on,
        raised_by=raised_by.strip(),
        content=content.strip(),
        status=ObjectionStatus.OPEN,
    )
    session.add(objection)
    session.flush()
    audit.record(session, actor, "public_notices.object", objection, notice=notice_id)
    return objection


def close_objection(session: Session, *, actor: Actor, objection_id: int, upheld: bool, finding: str) -> Objection:
    """How an investigated objection ended, with what was found. Once."""
    objection = session.get(Objection, objection_id, with_for_update=True, populate_existing=True)
    if objection is None:
        raise NotFound
    _own(session, actor, objection.notice_id, lock=False)
    if objection.status is not ObjectionStatus.OPEN:
        raise Conflict(f"该异议已办结：{objection.status.label}。")
    if not finding.strip() or len(finding) > 1000:
        raise Invalid({"finding": "请填写调查结论，不超过 1000 个字。"})
    objection.status = ObjectionStatus.UPHELD if upheld else ObjectionStatus.DISMISSED
    objection.finding, objection.closed_at = finding.strip(), clock.now()
    audit.record(session, actor, "public_notices.close_objection", objection, upheld=upheld)
    return objection


def conclude(session: Session, *, actor: Actor, notice_id: int, conclusion: str) -> PublicNotice:
    """End a notice: only after its last day, and with no objection still open."""
    notice = _own(session, actor, notice_id)
    if notice.status is not NoticeStatus.RUNNING:
        raise Conflict(f"该公示{notice.status.label}。")
    if clock.today() <= notice.ends_on:
        raise Refusal(f"公示期到 {notice.ends_on:%Y-%m-%d} 止，期满后才能办结。")
    waiting = session.scalar(
        sa.select(sa.func.count(Objection.id)).where(
            Objection.notice_id == notice_id, Objection.status == ObjectionStatus.OPEN
        )
    )
    if waiting:
        raise Refusal(f"还有 {waiting} 条异议在调查中，调查结束后才能办结。")
    if not conclusion.strip() or len(conclusion) > 300:
        raise Invalid({"conclusion": "请填写公示结论，不超过 300 个字。"})
    notice.status, notice.conclusion, notice.concluded_at = NoticeStatus.CONCLUDED, conclusion.strip(), clock.now()
    audit.record(session, actor, "public_notices.conclude", notice, conclusion=conclusion)
    return notice


def cancel(session: Session, *, actor: Actor, notice_id: int, reason: str) -> PublicNotice:
    """Withdraw a notice that is still running (a wrong name, a wrong date); its people must be published again."""
    notice = _own(session, actor, notice_id)
    if notice.status is not NoticeStatus.RUNNING:
        raise Conflict(f"该公示{notice.status.label}。")
    if not reason.strip() or len(reason.strip()) > 300:
        raise Invalid({"reason": "请填写撤销原因，不超过 300 个字。"})
    notice.status, notice.conclusion, notice.concluded_at = NoticeStatus.CANCELLED, reason.strip(), clock.now()
    audit.record(session, actor, "public_notices.cancel", notice, reason=reason.strip())
    return notice
