"""Tables of the number pool, certificates and their chained log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.applications.models import Application
from app.bodies.models import IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.certificates.enums import CertificateStatus, NumberStatus
from app.core.chain import ChainLink
from app.core.db import EnumText, JsonText, Model, UtcDateTime, one_of


class NumberPool(Model):
    """证书编号库 of one prefix (level, series, year, mode, issuing unit): its last serial made."""

    __tablename__ = "number_pools"

    prefix: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    issuing_authority_id: Mapped[int] = mapped_column(sa.ForeignKey("issuing_authorities.id"), index=True)
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    series_id: Mapped[int] = mapped_column(sa.ForeignKey("title_series.id"))
    year: Mapped[int]
    method: Mapped[AcquisitionMethod] = mapped_column(EnumText(AcquisitionMethod))
    last_serial: Mapped[int] = mapped_column(default=0)

    issuing_authority: Mapped[IssuingAuthority] = relationship()


class CertificateNumber(Model):
    """A number of a pool. Free until a certificate takes it, and then never again."""

    __tablename__ = "certificate_numbers"

    number: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    prefix: Mapped[str] = mapped_column(sa.ForeignKey("number_pools.prefix"))
    serial: Mapped[int]
    status: Mapped[NumberStatus] = mapped_column(EnumText(NumberStatus), default=NumberStatus.FREE)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(sa.String(80))

    __table_args__ = (
        sa.UniqueConstraint("prefix", "serial"),
        sa.CheckConstraint("serial >= 1", name="serial_from_one"),
        sa.Index("ix_certificate_numbers_free", "prefix", "status", "serial"),
        one_of("status", NumberStatus),
    )


class Certificate(Model):
    """证书: what it says is a snapshot. `document_number` is 发文文号."""

    __tablename__ = "certificates"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.ForeignKey("certificate_numbers.number"), unique=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), index=True)
    holder_name: Mapped[str] = mapped_column(sa.String(60), index=True)
    id_masked: Mapped[str] = mapped_column(sa.String(18))
    employer_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"), index=True)
    issuing_authority_id: Mapped[int] = mapped_column(sa.ForeignKey("issuing_authorities.id"), index=True)
    face: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """Every word printed: gender, title, level, series, speciality, method, approving body, dates (ISO)."""
    document_number: Mapped[str] = mapped_column(sa.String(60), index=True)
    obtained_on: Mapped[date]
    issued_on: Mapped[date]
    issued_by: Mapped[str] = mapped_column(sa.String(80))
    status: Mapped[CertificateStatus] = mapped_column(EnumText(CertificateStatus), default=CertificateStatus.ISSUED)
    storage_key: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    rendered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    version: Mapped[int] = mapped_column(default=1)

    application: Mapped[Application] = relationship()
    issuing_authority: Mapped[IssuingAuthority] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        one_of("status", CertificateStatus),
        sa.CheckConstraint("status <> 'rendered' OR storage_key IS NOT NULL", name="rendered_has_file"),
        sa.CheckConstraint("(status = 'revoked') = (revoked_at IS NOT NULL)", name="revoked_has_time"),
        sa.Index(
            "uq_certificates_one_in_force",
            "application_id",
            unique=True,
            sqlite_where=sa.text("status <> 'revoked'"),
            postgresql_where=sa.text("status <> 'revoked'"),
        ),
        sa.Index("ix_certificates_region_status", "region_code", "status", "id"),
    )


class CertificateLog(ChainLink, Model):
    """The append-only log of issuing, rendering and revoking, each entry chained to the last."""

    __tablename__ = "certificate_log"

    event: Mapped[str] = mapped_column(sa.String(20))
    number: Mapped[str] = mapped_column(sa.String(24), index=True)
    certificate_id: Mapped[int]
    actor_name: Mapped[str] = mapped_column(sa.String(80))
    detail: Mapped[Any] = mapped_column(JsonText)
