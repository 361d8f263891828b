"""What applications use of the two trees is named when somebody would delete it."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications.enums import ApplicationState
from app.applications.models import Application
from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies import services as bodies
from app.bodies.models import Acceptance
from app.catalog import services as catalog
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.committees import services as committees
from app.committees.models import AnnualBatch
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from tests.applications.world import World
from tests.http import Doors
from tests.people import make_actor
from tests.places import CITY, PROVINCE, SYSTEM, act, actor_of


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
        with pytest.raises(Refusal, match=f"已有1 份职称申报（编号 {row.number}），只能延长"):
            act(actor, committees.change_batch, **at, **(values | changes))
    later = values["closes_on"] + timedelta(days=1)
    act(actor, committees.change_batch, **at, **(values | {"closes_on": later}))
    with read_session(SYSTEM) as session:
        assert session.get_one(AnnualBatch, row.batch_id).closes_on == later


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
    assert f"{words}正在办理，由它推荐、审核或终审：办结以前不能注销。" in browser.get(f"/bodies/retire/{key}").text
    refused = browser.post(f"/bodies/retire/{key}", data={"reason": "撤并"}).text
    assert "“住房和城乡建设局”正在使用，不能注销：" in refused
    assert f"{words}；" in refused or f"；{words}。" in refused


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
