"""How an application goes up, and comes back, by whoever holds it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.applications import services, tasks
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.rules import HEAD, Item
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Setting
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor
from app.public_notices import services as notices
from app.public_notices.models import NoticeLine
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota
from tests.applications.asking import APPRAISAL
from tests.applications.world import SYSTEM, World
from tests.refusals import refusal, wrong_fields

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
