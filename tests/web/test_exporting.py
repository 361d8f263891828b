"""【导出查询结果】 of more rows than a page waits for: the job, its progress, its file, and whose it is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from app.core import clock, exports, jobs, storage
from app.core.audit import AuditEntry
from app.core.db import db, read_session, unit_of_work
from app.core.enums import Role
from app.core.exports import QueryExport
from app.core.jobs import Job, JobStatus
from app.core.scope import Actor
from tests.faults.kills import NEVER, killed_at
from tests.http import Browser, Doors
from tests.people import make_actor
from tests.places import MONDAY, SYSTEM

NAMES = [f"导出{letter}" for letter in "甲乙丙丁戊己庚辛壬癸子丑"]
PEOPLE = len(NAMES)
ADDRESS = "/accounts/export?name=导出"


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    """Twelve people more than may be exported at once, by pages of two."""
    monkeypatch.setitem(app.config, "EXPORT_ROWS", 5)
    monkeypatch.setattr("app.web.lists.EXPORT_PAGE", 2)
    with clock.at(MONDAY):
        for name in NAMES:
            make_actor(Role.JUDGE, name=name)
        yield Doors(app, monkeypatch)


@pytest.fixture
def admin(doors: Doors) -> Actor:
    return make_actor(Role.SYSADMIN, name="管理员")


@pytest.fixture
def desk(doors: Doors, admin: Actor) -> Browser:
    return doors.sign_in(admin.user_id or 0)


def ask(desk: Browser, address: str = ADDRESS) -> int:
    """Press the button; the number of the job."""
    answer = desk.post(address)
    assert answer.status_code == 302
    found = re.match(r"/job/(\d+)\?from=/accounts/", str(answer.location))
    assert found, answer.location
    return int(found[1])


def rows_of(content: bytes) -> list[list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(sheet.values) for sheet in book.worksheets]


def download(desk: Browser, job: int) -> bytes:
    with desk.get(f"/job/{job}/download") as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        return answer.data


def test_a_get_asks_and_starts_nothing(desk: Browser) -> None:
    page = desk.get(ADDRESS)
    assert page.status_code == 200
    assert "查询结果超过 5 条" in page.text and 'method="post" action="/accounts/export?name=' in page.text
    assert "<dd>导出</dd>" in page.text  # the conditions, to be confirmed
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(Job)).all() == []


def test_the_button_of_a_long_list_posts(desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert '<a class="btn" href="/accounts/export"' in desk.get("/accounts/").text
    monkeypatch.setattr("app.web.paging.COUNT_CAP", 5)
    page = desk.get("/accounts/").text
    assert '<form method="post" action="/accounts/export" class="inline" data-download>' in page


def test_few_rows_are_handed_over_at_once(desk: Browser) -> None:
    for send in (desk.get, desk.post):
        with send("/accounts/export?name=导出丑") as answer:
            assert [row[1] for row in rows_of(answer.data)[0]] == ["姓名", "导出丑"]


def test_the_job_makes_what_the_button_would(app: Flask, desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(desk)
    page = desk.get(f"/job/{job}").text
    assert "已写入 0 条" in page and "下载" not in page and "data-refresh" in page
    assert desk.get(f"/job/{job}/download").status_code == 404
    jobs.run(job)
    page = desk.get(f"/job/{job}").text
    assert "共 12 条" in page and f"/job/{job}/download" in page and "data-refresh" not in page
    made = rows_of(download(desk, job))
    monkeypatch.setitem(app.config, "EXPORT_ROWS", 100)
    with desk.get(ADDRESS) as answer:
        assert made == rows_of(answer.data)
    assert len(made[0]) == PEOPLE + 1
    assert {row[1] for row in made[0][1:]} == set(NAMES)
    assert all("*" in row[2] for row in made[0][1:])  # masked as on screen
    with read_session(SYSTEM) as session:
        done = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action.startswith("exports.")).order_by(AuditEntry.id)
        ).all()
        export = session.scalars(sa.select(QueryExport)).one()
        kept = session.connection().exec_driver_sql("SELECT address FROM query_exports").scalar_one()
        assert export.address.startswith("/accounts/export?name=") and "accounts" not in kept  # unreadable in the file
    assert [(entry.action, entry.actor_name) for entry in done] == [
        ("exports.ask", "管理员"),
        ("exports.make", "管理员"),
        ("exports.download", "管理员"),
        ("exports.download", "管理员"),
    ]
    assert done[0].detail["conditions"] == "姓名：导出"
    assert done[1].detail == {"rows": 12, "sha256": export.sha256}
    assert done[3].detail == {
        "title": "用户管理",
        "screen": "/accounts/export",
        "rows": 12,
        "conditions": "姓名：导出",
    }  # few enough to be handed out at once


def test_a_full_sheet_is_followed_by_another(desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.formats.tables.SHEET_ROWS", 5)
    job = ask(desk)
    jobs.run(job)
    book = openpyxl.load_workbook(io.BytesIO(download(desk, job)))
    assert book.sheetnames == ["用户管理", "用户管理（2）", "用户管理（3）"]
    sheets = [list(sheet.values) for sheet in book.worksheets]
    assert [len(sheet) for sheet in sheets] == [6, 6, 3]
    assert {sheet[0] for sheet in sheets} == {sheets[0][0]}


def test_a_second_press_answers_the_first_job_until_it_is_done(doors: Doors, desk: Browser) -> None:
    first = ask(desk)
    assert ask(desk) == first
    assert ask(desk, "/accounts/export?name=导") != first  # other conditions
    another = doors.enter(Actor(Role.SYSADMIN))
    assert ask(another) != first  # another person
    jobs.run(first)
    assert ask(desk) not in (first, 0)  # rows may have changed since


def test_the_file_is_for_the_person_who_asked_in_that_post(doors: Doors, admin: Actor, desk: Browser) -> None:
    job = ask(desk)
    jobs.run(job)
    another = doors.enter(Actor(Role.SYSADMIN))
    page = another.get(f"/job/{job}")
    assert page.status_code == 200 and "/download" not in page.text and "只交给申请导出的人" in page.text
    assert another.get(f"/job/{job}/download").status_code == 404
    stranger = doors.enter(Actor(Role.JUDGE))
    assert stranger.get(f"/job/{job}/download").status_code == 404
    with read_session(replace(admin, post_id=(admin.post_id or 0) + 1)) as session:
        assert exports.of_job(session, job) is None
    with read_session(admin) as session:
        assert exports.of_job(session, job) is not None


def test_what_the_post_may_no_longer_open_is_not_exported(
    app: Flask, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(desk)
    monkeypatch.setattr("app.accounts.views.administration.AccountView.access", {"*": frozenset({Role.JUDGE})})
    jobs.run(job)
    page = desk.get(f"/job/{job}").text
    assert "没有生成文件" in page and "不能打开所导出的页面" in page
    assert desk.get(f"/job/{job}/download").status_code == 404


def test_the_rows_are_those_of_the_requesters_scope(app: Flask, doors: Doors) -> None:
    """An officer's job sees what the officer sees, though a worker runs it."""
    owner = make_actor(Role.SYSADMIN, name="别人")
    with unit_of_work(owner) as session:
        hidden = exports.ask(session, actor=owner, title="导出任务", address=ADDRESS).id
    officer = make_actor(Role.JUDGE, name="评委甲")
    with read_session(officer) as session:
        assert session.get(Job, hidden) is None
    with unit_of_work(officer) as session:
        job = exports.ask(session, actor=officer, title="导出用户管理", address=ADDRESS).id
    jobs.run(job)  # a judge may not open the list
    with read_session(officer) as session:
        assert session.get_one(Job, job).status is JobStatus.PARTLY


