"""A25 公服账号注册审核, and the pages on which a unit registers and follows what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session, joinedload
from wtforms.fields.choices import SelectChoice

from app.accounts import services
from app.accounts.enums import RegistrationStatus
from app.accounts.forms import (
    MendingForm,
    RegistrationDecisionForm,
    RegistrationQuery,
    RegistrationStatusForm,
    UnitRegistrationForm,
)
from app.accounts.models import UnitRegistration, UnmaskLog
from app.accounts.queries import Match, contact_note, kept_account, matching_bodies
from app.bodies.enums import BodyNature
from app.bodies.models import Body
from app.catalog.forms import region_choices
from app.catalog.queries import regions_of
from app.core.db import unit_of_work
from app.core.enums import Role
from app.core.scope import Actor, elevated
from app.web import history
from app.web.access import only
from app.web.files import send_stored
from app.web.forms import attempt
from app.web.history import Words
from app.web.identity import client_address, command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc

OTHERS = 10
OPENED = "registration"
"""In the visitor's session: the registration whose password he gave."""
WORDS = Words(
    {
        "name": "单位名称",
        "credit_code": "统一社会信用代码",
        "region_code": "统筹区",
        "contact_name": "联系人",
        "username": "登录用户名",
        "opinion": "审核意见",
    },
    {"registrations.submit": "提交注册", "registrations.decide": "审核"},
)
_FIELDS = ("name", "nature", "region_code", "contact_name", "contact_id_number", "contact_phone", "username")


class UnitRegistrationView(BaseView):
    """单位注册."""

    route_base = "/register/unit"
    access = {"*": frozenset({Role.ANONYMOUS})}
    default_view = "register"

    @expose("/", methods=["GET", "POST"])
    def register(self) -> ResponseReturnValue:
        return self._form(None)

    @expose("/mend", methods=["GET", "POST"])
    def mend(self) -> ResponseReturnValue:
        """The registration just opened, to be corrected and submitted again."""
        row = self._opened()
        if row is None or row.status not in services.MENDABLE:
            return redirect(url_for("UnitRegistrationView.status"))
        return self._form(row)

    def _form(self, row: UnitRegistration | None) -> ResponseReturnValue:
        form = MendingForm(obj=row) if row else UnitRegistrationForm()
        form.nature.choices = [c for c in form.nature.choices if c.value != BodyNature.COMMITTEE.value]
        form.region_code.choices = region_choices(regions_of(read(), "43"))
        if form.is_submitted() and self._checked(form, row) and attempt(form, lambda: self._register(form, row)):
            flash("注册申请已提交，由所在统筹区的人社部门审核。可以随时在这里查询进度。", "success")
            return redirect(url_for("UnitRegistrationView.status"))
        return self.render_template(
            "accounts/register_unit.html", title="单位注册", form=form, row=row
        ), 422 if form.errors else 200

    def _checked(self, form: UnitRegistrationForm, row: UnitRegistration | None) -> bool:
        """Whether there is nothing to mend; what the services will refuse is told together with what was left empty."""
        form.validate()
        problems = services.registration_problems(
            read(),
            values=self._values(form, row),
            password=form.password.data or "",
            consent=form.consent.data,
            licence=bool(form.licence.data),
            registration_id=row.id if row else None,
        )
        for name, problem in problems.items():
            if name in form and not form[name].errors:
                form[name].errors = [problem]
        return not form.errors

    def _register(self, form: UnitRegistrationForm, row: UnitRegistration | None) -> None:
        file = form.licence.data
        with command() as work:
            services.register_unit(
                work,
                actor=current_actor(),
                values=self._values(form, row),
                password=form.password.data or "",
                licence=(file.filename, file.read()) if file else None,
                consent=form.consent.data,
                registration_id=row.id if row else None,
            )

    def _values(self, form: UnitRegistrationForm, row: UnitRegistration | None) -> dict[str, Any]:
        code = row.credit_code if row else form.credit_code.data or ""
        return {"credit_code": code} | {name: form[name].data for name in _FIELDS}

    @expose("/status", methods=["GET", "POST"])
    def status(self) -> ResponseReturnValue:
        """查询审核进度: by credit code and the password set when registering."""
        form, row = RegistrationStatusForm(), None
        if form.validate_on_submit():
            with unit_of_work(Actor.system("registration status")) as work:
                found = services.open_registration(
                    work,
                    credit_code=form.credit_code.data or "",
                    password=form.password.data or "",
                    ip=client_address(),
                )
                key = found.id if found else None
            if key is None:
                form.form_errors.append("没有查到这个注册，或密码不正确；连续输错 5 次要等 15 分钟。")
            else:
                session[OPENED] = key
                row = self._opened()
        looks, became = [], {}
        if row is not None:
            with elevated(read(), "who looked at the contact's number is told to whoever registered") as work:
                seen = sa.select(UnmaskLog).where(UnmaskLog.registration_id == row.id).order_by(UnmaskLog.id.desc())
                looks = list(work.scalars(seen))
            if row.body_id:
                became = {"body": read().get(Body, row.body_id), "kept": kept_account(read(), row)}
        return self.render_template(
            "accounts/registration_status.html",
            **became | {"title": "查询审核进度", "form": form, "row": row, "looks": looks},
        ), 422 if form.errors or form.form_errors else 200

    def _opened(self) -> UnitRegistration | None:
        with elevated(read(), "the visitor gave the password of this registration") as work:
            return work.scalar(
                sa.select(UnitRegistration)
                .where(UnitRegistration.id == session.get(OPENED, 0))
                .options(joinedload(UnitRegistration.region))
            )


