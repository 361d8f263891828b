"""People and their accounts: registering, adding, ending, unmasking."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import queries, rules
from app.accounts.enums import SessionEnd
from app.accounts.models import Account, Person, Post, UnmaskLog
from app.accounts.services.sessions import end_all, hasher, require
from app.core import audit, clock, crypto
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotFound, Refusal
from app.core.scope import Actor, elevated

APPLICANT_PREFIX = "p#"
"""Begins an applicant's user name, which nobody types; others can't hold a #."""
CONSENT_VERSION = "2026-02"
"""Of the notice in templates/accounts/_notice.html; what a person agreed to is recorded by it."""
SIGN_IN_INSTEAD = (
    "这个身份证号已有账号，请直接登录；还没有个人申报身份的，登录后在“账号安全”里【开通个人申报】。"
    "忘记密码的，由当地人社部门（从未申报过的，由省级人社部门）核对身份后重置。"
)
GRANT_INSTEAD = "这个身份证号已有账号，请在用户管理中找到该用户，为其授予身份。"
NO_ACCOUNT = "这个身份证号的资料已经录入，但还没有账号，请联系系统管理员开通。"


def register_applicant(
    session: Session, *, actor: Actor, name: str, id_number: str, phone: str, password: str, consent: bool
) -> Account:
    """P1: one account per identity number, with the consent to the privacy notice recorded.

    Raises Invalid with every field at fault; Conflict-like wording stands beside the identity number.
    """
    fields: dict[str, str] = {}
    if not consent:
        fields["consent"] = "请阅读并同意《个人信息处理告知书》。"
    username = APPLICANT_PREFIX + crypto.keys().digest(rules.normalise_id_number(id_number))[:20]
    account = _create(session, username, name, id_number, phone, password, fields, SIGN_IN_INSTEAD)
    assert account.person is not None
    account.person.consented_at = clock.now()
    account.person.consent_version = CONSENT_VERSION
    with elevated(session, "a newcomer has no scope yet"):
        session.add(Post(user_id=account.id, role=Role.APPLICANT, since=clock.today()))
    audit.record(session, actor, "accounts.register", account)
    return account


def create_user(
    session: Session,
    *,
    actor: Actor,
    username: str,
    name: str,
    id_number: str,
    phone: str,
    password: str,
    handed_over: bool = False,
) -> Account:
    """A user made by an administrator (or by another domain: a committee's operator). Raises Invalid.

    `handed_over`: somebody else knows the password, so it must be changed before anything else is done. A person whose
    papers came in without an account is given one, under the name they came in with.
    """
    require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    fields: dict[str, str] = {}
    if problem := rules.username_problem(username):
        fields["username"] = problem
    account = _create(session, username, name, id_number, phone, password, fields, GRANT_INSTEAD, known=True)
    if handed_over:
        account.password_changed_at = None
    audit.record(session, actor, "accounts.create_user", account, username=username)
    return account


def _create(
    session: Session,
    username: str,
    name: str,
    id_number: str,
    phone: str,
    password: str,
    fields: dict[str, str],
    told: str,
    *,
    known: bool = False,
) -> Account:
    """An account and its person; `told` is said of a number that has one. `known`: a person without one may be there."""
    number = rules.normalise_id_number(id_number)
    problem = rules.password_problem(password, username=username, name=name.strip(), id_number=number)
    if problem:
        fields["password"] = problem
    person, account = queries.person_and_account(session, number)
    with elevated(session, "a second account of the same person must be found wherever it is"):
        if not username.startswith(APPLICANT_PREFIX) and queries.username_taken(session, username):
            fields.setdefault("username", "这个用户名已被使用。")  # an applicant's is made from his number, told there
        if person is None or account is not None or not known:
            person = _person(session, name, number, phone, fields, told if account else NO_ACCOUNT)
        elif person.name != name.strip():
            fields["name"] = "与该身份证号登记的姓名不一致，请核对。"
        if fields:
            raise Invalid(fields)
        return _account(session, username, person, hasher.hash(password))


