"""What-if: before an edge, a body or what it takes goes, who could no longer apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.approval_paths.models import PathEdge
from app.approval_paths.queries import Loss, without_acceptance, without_body, without_coverage, without_edge
from app.bodies.models import Acceptance, Body
from app.committees.models import Committee, CoveredSpeciality
from app.core.enums import Role
from app.web.access import only
from app.web.cautions import Caution, consequences
from app.web.identity import read

SHOWN = 1000

ASKED: dict[str, tuple[type[Any], Callable[[Session, Any], Sequence[Loss]]]] = {
    "edge": (PathEdge, without_edge),
    "acceptance": (Acceptance, without_acceptance),
    "body": (Body, lambda session, body: without_body(session, body.id)),
    "committee": (Committee, lambda session, committee: without_body(session, committee.body_id)),
    "coverage": (CoveredSpeciality, without_coverage),
}


class WhatIfView(BaseView):
    """The units that would be stranded."""

    access = only(Role.HR_OFFICER, Role.SYSADMIN, Role.COMMITTEE)
    route_base = "/whatif"
    hangs_below = ("InitialDeterminationPathView", "SubordinateUnitView", "CommitteeView")
    default_view = "show"

    @expose("/<kind>/<int:pk>")
    def show(self, kind: str, pk: int) -> ResponseReturnValue:
        model, ask = ASKED.get(kind) or abort(404)
        row = read().get(model, pk) or abort(404)
        losses = ask(read(), row)
        names: dict[int, str] = {}
        shown = sorted({unit for loss in losses for unit in loss.unit_ids})[:SHOWN]
        found = read().execute(sa.select(Body.id, Body.name).where(Body.id.in_(shown)).order_by(Body.name))
        names = {row.id: row.name for row in found}
        return self.render_template(
            "approval_paths/what_if.html",
            title=f"没有“{row}”，哪些单位不能申报",
            losses=losses,
            names=names,
            shown=SHOWN,
        )


def _cautions(kind: str) -> Callable[[Session, Any], Sequence[Caution]]:
    def ask(session: Session, row: Any) -> Sequence[Caution]:
        if not getattr(row, "active", True):
            return ()
        losses = ASKED[kind][1](session, row)
        units = {unit for loss in losses for unit in loss.unit_ids}
        if not units:
            return ()
        what = "、".join(f"{loss.procedure.label}{loss.level.label}（{len(loss.unit_ids)} 个）" for loss in losses)
        words = f"没有它，{len(units)} 个单位将没有可用的审核路径，不能申报：{what}。"
        return (Caution(words, url_for("WhatIfView.show", kind=kind, pk=sa.inspect(row).identity[0])),)

    return ask


for _kind, (_model, _) in ASKED.items():
    consequences[_model].append(_cautions(_kind))
