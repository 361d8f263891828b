"""What applications use of the two trees is named when somebody would delete it."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts.queries import units_of
from app.applications.enums import ApplicationState
from app.applications.models import Application
from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies import services as bodies
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
from tests.http import Doors, opened
from tests.people import make_actor
from tests.places import CITY, FAR, PROVINCE, SYSTEM, act, actor_of
from tests.threads import together


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
        with pytest.raises(
            Refusal, match=r"已有 1 份职称申报（编号 2.*），只能延长申报截止日期、增加专业和调整评审日期。"
        ):
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
    assert re.search("该批次已有 1 份职称申报（编号 2.*）：名称、等级和申报开始日期不能再改", page)
    assert 'name="name"' not in page and 'name="levels"' not in page and 'name="closes_on"' in page
    sent = {"closes_on": "2026-10-31", "review_from": "2026-03-01", "review_until": "2027-01-31"}
    chosen = {"speciality_ids": [str(world.speciality_id)]}
    assert (
        "只能延长申报截止日期"
        in http.post(path, data=sent | chosen | {"closes_on": "2026-10-30"} | opened(http, path)).text
    )
    assert http.post(path, data=sent | chosen | opened(http, path)).status_code == 302
    with read_session(SYSTEM) as session:
        batch = session.get_one(AnnualBatch, entered.id)
        assert (batch.name, batch.levels) == ("年度评审", ["intermediate"])
        assert batch.review_until.isoformat() == "2027-01-31"
    assert re.search(r"批次中的 1 份职称申报（编号 \d+）继续办理。", http.get(f"/u142/{entered.id}/close").text)


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
        told = {row.speciality_id: bool(uses.affected(session, row)) for row in rows}
        said = [caution.words for row in rows for caution in cautions(session, row)]
    assert told == {world.speciality_id: True, world.other_speciality_id: False}
    assert any("正在办理，所报专业将不再由本评委会评审" in words for words in said)


def test_a_body_an_application_has_yet_to_pass_stays(world: World) -> None:
    row = world.get(world.draft(world.applicant()))
    with read_session(SYSTEM) as session:
        assert uses.body_in_use(session, row.employer_id) == f"1 份职称申报（编号 {row.number}）"
        assert uses.body_in_use(session, row.final_body_id) == f"1 份职称申报（编号 {row.number}）"
        assert uses.body_in_use(session, 999_999) is None


def test_applications_on_their_way_are_counted_by_edge_and_acceptance(world: World) -> None:
    row = world.get(world.submitted(world.applicant()))
    with read_session(SYSTEM) as session:
        nodes = world.get(row.id).nodes
        first, second, last = nodes[0].body_id, nodes[1].body_id, nodes[-1].body_id
        edges = session.scalars(sa.select(PathEdge).where(PathEdge.level == row.level)).all()
        here = [one for one in edges if (one.subordinate_id, one.superior_id) == (first, second)]
        assert [uses.affected(session, one) for one in here] == [f"1 份职称申报（编号 {row.number}）"]
        assert all(uses.affected(session, one) is None for one in edges if one.subordinate_id == last)
        taken = session.scalars(sa.select(Acceptance).where(Acceptance.body_id == row.final_body_id)).all()
        assert [uses.affected(session, one) for one in taken if one.level == row.level] == [
            f"1 份职称申报（编号 {row.number}）"
        ]


def test_the_first_few_are_named(world: World) -> None:
    numbers = [world.get(world.draft(world.applicant())).number for _ in range(5)]
    with read_session(PROVINCE) as session:
        assert uses.speciality_in_use(session, world.speciality_id) == (
            f"5 份职称申报（编号 {'、'.join(numbers[:3])} 等）"
        )
    act(PROVINCE, catalog.create_speciality, parent_id=world.speciality_id, code="9901", name="智慧供水")


def test_adding_below_a_speciality_says_who_chose_it(world: World, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Doors(app, monkeypatch).enter(PROVINCE)
    form = f"/a1/node/{world.speciality_id}/new"
    assert "alert-warning" not in browser.get(form).text
    row, ended = (world.get(world.draft(world.applicant())) for _ in range(2))
    with unit_of_work(SYSTEM) as session:
        gone = session.get_one(Application, ended.id)
        gone.state = ApplicationState.WITHDRAWN
    page = browser.get(form).text
    assert f"1 份职称申报（编号 {row.number}）选择了“给排水”。在它下面新增专业以后，它本身不能再选" in page
    assert "选择了“给排水”" not in browser.get(f"/a1/node/{world.speciality_id}").text
    act(PROVINCE, catalog.create_speciality, parent_id=world.speciality_id, code="9901", name="智慧供水")
    assert "alert-warning" not in browser.get(form).text  # it has been no choice any more since then


def test_ending_a_body_says_which_applications_it_still_has_to_deal_with(
    world: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = world.get(world.submitted(world.applicant()))
    browser, key = Doors(app, monkeypatch).enter(CITY), world.ids["department"]
    words = f"1 份职称申报（编号 {row.number}）"
    asked, refused = (
        browser.get(f"/bodies/retire/{key}"),
        browser.post(f"/bodies/retire/{key}", data={"reason": "撤并"}),
    )
    assert (asked.status_code, refused.status_code) == (200, 409)
    for page in (asked.text, refused.text):
        assert f"{words}正在办理，由它推荐、审核或终审：办结以前不能注销。" in page
        assert f'href="/affected/body/{key}' in page
        assert "“住房和城乡建设局”正在使用，不能注销：" in page
        assert f"{words}；" in page or f"；{words}。" in page
        assert "注销原因" not in page and "保存</button>" not in page and "已检查" not in page


def test_an_applicants_unit_tells_him_from_his_namesakes(world: World) -> None:
    key = world.at("unit")
    for actor, seen in ((PROVINCE, True), (FAR, False)):
        with read_session(SYSTEM) as session:
            person = session.get_one(Application, key).person_id
        with read_session(actor) as session:
            assert bool(units_of(session, [person])) is seen
    with read_session(PROVINCE) as session:
        employer = session.get_one(Application, key).employer
        assert units_of(session, [person]) == {person: employer.name}


def test_what_applicants_should_know_stands_where_they_choose_who_decides(
    world: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work(SYSTEM) as session:
        taken = session.scalars(sa.select(Acceptance).where(Acceptance.body_id == world.ids["office"])).one()
        key = taken.id
    act(CITY, bodies.set_guideline, acceptance_id=key, guideline="一、学历证书\n二、<年限>")
    doors = Doors(app, monkeypatch)
    applicant = make_actor(Role.APPLICANT, born=date(1998, 5, 1))
    browser = doors.sign_in(applicant.user_id or 0)
    head = {
        name: str(getattr(value, "value", value)) for name, value in world.head().items() if name != "final_body_id"
    }
    told = "申报须知：专业技术人员管理处</h2>"
    shown = "<p>一、学历证书<br>二、&lt;年限&gt;</p>"
    assert "申报须知" not in browser.get("/p2/new").text
    page = browser.post("/p2/new", data=head | {"step": "refresh"}).text
    assert told in page and shown in page
    reviewed = {
        name: str(getattr(value, "value", value)) for name, value in world.head(AcquisitionMethod.REVIEW).items()
    }
    assert "申报须知" not in browser.post("/p2/new", data=reviewed | {"step": "refresh"}).text
    page = browser.post("/p2/new", data=head | {"final_body_id": str(world.ids["office"])}, follow_redirects=True).text
    assert "已暂存申报信息" in page and told in page and shown in page


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
    with pytest.raises(Invalid, match="已推荐上报 2 人，核准职数不能少于 2。"):
        approved(world, granted=1)
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(PostQuota.id)).one()
    act(world.actors["department"], quotas.decide, quota_id=key, version=1, approve=True, granted=4)
    with pytest.raises(Invalid, match="已推荐上报 2 人，核准职数不能少于 2。"):
        correct(world, key, 1)
    correct(world, key, 2)
    with pytest.raises(Refusal, match="助理级职数 2 个已用完。"):
        world.forward(third)
    correct(world, key, 3)
    world.forward(third)
    with read_session(SYSTEM) as session:
        assert quotas.taken(session, session.get_one(PostQuota, key)) == 3


def test_a_place_is_not_taken_while_fewer_are_granted(app: Flask, world: World) -> None:
    keys = [world.at("unit") for _ in range(2)]
    world.publish_and_wait(*keys)
    world.forward(keys[0])
    unit, office = world.actors["unit"], world.actors["department"]
    values = {"year": 2026, "level": TitleLevel.ASSISTANT, "posts": 9, "occupied": 4, "asked": 5}
    key = act(unit, quotas.declare, **values)
    granting = {"quota_id": key, "version": 1, "approve": True, "granted": 1}
    work = [lambda: world.forward(keys[1]), lambda: act(office, quotas.decide, **granting)]
    assert sorted(map(bool, together(app, clock.now(), work))) == [False, True]


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
