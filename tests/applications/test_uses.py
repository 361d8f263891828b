"""What applications use of the two trees is named when somebody would delete it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance
from app.catalog import services as catalog
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.committees import services as committees
from app.committees.models import AnnualBatch
from app.core import clock
from app.core.db import read_session
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from app.quotas import services as quotas
from app.quotas.models import PostQuota
from tests.applications.world import World
from tests.places import PROVINCE, SYSTEM, act, actor_of
from tests.races import together


def test_a_draft_nobody_else_sees_still_holds_its_speciality_and_title(world: World) -> None:
    row = world.get(world.draft(world.applicant()))
    with pytest.raises(Refusal, match="1 份职称申报"):
        act(PROVINCE, catalog.delete_speciality, speciality_id=row.speciality_id)
    with pytest.raises(Refusal, match="1 份职称申报"):
        act(PROVINCE, catalog.delete_title, title_id=row.title_id)
    with pytest.raises(Invalid, match="不能改变职称级别"):
        act(PROVINCE, catalog.change_title, title_id=row.title_id, level=TitleLevel.FULL_SENIOR, name="教授级")


def test_a_batch_somebody_entered_can_only_be_lengthened(world: World) -> None:
    row = world.get(world.draft(world.applicant(), AcquisitionMethod.REVIEW))
    actor = actor_of(row.final_body_id, Role.COMMITTEE)
    with read_session(SYSTEM) as session:
        batch = session.get_one(AnnualBatch, row.batch_id)
        values = {name: getattr(batch, name) for name in ("opens_on", "closes_on", "review_from", "review_until")}
        values |= {"name": batch.name, "levels": [TitleLevel(value) for value in batch.levels]}
    at = {"batch_id": row.batch_id}
    for changes in (
        {"name": "改名"},
        {"levels": [TitleLevel.FULL_SENIOR]},
        {"opens_on": values["opens_on"] - timedelta(days=1)},
        {"closes_on": values["closes_on"] - timedelta(days=1)},
    ):
        with pytest.raises(Refusal, match="已有1 份职称申报，只能延长"):
            act(actor, committees.change_batch, **at, **(values | changes))
    later = values["closes_on"] + timedelta(days=1)
    act(actor, committees.change_batch, **at, **(values | {"closes_on": later}))
    with read_session(SYSTEM) as session:
        assert session.get_one(AnnualBatch, row.batch_id).closes_on == later


def test_a_body_an_application_has_yet_to_pass_stays(world: World) -> None:
    row = world.get(world.draft(world.applicant()))
    with read_session(SYSTEM) as session:
        assert uses.body_in_use(session, row.employer_id) == "1 份职称申报"
        assert uses.body_in_use(session, row.final_body_id) == "1 份职称申报"
        assert uses.body_in_use(session, 999_999) is None


def test_applications_on_their_way_are_counted_by_edge_and_acceptance(world: World) -> None:
    row = world.get(world.submitted(world.applicant()))
    with read_session(SYSTEM) as session:
        nodes = world.get(row.id).nodes
        first, second, last = nodes[0].body_id, nodes[1].body_id, nodes[-1].body_id
        edges = session.scalars(sa.select(PathEdge).where(PathEdge.level == row.level)).all()
        here = [one for one in edges if (one.subordinate_id, one.superior_id) == (first, second)]
        assert [uses.riding(session, one) for one in here] == ["1 份职称申报"]
        assert all(uses.riding(session, one) is None for one in edges if one.subordinate_id == last)
        taken = session.scalars(sa.select(Acceptance).where(Acceptance.body_id == row.final_body_id)).all()
        assert [uses.bound_for(session, one) for one in taken if one.level == row.level] == ["1 份职称申报"]


def approved(world: World, **numbers: int) -> int:
    """The unit's quota of 助理级, as its superior has granted it."""
    unit, office = world.actors["unit"], world.actors["department"]
    values = {"year": 2026, "level": TitleLevel.ASSISTANT, "posts": 9, "occupied": 4, "asked": 5}
    key = act(unit, quotas.declare, **values)
    return act(office, quotas.decide, quota_id=key, version=1, approve=True, **numbers)


def correct(world: World, key: int, granted: int) -> int:
    with read_session(SYSTEM) as session:
        version = session.get_one(PostQuota, key).version
    values = {"quota_id": key, "version": version, "granted": granted, "opinion": "核减"}
    return act(world.actors["department"], quotas.correct, **values)


def test_a_quota_is_not_corrected_below_what_went_up(world: World) -> None:
    first, second, third = (world.at("unit") for _ in range(3))
    world.publish_and_wait(first, second, third)
    world.forward(first)
    world.forward(second)
    key = approved(world, granted=4)
    with pytest.raises(Invalid, match="已单位推荐上报 2 人，核准职数不能少于 2。"):
        correct(world, key, 1)
    correct(world, key, 2)
    with pytest.raises(Refusal, match="助理级职数 2 个已用完。"):
        world.forward(third)
    correct(world, key, 3)
    world.forward(third)
    with read_session(SYSTEM) as session:
        assert quotas.taken(session, session.get_one(PostQuota, key)) == 3


def test_a_place_is_not_taken_while_it_is_taken_away(app: Flask, world: World) -> None:
    keys = [world.at("unit") for _ in range(2)]
    world.publish_and_wait(*keys)
    world.forward(keys[0])
    key = approved(world, granted=2)
    outcome = together(app, clock.now(), [lambda: world.forward(keys[1]), lambda: correct(world, key, 1)])
    assert sorted(map(bool, outcome)) == [False, True], outcome
    with read_session(SYSTEM) as session:
        quota = session.get_one(PostQuota, key)
        assert quotas.taken(session, quota) <= (quota.granted or 0)
