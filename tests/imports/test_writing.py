"""【提交】 as a job: written once however often it is killed or repeated, and never against what has changed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import imports
from app.approval_paths import services as paths
from app.approval_paths import spreadsheets
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies import services as bodies
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.core import chain, clock, jobs
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.jobs import Job, JobItem, JobStatus
from app.core.scope import Actor
from app.imports import BatchState, ImportBatch, Row, checking, importers, writing
from tests.faults.kills import killed_at
from tests.imports.files import problems, submit, take, told, workbook
from tests.people import make_actor
from tests.places import SYSTEM, act, make_body

KIND = spreadsheets.kind(Procedure.SENIOR_REVIEW)


@pytest.fixture
def officer(app: Flask) -> Actor:
    office = make_body("市人社局", NodeType.TITLE_OFFICE)
    make_body("单位甲", code="UNIT1")
    for number, name in enumerate("乙丙丁", 2):
        make_body(f"主管{name}", NodeType.DEPARTMENT, code=f"DEPT{number}")
    return make_actor(Role.HR_OFFICER, body_id=office, region_code="430100")


def checked(officer: Actor) -> int:
    batch = take(officer, KIND, ("UNIT1", "DEPT2"), ("DEPT2", "DEPT3"), ("DEPT3", "DEPT4"), level="正高级")
    assert told(officer, batch) == (BatchState.CHECKED, 3, 0, "")
    return batch


def claimed(officer: Actor) -> tuple[int, int]:
    """A batch, and the job that is to write it."""
    batch = checked(officer)
    with unit_of_work(officer) as session:
        return batch, imports.submit(session, actor=officer, kind=KIND, batch_id=batch)


def edges() -> int:
    with read_session(SYSTEM) as session:
        return session.scalar(sa.select(sa.func.count(PathEdge.id))) or 0


def body(code: str) -> int:
    with read_session(SYSTEM) as session:
        return session.scalars(sa.select(Body.id).where(Body.code == code)).one()


@contextmanager
def between(what: Any) -> Iterator[list[int]]:
    """Do `what` after each check of the importer, before its write; how often it was checked."""
    importer, checks = importers[KIND], [0]

    def check(session: Session, actor: Actor, rows: list[Row]) -> Any:
        found = importer.check(session, actor, rows)
        checks[0] += 1
        session.rollback()
        what(checks[0])
        return found

    importers[KIND] = replace(importer, check=check)
    try:
        yield checks
    finally:
        importers[KIND] = importer


def test_killed_anywhere_it_is_resumed_and_written_once(officer: Actor) -> None:
    batch, job = claimed(officer)
    point = 0
    while True:
        point += 1
        finished, _ = killed_at(point, lambda: jobs.run(job))
        state = told(officer, batch)[0]
        assert (state, edges()) in ((BatchState.SUBMITTING, 0), (BatchState.SUBMITTED, 3)), f"point {point}"
        if finished:
            break
        if state is BatchState.SUBMITTED:
            jobs.run(job)
            break
    assert point > 4
    assert (told(officer, batch)[0], edges()) == (BatchState.SUBMITTED, 3)
    with read_session(SYSTEM) as session:
        assert session.get_one(Job, job).status is JobStatus.DONE
        imported = sa.select(sa.func.count()).where(AuditEntry.action == "approval_paths.import")
        assert session.scalar(imported) == 3
        assert list(chain.verify(session, AuditEntry)) == []


def test_a_check_killed_anywhere_is_resumed_too(officer: Actor) -> None:
    with unit_of_work(officer) as session:
        content = workbook(KIND, ("UNIT1", "DEPT2"))
        batch, job = imports.upload(
            session, actor=officer, kind=KIND, name="表.xlsx", content=content, chosen={"level": "正高级"}
        )
    for point in range(1, 7):
        killed_at(point, lambda: jobs.run(job))
    jobs.run(job)
    assert told(officer, batch) == (BatchState.CHECKED, 1, 0, "")


def test_four_workers_at_once_write_once(officer: Actor, app: Flask) -> None:
    batch, job = claimed(officer)
    gate = threading.Barrier(4)

    def run() -> None:
        with app.app_context():
            gate.wait()
            jobs.run(job)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told(officer, batch)[0], edges()) == (BatchState.SUBMITTED, 3)


def test_a_worker_that_comes_too_late_writes_nothing(officer: Actor) -> None:
    batch, job = claimed(officer)
    jobs.run(job)
    with unit_of_work(SYSTEM) as session:
        session.execute(
            sa.update(PathEdge).values(active=False, deregistered_at=clock.now())
        )  # no constraint would stop it
    with read_session(officer) as session:
        assert writing._round(session, officer, batch, importers[KIND])
    assert edges() == 3


def test_what_changes_between_check_and_write_is_checked_again(officer: Actor) -> None:
    batch, job = claimed(officer)
    with between(
        lambda turn: turn == 1 and act(SYSTEM, bodies.deregister_body, body_id=body("DEPT4"), reason="撤并")
    ) as checks:
        jobs.run(job)
    assert checks == [2]
    assert told(officer, batch) == (
        BatchState.CHECKED, 2, 1, "检查之后情况有变，没有提交：1 行已列入失败的数据。其余 2 行可以再次提交。",
    )  # fmt: skip
    assert problems(officer, batch) == {4: {"上级机构": "没有编码或名称为“DEPT4”的机构，或它已注销。"}}
    assert edges() == 0
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED


def test_a_twin_written_between_check_and_write_is_no_error_but_a_reason(officer: Actor) -> None:
    """On PostgreSQL the unique index speaks; the person is told by row."""
    batch, job = claimed(officer)

    def twin(turn: int) -> None:
        if turn == 1:
            values = {"procedure": Procedure.SENIOR_REVIEW, "level": TitleLevel.FULL_SENIOR}
            act(SYSTEM, paths.create_edge, subordinate_id=body("UNIT1"), superior_id=body("DEPT2"), **values)

    with between(twin):
        jobs.run(job)
    assert problems(officer, batch) == {2: {"下级机构": "“单位甲”已经是“主管乙”的下级，无需重复配置。"}}
    assert told(officer, batch)[:3] == (BatchState.CHECKED, 2, 1)


def test_what_others_do_elsewhere_changes_nothing(officer: Actor) -> None:
    batch, job = claimed(officer)

    def sign_in(turn: int) -> None:
        make_actor(Role.UNIT, body_id=body("UNIT1"))

    with between(sign_in) as checks:
        jobs.run(job)
    assert (checks, told(officer, batch)[0]) == ([1], BatchState.SUBMITTED)


def test_a_world_that_does_not_rest_is_left_alone(officer: Actor) -> None:
    batch, job = claimed(officer)
    with between(lambda turn: make_body(f"新单位{turn}")) as checks:
        jobs.run(job)
    assert checks == [writing.ROUNDS]
    assert told(officer, batch) == (BatchState.CHECKED, 3, 0, writing.BUSY)
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED


def trail(batch: int) -> list[tuple[str, Any]]:
    """What the trail says of a batch, in order."""
    with read_session(SYSTEM) as session:
        about = (AuditEntry.object_type == "import_batches", AuditEntry.object_id == str(batch))
        query = sa.select(AuditEntry.action, AuditEntry.detail).where(*about).order_by(AuditEntry.id)
        return [(action.removeprefix("imports."), detail) for action, detail in session.execute(query)]


def items(kind: str) -> list[tuple[str, str]]:
    """The items of all jobs of a kind: how they ended, and what they say."""
    with read_session(SYSTEM) as session:
        query = sa.select(JobItem.status, JobItem.message).join(Job).where(Job.kind == kind).order_by(Job.id)
        return [(status.label, message) for status, message in session.execute(query)]


def test_the_trail_says_what_became_of_a_batch_when_it_did(officer: Actor) -> None:
    batch, job = claimed(officer)
    with between(lambda turn: make_body(f"新单位{turn}")):
        jobs.run(job)
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    kind = {"kind": KIND}
    assert trail(batch) == [
        ("upload", kind | {"file": "表.xlsx"}),
        ("checked", {"good": 3, "bad": 0}),
        ("submit", kind | {"rows": 3}),
        ("given_back", {"reason": writing.BUSY}),
        ("submit", kind | {"rows": 3}),
        ("written", {"rows": 3}),
    ]
    assert items(writing.JOB) == [("失败", writing.BUSY), ("成功", "")]
    jobs.run(job)
    assert items(writing.JOB)[0] == ("失败", writing.BUSY)


def test_a_file_refused_fails_its_item_with_the_reason(officer: Actor) -> None:
    batch = take(officer, KIND, content=b"PK", level="正高级")
    [(ended, said)] = items(checking.JOB)
    assert ended == "失败" and said == told(officer, batch)[3] and "不是可以读取的" in said
    assert trail(batch)[-1] == ("refused", {"reason": said})


def test_a_write_that_breaks_leaves_nothing_and_says_so(officer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, job = claimed(officer)
    broken = replace(importers[KIND], write=lambda *_: 1 / 0)
    monkeypatch.setitem(importers, KIND, broken)
    jobs.run(job)
    assert told(officer, batch) == (BatchState.CHECKED, 3, 0, writing.FAILED)
    with read_session(SYSTEM) as session:
        assert session.get_one(Job, job).status is JobStatus.PARTLY
    monkeypatch.undo()
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED


def test_others_save_while_a_submission_is_checked(officer: Actor) -> None:
    """The check holds no lock: whoever saves meanwhile is not even kept waiting."""
    batch, job = claimed(officer)
    waited: list[float] = []

    def save(turn: int) -> None:
        started = clock.now()
        with unit_of_work(SYSTEM) as session:
            session.execute(sa.update(Job).where(Job.id == job).values(title="改名"))
        waited.append((clock.now() - started).total_seconds())

    with between(save):
        jobs.run(job)
    assert waited and max(waited) < 2
    assert told(officer, batch)[0] is BatchState.SUBMITTED


def test_a_colleague_cannot_submit_it(officer: Actor) -> None:
    batch = checked(officer)
    colleague = make_actor(Role.HR_OFFICER, body_id=officer.body_id, region_code="430100")
    with pytest.raises(imports.services.NotFound), unit_of_work(colleague) as session:
        imports.submit(session, actor=colleague, kind=KIND, batch_id=batch)
    with read_session(officer) as session:
        assert session.get_one(ImportBatch, batch).state is BatchState.CHECKED
