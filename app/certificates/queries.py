"""Reading certificates, and the public check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.applications.enums import ApplicationState
from app.applications.models import Application
from app.applications.queries import LIST_OPTIONS
from app.bodies.models import Body, IssuingAuthority
from app.bodies.queries import issuing_authority_of
from app.catalog.enums import AcquisitionMethod
from app.certificates import rules
from app.certificates.enums import CertificateStatus, NumberStatus
from app.certificates.models import Certificate, CertificateNumber, NumberPool
from app.committees.models import FoundingBody
from app.committees.queries import founding_body_id
from app.core import crypto
from app.core.scope import elevated


@dataclass(frozen=True)
class Check:
    """What the public may learn of a certificate (law.md): nothing else leaves this module."""

    number: str
    status: CertificateStatus
    title: str
    level: str
    speciality: str
    issuing_body: str
    obtained_on: str

    @property
    def valid(self) -> bool:
        return self.status is not CertificateStatus.REVOKED


def check_public(session: Session, number: str, name: str) -> Check | None:
    """By number and name together; None if they do not belong together, whichever is wrong."""
    with elevated(session, "anyone may check a certificate whose number and name he knows"):
        found = session.scalar(
            sa.select(Certificate).where(
                Certificate.number == number.strip().upper(), Certificate.holder_name == name.strip()
            )
        )
        return _check(found) if found else None


def check_token(session: Session, token: str) -> Check | None:
    """By the QR code's token: its keyed check is verified before the database is asked."""
    parts = rules.split_token(token)
    if parts is None or not crypto.keys().token_holds(rules.payload(parts[0], parts[1]), parts[2]):
        return None
    with elevated(session, "the holder handed over the signed code"):
        found = session.scalar(sa.select(Certificate).where(Certificate.number == parts[0]))
        return _check(found) if found and found.issued_on.isoformat() == parts[1] else None


def token_of(certificate: Certificate) -> str:
    day = certificate.issued_on.isoformat()
    return f"{certificate.number}.{day}.{crypto.keys().token(rules.payload(certificate.number, day))}"


def _check(certificate: Certificate) -> Check:
    face = certificate.face
    return Check(
        certificate.number,
        certificate.status,
        face["title"],
        face["level"],
        face["speciality"],
        face["approving_body"],
        face["obtained_on"],
    )


def listing(values: dict[str, Any]) -> sa.Select[tuple[Certificate]]:
    """Certificates within scope by name, number, document number and status."""
    query = sa.select(Certificate)
    if values.get("name"):
        query = query.where(Certificate.holder_name.contains(values["name"], autoescape=True))
    if values.get("number"):
        query = query.where(Certificate.number == values["number"].upper())
    if values.get("document_number"):
        query = query.where(Certificate.document_number == values["document_number"])
    if values.get("status"):
        query = query.where(Certificate.status == values["status"])
    return query


def issuable(values: dict[str, Any]) -> sa.Select[tuple[Application]]:
    """A17, 是否发放 否: effective applications within scope."""
    query = sa.select(Application).where(Application.state == ApplicationState.EFFECTIVE).options(*LIST_OPTIONS)
    if values.get("name"):
        query = query.where(Application.applicant_name.contains(values["name"], autoescape=True))
    return query


def authority_for(session: Session, application: Application) -> IssuingAuthority | None:
    """Who issues: the final body's own issuing authority; for a committee, its founding body's; else the region's.

    The region's is the one of a body in the final body's own coordination region (统筹区).
    """
    return _authority(session, application.final_body_id, application.method)


def waiting_for(session: Session, authority: IssuingAuthority) -> int:
    """Effective applications whose certificates an authority has to issue: a number, whoever's region they are of."""
    body, founded = authority.body, sa.select(FoundingBody.committee_id)
    near = sa.select(Body.id).where(Body.region_code == body.region_code)
    theirs = sa.or_(
        Application.final_body_id == body.id,
        Application.final_body_id.in_(founded.where(FoundingBody.body_id == body.id)),
        Application.final_body_id.in_(near),
    )
    with elevated(session, "only their number is told"):
        groups = session.execute(
            sa.select(Application.final_body_id, Application.method, sa.func.count(Application.id))
            .where(Application.state == ApplicationState.EFFECTIVE, theirs)
            .group_by(Application.final_body_id, Application.method)
        ).all()
    found = ((count, _authority(session, key, method)) for key, method, count in groups)
    return sum(count for count, other in found if other is not None and other.id == authority.id)


def _authority(session: Session, final_body_id: int, method: AcquisitionMethod) -> IssuingAuthority | None:
    own = issuing_authority_of(session, final_body_id)
    if own is not None or method is not AcquisitionMethod.REVIEW:
        return own
    founder = founding_body_id(session, final_body_id)
    found = issuing_authority_of(session, founder) if founder else None
    if found is not None:
        return found
    final = session.get_one(Body, final_body_id)
    return session.scalar(
        sa.select(IssuingAuthority)
        .join(Body, Body.id == IssuingAuthority.body_id)
        .where(IssuingAuthority.active, Body.region_code == final.region_code)
        .order_by(IssuingAuthority.id)
        .limit(1)
    )


def pools(values: dict[str, Any]) -> sa.Select[Any]:
    """The number pools with how many of their numbers are free."""
    free = (
        sa.select(sa.func.count())
        .select_from(CertificateNumber)
        .where(CertificateNumber.prefix == NumberPool.prefix, CertificateNumber.status == NumberStatus.FREE)
        .scalar_subquery()
    )
    query = sa.select(NumberPool, free.label("free")).options(joinedload(NumberPool.issuing_authority))
    if values.get("issuing_authority_id"):
        query = query.where(NumberPool.issuing_authority_id == values["issuing_authority_id"])
    if values.get("year"):
        query = query.where(NumberPool.year == values["year"])
    return query
