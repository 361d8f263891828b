"""The life of an application through its services: the way up, the way back, and every refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts.models import BlacklistEntry
from app.applications import services, tasks
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.enums import Section
from app.applications.models import Application, ApplicationMaterial
from app.applications.queries import materials_on_file
from app.applications.rules import HEAD, Item
from app.approval_paths.models import PathEdge
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import Education
from app.catalog.enums import TitleLevel as L
from app.catalog.models import EligibilityRule, Setting
from app.committees.models import AnnualBatch, BatchSpeciality, Committee
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from app.public_notices import services as notices
from app.public_notices.models import NoticeLine
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota
from tests.applications.world import BASIC, PDF, PHOTO, SCHOOL, SYSTEM, World
from tests.threads import together

APPRAISAL = "material:APPRAISAL"


def refusal(kind: type[Refusal], act: Callable[[], object]) -> str:
    with pytest.raises(kind) as refused:
        act()
    assert type(refused.value) is kind
    return refused.value.reason


def wrong_fields(act: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        act()
    return refused.value.fields


# -- the way up ------------------------------------------------------------------------------------------------


def test_an_initial_determination_goes_up_to_effective(world: World) -> None:
    key = world.at("office")
    world.decide("office", key, A.APPROVE)
    assert world.history(key) == [
        ("submit", "at_employer", "王小明"),
        ("forward", "at_superior", "unit经办人"),
        ("approve", "at_office", "department经办人"),
        ("approve", "effective", "office经办人"),
    ]
    application = world.get(key)
    assert [step.waited_seconds for step in application.steps] == [0, 10 * 86_400, 5 * 3600, 0]
    assert [(node.seq, node.body_id, node.is_final) for node in application.nodes] == [
        (1, world.ids["unit"], False),
        (2, world.ids["department"], False),
        (3, world.ids["office"], True),
    ]
    assert (application.state, application.current_body_id, application.current_seq) == (
        S.EFFECTIVE,
        world.ids["office"],
        3,
    )


def test_a_review_goes_up_to_rechecked(world: World) -> None:
    key = world.at("committee", M.REVIEW)
    world.decide("committee", key, A.APPROVE)
    application = world.get(key)
    assert (application.state, application.batch_id) == (S.RECHECKED, world.batch_id)
    assert application.current_body_id == world.ids["committee"]


def test_every_step_stands_in_the_audit_trail(world: World) -> None:
    key = world.at("department")
    with read_session(SYSTEM) as session:
        actions = session.scalars(
            sa.select(AuditEntry.action)
            .where(AuditEntry.object_type == "applications", AuditEntry.object_id == str(key))
            .order_by(AuditEntry.id)
        ).all()
    assert [action for action in actions if "section" not in action] == [
        "applications.save_draft",
        "applications.submit",
        "applications.forward",
    ]


def test_an_hr_officer_decides_at_his_own_title_office(world: World) -> None:
    key = world.at("office")
    world.decide("hr", key, A.APPROVE)
    assert world.get(key).state is S.EFFECTIVE


def test_the_domains_above_take_their_steps(world: World) -> None:
    key = world.at("committee", M.REVIEW)
    world.decide("committee", key, A.APPROVE)
    actor = world.actors["committee"]
    for action, state in ((A.PLAN, S.PLANNED), (A.UNPLAN, S.RECHECKED), (A.PLAN, S.PLANNED), (A.PASS, S.REVIEW_PASSED)):
        with unit_of_work(actor) as session:
            services.advance(session, actor=actor, application=services.load(session, key), action=action)
        assert world.get(key).state is state
    with unit_of_work(actor) as session:
        application = services.load(session, key)
        services.advance(session, actor=actor, application=application, action=A.PUBLISH)
        reason = refusal(
            Refusal, lambda: services.advance(session, actor=actor, application=application, action=A.CLEAR)
        )
    assert reason == "评审结果公示尚未结束。"


# -- the way back ----------------------------------------------------------------------------------------------


def test_a_return_goes_down_level_by_level_and_comes_up_corrected(world: World) -> None:
    person = world.applicant()
    key = world.at("office", actor=person)
    world.returns("office", key)
    assert world.get(key).current_body_id == world.ids["department"]
    world.decide("department", key, A.RETURN, "请补正。")
    assert world.get(key).current_body_id == world.ids["unit"]
    world.decide("unit", key, A.RETURN, "请补正。")
    application = world.get(key)
    assert (application.state, application.current_body_id) == (S.CORRECTING, None)
    assert application.correction_due == clock.today() + timedelta(days=10)
    assert [step.items for step in application.steps[-3:]] == [[{"target": APPRAISAL, "note": ""}]] * 3

    world.days.pass_(days=2)
    world.mend(person, key)
    world.submit(person, key)
    application = world.get(key)
    assert (application.state, application.correction_due) == (S.AT_EMPLOYER, None)
    world.forward(key)  # its notice of before still stands
    world.decide("department", key, A.APPROVE)
    world.decide("office", key, A.APPROVE)
    assert [step[0] for step in world.history(key)] == [
        *("submit", "forward", "approve", "return", "return", "return"),
        *("resubmit", "forward", "approve", "approve"),
    ]
    assert world.get(key).steps[6].waited_seconds == 2 * 86_400


def test_a_body_below_may_answer_a_return_itself(world: World) -> None:
    key = world.at("office")
    world.returns("office", key)
    assert refusal(Refusal, lambda: world.decide("department", key, A.RESEND, "")) == "请填写重新上报的意见。"
    world.decide("department", key, A.RESEND, "考核表系加盖业务章，附说明。")
    application = world.get(key)
    assert (application.state, application.current_body_id) == (S.AT_OFFICE, world.ids["office"])


def test_a_refusal_of_above_is_supplemented_or_closed_below(world: World) -> None:
    key = world.at("office")
    world.decide("office", key, A.REFUSE, "业绩不足。")
    application = world.get(key)
    assert (application.state, application.current_body_id) == (S.REFUSED, world.ids["department"])
    world.decide("department", key, A.SUPPLEMENT, "请补充业绩。", [Item("section:achievements")])
    assert world.get(key).state is S.RETURNED
    world.decide("unit", key, A.RESEND, "已补充说明。")
    world.decide("department", key, A.APPROVE)
    world.decide("office", key, A.REFUSE, "仍不足。")
    world.decide("department", key, A.CLOSE, "同意上级意见。")
    application = world.get(key)
    assert (application.state, application.current_body_id, application.current_seq) == (S.NOT_APPROVED, None, None)


def test_a_refusal_at_the_first_level_above_comes_back_to_the_unit(world: World) -> None:
    key = world.at("department")
    world.decide("department", key, A.REFUSE, "不符合条件。")
    world.decide("unit", key, A.SUPPLEMENT, "请补充。")
    assert world.get(key).state is S.CORRECTING


def test_the_unit_declines_with_its_reasons(world: World) -> None:
    key = world.at("unit")
    assert refusal(Refusal, lambda: world.decide("unit", key, A.DECLINE, " ")) == "请填写不予推荐的意见。"
    world.decide("unit", key, A.DECLINE, "考核不合格。")
    assert world.get(key).state is S.NOT_APPROVED


def test_what_must_be_mended_is_told_once(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", actor=person)
    world.returns("unit", key, "section:work")
    world.days.pass_(hours=1)
    world.mend(person, key)
    world.submit(person, key)
    told = refusal(Refusal, lambda: world.returns("unit", key, "section:education", "section:work"))
    assert told == "补正要求应一次性告知：首次退回时已能发现的问题不能再次要求（section:education）。"
    world.returns("unit", key, "section:work", APPRAISAL, HEAD)  # asked before, changed since, the head
    assert world.get(key).state is S.CORRECTING


def test_a_return_names_what_to_mend(world: World) -> None:
    key = world.at("unit")
    assert wrong_fields(lambda: world.decide("unit", key, A.RETURN, "有问题。")) == {
        "items": "退回时请勾选需要补正的内容，并一次性告知。"
    }
    for item in (Item("material:NO_SUCH"), Item("section:work", "长" * 201)):
        fields = wrong_fields(lambda item=item: world.decide("unit", key, A.RETURN, "有问题。", [item]))
        assert set(fields) == {"items"}
    assert world.get(key).step_count == 1


def test_not_corrected_in_time_counts_as_withdrawn(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", actor=person)
    world.returns("unit", key)
    world.days.pass_(days=10)
    assert tasks.lapse_overdue() == 0
    world.days.pass_(days=1)
    assert tasks.lapse_overdue() == 1
    assert tasks.lapse_overdue() == 0
    application = world.get(key)
    assert (application.state, application.steps[-1].actor_name) == (S.WITHDRAWN, "系统")
    assert application.steps[-1].opinion == "逾期未补正（期限 2026-03-12），视为撤回申报。"
    assert world.draft(person) != key  # the year is open to him again


def test_nobody_lapses_an_application_but_the_system_when_it_is_due(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", actor=person)
    world.returns("unit", key)
    for actor in (person, SYSTEM):
        with unit_of_work(actor) as session:
            assert (
                refusal(Refusal, lambda s=session, a=actor: services.lapse(s, actor=a, application_id=key))
                == "补正期限未到。"
            )


def test_a_correction_may_be_due_the_same_day(world: World) -> None:
    with unit_of_work(SYSTEM) as session:
        session.add(Setting(key="correction_days", value="0", since=clock.now(), set_by="test"))
    key = world.at("unit")
    world.returns("unit", key)
    assert world.get(key).correction_due == clock.today()


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


# -- the dossier -----------------------------------------------------------------------------------------------


def save(person: Actor, key: int, section: Section, *records: dict[str, str]) -> None:
    with unit_of_work(person) as session:
        services.save_section(session, actor=person, application_id=key, section=section, records=records)


def test_a_section_is_replaced_whole_or_not_at_all(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    save(person, key, Section.EDUCATION, SCHOOL)
    fields = wrong_fields(lambda: save(person, key, Section.EDUCATION, SCHOOL, SCHOOL | {"graduated_on": "2010-01-01"}))
    assert fields == {"1-graduated_on": "毕业时间不能早于入学时间。"}
    assert [record.data["school"] for record in world.get(key).records] == ["湖南大学"]
    save(person, key, Section.EDUCATION, SCHOOL | {"school": "中南大学"}, SCHOOL)
    assert [record.data["school"] for record in world.get(key).records] == ["中南大学", "湖南大学"]
    save(person, key, Section.EDUCATION)
    assert world.get(key).records == []


def test_saving_the_same_again_changes_nothing(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    save(person, key, Section.BASIC, BASIC)
    before = world.get(key).records[0].changed_at
    world.days.pass_(days=1)
    save(person, key, Section.BASIC, BASIC)
    assert world.get(key).records[0].changed_at == before


def test_single_sections_take_one_record_and_others_a_bounded_number(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    assert wrong_fields(lambda: save(person, key, Section.BASIC, BASIC, BASIC)) == {
        "records": "“个人基本信息”最多填写 1 条。"
    }
    assert wrong_fields(lambda: save(person, key, Section.EDUCATION, *[SCHOOL] * 11)) == {
        "records": "“学历学位”最多填写 10 条。"
    }


def test_five_megabytes_of_text_are_refused(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    fields = wrong_fields(lambda: save(person, key, Section.ACHIEVEMENTS, {"summary": "长" * 5_000_000}))
    assert fields == {"0-summary": "主要业绩不超过 3000 个字，现有 5000000 个。"}


def attach(world: World, person: Actor, key: int, code: str, content: bytes) -> int:
    with unit_of_work(person) as session:
        lines = services.checklist(session, session.get_one(Application, key))
        line = next(line.id for line in lines if line.code == code)
        return services.attach_material(
            session, actor=person, application_id=key, requirement_id=line, name="../../etc/证件.pdf", content=content
        ).id


def test_materials_are_what_the_checklist_asks(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    attach(world, person, key, "ID_CARD", PDF)
    attach(world, person, key, "ID_CARD", PHOTO)
    kept = world.get(key).materials
    assert [(m.file_name, m.media_type) for m in kept] == [
        ("证件.pdf", "application/pdf"),
        ("证件.pdf", "image/jpeg"),
    ]
    for code, content, words in (
        ("ID_CARD", PDF, "最多上传 2 个文件"),
        ("PHOTO", PDF, "照片无法识别"),
        ("CONTRACT", b"MZ" + PDF, "只接受 PDF、JPG、PNG"),
        ("CONTRACT", b"", "文件是空的"),
        ("CONTRACT", b"%PDF-1.4 cut off", "不完整"),
    ):
        fields = wrong_fields(lambda code=code, content=content: attach(world, person, key, code, content))
        assert words in fields["file"]
    with unit_of_work(person) as session:
        refusal(
            NotFound,
            lambda: services.attach_material(
                session, actor=person, application_id=key, requirement_id=999, name="x", content=PDF
            ),
        )


def test_the_dossier_is_closed_while_others_hold_it(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", actor=person)
    material = world.get(key).materials[0].id
    closed = "申报已是“待单位推荐”，不能再修改。"
    assert refusal(Conflict, lambda: save(person, key, Section.BASIC, BASIC)) == closed
    assert refusal(Conflict, lambda: attach(world, person, key, "CONTRACT", PDF)) == closed
    with unit_of_work(person) as session:
        assert closed == refusal(
            Conflict, lambda: services.remove_material(session, actor=person, material_id=material)
        )
        assert closed == refusal(
            Conflict,
            lambda: services.save_draft(session, actor=person, values=world.head(), application_id=key),
        )


def test_nobody_else_touches_the_dossier(world: World) -> None:
    person, other = world.applicant(), world.applicant()
    key = world.at("unit", actor=person)
    material = world.get(key).materials[0].id
    for actor, kind in ((other, NotFound), (world.actors["unit"], NotAllowed), (world.actors["sibling"], NotFound)):
        refusal(kind, lambda actor=actor: save(actor, key, Section.BASIC, BASIC))
        refusal(kind, lambda actor=actor: world.submit(actor, key))
        with unit_of_work(actor) as session:
            refusal(kind, lambda s=session, a=actor: services.remove_material(s, actor=a, material_id=material))
        with unit_of_work(actor) as session:
            refusal(kind, lambda s=session, a=actor: services.withdraw(s, actor=a, application_id=key))


def test_what_is_on_file_is_offered_and_copied(world: World) -> None:
    person, other = world.applicant(), world.applicant()
    first = world.draft(person)
    attach(world, person, first, "CONTRACT", PDF)
    with unit_of_work(person) as session:
        services.withdraw(session, actor=person, application_id=first)
    second = world.draft(person)
    with unit_of_work(person) as session:
        application = session.get_one(Application, second)
        [offered] = materials_on_file(session, application, [r.id for r in services.checklist(session, application)])
        copy = services.reuse_material(session, actor=person, application_id=second, material_id=offered.id)
        assert (copy.sha256, copy.file_name) == (offered.sha256, offered.file_name)
        assert copy.storage_key != offered.storage_key
        known = offered.id
    theirs = world.draft(other)
    with unit_of_work(other) as session:
        refusal(
            NotFound,
            lambda: services.reuse_material(session, actor=other, application_id=theirs, material_id=known),
        )


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


# -- forwarding ------------------------------------------------------------------------------------------------


def test_the_unit_forwards_only_after_its_notice(world: World) -> None:
    key = world.at("unit")
    assert refusal(Refusal, lambda: world.forward(key)) == "尚未进行所在单位申报公示。"
    world.publish(key)
    assert refusal(Refusal, lambda: world.forward(key)) == "所在单位公示尚未结束（至 2026-03-06）。"
    world.days.pass_(days=4)  # its last day still counts
    assert "尚未结束" in refusal(Refusal, lambda: world.forward(key))
    world.days.pass_(days=1)
    world.forward(key)


@pytest.mark.parametrize(
    ("upheld", "reason"),
    [(None, "公示异议正在调查，结束前不能上报。"), (True, "公示异议成立，不能上报。"), (False, "")],
)
def test_an_objection_stops_it_unless_dismissed(world: World, upheld: bool | None, reason: str) -> None:
    key = world.at("unit")
    notice_id, unit = world.publish(key), world.actors["unit"]
    with unit_of_work(unit) as session:
        line_id = session.scalars(sa.select(NoticeLine.id).where(NoticeLine.notice_id == notice_id)).one()
        objection = notices.record_objection(
            session,
            actor=unit,
            notice_id=notice_id,
            line_id=line_id,
            received_on=clock.today(),
            raised_by="匿名",
            content="工作年限不实",
        )
        if upheld is not None:
            notices.close_objection(session, actor=unit, objection_id=objection.id, upheld=upheld, finding="已核实。")
    world.days.pass_(days=10)
    if reason:
        assert refusal(Refusal, lambda: world.forward(key)) == reason
    else:
        world.forward(key)
    assert world.get(key).state is (S.AT_EMPLOYER if reason else S.AT_SUPERIOR)


def test_a_quota_limits_what_goes_up(world: World) -> None:
    first, second = world.at("unit"), world.at("unit")
    with unit_of_work(SYSTEM) as session:
        session.add(
            PostQuota(
                body_id=world.ids["unit"],
                year=2026,
                level=L.ASSISTANT,
                posts=5,
                occupied=4,
                asked=1,
                granted=1,
                status=QuotaStatus.APPROVED,
            )
        )
    world.publish_and_wait(first, second)
    world.forward(first)
    assert refusal(Refusal, lambda: world.forward(second)) == "助理级职数 1 个已用完。"
    world.returns("department", first)
    assert "已用完" in refusal(Refusal, lambda: world.forward(second))  # one that is being mended keeps its place
    world.decide("unit", first, A.RETURN, "请补正。")
    owner = Actor(world.applicant().role, person_id=world.get(first).person_id)
    with unit_of_work(owner) as session:
        services.withdraw(session, actor=owner, application_id=first)
    world.forward(second)


def test_one_that_is_refused_does_not_hold_the_others_up(world: World) -> None:
    ready, unpublished, sibling = (
        world.at("unit"),
        world.at("unit"),
        world.submitted(world.applicant(), employer_id=world.ids["sibling"]),
    )
    world.publish_and_wait(ready)
    unit = world.actors["unit"]
    with unit_of_work(unit) as session:
        outcome = services.forward_many(session, actor=unit, application_ids=[sibling, unpublished, ready, ready])
    assert outcome == {
        ready: "",
        unpublished: "尚未进行所在单位申报公示。",
        sibling: "没有找到这条记录，或者它不在您的管理范围内。",
    }
    assert [world.get(key).state for key in (ready, unpublished, sibling)] == [
        S.AT_SUPERIOR,
        S.AT_EMPLOYER,
        S.AT_EMPLOYER,
    ]
    with read_session(SYSTEM) as session:
        recorded = session.scalars(sa.select(AuditEntry.object_id).where(AuditEntry.action == "applications.forward"))
        assert recorded.all() == [str(ready)]


# -- deciding --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        ("unit", Conflict),
        ("office", NotFound),
        ("sibling", NotFound),
        ("committee", NotFound),
        ("far_office", NotFound),
        ("hr", Conflict),
        ("province", Conflict),
        ("far_hr", NotFound),
        ("special", Conflict),
        ("judge", NotFound),
        ("sysadmin", NotFound),
        ("anonymous", NotFound),
        ("unit_at_department", NotAllowed),
    ],
)
def test_only_the_body_that_holds_it_decides(world: World, by: str, kind: type[Refusal]) -> None:
    key = world.at("department")
    refusal(kind, lambda: world.decide(by, key, A.APPROVE))
    refusal(kind, lambda: world.returns(by, key))
    assert world.get(key).step_count == 2


def test_an_hr_officer_does_not_decide_for_another_body(world: World) -> None:
    key = world.at("office")
    for by in ("province", "far_hr", "judge_of_office"):
        with pytest.raises(Refusal):
            world.decide(by, key, A.APPROVE)
    assert world.get(key).state is S.AT_OFFICE


@pytest.mark.parametrize(
    ("place", "action", "reason"),
    [
        ("unit", A.APPROVE, "当前状态为“待单位推荐”，不能执行“审核通过”。"),
        ("department", A.DECLINE, "当前状态为“待上级单位审核”，不能执行“不予推荐”。"),
        ("department", A.RESEND, "当前状态为“待上级单位审核”，不能执行“重新上报”。"),
        ("office", A.CLOSE, "当前状态为“待资格审核”，不能执行“终止申报”。"),
        ("office", A.SUPPLEMENT, "当前状态为“待资格审核”，不能执行“退回补充材料”。"),
        ("unit", A.REFUSE, "所在单位没有下级，请使用“不予推荐”或“退回”。"),
    ],
)
def test_what_the_state_does_not_know(world: World, place: str, action: A, reason: str) -> None:
    key = world.at(place)
    assert refusal(Conflict, lambda: world.decide(place, key, action)) == reason


@pytest.mark.parametrize("action", [A.REFUSE, A.RETURN])
def test_going_back_wants_reasons(world: World, action: A) -> None:
    key = world.at("department")
    told = refusal(Refusal, lambda: world.decide("department", key, action, " ", [Item(APPRAISAL)]))
    assert told == f"请填写{action.label}的意见。"
    fields = wrong_fields(lambda: world.decide("department", key, action, "长" * 2001, [Item(APPRAISAL)]))
    assert fields == {"opinion": "意见不超过 2000 个字。"}


@pytest.mark.parametrize("action", [A.FORWARD, A.SUBMIT, A.PLAN, A.ISSUE, A.LAPSE])
def test_deciding_is_not_a_way_round_other_verbs(world: World, action: A) -> None:
    key = world.at("unit")
    with pytest.raises(ValueError, match=action.value):
        world.decide("unit", key, action)


def test_of_two_deciders_one_wins_and_the_other_is_told(world: World) -> None:
    key = world.at("office")
    office, version = world.actors["office"], world.get(key).version
    with unit_of_work(office) as session:
        services.decide(session, actor=office, application_id=key, version=version, action=A.APPROVE)
    with unit_of_work(world.actors["hr"]) as session:
        told = refusal(
            Conflict,
            lambda: services.decide(
                session,
                actor=world.actors["hr"],
                application_id=key,
                version=version,
                action=A.REFUSE,
                opinion="不同意",
            ),
        )
    assert told == "您打开页面之后，office经办人已于 03-12 15:00 审核通过，请刷新后再看。"
    assert world.get(key).state is S.EFFECTIVE


def test_the_screens_are_told_what_may_be_tried(world: World) -> None:
    key = world.at("unit")

    def offered(by: str) -> dict[A, str]:
        with read_session(world.actors[by]) as session:
            application = session.get(Application, key)
            if application is None:
                return {}
            return services.explain(session, actor=world.actors[by], application=application)

    assert offered("unit") == {A.FORWARD: "尚未进行所在单位申报公示", A.DECLINE: "", A.RETURN: ""}
    assert [offered(by) for by in ("hr", "province", "sibling", "department")] == [{}] * 4
    world.publish_and_wait(key)
    assert offered("unit")[A.FORWARD] == ""
    world.forward(key)
    assert offered("unit") == {}
    assert set(offered("department")) == {A.APPROVE, A.REFUSE, A.RETURN}
    assert offered("unit_at_department") == {}


# -- at the same moment ----------------------------------------------------------------------------------------


def test_pressing_sixteen_times_submits_once(app: Flask, world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    world.fill(person, key)
    outcome = together(app, clock.now(), [lambda: world.submit(person, key)] * 16)
    assert sorted(outcome) == [""] + ["这份申报已经提交（待单位推荐），无需重复提交。"] * 15
    assert world.history(key) == [("submit", "at_employer", "王小明")]
    assert len(world.get(key).nodes) == 3


def test_eight_drafts_at_once_are_one(app: Flask, world: World) -> None:
    person = world.applicant()
    outcome = together(app, clock.now(), [lambda: world.draft(person)] * 8)
    assert outcome.count("") == 1
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(Application.id))) == 1


def test_two_officers_at_the_same_moment(app: Flask, world: World) -> None:
    key = world.at("office")
    version = world.get(key).version

    def act(by: str, action: A) -> Callable[[], object]:
        def press() -> None:
            actor = world.actors[by]
            with unit_of_work(actor) as session:
                services.decide(
                    session, actor=actor, application_id=key, version=version, action=action, opinion="意见"
                )

        return press

    outcome = together(app, clock.now(), [act("office", A.APPROVE), act("hr", A.REFUSE)])
    assert outcome.count("") == 1
    assert world.get(key).step_count == 4
    assert next(reason for reason in outcome if reason).startswith("您打开页面之后，")


def test_the_last_place_of_a_quota_is_taken_once(app: Flask, world: World) -> None:
    keys = [world.at("unit") for _ in range(4)]
    with unit_of_work(SYSTEM) as session:
        session.add(
            PostQuota(
                body_id=world.ids["unit"],
                year=2026,
                level=L.ASSISTANT,
                posts=5,
                occupied=4,
                asked=1,
                granted=1,
                status=QuotaStatus.APPROVED,
            )
        )
    world.publish_and_wait(*keys)
    outcome = together(app, clock.now(), [lambda key=key: world.forward(key) for key in keys])
    assert sorted(outcome) == [""] + ["助理级职数 1 个已用完。"] * 3


def test_a_removed_file_is_no_longer_listed(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    material = attach(world, person, key, "CONTRACT", PDF)
    with unit_of_work(person) as session:
        services.remove_material(session, actor=person, material_id=material)
    with read_session(SYSTEM) as session:
        assert session.get(ApplicationMaterial, material) is None
