"""A10 评委会管理 and A11 评委会查询: the list, the page, the forms, and 其他信息 edited in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.accounts.queries import operators_of
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.queries import all_series, regions_of, top_speciality
from app.committees import queries, services
from app.committees.enums import CommitteeGrade
from app.committees.forms import (
    CommitteeForm,
    CommitteeQuery,
    DeregisterForm,
    FeeForm,
    FounderForm,
    NewCommitteeForm,
    SpecialityForm,
)
from app.committees.models import Committee, CoveredSpeciality, FeeStandard, FoundingBody
from app.committees.rules import latest_validity
from app.core import clock
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from app.web import history
from app.web.access import only
from app.web.cautions import cautions
from app.web.forms import Form, Query, attempt, choices_of
from app.web.history import Words
from app.web.identity import command, current_actor, read
from app.web.layout import screen_url
from app.web.lists import Button, Column, ListScreen, asc
from app.web.stamps import Stamp, columns

WORDS = Words(
    {
        "name": "名称",
        "grade": ("级别", CommitteeGrade),
        "printed_name": "打印在证书上的名称",
        "member_count": "人数",
        "smaller_agreed_by": "同意减少人数的单位",
        "recorded_on": "核准备案日期",
        "valid_until": "备案有效期至",
        "contact_name": "联系人",
        "contact_phone": "联系电话",
        "speciality": "评审专业",
        "founder": "组建单位",
        "fee": "缴费标准",
        "reason": "原因",
    },
    {"bodies.create": "登记机构编码", "bodies.deregister": "机构停用"},
)
TABS: Mapping[str, str] = {
    "specialities": "评审专业",
    "founders": "组建单位",
    "fees": "缴费标准",
    "history": "变更历史",
}
_FORMS: Mapping[str, type[Form]] = {"specialities": SpecialityForm, "founders": FounderForm, "fees": FeeForm}
_REMOVERS: Mapping[str, tuple[Any, Callable[..., None]]] = {
    "specialities": (CoveredSpeciality, services.remove_speciality),
    "founders": (FoundingBody, services.remove_founder),
    "fees": (FeeStandard, services.remove_fee),
}


class CommitteeQueryView(ListScreen):
    """A11 评委会查询."""

    access = only(Role.HR_OFFICER, Role.TITLE_OFFICE, Role.SYSADMIN)
    route_base, title = "/a11", "评委会查询"
    conditions = CommitteeQuery
    key = (asc(Body.code),)
    columns = (
        Column("编码", "body.code"),
        Column("名称", "body.name", width="l", link=lambda row: url_for("CommitteeQueryView.show", pk=row.body_id)),
        Column("级别", "grade", width="s"),
        Column("系列", "series.name", width="m"),
        Column("统筹区", "body.region.name", width="s"),
        Column("联系人", "body.contact_name"),
        Column("备案有效期至", "valid_until", "day"),
        Column("状态", lambda row: row.standing(clock.today()), "state"),
    )
    keeping = False

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        query = (
            sa.select(Committee)
            .join(Committee.body)
            .where(
                Body.node_type == sa.literal_column(f"'{NodeType.COMMITTEE}'")
            )  # in the words of ix_bodies_committees
            .options(contains_eager(Committee.body).joinedload(Body.region), joinedload(Committee.series))
        )
        if self.keeping:
            query = query.where(Body.region_code.startswith(_prefix()))
        return queries.narrowed(query, values, clock.today())

    def fill(self, session: Session, form: Query) -> None:
        prefix = _prefix() if self.keeping else ""
        form["series_id"].choices = choices_of([(row.id, row.name) for row in all_series(session)], "全部")
        form["region"].choices = choices_of([(row.code, row.name) for row in regions_of(session, prefix)], "全部")

    def row_actions(self, row: Committee) -> Sequence[Button]:
        return (
            Button("详情", url_for(f"{self.endpoint}.show", pk=row.body_id)),
            Button("其他信息", url_for(f"{self.endpoint}.other", pk=row.body_id, tab="specialities")),
        )

    def _load(self, pk: int) -> Committee:
        found: Committee | None = read().scalar(self.select(read(), {}).where(Committee.body_id == pk))
        return found or abort(404)

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        committee = self._load(pk)
        return self.render_template(
            "committees/committee.html",
            title=str(committee),
            crumbs=[(self.title, url_for(f"{self.endpoint}.list"))],
            state=committee.standing(clock.today()),
            facts=_facts(committee),
            buttons=[button for button in self.row_actions(committee) if button.label != "详情"],
            back=url_for(f"{self.endpoint}.list"),
            history=history.steps(read(), committee, ("bodies", pk), words=WORDS),
        )

    @expose("/<int:pk>/other/<tab>")
    def other(self, pk: int, tab: str) -> ResponseReturnValue:
        """其他信息: 评审专业, 组建单位, 缴费标准 and the history, one tab at a time."""
        return self._other(self._load(pk), tab)

    def _other(self, committee: Committee, tab: str, form: Form | None = None) -> ResponseReturnValue:
        if tab not in TABS:
            abort(404)
        rows: Any = ()
        if tab == "history":
            rows = history.steps(read(), committee, ("bodies", committee.body_id), words=WORDS)
        else:
            rows = _ROWS[tab](read(), committee.body_id)
        return self.render_template(
            "committees/other.html",
            title=f"{committee} · 其他信息",
            crumbs=[(self.title, url_for(f"{self.endpoint}.list"))],
            screen=self,
            committee=committee,
            tabs=TABS,
            tab=tab,
            rows=rows,
            form=form,
            may_change=self.keeping and committee.body.active,
        ), 422 if form is not None and form.errors else 200


_ROWS: Mapping[str, Callable[[Session, int], Any]] = {
    "specialities": queries.covered_specialities,
    "founders": queries.founding_bodies,
    "fees": queries.fees_of,
}


class CommitteeView(CommitteeQueryView):
    """A10 评委会管理: the same, kept by the officers of its region."""

    access = only(Role.HR_OFFICER, Role.SYSADMIN)
    route_base, title = "/a10", "评委会管理"
    intro = "联系人即评委会操作员：新增评委会时为其建立账号。"
    keeping = True
    columns = (
        CommitteeQueryView.columns[0],
        Column("名称", "body.name", width="l", link=lambda row: url_for("CommitteeView.show", pk=row.body_id)),
        *CommitteeQueryView.columns[2:],
    )

    def tools(self) -> Sequence[Button]:
        wizard = screen_url("CommitteeImportView")
        return (
            Button("新增", url_for("CommitteeView.new"), tone="primary"),
            *((Button("批量导入", wizard),) if wizard else ()),
        )

    def row_actions(self, row: Committee) -> Sequence[Button]:
        if not row.body.active:
            return super().row_actions(row)
        return (
            Button("编辑", url_for("CommitteeView.edit", pk=row.body_id)),
            Button("其他信息", url_for("CommitteeView.other", pk=row.body_id, tab="specialities")),
            Button("注销", url_for("CommitteeView.deregister", pk=row.body_id), tone="danger"),
        )

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        form = NewCommitteeForm(data={"recorded_on": clock.today(), "valid_until": latest_validity(clock.today())})
        form.series_id.choices = choices_of([(row.id, row.name) for row in all_series(read())])
        form.region_code.choices = choices_of([(row.code, row.name) for row in regions_of(read(), _prefix())])
        made: list[services.Established] = []

        def save() -> None:
            data = _values(form)
            chosen, founder = data.pop("speciality_id"), data.pop("founder_id")
            with command() as session:
                speciality = chosen or top_speciality(session, data["series_id"])
                data |= {"speciality_ids": [speciality], "founding_body_ids": [founder]}
                try:
                    made.append(services.establish(session, actor=current_actor(), **data))
                except Invalid as error:
                    raise Invalid({_FIELDS.get(name, name): words for name, words in error.fields.items()}) from error

        if attempt(form, save):
            return self._handed_over(made[0].committee_id, form.contact_name.data or "", made[0].password)
        return self.render_template(
            "screens/form.html",
            title="新增：评委会",
            form=form,
            back=url_for("CommitteeView.list"),
            crumbs=[(self.title, url_for("CommitteeView.list"))],
            groups=[
                ("基本信息", ["code", "region_code", "name", "printed_name", "grade", "series_id"]),
                ("组建", ["speciality_id", "founder_id", "member_count", "smaller_agreed_by"]),
                ("备案", ["recorded_on", "valid_until"]),
                ("联系人（评委会操作员）", ["contact_name", "contact_id_number", "contact_phone"]),
            ],
        ), 422 if form.errors else 200

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    def edit(self, pk: int) -> ResponseReturnValue:
        committee = self._load(pk)
        contact = {"contact_name": committee.body.contact_name, "contact_phone": committee.body.contact_phone}
        form = CommitteeForm(obj=committee, data={"name": committee.body.name} | contact)
        stamp = Stamp(committee, _edited, WORDS, ("bodies", pk))
        passwords: list[str] = []

        def save() -> None:
            data = _values(form)
            data["printed_name"] = data["printed_name"] or data["name"]
            with command() as session:
                stamp.check(session, data)
                passwords.append(services.change_committee(session, actor=current_actor(), committee_id=pk, **data))

        if attempt(form, save):
            return self._handed_over(pk, form.contact_name.data or "", passwords[0])
        return self.render_template(
            "screens/form.html",
            title=f"编辑：{committee}",
            form=form,
            stamp=stamp,
            back=url_for("CommitteeView.show", pk=pk),
            crumbs=[(self.title, url_for("CommitteeView.list"))],
            groups=[
                ("基本信息", ["name", "printed_name", "member_count", "smaller_agreed_by"]),
                ("备案", ["recorded_on", "valid_until"]),
                ("联系人（评委会操作员）", ["contact_name", "contact_id_number", "contact_phone"]),
            ],
        ), 422 if form.errors else 200

    def _handed_over(self, pk: int, name: str, password: str) -> ResponseReturnValue:
        """Back to the committee's page; a new operator's initial password is shown this once."""
        if not password:
            flash("已保存。", "success")
            return redirect(url_for("CommitteeView.show", pk=pk))
        return self.render_template(
            "committees/handed_over.html",
            title="操作员账号已建立",
            committee=self._load(pk),
            name=name,
            password=password,
            go_on=url_for("CommitteeView.other", pk=pk, tab="specialities"),
        )

    @expose("/<int:pk>/other/<tab>", methods=["GET", "POST"])
    def other(self, pk: int, tab: str) -> ResponseReturnValue:
        """The same tabs, with 【新增】 and 【保存】 in place."""
        committee = self._load(pk)
        kind = _FORMS.get(tab)
        form = kind() if kind and (request.method == "POST" or request.args.get("add")) else None
        if isinstance(form, FeeForm):
            form.level.choices = choices_of(
                [(level.value, level.label) for level in TitleLevel if committee.grade.reviews(level)]
            )

        def save() -> None:
            with command() as session:
                at: dict[str, Any] = {"actor": current_actor(), "committee_id": pk}
                if isinstance(form, SpecialityForm):
                    services.add_speciality(session, speciality_id=form.speciality_id.data or 0, **at)
                elif isinstance(form, FounderForm):
                    services.add_founder(session, body_id=form.body_id.data or 0, **at)
                elif isinstance(form, FeeForm):
                    services.set_fee(session, item=form.item.data, level=form.level.data, amount=form.money, **at)

        if form is not None and attempt(form, save):
            flash(f"{TABS[tab]}已保存。", "success")
            return redirect(url_for("CommitteeView.other", pk=pk, tab=tab))
        return self._other(committee, tab, form)

    @expose("/other/<tab>/<int:pk>/remove", methods=["POST"])
    def remove(self, tab: str, pk: int) -> ResponseReturnValue:
        """移除 one row of a tab, by its own number."""
        model, service = _REMOVERS.get(tab) or abort(404)
        row = read().get(model, pk) or abort(404)
        committee = self._load(row.committee_id)
        try:
            with command() as session:
                service(session, actor=current_actor(), committee_id=committee.body_id, row_id=pk)
            flash("已移除。", "success")
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(url_for("CommitteeView.other", pk=committee.body_id, tab=tab))

    @expose("/<int:pk>/deregister", methods=["GET", "POST"])
    def deregister(self, pk: int) -> ResponseReturnValue:
        """注销 with its reason; refused while anything uses it, naming what does."""
        committee, form = self._load(pk), DeregisterForm()
        stamp = Stamp(committee, _edited, WORDS, ("bodies", pk))

        def save() -> None:
            with command() as session:
                stamp.check(session)
                services.deregister_committee(
                    session, actor=current_actor(), committee_id=pk, reason=form.reason.data or ""
                )

        if attempt(form, save):
            flash(f"“{committee}”已注销。", "success")
            return redirect(url_for("CommitteeView.list"))
        return self.render_template(
            "committees/deregister.html",
            title=f"注销：{committee}",
            form=form,
            stamp=stamp,
            confirm="确定注销吗？",
            warnings=cautions(read(), committee),
            back=url_for("CommitteeView.list"),
            crumbs=[(self.title, url_for("CommitteeView.list"))],
        ), 422 if form.errors else 200


_FIELDS = {"speciality_ids": "speciality_id", "founding_body_ids": "founder_id"}
"""The service takes several, the form asks for the first."""


def _values(form: Form) -> dict[str, Any]:
    """What the form holds, by the service's names; a text left out is empty."""
    values = {name: value for name, value in form.data.items() if name != "csrf_token"}
    return {name: "" if value is None and name in _TEXTS else value for name, value in values.items()}


