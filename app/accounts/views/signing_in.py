"""Signing in and out, choosing a post, registering, changing one's password."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import abort, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose

from app.accounts import queries, services
from app.accounts.forms import ApplicantForm, PasswordForm, RegistrationForm, SignInForm
from app.accounts.models import Account, UnmaskLog
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from app.core.scope import Actor
from app.web.access import EVERYONE
from app.web.forms import apply_refusal, attempt
from app.web.identity import TOKEN, client_address, command, current_actor, read

_SIGN_IN = Actor.system("sign-in")


def _remember(outcome: services.SignIn, next_url: str | None = None) -> ResponseReturnValue:
    session.clear()
    session[TOKEN] = outcome.token
    if outcome.needs_choice:
        return redirect(url_for("PostView.choose", next=next_url))
    return redirect(next_url or url_for("HomeView.index"))


def _inside(url: str | None) -> str | None:
    """`url` if it is a path of this site, so that a sign-in never leads elsewhere."""
    if not url:
        return None
    parts = urlsplit(url)
    safe = not parts.scheme and not parts.netloc and url.startswith("/") and not url.startswith(("//", "/\\"))
    return url if safe else None


def _agent() -> str:
    return (request.user_agent.string or "")[:200]


class AuthView(BaseView):
    """登录 and 退出; in demo mode, one click signs in as each demo person."""

    route_base = ""
    access = {"login": EVERYONE, "logout": EVERYONE, "demo": EVERYONE}
    choosing = True

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> ResponseReturnValue:
        form = SignInForm()
        if form.validate_on_submit():
            with unit_of_work(_SIGN_IN) as work:
                outcome = services.sign_in(
                    work,
                    login=form.login.data or "",
                    password=form.password.data or "",
                    ip=client_address(),
                    agent=_agent(),
                )
            if outcome.token:
                return _remember(outcome, _inside(request.args.get("next")))
            form.form_errors.append(outcome.problem)
        return self.render_template("accounts/login.html", form=form), 422 if form.errors else 200

    @expose("/logout/", methods=["POST"])
    def logout(self) -> ResponseReturnValue:
        token = session.get(TOKEN)
        if token:
            with unit_of_work(_SIGN_IN) as work:
                services.sign_out(work, actor=current_actor(), token=token)
        session.clear()
        flash("已退出登录。", "info")
        return redirect(url_for("HomeView.index"))

    @expose("/demo/sign-in/<username>", methods=["POST"])
    def demo(self, username: str) -> ResponseReturnValue:
        if not current_app.config["DEMO"]:
            abort(404)
        with unit_of_work(_SIGN_IN) as work:
            account = work.scalar(
                sa.select(Account).where(Account.username == username, Account.is_demo, Account.active)
            )
            if account is None:
                abort(404)
            outcome = services.open_session(work, account=account, ip=client_address(), agent=_agent())
        if not outcome.token:
            flash(outcome.problem, "danger")
            return redirect(url_for("HomeView.index"))
        return _remember(outcome)


class PostView(BaseView):
    """选择身份: a person may hold several posts and acts in exactly one."""

    route_base = "/post"
    access = {"*": EVERYONE}
    choosing = True

    @expose("/", methods=["GET", "POST"])
    def choose(self) -> ResponseReturnValue:
        actor = current_actor()
        if not actor.user_id:
            return redirect(url_for("AuthView.login"))
        with read_session(_SIGN_IN) as reading:
            posts = queries.posts_in_force(reading, actor.user_id, clock.today())
            may_apply = queries.may_open_application(reading, actor.user_id)
            must_change = queries.must_change_password(reading, actor.user_id)
        if must_change:
            flash("初始密码是别人给您的，请先修改密码。", "warning")
            return redirect(url_for("PasswordView.change"))
        if not posts:
            return redirect(url_for("PasswordView.change"))
        if request.method == "POST":
            wanted = request.form.get("post_id", "")
            with unit_of_work(_SIGN_IN) as work:
                outcome = services.choose_post(
                    work,
                    token=session[TOKEN],
                    post_id=int(wanted) if wanted.isdigit() else 0,
                    ip=client_address(),
                    agent=_agent(),
                )
            return _remember(outcome, _inside(request.args.get("next")))
        return self.render_template("accounts/posts.html", posts=posts, may_apply=may_apply)


class RegistrationView(BaseView):
    """P1 注册新账号."""

    route_base = "/register"
    access = {"register": frozenset({Role.ANONYMOUS}), "privacy": EVERYONE}

    @expose("/", methods=["GET", "POST"])
    def register(self) -> ResponseReturnValue:
        form = RegistrationForm()
        if form.validate_on_submit():
            if form.password.data != form.repeat.data:
                form.repeat.errors = ["两次输入的密码不一致。"]
            else:
                try:
                    with unit_of_work(_SIGN_IN) as work:
                        services.register_applicant(
                            work,
                            actor=current_actor(),
                            name=form.name.data or "",
                            id_number=form.id_number.data or "",
                            phone=form.phone.data or "",
                            password=form.password.data or "",
                            consent=form.consent.data,
                        )
                    flash("注册成功，请用身份证号登录。网页和手机使用同一个账号。", "success")
                    return redirect(url_for("AuthView.login"))
                except Refusal as refusal:
                    apply_refusal(form, refusal)
        return self.render_template("accounts/register.html", form=form), 422 if form.errors else 200

    @expose("/privacy")
    def privacy(self) -> ResponseReturnValue:
        return self.render_template("accounts/privacy.html")


class PasswordView(BaseView):
    """账号安全: change the password; who looked at my identity number; apply for oneself with a body's account."""

    route_base = "/account"
    access = {"*": EVERYONE}
    choosing = True  # an initial password is changed before a post is chosen

    @expose("/", methods=["GET", "POST"])
    def change(self) -> ResponseReturnValue:
        if not current_actor().user_id:
            return redirect(url_for("AuthView.login"))
        form = PasswordForm()
        if form.validate_on_submit():
            if form.new.data != form.repeat.data:
                form.repeat.errors = ["两次输入的新密码不一致。"]
            else:
                try:
                    with command() as work:
                        services.change_password(
                            work, actor=current_actor(), old=form.old.data or "", new=form.new.data or ""
                        )
                    session.clear()
                    flash("密码已修改，所有已登录的设备都已退出，请重新登录。", "success")
                    return redirect(url_for("AuthView.login"))
                except Invalid as invalid:
                    for name, message in invalid.fields.items():
                        form[name].errors = [message]
                except Refusal as refusal:
                    flash(refusal.reason, "danger")
        looks = (
            read()
            .scalars(
                sa.select(UnmaskLog)
                .where(UnmaskLog.person_id == current_actor().person_id)
                .order_by(UnmaskLog.id.desc())
                .limit(50)
            )
            .all()
        )
        return self.render_template(
            "accounts/account.html",
            form=form,
            looks=looks,
            may_apply=self._may_apply(),
            without_post=self._without_post(),
        ), 422 if form.errors else 200

    @expose("/applicant", methods=["GET", "POST"])
    def applicant(self) -> ResponseReturnValue:
        """【开通个人申报】: one person, one account, one more post."""
        if not current_actor().user_id:
            return redirect(url_for("AuthView.login", next=url_for("PasswordView.applicant")))
        form = ApplicantForm()

        def save() -> None:
            with command() as work:
                services.open_application(work, actor=current_actor(), consent=form.consent.data)

        if attempt(form, save):
            flash("已开通个人申报：请选择“申报人”身份，就可以填写职称申报。", "success")
            return redirect(url_for("PostView.choose"))
        return self.render_template(
            "accounts/applicant.html", title="开通个人申报", form=form, may_apply=self._may_apply()
        ), 422 if form.errors else 200

    def _without_post(self) -> bool:
        """Whether there is nothing for him but this page: no post to act in, or none any more."""
        with read_session(_SIGN_IN) as reading:
            return not queries.posts_in_force(reading, current_actor().user_id or 0, clock.today())

    def _may_apply(self) -> bool:
        with read_session(_SIGN_IN) as reading:
            return queries.may_open_application(reading, current_actor().user_id or 0)
