"""What-if: applications under way that an edge or an acceptance still has to carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance
from app.web.cautions import Caution, consequences


def _said(ask: Callable[[Session, Any], str | None], then: str) -> Callable[[Session, Any], Sequence[Caution]]:
    def cautions(session: Session, row: Any) -> Sequence[Caution]:
        found = ask(session, row) if row.active else None
        return (Caution(f"{found}正在办理，还没有经过这里：{then}"),) if found else ()

    return cautions


consequences[PathEdge].append(_said(uses.riding, "已提交的按提交时的路径继续办理，退回后重新提交的须另有路径可走。"))
consequences[Acceptance].append(_said(uses.bound_for, "请先办结，或告知申报人另选受理机构。"))
