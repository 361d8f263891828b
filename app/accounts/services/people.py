"""People, users and posts: registering, granting, appointing, unmasking."""

from __future__ import annotations

import secrets
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.accounts import rules
from app.accounts.enums import SessionEnd
from app.accounts.models import Account, Person, Post, UnmaskLog
from app.accounts.services.sessions import end_all, hasher, require
from app.core import audit, clock, crypto
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated

APPLICANT_PREFIX = "p#"
"""Begins an applicant's user name, which nobody types; others can't hold a #."""
CONSENT_VERSION = "2026-01"


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
    account = _create(session, username, name, id_number, phone, password, fields)
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

    `handed_over`: somebody else knows the password, so it must be changed before anything else is done.
    """
    require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    fields: dict[str, str] = {}
    if problem := rules.username_problem(username):
        fields["username"] = problem
    account = _create(session, username, name, id_number, phone, password, fields)
    if handed_over:
        account.password_changed_at = None
    audit.record(session, actor, "accounts.create_user", account, username=username)
    return account


def appoint(
    session: Session, *, actor: Actor, role: Role, body_id: int, name: str, id_number: str, phone: str, username: str
) -> str:
    """Make somebody the one operator of a body; whoever was before is relieved. The initial password, to hand over.

    Nothing ("") is handed over to a person who has an account already: he keeps his own. `username` is for a new
    account, with a number behind it where it is taken. Raises Invalid for name, id_number or phone.
    """
    number = rules.normalise_id_number(id_number)
    with elevated(session, "the operator may have an account as an applicant, or of another body"):
        person = session.scalar(sa.select(Person).where(Person.id_digest == crypto.keys().digest(number)))
        account = person and session.scalar(sa.select(Account).where(Account.person_id == person.id))
        taken = set(session.scalars(sa.select(Account.username).where(Account.username.startswith(username))))
    if person is not None and person.name != name.strip():
        raise Invalid({"name": "与该身份证号登记的姓名不一致，请核对。"})
    password = ""
    if account is None:
        if person is not None:
            raise Conflict("该人员的材料经其他途径录入，尚无账号，请联系系统管理员。")
        password = _initial_password()
        free = next(one for n in range(1, 10_000) if (one := f"{username}-{n}" if n > 1 else username) not in taken)
        account = create_user(
            session,
            actor=actor,
            username=free,
            name=name,
            id_number=number,
            phone=phone,
            password=password,
            handed_over=True,
        )
    elif not account.active:
        raise Conflict("该人员的账号已停用，请联系系统管理员。")
    if relieve(session, actor=actor, role=role, body_id=body_id, but=account.id):
        grant_post(session, actor=actor, user_id=account.id, role=role, body_id=body_id)
    return password


def reissue(session: Session, *, actor: Actor, role: Role, body_id: int, person_id: int) -> str:
    """Another initial password for somebody who acts as `role` for a body, to hand over: his sessions end at once.

    Who hands out a password could sign in with it, so an officer hands out none that opens more than posts of `role`
    in his own region: Refusal naming what else it opens. An administrator may.
    """
    require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    with elevated(session, "posts are kept by administrators; the operator's lie outside the officer's own scope"):
        held = session.scalars(
            sa.select(Post)
            .join(Account, Account.id == Post.user_id)
            .where(Account.person_id == person_id, Post.active)
            .options(joinedload(Post.body))
            .order_by(Post.id)
        ).all()
        if not any(post.role is role and post.body_id == body_id for post in held):
            raise NotFound
        account = session.get_one(Account, held[0].user_id, with_for_update=True, populate_existing=True)
        if account.id == actor.user_id:
            raise Refusal("自己的密码请在“修改密码”中修改。")
        if not account.active:
            raise Conflict("该人员的账号已停用，请联系系统管理员。")
        more = [post for post in held if post.role is not role or not _within(actor, post)]
        if more and actor.role is Role.HR_OFFICER:
            words = "、".join(dict.fromkeys(f"{post.body.name if post.body else ''}{post.role.label}" for post in more))
            raise Refusal(f"该账号还有其他身份（{words}），请由系统管理员重置，或由本人修改密码。")
        password = _initial_password()
        account.password, account.password_changed_at = hasher.hash(password), None
        account.failures, account.locked_until = 0, None
        end_all(session, account.id, SessionEnd.PASSWORD)
    audit.record(session, actor, "accounts.reissue", account, role=role.value, body_id=body_id)
    return password


def _within(actor: Actor, post: Post) -> bool:
    return post.body is not None and bool(actor.region_prefix) and post.body.region_code.startswith(actor.region_prefix)


def relieve(session: Session, *, actor: Actor, role: Role, body_id: int, but: int | None = None) -> bool:
    """End every post of `role` at a body, except that of the user `but`; whether that user does not act there yet."""
    require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    with elevated(session, "posts are kept by administrators; those ended lie outside the officer's own scope"):
        held = session.scalars(sa.select(Post).where(Post.role == role, Post.body_id == body_id, Post.active)).all()
        for post in held:
            if post.user_id != but:
                post.active = False
        session.flush()
    for post in held:
        if not post.active:
            audit.record(session, actor, "accounts.relieve", post, user_id=post.user_id, body_id=body_id)
    return all(post.user_id != but for post in held)


def _initial_password() -> str:
    """Twelve characters that can be read out, and that `rules.password_problem` takes."""
    while True:
        letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(5))
        digits = "".join(secrets.choice("23456789") for _ in range(5))
        password = f"{secrets.choice('ABCDEFGHJKMNPQRSTUVWXYZ')}{letters}-{digits}"
        if rules.password_problem(password) is None:  # one in 250 repeats a sign four times
            return password


def _create(
    session: Session, username: str, name: str, id_number: str, phone: str, password: str, fields: dict[str, str]
) -> Account:
    number = rules.normalise_id_number(id_number)
    problem = rules.password_problem(password, username=username, name=name.strip(), id_number=number)
    if problem:
        fields["password"] = problem
    with elevated(session, "a second account of the same person must be found wherever it is"):
        taken = session.scalar(sa.select(Account.id).where(Account.username == username))
        if taken and not username.startswith(APPLICANT_PREFIX):  # an applicant's is made from his number, told there
            fields.setdefault("username", "这个用户名已被使用。")
        return _account(session, username, _person(session, name, number, phone, fields), hasher.hash(password))


def create_person_account(
    session: Session, *, username: str, name: str, id_number: str, phone: str, hashed: str
) -> Account:
    """An account whose owner set the password (kept as its hash) when he registered. Raises Invalid."""
    with elevated(session, "a second account of the same person must be found wherever it is"):
        if session.scalar(sa.select(Account.id).where(Account.username == username)):
            raise Invalid({"username": "这个用户名已被使用。"})
        return _account(session, username, _person(session, name, id_number, phone, {}), hashed)


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
    session.add(account)
    session.flush()
    return account


def register_person(session: Session, *, actor: Actor, name: str, id_number: str, phone: str) -> Person:
    """A person without an account (whose papers came in another way); by the system alone. Raises Invalid."""
    require(actor, Role.SYSTEM)
    return _person(session, name, rules.normalise_id_number(id_number), phone, {})


def _person(session: Session, name: str, number: str, phone: str, fields: dict[str, str]) -> Person:
    """A new person; Invalid with everything wrong, together with what `fields` already holds."""
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
        fields["id_number"] = "这个身份证号已经注册过账号，请直接登录；忘记密码请联系所在单位或当地人社部门。"
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
    session.add(person)
    session.flush()
    return person


def grant_post(
    session: Session,
    *,
    actor: Actor,
    user_id: int,
    role: Role,
    body_id: int | None = None,
    region_code: str | None = None,
    since: date | None = None,
) -> Post:
    """Let a user act as `role` for a body or region. Refusal if he already does."""
    require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    if actor.role is Role.HR_OFFICER and role not in (Role.UNIT, Role.DEPARTMENT, Role.COMMITTEE, Role.TITLE_OFFICE):
        raise NotAllowed("人社部门只能授予单位、主管单位、专技机构和评委会的身份。")
    if role in (Role.ANONYMOUS, Role.SYSTEM):
        raise Invalid({"role": "这个身份不能授予。"})
    if body_id is None and role not in (Role.SYSADMIN, Role.APPLICANT, Role.JUDGE):
        raise Invalid({"body_id": "请录入机构名称，回车后从列表中选择。"})
    if role in (Role.HR_OFFICER, Role.SPECIAL_PLAN_OFFICER) and not region_code:
        raise Invalid({"body_id": "请选择人社部门，以确定统筹区。"})
    with elevated(session, "posts are kept by administrators; the grantee's row lies outside their own scope"):
        held = session.scalar(
            sa.select(Post).where(
                Post.user_id == user_id, Post.role == role, Post.body_id.is_not_distinct_from(body_id)
            )
        )
        if held is not None and held.active:
            raise Conflict("该用户已经具有这个身份。")
        post = held or Post(user_id=user_id, role=role, body_id=body_id)
        post.region_code, post.since, post.until, post.active = region_code, since or clock.today(), None, True
        session.add(post)
        session.flush()
    audit.record(session, actor, "accounts.grant_post", post, role=role.value, body_id=body_id, user_id=user_id)
    return post


def revoke_post(session: Session, *, actor: Actor, post_id: int, reason: str) -> None:
    """End a post; sessions acting in it end at their next request."""
    require(actor, Role.SYSADMIN)
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound
    if not reason.strip():
        raise Invalid({"reason": "请填写原因。"})
    post.active = False
    audit.record(session, actor, "accounts.revoke_post", post, reason=reason)


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
        session.add(
            UnmaskLog(
                at=clock.now(),
                person_id=person.id,
                by_user_id=actor.user_id,
                by_name=actor.name,
                by_body=actor.body_name,
                purpose=purpose.strip()[:120],
            )
        )
        audit.record(session, actor, "accounts.unmask", person, purpose=purpose)
    return person.id_number
