"""The electronic certificate: the job that makes it, and what the job keeps."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications.models import ApplicationMaterial
from app.catalog.models import MaterialRequirement
from app.certificates.enums import CertificateEvent, CertificateStatus
from app.certificates.models import Certificate
from app.certificates.services.recording import log, require_issuer
from app.core import clock, jobs, storage
from app.core.errors import Conflict, NotFound
from app.core.jobs import ItemStatus, Job, JobItem
from app.core.scope import Actor, elevated

PHOTO = "PHOTO"
KIND = "certificates.render"
_CHUNK = 500


def start_rendering(session: Session, *, actor: Actor, certificate_ids: Iterable[int], title: str) -> Job:
    """A29 【生成证书】: a job that renders each certificate once. Call `jobs.start` after the commit.

    What an unfinished job holds already is left to it: a second press answers that job, and a press after a failed
    one starts anew. Conflict if there is nothing to render, or if all of it is in somebody else's job.
    """
    require_issuer(actor)
    keys = sorted(set(certificate_ids))
    wanted: dict[int, str] = {}
    held: dict[int, int] = {}
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        rows = session.execute(
            sa.select(Certificate.id, Certificate.number)
            .where(Certificate.id.in_(chunk), Certificate.status == CertificateStatus.ISSUED)
            .order_by(Certificate.id)
        )
        wanted |= {row.id: row.number for row in rows}
        with elevated(session, "a certificate waits in one job only, whoever's it is"):
            waiting = session.execute(
                sa.select(JobItem.subject_id, JobItem.job_id)
                .join(Job, Job.id == JobItem.job_id)
                .where(
                    Job.kind == KIND,
                    Job.finished_at.is_(None),
                    JobItem.status == ItemStatus.PENDING,
                    JobItem.subject_id.in_(chunk),
                )
            )
            held |= {row.subject_id: row.job_id for row in waiting}
    if not wanted:
        raise Conflict("没有可生成的证书：所选证书都已生成或已撤销。")
    left = [(key, number) for key, number in wanted.items() if key not in held]
    if left:
        return jobs.submit(session, actor=actor, kind=KIND, title=title, items=left)
    running = session.get(Job, max(held[key] for key in wanted))
    if running is None:
        raise Conflict("所选证书正在由其他经办人生成，请稍后再看。")
    return running


def to_render(session: Session, certificate_id: int) -> Certificate | None:
    """The certificate, locked; None if it has been rendered already. Conflict if it was revoked."""
    certificate = session.get(Certificate, certificate_id, with_for_update={"of": Certificate}, populate_existing=True)
    if certificate is None:
        raise NotFound
    if certificate.status is CertificateStatus.REVOKED:
        raise Conflict(f"证书 {certificate.number} {certificate.status.label}。")
    return certificate if certificate.status is CertificateStatus.ISSUED else None


def keep_rendered(session: Session, *, actor: Actor, certificate: Certificate, document: bytes) -> None:
    """Keep the signed PDF; a worker killed before the commit leaves an orphan file and nothing else."""
    stored = storage.keep(storage.current(), f"{certificate.number}.pdf", document, storage.PDF)
    certificate.storage_key, certificate.sha256 = stored.storage_key, stored.sha256
    certificate.status, certificate.rendered_at = CertificateStatus.RENDERED, clock.now()
    session.flush()
    log(session, actor, certificate, CertificateEvent.RENDERED, sha256=stored.sha256)


def photo_of(session: Session, certificate: Certificate) -> bytes | None:
    """The holder's photo as uploaded with the application."""
    with elevated(session, "the photo is printed on a certificate this actor may see"):
        key = session.scalar(
            sa.select(ApplicationMaterial.storage_key)
            .join(MaterialRequirement, MaterialRequirement.id == ApplicationMaterial.requirement_id)
            .where(ApplicationMaterial.application_id == certificate.application_id, MaterialRequirement.code == PHOTO)
            .order_by(ApplicationMaterial.id.desc())
            .limit(1)
        )
    if key is None:
        return None
    with storage.current().open(key) as file:
        return file.read()
