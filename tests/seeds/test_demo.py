"""The demo province: true to the rules, because it was lived through the services; loaded once."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import pairwise

import sqlalchemy as sa
from flask import Flask

from app.accounts.models import Account
from app.applications.enums import ApplicationState
from app.applications.models import Application, ApplicationStep
from app.approval_paths.queries import reach
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.certificates.models import Certificate, CertificateLog
from app.cli import prepare
from app.core import chain
from app.core.audit import AuditEntry
from app.core.db import read_session
from app.core.scope import Actor
from seeds.demo_days import live
from seeds.demo_world import CHANGSHA_OFFICE, DRAINAGE, EDUCATION, GUIDE_COMMITTEE, HOUSING, PEOPLE

SYSTEM = Actor.system("test")
APPLICANTS = 300 if os.environ.get("LONG") else 45


def test_the_demo_province(app: Flask) -> None:
    """One life for all questions: it is the costliest thing to set up."""
    live(app, APPLICANTS)
    _what_was_lived_is_true_to_the_rules()
    _the_guides_example_is_there_by_its_names()
    prepare(app, with_demo=True)  # a second start loads nothing again
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Account)) == len(PEOPLE)


def _what_was_lived_is_true_to_the_rules() -> None:
    with read_session(SYSTEM) as session:
        applications = session.scalars(sa.select(Application)).all()
        assert 0.8 * APPLICANTS <= len(applications) <= APPLICANTS
        assert len({application.state for application in applications}) >= 6
        certified = {a.id for a in applications if a.state is ApplicationState.CERTIFIED}
        assert certified == set(session.scalars(sa.select(Certificate.application_id)))
        steps: dict[int, list[ApplicationStep]] = {}
        for step in session.scalars(
            sa.select(ApplicationStep).order_by(ApplicationStep.application_id, ApplicationStep.seq)
        ):
            steps.setdefault(step.application_id, []).append(step)
        for application in applications:
            trail = steps.get(application.id, [])
            assert [step.seq for step in trail] == list(range(1, application.step_count + 1))
            assert all(one.to_state is other.from_state for one, other in pairwise(trail))
            assert all(other.at - one.at == timedelta(seconds=other.waited_seconds) for one, other in pairwise(trail))
            assert (trail[-1].to_state if trail else ApplicationState.DRAFT) is application.state
        assert list(chain.verify(session, AuditEntry)) == []
        assert list(chain.verify(session, CertificateLog)) == []


def _the_guides_example_is_there_by_its_names() -> None:
    with read_session(SYSTEM) as session:
        series = session.scalars(sa.select(TitleSeries).where(TitleSeries.name == "高等学校教师")).one()
        speciality = session.scalars(
            sa.select(Speciality).where(Speciality.series_id == series.id, Speciality.parent_id.is_not(None)).limit(1)
        ).one()
        found = reach(
            session,
            employer_id=session.scalars(sa.select(Body.id).where(Body.name == DRAINAGE)).one(),
            method=AcquisitionMethod.REVIEW,
            level=TitleLevel.ASSOCIATE_SENIOR,
            series_id=series.id,
            speciality_id=speciality.id,
        )
    assert [[node.name for node in path] for path in found.paths] == [
        [DRAINAGE, HOUSING, CHANGSHA_OFFICE, GUIDE_COMMITTEE]
    ]
    assert [node.name for node in found.broken] == [EDUCATION]
