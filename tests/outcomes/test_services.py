"""From the meeting to the filing, and what each step refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications.enums import ApplicationAction as A
from app.applications.models import ApplicationStep
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.committees.models import Committee
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from app.outcomes import queries, services
from app.outcomes.enums import FilingState
from app.outcomes.models import Filing, ReviewMeeting, ReviewResult
from app.public_notices import services as notices
from app.public_notices.models import NoticeLine, PublicNotice
from app.review_plans.enums import PlanState
from app.review_plans.models import ReviewPlan
from tests.applications.world import PDF, SYSTEM
from tests.refusals import refusal
from tests.review_plans.stage import Stage


def wrong(act: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        act()
    return refused.value.fields


def doing(actor: Actor, act: Callable[..., object], **values: Any) -> Callable[[], object]:
    def run() -> object:
        with unit_of_work(actor) as session:
            return act(session, actor=actor, **values)

    return run


# -- the meeting -----------------------------------------------------------------------------------------------


def test_a_meeting_to_effective(stage: Stage) -> None:
    keys = stage.rechecked(3)
    plan_id = stage.approved_plan(keys)
    stage.days.pass_(days=7)
    stage.meet(plan_id, attending=12)
    stage.vote(plan_id, {keys[0]: (12, 0, 0), keys[1]: (8, 0, 4), keys[2]: (7, 0, 5)})
    assert stage.confirm(plan_id) == (2, 1)
    assert stage.states(keys) == ["review_passed", "review_passed", "review_failed"]
    assert stage.plan(plan_id).state is PlanState.CONCLUDED
    stage.publish(plan_id)
    assert stage.states(keys) == ["on_notice", "on_notice", "review_failed"]
    stage.days.pass_(days=10)
    assert stage.conclude(plan_id) == (2, 0)
    assert stage.states(keys) == ["awaiting_filing", "awaiting_filing", "review_failed"]
    stage.file(stage.request(plan_id))
    assert stage.states(keys) == ["effective", "effective", "review_failed"]


def test_a_plan_not_yet_approved_has_no_meeting(stage: Stage) -> None:
    plan_id = stage.submitted_plan(stage.rechecked(1))
    assert refusal(Conflict, lambda: stage.meet(plan_id)) == "方案当前为“待审核”，审核通过后才能录入评审结果。"


def test_a_meeting_without_a_quorum_or_a_day_is_refused(stage: Stage) -> None:
    plan_id = stage.approved_plan(stage.rechecked(1))
    today = clock.today()
    assert wrong(lambda: stage.meet(plan_id, attending=9)) == {
        "attending": "出席评委不得少于评委会人数的三分之二：15 人中至少 10 人出席。"
    }
    assert wrong(lambda: stage.meet(plan_id, attending=16)) == {"attending": "出席评委人数应为 1 至 15。"}
    assert wrong(lambda: stage.meet(plan_id, held_on=today + timedelta(days=1))) == {
        "held_on": "请选择评审会议日期，不能晚于今天。"
    }
    assert wrong(lambda: stage.meet(plan_id, held_on=today - timedelta(days=1))) == {
        "held_on": f"评审会议应在方案审核通过（{today:%Y-%m-%d}）之后召开。"
    }
    nothing = doing(
        stage.committee, services.record_meeting, plan_id=plan_id, held_on=None, chair_name=" ", attending=None
    )
    assert set(wrong(nothing)) == {"held_on", "chair_name", "attending"}
    stage.meet(plan_id, attending=10)


def test_another_attendance_asks_for_another_count(stage: Stage) -> None:
    keys = stage.rechecked(1)
    plan_id = stage.approved_plan(keys)
    stage.meet(plan_id, attending=12)
    stage.vote(plan_id, {keys[0]: (9, 3, 0)})
    stage.meet(plan_id, attending=12)
    with read_session(SYSTEM) as session:
        assert len(queries.results_of(session, plan_id)) == 1
    stage.meet(plan_id, attending=13)
    with read_session(SYSTEM) as session:
        assert queries.results_of(session, plan_id) == {}
    assert refusal(Refusal, lambda: stage.confirm(plan_id)) == "还有 1 名参评人员没有票数。"


def test_wrong_counts_are_told_by_person_and_nothing_is_kept(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.approved_plan(keys)
    unmet = refusal(Refusal, lambda: stage.vote(plan_id, {keys[0]: (9, 3, 0)}))
    assert unmet == "请先录入评审会议的日期、主持人和出席人数。"
    stage.meet(plan_id)
    second = stage.candidates(plan_id)[keys[1]]
    assert wrong(lambda: stage.vote(plan_id, {keys[0]: (9, 3, 0), keys[1]: (9, 4, 0)})) == {
        str(second): "赞成、反对、弃权合计 13 票，多于出席评委 12 人。"
    }
    with read_session(SYSTEM) as session:
        assert queries.results_of(session, plan_id) == {}
    stray = doing(
        stage.committee, services.record_results, plan_id=plan_id, votes=[services.Votes(second + 100, 9, 3, 0)]
    )
    refusal(NotFound, stray)


def test_results_are_confirmed_once(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.approved_plan(keys)
    assert refusal(Refusal, lambda: stage.confirm(plan_id)) == "未录入评审会议；还有 2 名参评人员没有票数。"
    stage.meet(plan_id)
    stage.vote(plan_id, dict.fromkeys(keys, (9, 3, 0)))
    assert stage.confirm(plan_id) == (2, 0)
    assert refusal(Refusal, lambda: stage.confirm(plan_id)) == "方案当前为“已出结果”。"
    assert refusal(Conflict, lambda: stage.vote(plan_id, {keys[0]: (0, 12, 0)})) == "评审结果已确认，不能再修改。"
    assert refusal(Conflict, lambda: stage.meet(plan_id, attending=13)).startswith("方案当前为“已出结果”")
    assert [step.action.value for step in stage.world.get(keys[0]).steps].count("pass") == 1


def test_an_expired_committee_confirms_nothing(stage: Stage) -> None:
    keys = stage.rechecked(1)
    plan_id = stage.approved_plan(keys)
    stage.meet(plan_id)
    stage.vote(plan_id, {keys[0]: (9, 3, 0)})
    with unit_of_work(SYSTEM) as session:
        session.get_one(Committee, stage.world.ids["committee"]).valid_until = clock.today() - timedelta(days=1)
    assert refusal(Refusal, lambda: stage.confirm(plan_id)).startswith("评委会备案已于")


def test_no_step_says_how_many_voted_how(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.approved_plan(keys)
    stage.meet(plan_id)
    candidates = stage.candidates(plan_id)
    votes = [
        services.Votes(candidates[keys[0]], 9, 2, 1, "业绩突出。"),
        services.Votes(candidates[keys[1]], 1, 11, 0, "论文不足。"),
    ]
    doing(stage.committee, services.record_results, plan_id=plan_id, votes=votes)()
    stage.confirm(plan_id)
    with read_session(SYSTEM) as session:
        told = session.execute(
            sa.select(ApplicationStep.action, ApplicationStep.opinion)
            .where(ApplicationStep.action.in_([A.PASS, A.FAIL]))
            .order_by(ApplicationStep.application_id)
        ).all()
    assert [tuple(row) for row in told] == [(A.PASS, "业绩突出。"), (A.FAIL, "论文不足。")]


@pytest.mark.parametrize("by", ["unit", "office", "hr", "province", "special", "judge", "sysadmin", "anonymous"])
def test_results_are_the_committees_business(stage: Stage, by: str) -> None:
    plan_id = stage.approved_plan(stage.rechecked(1))
    actor = stage.world.actors[by]
    for act, values in (
        (services.record_meeting, {"held_on": clock.today(), "chair_name": "某人", "attending": 12}),
        (services.record_results, {"votes": []}),
        (services.confirm_results, {}),
        (services.conclude_result_notice, {"conclusion": "无异议。"}),
        (services.request_filing, {"summary": "x", "contact": "x", "files": []}),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            doing(actor, act, plan_id=plan_id, **values)()


@pytest.mark.parametrize(
    ("by", "seen"), [("committee", 1), ("hr", 1), ("province", 1), ("unit", 0), ("office", 0), ("far_hr", 0)]
)
def test_votes_are_seen_by_the_committee_and_its_officers(stage: Stage, by: str, seen: int) -> None:
    stage.passed_plan(stage.rechecked(1))
    with read_session(stage.world.actors[by]) as session:
        for model in (ReviewMeeting, ReviewResult):
            assert session.scalar(sa.select(sa.func.count()).select_from(model)) == seen


# -- the notice ------------------------------------------------------------------------------------------------


def test_only_those_who_passed_are_published_and_once(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.approved_plan(keys)
    assert refusal(Refusal, lambda: stage.publish(plan_id)) == "评审结果确认之后才能公示。"
    stage.meet(plan_id)
    stage.vote(plan_id, {keys[0]: (9, 3, 0), keys[1]: (0, 12, 0)})
    stage.confirm(plan_id)
    notice_id = stage.publish(plan_id)
    with read_session(SYSTEM) as session:
        lines = session.scalars(sa.select(NoticeLine).where(NoticeLine.notice_id == notice_id)).all()
        assert [(line.subject_id, line.name, line.title) for line in lines] == [(keys[0], "赵敏", "工程师（给排水）")]
    assert refusal(Conflict, lambda: stage.publish(plan_id)) == "没有待公示的评审通过人员（可能已经公示）。"


def test_a_notice_lasts_five_working_days(stage: Stage) -> None:
    plan_id = stage.passed_plan(stage.rechecked(1))
    today = clock.today()
    short = doing(
        stage.committee,
        services.publish_result_notice,
        plan_id=plan_id,
        title="公示",
        place="本系统",
        contact="某人",
        starts_on=today,
        ends_on=today + timedelta(days=2),
    )
    assert wrong(short)["ends_on"].startswith("公示期不少于 5 个工作日")
    stage.publish(plan_id)
    assert refusal(Refusal, lambda: stage.conclude(plan_id)).startswith("公示期到")


def test_a_cancelled_notice_is_published_again(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.passed_plan(keys)
    first = stage.publish(plan_id)
    doing(stage.committee, notices.cancel, notice_id=first, reason="姓名有误")()
    with read_session(stage.committee) as session:
        assert queries.notice_of(session, plan_id) is None
    assert refusal(NotFound, lambda: stage.conclude(plan_id)) == "这个方案还没有公示评审结果。"
    second = stage.publish(plan_id)
    assert second != first
    assert stage.states(keys) == ["on_notice", "on_notice"]
    stage.days.pass_(days=10)
    assert stage.conclude(plan_id) == (2, 0)
    published = [step for step in stage.world.get(keys[0]).steps if step.action is A.PUBLISH]
    assert len(published) == 1


def object_to(stage: Stage, notice_id: int, key: int) -> int:
    actor = stage.committee
    with unit_of_work(actor) as session:
        line = session.scalars(
            sa.select(NoticeLine.id).where(NoticeLine.notice_id == notice_id, NoticeLine.subject_id == key)
        ).one()
        return notices.record_objection(
            session,
            actor=actor,
            notice_id=notice_id,
            line_id=line,
            received_on=clock.today(),
            raised_by="匿名",
            content="业绩存疑。",
        ).id


def test_an_upheld_objection_strikes_off_its_person_alone(stage: Stage) -> None:
    keys = stage.rechecked(3)
    plan_id = stage.passed_plan(keys)
    notice_id = stage.publish(plan_id)
    upheld, dismissed = (object_to(stage, notice_id, key) for key in keys[:2])
    stage.days.pass_(days=10)
    assert refusal(Refusal, lambda: stage.conclude(plan_id)) == "还有 2 条异议在调查中，调查结束后才能办结。"
    for objection, holds in ((upheld, True), (dismissed, False)):
        doing(stage.committee, notices.close_objection, objection_id=objection, upheld=holds, finding="已调查。")()
    assert stage.conclude(plan_id) == (2, 1)
    assert stage.states(keys) == ["not_approved", "awaiting_filing", "awaiting_filing"]
    stage.file(stage.request(plan_id))
    assert stage.states(keys) == ["not_approved", "effective", "effective"]
    assert refusal(Conflict, lambda: stage.conclude(plan_id)).startswith("该公示")


# -- the filing ------------------------------------------------------------------------------------------------


def test_filing_tells_everything_that_stands_in_its_way(stage: Stage) -> None:
    keys = stage.rechecked(1)
    plan_id = stage.approved_plan(keys)
    assert (
        refusal(Refusal, lambda: stage.request(plan_id))
        == "评审结果未确认；评审结果未公示；没有公示通过、待备案的人员。"
    )
    stage.meet(plan_id)
    stage.vote(plan_id, {keys[0]: (9, 3, 0)})
    stage.confirm(plan_id)
    notice_id = stage.publish(plan_id)
    with read_session(SYSTEM) as session:
        end = session.get_one(PublicNotice, notice_id).ends_on
    told = f"评审结果公示未办结（公示至 {end:%Y-%m-%d}）；没有公示通过、待备案的人员。"
    assert refusal(Refusal, lambda: stage.request(plan_id)) == told


def test_a_filing_needs_words_a_contact_and_an_attachment(stage: Stage) -> None:
    plan_id = stage.cleared_plan(stage.rechecked(1))
    values = {"plan_id": plan_id, "summary": " ", "contact": "", "files": []}
    assert set(wrong(doing(stage.committee, services.request_filing, **values))) == {"summary", "contact", "file"}
    eleven = [(f"{number}.pdf", PDF) for number in range(11)]
    assert wrong(lambda: stage.request(plan_id, files=eleven)) == {"file": "备案附件最多 10 个。"}
    assert wrong(lambda: stage.request(plan_id, files=[("a.pdf", b"MZ" * 9)]))["file"].startswith("只接受")
    stage.request(plan_id)
    assert refusal(Conflict, lambda: stage.request(plan_id)) == "该方案待备案审核，无需重复申请。"


def test_a_refused_filing_is_requested_again(stage: Stage) -> None:
    keys = stage.rechecked(1)
    plan_id = stage.cleared_plan(keys)
    filing_id = stage.request(plan_id)
    assert wrong(lambda: stage.file(filing_id, approve=False, opinion=" ")) == {
        "opinion": "审核不通过时请填写意见，说明应如何补正。"
    }
    stage.file(filing_id, approve=False, opinion="纪要缺签字。", number="", on=None)
    filing = stage.filing(filing_id)
    assert (filing.state, filing.opinion, filing.filing_number) == (FilingState.RETURNED, "纪要缺签字。", None)
    assert stage.states(keys) == ["awaiting_filing"]
    assert stage.request(plan_id, files=[]) == filing_id  # what was attached stays
    stage.file(filing_id)
    assert stage.states(keys) == ["effective"]
    with read_session(SYSTEM) as session:
        opinions = session.scalars(
            sa.select(AuditEntry.detail).where(AuditEntry.action == "outcomes.decide_filing").order_by(AuditEntry.id)
        ).all()
    assert [detail["opinion"] for detail in opinions] == ["纪要缺签字。", "同意备案。"]


def test_a_filing_number_and_its_day(stage: Stage) -> None:
    keys = stage.rechecked(2)
    first, second = stage.cleared_plan(keys[:1]), stage.cleared_plan(keys[1:])
    stage.file(stage.request(first), number="长职备〔2026〕1号")
    filing_id = stage.request(second)
    today = clock.today()
    with read_session(SYSTEM) as session:
        shown = queries.notice_of(session, second)
        assert shown is not None
        end = shown.notice.ends_on
    for values, field, told in (
        ({"number": " "}, "filing_number", "请填写备案文号，不超过 60 个字。"),
        ({"number": "长" * 61}, "filing_number", "请填写备案文号，不超过 60 个字。"),
        ({"number": " 长职备〔2026〕1号 "}, "filing_number", "这个备案文号已被使用。"),
        ({"number": "2号", "on": today + timedelta(days=1)}, "filed_on", "请选择备案时间，不能晚于今天。"),
        ({"number": "2号", "on": end}, "filed_on", f"备案时间应在公示结束（{end:%Y-%m-%d}）之后。"),
    ):
        assert wrong(lambda values=values: stage.file(filing_id, **values)) == {field: told}
    assert stage.states(keys) == ["effective", "awaiting_filing"]


def test_a_number_used_in_another_region_is_taken_too(stage: Stage) -> None:
    keys = stage.rechecked(2)
    first, second = stage.cleared_plan(keys[:1]), stage.cleared_plan(keys[1:])
    filed = stage.request(first)
    stage.file(filed, number="湘职备〔2026〕1号")
    with unit_of_work(SYSTEM) as session:  # as if Zhuzhou had filed it
        session.get_one(Filing, filed).region_code = "430200"
        session.get_one(ReviewPlan, first).region_code = "430200"
    filing_id = stage.request(second)
    with read_session(stage.hr) as session:
        assert session.get(Filing, filed) is None
    assert wrong(lambda: stage.file(filing_id, number="湘职备〔2026〕1号")) == {
        "filing_number": "这个备案文号已被使用。"
    }


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        ("province", NotAllowed),
        ("far_hr", NotFound),
        ("special", NotFound),
        ("committee", NotAllowed),
        ("office", NotFound),
        ("anonymous", NotFound),
    ],
)
def test_the_committees_own_region_files(stage: Stage, by: str, kind: type[Refusal]) -> None:
    filing_id = stage.request(stage.cleared_plan(stage.rechecked(1)))
    refusal(kind, lambda: stage.file(filing_id, by=stage.world.actors[by]))


def test_of_two_officers_one_files_and_the_other_is_told(stage: Stage, app: Flask) -> None:
    keys = stage.rechecked(1)
    filing_id = stage.request(stage.cleared_plan(keys))
    version = stage.filing(filing_id).version
    outcome: list[str] = []
    moment = clock.now()

    def decide(number: str) -> None:
        with app.app_context(), clock.at(moment):
            try:
                stage.file(filing_id, number=number, version=version)
                outcome.append("filed")
            except Conflict as conflict:
                outcome.append(conflict.reason)

    threads = [threading.Thread(target=decide, args=(f"{number}号",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = "您打开页面之后，这份备案已被处理（已备案），请刷新后再看。"
    assert sorted(outcome) == sorted(["filed", told, told, told])
    assert [step.action for step in stage.world.get(keys[0]).steps].count(A.FILE) == 1


def test_whoever_was_reviewed_is_filed_wherever_he_applied(stage: Stage) -> None:
    world = stage.world
    with unit_of_work(SYSTEM) as session:
        session.add(
            PathEdge(
                procedure=Procedure.INTERMEDIATE_REVIEW,
                level=L.INTERMEDIATE,
                subordinate_id=world.ids["far_unit"],
                superior_id=world.ids["department"],
                confirmed_at=clock.now(),
            )
        )
    person = world.applicant("远方")
    key = world.submitted(person, M.REVIEW, employer_id=world.ids["far_unit"])
    world.publish_and_wait(key, by="far_unit")
    world.forward(key, by="far_unit")
    for by in ("department", "office", "committee"):
        world.decide(by, key, A.APPROVE)
    keys = [key, *stage.rechecked(1)]
    officer = Actor(Role.HR_OFFICER, name="市局", region_code="430100")  # sits at no body of the path
    plan_id = stage.cleared_plan(keys)
    with read_session(officer) as session:
        assert [a.applicant_name for a in queries.cleared(session, plan_id)] == ["远方", "赵敏"]
    with read_session(world.actors["far_hr"]) as session:
        assert queries.cleared(session, plan_id) == []
    stage.file(stage.request(plan_id), by=officer)
    assert stage.states(keys) == ["effective", "effective"]
    with read_session(SYSTEM) as session:
        assert session.get_one(Body, world.ids["far_unit"]).region_code == "430200"