def test_killed_in_the_middle_and_resumed(app: Flask, desk: Browser) -> None:
    job = ask(desk)
    acknowledged, points = killed_at(NEVER, lambda: jobs.run(ask(desk, "/accounts/export?name=%E5%AF%BC")))
    assert acknowledged and points > 12
    for point in range(4, points, 5):
        done, _ = killed_at(point, lambda: jobs.run(job))
        with read_session(SYSTEM) as session:
            if session.get_one(Job, job).finished_at:
                break
        assert not done
    with read_session(SYSTEM) as session:
        assert jobs.unfinished(session, all_of_them=True) in ([], [job])
    jobs.run(job)
    assert len(rows_of(download(desk, job))[0]) == PEOPLE + 1
    with read_session(SYSTEM) as session:
        row = session.get_one(Job, job)
        assert (row.status, row.done, row.failed) == (JobStatus.DONE, 1, 0)
        made = session.scalars(
            sa.select(AuditEntry.object_id).where(AuditEntry.action == "exports.make", AuditEntry.object_id == "1")
        ).all()
    assert len(made) == 1


def test_a_worker_that_comes_second_throws_its_file_away(app: Flask, desk: Browser) -> None:
    job = ask(desk)
    jobs.run(job)
    with read_session(SYSTEM) as session:
        export = session.scalars(sa.select(QueryExport)).one()
    late = storage.keep_file(storage.current(), "x.xlsx", io.BytesIO(b"late"), "x")
    assert not exports.finish(export.id, SYSTEM, 1, late)
    assert len(rows_of(download(desk, job))[0]) == PEOPLE + 1


def test_after_seven_days_the_file_is_gone(app: Flask, desk: Browser) -> None:
    job = ask(desk)
    jobs.run(job)
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(QueryExport.storage_key)).one() or ""
    with clock.at(MONDAY + timedelta(days=6, hours=23)):
        assert exports.sweep() == 0
    with clock.at(MONDAY + timedelta(days=7, seconds=1)), read_session(SYSTEM) as session:
        assert not session.scalars(sa.select(QueryExport)).one().available  # not handed out, swept or not
    with clock.at(MONDAY + timedelta(days=7, seconds=1)):
        assert (exports.sweep(), exports.sweep()) == (1, 0)
    with pytest.raises(FileNotFoundError):
        storage.current().open(key)
    assert "已超过保留期限" in desk.get(f"/job/{job}").text
    assert desk.get(f"/job/{job}/download").status_code == 404


def test_pressed_twice_at_once(app: Flask, admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second press looks before the first has committed, and writes after."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets one writer in at a time")
    began, first = exports._begin, []

    def outrun(session: Any, actor: Actor, *rest: str) -> Job:
        monkeypatch.setattr(exports, "_begin", began)
        with unit_of_work(actor) as other:
            first.append(exports.ask(other, actor=actor, title="导出", address=ADDRESS).id)
        return began(session, actor, *rest)

    monkeypatch.setattr(exports, "_begin", outrun)
    with unit_of_work(admin) as session:
        second = exports.ask(session, actor=admin, title="导出", address=ADDRESS).id
    assert first == [second]
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(QueryExport)) == 1
