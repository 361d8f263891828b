"""What each post sees of an application as it travels."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.accounts.models import Person
from app.applications.enums import ApplicationAction as A
from app.applications.models import (
    Application,
    ApplicationMaterial,
    ApplicationNode,
    ApplicationStep,
    DossierRecord,
)
from app.applications.rules import HEAD
from app.bodies.enums import NodeType
from app.catalog.enums import AcquisitionMethod as M
from app.core.db import read_session, unit_of_work
from app.core.errors import ScopeViolation
from app.core.scope import Actor
from tests.applications.world import World

REGION = {"hr", "province", "special"}


def seen_by(world: World, key: int) -> set[str]:
    return {name for name, actor in world.actors.items() if world.sees(actor, key)}


def test_a_draft_is_its_applicants_alone(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    assert seen_by(world, key) == set()
    assert world.sees(person, key)
    assert not world.sees(world.applicant(), key)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("unit", {"unit"}),
        ("department", {"unit", "department", "unit_at_department"}),
        ("office", {"unit", "department", "unit_at_department", "office"}),
        ("committee", {"unit", "department", "unit_at_department", "office", "committee"}),
    ],
)
def test_it_is_seen_where_it_has_been_and_by_its_regions_officers(world: World, place: str, expected: set[str]) -> None:
    key = world.at(place, M.REVIEW)
    assert seen_by(world, key) == expected | REGION


def test_what_went_back_stays_visible_above(world: World) -> None:
    person = world.applicant()
    key = world.at("office", actor=person)
    before = seen_by(world, key)
    world.returns("office", key, HEAD)
    world.decide("department", key, A.RETURN, "请补正。")
    world.decide("unit", key, A.RETURN, "请补正。")
    assert seen_by(world, key) == before
    world.submit(person, key)
    assert seen_by(world, key) == before


def test_an_officer_at_a_title_office_sees_what_reached_it_from_elsewhere(world: World) -> None:
    key = world.at("office")
    with unit_of_work(Actor.system("test")) as session:
        session.get_one(Application, key).region_code = "430200"
    assert seen_by(world, key) == {
        *("unit", "department", "unit_at_department", "office"),
        *("hr", "province", "special", "far_hr"),
    }


def test_a_post_without_body_or_region_sees_nothing(world: World) -> None:
    key = world.at("office")
    for actor in world.actors.values():
        assert not world.sees(Actor(actor.role), key)


@pytest.mark.parametrize(
    "model", [ApplicationNode, ApplicationStep, DossierRecord, ApplicationMaterial], ids=lambda model: model.__name__
)
def test_the_parts_are_seen_with_the_whole(world: World, model: type) -> None:
    person = world.applicant()
    key = world.at("department", actor=person)
    for name, actor in {**world.actors, "owner": person, "other": world.applicant()}.items():
        with read_session(actor) as session:
            count = session.scalar(sa.select(sa.func.count()).select_from(model).where(model.application_id == key))
        assert bool(count) is world.sees(actor, key), name


def test_officers_see_the_person_of_an_application_they_see(world: World) -> None:
    person = world.applicant()
    world.at("department", actor=person)
    for name, visible in (("unit", True), ("department", True), ("office", False), ("sibling", False), ("hr", True)):
        with read_session(world.actors[name]) as session:
            assert (session.get(Person, person.person_id) is not None) is visible, name


def test_an_application_is_not_written_from_outside(world: World) -> None:
    person, other = world.applicant(), world.applicant()
    key = world.at("unit", actor=person)
    with unit_of_work(other) as session:
        assert session.get(Application, key) is None
    foreign = ApplicationNode(
        application_id=key, seq=9, body_id=world.ids["sibling"], node_type=NodeType.UNIT, is_final=False
    )
    with unit_of_work(world.actors["sibling"]) as session:
        session.add(foreign)
        with pytest.raises(ScopeViolation):
            session.flush()
        session.rollback()