def create_person_account(
    session: Session, *, person: Person | None, username: str, name: str, id_number: str, phone: str, hashed: str
) -> Account:
    """An account whose owner set the password (kept as its hash) when he registered. Raises Invalid."""
    with elevated(session, "a second account of the same person must be found wherever it is"):
        if session.scalar(sa.select(Account.id).where(Account.username == username)):
            raise Invalid({"username": "这个用户名已被使用。"})
        return _account(session, username, person or _person(session, name, id_number, phone, {}), hashed)


def _account(session: Session, username: str, person: Person, hashed: str) -> Account:
    account = Account(
        username=username,
        first_name=person.name,
        last_name="",
        email=f"{username}@localhost",
        active=True,
        password=hashed,
        password_changed_at=clock.now(),
        person=person,
    )
    _insert(session, account)
    return account


def _insert(session: Session, row: Account | Person) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:  # pressed twice, or two at once
        raise Conflict("这个身份证号或用户名刚刚已经登记，请刷新后再看。") from error


def register_person(session: Session, *, actor: Actor, name: str, id_number: str, phone: str) -> Person:
    """A person without an account (whose papers came in another way); by the system alone. Raises Invalid."""
    require(actor, Role.SYSTEM)
    return _person(session, name, rules.normalise_id_number(id_number), phone, {})


def _person(
    session: Session, name: str, number: str, phone: str, fields: dict[str, str], told: str = "这个身份证号已有登记。"
) -> Person:
    """A new person; Invalid with everything wrong, together with what `fields` already holds; `told` of a known number."""
    name, phone, keys = name.strip(), phone.strip(), crypto.keys()
    checks = {
        "name": rules.name_problem(name),
        "id_number": rules.id_number_problem(number, clock.today()),
        "phone": rules.phone_problem(phone),
    }
    fields |= {field: problem for field, problem in checks.items() if problem}
    if "id_number" not in fields and session.scalar(
        sa.select(Person.id).where(Person.id_digest == keys.digest(number))
    ):
        fields["id_number"] = told
    if fields:
        raise Invalid(fields)
    person = Person(
        name=name,
        id_number=number,
        id_digest=keys.digest(number),
        id_masked=crypto.mask_id_number(number),
        gender=rules.gender_of(number),
        born_on=rules.birthday_of(number),
        phone=phone,
        phone_digest=keys.digest(phone),
        phone_masked=crypto.mask_phone(phone),
    )
    _insert(session, person)
    return person


def set_active(session: Session, *, actor: Actor, user_id: int, active: bool, reason: str) -> Account:
    """停用 or 启用 a user; his sessions end with it."""
    require(actor, Role.SYSADMIN)
    account = session.get(Account, user_id)
    if account is None:
        raise NotFound
    if account.id == actor.user_id:
        raise Refusal("不能停用自己的账号。")
    if not reason.strip():
        raise Invalid({"reason": "请填写原因。"})
    account.active = active
    account.failures, account.locked_until = 0, None
    if not active:
        end_all(session, user_id, SessionEnd.DEACTIVATED)
    audit.record(session, actor, "accounts.activate" if active else "accounts.deactivate", account, reason=reason)
    return account


def unmask(session: Session, *, actor: Actor, person_id: int, purpose: str) -> str:
    """The whole identity number of a person within scope; each look is recorded and shown to that person (PIPL)."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    if not purpose.strip():
        raise Invalid({"purpose": "请填写查看完整证件号的用途。"})
    if person.id != actor.person_id:
        session.add(look(actor, purpose, person_id=person.id))
        audit.record(session, actor, "accounts.unmask", person, purpose=purpose)
    return person.id_number


def look(actor: Actor, purpose: str, *, person_id: int | None, registration_id: int | None = None) -> UnmaskLog:
    """The line that tells a person who looked at his number, and what for."""
    return UnmaskLog(
        at=clock.now(),
        person_id=person_id,
        registration_id=registration_id,
        by_user_id=actor.user_id,
        by_name=actor.name,
        by_body=actor.body_name,
        purpose=purpose.strip()[:120],
    )
