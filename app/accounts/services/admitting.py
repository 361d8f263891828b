"""A25, the officer's side: a registration is looked at with what it may already be, and approved or refused as shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import queries, rules
from app.accounts.enums import RegistrationStatus
from app.accounts.models import Account, UnitRegistration, UnmaskLog
from app.accounts.queries import Match
from app.accounts.services.people import create_person_account, look
from app.accounts.services.posts import grant_post
from app.accounts.services.sessions import require
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.bodies.services import create_body, take_registration
from app.catalog.models import Region
from app.core import audit, clock, crypto
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import Actor, elevated

NEW_BODY = 0
"""The officer's answer that a registration is none of the bodies shown with it."""
SHOWN: Mapping[str, str] = {
    "name": "单位名称",
    "nature": "单位性质",
    "region_code": "统筹区",
    "contact_name": "联系人",
    "contact_id_number": "联系人身份证号",
    "contact_phone": "联系人手机号",
    "username": "登录用户名",
    "sha256": "营业执照或法人证书",
}
_STAMP = 10


def stamp_of(row: UnitRegistration, matches: Sequence[Match]) -> str:
    """What an officer is shown, a keyed mark for each piece: with it his decision says what it is about."""
    shown = [f"{name} {getattr(row, name)}" for name in SHOWN]
    shown.append(" ".join(f"{match.body.id}{match.problem}" for match in matches))
    return ".".join(crypto.keys().token(f"{row.id} {one}")[:_STAMP] for one in shown)


def _require_unchanged(row: UnitRegistration, matches: Sequence[Match], stamp: str) -> None:
    seen, stands = stamp.split("."), stamp_of(row, matches).split(".")
    if seen == stands:
        return
    names = [*SHOWN.values(), "系统中同名的机构"]
    changed = [name for name, one, other in zip(names, seen, stands, strict=False) if one != other]
    what = "、".join(changed) if len(seen) == len(stands) else "注册信息"
    raise Conflict(f"您打开页面之后，{what}有变化，请刷新页面，核对后再审核。")


def decide_registration(
    session: Session,
    *,
    actor: Actor,
    registration_id: int,
    stamp: str,
    approve: bool,
    opinion: str = "",
    as_body: int | None = None,
) -> UnitRegistration:
    """【审核通过】: the unit's contact may sign in for it; 【审核不通过】 says what to mend. Once, and of what was shown.

    `stamp`: as `stamp_of` gave it with the page. `as_body`: which of the bodies shown the unit is, or NEW_BODY; where its
    credit code is on file there is nothing to choose. Conflict names what has changed since the page was opened.
    """
    require(actor, Role.HR_OFFICER)
    row = session.get(UnitRegistration, registration_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.status is not RegistrationStatus.SUBMITTED:
        raise Conflict(f"“{row.name}”的注册{row.status.label}，不能再审核。")
    if approve:
        _in_turn(session, row)
    matches = queries.matching_bodies(session, row)
    _require_unchanged(row, matches, stamp)
    if not approve and not opinion.strip():
        raise Invalid({"opinion": "审核不通过的，请写明应怎么修正。"})
    if len(opinion.strip()) > 300:
        raise Invalid({"opinion": "审核意见不超过 300 个字。"})
    if approve:
        row.body_id = _admit(session, actor, row, _chosen(matches, as_body))
    row.status = RegistrationStatus.APPROVED if approve else RegistrationStatus.REFUSED
    row.opinion, row.decided_at = opinion.strip(), clock.now()
    audit.record(session, actor, "registrations.decide", row, approve=approve, opinion=row.opinion, body_id=row.body_id)
    return row


def _in_turn(session: Session, row: UnitRegistration) -> None:
    """Registrations of one city are approved one after the other, so that each sees the body the last one became."""
    city = row.region_code[:4] + "00"
    session.execute(sa.select(Region.code).where(Region.code == city).with_for_update(key_share=True))


def _chosen(matches: Sequence[Match], as_body: int | None) -> Match | None:
    """The body the unit is, None for a new one."""
    by_code = next((match for match in matches if match.by_code), None)
    if by_code is not None:
        return by_code
    if as_body == NEW_BODY or (as_body is None and not matches):
        return None
    chosen = next((match for match in matches if match.body.id == as_body), None)
    if chosen is None:
        raise Invalid({"as_body": "系统中有同名或名称相近的机构，请选择该单位是其中哪一个，或者另建新机构。"})
    return chosen


def _admit(session: Session, actor: Actor, row: UnitRegistration, match: Match | None) -> int:
    account = _account_of(session, row)
    if match is None:
        body = create_body(
            session,
            actor=actor,
            code=row.credit_code,
            name=row.name,
            node_type=NodeType.UNIT,
            nature=row.nature,
            region_code=row.region_code,
            credit_code=row.credit_code,
            contact_name=row.contact_name,
            contact_phone=row.contact_phone,
        )
    else:
        body = _claimed(session, actor, row, match)
    role = rules.ROLE_OF_REGISTERED[body.node_type]
    grant_post(session, actor=actor, user_id=account.id, role=role, body_id=body.id)
    return body.id


def _claimed(session: Session, actor: Actor, row: UnitRegistration, match: Match) -> Body:
    if match.problem:
        raise Conflict(match.problem)
    if not match.body.region_code.startswith(actor.region_prefix):
        raise Conflict(f"“{match.body.name}”属{match.body.region.name}，请由该统筹区的人社部门审核这份注册。")
    return take_registration(
        session,
        actor=actor,
        body_id=match.body.id,
        credit_code=row.credit_code,
        contact_name=row.contact_name,
        contact_phone=row.contact_phone,
    )


def _account_of(session: Session, row: UnitRegistration) -> Account:
    """The contact's account: the one he has, or a new one with the name and password of the registration."""
    person, account = queries.person_and_account(session, row.contact_id_number)
    if problem := queries.contact_problem(row, person, account):
        raise Conflict(problem)
    if account is None:
        account = create_person_account(
            session,
            person=person,
            username=row.username,
            name=row.contact_name,
            id_number=row.contact_id_number,
            phone=row.contact_phone,
            hashed=row.password,
        )
    with elevated(session, "what the contact agreed to, and who looked at his number, are the person's from now on"):
        if account.person is not None and account.person.consented_at is None:
            account.person.consented_at, account.person.consent_version = row.consented_at, row.consent_version
        session.execute(
            sa.update(UnmaskLog)
            .where(UnmaskLog.registration_id == row.id, UnmaskLog.person_id.is_(None))
            .values(person_id=account.person_id),
            execution_options={"synchronize_session": False},
        )
    return account


def unmask_contact(session: Session, *, actor: Actor, registration_id: int) -> tuple[str, str]:
    """The whole identity number and phone of a registration's contact; each look is recorded and shown to him (PIPL)."""
    require(actor, Role.HR_OFFICER)
    row = session.get(UnitRegistration, registration_id)
    if row is None:
        raise NotFound
    person, _ = queries.person_and_account(session, row.contact_id_number)
    with elevated(session, "the contact may be a person the officer does not see yet"):
        purpose = f"审核单位注册 {row.name}"
        session.add(look(actor, purpose, person_id=person.id if person else None, registration_id=row.id))
    audit.record(session, actor, "registrations.unmask", row)
    return row.contact_id_number, row.contact_phone
