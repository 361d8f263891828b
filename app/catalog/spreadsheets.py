"""What workbooks name of the catalogue: series by name, specialities by code; and what their drop-downs offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.catalog.models import Speciality
from app.catalog.queries import all_series, regions_of

REGION_HELP = "从下拉列表选择，或只填 6 位代码；应在本统筹区内。"


class Node(NamedTuple):
    """What an import needs to know of a speciality."""

    id: int
    code: str
    name: str
    series_id: int
    parent_id: int | None
    active: bool


class Catalog:
    """Series and specialities: two statements."""

    def __init__(self, session: Session) -> None:
        self.series: Mapping[str, int] = {row.name: row.id for row in all_series(session)}
        columns = [getattr(Speciality, name) for name in Node._fields]
        rows = session.execute(sa.select(*columns).order_by(Speciality.code))
        self.nodes: Mapping[int, Node] = {row.id: Node(*row) for row in rows}
        self._by_code = {node.code: node for node in self.nodes.values() if node.active}

    def speciality(self, cell: str) -> Node | None:
        """The speciality in force whose code a cell begins with."""
        return self._by_code.get(code_of(cell))

    def ancestors(self, speciality: int | None) -> Iterator[int]:
        """A speciality and every node above it, nearest first."""
        while speciality is not None:
            yield speciality
            speciality = self.nodes[speciality].parent_id

    @property
    def offered_series(self) -> list[str]:
        return list(self.series)

    @property
    def offered_specialities(self) -> list[str]:
        """Codes with names."""
        return [f"{node.code} {node.name}" for node in self._by_code.values()]


def offered_regions(session: Session) -> list[str]:
    """Codes with names."""
    return [f"{region.code} {region.name}" for region in regions_of(session, "")]


def code_of(cell: str) -> str:
    """The code a cell begins with: what a drop-down offers says the name, too."""
    return cell.split(maxsplit=1)[0].upper() if cell else ""


def name_conflict(cell: str, name: str) -> str | None:
    """What to say where a cell's name is not its code's: dragged down in a spreadsheet, a cell counts its code up."""
    code, *said = cell.split() or [""]
    if not said or "".join(said) == "".join(name.split()):
        return None
    return f"编码与名称不一致：{code[:20]} 是“{name}”，请核对。"
