"""U1.5.1 职数申报, U1.5.2 职数审核, A22 职数申报查询."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy.orm import Session, contains_eager

from app.bodies.models import Body
from app.core import clock
from app.core.enums import Role
from app.quotas import services
from app.quotas.enums import QuotaStatus
from app.quotas.forms import (
    DeclarationForm,
    QuotaCorrectionForm,
    QuotaDecisionForm,
    QuotaQuery,
    UnitQuotaQuery,
    WaitingQuotaQuery,
)
from app.quotas.models import PostQuota
from app.quotas.queries import reviewed_by, reviewers
from app.quotas.rules import vacant
from app.web import history
from app.web.access import only
from app.web.forms import Form, Query, attempt
from app.web.history import Words
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc

WORDS = Words(
    {
        "posts": "核定职数",
        "occupied": "已聘职数",
        "asked": "申报职数",
        "granted": "核准职数",
        "opinion": "审核意见",
    },
    {
        "quotas.declare": "申报",
        "quotas.redeclare": "重新申报",
        "quotas.approve": "审核通过",
        "quotas.refuse": "审核不通过",
        "quotas.correct": "更正核准职数",
        "quotas.decide": "审核",
    },
)
NUMBERS = (
    Column("核定职数", "posts", "number"),
    Column("已聘职数", "occupied", "number"),
    Column("空缺职数", lambda row: vacant(row.posts, row.occupied), "number"),
    Column("申报职数", "asked", "number"),
    Column("核准职数", "granted", "number"),
)


class QuotaScreen(ListScreen):
    """Quotas in scope, the newest year first; each with its page and history."""

    abstract: ClassVar[bool] = True
    key = (desc(PostQuota.year), desc(PostQuota.id))
    columns = (
        Column("年度", "year"),
        Column("单位名称", "body.name", width="l"),
        Column("职称等级", "level"),
        *NUMBERS,
        Column("状态", "status", "state"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        query = sa.select(PostQuota).join(PostQuota.body).options(contains_eager(PostQuota.body))
        for name in ("year", "level", "status"):
            if values.get(name) is not None:
                query = query.where(getattr(PostQuota, name) == values[name])
        return query.where(Body.name.contains(values["name"], autoescape=True)) if values.get("name") else query

    def row_actions(self, row: PostQuota) -> Sequence[Button]:
        return (Button("详情", url_for(f"{self.endpoint}.show", pk=row.id)),)

    def facts(self, quota: PostQuota) -> Sequence[tuple[str, Any]]:
        return [(column.label, column.of(quota)) for column in self.columns] + [
            ("已推荐上报人数", services.taken(read(), quota)),
            ("申报时间", quota.declared_at),
        ]

    def _load(self, pk: int) -> PostQuota:
        return read().scalar(self.select(read(), {}).where(PostQuota.id == pk)) or abort(404)

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        quota = self._load(pk)
        return self.render_template(
            "screens/record.html",
            title=f"{quota.body.name} {quota.year} 年度{quota.level.label}职数",
            crumbs=[(self.title, url_for(f"{self.endpoint}.list"))],
            state=quota.status,
            facts=[
                *self.facts(quota),
                ("由谁审核", reviewers(read(), quota)),
                ("审核人", quota.decided_by),
                ("审核时间", quota.decided_at),
                ("审核意见", quota.opinion),
            ],
            buttons=[button for button in self.row_actions(quota) if button.label != "详情"],
            history=history.steps(read(), quota, words=WORDS),
            back=url_for(f"{self.endpoint}.list"),
        )


class DeclarationView(QuotaScreen):
    """职数申报."""

    access = only(Role.UNIT)
    route_base, title = "/u151", "职数申报"
    intro = "按职称等级申报本单位的职数；审核通过后，核准职数限制单位推荐上报的人数。"
    conditions = QuotaQuery
    empty = "还没有申报职数。"

    def tools(self) -> Sequence[Button]:
        return (Button("新增", url_for("DeclarationView.new"), tone="primary"),)

    def row_actions(self, row: PostQuota) -> Sequence[Button]:
        again = Button("修改", url_for("DeclarationView.edit", pk=row.id))
        return (*super().row_actions(row), *(() if row.status is QuotaStatus.APPROVED else (again,)))

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        form = DeclarationForm(data={"year": clock.today().year})

        def save() -> None:
            with command() as session:
                services.declare(session, actor=current_actor(), **_values(form))

        if attempt(form, save):
            flash("职数已申报，等待审核。", "success")
            return redirect(url_for("DeclarationView.list"))
        return self._asked("新增职数申报", form)

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    def edit(self, pk: int) -> ResponseReturnValue:
        """【修改】 what waits or was refused; year and level stay."""
        quota = self._load(pk)
        form = DeclarationForm(obj=quota)
        del form.year, form.level
        if quota.status is QuotaStatus.APPROVED:
            flash(f"职数已审核通过（{quota.granted} 个），不能再修改；确需调整的，请联系审核单位更正。", "warning")
            return redirect(url_for("DeclarationView.show", pk=pk))

        def save() -> None:
            with command() as session:
                services.redeclare(session, actor=current_actor(), quota_id=pk, version=_version(), **_values(form))

        if attempt(form, save):
            flash("职数已重新申报，等待审核。", "success")
            return redirect(url_for("DeclarationView.list"))
        quota = self._load(pk)
        return self._asked(f"修改：{quota.year} 年度{quota.level.label}职数", form, quota)

    def _asked(self, title: str, form: DeclarationForm, quota: PostQuota | None = None) -> ResponseReturnValue:
        return self.render_template(
            "quotas/declare.html",
            title=title,
            form=form,
            quota=quota,
            back=url_for("DeclarationView.list"),
            crumbs=[(self.title, url_for("DeclarationView.list"))],
        ), 422 if form.errors else 200


class QuotaReviewView(QuotaScreen):
    """职数审核."""

    access = only(Role.DEPARTMENT, Role.HR_OFFICER, Role.TITLE_OFFICE)
    route_base, title = "/u152", "职数审核"
    intro = "审核下级单位申报的职数；没有上级的单位，由所在统筹区的人社部门审核。"
    conditions = WaitingQuotaQuery
    empty = "没有等待本机构审核的职数申报。"

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return super().select(session, values).where(reviewed_by(current_actor()))

    def fill(self, session: Session, form: Query) -> None:
        if "status" not in request.args:  # what waits, until somebody asks for more
            form["status"].data = QuotaStatus.SUBMITTED

    def row_actions(self, row: PostQuota) -> Sequence[Button]:
        ways = {
            QuotaStatus.SUBMITTED: Button("审核", url_for("QuotaReviewView.decide", pk=row.id), tone="primary"),
            QuotaStatus.APPROVED: Button("更正核准职数", url_for("QuotaReviewView.correct", pk=row.id)),
        }
        return (*((ways[row.status],) if row.status in ways else ()), *super().row_actions(row))

    @expose("/<int:pk>/decide", methods=["GET", "POST"])
    def decide(self, pk: int) -> ResponseReturnValue:
        """【审核】 → 【审核通过】 or 【审核不通过】."""
        quota = self._load(pk)
        form = QuotaDecisionForm(data={"granted": quota.asked})
        approve = request.form.get("approve") == "1"

        def save() -> None:
            with command() as session:
                services.decide(
                    session,
                    actor=current_actor(),
                    quota_id=pk,
                    version=_version(),
                    approve=approve,
                    granted=form.granted.data,
                    opinion=form.opinion.data or "",
                )

        if attempt(form, save):
            flash(f"{quota.body.name}：已{'审核通过' if approve else '审核不通过'}。", "success")
            return redirect(url_for("QuotaReviewView.list"))
        return self._asked("审核", pk, form, QuotaStatus.SUBMITTED)

    @expose("/<int:pk>/correct", methods=["GET", "POST"])
    def correct(self, pk: int) -> ResponseReturnValue:
        """【更正核准职数】, with the reason."""
        form = QuotaCorrectionForm(data={"granted": self._load(pk).granted})

        def save() -> None:
            with command() as session:
                services.correct(
                    session,
                    actor=current_actor(),
                    quota_id=pk,
                    version=_version(),
                    granted=form.granted.data,
                    opinion=form.opinion.data or "",
                )

        if attempt(form, save):
            flash("核准职数已更正。", "success")
            return redirect(url_for("QuotaReviewView.show", pk=pk))
        return self._asked("更正核准职数", pk, form, QuotaStatus.APPROVED)

    def _asked(self, what: str, pk: int, form: Form, needed: QuotaStatus) -> ResponseReturnValue:
        """The form over what it is about as that stands now; without buttons where another status is `needed`."""
        quota = self._load(pk)
        return self.render_template(
            "quotas/decide.html",
            title=f"{what}：{quota.body.name} {quota.year} 年度{quota.level.label}职数",
            form=form,
            quota=quota,
            open=quota.status is needed,
            facts=self.facts(quota),
            history=history.steps(read(), quota, words=WORDS),
            back=url_for("QuotaReviewView.list"),
            crumbs=[(self.title, url_for("QuotaReviewView.list"))],
        ), 422 if form.errors else 200


class QuotaQueryView(QuotaScreen):
    """职数申报查询."""

    access = only(Role.HR_OFFICER, Role.TITLE_OFFICE)
    route_base, title = "/a22", "职数申报查询"
    conditions = UnitQuotaQuery


def _values(form: Form) -> dict[str, Any]:
    return {name: value for name, value in form.data.items() if name != "csrf_token"}


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
