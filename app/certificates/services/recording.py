"""Who may act on certificates, and the entry that each act leaves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.bodies.models import IssuingAuthority
from app.certificates.enums import CertificateEvent
from app.certificates.models import Certificate, CertificateLog
from app.core import audit, chain, clock
from app.core.enums import Role
from app.core.errors import NotAllowed
from app.core.scope import Actor

ISSUERS = (Role.TITLE_OFFICE, Role.HR_OFFICER)


def require_issuer(actor: Actor) -> None:
    if actor.role not in (*ISSUERS, Role.SYSTEM):
        raise NotAllowed("证书由人社部门和专技机构办理。")


def acts_for(actor: Actor, authority: IssuingAuthority) -> bool:
    """Whether the authority lies in the actor's region: his own level's, or one below it."""
    if actor.role is Role.SYSTEM:
        return True
    return bool(actor.region_prefix) and authority.body.region_code.startswith(actor.region_prefix)


def log(session: Session, actor: Actor, certificate: Certificate, event: CertificateEvent, **detail: str) -> None:
    """Append to the certificate log and to the audit trail when this transaction commits."""
    moment, number, key = clock.now(), certificate.number, certificate.id
    chain.queue(
        session,
        CertificateLog,
        lambda: {
            "at": moment,
            "event": event.value,
            "number": number,
            "certificate_id": key,
            "actor_name": actor.name,
            "detail": detail,
        },
    )
    audit.record(session, actor, f"certificates.{event.value}", certificate, number=number, **detail)
