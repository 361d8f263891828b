"""What-if: the applications under way that the end of a record would reach, on its form and in a list; who chose a speciality."""

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
from app.catalog.models import Speciality
from app.committees.models import Committee, CoveredSpeciality
from app.core.enums import Role
from app.web.access import only
from app.web.cautions import Caution, consequences
from app.web.identity import read
from app.web.lists import Column, desc

AHEAD = "正在办理，还没有经过这里：已提交的按提交时的路径继续办理，退回后重新提交的须另有路径可走。"
DECIDES = "正在办理，由它终审：请先办结，或告知申报人另选终审机构。"
UNCOVERED = "正在办理，所报专业将不再由本评委会评审：已提交的继续办理，退回修改后须另选终审机构。"
THROUGH = "正在办理，由它推荐、审核或终审：办结以前不能注销。"

ASKED: dict[str, tuple[type[Any], str]] = {
    "edge": (PathEdge, AHEAD),
    "acceptance": (Acceptance, DECIDES),
    "body": (Body, THROUGH),
    "committee": (Committee, DECIDES),
    "coverage": (CoveredSpeciality, UNCOVERED),
}
"""Kind in the address -> (class of the record, what is said of the applications)."""


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


def _below(session: Session, speciality: Speciality) -> Sequence[Caution]:
    found = uses.choosing(session, speciality)
    if not found:
        return ()
    words = f"{found}选择了“{speciality.name}”。在它下面新增专业以后，它本身不能再选：已提交的按原专业继续办理，暂存和退回修改的须改选下级专业。"
    return (Caution(words),)


def _said(kind: str, what: str) -> Callable[[Session, Any], Sequence[Caution]]:
    def cautions(session: Session, row: Any) -> Sequence[Caution]:
        found = uses.affected(session, row) if getattr(row, "active", True) else None
        url = url_for("AffectedView.list", kind=kind, pk=sa.inspect(row).identity[0])
        return (Caution(found + what, url),) if found else ()

    return cautions


for _kind, (_model, _what) in ASKED.items():
    consequences[_model].append(_said(_kind, _what))
consequences[Speciality].append(_below)
