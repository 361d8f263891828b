"""A25 公服账号注册审核: a unit asks for an account with its licence; the HR office of its region approves or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.enums import RegistrationStatus
from app.accounts.models import Account, Person, UnitRegistration
from app.accounts.services.people import create_person_account, grant_post
from app.accounts.services.sessions import hasher, require
from app.accounts.services.signing_in import allowed_in
from app.bodies import rules as body_rules
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.bodies.services import create_body
from app.catalog.queries import region_in_force
from app.core import audit, clock, crypto, storage
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import Actor, elevated


def register_unit(
    session: Session,
    *,
    actor: Actor,
    values: Mapping[str, Any],
    password: str,
    licence: tuple[str, bytes] | None,
    registration_id: int | None = None,
) -> UnitRegistration:
    """A unit's application for an account, or (by `registration_id`, as `open_registration` gave it) a mended one.

    `values`: credit_code, name, nature, region_code, contact_name, contact_id_number, contact_phone, username; `licence`:
    (file name, content). Mending, the password and the licence may stay as they were. Invalid with every field at fault.
    """
    with elevated(session, "whoever registers has no scope yet"):
        row = session.get(UnitRegistration, registration_id, with_for_update=True) if registration_id else None
        if row is not None and row.status is RegistrationStatus.APPROVED:
            raise Conflict("注册已审核通过，请直接登录。")
        clean = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
        clean["credit_code"] = row.credit_code if row else clean["credit_code"].upper()
        clean["contact_id_number"] = rules.normalise_id_number(clean["contact_id_number"])
        fields = _problems(session, clean, password, row)
        if row is None and licence is None:
            fields["licence"] = "请上传营业执照或法人证书。"
        if fields:
            raise Invalid(fields)
        row = row or UnitRegistration(credit_code=clean["credit_code"])
        for name, value in clean.items():
            setattr(row, name, value)
        row.contact_id_masked = crypto.mask_id_number(clean["contact_id_number"])
        if password:
            row.password = hasher.hash(password)
        if licence is not None:
            try:
                stored = storage.put(storage.current(), *licence, accept=(storage.PDF, storage.JPEG, storage.PNG))
            except Invalid as invalid:
                raise Invalid({"licence": invalid.fields["file"]}) from invalid
            for name, value in stored.columns().items():
                setattr(row, name, value)
        row.status, row.submitted_at = RegistrationStatus.SUBMITTED, clock.now()
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            raise Invalid({"credit_code": "该单位刚刚提交过注册申请，请查询审核进度。"}) from error
    audit.record(session, actor, "registrations.submit", row, name=row.name, credit_code=row.credit_code)
    return row


def _problems(
    session: Session, values: Mapping[str, Any], password: str, row: UnitRegistration | None
) -> dict[str, str]:
    checks = {
        "credit_code": body_rules.credit_code_problem(values["credit_code"]),
        "name": body_rules.name_problem(values["name"], "单位名称"),
        "contact_name": rules.name_problem(values["contact_name"]),
        "contact_id_number": rules.id_number_problem(values["contact_id_number"], clock.today()),
        "contact_phone": rules.phone_problem(values["contact_phone"]),
        "username": rules.username_problem(values["username"]),
    }
    if values["nature"] is BodyNature.COMMITTEE:
        checks["nature"] = "评委会由人社部门建立，不在这里注册。"
    if region_in_force(session, values["region_code"], clock.today()) is None:
        checks["region_code"] = "请选择现行的行政区划。"
    if password or row is None:
        checks["password"] = rules.password_problem(
            password, username=values["username"], name=values["contact_name"], id_number=values["contact_id_number"]
        )
    if not checks["credit_code"]:
        checks["credit_code"] = _taken(session, values["credit_code"], row)
    if not checks["username"] and session.scalar(sa.select(Account.id).where(Account.username == values["username"])):
        checks["username"] = "这个用户名已被使用。"
    return {field: problem for field, problem in checks.items() if problem}


def _taken(session: Session, credit_code: str, row: UnitRegistration | None) -> str | None:
    body = session.scalar(sa.select(Body).where(Body.credit_code == credit_code))
    if body is not None:
        return f"“{body.name}”已有账号，请联系该单位的操作员或当地人社部门。"
    if row is None and session.scalar(
        sa.select(UnitRegistration.id).where(UnitRegistration.credit_code == credit_code)
    ):
        return "该单位已提交过注册申请，请用“查询审核进度”查看或修改。"
    return None


def open_registration(session: Session, *, credit_code: str, password: str, ip: str) -> UnitRegistration | None:
    """The registration of a credit code, for whoever knows the password set with it; None otherwise.

    Throttled and recorded as every sign-in is; the attempt must be committed.
    """
    code = credit_code.strip().upper()
    with elevated(session, "whoever registers has no scope yet"):
        row = session.scalar(sa.select(UnitRegistration).where(UnitRegistration.credit_code == code))
        return (
            row if allowed_in(session, f"register:{code}"[:64], row.password if row else None, password, ip) else None
        )


def decide_registration(
    session: Session, *, actor: Actor, registration_id: int, approve: bool, opinion: str = ""
) -> UnitRegistration:
    """【审核通过】: the unit becomes a body and its contact may sign in for it; 【审核不通过】 says what to mend. Once."""
    require(actor, Role.HR_OFFICER)
    row = session.get(UnitRegistration, registration_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.status is not RegistrationStatus.SUBMITTED:
        raise Conflict(f"“{row.name}”的注册{row.status.label}，不能再审核。")
    if not approve and not opinion.strip():
        raise Invalid({"opinion": "审核不通过的，请写明应怎么修正。"})
    if len(opinion.strip()) > 300:
        raise Invalid({"opinion": "审核意见不超过 300 个字。"})
    if approve:
        row.body_id = _admit(session, actor, row)
    row.status = RegistrationStatus.APPROVED if approve else RegistrationStatus.REFUSED
    row.opinion, row.decided_at = opinion.strip(), clock.now()
    audit.record(session, actor, "registrations.decide", row, approve=approve, opinion=row.opinion)
    return row


def _admit(session: Session, actor: Actor, row: UnitRegistration) -> int:
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
    with elevated(session, "the contact may have an account as an applicant, or of another body"):
        person = session.scalar(
            sa.select(Person).where(Person.id_digest == crypto.keys().digest(row.contact_id_number))
        )
        account = person and session.scalar(sa.select(Account).where(Account.person_id == person.id))
    if person is not None and person.name != row.contact_name:
        raise Conflict("联系人姓名与该身份证号登记的不一致，请审核不通过并说明。")
    if account is None:
        account = create_person_account(
            session,
            username=row.username,
            name=row.contact_name,
            id_number=row.contact_id_number,
            phone=row.contact_phone,
            hashed=row.password,
        )
    grant_post(session, actor=actor, user_id=account.id, role=Role.UNIT, body_id=body.id)
    return body.id
