from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.models import Post
from app.core import clock, jobs
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Refusal
from app.core.jobs import ItemStatus, Job, JobItem, JobStatus
from app.core.scope import Actor, elevated
from tests.people import make_actor

pytestmark = pytest.mark.usefixtures("app")

worked: list[int] = []


@jobs.handler("test.count")
def count(session: Session, actor: Actor, subject_id: int) -> None:
    worked.append(subject_id)
    if subject_id == 13:
        raise Refusal("十三号不办。")
    if subject_id == 99:
        raise RuntimeError("boom")


@pytest.fixture
def actor() -> Actor:
    worked.clear()
    return make_actor(Role.APPLICANT)


def submit(actor: Actor, *subjects: int, once_key: str | None = None) -> int:
    with unit_of_work(actor) as session:
        items = [(subject, f"第 {subject} 项") for subject in subjects]
        return jobs.submit(session, actor=actor, kind="test.count", title="点数", items=items, once_key=once_key).id


def state(job_id: int) -> tuple[JobStatus, int, int, int]:
    with read_session(Actor.system("test")) as session:
        job = session.get_one(Job, job_id)
        return job.status, job.total, job.done, job.failed


def test_each_item_is_done_once_however_often_the_job_is_run(actor: Actor) -> None:
    job_id = submit(actor, 1, 2, 3)
    assert state(job_id) == (JobStatus.QUEUED, 3, 0, 0)
    jobs.run(job_id)
    jobs.run(job_id)
    assert worked == [1, 2, 3]
    assert state(job_id) == (JobStatus.DONE, 3, 3, 0)


def test_a_refused_item_fails_with_its_reason_and_the_rest_go_on(
    actor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = submit(actor, 12, 13, 99, 14)
    jobs.run(job_id)
    assert state(job_id) == (JobStatus.PARTLY, 4, 2, 2)
    with read_session(actor) as session:
        rows = session.execute(
            sa.select(JobItem.subject_id, JobItem.status, JobItem.message).order_by(JobItem.seq)
        ).all()
    assert [tuple(row) for row in rows] == [
        (12, ItemStatus.DONE, ""),
        (13, ItemStatus.FAILED, "十三号不办。"),
        (99, ItemStatus.FAILED, "系统处理这一条时出错，已记录，请联系管理员。"),
        (14, ItemStatus.DONE, ""),
    ]
    assert "boom" in caplog.text


@pytest.mark.parametrize("lost", ["post revoked", "post ended", "account deactivated"])
def test_a_retry_does_nothing_in_a_post_lost_since(actor: Actor, lost: str) -> None:
    job_id = submit(actor, 12, 13)
    jobs.run(job_id)
    admin = make_actor(Role.SYSADMIN)
    with unit_of_work(admin) as session:
        if lost == "post revoked":
            accounts.revoke_post(session, actor=admin, post_id=actor.post_id or 0, reason="调离")
        elif lost == "post ended":
            session.get_one(Post, actor.post_id).until = clock.today() - timedelta(days=1)
        else:
            accounts.set_active(session, actor=admin, user_id=actor.user_id or 0, active=False, reason="离职")
        jobs.retry(session, actor=admin, job_id=job_id)
    worked.clear()
    jobs.run(job_id)
    assert worked == []
    assert state(job_id) == (JobStatus.PARTLY, 2, 1, 1)
    with read_session(Actor.system("test")) as session:
        told = session.scalars(sa.select(JobItem.message).where(JobItem.status == ItemStatus.FAILED)).one()
    assert told == "测试员提交任务时的身份（申报人）已经收回或停用，没有办理。"


def test_a_post_lost_halfway_stops_the_rest(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = submit(actor, 1, 2, 3)

    def lose(session: Session, actor: Actor, subject_id: int) -> None:
        worked.append(subject_id)
        with session.begin_nested(), elevated(session, "as another transaction would"):
            session.get_one(Post, actor.post_id).active = False

    monkeypatch.setitem(jobs.handlers, "test.count", lose)
    jobs.run(job_id)
    assert worked == [1]
    assert state(job_id) == (JobStatus.PARTLY, 3, 1, 2)


def test_what_no_post_ordered_stands_by_itself() -> None:
    worked.clear()
    job_id = submit(Actor.system("nightly"), 1)
    jobs.run(job_id)
    assert worked == [1]


def test_an_interrupted_job_is_found_and_finished(actor: Actor) -> None:
    job_id = submit(actor, 1, 2, 3)
    with unit_of_work(Actor.system("test")) as session:  # as a killed worker leaves it: one item ticked
        job = session.get_one(Job, job_id)
        job.status, job.done = JobStatus.RUNNING, 1
        session.scalars(sa.select(JobItem).where(JobItem.subject_id == 1)).one().status = ItemStatus.DONE
    with read_session(Actor.system("test")) as session:
        assert jobs.unfinished(session, all_of_them=True) == [job_id]
        assert jobs.unfinished(session, all_of_them=False) == []
    jobs.run(job_id)
    assert worked == [2, 3]
    assert state(job_id) == (JobStatus.DONE, 3, 3, 0)


def test_a_second_press_answers_the_first_job(actor: Actor) -> None:
    first = submit(actor, 1, once_key="same")
    assert submit(actor, 1, 2, once_key="same") == first
    assert state(first) == (JobStatus.QUEUED, 1, 0, 0)


def test_a_job_is_seen_by_its_owner_and_the_administrator_alone(actor: Actor) -> None:
    job_id = submit(actor, 1)
    for role, seen in ((Role.APPLICANT, False), (Role.SYSADMIN, True)):
        with read_session(make_actor(role)) as session:
            assert (session.get(Job, job_id) is not None) is seen
            assert bool(session.scalars(sa.select(JobItem)).all()) is seen


def test_the_order_is_in_the_audit_trail(actor: Actor) -> None:
    job_id = submit(actor, 1, 2)
    with read_session(Actor.system("test")) as session:
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "jobs.submit")).one()
        assert (entry.object_type, entry.object_id, entry.detail) == (
            "jobs",
            str(job_id),
            {"kind": "test.count", "total": 2},
        )


def test_an_unknown_kind_is_the_programs_mistake(actor: Actor) -> None:
    with pytest.raises(KeyError, match="nothing"), unit_of_work(actor) as session:
        jobs.submit(session, actor=actor, kind="nothing", title="", items=[])
