"""Numbers, issuing, rendering, revoking. Every one leaves an entry in the chained certificate log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import services as applications
from app.applications.enums import ApplicationAction, ApplicationState
from app.applications.models import Application, ApplicationMaterial
from app.bodies.models import Body, IssuingAuthority
from app.bodies.queries import acceptance_of
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import MaterialRequirement, TitleSeries
from app.catalog.queries import setting
from app.certificates import queries, rules
from app.certificates.enums import CertificateEvent, CertificateStatus, NumberStatus
from app.certificates.models import Certificate, CertificateLog, CertificateNumber, NumberPool
from app.committees.models import Committee
from app.core import audit, chain, clock, jobs, storage
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated
from app.formats.fonts import missing_glyphs
from app.outcomes.models import Filing
from app.review_plans.models import Candidate

ISSUERS = (Role.TITLE_OFFICE, Role.HR_OFFICER)
PHOTO = "PHOTO"


# -- numbers ---------------------------------------------------------------------------------------------------


def generate_numbers(
    session: Session,
    *,
    actor: Actor,
    issuing_authority_id: int,
    level: TitleLevel,
    series_id: int,
    year: int,
    method: AcquisitionMethod,
    first: int,
    last: int,
) -> int:
    """A16 【批量生成证号】: serials `first` to `last` of a pool; how many. Refused where one exists already."""
    _require(actor)
    if not 1 <= first <= last <= rules.LAST_SERIAL:
        raise Invalid({"last": f"序号应在 1 至 {rules.LAST_SERIAL} 之间，结束序号不小于开始序号。"})
    if last - first >= 10_000:
        raise Invalid({"last": "一次最多生成 10000 个编号。"})
    authority = session.get(IssuingAuthority, issuing_authority_id)
    if authority is None or not authority.active:
        raise Invalid({"issuing_authority_id": "请录入发证单位名称，回车后从列表中选择。"})
    if actor.role is not Role.SYSTEM and not authority.body.region_code.startswith(actor.region_prefix):
        raise NotAllowed("只能为本统筹区的发证单位生成编号。")
    series = session.get(TitleSeries, series_id)
    if series is None:
        raise Invalid({"series_id": "请选择系列。"})
    pool = _pool(session, authority, level, series, year, method)
    taken = session.scalar(
        sa.select(sa.func.count())
        .select_from(CertificateNumber)
        .where(CertificateNumber.prefix == pool.prefix, CertificateNumber.serial.between(first, last))
    )
    if taken:
        raise Conflict(
            f"其中 {taken} 个编号已经生成过，现在最大的序号是 {pool.last_serial}，请从 {pool.last_serial + 1} 开始。"
        )
    _fill(session, pool, range(first, last + 1), actor.name)
    audit.record(session, actor, "certificates.generate", ("number_pools", pool.prefix), first=first, last=last)
    return last - first + 1


def _pool(
    session: Session,
    authority: IssuingAuthority,
    level: TitleLevel,
    series: TitleSeries,
    year: int,
    method: AcquisitionMethod,
) -> NumberPool:
    """The pool of a prefix, made if there is none, locked for this transaction."""
    prefix = rules.number_prefix(level, series.number, year, method, authority.code)
    locked = sa.select(NumberPool).where(NumberPool.prefix == prefix).with_for_update()
    pool: NumberPool | None = session.scalar(locked.execution_options(populate_existing=True))
    if pool is not None:
        return pool
    if session.get_bind().dialect.name == "postgresql":
        # two first issuings at once: one inserts, the other waits here and then finds the row
        session.execute(
            sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(prefix))),
            execution_options={"unscoped": "a lock reads no row"},
        )
        made: NumberPool | None = session.scalar(locked.execution_options(populate_existing=True))
        if made is not None:
            return made
    pool = NumberPool(
        prefix=prefix,
        issuing_authority_id=authority.id,
        level=level,
        series_id=series.id,
        year=year,
        method=method,
        last_serial=0,
    )
    session.add(pool)
    session.flush()
    return pool


def _fill(session: Session, pool: NumberPool, serials: Iterable[int], by: str) -> None:
    moment, last = clock.now(), pool.last_serial
    for serial in serials:
        session.add(
            CertificateNumber(
                number=rules.certificate_number(pool.prefix, serial),
                prefix=pool.prefix,
                serial=serial,
                status=NumberStatus.FREE,
                made_at=moment,
                made_by=by,
            )
        )
        last = max(last, serial)
    pool.last_serial = last
    session.flush()


def take_number(session: Session, *, pool: NumberPool) -> CertificateNumber:
    """The lowest free number of a locked pool, used from now on; the pool grows by a block when it is empty."""
    free = (
        sa.select(CertificateNumber)
        .where(CertificateNumber.prefix == pool.prefix, CertificateNumber.status == NumberStatus.FREE)
        .order_by(CertificateNumber.serial)
        .limit(1)
        .with_for_update()
    )
    number: CertificateNumber | None = session.scalar(free)
    if number is None:
        block = int(setting(session, "number_pool_block", "50"))
        top = min(pool.last_serial + block, rules.LAST_SERIAL)
        if top == pool.last_serial:
            raise Refusal(f"编号库 {pool.prefix} 的序号已用完，请联系省级管理员调整编号规则。")
        _fill(session, pool, range(pool.last_serial + 1, top + 1), "系统自动扩充")
        number = session.scalar(free)
        assert number is not None
    number.status = NumberStatus.USED
    session.flush()
    return number


# -- issuing ---------------------------------------------------------------------------------------------------


def issue(session: Session, *, actor: Actor, application_id: int, document_number: str = "") -> Certificate:
    """A17 【发放证书】: one effective application gets its number and certificate. Once: a second press is a Conflict.

    `document_number` is 发文文号; a reviewed application takes its 备案文号 where none is given.
    """
    _require(actor)
    application = applications.load(session, application_id)
    if application.state is ApplicationState.CERTIFIED:
        raise Conflict(f"{application.applicant_name} 的证书已经发放。")
    if application.state is not ApplicationState.EFFECTIVE:
        raise Conflict(f"{application.applicant_name} 的申报当前为“{application.state.label}”，不能发放证书。")
    authority = queries.authority_for(session, application)
    if authority is None:
        raise Refusal(f"“{application.final_body.name}”没有发证单位编码，请先在发证单位编码配置中维护。")
    if actor.role is not Role.SYSTEM and not authority.body.region_code.startswith(actor.region_prefix):
        raise NotAllowed(f"这份证书由“{authority.printed_name}”发放。")
    document = document_number.strip() or _filing_number(session, application)
    if not document or len(document) > 60:
        raise Invalid({"document_number": "请填写发文文号，不超过 60 个字。"})
    obtained = _obtained_on(application)
    face = _face(session, application, authority, obtained)
    lacking = missing_glyphs("".join(str(value) for value in face.values()))
    if lacking:
        raise Refusal(f"证书字体中没有“{'、'.join(lacking)}”这个字，不能发放，请联系管理员补充字体后再办。")
    pool = _pool(session, authority, application.level, application.series, obtained.year, application.method)
    number = take_number(session, pool=pool)
    certificate = Certificate(
        number=number.number,
        application_id=application.id,
        person_id=application.person_id,
        holder_name=application.applicant_name,
        id_masked=application.id_masked,
        employer_id=application.employer_id,
        region_code=application.region_code,
        issuing_authority_id=authority.id,
        face=face,
        document_number=document,
        obtained_on=obtained,
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
    _log(session, actor, certificate, CertificateEvent.ISSUED, document_number=document)
    return certificate


def issue_many(
    session: Session, *, actor: Actor, application_ids: Iterable[int], document_number: str = ""
) -> dict[int, str]:
    """【发放证书】 of the ticked ones: id -> "" or the reason; one refused does not hold the others up."""
    return _each(
        session,
        application_ids,
        lambda key: issue(session, actor=actor, application_id=key, document_number=document_number),
    )


def _each(session: Session, ids: Iterable[int], act: Callable[[int], object]) -> dict[int, str]:
    outcome: dict[int, str] = {}
    for key in ids:
        try:
            with session.begin_nested():
                act(key)
            outcome[key] = ""
        except Refusal as refusal:
            outcome[key] = refusal.reason
    return outcome


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
        "employer": session.get_one(Body, application.employer_id).name,
    }


# -- the electronic certificate --------------------------------------------------------------------------------


def start_rendering(
    session: Session, *, actor: Actor, certificate_ids: Iterable[int], title: str, once_key: str | None = None
) -> jobs.Job:
    """A29 【生成证书】: a job that renders each certificate once. Call `jobs.start` after the commit."""
    _require(actor)
    wanted = session.execute(
        sa.select(Certificate.id, Certificate.number)
        .where(Certificate.id.in_(list(certificate_ids)), Certificate.status == CertificateStatus.ISSUED)
        .order_by(Certificate.id)
    ).all()
    if not wanted:
        raise Conflict("没有可生成的证书：所选证书都已生成或已撤销。")
    items = [(row.id, row.number) for row in wanted]
    return jobs.submit(session, actor=actor, kind="certificates.render", title=title, items=items, once_key=once_key)


def to_render(session: Session, certificate_id: int) -> Certificate:
    """The certificate, locked; Conflict if it needs no rendering any more."""
    certificate = session.get(Certificate, certificate_id, with_for_update={"of": Certificate}, populate_existing=True)
    if certificate is None:
        raise NotFound
    if certificate.status is not CertificateStatus.ISSUED:
        raise Conflict(f"证书 {certificate.number} {certificate.status.label}。")
    return certificate


def keep_rendered(session: Session, *, actor: Actor, certificate: Certificate, document: bytes) -> None:
    """Keep the signed PDF; a worker killed before the commit leaves an orphan file and nothing else."""
    stored = storage.keep(storage.current(), f"{certificate.number}.pdf", document, storage.PDF)
    certificate.storage_key, certificate.sha256 = stored.storage_key, stored.sha256
    certificate.status, certificate.rendered_at = CertificateStatus.RENDERED, clock.now()
    session.flush()
    _log(session, actor, certificate, CertificateEvent.RENDERED, sha256=stored.sha256)


def photo_of(session: Session, certificate: Certificate) -> bytes | None:
    """The holder's photo as uploaded with the application."""
    material = session.scalar(
        sa.select(ApplicationMaterial)
        .join(MaterialRequirement, MaterialRequirement.id == ApplicationMaterial.requirement_id)
        .where(ApplicationMaterial.application_id == certificate.application_id, MaterialRequirement.code == PHOTO)
    )
    if material is None:
        return None
    with storage.current().open(material.storage_key) as file:
        return file.read()


def revoke(session: Session, *, actor: Actor, certificate_id: int, reason: str) -> Certificate:
    """A19 撤销: at once for the public check; the row, its file and its number stay."""
    _require(actor)
    certificate = session.get(Certificate, certificate_id, with_for_update={"of": Certificate}, populate_existing=True)
    if certificate is None:
        raise NotFound
    if certificate.status is CertificateStatus.REVOKED:
        raise Conflict("这份证书已经撤销。")
    if not reason.strip() or len(reason) > 300:
        raise Invalid({"reason": "请填写撤销原因，不超过 300 个字。"})
    certificate.status, certificate.revoked_at = CertificateStatus.REVOKED, clock.now()
    certificate.revoked_reason = reason.strip()
    session.flush()
    _log(session, actor, certificate, CertificateEvent.REVOKED, reason=reason)
    return certificate


def _log(session: Session, actor: Actor, certificate: Certificate, event: CertificateEvent, **detail: str) -> None:
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


def _require(actor: Actor) -> None:
    if actor.role not in (*ISSUERS, Role.SYSTEM):
        raise NotAllowed("证书由人社部门和专技机构办理。")
