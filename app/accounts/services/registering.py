"""A25, the unit's side: it asks for an account with its licence, follows what became of it, mends what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import queries, rules
from app.accounts.enums import RegistrationStatus
from app.accounts.models import UnitRegistration
from app.accounts.services.people import CONSENT_VERSION
from app.accounts.services.sessions import hasher
from app.accounts.services.signing_in import allowed_in
from app.bodies import rules as body_rules
from app.bodies.enums import BodyNature
from app.bodies.models import Body
from app.catalog.queries import region_in_force
from app.core import audit, clock, crypto, storage
from app.core.errors import Conflict, Invalid
from app.core.scope import Actor, elevated

OPENABLE = 5
"""Of the registrations of one credit code, how many of the latest a password is tried on."""
MENDABLE = (RegistrationStatus.SUBMITTED, RegistrationStatus.REFUSED)
_CLOSED = {
    RegistrationStatus.APPROVED: "注册已审核通过，请直接登录。",
    RegistrationStatus.REPLACED: "该单位之后另有一份注册，这份不能再修改；如不是本单位提交的，请告知当地人社部门。",
}


def register_unit(
    session: Session,
    *,
    actor: Actor,
    values: Mapping[str, Any],
    password: str,
    licence: tuple[str, bytes] | None,
    consent: bool,
    registration_id: int | None = None,
) -> UnitRegistration:
    """A unit's application for an account, or (by `registration_id`, as `open_registration` gave it) a mended one.

    `values`: credit_code, name, nature, region_code, contact_name, contact_id_number, contact_phone, username; `licence`:
    (file name, content). Mending, the password and the licence may stay as they were. Invalid with every field at fault.
    A registration of the same code that was refused, or waited too long, gives way to a new one; its history stays.
    """
    with elevated(session, "whoever registers has no scope yet"):
        row = session.get(UnitRegistration, registration_id, with_for_update=True) if registration_id else None
        if row is not None and row.status not in MENDABLE:
            raise Conflict(_CLOSED[row.status])
        clean = _clean(values, row)
        fields = _problems(session, clean, password, consent, licence is not None, row)
        if fields:
            raise Invalid(fields)
        if row is None:
            _give_way(session, actor, clean["credit_code"])
            row = UnitRegistration(credit_code=clean["credit_code"])
        changes = audit.assign(
            row,
            **clean,
            contact_id_masked=crypto.mask_id_number(clean["contact_id_number"]),
            contact_phone_masked=crypto.mask_phone(clean["contact_phone"]),
        )
        if password:
            row.password = hasher.hash(password)
        if licence is not None:
            _keep(row, licence)
        row.status, row.submitted_at = RegistrationStatus.SUBMITTED, clock.now()
        row.consented_at, row.consent_version = clock.now(), CONSENT_VERSION
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            if "username" in str(error.orig):
                raise Invalid({"username": "这个用户名刚刚被使用。"}) from error
            raise Invalid({"credit_code": "该单位刚刚提交过注册申请，请查询审核进度。"}) from error
    told = {name: changes[name] for name in ("name", "region_code", "contact_name", "username") if name in changes}
    detail = {"changes": told} if registration_id else {"name": row.name, "credit_code": row.credit_code}
    audit.record(session, actor, "registrations.submit", row, **detail)
    return row


def registration_problems(
    session: Session,
    *,
    values: Mapping[str, Any],
    password: str,
    consent: bool,
    licence: bool,
    registration_id: int | None = None,
) -> dict[str, str]:
    """What `register_unit` would refuse, by field: so that a form tells it together with what was left empty."""
    with elevated(session, "whoever registers has no scope yet"):
        row = session.get(UnitRegistration, registration_id) if registration_id else None
        return _problems(session, _clean(values, row), password, consent, licence, row)


def _clean(values: Mapping[str, Any], row: UnitRegistration | None) -> dict[str, Any]:
    clean = {name: (value or "").strip() if isinstance(value, str | None) else value for name, value in values.items()}
    clean["credit_code"] = row.credit_code if row else clean["credit_code"].upper()
    clean["contact_id_number"] = rules.normalise_id_number(clean["contact_id_number"])
    return clean


def _problems(
    session: Session,
    values: Mapping[str, Any],
    password: str,
    consent: bool,
    licence: bool,
    row: UnitRegistration | None,
) -> dict[str, str]:
    checks = {
        "credit_code": body_rules.credit_code_problem(values["credit_code"]),
        "name": body_rules.name_problem(values["name"], "单位名称"),
        "nature": None if values["nature"] else "请选择。",
        "region_code": None,
        "licence": None if licence or row else "请上传营业执照或法人证书。",
        "contact_name": rules.name_problem(values["contact_name"]),
        "contact_id_number": rules.id_number_problem(values["contact_id_number"], clock.today()),
        "contact_phone": rules.phone_problem(values["contact_phone"]),
        "username": rules.username_problem(values["username"]),
        "consent": None if consent else "请阅读并同意《个人信息处理告知书》。",
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
    if not checks["username"] and queries.username_taken(session, values["username"], values["credit_code"]):
        checks["username"] = "这个用户名已被使用。"
    return {field: problem for field, problem in checks.items() if problem}


def _taken(session: Session, credit_code: str, row: UnitRegistration | None) -> str | None:
    """Why nobody registers for a credit code now: somebody acts for its body, or another registration waits."""
    body = session.scalar(sa.select(Body).where(Body.credit_code == credit_code))
    if body is not None and (problem := queries.claim_problem(session, body)):
        return problem
    latest = session.scalar(
        sa.select(UnitRegistration.submitted_at).where(
            UnitRegistration.credit_code == credit_code, UnitRegistration.status == RegistrationStatus.SUBMITTED
        )
    )
    if row is None and latest is not None and not rules.waited_too_long(latest, clock.now()):
        return "该单位已提交过注册申请，正在审核，请用“查询审核进度”查看或修改。"
    return None


def _give_way(session: Session, actor: Actor, credit_code: str) -> None:
    """Neither a squatter nor a forgotten password keeps a unit out: the older registration stays as history alone."""
    former = session.scalars(
        sa.select(UnitRegistration)
        .where(UnitRegistration.credit_code == credit_code, UnitRegistration.status.in_(MENDABLE))
        .order_by(UnitRegistration.id)
        .with_for_update()
    ).all()
    for row in former:
        row.status = RegistrationStatus.REPLACED
        audit.record(session, actor, "registrations.replace", row)
    session.flush()  # before the new one, which waits in its place


def _keep(row: UnitRegistration, licence: tuple[str, bytes]) -> None:
    try:
        stored = storage.put(storage.current(), *licence, accept=(storage.PDF, storage.JPEG, storage.PNG))
    except Invalid as invalid:
        raise Invalid({"licence": invalid.fields["file"]}) from invalid
    for name, value in stored.columns().items():
        setattr(row, name, value)


def open_registration(session: Session, *, credit_code: str, password: str, ip: str) -> UnitRegistration | None:
    """The latest registration of a credit code that the password set with it opens; None where it opens none.

    Throttled and recorded as every sign-in is; the attempt must be committed.
    """
    code = credit_code.strip().upper()
    with elevated(session, "whoever registers has no scope yet"):
        rows = session.scalars(
            sa.select(UnitRegistration)
            .where(UnitRegistration.credit_code == code)
            .order_by(UnitRegistration.id.desc())
            .limit(OPENABLE)
        ).all()
        opened = allowed_in(session, f"register:{code}"[:64], [row.password for row in rows], password, ip)
    return None if opened is None else rows[opened]
