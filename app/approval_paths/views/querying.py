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
from app.approval_paths.rules import layout
from app.approval_paths.views.configuring import COLUMNS, STATUS, edges
from app.bodies.models import Body
from app.catalog.queries import all_series
from app.core.enums import Role
from app.web import export
from app.web.access import only
from app.web.forms import choices_of
from app.web.identity import read
from app.web.lists import Button, Column, ListScreen, asc

STEP, ROW, WIDTH, HEIGHT = 250, 132, 200, 56
"""Pixels of the picture: from one step to the next, from one body to the next, and a body's box."""
LINE, NOTE, NOTES = 13, 17, 4
"""Characters of a name that fit a line of its box, of a note below it, and the most lines of that."""


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
            mending=mending,
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
    def broken(self) -> str:
        return (
            f"路径断在这里：{mending(self.found, self.above)}"
            if self.above in self.found.broken
            else self.above.obstacle
        )


STEPS = (
    Column("序号", "number", "number"),
    Column("材料申报机构或单位", "below.name", width="l"),
    Column("受理机构或单位", "above.name", width="l"),
    Column("受理节点类型", "above.node_type"),
    Column("是否为终审机构", "above.is_final"),
    Column("是否能评审该专业", "covers"),
    Column("说明", "broken", width="l"),
)


def _again(method: str) -> str:
    asked: dict[str, Any] = request.args.to_dict()
    return url_for(f"PathQueryView.{method}", **asked)


def _node(body_id: int) -> PathNode:
    body = read().get_one(Body, body_id)
    return PathNode(body_id, body.name, body.node_type, False, None)


@dataclass(frozen=True)
class Box:
    """A body in the picture. tone: start, plain, final, broken or obstructed; `lines` its name, `notes` why it ends and who mends it."""

    x: int
    y: int
    lines: Sequence[str]
    tone: str
    notes: Sequence[str]


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    boxes: Sequence[Box]
    arrows: Sequence[tuple[int, int, int, int]]


def picture(found: Reach, start: PathNode) -> Picture:
    """The paths as boxes and arrows, the employer on the left; where they break stands out, with who must mend it."""
    nodes = {start.body_id: start} | {n.body_id: n for pair in found.climbed for n in pair}
    places = layout(start.body_id, [(low.body_id, high.body_id) for low, high in found.climbed])
    broken, obstructed = ({n.body_id for n in ends} for ends in (found.broken, found.obstructed))
    corners = {key: (place.step * STEP + 10, place.row * ROW + 10) for key, place in places.items()}
    boxes = []
    for key in places:
        node, tone, notes = nodes[key], "plain", list[str]()
        if key in broken:
            tone, notes = "broken", ["路径断在这里", *_lines(mending(found, node), NOTE)]
        elif key in obstructed:
            tone, notes = "obstructed", _lines(node.obstacle, NOTE)
        elif node.is_final:
            tone, notes = "final", ["终审机构"]
        elif key == start.body_id:
            tone = "start"
        boxes.append(Box(*corners[key], _lines(node.name, LINE)[:3], tone, notes[:NOTES]))
    arrows = [
        (corners[low][0] + WIDTH, corners[low][1] + HEIGHT // 2, corners[high][0], corners[high][1] + HEIGHT // 2)
        for low, high in dict.fromkeys((low.body_id, high.body_id) for low, high in found.climbed)
        if low in corners and high in corners
    ]
    return Picture(
        max(x for x, _ in corners.values()) + WIDTH + 10,
        max(y for _, y in corners.values()) + ROW,
        boxes,
        arrows,
    )


def _lines(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]
