"""kill -9 between any two writes of submitting, issuing and rendering: what was acknowledged stays, nothing happens twice.

Twenty kills on each database in the short programme, over two hundred in the long one.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications import services as applications
from app.applications.models import Application, ApplicationNode, ApplicationStep
from app.certificates import services as certificates
from app.certificates.models import Certificate, CertificateLog
from app.core import chain, jobs
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict
from app.core.jobs import JobItem
from app.core.scope import Actor
from tests.applications.world import SYSTEM, World
from tests.faults.kills import NEVER, killed_at
from tests.review_plans.stage import Stage

LONG = bool(os.environ.get("LONG"))
SUBMITS, ISSUES, RENDERS = (88, 80, 40) if LONG else (8, 8, 4)
AT_ONCE = 8


def chains_hold() -> None:
    with read_session(SYSTEM) as session:
        for log in (AuditEntry, CertificateLog):
            assert list(chain.verify(session, log)) == []


def test_a_killed_submission_is_whole_or_not_there(app: Flask, world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    world.fill(person, key)
    acknowledged, points = killed_at(NEVER, lambda: world.submit(person, key))
    assert acknowledged and points > 8
    seen: Counter[str] = Counter()
    for number in range(SUBMITS):
        point = points - number % points  # from the last write backwards: the short run sees the commit's two sides
        person = world.applicant()
        key = world.draft(person)
        world.fill(person, key)
        acknowledged, _ = killed_at(point, lambda person=person, key=key: world.submit(person, key))
        assert not acknowledged
        application = world.get(key)
        state = (application.state.value, len(application.steps), len(application.nodes))
        assert state in {("draft", 0, 0), ("at_employer", 1, 3)}, f"point {point}"
        seen[state[0]] += 1
        if state[0] == "draft":
            world.submit(person, key)
        else:
            with pytest.raises(Conflict):
                world.submit(person, key)
        assert world.history(key) == [("submit", "at_employer", "王小明")]
    assert seen["draft"] > 0 and seen["at_employer"] > 0
    with read_session(SYSTEM) as session:
        rows = {
            model: session.scalar(sa.select(sa.func.count()).select_from(model))
            for model in (Application, ApplicationStep, ApplicationNode)
        }
    assert rows == {Application: SUBMITS + 1, ApplicationStep: SUBMITS + 1, ApplicationNode: 3 * (SUBMITS + 1)}
    chains_hold()


def issue(actor: Actor, key: int) -> str:
    with unit_of_work(actor) as session:
        return certificates.issue(session, actor=actor, application_id=key, document_number="长职〔2026〕1号").number


@pytest.mark.parametrize("round_", range(ISSUES // AT_ONCE))
def test_a_killed_issuing_gives_no_number_twice(app: Flask, stage: Stage, round_: int) -> None:
    stage.authority()
    keys = stage.determined(AT_ONCE + 2)
    issue(stage.hr, keys[0])  # makes the pool
    first = keys[1]
    acknowledged, points = killed_at(NEVER, lambda: issue(stage.hr, first))
    assert acknowledged and points > 5
    seen: Counter[str] = Counter()
    for number, key in enumerate(keys[2:], AT_ONCE * round_):
        point = points - number % points
        acknowledged, _ = killed_at(point, lambda key=key: issue(stage.hr, key))
        assert not acknowledged
        state = stage.states([key])[0]
        seen[state] += 1
        if state == "certified":
            with pytest.raises(Conflict):
                issue(stage.hr, key)
        else:
            assert state == "effective", f"point {point}"
            issue(stage.hr, key)
    assert round_ or (seen["effective"] > 0 and seen["certified"] > 0)
    assert set(stage.states(keys)) == {"certified"}
    with read_session(SYSTEM) as session:
        numbers = session.scalars(sa.select(Certificate.number)).all()
        logged = session.scalars(sa.select(CertificateLog.number)).all()
    assert len(numbers) == len(set(numbers)) == AT_ONCE + 2
    assert sorted(logged) == sorted(numbers)
    chains_hold()


@pytest.mark.parametrize("round_", range(RENDERS // 4))
def test_killed_workers_render_each_certificate_once(app: Flask, stage: Stage, round_: int) -> None:
    """Four workers, each killed a little further on than the last, then one that is let live."""
    stage.authority()
    for key in stage.determined(5):
        issue(stage.hr, key)
    officer = replace(stage.hr, user_id=1)  # a job belongs to a user
    with unit_of_work(officer) as session:
        wanted = session.scalars(sa.select(Certificate.id)).all()
        job_id = certificates.start_rendering(session, actor=officer, certificate_ids=wanted, title="生成证书").id
    for kill in range(4):
        finished, _ = killed_at(1 + round_ + 3 * kill, lambda: jobs.run(job_id))
        assert not finished
    jobs.run(job_id)
    with read_session(SYSTEM) as session:
        job = session.get_one(jobs.Job, job_id)
        assert (job.status.value, job.done, job.failed) == ("done", 5, 0)
        assert set(session.scalars(sa.select(JobItem.status))) == {jobs.ItemStatus.DONE}
        events = Counter(map(tuple, session.execute(sa.select(CertificateLog.number, CertificateLog.event)).all()))
    assert len(events) == 10 and set(events.values()) == {1}
    chains_hold()


def test_withdrawing_is_whole_too(app: Flask, world: World) -> None:
    person = world.applicant()
    key = world.submitted(person)

    def withdraw() -> None:
        with unit_of_work(person) as session:
            applications.withdraw(session, actor=person, application_id=key)

    acknowledged, _ = killed_at(1, withdraw)
    assert not acknowledged and world.get(key).state.value == "at_employer"
    withdraw()
    assert world.get(key).state.value == "withdrawn"
