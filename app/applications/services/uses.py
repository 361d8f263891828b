"""What applications use of the domains below: it can't be deleted or changed from under them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import queries as people
from app.applications.models import Application, number_of
from app.applications.queries import OVER, leaning_on, recommended
from app.bodies import services as bodies
from app.bodies.models import Body
from app.catalog import services as catalog
from app.catalog.models import Speciality
from app.committees import services as committees
from app.core.scope import elevated
from app.quotas import services as quotas

NAMED = 3


def speciality_in_use(session: Session, speciality_id: int) -> str | None:
    return _asked_for(session, Application.speciality_id == speciality_id)


def title_in_use(session: Session, title_id: int) -> str | None:
    return _asked_for(session, Application.title_id == title_id)


def batch_in_use(session: Session, batch_id: int) -> str | None:
    return _asked_for(session, Application.batch_id == batch_id)


def body_in_use(session: Session, body_id: int) -> str | None:
    """Applications under way that have not yet passed the body."""
    body = session.get(Body, body_id)
    return affected(session, body) if body is not None else None


def affected(session: Session, row: Any) -> str | None:
    """The applications under way that the end of a record would reach."""
    return _asked_for(session, leaning_on(row))


def employers(session: Session, person_ids: Collection[int]) -> dict[int, str]:
    """The employer of each person's latest application that the actor may see."""
    named = (
        sa.select(Application.person_id, Body.name)
        .join(Body, Body.id == Application.employer_id)
        .where(Application.person_id.in_(person_ids))
        .order_by(Application.id)
    )
    return {person: name for person, name in session.execute(named)}  # noqa: C416  (the later over the earlier)


def choosing(session: Session, speciality: Speciality) -> str | None:
    """Applications under way for a speciality that nothing hangs below yet: only such can be chosen."""
    if session.scalar(
        sa.select(Speciality.id).where(Speciality.parent_id == speciality.id, Speciality.active).limit(1)
    ):
        return None
    return _asked_for(session, sa.and_(Application.state.not_in(OVER), Application.speciality_id == speciality.id))


def _asked_for(session: Session, condition: Any) -> str | None:
    """How many there are, and the numbers of the first: no more of an application that the person may not see."""
    with elevated(session, "a draft nobody else may see still holds its speciality, title and batch"):
        count = session.scalar(sa.select(sa.func.count(Application.id)).where(condition)) or 0
        first = session.execute(
            sa.select(Application.year, Application.id).where(condition).order_by(Application.id).limit(NAMED)
        ).all()
    named = "、".join(number_of(year, key) for year, key in first)
    return f"{count} 份职称申报（编号 {named}{' 等' if count > NAMED else ''}）" if count else None


people.works_at.append(employers)
bodies.uses.append(body_in_use)
committees.batch_uses.append(batch_in_use)
catalog.speciality_uses.append(speciality_in_use)
catalog.title_uses.append(title_in_use)
quotas.recommended.append(recommended)
