"""Electronic certificates, made by a job."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from app.applications.models import ApplicationMaterial
from app.certificates import services
from app.certificates.enums import CertificateStatus
from app.certificates.services.rendering import PHOTO
from app.core import jobs, storage
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict
from app.core.jobs import ItemStatus, Job, JobItem, JobStatus
from app.core.scope import Actor
from tests.applications.world import SYSTEM
from tests.certificates.desk import certificates, events, issued, revoke
from tests.refusals import refusal
from tests.review_plans.stage import Stage


def start(stage: Stage, keys: list[int], *, by: Actor | None = None) -> int:
    actor = by or stage.office
    actor = replace(actor, user_id=actor.body_id or 99)  # jobs belong to users
    with unit_of_work(actor) as session:
        return services.start_rendering(session, actor=actor, certificate_ids=keys, title="生成电子证书").id


def job(job_id: int) -> tuple[JobStatus, int, int, int]:
    with read_session(SYSTEM) as session:
        row = session.get_one(Job, job_id)
        return row.status, row.total, row.done, row.failed


def test_each_certificate_is_rendered_once(stage: Stage) -> None:
    keys = issued(stage, 2)
    job_id = start(stage, keys)
    assert start(stage, keys) == job_id  # a second press
    jobs.run(job_id)
    jobs.run(job_id)
    assert job(job_id) == (JobStatus.DONE, 2, 2, 0)
    made = certificates()
    assert [row.status for row in made] == [CertificateStatus.RENDERED] * 2
    assert [event for event, _ in events()] == ["issued", "issued", "rendered", "rendered"]
    with storage.current().open(made[0].storage_key or "") as file:
        assert file.read(5) == b"%PDF-"
    told = "没有可生成的证书：所选证书都已生成或已撤销。"
    assert refusal(Conflict, lambda: start(stage, keys)) == told


def test_only_what_no_open_job_holds_goes_into_a_new_one(stage: Stage) -> None:
    keys = issued(stage, 3)
    first = start(stage, keys[:2])
    second = start(stage, keys)
    assert second != first
    assert (job(first)[1], job(second)[1]) == (2, 1)
    told = refusal(Conflict, lambda: start(stage, keys, by=stage.world.actors["province"]))
    assert told == "所选证书正在由其他经办人生成，请稍后再看。"


def test_what_failed_can_be_pressed_again(stage: Stage) -> None:
    keys = issued(stage, 1)
    with unit_of_work(SYSTEM) as session:
        material = session.scalars(
            sa.select(ApplicationMaterial).where(ApplicationMaterial.requirement.has(code=PHOTO))
        ).one()
        key, good = material.id, material.storage_key
        material.storage_key = storage.current().write(b"\xff\xd8\xff no picture")
    first = start(stage, keys)
    jobs.run(first)
    assert job(first) == (JobStatus.PARTLY, 1, 0, 1)
    assert [row.status for row in certificates()] == [CertificateStatus.ISSUED]
    with unit_of_work(SYSTEM) as session:
        session.get_one(ApplicationMaterial, key).storage_key = good
    second = start(stage, keys)
    assert second != first
    jobs.run(second)
    assert job(second) == (JobStatus.DONE, 1, 1, 0)


def test_a_revoked_certificate_is_not_rendered(stage: Stage) -> None:
    keys = issued(stage, 2)
    job_id = start(stage, keys)
    revoke(stage, keys[0])
    jobs.run(job_id)
    assert job(job_id) == (JobStatus.PARTLY, 2, 1, 1)
    with read_session(SYSTEM) as session:
        message = session.scalars(sa.select(JobItem.message).where(JobItem.status == ItemStatus.FAILED)).one()
    assert message == f"证书 {certificates()[0].number} 已撤销。"
