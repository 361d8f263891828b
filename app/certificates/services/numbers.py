"""The number pool: made by hand (A16), grown by itself, never the same number twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies import services as bodies
from app.bodies.models import IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import TitleSeries
from app.catalog.queries import setting
from app.certificates import rules
from app.certificates.enums import NumberStatus
from app.certificates.models import CertificateNumber, NumberPool
from app.certificates.services.recording import acts_for, require_issuer
from app.core import audit, clock
from app.core.errors import Conflict, Invalid, NotAllowed, Refusal
from app.core.scope import Actor

AT_ONCE = 10_000
FIRST_YEAR, LAST_YEAR = 2000, 2099


def template(session: Session) -> rules.NumberTemplate:
    """The number template in force: the setting `certificate_number_template`, or the province's older rule."""
    try:
        return rules.read_template(setting(session, "certificate_number_template", rules.DEFAULT_TEMPLATE))
    except ValueError as error:
        raise Refusal(f"证书编号规则设置有误：{error}，请联系省级管理员改正。") from error


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
    require_issuer(actor)
    highest = template(session).last_serial
    if not 1 <= first <= last <= highest:
        raise Invalid({"last": f"序号应在 1 至 {highest} 之间，结束序号不小于开始序号。"})
    if last - first >= AT_ONCE:
        raise Invalid({"last": f"一次最多生成 {AT_ONCE} 个编号。"})
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid({"year": f"年度应为 {FIRST_YEAR} 至 {LAST_YEAR}。"})
    authority = session.get(IssuingAuthority, issuing_authority_id)
    if authority is None or not authority.active:
        raise Invalid({"issuing_authority_id": "请录入发证单位名称，回车后从列表中选择。"})
    if not acts_for(actor, authority):
        raise NotAllowed("只能为本统筹区的发证单位生成编号。")
    series = session.get(TitleSeries, series_id)
    if series is None:
        raise Invalid({"series_id": "请选择系列。"})
    pool = lock_pool(session, authority, level, series, year, method)
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


def prefix_of(
    session: Session,
    authority: IssuingAuthority,
    level: TitleLevel,
    series: TitleSeries,
    year: int,
    method: AcquisitionMethod,
) -> str:
    """The prefix that numbers of these get; Refusal with what to configure if the authority's code does not fit."""
    numbers = template(session)
    try:
        return numbers.prefix(level, series.number, year, method, authority.code)
    except ValueError as error:
        raise Refusal(
            f"“{authority.printed_name}”的发证单位编码“{authority.code}”不能用于证书编号（只用字母和数字，且不超过编号规则的位数），"
            "请先在发证单位编码配置中改正。"
        ) from error


def lock_pool(
    session: Session,
    authority: IssuingAuthority,
    level: TitleLevel,
    series: TitleSeries,
    year: int,
    method: AcquisitionMethod,
) -> NumberPool:
    """The pool of a prefix, made if there is none, locked for this transaction; the authority keeps its code meanwhile.

    Refusal if another authority issued under the prefix: codes are padded, so 43 and 430 would share one. A pool
    under which nothing was issued goes to whoever has its code now.
    """
    session.refresh(authority, with_for_update={"read": True})
    if not authority.active:
        raise Refusal(f"“{authority.printed_name}”的发证单位编码已经注销，不能再使用。")
    prefix = prefix_of(session, authority, level, series, year, method)
    locked = sa.select(NumberPool).where(NumberPool.prefix == prefix).with_for_update(of=NumberPool)
    pool: NumberPool | None = session.scalar(locked.execution_options(populate_existing=True))
    if pool is None and session.get_bind().dialect.name == "postgresql":
        # two first issuings at once: one inserts, the other waits here and then finds the row
        session.execute(
            sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(prefix))),
            execution_options={"unscoped": "a lock reads no row"},
        )
        pool = session.scalar(locked.execution_options(populate_existing=True))
    if pool is not None:
        if pool.issuing_authority_id != authority.id and not issued(session, NumberPool.prefix == prefix):
            pool.issuing_authority_id = authority.id
        elif pool.issuing_authority_id != authority.id:
            raise Refusal(
                f"“{authority.printed_name}”的发证单位编码“{authority.code}”补足位数后与"
                f"“{pool.issuing_authority.printed_name}”（{pool.issuing_authority.code}）相同，"
                "请先在发证单位编码配置中改正其中一个。"
            )
        return pool
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


def issued(session: Session, of: Any) -> int:
    """How many numbers of the pools under a condition certificates bear."""
    used = sa.select(sa.func.count()).select_from(CertificateNumber).join(NumberPool)
    return session.scalar(used.where(of, CertificateNumber.status == NumberStatus.USED)) or 0


def issued_under(session: Session, authority_id: int) -> str | None:
    """What keeps an issuing code: the numbers in people's hands."""
    count = issued(session, NumberPool.issuing_authority_id == authority_id)
    return f"{count} 份证书的编号" if count else None


bodies.code_uses.append(issued_under)


def _fill(session: Session, pool: NumberPool, serials: Iterable[int], by: str) -> None:
    numbers, moment, last = template(session), clock.now(), pool.last_serial
    for serial in serials:
        session.add(
            CertificateNumber(
                number=numbers.number(pool.prefix, serial),
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
    """The lowest free number of a locked pool, used from now on; the pool grows by a block when it is empty.

    The pool's own row is the lock, so numbers go out in order and a rolled back taking leaves no gap.
    """
    free = (
        sa.select(CertificateNumber)
        .where(CertificateNumber.prefix == pool.prefix, CertificateNumber.status == NumberStatus.FREE)
        .order_by(CertificateNumber.serial)
        .limit(1)
        .with_for_update()
    )
    number: CertificateNumber | None = session.scalar(free)
    if number is None:
        block = max(int(setting(session, "number_pool_block", "50")), 1)
        top = min(pool.last_serial + block, template(session).last_serial)
        if top <= pool.last_serial:
            raise Refusal(f"编号库 {pool.prefix} 的序号已用完，请联系省级管理员调整编号规则。")
        _fill(session, pool, range(pool.last_serial + 1, top + 1), "系统自动扩充")
        number = session.scalars(free).one()
    number.status = NumberStatus.USED
    session.flush()
    return number
