"""A committee at work: people who reached it, a plan, a meeting, a notice, a filing. On the world of applications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState
from app.applications.models import Application
from app.bodies.models import IssuingAuthority
from app.catalog.enums import AcquisitionMethod as M
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.scope import Actor
from app.outcomes import services as outcomes
from app.outcomes.models import Filing
from app.public_notices.rules import earliest_end
from app.review_plans import services as plans
from app.review_plans.enums import PlanKind, PlanMode
from app.review_plans.models import Candidate, ReviewPlan
from tests.applications.world import PDF, SYSTEM, World

NAMES = ["赵敏", "钱进", "孙丽", "李强", "周洁", "吴昊", "郑爽", "王芳", "冯涛", "陈静"]


class Stage:
    """Short words for what the tests of plans, outcomes and certificates do over and over."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.days = world.days
        self.committee = world.actors["committee"]
        self.hr = world.actors["hr"]
        self.office = world.actors["office"]

    # -- people ------------------------------------------------------------------------------------------------

    def forwarded(self, count: int, method: M, **head: Any) -> list[int]:
        """`count` applications that reached the department, published together."""
        people = [self.world.applicant(name) for name in NAMES[:count]]
        keys = [self.world.submitted(person, method, **head) for person in people]
        self.world.publish_and_wait(*keys)
        for key in keys:
            self.world.forward(key)
        return keys

    def rechecked(self, count: int = 1) -> list[int]:
        keys = self.forwarded(count, M.REVIEW)
        for key in keys:
            for by in ("department", "office", "committee"):
                self.world.decide(by, key, A.APPROVE)
        return keys

    def determined(self, count: int = 1) -> list[int]:
        """初定: effective at the title office."""
        keys = self.forwarded(count, M.INITIAL_DETERMINATION)
        for key in keys:
            for by in ("department", "office"):
                self.world.decide(by, key, A.APPROVE)
        return keys

    def states(self, keys: Sequence[int]) -> list[str]:
        with read_session(SYSTEM) as session:
            found = dict(
                session.execute(sa.select(Application.id, Application.state).where(Application.id.in_(keys))).all()
            )
        return [found[key].value for key in keys]

    # -- plans -------------------------------------------------------------------------------------------------

    def values(self, **changes: Any) -> dict[str, Any]:
        return {
            "name": "工程中级第一次评审",
            "place": "人才大厦三楼",
            "meeting_on": clock.today() + timedelta(days=7),
            "kind": PlanKind.NORMAL,
            "kind_reason": "",
            "mode": PlanMode.OFFLINE,
            "batch_id": self.world.batch_id,
            "note": "",
        } | changes

    def empty_plan(self, **changes: Any) -> int:
        with unit_of_work(self.committee) as session:
            return plans.create_plan(session, actor=self.committee, values=self.values(**changes)).id

    def fill(self, plan_id: int, keys: Sequence[int]) -> None:
        with unit_of_work(self.committee) as session:
            actor = self.committee
            plans.add_candidates(session, actor=actor, plan_id=plan_id, application_ids=keys)
            plans.set_expert_requirements(
                session, actor=actor, plan_id=plan_id, needs=[(self.world.speciality_id, 7, 2)]
            )
            plans.set_rubric(
                session, actor=actor, plan_id=plan_id, items=[("专业理论", "30", "100"), ("业绩成果", "70", "100")]
            )

    def submitted_plan(self, keys: Sequence[int], **changes: Any) -> int:
        plan_id = self.empty_plan(**changes)
        self.fill(plan_id, keys)
        with unit_of_work(self.committee) as session:
            plans.submit_plan(session, actor=self.committee, plan_id=plan_id)
        return plan_id

    def decide(self, plan_id: int, *, by: Actor | None = None, approve: bool = True, opinion: str = "同意。") -> None:
        actor = by or self.hr
        version = self.plan(plan_id).version
        with unit_of_work(actor) as session:
            plans.decide_plan(session, actor=actor, plan_id=plan_id, version=version, approve=approve, opinion=opinion)

    def approved_plan(self, keys: Sequence[int], **changes: Any) -> int:
        plan_id = self.submitted_plan(keys, **changes)
        self.decide(plan_id)
        return plan_id

    def plan(self, plan_id: int) -> ReviewPlan:
        """The plan with its steps, detached."""
        with read_session(SYSTEM) as session:
            plan = session.get_one(ReviewPlan, plan_id)
            _ = plan.steps, plan.candidates, plan.rubric, plan.expert_requirements, plan.attachments
            session.expunge_all()
            return plan

    def candidates(self, plan_id: int) -> dict[int, int]:
        """application id -> candidate id."""
        with read_session(SYSTEM) as session:
            rows = session.execute(
                sa.select(Candidate.application_id, Candidate.id).where(Candidate.plan_id == plan_id)
            ).all()
            return {row.application_id: row.id for row in rows}

    # -- results -----------------------------------------------------------------------------------------------

    def meet(self, plan_id: int, attending: int = 12, held_on: date | None = None) -> None:
        with unit_of_work(self.committee) as session:
            outcomes.record_meeting(
                session,
                actor=self.committee,
                plan_id=plan_id,
                held_on=held_on or clock.today(),
                chair_name="主任委员",
                attending=attending,
            )

    def vote(self, plan_id: int, counts: dict[int, tuple[int, int, int]]) -> None:
        """`counts`: application id -> in favour, against, abstained."""
        candidates = self.candidates(plan_id)
        votes = [outcomes.Votes(candidates[key], *count) for key, count in counts.items()]
        with unit_of_work(self.committee) as session:
            outcomes.record_results(session, actor=self.committee, plan_id=plan_id, votes=votes)

    def confirm(self, plan_id: int) -> tuple[int, int]:
        with unit_of_work(self.committee) as session:
            return outcomes.confirm_results(session, actor=self.committee, plan_id=plan_id)

    def passed_plan(self, keys: Sequence[int]) -> int:
        plan_id = self.approved_plan(keys)
        self.days.pass_(days=7)
        self.meet(plan_id)
        self.vote(plan_id, dict.fromkeys(keys, (9, 3, 0)))
        self.confirm(plan_id)
        return plan_id

    def publish(self, plan_id: int) -> int:
        """The result's notice; its id."""
        today = clock.today()
        with unit_of_work(self.committee) as session:
            return outcomes.publish_result_notice(
                session,
                actor=self.committee,
                plan_id=plan_id,
                title="评审结果公示",
                place="本系统公示页",
                contact="谭文斌 0731-81234567",
                starts_on=today,
                ends_on=earliest_end(today),
            ).notice_id

    def conclude(self, plan_id: int) -> tuple[int, int]:
        with unit_of_work(self.committee) as session:
            return outcomes.conclude_result_notice(
                session, actor=self.committee, plan_id=plan_id, conclusion="公示期满，无异议。"
            )

    def cleared_plan(self, keys: Sequence[int]) -> int:
        plan_id = self.passed_plan(keys)
        self.publish(plan_id)
        self.days.pass_(days=10)
        self.conclude(plan_id)
        return plan_id

    def request(self, plan_id: int, *, files: Sequence[tuple[str, bytes]] = (("纪要.pdf", PDF),)) -> int:
        with unit_of_work(self.committee) as session:
            return outcomes.request_filing(
                session,
                actor=self.committee,
                plan_id=plan_id,
                summary="会议程序合规，投票有效。",
                contact="谭文斌 0731-81234567",
                files=files,
            ).id

    def file(
        self,
        filing_id: int,
        *,
        by: Actor | None = None,
        approve: bool = True,
        opinion: str = "同意备案。",
        number: str = "长职备〔2026〕1号",
        on: date | None = None,
        version: int | None = None,
    ) -> None:
        actor = by or self.hr
        with unit_of_work(actor) as session:
            outcomes.decide_filing(
                session,
                actor=actor,
                filing_id=filing_id,
                version=self.filing(filing_id).version if version is None else version,
                approve=approve,
                opinion=opinion,
                filing_number=number,
                filed_on=on or clock.today(),
            )

    def filing(self, filing_id: int) -> Filing:
        with read_session(SYSTEM) as session:
            filing = session.get_one(Filing, filing_id)
            session.expunge_all()
            return filing

    def filed(self, keys: Sequence[int], number: str = "长职备〔2026〕1号") -> int:
        plan_id = self.cleared_plan(keys)
        self.file(self.request(plan_id), number=number)
        assert set(self.states(keys)) == {ApplicationState.EFFECTIVE.value}
        return plan_id

    # -- certificates ------------------------------------------------------------------------------------------

    def authority(self, body: str = "office", code: str = "4301", printed: str = "长沙市人社局") -> int:
        with unit_of_work(SYSTEM) as session:
            row = IssuingAuthority(body_id=self.world.ids[body], code=code, printed_name=printed)
            session.add(row)
            session.flush()
            return row.id
