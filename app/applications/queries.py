"""Reading applications: queues, the dossier, the trail, what waits for whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.accounts.rules import normalise_id_number
from app.applications.enums import (
    AWAITING_DECISION,
    ENDED,
    WITHOUT_HOLDER,
    ApplicationAction,
    ApplicationState,
    Section,
)
from app.applications.models import Application, ApplicationMaterial, ApplicationNode, ApplicationStep
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance, Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Speciality
from app.catalog.queries import speciality_and_below
from app.committees.models import Committee, CoveredSpeciality
from app.core import clock, crypto
from app.core.scope import elevated

LIST_OPTIONS = (
    joinedload(Application.employer),
    joinedload(Application.series),
    joinedload(Application.title),
    joinedload(Application.speciality),
    joinedload(Application.current_body),
    joinedload(Application.final_body),
)
COUNT_CAP = 1000


def listing(values: dict[str, Any]) -> sa.Select[tuple[Application]]:
    """Applications within scope by the conditions every queue offers; ready for keyset paging.

    `values`: name (a part), id_number (whole), year, series_id, level, method, state, waited_over (days).
    """
    query = sa.select(Application).options(*LIST_OPTIONS)
    if name := values.get("name"):
        query = query.where(Application.applicant_name.contains(name, autoescape=True))
    if number := values.get("id_number"):
        query = query.where(Application.id_digest == crypto.keys().digest(normalise_id_number(number)))
    for column in ("year", "series_id", "level", "method", "state"):
        if values.get(column):
            query = query.where(getattr(Application, column) == values[column])
    if days := values.get("waited_over"):
        query = query.where(Application.state_since < clock.now() - timedelta(days=days))
    return query


def inbox(
    body_id: int, values: dict[str, Any], states: Collection[ApplicationState] = AWAITING_DECISION
) -> sa.Select[Any]:
    """What waits for a body, longest waiting first: (state_since, id) is the key."""
    query = listing(values).where(Application.current_body_id == body_id)
    return query if values.get("state") else query.where(Application.state.in_(states))


OVER = ENDED | {ApplicationState.CERTIFIED}


@singledispatch
def leaning_on(row: Any) -> sa.ColumnElement[bool]:
    """The applications under way that the end of a record would reach: what-if, by the record's class."""
    raise TypeError(f"nothing is said of {type(row).__name__}")


@leaning_on.register
def _(edge: PathEdge) -> sa.ColumnElement[bool]:
    """Handed in over the edge, with it still ahead; one with its applicant has its whole way ahead."""
    low, high = sa.orm.aliased(ApplicationNode), sa.orm.aliased(ApplicationNode)
    climbs = (
        sa.exists()
        .where(low.application_id == Application.id, low.body_id == edge.subordinate_id)
        .where(high.application_id == Application.id, high.body_id == edge.superior_id)
        .where(high.seq == low.seq + 1, low.seq >= sa.func.coalesce(Application.current_seq, 1))
    )
    methods = [method for method in AcquisitionMethod if Procedure.of(method, edge.level) is edge.procedure]
    condition = sa.and_(_under_way(), Application.level == edge.level, Application.method.in_(methods), climbs)
    if edge.series_id is not None:
        condition = sa.and_(condition, Application.series_id == edge.series_id)
    if edge.speciality_id is not None:
        condition = sa.and_(condition, Application.speciality_id.in_(speciality_and_below(edge.speciality_id)))
    return condition


@leaning_on.register
def _(acceptance: Acceptance) -> sa.ColumnElement[bool]:
    return sa.and_(
        _under_way(),
        Application.final_body_id == acceptance.body_id,
        Application.method == acceptance.method,
        Application.level == acceptance.level,
    )


@leaning_on.register
def _(body: Body) -> sa.ColumnElement[bool]:
    """Those of its own people, those it decides, and those that have yet to pass it."""
    ahead = sa.exists().where(
        ApplicationNode.application_id == Application.id,
        ApplicationNode.body_id == body.id,
        ApplicationNode.seq >= sa.func.coalesce(Application.current_seq, 1),
    )
    return sa.and_(
        _under_way(), sa.or_(Application.employer_id == body.id, Application.final_body_id == body.id, ahead)
    )


@leaning_on.register
def _(committee: Committee) -> sa.ColumnElement[bool]:
    return sa.and_(_under_way(), Application.final_body_id == committee.body_id)


@leaning_on.register
def _(covered: CoveredSpeciality) -> sa.ColumnElement[bool]:
    """What the committee would cover no more: nothing else it covers lies above the speciality."""
    others = sa.select(CoveredSpeciality.speciality_id).where(
        CoveredSpeciality.committee_id == covered.committee_id, CoveredSpeciality.id != covered.id
    )
    kept = sa.select(Speciality.id).where(Speciality.id.in_(others)).cte("kept", recursive=True)
    kept = kept.union(sa.select(Speciality.id).where(Speciality.parent_id == kept.c.id))
    return sa.and_(
        _under_way(),
        Application.final_body_id == covered.committee_id,
        Application.speciality_id.in_(speciality_and_below(covered.speciality_id)),
        Application.speciality_id.not_in(sa.select(kept.c.id)),
    )


