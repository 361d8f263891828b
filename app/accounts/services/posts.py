"""Posts: in which capacity a person acts. Granted, taken back, handed on, and an applicant's own to open."""

from __future__ import annotations

from datetime import date
from itertools import count

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.accounts import queries, rules
from app.accounts.models import Account, Post
from app.accounts.services.people import CONSENT_VERSION, create_user
from app.accounts.services.sessions import initial_password, replace_password, require
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated


def require_no_admin(session: Session, *, another: bool) -> None:
    """Refusal where somebody is the administrator already, unless `another` is asked for."""
    holds = sa.select(Account.username).join(Post, Post.user_id == Account.id)
    standing = session.scalar(holds.where(Post.role == Role.SYSADMIN, Post.active, Account.active).limit(1))
    if standing is not None and not another:
        raise Refusal(f"已有系统管理员“{standing}”，其他账号由他在“用户管理”中建立；确需再建一个的，加 --another。")


def create_admin(
    session: Session,
    *,
    actor: Actor,
    username: str,
    name: str,
    id_number: str,
    phone: str,
    password: str = "",
    another: bool = False,
) -> str:
    """The first system administrator, by whoever runs the server. Raises Invalid by field.

    Without a password one is made and returned, to be changed before anything else is done. See `require_no_admin`.
    """
    require(actor, Role.SYSTEM)
    require_no_admin(session, another=another)
    made = "" if password else initial_password()
    account = create_user(
        session,
        actor=actor,
        username=username,
        name=name,
        id_number=id_number,
        phone=phone,
        password=password or made,
        handed_over=not password,
    )
    grant_post(session, actor=actor, user_id=account.id, role=Role.SYSADMIN)
    return made


def appoint(
    session: Session, *, actor: Actor, role: Role, body_id: int, name: str, id_number: str, phone: str, username: str
) -> str:
    """Make somebody the one operator of a body; whoever was before is relieved. The initial password, to hand over.

    Nothing ("") is handed over to a person who has an account already: he keeps his own. `username` is for a new
    account, with a number behind it where it is taken. Raises Invalid for name, id_number or phone.
    """
    number = rules.normalise_id_number(id_number)
    person, account = queries.person_and_account(session, number)
    if person is not None and person.name != name.strip():
        raise Invalid({"name": "与该身份证号登记的姓名不一致，请核对。"})
    password = ""
    if account is None:
        if person is not None:
            raise Conflict("该人员的材料经其他途径录入，尚无账号，请联系系统管理员。")
        password = initial_password()
        names = (f"{username}-{n}" if n > 1 else username for n in count(1))
        free = next(name for name in names if not queries.username_taken(session, name))
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
        password = replace_password(session, account)
    audit.record(session, actor, "accounts.reissue", account, role=role.value, body_id=body_id)
    return password


def _within(actor: Actor, post: Post) -> bool:
    return post.body is not None and actor.serves(post.body.region_code)


def relieve(session: Session, *, actor: Actor, body_id: int, role: Role | None = None, but: int | None = None) -> bool:
    """End every post (of `role`) at a body, except that of the user `but`; whether that user does not act there yet."""
    require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    wanted = Post.role == role if role else sa.true()
    with elevated(session, "posts are kept by administrators; those ended lie outside the officer's own scope"):
        held = session.scalars(sa.select(Post).where(wanted, Post.body_id == body_id, Post.active)).all()
        for post in held:
            if post.user_id != but:
                post.active = False
        session.flush()
    for post in held:
        if not post.active:
            audit.record(session, actor, "accounts.relieve", post, user_id=post.user_id, body_id=body_id)
    return all(post.user_id != but for post in held)


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


def open_application(session: Session, *, actor: Actor, consent: bool) -> Post:
    """【开通个人申报】: whoever has an account for a body applies for himself with it, too (one person, one account).

    The consent to the privacy notice is recorded as at registration. Conflict if he has been an applicant before.
    """
    with elevated(session, "one's own account and posts, which nobody but oneself opens"):
        account = session.get(Account, actor.user_id or 0, with_for_update=True)
        if account is None or account.person is None:
            raise NotAllowed("这个账号没有登记本人身份信息，不能开通个人申报。")
        if not consent:
            raise Invalid({"consent": "请阅读并同意《个人信息处理告知书》。"})
        held = session.scalar(sa.select(Post).where(Post.user_id == account.id, Post.role == Role.APPLICANT))
        if held is not None:
            raise Conflict(
                "您已经开通个人申报，请在“切换身份”里选择申报人。"
                if held.active
                else "您的个人申报身份已被收回，请联系系统管理员。"
            )
        account.person.consented_at, account.person.consent_version = clock.now(), CONSENT_VERSION
        post = Post(user_id=account.id, role=Role.APPLICANT, since=clock.today())
        session.add(post)
    audit.record(session, actor, "accounts.open_application", post)
    return post
