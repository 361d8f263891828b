"""A plan through its services: made, submitted, decided by the right officer, and every refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts.models import BlacklistEntry
from app.applications.enums import ApplicationState
from app.applications.models import Application
from app.committees.models import AnnualBatch, Committee
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from app.review_plans import services
from app.review_plans.enums import PlanKind, PlanState
from app.review_plans.models import ReviewPlan
from app.review_plans.queries import plan_page
from tests.applications.world import PDF, SYSTEM
from tests.review_plans.stage import Stage

Act = Callable[..., object]


def refused(kind: type[Refusal], actor: Actor, act: Act, **values: Any) -> str:
    with pytest.raises(kind) as refusal, unit_of_work(actor) as session:
        act(session, actor=actor, **values)
    assert type(refusal.value) is kind
    return refusal.value.reason


def steps(stage: Stage, plan_id: int) -> list[tuple[str, str, str, str]]:
    return [
        (step.action.value, step.to_state.value, step.actor_name, step.opinion) for step in stage.plan(plan_id).steps
    ]


# -- the way up ------------------------------------------------------------------------------------------------


def test_a_plan_is_made_submitted_and_approved(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.submitted_plan(keys)
    assert stage.states(keys) == ["planned", "planned"]
    stage.decide(plan_id)
    assert steps(stage, plan_id) == [
        ("submit", "submitted", "committee经办人", ""),
        ("approve", "approved", "hr", "同意。"),
    ]
    plan = stage.plan(plan_id)
    assert (plan.state, plan.region_code, plan.state_since) == (PlanState.APPROVED, "430100", clock.now())
    with read_session(SYSTEM) as session:
        trail = session.scalars(
            sa.select(AuditEntry.action).where(AuditEntry.object_type == "review_plans").order_by(AuditEntry.id)
        ).all()
    assert trail == [
        "review_plans.create",
        "review_plans.experts",
        "review_plans.rubric",
        "review_plans.submit",
        "review_plans.approve",
    ]


def test_a_refused_plan_is_mended_and_submitted_again(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.submitted_plan(keys)
    stage.decide(plan_id, approve=False, opinion="会议地点不明确。")
    assert stage.states(keys) == ["planned", "planned"]
    gone = stage.candidates(plan_id)[keys[1]]
    actor = stage.committee
    with unit_of_work(actor) as session:
        services.edit_plan(session, actor=actor, plan_id=plan_id, values=stage.values(place="五楼会议室"))
        services.remove_candidate(session, actor=actor, plan_id=plan_id, candidate_id=gone)
        services.submit_plan(session, actor=actor, plan_id=plan_id)
    assert stage.states(keys) == ["planned", "rechecked"]
    assert stage.plan(plan_id).place == "五楼会议室"
    assert [step[1] for step in steps(stage, plan_id)] == ["submitted", "returned", "submitted"]
    stage.fill(stage.empty_plan(name="第二次评审"), [keys[1]])  # free for another plan
    assert stage.states(keys) == ["planned", "planned"]


def test_submitting_tells_everything_that_is_missing(stage: Stage) -> None:
    plan_id = stage.empty_plan(meeting_on=date(2027, 6, 1))
    assert (
        refused(Refusal, stage.committee, services.submit_plan, plan_id=plan_id)
        == "没有参评人员；没有打分细则；没有专家需求；评审会议日期超出年度批次的评审时间（至 2026-12-31）。"
    )
    assert stage.plan(plan_id).state is PlanState.DRAFT


def test_an_expired_committee_neither_submits_nor_is_approved(stage: Stage) -> None:
    keys = stage.rechecked(1)
    plan_id = stage.submitted_plan(keys)
    with unit_of_work(SYSTEM) as session:
        session.get_one(Committee, stage.world.ids["committee"]).valid_until = clock.today().replace(day=1)
    expired = f"评委会备案已于 {clock.today().replace(day=1):%Y-%m-%d} 到期，请先重新核准备案。"
    with pytest.raises(Refusal) as refusal:
        stage.decide(plan_id)
    assert refusal.value.reason == expired
    stage.decide(plan_id, approve=False, opinion="评委会已到期。")
    assert refused(Refusal, stage.committee, services.submit_plan, plan_id=plan_id) == expired


# -- who decides -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "by", "refusal"),
    [
        (PlanKind.NORMAL, "hr", None),
        (PlanKind.NORMAL, "province", "评审方案由评委会所在统筹区的人社部门审核。"),
        (PlanKind.NORMAL, "far_hr", NotFound().reason),
        (PlanKind.NORMAL, "special", NotFound().reason),
        (PlanKind.NORMAL, "committee", "正常方案由"),
        (PlanKind.NORMAL, "office", NotFound().reason),
        (PlanKind.NORMAL, "judge", NotFound().reason),
        (PlanKind.SPECIAL, "special", None),
        (PlanKind.SPECIAL, "hr", "特殊方案由"),
        (PlanKind.SPECIAL, "province", "特殊方案由"),
        (PlanKind.SPECIAL, "committee", "特殊方案由"),
    ],
)
def test_normal_and_special_plans_go_to_different_officers(
    stage: Stage, kind: PlanKind, by: str, refusal: str | None
) -> None:
    reason = "援藏人员单独评审" if kind is PlanKind.SPECIAL else ""
    plan_id = stage.submitted_plan(stage.rechecked(1), kind=kind, kind_reason=reason)
    actor = stage.world.actors[by]
    if refusal is None:
        stage.decide(plan_id, by=actor)
        assert stage.plan(plan_id).state is PlanState.APPROVED
        return
    with pytest.raises((NotAllowed, NotFound)) as raised:
        stage.decide(plan_id, by=actor)
    assert raised.value.reason.startswith(refusal)
    assert stage.plan(plan_id).state is PlanState.SUBMITTED


def test_who_comes_second_is_told(stage: Stage) -> None:
    plan_id = stage.submitted_plan(stage.rechecked(1))
    seen = stage.plan(plan_id).version
    stage.decide(plan_id)
    values = {"plan_id": plan_id, "approve": False, "opinion": "不同意。"}
    told = "您打开页面之后，这个方案已被处理，请刷新后再看。"
    assert refused(Conflict, stage.hr, services.decide_plan, version=seen, **values) == told
    fresh = stage.plan(plan_id).version
    words = refused(Conflict, stage.hr, services.decide_plan, version=fresh, **values)
    assert words == "当前状态为“审核通过”，不能执行“审核不通过”。"


def test_refusing_asks_for_an_opinion(stage: Stage) -> None:
    plan_id = stage.submitted_plan(stage.rechecked(1))
    values = {"plan_id": plan_id, "version": stage.plan(plan_id).version, "approve": False, "opinion": "  "}
    assert refused(Refusal, stage.hr, services.decide_plan, **values) == "请填写审核不通过的意见。"


# -- drafts ----------------------------------------------------------------------------------------------------


def test_a_draft_is_the_committees_alone(stage: Stage) -> None:
    plan_id = stage.empty_plan()
    for by, seen in (("committee", True), ("hr", False), ("province", False), ("special", False), ("unit", False)):
        with read_session(stage.world.actors[by]) as session:
            assert (session.get(ReviewPlan, plan_id) is not None) is seen
    for by in ("hr", "province", "unit", "judge"):
        values = {"plan_id": plan_id, "values": stage.values()}
        refused(NotFound, stage.world.actors[by], services.edit_plan, **values)
        told = refused(NotAllowed, stage.world.actors[by], services.create_plan, values=stage.values())
        assert told == "评审方案由评委会操作员编制。"


def test_a_submitted_plan_stands_still(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.submitted_plan(keys[:1])
    told = "方案已是“待审核”，不能再修改。"
    candidate = stage.candidates(plan_id)[keys[0]]
    for act, values in (
        (services.edit_plan, {"values": stage.values()}),
        (services.add_candidates, {"application_ids": [keys[1]]}),
        (services.remove_candidate, {"candidate_id": candidate}),
        (services.set_expert_requirements, {"needs": []}),
        (services.set_rubric, {"items": []}),
        (services.attach, {"name": "a.pdf", "content": PDF}),
        (services.submit_plan, {}),
    ):
        assert refused(Conflict, stage.committee, act, plan_id=plan_id, **values) == told


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"name": ""}, "name", "请填写方案名称。"),
        ({"place": None}, "place", "请填写评审地点。"),
        ({"meeting_on": None}, "meeting_on", "请选择评审会议日期。"),
        ({"meeting_on": date(2026, 3, 1)}, "meeting_on", "评审会议日期已过，请另选日期。"),
        ({"batch_id": 0}, "batch_id", "请选择本评委会的年度批次。"),
        ({"kind": None}, "kind", "请选择正常方案或特殊方案。"),
        ({"mode": "offline"}, "mode", "请选择评审方式。"),
        ({"kind": PlanKind.SPECIAL, "kind_reason": " "}, "kind_reason", "特殊方案请说明特殊情况。"),
        ({"kind_reason": "长" * 301}, "kind_reason", "不超过 300 个字。"),
        ({"name": "长" * 121}, "name", "不超过 120 个字。"),
        ({"note": "长" * 4001}, "note", "不超过 4000 个字。"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(stage: Stage, changes: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(Invalid) as invalid:
        stage.empty_plan(**changes)
    assert invalid.value.fields == {field: told}


def test_candidates_are_rechecked_and_of_the_batch(stage: Stage) -> None:
    keys = stage.rechecked(2)
    early = stage.world.at("office")
    plan_id = stage.empty_plan()
    add = services.add_candidates
    told = refused(Conflict, stage.committee, add, plan_id=plan_id, application_ids=[keys[0], keys[0]])
    assert told == f"赵敏 当前为“{ApplicationState.PLANNED.label}”，不能编入方案。"
    assert stage.states(keys[:1]) == ["rechecked"]  # all or nothing
    refused(NotFound, stage.committee, add, plan_id=plan_id, application_ids=[early])
    refused(Invalid, stage.committee, add, plan_id=plan_id, application_ids=[])
    with unit_of_work(SYSTEM) as session:
        batch = session.get_one(AnnualBatch, stage.world.batch_id)
        columns = ("committee_id", "year", "levels", "opens_on", "closes_on", "review_from", "review_until")
        other = AnnualBatch(name="另一批次", **{name: getattr(batch, name) for name in columns})
        session.add(other)
        session.flush()
        other_id = other.id
    elsewhere = stage.empty_plan(batch_id=other_id)
    told = refused(Refusal, stage.committee, add, plan_id=elsewhere, application_ids=keys)
    assert told == "赵敏 不属于本方案的年度批次。"
    assert stage.candidates(plan_id) == {}


def test_the_blacklisted_are_not_planned(stage: Stage) -> None:
    keys = stage.rechecked(1)
    today = clock.today()
    with unit_of_work(SYSTEM) as session:
        person = session.get_one(Application, keys[0]).person_id
        session.add(
            BlacklistEntry(
                person_id=person,
                reason="材料造假",
                source_document="长人社函〔2026〕9号",
                region_code="430100",
                starts_on=today,
                ends_on=today.replace(year=2029),
            )
        )
    told = refused(Refusal, stage.committee, services.add_candidates, plan_id=stage.empty_plan(), application_ids=keys)
    assert told == f"申报人在黑名单期内，至 {today.replace(year=2029):%Y-%m-%d} 止。"


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([("", "100", "100")], "请填写第 1 行的评分项目。"),
        ([("长" * 81, "100", "100")], "第 1 行的评分项目不超过 80 个字。"),
        ([("论文", "三十", "100")], "第 1 行的权重和满分应为数字，最多两位小数。"),
        ([("论文", "NaN", "100")], "第 1 行的权重和满分应为数字，最多两位小数。"),
        ([("论文", "33.333", "100")], "第 1 行的权重和满分应为数字，最多两位小数。"),
        ([("论文", "0", "100")], "第 1 行：权重在 0 至 100 之间，满分在 0 至 1000 之间。"),
        ([("论文", "100", "Infinity")], "第 1 行的权重和满分应为数字，最多两位小数。"),
        ([("论文", "100", "1001")], "第 1 行：权重在 0 至 100 之间，满分在 0 至 1000 之间。"),
        ([("论文", "60", "100"), ("业绩", "39.99", "100")], "权重合计应为 100，现为 99.99。"),
        ([("项", "1", "1")] * 51, "打分细则最多 50 项。"),
    ],
)
def test_a_rubric_is_numbers_that_make_a_hundred(stage: Stage, items: list[Any], told: str) -> None:
    plan_id = stage.empty_plan()
    assert refused(Invalid, stage.committee, services.set_rubric, plan_id=plan_id, items=items) == told


@pytest.mark.parametrize("needs", [[(1, 0, 0)], [(1, 201, 0)], [(1, 1, -1)], [(1, 3, 0), (1, 3, 0)], [(0, 3, 0)]])
def test_expert_needs_are_sane(stage: Stage, needs: list[tuple[int, int, int]]) -> None:
    own = [(stage.world.speciality_id if key else 0, count, reserve) for key, count, reserve in needs]
    plan_id = stage.empty_plan()
    refused(Invalid, stage.committee, services.set_expert_requirements, plan_id=plan_id, needs=own)
    assert stage.plan(plan_id).expert_requirements == []


def test_attachments_are_what_they_say_and_ten_at_most(stage: Stage) -> None:
    plan_id = stage.empty_plan()
    told = refused(Invalid, stage.committee, services.attach, plan_id=plan_id, name="表.pdf", content=b"MZ" * 40)
    assert told.startswith("只接受 PDF、JPG、PNG 文件")
    with unit_of_work(stage.committee) as session:
        for number in range(10):
            services.attach(session, actor=stage.committee, plan_id=plan_id, name=f"../{number}.pdf", content=PDF)
    told = refused(Invalid, stage.committee, services.attach, plan_id=plan_id, name="表.pdf", content=PDF)
    assert told == "方案附件最多 10 个。"
    assert [file.file_name for file in stage.plan(plan_id).attachments] == [f"{number}.pdf" for number in range(10)]


# -- reading ---------------------------------------------------------------------------------------------------


def test_a_plans_page_costs_the_same_however_many_are_on_it(stage: Stage) -> None:
    counts = []
    for keys in (stage.rechecked(1), stage.rechecked(3)):
        plan_id = stage.submitted_plan(keys)
        with read_session(stage.hr) as session:
            asked: list[str] = []
            bind = session.get_bind()
            sa.event.listen(bind, "before_cursor_execute", lambda *args, to=asked: to.append(args[2]))
            plan = plan_page(session, plan_id)
            assert plan is not None
            shown = [
                (c.application.employer.name, c.application.title.name, c.application.speciality.name)
                for c in plan.candidates
            ]
            _ = [need.speciality.name for need in plan.expert_requirements], plan.committee.body.name, plan.steps
        assert len(shown) == len(keys)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_special_officers_see_special_plans_alone(stage: Stage) -> None:
    keys = stage.rechecked(2)
    normal = stage.submitted_plan(keys[:1])
    special = stage.submitted_plan(keys[1:], kind=PlanKind.SPECIAL, kind_reason="援藏")
    with read_session(stage.world.actors["special"]) as session:
        assert session.scalars(sa.select(ReviewPlan.id)).all() == [special]
    with read_session(stage.hr) as session:
        assert set(session.scalars(sa.select(ReviewPlan.id))) == {normal, special}
    with read_session(Actor(Role.HR_OFFICER, name="无区划")) as session:
        assert session.scalars(sa.select(ReviewPlan.id)).all() == []
