"""The console by its pages: who may open them, jobs, template files."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import BaseView, expose

from app import imports
from app.catalog.models import MaterialRequirement, TitleSeries
from app.core import jobs
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Refusal
from app.core.jobs import Job, JobStatus
from app.core.scope import Actor
from app.factory import create_app
from app.ops.views.dictionaries import DICTIONARIES
from app.web.access import undeclared
from tests.http import Browser, Doors
from tests.ops.desk import save, trail
from tests.people import make_actor
from tests.places import PROVINCE, SYSTEM

PAGES = (
    "/ops/",
    "/ops/tables/",
    "/ops/tables/people/",
    "/ops/tables/regions/430100",
    "/ops/jobs/",
    "/ops/templates/",
    *(f"/ops/dictionaries/{address}/" for _, _, address, _ in DICTIONARIES),
    "/ops/dictionaries/series/edit/?id=1",
    "/ops/dictionaries/regions/new/",
)


failing = True


@jobs.handler("test.console")
def fail_first(session: Any, actor: Actor, subject_id: int) -> None:
    if failing:
        raise Refusal("打印机没有纸。")


# -- who, and how ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [PROVINCE, Actor(Role.APPLICANT), Actor(Role.JUDGE)])
def test_for_the_administrator_alone(doors: Doors, actor: Actor) -> None:
    other = doors.enter(actor)
    for page in PAGES:
        assert other.get(page).status_code == 403
    assert "数据运维" not in other.get("/").text


def test_every_page_is_ours(desk: Browser) -> None:
    assert '<a href="/ops/">数据运维</a>' in desk.get("/").text
    for page in PAGES:
        answer = desk.get(page)
        assert answer.status_code == 200, page
        text = answer.text
        assert 'class="tabs"' in text and "zhicheng.css" in text
        assert '<a href="/ops/" aria-current="page">数据运维</a>' in text
        assert not re.search(r"<script(?![^>]*(src|nonce)=)|\son\w+=|\sstyle=|https?://", text), page
        assert "bootstrap" not in text.lower()


def test_a_view_without_a_policy_is_found_and_closed(tmp_path: Any) -> None:
    class ForgottenView(BaseView):
        @expose("/")
        def index(self) -> str:
            return "open"

    app = create_app(INSTANCE=tmp_path, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
    app.extensions["admin"][0].add_view(ForgottenView("x", endpoint="forgotten", url="/ops/forgotten"))
    with app.test_request_context():
        assert undeclared(rule.endpoint for rule in app.url_map.iter_rules()) == ["forgotten.index"]
    assert app.test_client().get("/ops/forgotten/").status_code == 404


def test_a_dictionary_has_the_routes_it_says(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("ops_series.")}
    assert there == {"ops_series.index_view", "ops_series.edit_view"}
    kept = tuple(f"ops_{address}." for _, _, address, _ in DICTIONARIES)
    methods = {rule.endpoint.partition(".")[2] for rule in app.url_map.iter_rules() if rule.endpoint.startswith(kept)}
    assert not methods & {"action_view", "ajax_update", "ajax_lookup", "export", "details_view", "static"}


# -- jobs ------------------------------------------------------------------------------------------------------


def test_a_failed_job_is_tried_again(app: Flask, doors: Doors, desk: Browser) -> None:
    global failing
    failing = True
    owner = make_actor(Role.JUDGE)
    with unit_of_work(owner) as session:
        items = [(1, "甲"), (2, "乙")]
        job = jobs.submit(session, actor=owner, kind="test.console", title="打印", items=items).id
    assert "/retry" not in desk.get("/ops/jobs/").text
    answer = desk.post(f"/ops/jobs/{job}/retry", follow_redirects=True)
    assert "只有已经结束、有失败条目的任务可以重试" in answer.text
    jobs.run(job)
    page = desk.get("/ops/jobs/?status=partly").text
    assert "打印机没有纸。" in page and f"/ops/jobs/{job}/retry" in page
    failing = False
    assert "已重新排队" in desk.post(f"/ops/jobs/{job}/retry", follow_redirects=True).text
    assert desk.post(f"/ops/jobs/{job}/retry", follow_redirects=True).text.count("只有已经结束") == 1
    jobs.run(job)
    with read_session(SYSTEM) as session:
        row = session.get_one(Job, job)
        assert (row.status, row.done, row.failed, row.user_id) == (JobStatus.DONE, 2, 0, owner.user_id)
    assert trail("jobs.retry") == [{"items": 2}]
    assert desk.post("/ops/jobs/999999/retry").status_code == 404
    other = doors.sign_in(owner.user_id or 0)
    assert other.post(f"/ops/jobs/{job}/retry").status_code == 403


# -- template files --------------------------------------------------------------------------------------------


def test_template_files_are_handed_out(desk: Browser) -> None:
    page = desk.get("/ops/templates/").text
    for kind, importer in imports.importers.items():
        assert importer.title in page
        with desk.get(f"/ops/templates/workbook/{kind}") as answer:
            head = next(openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
        assert [label.rstrip("*") for label in head] == [column.label for column in importer.filled_columns]
    with desk.get("/ops/templates/source/home/job.html") as answer:
        assert answer.mimetype == "text/plain" and b"page_layout" in answer.data
        assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["../config.py", "..%2f..%2fetc/passwd", "%2fetc/passwd", "home/nothing.html", ""])
def test_no_other_file_has_a_name(desk: Browser, name: str) -> None:
    assert desk.get(f"/ops/templates/source/{name}", follow_redirects=True).status_code == 404
    assert desk.get("/ops/templates/workbook/nothing").status_code == 404


def test_forms_need_their_token(app: Flask, doors: Doors, desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for address in ("dictionaries/series/edit/?id=3", "dictionaries/regions/new/", "dictionaries/regions/delete/"):
        assert desk.post(f"/ops/{address}", data={"name": "甲", "id": "430199"}).status_code == 400
    page = desk.get("/ops/dictionaries/series/edit/?id=3").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    data = {"name": "带令牌", "csrf_token": token[1]}
    assert save(desk, "/ops/dictionaries/series/edit/?id=3", data).status_code == 302
    with read_session(SYSTEM) as session:
        assert session.get_one(TitleSeries, 3).name == "带令牌"
        assert session.scalars(sa.select(MaterialRequirement)).first() is not None
