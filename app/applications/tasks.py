"""Work nobody asks for: corrections that were not made in time."""

from __future__ import annotations

import sqlalchemy as sa

from app.applications import services
from app.applications.enums import ApplicationState
from app.applications.models import Application
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor


def lapse_overdue() -> int:
    """Applications not corrected by their day count as withdrawn; how many did. One transaction each."""
    system = Actor.system("nightly")
    with read_session(system) as session:
        overdue = session.scalars(
            sa.select(Application.id).where(
                Application.state == ApplicationState.CORRECTING, Application.correction_due < clock.today()
            )
        ).all()
    lapsed = 0
    for application_id in overdue:
        try:
            with unit_of_work(system) as session:
                services.lapse(session, actor=system, application_id=application_id)
            lapsed += 1
        except Refusal:
            continue  # corrected in the meantime
    return lapsed
