"""What-if: applications under way that an edge, an acceptance or what a committee covers still has to carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance
from app.committees.models import CoveredSpeciality
from app.web.cautions import Caution, consequences


def _said(ask: Callable[[Session, Any], str | None], then: str) -> Callable[[Session, Any], Sequence[Caution]]:
    def cautions(session: Session, row: Any) -> Sequence[Caution]:
        found = ask(session, row) if getattr(row, "active", True) else None
        return (Caution(f"{found}正在办理{then}"),) if found else ()

    return cautions


consequences[PathEdge].append(
    _said(uses.riding, "，还没有经过这里：已提交的按提交时的路径继续办理，退回后重新提交的须另有路径可走。")
)
consequences[Acceptance].append(_said(uses.bound_for, "，还没有经过这里：请先办结，或告知申报人另选受理机构。"))
consequences[CoveredSpeciality].append(
    _said(uses.uncovered, "，所报专业将不再由本评委会评审：已提交的继续办理，退回修改后须另选终审机构。")
)
