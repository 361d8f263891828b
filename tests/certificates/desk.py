"""What an office does with certificates, for tests."""

from __future__ import annotations

import sqlalchemy as sa

from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.catalog.models import TitleSeries
from app.certificates import rules, services
from app.certificates.models import Certificate, CertificateLog
from app.core import chain
from app.core.db import read_session, unit_of_work
from app.core.scope import Actor
from tests.applications.world import SYSTEM
from tests.review_plans.stage import Stage

DOCUMENT = "长人社职〔2026〕5号"


TEMPLATE = rules.read_template(rules.DEFAULT_TEMPLATE)


def issue(stage: Stage, key: int, *, by: Actor | None = None, document: str = DOCUMENT) -> Certificate:
    actor = by or stage.office
    with unit_of_work(actor) as session:
        made = services.issue(session, actor=actor, application_id=key, document_number=document)
        session.flush()
        session.expunge(made)
        return made


def issue_many(stage: Stage, keys: list[int], *, by: Actor | None = None, document: str = DOCUMENT) -> dict[int, str]:
    actor = by or stage.office
    with unit_of_work(actor) as session:
        return services.issue_many(session, actor=actor, application_ids=keys, document_number=document)


def number_of(stage: Stage, serial: int, level: L = L.ASSISTANT, method: M = M.INITIAL_DETERMINATION) -> str:
    with read_session(SYSTEM) as session:
        series = session.get_one(TitleSeries, stage.world.series_id).number
    return TEMPLATE.number(TEMPLATE.prefix(level, series, 2026, method, "4301"), serial)


def certificates() -> list[Certificate]:
    with read_session(SYSTEM) as session:
        found = list(session.scalars(sa.select(Certificate).order_by(Certificate.id)))
        session.expunge_all()
        return found


def events() -> list[tuple[str, str]]:
    """(event, number) of the certificate log, whose chain holds."""
    with read_session(SYSTEM) as session:
        assert list(chain.verify(session, CertificateLog)) == []
        return [
            (row.event, row.number) for row in session.scalars(sa.select(CertificateLog).order_by(CertificateLog.id))
        ]


def issued(stage: Stage, count: int) -> list[int]:
    stage.authority()
    assert set(issue_many(stage, stage.determined(count)).values()) == {""}
    return [made.id for made in certificates()]


def revoke(stage: Stage, key: int, *, by: Actor | None = None, reason: str = "材料造假") -> None:
    actor = by or stage.office
    with unit_of_work(actor) as session:
        services.revoke(session, actor=actor, certificate_id=key, reason=reason)
