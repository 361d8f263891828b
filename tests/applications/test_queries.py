from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.accounts.models import Person
from app.applications import queries
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.enums import Section
from app.applications.models import Application
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.core import clock
from app.core.db import db, read_session
from tests.applications.world import SYSTEM, World


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent while the block runs."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN":
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def found(world: World, by: str, body: str, values: dict[str, Any] | None = None) -> list[int]:
    with read_session(world.actors[by]) as session:
        query = queries.inbox(world.ids[body], values or {})
        return [row.id for row in session.scalars(query.order_by(Application.state_since, Application.id))]


def test_the_inbox_is_what_waits_for_the_body_longest_first(world: World) -> None:
    late = world.at("department")
    early = world.at("department")
    fresh = world.at("unit")
    world.days.pass_(hours=1)
    world.returns("department", late)
    assert found(world, "department", "department") == [early]
    assert found(world, "unit", "unit") == [fresh, late]  # what came back waits there too
    assert found(world, "sibling", "unit") == []
    assert found(world, "department", "department", {"state": S.AT_OFFICE}) == []


def test_the_conditions_of_a_queue(world: World) -> None:
    wang, li = world.applicant("王小明"), world.applicant("李雷")
    one = world.submitted(wang)
    world.days.pass_(days=5)
    two = world.submitted(li, M.REVIEW)
    with read_session(SYSTEM) as session:
        number = session.get_one(Person, li.person_id).id_number
    for values, expected in (
        ({}, [one, two]),
        ({"name": "小"}, [one]),
        ({"name": "%"}, []),
        ({"id_number": number}, [two]),
        ({"id_number": f" {number.lower()} "}, [two]),
        ({"id_number": number[:17]}, []),
        ({"year": 2026}, [one, two]),
        ({"year": 2025}, []),
        ({"method": M.REVIEW}, [two]),
        ({"level": L.ASSISTANT}, [one]),
        ({"series_id": world.series_id + 1}, []),
        ({"waited_over": 4}, [one]),
        ({"waited_over": 5}, []),
        ({"name": "小", "method": M.REVIEW}, []),
    ):
        assert found(world, "unit", "unit", values) == expected, values


@pytest.mark.parametrize("many", [1, 4])
def test_a_page_of_the_queue_is_one_statement(world: World, many: int) -> None:
    for _ in range(many):
        world.at("unit")
    with read_session(world.actors["unit"]) as session, counted() as sent:
        rows = session.scalars(queries.inbox(world.ids["unit"], {})).all()
        shown = [
            (r.employer.name, r.title.name, r.speciality.name, r.current_body and r.current_body.name) for r in rows
        ]
    assert (len(shown), len(sent)) == (many, 1)


def test_the_dossier_is_a_fixed_number_of_statements(world: World) -> None:
    person = world.applicant()
    key = world.at("office", actor=person)
    world.returns("office", key)
    with read_session(world.actors["office"]) as session, counted() as sent:
        application = queries.dossier(session, key)
        assert application is not None
        assert [step.to_body.name for step in application.steps if step.to_body][-1] == "住房和城乡建设局"
        assert {material.requirement.code for material in application.materials} >= {"PHOTO", "ID_CARD"}
        assert next(node.body.name for node in application.nodes) == "排水事务中心"
        grouped = queries.records_by_section(application)
        assert application.final_body.name == "专业技术人员管理处"
    assert len(sent) == 5
    assert list(grouped) == list(Section)
    assert grouped[Section.EDUCATION][0]["school"] == "湖南大学"
    assert grouped[Section.PAPERS] == []


def test_a_dossier_out_of_scope_is_none(world: World) -> None:
    key = world.at("unit")
    with read_session(world.actors["sibling"]) as session:
        assert queries.dossier(session, key) is None


def test_what_waits_is_counted_with_its_oldest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.at("unit")
    since = clock.now()
    world.days.pass_(days=3)
    world.at("unit")
    back = world.at("department")
    world.returns("department", back)
    with read_session(world.actors["unit"]) as session:
        waiting = queries.waiting_for(session, world.ids["unit"])
        assert [(w.state, w.count) for w in waiting] == [(S.AT_EMPLOYER, 2), (S.RETURNED, 1)]
        assert waiting[0].oldest == since
        monkeypatch.setattr(queries, "COUNT_CAP", 1)
        assert [w.count for w in queries.waiting_for(session, world.ids["unit"])] == [1, 1]
    with read_session(world.actors["sibling"]) as session:
        assert queries.waiting_for(session, world.ids["unit"]) == []


def test_mine_are_the_newest_first(world: World) -> None:
    person = world.applicant()
    first = world.at("unit", actor=person)
    world.decide("unit", first, A.DECLINE, "考核不合格。")
    second = world.draft(person)
    world.at("unit")
    with read_session(person) as session:
        assert [row.id for row in session.scalars(queries.mine(person.person_id or 0))] == [second, first]


def test_plannable_are_the_rechecked_of_a_batch(world: World) -> None:
    key, waiting = world.at("committee", M.REVIEW), world.at("committee", M.REVIEW)
    world.decide("committee", key, A.APPROVE)
    with read_session(world.actors["committee"]) as session:
        rows = session.scalars(queries.plannable(world.ids["committee"], world.batch_id)).all()
        assert [row.id for row in rows] == [key]
        assert session.scalars(queries.plannable(world.ids["committee"], world.batch_id + 1)).all() == []
    assert waiting != key


def test_what_a_body_did_lately(world: World) -> None:
    key = world.at("office")
    with read_session(world.actors["department"]) as session, counted() as sent:
        steps = queries.last_steps(session, world.ids["department"])
        assert [(step.action, step.application.id) for step in steps] == [(A.APPROVE, key)]
    assert len(sent) == 1


def test_how_long_it_has_been_where_it_is(world: World) -> None:
    key = world.at("unit")
    world.days.pass_(days=2, hours=1)
    assert queries.waited(world.get(key)) == 2 * 86_400 + 3600


def test_the_queue_uses_its_index(world: World) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the plan is SQLite's")
    query = queries.inbox(1, {}, {S.AT_OFFICE}).order_by(Application.state_since, Application.id).limit(20)
    text = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
    with db.engine.connect() as connection:
        plan = " ".join(row[3] for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")))
    assert "ix_applications_queue" in plan
    assert "USE TEMP B-TREE" not in plan
