"""Drafts, and what is asked of them when they are handed in."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from app.accounts.models import BlacklistEntry
from app.applications import services
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.enums import Section
from app.applications.rules import HEAD
from app.approval_paths.models import PathEdge
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import Education
from app.catalog.enums import TitleLevel as L
from app.catalog.models import EligibilityRule
from app.committees.models import AnnualBatch, BatchSpeciality, Committee
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.applications.world import SCHOOL, SYSTEM, World
from tests.refusals import refusal, wrong_fields

# -- drafting --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"year": 2025}, "year"),
        ({"method": None}, "method"),
        ({"level": "assistant"}, "level"),
        ({"employer_id": 999}, "employer_id"),
        ({"title_id": None}, "title_id"),
        ({"speciality_id": 0}, "speciality_id"),
        ({"final_body_id": None}, "final_body_id"),
    ],
)
def test_a_head_that_cannot_be(world: World, changes: dict[str, object], field: str) -> None:
    assert field in wrong_fields(lambda: world.draft(world.applicant(), **changes))


def test_only_units_employ_and_only_reachable_bodies_decide(world: World) -> None:
    person = world.applicant()
    assert set(wrong_fields(lambda: world.draft(person, employer_id=world.ids["office"]))) == {"employer_id"}
    fields = wrong_fields(lambda: world.draft(person, final_body_id=world.ids["far_office"]))
    assert fields == {"final_body_id": "请选择终审机构。"}
    fields = wrong_fields(lambda: world.draft(person, M.REVIEW, speciality_id=world.other_speciality_id))
    assert fields["final_body_id"].startswith("审核路径不完整")


def test_a_review_goes_into_an_open_batch_only(world: World) -> None:
    person = world.applicant()
    key = world.draft(person, M.REVIEW)
    world.fill(person, key)
    with unit_of_work(SYSTEM) as session:
        session.get_one(AnnualBatch, world.batch_id).active = False
    assert refusal(Refusal, lambda: world.submit(person, key)) == "年度批次不在申报时间内。"
    fields = wrong_fields(lambda: world.draft(world.applicant(), M.REVIEW))
    assert fields == {"final_body_id": NO_BATCH}


NO_BATCH = "该评委会目前没有接收给排水专业中级申报的年度批次，请等待评委会发布申报时间。"


def change_batch(world: World, **values: object) -> None:
    with unit_of_work(SYSTEM) as session:
        row = session.get_one(AnnualBatch, world.batch_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_a_review_goes_into_a_batch_of_its_own_year(world: World) -> None:
    with unit_of_work(SYSTEM) as session:
        row = session.get_one(AnnualBatch, world.batch_id)
        columns = ("committee_id", "levels", "opens_on", "closes_on", "review_from", "review_until")
        session.add(AnnualBatch(year=2027, name="跨年", **{name: getattr(row, name) for name in columns}))
    person = world.applicant()
    key = world.draft(person, M.REVIEW)
    assert world.get(key).batch_id == world.batch_id
    world.fill(person, key)
    change_batch(world, year=2025)
    assert refusal(Refusal, lambda: world.submit(person, key)) == OTHER_BATCH.format("2025年 年度评审")
    assert wrong_fields(lambda: world.draft(world.applicant(), M.REVIEW)) == {"final_body_id": NO_BATCH}


OTHER_BATCH = "年度批次“{}”不接收该年度、等级或专业的申报，请重新暂存申报信息。"


def test_a_batch_takes_the_specialities_it_names(world: World) -> None:
    person = world.applicant()
    key = world.draft(person, M.REVIEW)
    world.fill(person, key)
    change_batch(world, specialities=[BatchSpeciality(speciality_id=world.other_speciality_id)])
    assert wrong_fields(lambda: world.draft(world.applicant(), M.REVIEW)) == {"final_body_id": NO_BATCH}
    assert refusal(Refusal, lambda: world.submit(person, key)) == OTHER_BATCH.format("2026年 年度评审")
    change_batch(world, specialities=[BatchSpeciality(speciality_id=world.speciality_id)])
    world.submit(person, key)


def test_a_correction_after_the_deadline_stays_in_its_batch(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", M.REVIEW, person)
    world.returns("unit", key)
    change_batch(world, closes_on=date(2026, 3, 1))
    with unit_of_work(person) as session:
        services.save_draft(session, actor=person, values=world.head(M.REVIEW), application_id=key)
    assert world.get(key).batch_id == world.batch_id
    change_batch(world, specialities=[BatchSpeciality(speciality_id=world.other_speciality_id)])
    with pytest.raises(Invalid, match="目前没有接收给排水专业中级申报的年度批次"), unit_of_work(person) as session:
        services.save_draft(session, actor=person, values=world.head(M.REVIEW), application_id=key)


def test_an_expired_committee_takes_nothing(world: World) -> None:
    person = world.applicant()
    key = world.draft(person, M.REVIEW)
    world.fill(person, key)
    with unit_of_work(SYSTEM) as session:
        session.get_one(Committee, world.ids["committee"]).valid_until = date(2026, 3, 1)
    assert refusal(Refusal, lambda: world.submit(person, key)) == (
        "“工程系列中级评审委员会”备案已于 2026-03-01 到期，请联系人社部门重新核准备案。"
    )


def test_one_live_application_a_year(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    reason = refusal(Conflict, lambda: world.draft(person))
    assert reason == f"您在 2026 年度已有一份申报（编号 2026{key:08d}，暂存），同一年度只能申报一次。"
    with unit_of_work(person) as session:
        services.withdraw(session, actor=person, application_id=key)
    assert world.draft(person) != key


def test_a_draft_is_changed_in_place_and_only_by_its_own_applicant(world: World) -> None:
    person, other = world.applicant(), world.applicant()
    key = world.draft(person)
    with unit_of_work(person) as session:
        head = world.head(employer_id=world.ids["sibling"])
        assert services.save_draft(session, actor=person, values=head, application_id=key).id == key
    assert world.get(key).employer_id == world.ids["sibling"]
    for actor, kind in ((other, NotFound), (world.actors["unit"], NotAllowed), (world.actors["sysadmin"], NotAllowed)):
        with unit_of_work(actor) as session:
            refusal(
                kind,
                lambda s=session, a=actor: services.save_draft(s, actor=a, values=world.head(), application_id=key),
            )


def test_what_was_published_stays_as_it_was_published(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", actor=person)
    world.returns("unit", key, HEAD)
    with unit_of_work(person) as session:  # nothing published yet: the unit may still be mended
        head = world.head(employer_id=world.ids["sibling"])
        services.save_draft(session, actor=person, values=head, application_id=key)
    world.submit(person, key)
    world.publish_and_wait(key, by="sibling")
    world.returns("sibling", key, HEAD)
    with unit_of_work(person) as session:
        fields = wrong_fields(
            lambda: services.save_draft(session, actor=person, values=world.head(), application_id=key)
        )
    assert fields == {"employer_id": "该项已经公示，不能更改；确需更改的，请撤回后重新申报。"}


def test_another_units_notice_does_not_count(world: World) -> None:
    key = world.at("unit")
    world.publish_and_wait(key, by="sibling")
    assert refusal(Refusal, lambda: world.forward(key)) == "尚未进行所在单位申报公示。"


# -- submitting ------------------------------------------------------------------------------------------------


def test_everything_missing_is_told_at_once(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    world.fill(person, key, without=(Section.WORK, "CONTRACT", "PHOTO"))
    told = refusal(Refusal, lambda: world.submit(person, key))
    assert told == "“工作经历”未填写；“近期免冠证件照”未上传；“劳动（聘用）合同或在职证明”未上传。"
    assert world.get(key).nodes == []


def test_a_review_needs_the_present_title_unless_the_applicant_is_a_doctor(world: World) -> None:
    person, doctor = world.applicant(), world.applicant()
    for actor, education in ((person, "bachelor"), (doctor, "doctor")):
        key = world.draft(actor, M.REVIEW)
        world.fill(actor, key, without=(Section.PRESENT_TITLE,), education=[SCHOOL | {"education": education}])
        if actor is doctor:
            world.submit(actor, key)
        else:
            assert refusal(Refusal, lambda k=key, a=actor: world.submit(a, k)).startswith("“现任职称”未填写；现有学历")


def test_who_is_not_yet_eligible_learns_when(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    world.fill(person, key, education=[SCHOOL | {"graduated_on": "2025-06-30"}])
    assert refusal(Refusal, lambda: world.submit(person, key)) == (
        "按“本科毕业，从事本专业技术工作满 1 年，可初定助理级”（依据：本科，2025-06-30 毕业），最早可于 2026-06-30 申报。"
    )
    world.days.pass_(days=130)
    world.submit(person, key)
    assert world.get(key).state is S.AT_EMPLOYER


def test_a_nearer_policy_binds(world: World) -> None:
    with unit_of_work(SYSTEM) as session:
        for region, years in (("430100", 8), ("430200", 0)):
            session.add(
                EligibilityRule(
                    method=M.INITIAL_DETERMINATION,
                    level=L.ASSISTANT,
                    education=Education.BACHELOR,
                    years=years,
                    region_code=region,
                    year_from=2020,
                    clause=f"本市规定满 {years} 年",
                )
            )
    person = world.applicant()
    key = world.draft(person)
    world.fill(person, key)
    assert "按“本市规定满 8 年”" in refusal(Refusal, lambda: world.submit(person, key))


@pytest.mark.parametrize(("male", "age"), [(True, 60), (False, 55)])
def test_the_retired_may_not_apply(world: World, male: bool, age: int) -> None:
    person = world.applicant(born=date(2026 - age, 3, 3), male=male)
    key = world.draft(person)
    world.fill(person, key)
    world.days.pass_(days=1)
    told = refusal(Refusal, lambda: world.submit(person, key))
    assert told == f"已达到退休年龄（{age} 周岁），退休人员不得申报职称。"


def blacklist(world: World, person: Actor, until: date = date(2027, 1, 1)) -> None:
    with unit_of_work(SYSTEM) as session:
        session.add(
            BlacklistEntry(
                person_id=person.person_id,
                region_code="430100",
                reason="伪造业绩",
                source_document="长人社〔2026〕1号",
                starts_on=date(2026, 1, 1),
                ends_on=until,
            )
        )


def test_the_blacklisted_neither_apply_nor_go_up(world: World) -> None:
    person = world.applicant()
    key = world.at("office", actor=person)
    barred = world.applicant()
    draft = world.draft(barred)
    world.fill(barred, draft)
    for who in (person, barred):
        blacklist(world, who)
    reason = "申报人在黑名单期内，至 2027-01-01 止。"
    assert refusal(Refusal, lambda: world.submit(barred, draft)) == reason
    assert refusal(Refusal, lambda: world.decide("office", key, A.APPROVE)) == reason
    world.returns("office", key)  # going back stays possible


def test_a_second_press_is_told_so(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", actor=person)
    assert refusal(Conflict, lambda: world.submit(person, key)) == "这份申报已经提交（待单位推荐），无需重复提交。"


def test_a_path_that_broke_since_the_draft_is_told(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    world.fill(person, key)
    with unit_of_work(SYSTEM) as session:
        for edge in session.scalars(sa.select(PathEdge).where(PathEdge.superior_id == world.ids["office"])):
            edge.active, edge.deregistered_at = False, clock.now()
    assert "审核路径断在“住房和城乡建设局”" in refusal(Refusal, lambda: world.submit(person, key))


def test_configuration_changed_later_does_not_move_an_application(world: World) -> None:
    key = world.at("department")
    with unit_of_work(SYSTEM) as session:
        for edge in session.scalars(sa.select(PathEdge)):
            edge.active, edge.deregistered_at = False, clock.now()
    world.decide("department", key, A.APPROVE)
    assert world.get(key).current_body_id == world.ids["office"]


def test_an_applicant_withdraws_until_something_final_is_decided(world: World) -> None:
    person = world.applicant()
    key = world.at("office", actor=person)
    with unit_of_work(person) as session:
        services.withdraw(session, actor=person, application_id=key, reason="单位调动")
    assert (world.get(key).state, world.get(key).steps[-1].opinion) == (S.WITHDRAWN, "单位调动")
    done = world.at("office", actor=world.applicant())
    world.decide("office", done, A.APPROVE)
    owner = Actor(person.role, person_id=world.get(done).person_id)
    with unit_of_work(owner) as session:
        told = refusal(Conflict, lambda: services.withdraw(session, actor=owner, application_id=done))
    assert told == "当前状态为“已生效，待发证”，不能执行“撤回申报”。"
