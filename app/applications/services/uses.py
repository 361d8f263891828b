"""What applications use of the domains below: it can't be deleted or changed from under them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications.enums import ENDED, ApplicationState
from app.applications.models import Application, ApplicationNode
from app.applications.queries import recommended
from app.approval_paths.models import PathEdge
from app.bodies import services as bodies
from app.bodies.models import Acceptance
from app.catalog import services as catalog
from app.committees import services as committees
from app.committees.models import CoveredSpeciality
from app.committees.queries import lost_with
from app.core.scope import elevated
from app.quotas import services as quotas

OVER = ENDED | {ApplicationState.CERTIFIED}


def speciality_in_use(session: Session, speciality_id: int) -> str | None:
    return _asked_for(session, Application.speciality_id == speciality_id)


def title_in_use(session: Session, title_id: int) -> str | None:
    return _asked_for(session, Application.title_id == title_id)


def batch_in_use(session: Session, batch_id: int) -> str | None:
    return _asked_for(session, Application.batch_id == batch_id)


def body_in_use(session: Session, body_id: int) -> str | None:
    """Applications under way that have not yet passed the body."""
    ahead = sa.exists().where(
        ApplicationNode.application_id == Application.id,
        ApplicationNode.body_id == body_id,
        ApplicationNode.seq >= sa.func.coalesce(Application.current_seq, 1),
    )
    here = sa.or_(Application.employer_id == body_id, Application.final_body_id == body_id, ahead)
    return _asked_for(session, sa.and_(Application.state.not_in(OVER), here))


def riding(session: Session, edge: PathEdge) -> str | None:
    """Applications under way that were submitted over an edge and have yet to climb it."""
    low, high = sa.orm.aliased(ApplicationNode), sa.orm.aliased(ApplicationNode)
    climbs = (
        sa.exists()
        .where(low.application_id == Application.id, low.body_id == edge.subordinate_id)
        .where(high.application_id == Application.id, high.body_id == edge.superior_id)
        .where(high.seq == low.seq + 1, Application.current_seq <= low.seq)
    )
    return _asked_for(session, sa.and_(Application.state.not_in(OVER), Application.level == edge.level, climbs))


def bound_for(session: Session, acceptance: Acceptance) -> str | None:
    """Applications under way that this acceptance is to decide."""
    return _asked_for(
        session,
        sa.and_(
            Application.state.not_in(OVER),
            Application.final_body_id == acceptance.body_id,
            Application.method == acceptance.method,
            Application.level == acceptance.level,
        ),
    )


def uncovered(session: Session, covered: CoveredSpeciality) -> str | None:
    """Applications under way in specialities that a committee would cover no more without this one."""
    return _asked_for(
        session,
        sa.and_(
            Application.state.not_in(OVER),
            Application.final_body_id == covered.committee_id,
            Application.speciality_id.in_(lost_with(session, covered)),
        ),
    )


def _asked_for(session: Session, condition: Any) -> str | None:
    with elevated(session, "a draft nobody else may see still holds its speciality, title and batch"):
        found = session.scalar(sa.select(sa.func.count(Application.id)).where(condition)) or 0
    return f"{found} 份职称申报" if found else None


bodies.uses.append(body_in_use)
committees.batch_uses.append(batch_in_use)
catalog.speciality_uses.append(speciality_in_use)
catalog.title_uses.append(title_in_use)
quotas.recommended.append(recommended)
