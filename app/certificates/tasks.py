"""The job that draws, signs and keeps electronic certificates."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.certificates import queries, services
from app.certificates.documents import CertificateFace, render_signed
from app.core import jobs
from app.core.scope import Actor

_public_url = "http://127.0.0.1:5000"


def configure(public_url: str) -> None:
    """Set what a certificate's QR code opens."""
    global _public_url
    _public_url = public_url.rstrip("/")


def check_url(token: str) -> str:
    return f"{_public_url}/check/{token}"


@jobs.handler("certificates.render")
def render_one(session: Session, actor: Actor, subject_id: int) -> None:
    """Render one certificate, in the transaction that ticks its item; one rendered already stays as it is."""
    certificate = services.to_render(session, subject_id)
    if certificate is None:
        return
    face = certificate.face
    document = render_signed(
        CertificateFace(
            name=face["name"],
            gender=face["gender"],
            id_number_masked=face["id_number_masked"],
            photo=services.photo_of(session, certificate),
            title=face["title"],
            level=face["level"],
            series=face["series"],
            speciality=face["speciality"],
            method=face["method"],
            number=certificate.number,
            obtained_on=date.fromisoformat(face["obtained_on"]),
            approving_body=face["approving_body"],
            issuing_authority=face["issuing_authority"],
            document_number=certificate.document_number,
            issued_on=certificate.issued_on,
            check_url=check_url(queries.token_of(certificate)),
        )
    )
    services.keep_rendered(session, actor=actor, certificate=certificate, document=document)
