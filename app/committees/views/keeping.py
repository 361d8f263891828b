"""A10 评委会管理: what A11 shows, kept: the forms, the operator, and 其他信息 edited in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy.orm import Session

from app.accounts.queries import operators_of
from app.bodies import services as bodies
from app.bodies.queries import issuing_authority_of
from app.catalog.enums import TitleLevel
from app.catalog.forms import region_choices
from app.catalog.queries import all_series, regions_of, top_speciality
from app.committees import queries, services
from app.committees.forms import (
    CommitteeForm,
    DeregisterForm,
    FeeForm,
    FounderForm,
    NewCommitteeForm,
    ResetForm,
    SpecialityForm,
)
from app.committees.models import Committee, CoveredSpeciality, FeeStandard, FoundingBody
from app.committees.rules import latest_validity
from app.committees.views.looking import TABS, WORDS, CommitteeQueryView, FeeEdit, own_prefix
from app.core import clock
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from app.web import handing
from app.web.access import only
from app.web.cautions import Caution, cautions, consequences
from app.web.forms import Form, attempt, choices_of
from app.web.identity import command, current_actor, read
from app.web.layout import screen_url
from app.web.lists import Button, Column
from app.web.stamps import Stamp, columns
from app.web.ways import came_from_page

_FORMS: Mapping[str, type[Form]] = {"specialities": SpecialityForm, "founders": FounderForm, "fees": FeeForm}
_REMOVERS: Mapping[str, tuple[Any, Callable[..., None]]] = {
    "specialities": (CoveredSpeciality, services.remove_speciality),
    "founders": (FoundingBody, services.remove_founder),
    "fees": (FeeStandard, services.remove_fee),
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

    def more(self, row: Committee) -> Sequence[Button]:
        """Further buttons of the committee's page."""
        reset = Button("重置操作员密码", url_for("CommitteeView.reset", pk=row.body_id))
        return (reset,) if row.body.active else ()

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        form = NewCommitteeForm(data={"recorded_on": clock.today(), "valid_until": latest_validity(clock.today())})
        form.series_id.choices = choices_of([(row.id, row.name) for row in all_series(read())])
        form.region_code.choices = region_choices(regions_of(read(), own_prefix()))
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
            return self._hand_over(made[0].committee_id, form.contact_name.data or "", made[0].password)
        return self.render_template(
            "screens/form.html",
            title="新增评委会",
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
        if closed := self._closed(committee, "编辑"):
            return closed
        contact = {"contact_name": committee.body.contact_name, "contact_phone": committee.body.contact_phone}
        form = CommitteeForm(obj=committee, data={"name": committee.body.name} | contact)
        stamp = Stamp(committee, _edited, WORDS, ("bodies", pk))
        passwords: list[str] = []

        def save() -> None:
            data = _values(form)
            with command() as session:
                stamp.check(session, data)
                passwords.append(services.change_committee(session, actor=current_actor(), committee_id=pk, **data))

        if attempt(form, save):
            return self._hand_over(
                pk, form.contact_name.data or "", passwords[0], named=bool(form.contact_id_number.data)
            )
        return self.render_template(
            "screens/form.html",
            title=f"编辑：{committee}",
            form=form,
            warnings=_running(committee),
            stamp=stamp,
            back=url_for("CommitteeView.show", pk=pk) if came_from_page() else url_for("CommitteeView.list"),
            crumbs=[(self.title, url_for("CommitteeView.list"))],
            groups=[
                ("基本信息", ["name", "printed_name", "member_count", "smaller_agreed_by"]),
                ("备案", ["recorded_on", "valid_until"]),
                ("联系人（评委会操作员）", ["contact_name", "contact_id_number", "contact_phone"]),
            ],
        ), 422 if form.errors else 200

    def _closed(self, committee: Committee, what: str) -> ResponseReturnValue | None:
        """Its page instead of a form, where it was deregistered; what is sent all the same is refused by the service."""
        if request.method != "GET" or committee.body.active:
            return None
        flash(f"“{committee}”已经注销，不能{what}。", "warning")
        return redirect(url_for("CommitteeView.show", pk=committee.body_id))

    def _hand_over(self, pk: int, name: str, password: str, *, named: bool = False) -> ResponseReturnValue:
        """Back to the committee's page, or on to the one that shows its operator's initial password.

        named: an operator was appointed, who keeps his password if he had one.
        """
        if password:
            handing.keep(f"committees/{pk}", name, password)
            return redirect(url_for("CommitteeView.handed_over", pk=pk))
        flash(f"已保存。{name}已有账号，沿用原来的密码；忘记密码的，可以重置。" if named else "已保存。", "success")
        return redirect(url_for("CommitteeView.show", pk=pk))

    @expose("/<int:pk>/handed-over", methods=["GET", "POST"])
    def handed_over(self, pk: int) -> ResponseReturnValue:
        """The initial password, to whoever made it, for some minutes; 【已记下】 ends that."""
        committee = self._load(pk)
        kept = handing.kept(f"committees/{pk}")
        if request.method == "POST":
            handing.forget()
            return redirect(url_for("CommitteeView.other", pk=pk, tab="specialities"))
        if kept is None:
            flash("初始密码不再显示；没有记下的，请重置操作员密码。", "warning")
            return redirect(url_for("CommitteeView.show", pk=pk))
        return self.render_template(
            "committees/handed_over.html",
            title="操作员的初始密码",
            committee=committee,
            name=kept.name,
            password=kept.secret,
            minutes=handing.MINUTES,
        ), {"Cache-Control": "no-store"}

    @expose("/<int:pk>/reset", methods=["GET", "POST"])
    def reset(self, pk: int) -> ResponseReturnValue:
        """【重置操作员密码】: another initial password; the operator's sessions end, his old password is no more."""
        committee, form = self._load(pk), ResetForm()
        operators = {one.id: one for one in operators_of(read(), pk, Role.COMMITTEE)}
        if not operators or not committee.body.active:
            flash("评委会没有操作员，请先编辑联系人。" if committee.body.active else "评委会已经注销。", "warning")
            return redirect(url_for("CommitteeView.show", pk=pk))
        form.person_id.choices = choices_of(
            [(key, f"{one.name}（{one.id_masked}）") for key, one in operators.items()],
            None if len(operators) == 1 else "请选择",
        )
        made: list[str] = []

        def save() -> None:
            with command() as session:
                at = {"committee_id": pk, "person_id": form.person_id.data or 0}
                made.append(services.reset_operator(session, actor=current_actor(), **at))

        if attempt(form, save):
            return self._hand_over(pk, operators[form.person_id.data].name, made[0])
        return self.render_template(
            "screens/form.html",
            title=f"重置操作员密码：{committee}",
            intro="重置后原密码立即失效，已登录的会话全部退出；新的初始密码请当面交给本人，首次登录必须修改。",
            form=form,
            submit="重置操作员密码",
            back=url_for("CommitteeView.show", pk=pk),
            crumbs=[(self.title, url_for("CommitteeView.list"))],
        ), 422 if form.errors else 200

    @expose("/<int:pk>/other/<tab>", methods=["GET", "POST"])
    def other(self, pk: int, tab: str) -> ResponseReturnValue:
        """The same tabs, with 【新增】 and 【保存】 in place."""
        committee = self._load(pk)
        kind = _FORMS.get(tab)
        form = kind() if kind and (request.method == "POST" or request.args.get("add")) else None
        if isinstance(form, SpecialityForm):
            form.speciality_id.address = lambda: url_for("BodySearchView.specialities", series=committee.series_id)
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
                    services.add_fee(session, item=form.item.data, level=form.level.data, amount=form.money, **at)

        if form is not None and attempt(form, save):
            flash(f"{TABS[tab]}已保存。", "success")
            return redirect(url_for("CommitteeView.other", pk=pk, tab=tab))
        return self._other(committee, tab, form, _edits(pk) if tab == "fees" else None)

    @expose("/<int:pk>/other/fees/<int:row_id>", methods=["POST"])
    def fee(self, pk: int, row_id: int) -> ResponseReturnValue:
        """【保存】 of another amount in a row of 缴费标准; what is wrong with it is told in the row."""
        committee, form = self._load(pk), FeeForm()
        del form.item, form.level
        row = read().get(FeeStandard, row_id)
        typed = "".join(form.amount.raw_data or ())[:12]
        if row is None or row.committee_id != pk:
            flash(f"您打开以后，这项缴费标准已被他人移除，您填写的 {typed} 元没有保存。", "danger")
            return redirect(url_for("CommitteeView.other", pk=pk, tab="fees"))
        stamp = _stamp_of_fee(row)

        def save() -> None:
            with command() as session:
                stamp.check(session, {"amount": form.money})
                services.change_fee(session, actor=current_actor(), committee_id=pk, row_id=row_id, amount=form.money)

        if attempt(form, save):
            flash(f"{row}的标准已保存。", "success")
            return redirect(url_for("CommitteeView.other", pk=pk, tab="fees"))
        wrong = [*form.amount.errors, *form.form_errors]
        return self._other(committee, "fees", edits=_edits(pk) | {row_id: FeeEdit(typed, stamp.text, wrong)})

    @expose("/other/<tab>/<int:pk>/remove", methods=["GET", "POST"])
    def remove(self, tab: str, pk: int) -> ResponseReturnValue:
        """移除 one row of a tab, by its own number, after it was said what that does."""
        model, service = _REMOVERS.get(tab) or abort(404)
        row = read().get(model, pk) or abort(404)
        committee, back = self._load(row.committee_id), url_for("CommitteeView.other", pk=row.committee_id, tab=tab)
        if request.method == "GET":
            return self.render_template(
                "committees/remove.html",
                title=f"移除{TABS[tab]}：{row}",
                committee=committee,
                problem=services.removal_problem(read(), row),
                warnings=cautions(read(), row),
                question=f"确定从“{committee}”的{TABS[tab]}中移除“{row}”吗？",
                url=url_for("CommitteeView.remove", tab=tab, pk=pk),
                back=back,
            )
        try:
            with command() as session:
                service(session, actor=current_actor(), committee_id=committee.body_id, row_id=pk)
            flash("已移除。", "success")
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(back)

    @expose("/<int:pk>/deregister", methods=["GET", "POST"])
    def deregister(self, pk: int) -> ResponseReturnValue:
        """注销 with its reason; refused while anything uses it, naming what does."""
        committee, form = self._load(pk), DeregisterForm()
        if closed := self._closed(committee, "再次注销"):
            return closed
        if problem := bodies.ending_problem(read(), committee.body):
            return self.render_template(
                "screens/barred.html",
                title=f"注销：{committee}",
                problem=problem,
                warnings=cautions(read(), committee),
                back=url_for("CommitteeView.list"),
                crumbs=[(self.title, url_for("CommitteeView.list"))],
            ), 409 if request.method == "POST" else 200
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
            back=url_for("CommitteeView.show", pk=pk) if came_from_page() else url_for("CommitteeView.list"),
            crumbs=[(self.title, url_for("CommitteeView.list"))],
        ), 422 if form.errors else 200


