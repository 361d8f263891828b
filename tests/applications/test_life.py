"""Random people walk applications through random actions; after every step the state is a legal one.

Few walks by default; LONG=1 makes them many and long.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.applications import services, tasks
from app.applications.enums import ENDED, WITH_APPLICANT, WITHOUT_HOLDER, Section
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.models import Application
from app.applications.rules import HEAD, Item
from app.applications.services import DECISIONS, HOLDER_ROLES
from app.applications.workflow import APPLICATION
from app.catalog.enums import AcquisitionMethod as M
from app.committees.models import AnnualBatch
from app.core import chain
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor
from app.public_notices import services as notices
from app.public_notices.models import NoticeLine
from tests.applications.world import SYSTEM, World

LONG = bool(os.environ.get("LONG"))
WALKS = settings(
    max_examples=300 if LONG else 8,
    stateful_step_count=60 if LONG else 20,
    deadline=None,
    database=None,
    phases=[Phase.generate, *([Phase.shrink] if LONG else [])],  # shrinking a walk costs minutes
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
UPPER = (A.PLAN, A.UNPLAN, A.PASS, A.FAIL, A.PUBLISH, A.CLEAR, A.UPHOLD, A.FILE, A.ISSUE)
BODIES = ("unit", "department", "office", "committee")
STRANGERS = (
    *("sibling", "far_unit", "far_office", "far_hr", "province", "special", "judge", "sysadmin", "anonymous"),
    *("judge_of_office", "unit_at_department"),
)
PEOPLE = (*BODIES, "hr", *STRANGERS)
TARGETS = ("section:work", "section:education", "material:APPRAISAL", HEAD)

Shape = tuple[Any, ...]


def shape(world: World, key: int) -> Shape:
    """All of an application that an action may change."""
    a = world.get(key)
    return (
        *(a.state, a.state_since, a.current_seq, a.current_body_id, a.submitted_at, a.correction_due, a.step_count),
        *(a.version, a.employer_id, a.final_body_id),
        tuple((n.seq, n.body_id, n.reached_at) for n in a.nodes),
        tuple((s.seq, s.action, s.at, s.opinion) for s in a.steps),
        tuple((r.id, r.changed_at) for r in a.records),
        tuple(m.id for m in a.materials),
    )


def machine(world: World) -> type[RuleBasedStateMachine]:
    """The walk over `world`, whose applications each run makes anew."""

    class Life(RuleBasedStateMachine):
        applications: Bundle[int] = Bundle("applications")

        def __init__(self) -> None:
            super().__init__()
            self.owners: dict[int, Actor] = {}
            world.days.start_again()
            self.stranger = world.applicant("别人")

        # -- trying ----------------------------------------------------------------------------------------

        def attempt(self, key: int, act: Callable[[], object]) -> bool:
            """Whether it was done. A refusal leaves everything as it was; any other error fails the walk."""
            before = shape(world, key)
            try:
                act()
            except Refusal as refusal:
                reason = refusal.reason
            else:
                return True
            assert reason
            assert shape(world, key) == before, f"refused ({reason}), yet something changed"
            return False

        def moved(self, key: int, act: Callable[[], object], allowed: Callable[[Application], bool]) -> None:
            """Done only if `allowed` says so of the application as it was, and then by exactly one step."""
            before = world.get(key)
            if self.attempt(key, act):
                assert allowed(before), f"{before.state} was moved by somebody who may not"
                after = world.get(key)
                assert after.step_count == before.step_count + 1
                step = after.steps[-1]
                assert after.state in APPLICATION.find(before.state, step.action).targets

        # -- people ----------------------------------------------------------------------------------------

        @initialize(target=applications, method=st.sampled_from([M.INITIAL_DETERMINATION, M.REVIEW]))
        def one_application(self, method: M) -> int:
            return self.apply(method)

        @rule(target=applications, method=st.sampled_from([M.INITIAL_DETERMINATION, M.REVIEW]))
        def another_application(self, method: M) -> int:
            return self.apply(method)

        def apply(self, method: M) -> int:
            owner = world.applicant()
            key = world.draft(owner, method)
            self.owners[key] = owner
            world.fill(owner, key)
            return key

        @rule(key=applications, mine=st.integers(0, 4))
        def submit(self, key: int, mine: int) -> None:
            actor = self.owners[key] if mine else self.stranger
            self.moved(key, lambda: world.submit(actor, key), lambda a: mine > 0 and a.state in WITH_APPLICANT)

        @rule(key=applications, mine=st.integers(0, 4))
        def withdraw(self, key: int, mine: int) -> None:
            actor = self.owners[key] if mine == 1 else self.stranger

            def act() -> None:
                with unit_of_work(actor) as session:
                    services.withdraw(session, actor=actor, application_id=key)

            self.moved(key, act, lambda a: mine == 1 and a.state not in ENDED)

        @rule(key=applications, by=st.sampled_from(["owner", "owner", "stranger", "unit"]), empty=st.booleans())
        def edit(self, key: int, by: str, empty: bool) -> None:
            actor = {"owner": self.owners[key], "stranger": self.stranger}.get(by) or world.actors[by]
            state = world.get(key).state

            def act() -> None:
                with unit_of_work(actor) as session:
                    services.save_section(
                        session,
                        actor=actor,
                        application_id=key,
                        section=Section.WORK,
                        records=[]
                        if empty
                        else [{"from_on": "2020-07-15", "employer": "排水事务中心", "duty": "技术员"}],
                    )

            if self.attempt(key, act):
                assert by == "owner"
                assert state in WITH_APPLICANT

        @rule(key=applications)
        def mend(self, key: int) -> None:
            self.attempt(key, lambda: world.mend(self.owners[key], key))

        # -- bodies ----------------------------------------------------------------------------------------

        @rule(key=applications, by=st.sampled_from(["unit", "unit", "unit", "sibling"]))
        def publish(self, key: int, by: str) -> None:
            self.attempt(key, lambda: world.publish_and_wait(key, by=by))

        @rule(key=applications, upheld=st.booleans())
        def object(self, key: int, upheld: bool) -> None:
            unit = world.actors["unit"]

            def act() -> None:
                with unit_of_work(unit) as session:
                    line = session.scalars(sa.select(NoticeLine).where(NoticeLine.subject_id == key)).first()
                    if line is None:
                        return
                    objection = notices.record_objection(
                        session,
                        actor=unit,
                        notice_id=line.notice_id,
                        line_id=line.id,
                        received_on=world.get(key).state_since.date(),
                        raised_by="匿名",
                        content="不实",
                    )
                    notices.close_objection(
                        session, actor=unit, objection_id=objection.id, upheld=upheld, finding="已核实。"
                    )

            self.attempt(key, act)

        @rule(key=applications, by=st.sampled_from(("unit", "unit", *PEOPLE)))
        def forward(self, key: int, by: str) -> None:
            self.moved(
                key,
                lambda: world.forward(key, by),
                lambda a: by == "unit" and a.state is S.AT_EMPLOYER,
            )

        @rule(
            key=applications,
            by=st.sampled_from(PEOPLE),
            action=st.sampled_from(sorted(DECISIONS)),
            opinion=st.sampled_from(["", "情况属实。"]),
            items=st.lists(st.sampled_from((*TARGETS, "material:NO_SUCH")), max_size=2),
        )
        def anybody_decides(self, key: int, by: str, action: A, opinion: str, items: list[str]) -> None:
            self.decide(key, by, action, opinion, items)

        @rule(key=applications, action=st.sampled_from(sorted(DECISIONS)), item=st.sampled_from(TARGETS))
        def the_holder_decides(self, key: int, action: A, item: str) -> None:
            held_by = world.get(key).current_body_id
            by = next((name for name in BODIES if world.ids[name] == held_by), "unit")
            self.decide(key, by, action, "情况属实。", [item])

        @rule(key=applications)
        def the_holder_approves(self, key: int) -> None:
            held_by = world.get(key).current_body_id
            by = next((name for name in BODIES if world.ids[name] == held_by), "unit")
            self.decide(key, by, A.APPROVE, "同意。", [])

        def decide(self, key: int, by: str, action: A, opinion: str, items: list[str]) -> None:
            actor = world.actors[by]

            def holder(a: Application) -> bool:
                node = next((n for n in a.nodes if n.seq == a.current_seq), None)
                return node is not None and node.body_id == actor.body_id and actor.role in HOLDER_ROLES[node.node_type]

            self.moved(key, lambda: world.decide(by, key, action, opinion, [Item(i) for i in items]), holder)

        @rule(key=applications, action=st.sampled_from(UPPER), opinion=st.sampled_from(["", "依据会议结果。"]))
        def a_domain_above_acts(self, key: int, action: A, opinion: str) -> None:
            actor = world.actors["province"]

            def act() -> None:
                with unit_of_work(actor) as session:
                    application = services.load(session, key)
                    services.advance(session, actor=actor, application=application, action=action, opinion=opinion)

            self.moved(key, act, lambda a: a.submitted_at is not None)

        @rule(days=st.integers(0, 6))
        def time_passes(self, days: int) -> None:
            world.days.pass_(days=days, hours=1)
            tasks.lapse_overdue()

        # -- what must always hold -------------------------------------------------------------------------

        @invariant()
        def every_application_is_in_a_legal_state(self) -> None:
            for key in self.owners:
                check(world.get(key))

    return Life


def check(a: Application) -> None:
    """The chain of steps has no gap, and says where the application is."""
    steps, nodes = a.steps, {node.seq: node for node in a.nodes}
    assert [step.seq for step in steps] == list(range(1, a.step_count + 1))
    assert all(step.waited_seconds >= 0 for step in steps)
    state, body = S.DRAFT, None
    for step in steps:
        assert (step.from_state, step.from_body_id) == (state, body)
        assert step.to_state in APPLICATION.find(step.from_state, step.action).targets
        state, body = step.to_state, step.to_body_id
    assert (a.state, a.current_body_id) == (state, body)
    for one, two in pairwise(steps):
        assert two.waited_seconds == int((two.at - one.at).total_seconds())
    if steps:
        assert a.state_since == steps[-1].at
    assert (a.current_body_id is None) == (a.state in WITHOUT_HOLDER)
    if a.current_seq is not None:
        here = nodes[a.current_seq]
        assert here.body_id == a.current_body_id
        assert all(nodes[seq].reached_at is not None for seq in range(1, a.current_seq + 1))
    assert (a.correction_due is not None) == (a.state is S.CORRECTING)
    if steps and steps[0].action is A.SUBMIT:
        assert sorted(nodes) == list(range(1, len(nodes) + 1))
        assert [node.is_final for node in a.nodes] == [False] * (len(nodes) - 1) + [True]
        assert a.nodes[0].body_id == a.employer_id
        assert a.nodes[-1].body_id == a.final_body_id


def test_random_people_never_reach_an_illegal_state(world: World) -> None:
    with unit_of_work(SYSTEM) as session:  # a walk may last longer than a year's window
        batch = session.get_one(AnnualBatch, world.batch_id)
        batch.closes_on = batch.review_until = date(2030, 12, 31)
    run_state_machine_as_test(machine(world), settings=WALKS)
    with read_session(SYSTEM) as session:
        assert list(chain.verify(session, AuditEntry)) == []
