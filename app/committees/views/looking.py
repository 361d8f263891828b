"""A11 评委会查询: the list, the page, 其他信息 and the history, to look at; and what A10 shares with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.accounts.queries import operators_of
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.forms import region_choices
from app.catalog.queries import all_series, regions_of
from app.committees import queries
from app.committees.enums import CommitteeGrade
from app.committees.forms import CommitteeQuery
from app.committees.models import Committee
from app.core import clock, search
from app.core.crypto import mask_phone
from app.core.enums import Role
from app.web import history
from app.web.access import only
from app.web.forms import Form, Query, choices_of
from app.web.history import Words
from app.web.identity import current_actor, read
from app.web.lists import Button, Column, ListScreen, asc
from app.web.ways import from_page

WORDS = Words(
    {
        "name": "名称",
        "grade": ("级别", CommitteeGrade),
        "series": "系列",
        "region": "统筹区",
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
    {
        "bodies.create": "登记机构编码",
        "bodies.deregister": "机构停用",
        "committees.reset_operator": "重置操作员密码",
    },
)
TABS: Mapping[str, str] = {
    "specialities": "评审专业",
    "founders": "组建单位",
    "fees": "缴费标准",
    "history": "变更历史",
}


@dataclass(frozen=True)
class FeeEdit:
    """The little form in a row of 缴费标准: what stands in it, its stamp, what was wrong with what was sent."""

    typed: str
    stamp: str
    errors: Sequence[str] = ()


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
        Column("联系人", "body.contact_name", width="s"),
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
            query = query.where(search.begins(Body.region_code, own_prefix()))
        return queries.narrowed(query, values, clock.today())

    def fill(self, session: Session, form: Query) -> None:
        prefix = own_prefix() if self.keeping else ""
        form["series_id"].choices = choices_of([(row.id, row.name) for row in all_series(session)], "全部")
        form["region"].choices = region_choices(regions_of(session, prefix), "全部")

    def row_actions(self, row: Committee) -> Sequence[Button]:
        return (
            Button("详情", url_for(f"{self.endpoint}.show", pk=row.body_id)),
            Button("其他信息", url_for(f"{self.endpoint}.other", pk=row.body_id, tab="specialities")),
        )

    def more(self, row: Committee) -> Sequence[Button]:
        del row
        return ()

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
            buttons=from_page(
                [*(one for one in self.row_actions(committee) if one.label != "详情"), *self.more(committee)]
            ),
            back=url_for(f"{self.endpoint}.list"),
            history=history.steps(read(), committee, ("bodies", pk), words=WORDS),
        )

    @expose("/<int:pk>/other/<tab>")
    def other(self, pk: int, tab: str) -> ResponseReturnValue:
        """其他信息: 评审专业, 组建单位, 缴费标准 and the history, one tab at a time."""
        return self._other(self._load(pk), tab)

    def _other(
        self,
        committee: Committee,
        tab: str,
        form: Form | None = None,
        edits: Mapping[int, FeeEdit] | None = None,
    ) -> ResponseReturnValue:
        """form: of 【新增】. edits: what each fee's row offers to save, by its id."""
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
            edits=edits or {},
            may_change=self.keeping and committee.body.active,
        ), 422 if (form is not None and form.errors) or any(one.errors for one in (edits or {}).values()) else 200


_ROWS: Mapping[str, Callable[[Session, int], Any]] = {
    "specialities": queries.covered_specialities,
    "founders": queries.founding_bodies,
    "fees": queries.fees_of,
}


def own_prefix() -> str:
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
        ("联系电话", body.contact_phone and mask_phone(body.contact_phone)),
        ("操作员", "、".join(f"{one.name}（{one.id_masked}）" for one in operators)),
    ]
    if not body.active:
        facts += [("注销时间", body.deregistered_at), ("注销原因", body.deregistered_reason)]
    return facts
