"""What-if: before an edge, a body or what it takes goes, who could no longer apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import abort, has_request_context, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import Loss, without_acceptance, without_body, without_coverage, without_edge
from app.bodies.models import Acceptance, Body
from app.committees.models import Committee, CoveredSpeciality
from app.core.enums import Role
from app.web.access import only
from app.web.cautions import Caution, consequences
from app.web.identity import current_actor, read
from app.web.ways import above

SHOWN = 1000
SCREENS = {
    Procedure.INITIAL_DETERMINATION: "InitialDeterminationPathView",
    Procedure.RECOGNITION: "RecognitionPathView",
    Procedure.JUNIOR_REVIEW: "JuniorReviewPathView",
    Procedure.INTERMEDIATE_REVIEW: "IntermediateReviewPathView",
    Procedure.SENIOR_REVIEW: "SeniorReviewPathView",
}
"""The list that an edge is kept in."""


class Asked(NamedTuple):
    """A kind of record in the address: what its end costs, the body whose keeper may ask, and the lists it is kept in."""

    model: type[Any]
    losses: Callable[[Session, Any], Sequence[Loss]]
    body_id: Callable[[Any], int]
    lists: tuple[str, ...]
    ending: str = "注销"


ASKED = {
    "edge": Asked(PathEdge, without_edge, lambda edge: edge.subordinate_id, (*SCREENS.values(), "SubordinateUnitView")),
    "acceptance": Asked(Acceptance, without_acceptance, lambda taken: taken.body_id, ("AcceptanceView",)),
    "body": Asked(Body, lambda session, body: without_body(session, body.id), lambda body: body.id, ("BodyView",)),
    "committee": Asked(
        Committee,
        lambda session, committee: without_body(session, committee.body_id),
        lambda committee: committee.body_id,
        ("CommitteeView",),
    ),
    "coverage": Asked(
        CoveredSpeciality, without_coverage, lambda covered: covered.committee_id, ("CommitteeView",), "移除"
    ),
}


class WhatIfView(BaseView):
    """The units that would be stranded; of records that the asking post keeps."""

    access = only(Role.HR_OFFICER, Role.SYSADMIN, Role.COMMITTEE)
    route_base = "/whatif"
    default_view = "show"

    @property
    def hangs_below(self) -> tuple[str, ...]:
        """The lists of the record's kind, an edge's own screen first."""
        place = (request.view_args if has_request_context() else None) or {}  # FAB looks at it while it starts
        asked = ASKED.get(place.get("kind", ""))
        if asked is None:
            return ()
        edge = read().get(PathEdge, place["pk"]) if asked.model is PathEdge else None
        return asked.lists if edge is None else (SCREENS[edge.procedure], *asked.lists)

    @expose("/<kind>/<int:pk>")
    def show(self, kind: str, pk: int) -> ResponseReturnValue:
        asked = ASKED.get(kind) or abort(404)
        row = read().get(asked.model, pk) or abort(404)
        if not _keeps(kind, asked.body_id(row), row):
            abort(404)
        losses = asked.losses(read(), row)
        shown = sorted({unit for loss in losses for unit in loss.unit_ids})[:SHOWN]
        found = read().execute(sa.select(Body.id, Body.name).where(Body.id.in_(shown)).order_by(Body.name))
        crumbs, back = [], None
        if isinstance(row, CoveredSpeciality):
            back = url_for("CommitteeView.other", pk=row.committee_id, tab="specialities")
            lists = above()
            crumbs = [(lists.title, lists.url)] if lists else []
            crumbs.append((str(read().get_one(Committee, row.committee_id)), back))
        return self.render_template(
            "approval_paths/what_if.html",
            title=f"没有“{row}”，哪些单位不能申报",
            losses=losses,
            names={row.id: row.name for row in found},
            shown=SHOWN,
            crumbs=crumbs,
            back=back,
        )


def _keeps(kind: str, body_id: int, row: Any) -> bool:
    """As the screens of these records: an officer's region, all of them for an administrator, what ends at a committee."""
    actor = current_actor()
    if actor.role is Role.COMMITTEE:
        return kind == "edge" and bool(row.superior_id == actor.body_id)
    return actor.role is Role.SYSADMIN or actor.serves(read().get_one(Body, body_id).region_code)


def _cautions(kind: str) -> Callable[[Session, Any], Sequence[Caution]]:
    def ask(session: Session, row: Any) -> Sequence[Caution]:
        if not getattr(row, "active", True):
            return ()
        losses = ASKED[kind].losses(session, row)
        units = {unit for loss in losses for unit in loss.unit_ids}
        if not units:
            return (Caution(f"已检查：{ASKED[kind].ending}后，没有单位因此失去审核路径。", harmless=True),)
        what = "；".join(f"{_named(loss)}（{len(loss.unit_ids)} 个）" for loss in losses)
        words = f"没有它，{len(units)} 个单位的这些申报将没有可用的审核路径：{what}。"
        return (Caution(words, url_for("WhatIfView.show", kind=kind, pk=sa.inspect(row).identity[0])),)

    return ask


def _named(loss: Loss) -> str:
    """高评会副高级工程技术人员的部分专业: which series, and whether some of their specialities only."""
    names = [name.partition("（") for name in loss.series]
    some = any(inside for _, inside, _ in names)
    if len(names) == 1:
        series = names[0][0] + ("的部分专业" if some else "")
    else:
        series = f"{names[0][0]}等 {len(names)} 个系列" + ("的全部或部分专业" if some else "")
    return f"{loss.procedure.label}{loss.level.label}{series}"


for _kind, _asked in ASKED.items():
    consequences[_asked.model].append(_cautions(_kind))
