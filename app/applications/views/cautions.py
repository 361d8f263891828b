"""What-if: applications under way that an edge, an acceptance or a body still has to carry, or that chose a speciality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance, Body
from app.catalog.models import Speciality
from app.web.cautions import Caution, consequences


def _through(session: Session, body: Body) -> Sequence[Caution]:
    found = uses.body_in_use(session, body.id) if body.active else None
    return (Caution(f"{found}正在办理，由它推荐、审核或终审：办结以前不能注销。"),) if found else ()


def _below(session: Session, speciality: Speciality) -> Sequence[Caution]:
    found = uses.choosing(session, speciality)
    if not found:
        return ()
    words = f"{found}选择了“{speciality.name}”。在它下面新增专业以后，它本身不能再选：已提交的按原专业继续办理，暂存和退回修改的须改选下级专业。"
    return (Caution(words),)


def _said(ask: Callable[[Session, Any], str | None], then: str) -> Callable[[Session, Any], Sequence[Caution]]:
    def cautions(session: Session, row: Any) -> Sequence[Caution]:
        found = ask(session, row) if row.active else None
        return (Caution(f"{found}正在办理，还没有经过这里：{then}"),) if found else ()

    return cautions


consequences[PathEdge].append(_said(uses.riding, "已提交的按提交时的路径继续办理，退回后重新提交的须另有路径可走。"))
consequences[Body].append(_through)
consequences[Speciality].append(_below)
consequences[Acceptance].append(_said(uses.bound_for, "请先办结，或告知申报人另选受理机构。"))