class RegistrationReviewView(ListScreen):
    """公服账号注册审核."""

    access = only(Role.HR_OFFICER)
    route_base, title = "/a25", "公服账号注册审核"
    conditions = RegistrationQuery
    key = (desc(UnitRegistration.id),)
    empty = "还没有单位申请注册。"
    columns = (
        Column("单位名称", "name", width="l"),
        Column("统一社会信用代码", "credit_code"),
        Column("单位性质", "nature"),
        Column("统筹区", "region.name"),
        Column("联系人", "contact_name"),
        Column("提交时间", "submitted_at", "ago"),
        Column("状态", "status", "state"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        del session
        query = sa.select(UnitRegistration).options(joinedload(UnitRegistration.region))
        for name in ("name", "credit_code"):
            if values.get(name):
                query = query.where(getattr(UnitRegistration, name).contains(values[name], autoescape=True))
        return query.where(UnitRegistration.status == values["status"]) if values.get("status") else query

    def row_actions(self, row: UnitRegistration) -> Sequence[Button]:
        waiting = row.status is RegistrationStatus.SUBMITTED
        return (
            Button(
                "审核" if waiting else "详情",
                url_for("RegistrationReviewView.decide", pk=row.id),
                tone="primary" if waiting else "default",
            ),
        )

    def _load(self, pk: int) -> UnitRegistration:
        return read().scalar(self.select(read(), {}).where(UnitRegistration.id == pk)) or abort(404)

    @expose("/<int:pk>", methods=["GET", "POST"])
    def decide(self, pk: int) -> ResponseReturnValue:
        """【审核】: what was filled in, the licence, what the unit may already be → 【审核通过】 or 【审核不通过】."""
        row, form = self._load(pk), RegistrationDecisionForm()
        approve = request.form.get("approve") == "1"

        def save() -> None:
            with command() as work:
                services.decide_registration(
                    work,
                    actor=current_actor(),
                    registration_id=pk,
                    stamp=request.form.get("stamp", ""),
                    approve=approve,
                    opinion=form.opinion.data or "",
                    as_body=form.as_body.data,
                )

        if attempt(form, save):
            words = "审核通过，单位可以登录单位网厅" if approve else "审核不通过，单位查询进度时会看到意见"
            flash(f"{row.name}：{words}。", "success")
            return redirect(url_for("RegistrationReviewView.list"))
        return self._page_of(pk, form)

    @expose("/<int:pk>/contact", methods=["POST"])
    def contact(self, pk: int) -> ResponseReturnValue:
        """Show the contact's whole number and phone, once, recorded."""
        self._load(pk)
        with command() as work:
            whole = services.unmask_contact(work, actor=current_actor(), registration_id=pk)
        return self._page_of(pk, RegistrationDecisionForm(formdata=None), revealed=whole)

    def _page_of(
        self, pk: int, form: RegistrationDecisionForm, revealed: tuple[str, str] | None = None
    ) -> ResponseReturnValue:
        row = self._load(pk)
        waiting = row.status is RegistrationStatus.SUBMITTED
        matches = matching_bodies(read(), row) if waiting else []
        form.as_body.choices = _choices(matches)
        if not form.as_body.choices:
            del form.as_body
        others = sa.select(UnitRegistration).where(
            UnitRegistration.credit_code == row.credit_code, UnitRegistration.id != pk
        )
        return self.render_template(
            "accounts/registration.html",
            title=f"单位注册：{row.name}",
            state=row.status,
            row=row,
            form=form,
            waiting=waiting,
            contact=contact_note(read(), row) if waiting else None,
            matches=matches,
            stamp=request.form.get("stamp") or services.stamp_of(row, matches),
            revealed=revealed,
            others=read().scalars(others.order_by(UnitRegistration.id.desc()).limit(OTHERS)).all(),
            facts=[
                ("单位名称", row.name),
                ("统一社会信用代码", row.credit_code),
                ("单位性质", row.nature),
                ("统筹区", row.region.name),
                ("联系人", row.contact_name),
                ("联系人身份证号", row.contact_id_masked),
                ("联系人手机号", row.contact_phone_masked),
                ("登录用户名", row.username),
                ("提交时间", row.submitted_at),
                ("审核意见", row.opinion),
            ],
            history=history.steps(read(), row, words=WORDS),
            back=url_for("RegistrationReviewView.list"),
            crumbs=[(self.title, url_for("RegistrationReviewView.list"))],
        ), 422 if form.errors else 200

    @expose("/<int:pk>/licence")
    def licence(self, pk: int) -> ResponseReturnValue:
        return send_stored(self._load(pk), inline=True)


def _choices(matches: Sequence[Match]) -> list[SelectChoice]:
    """What an officer chooses between, where names alone say that a unit may be on file."""
    if not matches or matches[0].by_code:
        return []
    return [
        *(SelectChoice(str(m.body.id), f"是“{m.body.name}”，关联到这个机构") for m in matches if m.problem is None),
        SelectChoice(str(services.NEW_BODY), "不是以上机构，另建新机构"),
    ]
