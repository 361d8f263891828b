"""Issuing certificates and revoking them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import services as applications
from app.applications.enums import ApplicationAction, ApplicationState
from app.applications.models import Application
from app.bodies.models import IssuingAuthority
from app.bodies.queries import acceptance_of
from app.catalog.enums import AcquisitionMethod
from app.certificates import queries
from app.certificates.enums import CertificateEvent, CertificateStatus
from app.certificates.models import Certificate, NumberPool
from app.certificates.services.numbers import lock_pool, prefix_of, take_number
from app.certificates.services.recording import acts_for, log, require_issuer
from app.committees.models import Committee
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated
from app.formats.fonts import missing_glyphs
from app.outcomes.models import Filing
from app.review_plans.models import Candidate


@dataclass(frozen=True)
class _Ready:
    """An application that may get its certificate, and everything the certificate will say but the number."""

    application: Application
    authority: IssuingAuthority
    document_number: str
    obtained_on: date
    face: dict[str, str]
    prefix: str


def issue(session: Session, *, actor: Actor, application_id: int, document_number: str = "") -> Certificate:
    """A17 【发放证书】: one effective application gets its number and certificate. Once: a second press is a Conflict.

    `document_number` is 发文文号; a reviewed application takes its 备案文号 where none is given.
    """
    require_issuer(actor)
    ready = _ready(session, actor, application_id, document_number)
    return _issue(session, actor, ready, _lock(session, ready))


def issue_many(
    session: Session, *, actor: Actor, application_ids: Iterable[int], document_number: str = ""
) -> dict[int, str]:
    """【发放证书】 of the ticked ones: id -> "" or the reason; one refused does not hold the others up.

    Applications are locked in the order of their ids, then pools in the order of their prefixes: two officers who
    issue at once wait for each other and never for a circle.
    """
    require_issuer(actor)
    keys = list(dict.fromkeys(application_ids))
    outcome = dict.fromkeys(keys, "")
    prepared: dict[int, _Ready] = {}
    for key in sorted(keys):
        try:
            prepared[key] = _ready(session, actor, key, document_number)
        except Refusal as refusal:
            outcome[key] = refusal.reason
    pools: dict[str, NumberPool | str] = {}
    for ready in sorted(prepared.values(), key=lambda ready: ready.prefix):
        if ready.prefix not in pools:
            try:
                pools[ready.prefix] = _lock(session, ready)
            except Refusal as refusal:
                pools[ready.prefix] = refusal.reason
    for key, ready in prepared.items():
        pool = pools[ready.prefix]
        if isinstance(pool, str):
            outcome[key] = pool
            continue
        try:
            with session.begin_nested():
                _issue(session, actor, ready, pool)
        except Refusal as refusal:
            outcome[key] = refusal.reason
    return outcome


def _ready(session: Session, actor: Actor, application_id: int, document_number: str) -> _Ready:
    """The application locked, and every reason against its certificate looked at."""
    application = applications.load(session, application_id)
    if application.state is ApplicationState.CERTIFIED:
        raise Conflict(f"{application.applicant_name} 的证书已经发放。")
    if application.state is not ApplicationState.EFFECTIVE:
        raise Conflict(f"{application.applicant_name} 的申报当前为“{application.state.label}”，不能发放证书。")
    authority = queries.authority_for(session, application)
    if authority is None:
        raise Refusal(f"“{application.final_body.name}”没有发证单位编码，请先在发证单位编码配置中维护。")
    if not acts_for(actor, authority):
        raise NotAllowed(f"这份证书由“{authority.printed_name}”发放。")
    document = document_number.strip() or _filing_number(session, application)
    if not document or len(document) > 60:
        raise Invalid({"document_number": "请填写发文文号，不超过 60 个字。"})
    obtained = _obtained_on(application)
    face = _face(session, application, authority, obtained)
    lacking = missing_glyphs("".join(face.values()) + document)
    if lacking:
        raise Refusal(f"证书字体中没有“{'、'.join(lacking)}”这个字，不能发放，请联系管理员补充字体后再办。")
    prefix = prefix_of(session, authority, application.level, application.series, obtained.year, application.method)
    return _Ready(application, authority, document, obtained, face, prefix)


def _lock(session: Session, ready: _Ready) -> NumberPool:
    application = ready.application
    year = ready.obtained_on.year
    return lock_pool(session, ready.authority, application.level, application.series, year, application.method)


def _issue(session: Session, actor: Actor, ready: _Ready, pool: NumberPool) -> Certificate:
    application = ready.application
    number = take_number(session, pool=pool)
    certificate = Certificate(
        number=number.number,
        application_id=application.id,
        person_id=application.person_id,
        holder_name=application.applicant_name,
        id_masked=application.id_masked,
        employer_id=application.employer_id,
        region_code=application.region_code,
        issuing_authority_id=ready.authority.id,
        face=ready.face,
        document_number=ready.document_number,
        obtained_on=ready.obtained_on,
        issued_on=clock.today(),
        issued_by=actor.name,
        status=CertificateStatus.ISSUED,
    )
    session.add(certificate)
    session.flush()
    applications.advance(
        session,
        actor=actor,
        application=application,
        action=ApplicationAction.ISSUE,
        opinion=f"证书编号：{number.number}",
    )
    log(session, actor, certificate, CertificateEvent.ISSUED, document_number=ready.document_number)
    return certificate


def _filing_number(session: Session, application: Application) -> str:
    with elevated(session, "备案文号 is printed on the certificate; the plan it belongs to stays the committee's"):
        found = session.scalar(
            sa.select(Filing.filing_number)
            .join(Candidate, Candidate.plan_id == Filing.plan_id)
            .where(Candidate.application_id == application.id)
        )
    return found or ""


def _obtained_on(application: Application) -> date:
    """取得时间: the day the application became effective."""
    step = next(step for step in reversed(application.steps) if step.to_state is ApplicationState.EFFECTIVE)
    return clock.local(step.at).date()


def _face(session: Session, application: Application, authority: IssuingAuthority, obtained: date) -> dict[str, str]:
    final = application.final_body
    approving = final.name
    if application.method is AcquisitionMethod.REVIEW:
        committee = session.get(Committee, final.id)
        approving = committee.printed_name if committee else final.name
    else:
        acceptance = acceptance_of(session, final.id, application.method, application.level)
        approving = acceptance.printed_name if acceptance else final.name
    return {
        "name": application.applicant_name,
        "gender": application.person.gender.label,
        "id_number_masked": application.id_masked,
        "title": application.title.name,
        "level": application.level.label,
        "series": application.series.name,
        "speciality": application.speciality.name,
        "method": application.method.label,
        "approving_body": approving,
        "issuing_authority": authority.printed_name,
        "obtained_on": obtained.isoformat(),
        "employer": application.employer.name,
    }


def revoke(session: Session, *, actor: Actor, certificate_id: int, reason: str) -> Certificate:
    """A19 撤销: at once for the public check; the row, its file and its number stay. By who may issue it, no other."""
    require_issuer(actor)
    certificate = session.get(Certificate, certificate_id, with_for_update={"of": Certificate}, populate_existing=True)
    if certificate is None:
        raise NotFound
    if not acts_for(actor, certificate.issuing_authority):
        raise NotAllowed(f"这份证书由“{certificate.issuing_authority.printed_name}”撤销。")
    if certificate.status is CertificateStatus.REVOKED:
        raise Conflict("这份证书已经撤销。")
    if not reason.strip() or len(reason) > 300:
        raise Invalid({"reason": "请填写撤销原因，不超过 300 个字。"})
    certificate.status, certificate.revoked_at = CertificateStatus.REVOKED, clock.now()
    certificate.revoked_reason = reason.strip()
    session.flush()
    log(session, actor, certificate, CertificateEvent.REVOKED, reason=certificate.revoked_reason)
    return certificate