_OWN = columns(("printed_name", "member_count", "smaller_agreed_by", "recorded_on", "valid_until"))
_BODYS = columns(("name", "contact_name", "contact_phone"))


def _edited(committee: Committee) -> Mapping[str, Any]:
    """What 【编辑】 changes of a committee and of its body."""
    return {**_OWN(committee), **_BODYS(committee.body)}


_TEXTS = {"printed_name", "smaller_agreed_by", "contact_name", "contact_id_number", "contact_phone"}


def _prefix() -> str:
    """The beginning of the region codes the acting officer keeps; an administrator keeps them all."""
    actor = current_actor()
    return "" if actor.role is Role.SYSADMIN else actor.region_prefix or "none"


def _facts(committee: Committee) -> Sequence[tuple[str, Any]]:
    body = committee.body
    operators = operators_of(read(), body.id, Role.COMMITTEE)
    facts: list[tuple[str, Any]] = [
        ("评委会编码", body.code),
        ("评委会名称", body.name),
        ("级别", committee.grade),
        ("系列", committee.series.name),
        ("统筹区", body.region.name),
        ("打印在证书上的名称", committee.printed_name),
        ("人数", committee.member_count),
        ("同意减少人数的单位", committee.smaller_agreed_by),
        ("核准备案日期", committee.recorded_on),
        ("备案有效期至", committee.valid_until),
        ("联系人", body.contact_name),
        ("联系电话", body.contact_phone),
        ("操作员", "、".join(f"{one.name}（{one.id_masked}）" for one in operators)),
    ]
    if not body.active:
        facts += [("注销时间", body.deregistered_at), ("注销原因", body.deregistered_reason)]
    return facts
