"""What-if: the applications under way that the end of a record would reach, on its form and in a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from sqlalchemy.orm import Session

from app.applications import queries
from app.applications.forms import QueueQuery
from app.applications.models import Application
from app.applications.services import uses
from app.applications.views.common import COLUMNS, ApplicationList
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance, Body
from app.committees.models import Committee, CoveredSpeciality
from app.core.enums import Role
from app.web.access import only
from app.web.cautions import Caution, consequences
from app.web.identity import read
from app.web.lists import Column, desc

RESUBMITTED = "已提交的按提交时的路径继续办理，退回后重新提交的须另有路径可走。"
ELSEWHERE = "请先办结，或告知申报人另选终审机构。"

ASKED: dict[str, tuple[type[Any], str]] = {
    "edge": (PathEdge, RESUBMITTED),
    "acceptance": (Acceptance, ELSEWHERE),
    "body": (Body, ELSEWHERE),
    "committee": (Committee, ELSEWHERE),
    "coverage": (CoveredSpeciality, ELSEWHERE),
}
"""Kind in the address -> (class of the record, what becomes of the applications)."""


class AffectedView(ApplicationList):
    """受影响的职称申报."""

    access = only(Role.HR_OFFICER, Role.COMMITTEE)
    route_base, title = "/affected/<kind>/<int:pk>", "受影响的职称申报"
    intro = "正在办理、还没有经过这里的申报；只列您管理范围内的。"
    conditions = QueueQuery
    key = (desc(Application.id),)
    columns = (*(one for one in COLUMNS if one.label != "身份证号"), Column("现在何处", "current_body.name"))

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        model, _ = ASKED.get(self.place("kind")) or abort(404)
        row = read().get(model, self.place("pk")) or abort(404)
        return queries.listing(dict(values)).where(queries.leaning_on(row))


def _said(kind: str, then: str) -> Callable[[Session, Any], Sequence[Caution]]:
    def cautions(session: Session, row: Any) -> Sequence[Caution]:
        found = uses.affected(session, row) if getattr(row, "active", True) else None
        url = url_for("AffectedView.list", kind=kind, pk=sa.inspect(row).identity[0])
        return (Caution(f"{found}正在办理，还没有经过这里：{then}", url),) if found else ()

    return cautions


for _kind, (_model, _then) in ASKED.items():
    consequences[_model].append(_said(_kind, _then))
