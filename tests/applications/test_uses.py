"""What applications use of the two trees is named when somebody would delete it."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance
from app.catalog import services as catalog
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.committees import services as committees
from app.committees.models import AnnualBatch, BatchSpeciality, Committee, CoveredSpeciality
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from app.quotas import services as quotas
from app.quotas.models import PostQuota
from app.web.cautions import cautions
from tests.applications.world import World
from tests.http import Doors
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


@pytest.fixture
def entered(world: World) -> AnnualBatch:
    """A batch of 给排水 alone that somebody has entered."""
    with unit_of_work(SYSTEM) as session:
        batch = session.get_one(AnnualBatch, world.batch_id)
        batch.specialities = [BatchSpeciality(speciality_id=world.speciality_id)]
        session.add(CoveredSpeciality(committee_id=batch.committee_id, speciality_id=world.other_speciality_id))
    world.draft(world.applicant(), AcquisitionMethod.REVIEW)
    with read_session(SYSTEM) as session:
        return session.get_one(AnnualBatch, world.batch_id)


def change(batch: AnnualBatch, **changes: Any) -> None:
    names = ("name", "opens_on", "closes_on", "review_from", "review_until")
    values = {name: getattr(batch, name) for name in names} | {"levels": [TitleLevel(one) for one in batch.levels]}
    with read_session(SYSTEM) as session:
        values["speciality_ids"] = session.get_one(AnnualBatch, batch.id).speciality_ids
    actor = actor_of(batch.committee_id, Role.COMMITTEE)
    act(actor, committees.change_batch, batch_id=batch.id, **(values | changes))


def test_a_batch_somebody_entered_can_only_be_lengthened_and_widened(world: World, entered: AnnualBatch) -> None:
    for changes in (
        {"name": "改名"},
        {"levels": [TitleLevel.FULL_SENIOR]},
        {"opens_on": entered.opens_on - timedelta(days=1)},
        {"closes_on": entered.closes_on - timedelta(days=1)},
        {"speciality_ids": [world.other_speciality_id]},
    ):
        with pytest.raises(Refusal, match="已有 1 份职称申报，只能延长申报截止日期、增加专业和调整评审日期。"):
            change(entered, **changes)
    later, both = entered.closes_on + timedelta(days=1), {world.speciality_id, world.other_speciality_id}
    change(entered, closes_on=later, speciality_ids=both)
    with read_session(SYSTEM) as session:
        batch = session.get_one(AnnualBatch, entered.id)
        assert (batch.closes_on, batch.speciality_ids) == (later, both)
    change(entered, closes_on=later, speciality_ids=())


def test_of_a_batch_in_use_the_form_asks_what_may_still_change(
    app: Flask, world: World, entered: AnnualBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = Doors(app, monkeypatch).enter(world.actors["committee"])
    path = f"/u142/{entered.id}/edit"
    page = http.get(path).text
    assert "该批次已有 1 份职称申报：名称、等级和申报开始日期不能再改" in page
    assert 'name="name"' not in page and 'name="levels"' not in page and 'name="closes_on"' in page
    sent = {"closes_on": "2026-10-31", "review_from": "2026-03-01", "review_until": "2027-01-31"}
    chosen = {"speciality_ids": [str(world.speciality_id)]}
    assert "只能延长申报截止日期" in http.post(path, data=sent | chosen | {"closes_on": "2026-10-30"}).text
    assert http.post(path, data=sent | chosen).status_code == 302
    with read_session(SYSTEM) as session:
        batch = session.get_one(AnnualBatch, entered.id)
        assert (batch.name, batch.levels) == ("年度评审", ["intermediate"])
        assert batch.review_until.isoformat() == "2027-01-31"
    assert "批次中的 1 份职称申报继续办理。" in http.get(f"/u142/{entered.id}/close").text


def test_a_closed_batch_still_holds_the_record_for_those_in_it(world: World, entered: AnnualBatch) -> None:
    act(PROVINCE, committees.close_batch, batch_id=entered.id, reason="名额已满")
    with read_session(SYSTEM) as session:
        row = session.get_one(Committee, entered.committee_id)
        names = ("printed_name", "member_count", "smaller_agreed_by", "recorded_on")
        values = {name: getattr(row, name) for name in names} | {"name": row.body.name}
    values |= {"contact_name": "", "contact_phone": "", "valid_until": date(2026, 6, 30)}
    with (
        pytest.raises(Invalid, match="“2026年 年度评审”计划评审到 2026-12-31，备案有效期不能早于这一天"),
        unit_of_work(PROVINCE) as session,
    ):
        committees.change_committee(session, actor=PROVINCE, committee_id=entered.committee_id, **values)


def test_applications_a_committee_would_cover_no_more_are_counted(
    app: Flask, world: World, entered: AnnualBatch
) -> None:
    world.draft(world.applicant(), AcquisitionMethod.INITIAL_DETERMINATION)
    with app.test_request_context(), read_session(SYSTEM) as session:
        rows = session.scalars(sa.select(CoveredSpeciality)).all()
        told = {row.speciality_id: uses.uncovered(session, row) for row in rows}
        said = [caution.words for row in rows for caution in cautions(session, row)]
    assert told == {world.speciality_id: "1 份职称申报", world.other_speciality_id: None}
    assert any(words.startswith("1 份职称申报正在办理，所报专业将不再由本评委会评审") for words in said)


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
