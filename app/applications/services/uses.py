"""What applications use of the domains below: it can't be deleted or changed from under them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications.models import Application
from app.applications.queries import leaning_on
from app.bodies import services as bodies
from app.bodies.models import Body
from app.catalog import services as catalog
from app.committees import services as committees
from app.core.scope import elevated


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


def _asked_for(session: Session, condition: Any) -> str | None:
    with elevated(session, "a draft nobody else may see still holds its speciality, title and batch"):
        found = session.scalar(sa.select(sa.func.count(Application.id)).where(condition)) or 0
    return f"{found} 份职称申报" if found else None


bodies.uses.append(body_in_use)
committees.batch_uses.append(batch_in_use)
catalog.speciality_uses.append(speciality_in_use)
catalog.title_uses.append(title_in_use)
