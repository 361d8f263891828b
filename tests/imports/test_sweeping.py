"""Nothing of an import stays for ever: stranded batches are settled, files and rows go after their days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app import imports
from app.bodies.enums import NodeType
from app.bodies.spreadsheets import KIND
from app.core import clock, jobs, storage
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Refusal
from app.core.scope import Actor
from app.imports import BatchState, ImportBatch, checking, importers, sweeping, writing
from app.imports.batches import FailedRow, StagedBlock
from tests.imports.files import submit, take, told, workbook
from tests.people import make_actor
from tests.places import MONDAY, SYSTEM, make_body

ASKED = {"method": "初定", "level": "助理级"}


@pytest.fixture
def officer(app: Flask) -> Actor:
    make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
    with clock.at(MONDAY):
        return make_actor(Role.HR_OFFICER, body_id=make_body("市人社局", NodeType.TITLE_OFFICE), region_code="430100")


def checked(officer: Actor) -> int:
    return take(officer, KIND, ["OFFICE1", "人社局", ""], ["NOBODY", "不知", ""], **ASKED)


def left(batch: int) -> tuple[bool, int, int]:
    """Whether the file is there, and how many blocks and failed rows."""
    with read_session(SYSTEM) as session:
        key = session.get_one(ImportBatch, batch).storage_key
        counts = [
            session.scalar(sa.select(sa.func.count()).select_from(model).where(model.batch_id == batch)) or 0
            for model in (StagedBlock, FailedRow)
        ]
    if key:
        storage.current().open(key).close()
    return key is not None, counts[0], counts[1]


@pytest.mark.parametrize(
    ("end", "days", "state", "message"),
    [
        (lambda officer, batch: submit(officer, KIND, batch), 7, BatchState.SUBMITTED, ""),
        (lambda officer, batch: discard(officer, batch), 7, BatchState.DISCARDED, ""),
        (lambda officer, batch: None, 30, BatchState.DISCARDED, sweeping.EXPIRED),
    ],
)
def test_file_and_rows_go_after_their_days(
    officer: Actor, end: Callable[[Actor, int], object], days: int, state: BatchState, message: str
) -> None:
    with clock.at(MONDAY):
        batch = checked(officer)
        with read_session(SYSTEM) as session:
            key = session.get_one(ImportBatch, batch).storage_key or ""
        end(officer, batch)
    with clock.at(MONDAY + timedelta(days=days)):
        assert imports.sweep() == 0
    assert left(batch) == (True, 1, 1)
    with clock.at(MONDAY + timedelta(days=days, minutes=1)):
        assert imports.sweep() == 1
        assert imports.sweep() == 0
    assert left(batch) == (False, 0, 0)
    assert (told(officer, batch)[0], told(officer, batch)[3]) == (state, message)
    with pytest.raises(FileNotFoundError):
        storage.current().open(key)


def discard(officer: Actor, batch: int) -> None:
    with unit_of_work(officer) as session:
        imports.discard(session, actor=officer, batch_id=batch)


def test_the_days_are_what_is_asked_for(officer: Actor) -> None:
    with clock.at(MONDAY):
        batch = checked(officer)
    with clock.at(MONDAY + timedelta(days=3)):
        assert imports.sweep(timedelta(days=1), timedelta(days=4)) == 0
        assert imports.sweep(timedelta(days=1), timedelta(days=2)) == 1
    assert left(batch) == (False, 0, 0)


def test_a_batch_under_way_is_not_swept(officer: Actor) -> None:
    with clock.at(MONDAY):
        batch = checked(officer)
        with unit_of_work(officer) as session:
            imports.submit(session, actor=officer, kind=KIND, batch_id=batch)
    with clock.at(MONDAY + timedelta(days=99)):
        assert imports.sweep() == 0


def test_a_rolled_back_upload_leaves_no_file(officer: Actor) -> None:
    kept: list[str] = []

    def fails_afterwards() -> None:
        content = workbook(KIND, ["OFFICE1", "甲", ""])
        with unit_of_work(officer) as session:
            batch, _ = imports.upload(session, actor=officer, kind=KIND, name="表.xlsx", content=content, chosen=ASKED)
            kept.append(session.get_one(ImportBatch, batch).storage_key or "")
            raise Refusal("之后出了错。")

    with pytest.raises(Refusal):
        fails_afterwards()
    with pytest.raises(FileNotFoundError):
        storage.current().open(kept[0])
    batch = checked(officer)  # and one that is committed keeps it, whatever its session does afterwards
    assert left(batch)[0]


# -- a check that breaks -------------------------------------------------------------------------------------------


def uploaded(officer: Actor) -> tuple[int, int]:
    with unit_of_work(officer) as session:
        return imports.upload(
            session,
            actor=officer,
            kind=KIND,
            name="表.xlsx",
            content=workbook(KIND, ["OFFICE1", "甲", ""]),
            chosen=ASKED,
        )


def test_a_check_that_breaks_anywhere_refuses_the_file(officer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    for module, name in ((storage.current(), "open"), (checking, "read"), (checking.batches, "keep")):
        batch, job = uploaded(officer)
        with monkeypatch.context() as patch:
            patch.setattr(module, name, breaks)
            jobs.run(job)
        assert told(officer, batch) == (BatchState.REFUSED, 0, 0, checking.FAILED), name
    batch, job = uploaded(officer)
    with monkeypatch.context() as patch:
        patch.delitem(importers, KIND)
        jobs.run(job)
    assert told(officer, batch)[0] is BatchState.REFUSED


def test_a_batch_whose_job_ended_without_a_word_is_settled(officer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, job = uploaded(officer)
    monkeypatch.setattr(checking, "_refuse", lambda *_: None)
    monkeypatch.setattr(checking, "read", lambda *_: 1 / 0)
    jobs.run(job)
    assert told(officer, batch)[0] is BatchState.UPLOADED
    assert imports.revive() == 1
    assert told(officer, batch)[0] is BatchState.REFUSED
    monkeypatch.undo()
    batch = checked(officer)
    with unit_of_work(officer) as session:
        job = imports.submit(session, actor=officer, kind=KIND, batch_id=batch)
    assert imports.revive() == 0  # the job has yet to run
    monkeypatch.setattr(writing, "_give_back", lambda *_: None)
    monkeypatch.setattr(writing, "_round", lambda *_: 1 / 0)
    jobs.run(job)
    assert imports.revive() == 1
    assert told(officer, batch)[:3] == (BatchState.CHECKED, 1, 1)


def test_the_nightly_days_are_settings(app: Flask) -> None:
    from app.factory import _days

    assert _days("import_done_days", "import_waiting_days") == [timedelta(days=7), timedelta(days=30)]
    assert isinstance(MONDAY, datetime)
