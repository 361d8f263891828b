"""全省路径体检: every unit and series that reaches no final body, by the body where it breaks and who must mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy.orm import Session, joinedload

from app.approval_paths import services
from app.approval_paths.enums import Procedure
from app.approval_paths.forms import HealthQuery, MendingQuery
from app.approval_paths.models import MendingRequest
from app.approval_paths.queries import KINDS, Breakage, Breakages, Checkup, checkup_all, mends
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.core.enums import Role
from app.core.errors import Refusal
from app.web.access import only
from app.web.identity import command, current_actor, read
from app.web.lists import Bulk, Button, Column, ListScreen, desc
from app.web.paging import Page

SERIES_SHOWN, SHOWN = 2, 1000
"""Of a row the series named; of a finding the units on its page."""


@dataclass(frozen=True)
class Break:
    """A row of the page: a body where ways of units end, for one kind of application."""

    one: Checkup
    found: Breakage
    request: MendingRequest | None
    hindrance: str
    """Why the acting post can't ask for it to be mended; "" if it can."""

    @property
    def waits(self) -> bool:
        """Whether somebody has been asked, and has not answered."""
        return self.request is not None and self.request.settled_at is None

    @property
    def standing(self) -> str:
        if self.waits:
            return "已通知，待处理"
        return self.hindrance or ("修正后又断开" if self.request else "未通知")

    @property
    def series(self) -> str:
        names = self.found.series
        return "、".join(names[:SERIES_SHOWN]) + (f" 等 {len(names)} 项" if len(names) > SERIES_SHOWN else "")


@dataclass(frozen=True)
class Line:
    """A row of the workbook: a unit, what it cannot apply for, and where that breaks."""

    procedure: Procedure
    level: TitleLevel
    unit: str
    series: str
    end: str


@dataclass(frozen=True)
class HealthPage(Page):
    """`units`: how many can't apply for something; `nobody`: checkups with something that no body decides."""

    units: int = 0
    nobody: Sequence[Checkup] = ()

    @property
    def total(self) -> str:
        return f"共 {self.count:,} 处，{self.units:,} 个单位不能申报" if self.count else "没有断开的审核路径"