def _under_way() -> sa.ColumnElement[bool]:
    return Application.state.not_in(OVER)


def dossier(session: Session, application_id: int) -> Application | None:
    """An application with its records, materials, path and steps: a fixed number of queries."""
    return session.scalar(
        sa.select(Application)
        .where(Application.id == application_id)
        .options(
            *LIST_OPTIONS,
            joinedload(Application.batch),
            selectinload(Application.records),
            selectinload(Application.materials).joinedload(ApplicationMaterial.requirement),
            selectinload(Application.nodes).joinedload(ApplicationNode.body),
            selectinload(Application.steps).joinedload(ApplicationStep.to_body),
        )
    )


def materials_on_file(
    session: Session, application: Application, requirement_ids: Collection[int]
) -> list[ApplicationMaterial]:
    """What the person uploaded for other applications against the same lines of the checklist, newest first.

    What is on file is offered, never demanded again (law.md).
    """
    return list(
        session.scalars(
            sa.select(ApplicationMaterial)
            .join(Application, Application.id == ApplicationMaterial.application_id)
            .where(
                Application.person_id == application.person_id,
                Application.id != application.id,
                ApplicationMaterial.requirement_id.in_(requirement_ids),
            )
            .options(joinedload(ApplicationMaterial.requirement))
            .order_by(ApplicationMaterial.id.desc())
            .limit(50)
        )
    )


def records_by_section(application: Application) -> dict[Section, list[dict[str, Any]]]:
    """The dossier's entries by section, in the guide's order."""
    grouped: dict[Section, list[dict[str, Any]]] = {section: [] for section in Section}
    for record in application.records:
        grouped[record.section].append(record.data)
    return grouped


def mine(person_id: int) -> sa.Select[tuple[Application]]:
    return (
        sa.select(Application)
        .where(Application.person_id == person_id)
        .options(*LIST_OPTIONS)
        .order_by(Application.id.desc())
    )


def plannable(committee_id: int, batch_id: int) -> sa.Select[tuple[Application]]:
    """Rechecked applications of a batch: who may become a candidate."""
    return (
        sa.select(Application)
        .where(
            Application.final_body_id == committee_id,
            Application.batch_id == batch_id,
            Application.state == ApplicationState.RECHECKED,
        )
        .options(*LIST_OPTIONS)
        .order_by(Application.id)
    )


@dataclass(frozen=True)
class Waiting:
    """How many applications of a state wait for a body, and since when the oldest."""

    state: ApplicationState
    count: int
    oldest: datetime


def waiting_for(session: Session, body_id: int) -> list[Waiting]:
    """What waits for a body by state; counts stop at COUNT_CAP, so a full queue costs no more than a short one."""
    found = []
    for state in (state for state in ApplicationState if state not in WITHOUT_HOLDER):
        rows = (
            sa.select(Application.state_since)
            .where(Application.current_body_id == body_id, Application.state == state)
            .order_by(Application.state_since)
            .limit(COUNT_CAP)
            .subquery()
        )
        count, oldest = session.execute(sa.select(sa.func.count(), sa.func.min(rows.c.state_since))).one()
        if count:
            found.append(Waiting(state, count, oldest))
    return found


def last_steps(session: Session, body_id: int, limit: int = 10) -> list[ApplicationStep]:
    """What a body did lately."""
    return list(
        session.scalars(
            sa.select(ApplicationStep)
            .where(ApplicationStep.from_body_id == body_id)
            .options(joinedload(ApplicationStep.application))
            .order_by(ApplicationStep.at.desc())
            .limit(limit)
        )
    )


def recommended(session: Session, body_id: int, year: int, level: TitleLevel, but: int | None = None) -> int:
    """How many applications of a year and level a unit has sent up that have not ended, without the one `but`."""
    with elevated(session, "a quota counts every application the unit has sent up"):
        return (
            session.scalar(
                sa.select(sa.func.count(sa.distinct(ApplicationStep.application_id)))
                .join(Application, Application.id == ApplicationStep.application_id)
                .where(
                    ApplicationStep.action == ApplicationAction.FORWARD,
                    Application.employer_id == body_id,
                    Application.year == year,
                    Application.level == level,
                    Application.state.not_in(ENDED),
                    Application.id != (but or 0),
                )
            )
            or 0
        )


def waited(application: Application) -> int:
    """Seconds the application has been where it is now."""
    return max(int((clock.now() - application.state_since).total_seconds()), 0)
