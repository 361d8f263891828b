"""A21 黑名单: who may not apply, be recommended or be issued a certificate, why, from when to when."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.models import BlacklistEntry, Person
from app.accounts.services.sessions import require
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import Actor


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
    """【新增】; without an end the record lasts three years (Order No. 40, art. 41). Invalid by field.

    Conflict if an entry in force covers some of the days: it is to be changed, not doubled.
    """
    require(actor, Role.HR_OFFICER)
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise Invalid({"person_id": "请录入姓名或身份证号，回车后从列表中选择。"})
    ends_on = ends_on or rules.integrity_record_ends(starts_on)
    fields = rules.blacklist_problem(reason, source_document, starts_on, ends_on)
    if fields:
        raise Invalid(fields)
    standing = session.scalar(
        sa.select(BlacklistEntry).where(
            BlacklistEntry.person_id == person_id,
            BlacklistEntry.lifted_at.is_(None),
            BlacklistEntry.starts_on <= ends_on,
            BlacklistEntry.ends_on >= starts_on,
        )
    )
    if standing is not None:
        raise Conflict(f"{person.name} 已在黑名单中（{standing.starts_on} 至 {standing.ends_on}），请修改原记录。")
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
    """【修改】 an entry that has not been lifted."""
    entry = _held(session, actor, entry_id)
    ends_on = ends_on or rules.integrity_record_ends(starts_on)
    fields = rules.blacklist_problem(reason, source_document, starts_on, ends_on)
    if fields:
        raise Invalid(fields)
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
