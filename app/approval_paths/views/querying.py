"""A28 审核路径配置查询: who is above and below a body; the whole path of a simulated application, and where it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy.orm import Session

from app.approval_paths.enums import Direction
from app.approval_paths.forms import NeighbourQuery, SimulationQuery
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import PathNode, Reach, explain_break, mending, reach
from app.approval_paths.views.configuring import COLUMNS, STATUS, edges
from app.approval_paths.views.drawing import NOT_TAKEN, picture
from app.bodies.models import Body
from app.catalog.queries import all_series
from app.core.enums import Role
from app.web import export
from app.web.access import only
from app.web.forms import choices_of
from app.web.identity import read
from app.web.lists import Button, Column, ListScreen, asc


class PathQueryView(ListScreen):
    """审核路径配置查询."""

    access = only(Role.HR_OFFICER, Role.TITLE_OFFICE, Role.DEPARTMENT, Role.COMMITTEE, Role.SYSADMIN)
    route_base, title = "/a28", "审核路径配置查询"
    intro = "查看各单位、主管单位、经办机构和评委会配置的上下级关系；模拟一份申报，查看完整审核路径断在哪里。"
    template = "approval_paths/neighbours.html"
    empty = "没有配置。请录入机构名称，按回车选择后查询。"
    conditions = NeighbourQuery
    key = (asc(PathEdge.id),)
    columns = (
        Column("材料申报机构或单位", "subordinate.name", width="l"),
        Column("受理机构或单位", "superior.name", width="l"),
        Column("审核路径", "procedure"),
        *COLUMNS[3:7],
        STATUS,
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        statement = edges({"active": True})
        body_id, direction = values.get("body_id"), values.get("direction")
        if body_id is None:
            return statement.where(sa.false())
        column = {
            Direction.UP: PathEdge.subordinate_id == body_id,
            Direction.DOWN: PathEdge.superior_id == body_id,
            None: sa.or_(PathEdge.subordinate_id == body_id, PathEdge.superior_id == body_id),
        }
        return statement.where(column[direction])

    def row_actions(self, row: PathEdge) -> Sequence[Button]:
        return (
            Button("上级", self._of(row.superior_id, row.superior.name, Direction.UP)),
            Button("下级", self._of(row.subordinate_id, row.subordinate.name, Direction.DOWN)),
        )

    def _of(self, body_id: int, name: str, direction: Direction) -> str:
        values: dict[str, Any] = {"body_id": body_id, "body_id__text": name, "direction": direction.value}
        return url_for("PathQueryView.list", **values)

    @expose("/path")
    def path(self) -> ResponseReturnValue:
        """【查询完整审核路径】 of a simulated application; its address can be sent to a colleague."""
        form = self._simulation()
        found = self._simulated(form) if request.args else None
        if not request.args:
            form.errors.clear()
        return self.render_template(
            "approval_paths/path.html",
            title="查询完整审核路径",
            form=form,
            found=found,
            not_taken=NOT_TAKEN,
            neighbours=self._of,
            up=Direction.UP,
            down=Direction.DOWN,
            export=_again("path_export"),
            crumbs=[(self.title, url_for("PathQueryView.list"))],
            picture=picture(found, _node(form.employer_id.data)) if found else None,
            problem=explain_break(found) if found and (found.broken or found.obstructed or not found.paths) else "",
        )

    @expose("/path/export")
    def path_export(self) -> ResponseReturnValue:
        """【导出查询结果】 of a simulated application: its steps, as on the page."""
        found = self._simulated(self._simulation())
        if found is None:  # the page says what is missing
            return redirect(_again("path"))
        steps = [Step(number, low, high, found) for number, (low, high) in enumerate(found.climbed, 1)]
        return export.download(steps, STEPS, title="查询完整审核路径")

    def _simulation(self) -> SimulationQuery:
        form = SimulationQuery(request.args)
        form.series_id.choices = choices_of([(s.id, s.name) for s in all_series(read())])
        return form

    def _simulated(self, form: SimulationQuery) -> Reach | None:
        if not form.validate():
            return None
        return reach(
            read(),
            employer_id=form.employer_id.data,
            method=form.method.data,
            level=form.level.data,
            series_id=form.series_id.data,
            speciality_id=form.speciality_id.data,
        )


@dataclass(frozen=True)
class Step:
    """A row of the whole path in its workbook."""

    number: int
    below: PathNode
    above: PathNode
    found: Reach

    @property
    def covers(self) -> bool | str:
        covers = self.above.covers_speciality
        return "—" if covers is None else covers

    @property
    def said(self) -> str:
        broken = self.above in self.found.broken
        ends = f"路径断在这里：{mending(self.found, self.above)}" if broken else self.above.obstacle
        skips = (self.below.body_id, self.above.body_id) in self.found.shortcuts
        return "；".join(filter(None, (ends, NOT_TAKEN if skips else "")))


STEPS = (
    Column("序号", "number", "number"),
    Column("材料申报机构或单位", "below.name", width="l"),
    Column("受理机构或单位", "above.name", width="l"),
    Column("受理节点类型", "above.node_type"),
    Column("是否为终审机构", "above.is_final"),
    Column("是否能评审该专业", "covers"),
    Column("说明", "said", width="l"),
)


def _again(method: str) -> str:
    asked: dict[str, Any] = request.args.to_dict()
    return url_for(f"PathQueryView.{method}", **asked)


def _node(body_id: int) -> PathNode:
    body = read().get_one(Body, body_id)
    return PathNode(body_id, body.name, body.node_type, False, None)
