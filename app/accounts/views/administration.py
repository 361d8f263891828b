"""The administrator's screens: users and their posts, sign-in attempts, the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session, contains_eager, joinedload
from wtforms.fields.choices import SelectChoice

from app.accounts import services
from app.accounts.enums import AttemptResult
from app.accounts.forms import GrantForm, PeopleQuery, ReasonForm, ResetForm, UserForm
from app.accounts.models import Account, LoginAttempt, Person, Post
from app.accounts.rules import normalise_id_number
from app.bodies.models import Body
from app.core import clock, crypto
from app.core.audit import AuditEntry
from app.core.enums import Role
from app.web import filters, history
from app.web.access import LARGEST_ID, only
from app.web.forms import Query, SelectField, attempt, choices_of, date_field, enum_field, optional, text_field
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc
from app.web.words import ACTIONS, DOMAINS, action_word, object_word, role_word


class AccountQuery(Query):
    username = text_field("用户名", length=64)
    name = text_field("姓名", length=60)


class AccountView(ListScreen):
    """用户管理."""

    access = only(Role.SYSADMIN)
    route_base, title = "/accounts", "用户管理"
    conditions = AccountQuery
    key = (desc(Account.id),)
    columns = (
        Column("用户名", "username", link=lambda row: url_for("AccountView.show", pk=row.id)),
        Column("姓名", "first_name"),
        Column("身份证号", "person.id_masked"),
        Column(
            "状态",
            lambda row: "启用" if row.active else "停用",
            "state",
            tone=lambda row: "ok" if row.active else "bad",
        ),
        Column("锁定至", "locked_until", "moment"),
        Column("密码修改时间", "password_changed_at", "ago"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        query = sa.select(Account).options(joinedload(Account.person))
        if values["username"]:
            query = query.where(Account.username.contains(values["username"], autoescape=True))
        return query.where(Account.first_name.contains(values["name"], autoescape=True)) if values["name"] else query

    def tools(self) -> Sequence[Button]:
        return (Button("新增", url_for("AccountView.new"), tone="primary"),)

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        form = UserForm()
        made: list[int] = []

        def save() -> None:
            with command() as session:
                made.append(
                    services.create_user(
                        session,
                        actor=current_actor(),
                        username=form.username.data or "",
                        name=form.name.data or "",
                        id_number=form.id_number.data or "",
                        phone=form.phone.data or "",
                        password=form.password.data or "",
                        handed_over=True,
                    ).id
                )

        if attempt(form, save):
            flash("用户已建立，请授予身份。初始密码请当面交给本人，首次登录时必须修改。", "success")
            return redirect(url_for("AccountView.show", pk=made[0]))
        return self.render_template(
            "screens/form.html", title="新增用户", form=form, back=url_for("AccountView.list")
        ), 422 if form.errors else 200

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        account = read().get(Account, pk)
        if account is None:
            abort(404)
        posts = (
            read()
            .scalars(sa.select(Post).where(Post.user_id == pk).options(joinedload(Post.body)).order_by(Post.id))
            .all()
        )
        words = "停用" if account.active else "启用"
        return self.render_template(
            "accounts/user.html",
            title=f"用户 {account.username}",
            account=account,
            posts=posts,
            buttons=[
                Button("授予身份", url_for("AccountView.grant", pk=pk), tone="primary"),
                Button("重置密码", url_for("AccountView.reset", pk=pk)),
                Button(words, url_for("AccountView.activate", pk=pk), tone="danger" if account.active else "default"),
            ],
            facts=[
                ("用户名", account.username),
                ("姓名", account.first_name),
                ("身份证号", account.person.id_masked if account.person else "—"),
                ("手机号", account.person.phone_masked if account.person else "—"),
                ("状态", "启用" if account.active else "停用"),
                ("锁定至", account.locked_until),
            ],
            back=url_for("AccountView.list"),
        )

    @expose("/<int:pk>/grant", methods=["GET", "POST"])
    def grant(self, pk: int) -> ResponseReturnValue:
        if read().get(Account, pk) is None:
            abort(404)
        form = GrantForm()

        def save() -> None:
            body = read().get(Body, form.body_id.data or 0)
            officer = form.role.data in (Role.HR_OFFICER, Role.SPECIAL_PLAN_OFFICER)
            with command() as session:
                services.grant_post(
                    session,
                    actor=current_actor(),
                    user_id=pk,
                    role=form.role.data,
                    body_id=form.body_id.data,
                    region_code=body.region_code if body and officer else None,
                )

        if attempt(form, save):
            flash("已授予身份。", "success")
            return redirect(url_for("AccountView.show", pk=pk))
        return self.render_template(
            "screens/form.html", title="授予身份", form=form, back=url_for("AccountView.show", pk=pk)
        ), 422 if form.errors else 200

    @expose("/<int:pk>/reset", methods=["GET", "POST"])
    def reset(self, pk: int) -> ResponseReturnValue:
        return reset_page(self, pk, url_for("AccountView.show", pk=pk))

    @expose("/<int:pk>/active", methods=["GET", "POST"])
    def activate(self, pk: int) -> ResponseReturnValue:
        account = read().get(Account, pk)
        if account is None:
            abort(404)
        form, active = ReasonForm(), not account.active

        def save() -> None:
            with command() as session:
                services.set_active(
                    session, actor=current_actor(), user_id=pk, active=active, reason=form.reason.data or ""
                )

        if attempt(form, save):
            flash("已启用。" if active else "已停用，该用户的登录已全部失效。", "success")
            return redirect(url_for("AccountView.show", pk=pk))
        return self.render_template(
            "screens/form.html",
            title=f"{'启用' if active else '停用'}用户 {account.username}",
            form=form,
            back=url_for("AccountView.show", pk=pk),
        ), 422 if form.errors else 200

    @expose("/post/<int:pk>/revoke", methods=["GET", "POST"])
    def revoke(self, pk: int) -> ResponseReturnValue:
        post = read().get(Post, pk)
        if post is None:
            abort(404)
        form, user_id = ReasonForm(), post.user_id

        def save() -> None:
            with command() as session:
                services.revoke_post(session, actor=current_actor(), post_id=pk, reason=form.reason.data or "")

        if attempt(form, save):
            flash("已收回身份，以该身份登录的会话已失效。", "success")
            return redirect(url_for("AccountView.show", pk=user_id))
        return self.render_template(
            "screens/form.html", title="收回身份", form=form, back=url_for("AccountView.show", pk=user_id)
        ), 422 if form.errors else 200


class PeopleAccountView(ListScreen):
    """账号密码重置: an HR officer gives whoever lost his password another, once the person has been asked for by name."""

    access = only(Role.HR_OFFICER)
    route_base, title = "/passwords", "账号密码重置"
    intro = "操作员、申报人忘记密码时，核对本人身份后重置。请先录入姓名、完整的身份证号或单位。"
    conditions = PeopleQuery
    key = (desc(Account.id),)
    exportable = False
    empty = "请录入姓名、身份证号或单位，再查询。"
    columns = (
        Column("姓名", "person.name"),
        Column("身份证号", "person.id_masked"),
        Column("登录用户名", lambda row: None if row.username.startswith(services.APPLICANT_PREFIX) else row.username),
        AccountView.columns[3],
        Column("密码修改时间", "password_changed_at", "ago"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        query = sa.select(Account).join(Account.person).options(contains_eager(Account.person))
        if not any(values.values()):
            return query.where(sa.false())
        if values["name"]:
            query = query.where(Person.name.startswith(values["name"], autoescape=True))
        if values["id_number"]:
            query = query.where(Person.id_digest == crypto.keys().digest(normalise_id_number(values["id_number"])))
        if values["body_id"]:
            acting = sa.select(Post.user_id).where(Post.body_id == values["body_id"], Post.active)
            query = query.where(Account.id.in_(acting))
        return query

    def row_actions(self, row: Account) -> Sequence[Button]:
        return (Button("重置密码", url_for("PeopleAccountView.reset", pk=row.id)),) if row.active else ()

    @expose("/<int:pk>/reset", methods=["GET", "POST"])
    def reset(self, pk: int) -> ResponseReturnValue:
        found = sa.select(Account.id).join(Account.person).where(Account.id == pk)  # by the scope of its person
        return reset_page(self, pk, url_for("PeopleAccountView.list")) if read().scalar(found) else abort(404)


def reset_page(view: BaseView, pk: int, back: str) -> ResponseReturnValue:
    """【重置密码】: why → the one-time password, shown on this answer and nowhere else."""
    account = read().get(Account, pk) or abort(404)
    form = ResetForm()
    made: list[str] = []

    def save() -> None:
        with command() as session:
            made.append(
                services.reset_password(session, actor=current_actor(), user_id=pk, reason=form.reason.data or "")
            )

    if attempt(form, save):
        login = "身份证号" if account.username.startswith(services.APPLICANT_PREFIX) else f"用户名 {account.username} "
        return view.render_template(
            "accounts/reset.html",
            title="密码已重置",
            name=account.first_name,
            login=login,
            password=made[0],
            go_on=back,
        )
    note = "重置后原密码作废，该用户的登录全部失效；新密码只显示一次，本人首次登录必须修改。"
    return view.render_template(
        "screens/form.html",
        title=f"重置密码：{account.first_name}",
        intro=note,
        form=form,
        submit="重置密码",
        tone="danger",
        back=back,
    ), 422 if form.errors else 200


class AttemptQuery(Query):
    username = text_field("用户名", length=64)
    result = enum_field("结果", AttemptResult, blank="全部")


class LoginAttemptView(ListScreen):
    """登录记录."""

    access = only(Role.SYSADMIN)
    route_base, title = "/login-attempts", "登录记录"
    conditions = AttemptQuery
    key = (desc(LoginAttempt.id),)
    columns = (
        Column("时间", "at", "moment"),
        Column("用户名", "username"),
        Column("网络地址", "ip"),
        Column("结果", "result", "state"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        query = sa.select(LoginAttempt)
        if values["username"]:
            query = query.where(LoginAttempt.username == values["username"])
        return query.where(LoginAttempt.result == values["result"]) if values["result"] else query


def _actions() -> list[SelectChoice]:
    """Every action under its domain, whose own name stands before them for them all."""
    choices = choices_of([], "全部")
    for domain, name in DOMAINS.items():
        choices.append(SelectChoice(domain, f"{name}（全部）", optgroup=name))
        choices += [SelectChoice(code, word, optgroup=name) for code, word in ACTIONS.items() if _within(code, domain)]
    return choices


def _within(action: str, domain: str) -> bool:
    return action.partition(".")[0] == domain


class AuditQuery(Query):
    action = SelectField("操作", [optional()], choices=_actions(), default="")
    actor_name = text_field("操作人", length=80)
    since = date_field("时间起")
    until = date_field("时间止")


_EARLIEST, _LATEST = date(1900, 1, 1), date(9000, 1, 1)
"""Beyond them everything was done, and no hour can be reckoned."""
_SLACK = timedelta(hours=1)
"""An entry is numbered when its transaction commits, and none lasts so long: numbers follow the time but for that."""


class AuditView(ListScreen):
    """审计记录: read only; `run.py verify-audit` walks the chain."""

    access = only(Role.SYSADMIN)
    route_base, title = "/audit", "审计记录"
    conditions = AuditQuery
    key = (desc(AuditEntry.id),)
    columns = (
        Column("序号", "id", "number"),
        Column("时间", "at", "moment"),
        Column("操作人", "actor_name"),
        Column("角色", lambda row: role_word(row.role)),
        Column("操作", lambda row: action_word(row.action)),
        Column("对象", lambda row: object_word(row.object_type, row.object_id)),
        Column("网络地址", "ip"),
        Column("哈希", lambda row: row.hash[:12]),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        a = AuditEntry  # columns, not entities: the longest list of all, and the details are not shown
        shown: list[Any] = [a.id, a.at, a.actor_name, a.role, a.action, a.object_type, a.object_id, a.ip, a.hash]
        query = sa.select(*shown)
        if wanted := values["action"]:  # by name, each found by the index in the list's order: a range would be sorted
            actions = [wanted] if "." in wanted else [code for code in ACTIONS if _within(code, wanted)]
            query = query.where(AuditEntry.action.in_(actions))
        if values["actor_name"]:
            query = query.where(a.actor_name == values["actor_name"])
        return query.where(*_between(values["since"], values["until"]))

    def row_actions(self, row: Any) -> Sequence[Button]:
        return (Button("详情", url_for("AuditView.show", pk=row.id)),)

    @expose("/show/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        """What was done, in words: what it was before → what it is since."""
        entry = (read().get(AuditEntry, pk) if pk <= LARGEST_ID else None) or abort(404)
        words = history.words_of(entry.object_type, entry.detail)
        facts = [(column.label, column.of(entry)) for column in self.columns[:-1]]
        facts += [("时间", filters.exact(entry.at)), ("上一条哈希", entry.previous_hash), ("哈希", entry.hash)]
        return self._page(
            "accounts/audit_entry.html",
            title=f"审计记录 {entry.id}：{action_word(entry.action)}",
            crumbs=[(self.title, url_for("AuditView.list"))],
            facts=list(dict(facts).items()),
            lines=words.details(entry.detail),
            back=url_for("AuditView.list"),
        )


def _between(since: date | None, until: date | None) -> Iterator[Any]:
    """From the first day to the last; as numbers first, so that an index in the list's order begins and ends there."""
    table = AuditEntry.__table__.alias()
    if since and since > _EARLIEST:
        begin = datetime.combine(since, time(), clock.CHINA)
        before = sa.select(table.c.id).where(table.c.at < begin - _SLACK).order_by(table.c.at.desc()).limit(1)
        yield AuditEntry.id > sa.func.coalesce(before.scalar_subquery(), 0)
        yield AuditEntry.at >= begin
    if until and until < _LATEST:
        end = datetime.combine(until + timedelta(days=1), time(), clock.CHINA)
        after = sa.select(table.c.id).where(table.c.at >= end + _SLACK).order_by(table.c.at).limit(1)
        yield AuditEntry.id < sa.func.coalesce(after.scalar_subquery(), LARGEST_ID)
        yield AuditEntry.at < end
