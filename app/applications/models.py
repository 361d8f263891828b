"""Tables of applications: the row, its path as it stood at submission, its dossier, and its steps."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.applications.enums import ENDED, WITHOUT_HOLDER, ApplicationAction, ApplicationState, Section
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import MaterialRequirement, Speciality, Title, TitleSeries
from app.committees.models import AnnualBatch
from app.core.db import EnumText, JsonText, Model, UtcDateTime, one_of
from app.core.storage import FileColumns


def _values(states: frozenset[ApplicationState]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))


class Application(Model):
    """申报. `state` is changed by `services.move` alone; `version` lets one of two deciders win."""

    __tablename__ = "applications"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), index=True)
    applicant_name: Mapped[str] = mapped_column(sa.String(60), index=True)
    id_masked: Mapped[str] = mapped_column(sa.String(18))
    id_digest: Mapped[str] = mapped_column(sa.String(64), index=True)
    year: Mapped[int]
    employer_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"), index=True)
    method: Mapped[AcquisitionMethod] = mapped_column(EnumText(AcquisitionMethod))
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    series_id: Mapped[int] = mapped_column(sa.ForeignKey("title_series.id"))
    title_id: Mapped[int] = mapped_column(sa.ForeignKey("titles.id"))
    speciality_id: Mapped[int] = mapped_column(sa.ForeignKey("specialities.id"))
    final_body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("annual_batches.id"), index=True)

    state: Mapped[ApplicationState] = mapped_column(EnumText(ApplicationState), default=ApplicationState.DRAFT)
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    current_seq: Mapped[int | None]
    current_body_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bodies.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    correction_due: Mapped[date | None]
    step_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = relationship()
    employer: Mapped[Body] = relationship(foreign_keys=[employer_id])
    final_body: Mapped[Body] = relationship(foreign_keys=[final_body_id])
    current_body: Mapped[Body | None] = relationship(foreign_keys=[current_body_id])
    series: Mapped[TitleSeries] = relationship()
    title: Mapped[Title] = relationship()
    speciality: Mapped[Speciality] = relationship()
    batch: Mapped[AnnualBatch | None] = relationship()
    nodes: Mapped[list[ApplicationNode]] = relationship(back_populates="application", order_by="ApplicationNode.seq")
    steps: Mapped[list[ApplicationStep]] = relationship(back_populates="application", order_by="ApplicationStep.seq")
    records: Mapped[list[DossierRecord]] = relationship(
        back_populates="application", order_by="DossierRecord.section, DossierRecord.seq"
    )
    materials: Mapped[list[ApplicationMaterial]] = relationship(
        back_populates="application", order_by="ApplicationMaterial.id"
    )

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        one_of("state", ApplicationState),
        one_of("method", AcquisitionMethod),
        one_of("level", TitleLevel),
        sa.CheckConstraint(
            f"(state IN ({_values(WITHOUT_HOLDER)})) = (current_body_id IS NULL)", name="held_by_one_body"
        ),
        sa.CheckConstraint("(current_body_id IS NULL) = (current_seq IS NULL)", name="held_at_a_node"),
        sa.CheckConstraint(
            "state = 'draft' OR state = 'withdrawn' OR submitted_at IS NOT NULL", name="submitted_has_time"
        ),
        sa.CheckConstraint("(state = 'correcting') = (correction_due IS NOT NULL)", name="correction_has_due"),
        sa.CheckConstraint("method <> 'review' OR batch_id IS NOT NULL", name="review_has_batch"),
        sa.Index(
            "uq_applications_one_a_year",
            "person_id",
            "year",
            unique=True,
            sqlite_where=sa.text(f"state NOT IN ({_values(ENDED)})"),
            postgresql_where=sa.text(f"state NOT IN ({_values(ENDED)})"),
        ),
        sa.Index("ix_applications_queue", "current_body_id", "state", "state_since", "id"),
        sa.Index("ix_applications_final_state", "final_body_id", "state", "id"),
    )

    @property
    def number(self) -> str:
        """申报编号: the year and the row's own number."""
        return number_of(self.year, self.id)


def number_of(year: int, key: int) -> str:
    return f"{year}{key:08d}"


class ApplicationNode(Model):
    """The approval path as copied at submission: 1 is the employer, the last the final authority."""

    __tablename__ = "application_nodes"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"))
    node_type: Mapped[NodeType] = mapped_column(EnumText(NodeType))
    is_final: Mapped[bool]
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    application: Mapped[Application] = relationship(back_populates="nodes", foreign_keys=[application_id])
    body: Mapped[Body] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("application_id", "body_id"),
        sa.Index("ix_application_nodes_body", "body_id", "application_id"),
        sa.CheckConstraint("seq >= 1", name="seq_from_one"),
        one_of("node_type", NodeType),
    )


class ApplicationStep(Model):
    """One change of state, appended in its transaction: never edited, never removed."""

    __tablename__ = "application_steps"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[ApplicationAction] = mapped_column(EnumText(ApplicationAction))
    from_state: Mapped[ApplicationState] = mapped_column(EnumText(ApplicationState))
    to_state: Mapped[ApplicationState] = mapped_column(EnumText(ApplicationState))
    from_body_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bodies.id"))
    to_body_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bodies.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    waited_seconds: Mapped[int]
    actor_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    actor_post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("posts.id"))
    actor_name: Mapped[str] = mapped_column(sa.String(80))
    actor_role: Mapped[str] = mapped_column(sa.String(40))
    actor_body_name: Mapped[str] = mapped_column(sa.String(120))
    opinion: Mapped[str] = mapped_column(sa.Text, default="")
    items: Mapped[list[dict[str, str]]] = mapped_column(JsonText, default=list)
    """What must be mended: [{"target": "section:papers" | "material:ID_CARD", "note": …}]."""

    application: Mapped[Application] = relationship(back_populates="steps")
    from_body: Mapped[Body | None] = relationship(foreign_keys=[from_body_id])
    to_body: Mapped[Body | None] = relationship(foreign_keys=[to_body_id])

    __table_args__ = (
        sa.CheckConstraint("waited_seconds >= 0", name="waited_forward"),
        sa.Index("ix_application_steps_body_at", "from_body_id", "at"),
    )


class DossierRecord(Model):
    """One entry of a section of the dossier; `data` holds the section's fields, checked by `rules`."""

    __tablename__ = "dossier_records"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"))
    section: Mapped[Section] = mapped_column(EnumText(Section))
    seq: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(JsonText)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    application: Mapped[Application] = relationship(back_populates="records")

    __table_args__ = (one_of("section", Section), sa.UniqueConstraint("application_id", "section", "seq"))


class ApplicationMaterial(FileColumns, Model):
    """申报材料: one uploaded file against a line of the checklist."""

    __tablename__ = "application_materials"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    requirement_id: Mapped[int] = mapped_column(sa.ForeignKey("material_requirements.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    application: Mapped[Application] = relationship(back_populates="materials")
    requirement: Mapped[MaterialRequirement] = relationship()
