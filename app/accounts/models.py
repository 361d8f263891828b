"""Tables of people, users, posts, sign-in and the blacklist."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User as FabUser
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.enums import AttemptResult, Gender, RegistrationStatus, SessionEnd
from app.bodies.enums import BodyNature
from app.bodies.models import Body
from app.catalog.models import Region
from app.core.db import EncryptedText, EnumText, Model, UtcDateTime, one_of
from app.core.enums import Role
from app.core.storage import FileColumns


class Person(Model):
    """A natural person: one row, and one account, per identity number."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60), index=True)
    id_number: Mapped[str] = mapped_column(EncryptedText)
    id_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    id_masked: Mapped[str] = mapped_column(sa.String(18))
    gender: Mapped[Gender] = mapped_column(EnumText(Gender))
    born_on: Mapped[date]
    phone: Mapped[str] = mapped_column(EncryptedText)
    phone_digest: Mapped[str] = mapped_column(sa.String(64), index=True)
    phone_masked: Mapped[str] = mapped_column(sa.String(20))
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    consent_version: Mapped[str] = mapped_column(sa.String(20), default="")

    __table_args__ = (one_of("gender", Gender),)

    def __str__(self) -> str:
        return self.name


class Account(FabUser):
    """A FAB user that belongs to a person (system administrators may belong to none)."""

    __tablename__ = "ab_user"
    __table_args__ = {"extend_existing": True}

    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), unique=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person | None] = relationship()


class Post(Model):
    """任职: the capacity in which a user acts. Exactly one is chosen at login."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    role: Mapped[Role] = mapped_column(EnumText(Role))
    body_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("regions.code"))
    since: Mapped[date]
    until: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)

    user: Mapped[Account] = relationship()
    body: Mapped[Body | None] = relationship()

    __table_args__ = (
        one_of("role", Role),
        sa.UniqueConstraint("user_id", "role", "body_id"),
        sa.Index(
            "uq_posts_without_body",
            "user_id",
            "role",
            unique=True,
            sqlite_where=sa.text("body_id IS NULL"),
            postgresql_where=sa.text("body_id IS NULL"),
        ),
        sa.CheckConstraint("role IN ('sysadmin', 'applicant', 'judge') OR body_id IS NOT NULL", name="acts_for_a_body"),
        sa.CheckConstraint(
            "role NOT IN ('hr_officer', 'special_plan_officer') OR region_code IS NOT NULL", name="officer_has_region"
        ),
        sa.CheckConstraint("role NOT IN ('anonymous', 'system')", name="held_by_people"),
    )

    def in_force(self, on: date) -> bool:
        return self.active and self.since <= on and (self.until is None or self.until >= on)


class LoginSession(Model):
    """A signed-in browser. The cookie carries a secret whose digest stands here; ended rows open nothing."""

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("posts.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[SessionEnd | None] = mapped_column(EnumText(SessionEnd))
    ip: Mapped[str] = mapped_column(sa.String(45))
    agent: Mapped[str] = mapped_column(sa.String(200))


class LoginAttempt(Model):
    """Every try to sign in, on any path: what throttling counts and officers may read."""

    __tablename__ = "login_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    username: Mapped[str] = mapped_column(sa.String(64), index=True)
    ip: Mapped[str] = mapped_column(sa.String(45))
    result: Mapped[AttemptResult] = mapped_column(EnumText(AttemptResult))

    __table_args__ = (sa.Index("ix_login_attempts_ip_at", "ip", "at"),)


class BlacklistEntry(Model):
    """黑名单: while in force, the person may not apply, be recommended or be issued a certificate."""

    __tablename__ = "blacklist_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(300))
    source_document: Mapped[str] = mapped_column(sa.String(120), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    person: Mapped[Person] = relationship()

    __table_args__ = (sa.CheckConstraint("ends_on >= starts_on", name="dates_in_order"),)

    def __str__(self) -> str:
        return self.person.name


class UnitRegistration(FileColumns, Model):
    """公服账号注册: a unit asks for an account, with its licence as the file. Approved, it is a body, new or known.

    A credit code may have many over the years; one waits at a time, and reserves its user name.
    """

    __tablename__ = "unit_registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_code: Mapped[str] = mapped_column(sa.String(18), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    nature: Mapped[BodyNature] = mapped_column(EnumText(BodyNature))
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"), index=True)
    contact_name: Mapped[str] = mapped_column(sa.String(60))
    contact_id_number: Mapped[str] = mapped_column(EncryptedText)
    contact_id_masked: Mapped[str] = mapped_column(sa.String(18))
    contact_phone: Mapped[str] = mapped_column(EncryptedText)
    contact_phone_masked: Mapped[str] = mapped_column(sa.String(20))
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    consent_version: Mapped[str] = mapped_column(sa.String(20), default="")
    username: Mapped[str] = mapped_column(sa.String(32))
    password: Mapped[str] = mapped_column(sa.String(200))
    status: Mapped[RegistrationStatus] = mapped_column(
        EnumText(RegistrationStatus), default=RegistrationStatus.SUBMITTED, index=True
    )
    opinion: Mapped[str] = mapped_column(sa.String(300), default="")
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    body_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bodies.id"))

    region: Mapped[Region] = relationship()

    __table_args__ = (
        one_of("nature", BodyNature),
        one_of("status", RegistrationStatus),
        sa.CheckConstraint("(status = 'approved') = (body_id IS NOT NULL)", name="approved_is_a_body"),
        *(
            sa.Index(
                f"uq_unit_registrations_waiting_{column}",
                column,
                unique=True,
                sqlite_where=sa.text("status = 'submitted'"),
                postgresql_where=sa.text("status = 'submitted'"),
            )
            for column in ("credit_code", "username")
        ),
    )

    def __str__(self) -> str:
        return self.name


class UnmaskLog(Model):
    """谁看过我的证件号: each unmasking, shown to the person it concerns."""

    __tablename__ = "unmask_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    registration_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit_registrations.id"), index=True)
    """Whose contact it was: he becomes a person when the registration is approved."""
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    by_name: Mapped[str] = mapped_column(sa.String(80))
    by_body: Mapped[str] = mapped_column(sa.String(120))
    purpose: Mapped[str] = mapped_column(sa.String(120))

    __table_args__ = (sa.CheckConstraint("person_id IS NOT NULL OR registration_id IS NOT NULL", name="of_somebody"),)
