"""U1.4.2 年度批次信息提交: the committee's own batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy.orm import Session, selectinload
from wtforms.fields.choices import SelectChoice

from app.catalog.enums import TitleLevel
from app.committees import services
from app.committees.forms import BatchForm, BatchQuery, CloseForm
from app.committees.models import AnnualBatch, BatchSpeciality, Committee
from app.committees.queries import reviewable
from app.core import clock
from app.core.enums import Role
from app.web import history
from app.web.access import only
from app.web.cautions import Caution
from app.web.forms import attempt, choices_of
from app.web.history import Words
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc
from app.web.stamps import Stamp, columns

WORDS = Words(
    {
        "name": "批次名称",
        "levels": ("职称等级", TitleLevel),
        "specialities": "专业",
        "opens_on": "申报开始日期",
        "closes_on": "申报截止日期",
        "review_from": "计划评审开始日期",
        "review_until": "计划评审结束日期",
        "reason": "原因",
    }
)


def _levels(batch: AnnualBatch) -> list[TitleLevel]:
    return [TitleLevel(value) for value in batch.levels]


def _specialities(batch: AnnualBatch) -> str:
    return "、".join(row.speciality.name for row in batch.specialities) or "全部评审专业"


class BatchView(ListScreen):
    """年度批次信息提交."""

    access = only(Role.COMMITTEE)
    route_base, title = "/u142", "年度批次信息提交"
    intro = "申报人只能进入申报期内、未关闭的批次。"
    empty = "还没有提交年度批次，提交后申报人才能向本评委会申报。"
    conditions = BatchQuery
    key = (desc(AnnualBatch.year), desc(AnnualBatch.id))
    columns = (
        Column("年度", "year"),
        Column("批次名称", "name", link=lambda row: url_for("BatchView.show", pk=row.id)),
        Column("职称等级", _levels),
        Column("专业", _specialities, width="m"),
        Column("申报开始", "opens_on", "day"),
        Column("申报截止", "closes_on", "day"),
        Column("计划评审开始", "review_from", "day"),
        Column("计划评审结束", "review_until", "day"),
        Column("状态", lambda row: row.stage(clock.today()), "state"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        query = (
            sa.select(AnnualBatch)
            .where(AnnualBatch.committee_id == current_actor().body_id)
            .options(selectinload(AnnualBatch.specialities).joinedload(BatchSpeciality.speciality))
        )
        if values.get("name"):
            query = query.where(AnnualBatch.name.contains(values["name"], autoescape=True))
        return query.where(AnnualBatch.year == values["year"]) if values.get("year") else query

    def tools(self) -> Sequence[Button]:
        return (Button("新增", url_for("BatchView.new"), tone="primary"),)

    def row_actions(self, row: AnnualBatch) -> Sequence[Button]:
        if not row.active:
            return ()
        return (
            Button("编辑", url_for("BatchView.edit", pk=row.id)),
            Button("关闭", url_for("BatchView.close", pk=row.id), tone="danger"),
        )

    def _load(self, pk: int) -> AnnualBatch:
        found: AnnualBatch | None = read().scalar(self.select(read(), {}).where(AnnualBatch.id == pk))
        return found or abort(404)

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        batch = self._load(pk)
        return self.render_template(
            "committees/committee.html",
            title=str(batch),
            crumbs=[(self.title, url_for("BatchView.list"))],
            state=batch.stage(clock.today()),
            facts=[
                ("年度", batch.year),
                ("批次名称", batch.name),
                ("职称等级", _levels(batch)),
                ("专业", _specialities(batch)),
                ("申报期", f"{batch.opens_on} 至 {batch.closes_on}"),
                ("计划评审", f"{batch.review_from} 至 {batch.review_until}"),
            ],
            buttons=self.row_actions(batch),
            back=url_for("BatchView.list"),
            history=history.steps(read(), batch, words=WORDS),
        )

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        today = clock.today()
        form = self._form(BatchForm(data={"year": today.year, "name": "年度评审", "opens_on": today}))

        def save() -> None:
            data = _values(form)
            with command() as session:
                services.create_batch(session, actor=current_actor(), committee_id=current_actor().body_id or 0, **data)

        if attempt(form, save):
            flash("年度批次已提交。", "success")
            return redirect(url_for("BatchView.list"))
        return self._asked("新增年度批次", form)

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    def edit(self, pk: int) -> ResponseReturnValue:
        """【编辑】: of what may still change; the rest is said above the form."""
        batch = self._load(pk)
        if not batch.active:
            return self._closed(batch)
        form = self._form(BatchForm(obj=batch))
        used = services.used_by(read(), pk)
        for name in ("year", *(services.FIXED if used else ())):
            del form[name]
        stamp = Stamp(batch, _edited, WORDS)

        def save() -> None:
            data = _values(form, batch)
            with command() as session:
                stamp.check(session, data)
                services.change_batch(session, actor=current_actor(), batch_id=pk, **data)

        if attempt(form, save):
            flash("已保存。", "success")
            return redirect(url_for("BatchView.show", pk=pk))
        said = f"该批次已有 {used}：名称、等级和申报开始日期不能再改，截止日期只能延长，专业只能增加。" if used else ""
        return self._asked(f"编辑：{batch}", form, said, stamp=stamp)

    @expose("/<int:pk>/close", methods=["GET", "POST"])
    def close(self, pk: int) -> ResponseReturnValue:
        """Take no more applications into it; those in it go on."""
        batch, form = self._load(pk), CloseForm()
        if not batch.active:
            return self._closed(batch)

        def save() -> None:
            with command() as session:
                services.close_batch(session, actor=current_actor(), batch_id=pk, reason=form.reason.data or "")

        if attempt(form, save):
            flash("批次已关闭，不再接收申报；已进入的申报继续办理。", "success")
            return redirect(url_for("BatchView.list"))
        used = services.used_by(read(), pk)
        said = f"关闭后不再接收申报，不能恢复；批次中的 {used}继续办理。" if used else "关闭后不再接收申报，不能恢复。"
        return self._asked(f"关闭：{batch}", form, said, confirm="确定关闭吗？")

    def _closed(self, batch: AnnualBatch) -> ResponseReturnValue:
        flash(f"“{batch}”已经关闭，不能再修改。", "warning")
        return redirect(url_for("BatchView.show", pk=batch.id))

    def _form(self, form: BatchForm) -> BatchForm:
        committee = read().get_one(Committee, current_actor().body_id)
        form.levels.choices = choices_of(
            [(level.value, level.label) for level in TitleLevel if committee.grade.reviews(level)], None
        )
        offered = reviewable(read(), committee)
        names = {row.id: row.name for row in offered}
        branches = {row.parent_id for row in offered}
        form.speciality_ids.choices = [
            SelectChoice(row.id, f"{row.name}（整类）", optgroup=row.name)
            if row.id in branches
            else SelectChoice(row.id, row.name, optgroup=names.get(row.parent_id or 0, row.name))
            for row in offered
        ]
        return form

    def _asked(
        self, title: str, form: BatchForm | CloseForm, said: str = "", *, stamp: Stamp | None = None, confirm: str = ""
    ) -> ResponseReturnValue:
        return self.render_template(
            "screens/form.html",
            title=title,
            form=form,
            warnings=[Caution(said)] if said else (),
            stamp=stamp,
            confirm=confirm,
            back=url_for("BatchView.list"),
            crumbs=[(self.title, url_for("BatchView.list"))],
        ), 422 if form.errors else 200


_edited = columns(("name", "levels", "opens_on", "closes_on", "review_from", "review_until", "speciality_ids"))


def _values(form: BatchForm, batch: AnnualBatch | None = None) -> dict[str, Any]:
    """What the form holds; what it does not ask of a batch is as it stands."""
    fixed = {name: getattr(batch, name) for name in services.FIXED} if batch else {}
    data = fixed | {name: value for name, value in form.data.items() if name != "csrf_token"}
    return data | {"levels": [TitleLevel(value) for value in data["levels"]]}
