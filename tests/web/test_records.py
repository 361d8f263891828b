"""Each door FAB leaves open, tried."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.models.sqla.interface import SQLAInterface

from app.core.db import read_session
from app.core.scope import Actor
from app.quotas.models import PostQuota
from app.web.records import RecordView
from tests.web import bed

LEVEL = next(iter(PostQuota.level.type.enum)).value
NEW = {"year": "2030", "level": LEVEL, "posts": "3", "body": "1"}


def posts_of(web: Flask, **where: Any) -> list[int]:
    with web.app_context(), read_session(Actor.system("test")) as session:
        return list(session.scalars(sa.select(PostQuota.posts).filter_by(**where).order_by(PostQuota.id)))


def keys(text: str) -> list[str]:
    return re.findall(r'href="/records/show/(\d+)">(?!查看)', text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/records/action/mark/1"),
        ("post", "/records/action/mark/1"),
        ("post", "/records/action_post"),
        ("get", "/records/download/zhicheng.db"),
        ("get", "/records/list/1"),
        ("get", "/records/api/read"),
        ("get", "/api/v1/postquota/"),
        ("get", "/records/nothing"),
    ],
)
def test_routes_fab_would_open_do_not_exist(http: FlaskClient, method: str, path: str) -> None:
    assert getattr(http, method)(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "page_QuotaRecords=abc",
        "page_QuotaRecords=-1",
        "page_QuotaRecords=99999999999999999999",
        "psize_QuotaRecords=1000000",
        "psize_QuotaRecords=x",
        "_oc_QuotaRecords=opinion&_od_QuotaRecords=asc",
        "_oc_QuotaRecords=nothing&_od_QuotaRecords=desc",
        "_oc_QuotaRecords=body.name&_od_QuotaRecords=asc",
        "_flt_0_opinion=x",
        "_flt_9_year=1",
        "_flt_99_year=1",
        "_flt_0_nothing=1",
        "_flt_x_year=1",
        "_flt_0_year=abc",
        "_flt_0_level=zz",
        "_flt_0_body=abc",
        "_flt_0_body=999999999999999999999",
        "_flt_0_year=%00",
    ],
)
def test_a_garbled_address_is_a_clean_list(http: FlaskClient, query: str) -> None:
    answer = http.get("/records/list/?" + query)
    assert answer.status_code == 200
    assert len(keys(answer.text)) <= 100
    assert "SELECT" not in answer.text


def test_hidden_columns_cannot_be_probed(http: FlaskClient) -> None:
    whole = keys(http.get("/records/list/").text)
    assert len(whole) == 20
    for index in range(10):
        assert keys(http.get(f"/records/list/?_flt_{index}_posts=77").text) == whole
    assert keys(http.get("/records/list/?_oc_QuotaRecords=posts&_od_QuotaRecords=desc").text) == whole


def test_declared_search_and_order_work(http: FlaskClient) -> None:
    found = http.get("/records/list/?_flt_0_year=2000").text
    assert 0 < len(keys(found)) < 20
    newest = http.get("/records/list/?_oc_QuotaRecords=year&_od_QuotaRecords=desc").text
    assert keys(newest)[0] == str(bed.ROWS)
    assert 'aria-sort="descending"' in newest


def test_pages_are_bounded(http: FlaskClient) -> None:
    assert len(keys(http.get("/records/list/?psize_QuotaRecords=1000000").text)) == 20
    assert len(keys(http.get("/records/list/?psize_QuotaRecords=100").text)) == bed.ROWS
    assert len(keys(http.get("/records/list/?page_QuotaRecords=2").text)) == bed.ROWS - 40


@pytest.mark.parametrize(
    "path", ["show/99", "edit/99", "show/4711", "show/abc", "edit/abc", "show/1%00", "show/" + "9" * 40]
)
def test_rows_out_of_scope_are_not_found(http: FlaskClient, path: str) -> None:
    assert http.get("/records/" + path).status_code == 404


def test_out_of_scope_is_neither_changed_nor_removed(web: Flask, http: FlaskClient) -> None:
    assert http.post("/records/edit/99", data={"posts": "1", "opinion": ""}).status_code == 404
    assert http.post("/records/delete/99", data={"confirmed": "1"}).status_code == 404
    assert posts_of(web, id=99) == [9]


def test_a_preset_foreign_key_is_ignored(http: FlaskClient) -> None:
    text = http.get("/records/add?_flt_0_body=2").text
    assert 'name="body"' in text
    assert not re.search(r"<option selected value=\"2\"", text)


def test_a_foreign_key_must_be_among_the_options(web: Flask, http: FlaskClient) -> None:
    answer = http.post("/records/add", data=NEW | {"body": "4711"})
    assert answer.status_code == 422
    assert posts_of(web, year=2030) == []


def test_scope_is_checked_again_when_written(web: Flask, http: FlaskClient) -> None:
    answer = http.post(
        "/records/add", data=NEW | {"body": "2"}
    )  # a public body, but not ours: the quota is out of scope
    assert answer.status_code == 404
    assert posts_of(web, year=2030) == []


def test_creating_goes_through_the_hook_and_commits_once(web: Flask, http: FlaskClient) -> None:
    answer = http.post("/records/add", data=NEW, follow_redirects=True)
    assert answer.status_code == 200
    assert "已新增。" in answer.text
    assert posts_of(web, year=2030) == [3]


def test_a_refusal_keeps_what_was_typed(web: Flask, http: FlaskClient) -> None:
    answer = http.post("/records/add", data=NEW | {"posts": "5000"})
    assert answer.status_code == 422
    assert "岗位数过大，请核对。" in answer.text
    assert 'value="5000"' in answer.text
    assert posts_of(web, year=2030) == []


def test_a_database_error_shows_no_sql(web: Flask, http: FlaskClient) -> None:
    answer = http.post("/records/add", data=NEW | {"year": "2000"})  # the unique key is taken
    assert answer.status_code == 422
    assert "与已有记录重复" in answer.text
    for word in ("INSERT", "UNIQUE", "sqlite", "post_quotas"):
        assert word not in answer.text


def test_changing(web: Flask, http: FlaskClient) -> None:
    assert 'value="5"' in http.get("/records/edit/1").text
    answer = http.post("/records/edit/1", data={"posts": "8", "opinion": "核对过"}, follow_redirects=True)
    assert "已保存修改。" in answer.text
    assert posts_of(web, id=1) == [8]


def test_get_never_deletes_and_post_asks_first(web: Flask, http: FlaskClient) -> None:
    assert http.get("/records/delete/1").status_code == 405
    assert "确定删除这条记录吗" in http.post("/records/delete/1").text
    assert posts_of(web, id=1) == [5]
    assert "已删除。" in http.post("/records/delete/1", data={"confirmed": "1"}, follow_redirects=True).text
    assert posts_of(web, id=1) == []


@pytest.mark.parametrize("path", ["add", "edit/1"])
def test_what_has_no_hook_has_no_route(http: FlaskClient, path: str) -> None:
    assert http.get("/readonly/" + path).status_code == 404
    assert http.post("/readonly/delete/1", data={"confirmed": "1"}).status_code == 404
    assert "新增" not in http.get("/readonly/list/").text


def test_only_the_declared_roles(http: FlaskClient) -> None:
    for path in ("list/", "show/1", "add", "edit/1"):
        assert http.get("/records/" + path, headers={"X-Actor": "judge"}).status_code == 403


def test_searches_of_two_people_do_not_mix(web: Flask) -> None:
    def search(year: int) -> set[str]:
        text = web.test_client().get(f"/records/list/?_flt_0_year={year}").text
        return set(re.findall(r"<a href=\"/records/show/\d+\">(\d{4})</a>", text))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(search, [2000, 2001] * 20))
    assert found == [{"2000"}, {"2001"}] * 20


@pytest.mark.parametrize(
    "name", ["access", "list_columns", "show_columns", "search_columns", "order_columns", "add_columns"]
)
def test_a_declaration_that_is_missing_is_refused(name: str) -> None:
    body = {key: value for key, value in vars(bed.QuotaRecords).items() if not key.startswith("__")}
    body["datamodel"] = SQLAInterface(PostQuota)
    del body[name]
    with pytest.raises(TypeError, match=name):
        type("Poor", (RecordView,), body)


def test_a_closed_route_cannot_be_opened() -> None:
    body = {key: value for key, value in vars(bed.QuotaRecords).items() if not key.startswith("__")}
    with pytest.raises(TypeError, match="opens a route"):
        type("Open", (RecordView,), body | {"exclude_route_methods": set()})
    with pytest.raises(TypeError, match="opens a route"):
        type("Open", (RecordView,), body | {"related_views": [bed.ReadOnlyRecords]})


def test_a_records_page_tells_its_history(web: Flask, http: FlaskClient) -> None:
    assert "还没有变更记录" in http.get("/records/show/1").text
    http.post("/records/edit/1", data={"posts": "7", "opinion": "核对"})
    page = http.get("/records/show/1").text
    assert "岗位数：5 → 7" in page and "王芳 · 单位经办人" in page
    assert "核对" not in page  # a field the screen does not name
    assert "变更历史" not in http.get("/readonly/show/1").text