def _stamp_of_fee(row: FeeStandard) -> Stamp:
    return Stamp(row, columns(("amount",)), WORDS, ("committees", row.committee_id))


def _edits(committee_id: int) -> dict[int, FeeEdit]:
    return {row.id: FeeEdit(str(row.amount), _stamp_of_fee(row).fresh) for row in queries.fees_of(read(), committee_id)}


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


def _running(committee: Committee) -> Sequence[Caution]:
    """What a change of the committee touches: everything that stands on it."""
    found = [what for use in bodies.uses if (what := use(read(), committee.body_id))]
    batches = queries.running_batches(read(), committee.body_id, clock.today())
    said = [f"正在使用本评委会的有：{'；'.join(found)}。因此级别、系列和统筹区不能修改。"] if found else []
    if batches:
        last = max(batches, key=lambda batch: batch.review_until)
        said.append(f"年度批次“{last}”计划评审到 {last.review_until}，备案有效期不能早于这一天。")
    return [Caution(words) for words in said]


def _issuer_changes(session: Session, founder: FoundingBody) -> Sequence[Caution]:
    """A committee without an issuing code of its own issues under its first founding body's."""
    rows = queries.founding_bodies(session, founder.committee_id)
    if len(rows) < 2 or rows[0].id != founder.id or issuing_authority_of(session, founder.committee_id):
        return ()
    mine, following = (issuing_authority_of(session, row.body_id) for row in rows[:2])
    if mine is None:
        return ()
    then = f"改由“{following.printed_name}”发放" if following else "改由本统筹区的发证单位发放"
    return (Caution(f"“{founder}”是第一组建单位，本评委会的证书由它发放；移除后{then}。"),)


consequences[FoundingBody].append(_issuer_changes)
