"""全省路径体检: every unit and series that reaches no final body, by the body where it breaks and who must mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.approval_paths import services
from app.approval_paths.enums import Procedure
from app.approval_paths.models import MendingRequest
from app.approval_paths.queries import Breakage, Checkup, checkup_all
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.core import clock
from app.core.enums import Role
from app.core.errors import Refusal
from app.web import export
from app.web.access import only
from app.web.identity import command, current_actor, read
from app.web.lists import Bulk, Column, ListScreen, desc

SHOWN = 200
"""Findings on the page, the most units first; the workbook holds them all."""


@dataclass(frozen=True)
class Line:
    """One row of the workbook: a unit, what it cannot apply for, and where that breaks."""

    procedure: Procedure
    level: TitleLevel
    unit: str
    series: str
    end: str


class HealthView(BaseView):
    """全省路径体检."""

    access = only(Role.HR_OFFICER)
    route_base = "/checkup"
    default_view = "list"

    @expose("/")
    def list(self) -> ResponseReturnValue:
        checked = self._checked()
        heaviest = [(one, found) for one in checked for found in one.findings[:SHOWN]]
        return self.render_template(
            "approval_paths/checkup.html",
            title="全省路径体检",
            checked=checked,
            broken=sorted(heaviest, key=lambda pair: -len(pair[1].unit_ids))[:SHOWN],
            total=sum(len(one.findings) for one in checked),
            units=len(frozenset().union(*(one.stranded for one in checked))),
            nobody=[one for one in checked if one.nobody],
        )

    @expose("/units/<procedure>/<level>/<int:pk>")
    def units(self, procedure: str, level: str, pk: int) -> ResponseReturnValue:
        """The units of one finding, the first thousand by name."""
        one, found = self._finding(procedure, level, pk)
        names = read().execute(
            sa.select(Body.id, Body.code, Body.name).where(Body.id.in_(found.unit_ids[:1000])).order_by(Body.name)
        )
        return self.render_template(
            "approval_paths/stranded.html",
            title=f"断在“{found.body_name}”的单位",
            one=one,
            found=found,
            rows=names.all(),
            crumbs=[("全省路径体检", url_for("HealthView.list"))],
        )

    @expose("/tell/<procedure>/<level>/<int:pk>", methods=["POST"])
    def tell(self, procedure: str, level: str, pk: int) -> ResponseReturnValue:
        """【通知修正】: the body's people see it on their first page until they have dealt with it."""
        one, found = self._finding(procedure, level, pk)
        try:
            with command() as session:
                services.ask_to_mend(
                    session,
                    actor=current_actor(),
                    body_id=found.body_id,
                    procedure=one.procedure,
                    level=one.level,
                    units=len(found.unit_ids),
                    series=found.series,
                )
            flash(f"已通知“{found.body_name}”。", "success")
        except Refusal as refusal:
            flash(refusal.reason, "warning")
        return redirect(url_for("HealthView.list"))

    @expose("/export")
    def export(self) -> ResponseReturnValue:
        """【导出查询结果】: a row for every unit, procedure, level and break."""
        lines = (
            Line(one.procedure, one.level, unit, "、".join(lacking), found.body_name)
            for one in self._checked()
            for found in one.findings
            for unit, lacking in zip(found.unit_names, found.lacking, strict=True)
        )
        columns = (
            Column("审核路径", "procedure"),
            Column("职称等级", "level"),
            Column("单位", "unit", width="l"),
            Column("不能申报的系列", "series", width="l"),
            Column("断在哪里", "end", width="l"),
        )
        workbook = export.workbook(lines, columns, title="全省路径体检")
        name = f"全省路径体检_{clock.local(clock.now()):%Y%m%d_%H%M}.xlsx"
        return send_file(workbook, mimetype=export.XLSX, as_attachment=True, download_name=name)

    def _checked(self) -> Sequence[Checkup]:
        return checkup_all(read(), current_actor().region_prefix or "none")

    def _finding(self, procedure: str, level: str, body_id: int) -> tuple[Checkup, Breakage]:
        for one in self._checked():
            if (one.procedure.value, one.level.value) == (procedure, level):
                for found in one.findings:
                    if found.body_id == body_id:
                        return one, found
        return abort(404)


class MendingView(ListScreen):
    """路径修正通知: what this body is asked to mend."""

    access = only(Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.HR_OFFICER)
    route_base, title = "/mending", "路径修正通知"
    intro = "审核路径断在本单位：请联系上级机构把本单位指定为下级，并在“审核层级配置单位确认”中确认。"
    empty = "没有收到路径修正通知。"
    key = (desc(MendingRequest.id),)
    columns = (
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
    )
    bulk_actions = (Bulk("settle", "已处理", tone="primary"),)

    def select(self, session: Session, values: Any) -> sa.Select[Any]:
        del session, values
        return sa.select(MendingRequest).where(MendingRequest.body_id == current_actor().body_id)

    def settle(self, ids: Sequence[int]) -> str:
        with command() as session:
            count = sum(services.settle_mending(session, actor=current_actor(), request_id=key) for key in ids)
        return f"已标记 {count} 条为已处理。"
