"""A21 黑名单: who may not apply, be recommended or be issued a certificate, why, from when to when."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.models import BlacklistEntry, Person
from app.accounts.queries import longest_years
from app.accounts.services.sessions import require
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import Actor, elevated


def add_entry(
    session: Session,
    *,
    actor: Actor,
    person_id: int,
    reason: str,
    source_document: str,
    starts_on: date,
    ends_on: date | None = None,
) -> BlacklistEntry:
    """【新增】; without an end the record lasts as long as it may. Invalid by field.

    Conflict if another entry, of whatever region, covers some of the days: a person is barred once.
    """
    require(actor, Role.HR_OFFICER)
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise Invalid({"person_id": "请录入姓名或身份证号，回车后从列表中选择。"})
    ends_on = _lasting(session, reason, source_document, starts_on, ends_on)
    _require_free(session, actor, person_id, starts_on, ends_on)
    entry = BlacklistEntry(
        person_id=person_id,
        reason=reason.strip(),
        source_document=source_document.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        region_code=actor.region_code,
    )
    session.add(entry)
    session.flush()
    audit.record(session, actor, "blacklist.add", entry, reason=entry.reason, starts_on=starts_on, ends_on=ends_on)
    return entry


def change_entry(
    session: Session,
    *,
    actor: Actor,
    entry_id: int,
    reason: str,
    source_document: str,
    starts_on: date,
    ends_on: date | None = None,
) -> None:
    """【修改】 an entry that has not been lifted, under the same rules as a new one."""
    entry = _held(session, actor, entry_id)
    ends_on = _lasting(session, reason, source_document, starts_on, ends_on)
    _require_free(session, actor, entry.person_id, starts_on, ends_on, but=entry.id)
    changes = audit.assign(
        entry,
        reason=reason.strip(),
        source_document=source_document.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
    )
    if changes:
        audit.record(session, actor, "blacklist.change", entry, changes=changes)


def lift_entry(session: Session, *, actor: Actor, entry_id: int, reason: str) -> None:
    """【解除】 with its reason: it bars nobody from now on; the row and its history stay."""
    entry = _held(session, actor, entry_id)
    if entry.ends_on < clock.today():
        raise Conflict(f"这条黑名单已于 {entry.ends_on} 到期，已经失效，不用解除。")
    if not reason.strip():
        raise Invalid({"reason": "请填写解除原因。"})
    entry.lifted_at, entry.lifted_reason = clock.now(), reason.strip()
    audit.record(session, actor, "blacklist.lift", entry, reason=entry.lifted_reason)


def _held(session: Session, actor: Actor, entry_id: int) -> BlacklistEntry:
    require(actor, Role.HR_OFFICER)
    entry = session.get(BlacklistEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NotFound
    if entry.lifted_at is not None:
        raise Conflict("这条黑名单已经解除。")
    return entry


def _lasting(session: Session, reason: str, source_document: str, starts_on: date, ends_on: date | None) -> date:
    """The entry's last day, once everything about it is in order."""
    years = longest_years(session)
    ends_on = ends_on or rules.integrity_record_ends(starts_on, years)
    if fields := rules.blacklist_problem(reason, source_document, starts_on, ends_on, years):
        raise Invalid(fields)
    return ends_on


def _require_free(
    session: Session, actor: Actor, person_id: int, starts_on: date, ends_on: date, but: int | None = None
) -> None:
    """No other entry of the person covers any of these days. The person's row stays locked: two officers come in turn."""
    with elevated(session, "an entry of any region bars the person, whoever may see it"):
        name = session.execute(sa.select(Person.name).where(Person.id == person_id).with_for_update()).scalar_one()
        standing = session.scalars(
            sa.select(BlacklistEntry)
            .where(
                BlacklistEntry.person_id == person_id,
                BlacklistEntry.id != (but or 0),
                BlacklistEntry.lifted_at.is_(None),
                BlacklistEntry.starts_on <= ends_on,
                BlacklistEntry.ends_on >= starts_on,
            )
            .order_by(BlacklistEntry.ends_on.desc())
        ).first()
    if standing is None:
        return
    if standing.region_code.startswith(actor.region_prefix):
        days = f"{standing.starts_on} 至 {standing.ends_on}"
        raise Conflict(f"{name} 已在黑名单中（{days}），期间不能重叠，请修改原记录。")
    raise Conflict(f"{name} 已由其他人社部门列入黑名单，截止 {standing.ends_on}，期间不能重叠。")