class HealthView(ListScreen):
    """全省路径体检."""

    access = only(Role.HR_OFFICER)
    route_base, title = "/checkup", "全省路径体检"
    intro = "逐一核查本统筹区每个单位、每个系列（专业）和等级能否到达终审机构；按断开的地方归类，通知该机构修正。"
    empty = "没有断开的审核路径。"
    template = "approval_paths/checkup.html"
    conditions = HealthQuery
    key = ()
    columns = (
        Column("断在哪里", "found.body_name", width="l"),
        Column("节点类型", "found.node_type"),
        Column("审核路径", "one.procedure"),
        Column("职称等级", "one.level"),
        Column("影响单位", lambda row: len(row.found.unit_ids), "number"),
        Column("不能申报的系列", "series", width="l"),
        Column(
            "通知",
            "standing",
            "state",
            tone=lambda row: "wait" if row.waits else "bad" if row.request and not row.hindrance else "draft",
        ),
    )
    exported = (
        Column("审核路径", "procedure"),
        Column("职称等级", "level"),
        Column("单位", "unit", width="l"),
        Column("不能申报的系列", "series", width="l"),
        Column("断在哪里", "end", width="l"),
    )

    def page(self, session: Session, values: Mapping[str, Any], after: str | None, size: int) -> HealthPage:
        """A window of the findings: they are all counted, so it is found by its place."""
        checked = self._checked(values)
        found = Breakages(checked, values.get("body_id"))
        start = int(after) if after and after.isascii() and after.isdigit() and int(after[:9]) < len(found) else 0
        rows = _rows(session, found[start : start + size])
        return HealthPage(
            rows=rows,
            keys=[(start + place,) for place in range(len(rows))],
            before=str(max(start - size, 0)) if start else None,
            after=str(start + size) if start + size < len(found) else None,
            last=str((len(found) - 1) // size * size),
            count=len(found),
            units=len(frozenset().union(*(one.stranded for one in checked))),
            nobody=[one for one in checked if one.nobody],
        )

    def counted(self, session: Session, values: Mapping[str, Any], most: int | None = None) -> int:
        return Breakages(self._checked(values), values.get("body_id")).ways

    def pages(self, session: Session, values: Mapping[str, Any], size: int) -> Iterator[Sequence[Line]]:
        """A row for every unit, procedure, level and break."""
        lines = (
            Line(one.procedure, one.level, unit, "、".join(lacking), found.body_name)
            for one, found in Breakages(self._checked(values), values.get("body_id"))
            for unit, lacking in zip(found.unit_names, found.lacking, strict=True)
        )
        while page := list(islice(lines, size)):
            yield page

    def row_actions(self, row: Break) -> Sequence[Button]:
        at = _at(row.one, row.found)
        buttons = [Button("查看单位", url_for("HealthView.units", **at))]
        if not row.hindrance and not row.waits:
            here: dict[str, Any] = {name: value for name, value in request.args.items() if name in self.known()}
            buttons.append(Button("通知修正", url_for("HealthView.tell", **at, **here), "post"))
        return buttons

    def tools(self) -> Sequence[Button]:
        return (Button("通知记录", url_for("MendingView.list")),)

    @expose("/units/<of>/<at>/<int:pk>")
    def units(self, of: str, at: str, pk: int) -> ResponseReturnValue:
        """The units of one finding, the first thousand by name."""
        one, found = self._finding(of, at, pk)
        units = sa.select(Body.id, Body.code, Body.name).where(Body.id.in_(found.unit_ids[:SHOWN]))
        asked: dict[str, Any] = {"procedure": of, "level": at, "body_id": pk, "body_id__text": found.body_name}
        return self.render_template(
            "approval_paths/stranded.html",
            title=f"断在“{found.body_name}”的单位",
            one=one,
            found=found,
            rows=read().execute(units.order_by(Body.name)).all(),
            export=url_for("HealthView.export", **asked),
            crumbs=[(self.title, url_for("HealthView.list"))],
        )

    @expose("/tell/<of>/<at>/<int:pk>", methods=["POST"])
    def tell(self, of: str, at: str, pk: int) -> ResponseReturnValue:
        """【通知修正】: the body's people see it on their first page until they have dealt with it."""
        one, found = self._finding(of, at, pk)
        try:
            with command() as session:
                services.ask_to_mend(
                    session,
                    actor=current_actor(),
                    body_id=found.body_id,
                    procedure=one.procedure,
                    level=one.level,
                    units=len(found.unit_ids),
                    series=found.in_full,
                )
            flash(f"已通知“{found.body_name}”。", "success")
        except Refusal as refusal:
            flash(refusal.reason, "warning")
        return redirect(self.here(of=None, at=None, pk=None))

    def _checked(self, values: Mapping[str, Any]) -> list[Checkup]:
        """Only the kinds of application that are asked for are looked at."""
        asked = values.get("procedure"), values.get("level")
        kinds = [kind for kind in KINDS if all(want in (None, have) for want, have in zip(asked, kind, strict=True))]
        return checkup_all(read(), current_actor().region_prefix or "none", kinds)

    def _finding(self, of: str, at: str, body_id: int) -> tuple[Checkup, Breakage]:
        for kind in KINDS:
            if (kind[0].value, kind[1].value) == (of, at):
                [one] = checkup_all(read(), current_actor().region_prefix or "none", [kind])
                return next(((one, found) for found in one.breaks_at(body_id)), None) or abort(404)
        return abort(404)


def _at(one: Checkup, found: Breakage) -> dict[str, Any]:
    return {"of": one.procedure.value, "at": one.level.value, "pk": found.body_id}


def _rows(session: Session, shown: Sequence[tuple[Checkup, Breakage]]) -> list[Break]:
    """What is shown of findings: with the last notice of each, and whether one can be sent."""
    ids = {found.body_id for _, found in shown}
    bodies = session.scalars(sa.select(Body).where(Body.id.in_(ids))).all()
    hindrances = services.hindrances(session, current_actor(), bodies)
    sent = session.scalars(sa.select(MendingRequest).where(MendingRequest.body_id.in_(ids)).order_by(MendingRequest.id))
    last = {(row.body_id, row.procedure, row.level): row for row in sent}
    return [
        Break(
            one,
            found,
            last.get((found.body_id, one.procedure, one.level)),
            hindrances.get(found.body_id, ""),
        )
        for one, found in shown
    ]


class MendingView(ListScreen):
    """路径修正通知: what this body is asked to mend; officers see what is asked in their region, and mend what breaks at committees."""

    access = only(Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.HR_OFFICER)
    route_base, title = "/mending", "路径修正通知"
    intro = "按通知修正后点【已处理】；路径确已接通的，系统也会自动办结。"
    empty = "没有路径修正通知。"
    conditions = MendingQuery
    key = (desc(MendingRequest.id),)
    columns = (
        Column("被通知机构", "body.name", width="l"),
        Column("内容", "text", width="l"),
        Column("审核路径", "procedure"),
        Column("职称等级", "level"),
        Column("通知人", "sent_by"),
        Column("通知时间", "sent_at", "ago"),
        Column(
            "状态",
            lambda row: "已处理" if row.settled_at else "待处理",
            "state",
            tone=lambda row: "ok" if row.settled_at else "wait",
        ),
        Column("处理人", "settled_by"),
    )
    bulk_actions = (Bulk("settle", "已处理", tone="primary"),)

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        statement = sa.select(MendingRequest).options(joinedload(MendingRequest.body))
        open_ones = {"yes": MendingRequest.settled_at.is_not(None), "no": MendingRequest.settled_at.is_(None)}
        return statement.where(open_ones[values["settled"]]) if values.get("settled") in open_ones else statement

    def tickable(self, row: MendingRequest) -> bool:
        return row.settled_at is None and mends(current_actor(), row.body)

    def settle(self, ids: Sequence[int]) -> str:
        with command() as session:
            count = sum(services.settle_mending(session, actor=current_actor(), request_id=key) for key in ids)
        return f"已标记 {count} 条为已处理。"
