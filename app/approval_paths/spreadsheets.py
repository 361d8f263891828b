"""A4–A8 批量导入: who is below whom, by workbook; one importer for each procedure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import LEVELS, cycle_with, edge_problem
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.bodies.spreadsheets import BODY_HELP, Bodies, kept
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.committees.models import Committee
from app.core import audit, clock
from app.core.scope import Actor, elevated
from app.formats.imports import Importer, Row, declare
from app.formats.sheets import Column

_LEVELS = {level.label: level for level in TitleLevel}
Key = tuple[TitleLevel, int, int, int | None, int | None]


def kind(procedure: Procedure) -> str:
    """The importer of a procedure."""
    return f"approval_paths.{procedure.value}"


class _Lookup:
    """What the rows name, fetched in a handful of statements."""

    def __init__(self, session: Session, rows: Sequence[Row]) -> None:
        self.bodies = Bodies(session, (row[key] for row in rows for key in ("below", "above")))
        self.series = {row.name: row.id for row in session.scalars(sa.select(TitleSeries))}
        self.specialities = {row.code: row for row in session.scalars(sa.select(Speciality).where(Speciality.active))}
        self.committees = {row.body_id: row for row in session.scalars(sa.select(Committee))}

    def edge(self, row: Row) -> tuple[Body, Body, Key] | None:
        """The edge a row says, with what it gets wrong by itself marked."""
        below, above = self.bodies.find(row, "below"), self.bodies.find(row, "above")
        level, series, speciality = _LEVELS[row["level"]], None, None
        if (name := row["series"]) and (series := self.series.get(name)) is None:
            row.wrong("series", f"没有名为“{name[:40]}”的系列。")
        if code := row["speciality"]:
            found = self.specialities.get(code)
            if found is None or series not in (None, found.series_id):
                row.wrong("speciality", "没有这个编码的专业，或它不在该系列下。")
            else:
                speciality = found.id
        if below is None or above is None or row.problems:
            return None
        return below, above, (level, below.id, above.id, series, speciality)


def _check(procedure: Procedure, session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    """By themselves, against the edges there are, and all of them together: no duplicate, no loop."""
    lookup = _Lookup(session, rows)
    live: set[Key] = set()
    climb: dict[TitleLevel, dict[int | None, dict[int, list[int]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    superior = sa.orm.aliased(Body)
    for edge in session.execute(
        sa.select(
            PathEdge.level, PathEdge.subordinate_id, PathEdge.superior_id, PathEdge.series_id, PathEdge.speciality_id
        )
        .join(superior, superior.id == PathEdge.superior_id)
        .where(PathEdge.procedure == procedure, PathEdge.active, superior.active)
    ):
        live.add(tuple(edge))  # type: ignore[arg-type]
        climb[edge.level][edge.series_id][edge.subordinate_id].append(edge.superior_id)
    first: dict[Key, int] = {}
    for row in rows:
        found = lookup.edge(row)
        if found is None:
            continue
        below, above, key = found
        level, _, _, series, _ = key
        wrong = edge_problem(procedure, level, below.node_type, above.node_type)
        for name, reason in wrong.items():
            row.wrong({"subordinate_id": "below", "superior_id": "above"}.get(name, name), reason)
        if above.node_type is NodeType.COMMITTEE:
            committee = lookup.committees.get(above.id)
            if committee is None or not committee.grade.reviews(level):
                row.wrong("above", f"“{above.name}”不评审{level.label}。")
            elif series not in (None, committee.series_id):
                row.wrong("series", f"“{above.name}”不评审该系列。")
        if key in live:
            row.wrong("below", f"“{below.name}”已经是“{above.name}”的下级，无需重复配置。")
        elif (other := first.setdefault(key, row.number)) != row.number:
            row.wrong("below", f"与第 {other} 行是同一条路径。")
        if not kept(actor, row, "below", below) or row.problems:
            continue
        if loop := _loop(climb[level], below.id, above.id, series):
            names = {key: name for key, name in session.execute(sa.select(Body.id, Body.name).where(Body.id.in_(loop)))}  # noqa: C416
            row.wrong("above", "会形成循环：" + " → ".join(names[body] for body in loop) + "。")
        else:
            climb[level][series][below.id].append(above.id)


def _loop(
    by_series: dict[int | None, dict[int, list[int]]], below: int, above: int, series: int | None
) -> tuple[int, ...] | None:
    """The loop a row would close with the edges there are and the rows before it, within what one series may use."""
    used = [by_series[None], by_series[series]] if series is not None else list(by_series.values())
    return cycle_with(below, above, _Joined(used))


class _Joined(dict[int, list[int]]):
    """Several edge mappings as one, without copying them."""

    def __init__(self, parts: Sequence[dict[int, list[int]]]) -> None:
        super().__init__()
        self._parts = parts

    def get(self, body: int, _default: object = ()) -> list[int]:  # type: ignore[override]
        return [above for part in self._parts for above in part.get(body, ())]


def _write(procedure: Procedure, session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    """One statement. What the province imports is confirmed at once, and says by whom."""
    lookup = _Lookup(session, rows)
    at_once = len(actor.region_prefix) == 2  # the province itself
    confirmed = {
        "confirmed_at": clock.now() if at_once else None,
        "confirmed_by": f"{actor.name}（批量导入）" if at_once else "",
        "active": True,
        "deregistered_reason": "",
    }
    edges = []
    for row in rows:
        found = lookup.edge(row)
        assert found is not None
        names = ("level", "subordinate_id", "superior_id", "series_id", "speciality_id")
        edges.append(dict(zip(names, found[2], strict=True)) | {"procedure": procedure} | confirmed)
    with elevated(session, "check() has held every row against the actor's region"):
        session.execute(sa.insert(PathEdge), edges)
    audit.record(
        session, actor, "approval_paths.import", None, procedure=procedure.value, rows=len(rows), confirmed=at_once
    )


for _procedure in Procedure:
    declare(
        Importer(
            kind=kind(_procedure),
            title=f"{_procedure.label}审核路径",
            columns=(
                Column("below", "下级机构", "430100B001", kind="code", help=BODY_HELP),
                Column("above", "上级机构", "430100A001", kind="code", help=BODY_HELP),
                Column(
                    "level",
                    "职称级别",
                    min(LEVELS[_procedure], key=lambda level: level.rank).label,
                    choices=tuple(level.label for level in TitleLevel if level in LEVELS[_procedure]),
                    help="从下拉列表选择。",
                ),
                Column("series", "系列", "", required=False, help="系列名称；不填表示所有系列。"),
                Column("speciality", "专业编码", "", required=False, kind="code", help="不填表示所有专业。"),
            ),
            identity=("below", "above", "level", "series", "speciality"),
            check=partial(_check, _procedure),
            write=partial(_write, _procedure),
            rules=("不能重复，不能形成循环。省级批量导入的路径即时确认；其他的由下级单位确认后生效。",),
        )
    )
