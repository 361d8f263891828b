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

from app.catalog.models import Setting
from app.core.db import read_session
from app.core.scope import Actor
from app.quotas.models import PostQuota
from app.web.cautions import Caution, consequences
from app.web.identity import DUPLICATE
from app.web.records import RecordView
from tests.http import opened
from tests.web import bed

LEVEL = next(iter(PostQuota.level.type.enum)).value
NEW = {"year": "2030", "level": LEVEL, "posts": "3", "body_id": "1"}


def posts_of(web: Flask, **where: Any) -> list[int]:
    with web.app_context(), read_session(Actor.system("test")) as session:
        return list(session.scalars(sa.select(PostQuota.posts).filter_by(**where).order_by(PostQuota.id)))


def keys(text: str) -> list[str]:
    return re.findall(r'href="/records/show/(\d+)[?"]', text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/records/action/mark/1"),
        ("post", "/records/action/mark/1"),
        ("post", "/records/action_post"),
        ("get", "/records/download/zhicheng.db"),
        ("get", "/records/list/"),
        ("get", "/records/api/read"),
        ("get", "/api/v1/postquota/"),
        ("get", "/records/nothing"),
    ],
)
def test_routes_fab_would_open_do_not_exist(http: FlaskClient, method: str, path: str) -> None:
    assert getattr(http, method)(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["year=abc", "year=" + "9" * 40, "level=zz", "after=zzz", "size=-1", "size=1000000", "opinion=%00", "_oc_x=posts"],
)
def test_a_garbled_address_is_a_clean_list(http: FlaskClient, query: str) -> None:
    answer = http.get("/records/?" + query)
    assert answer.status_code == 200
    assert 0 < len(keys(answer.text)) <= 100
    assert "SELECT" not in answer.text


def test_hidden_columns_cannot_be_probed(http: FlaskClient) -> None:
    whole = keys(http.get("/records/").text)
    assert len(whole) == 20
    for name in ("posts", "_flt_0_posts", "_flt_3_body_id", "body_id"):
        assert keys(http.get(f"/records/?{name}=77").text) == whole


def test_conditions_are_made_from_the_columns(http: FlaskClient) -> None:
    assert 0 < len(keys(http.get("/records/?year=2000").text)) < 20
    assert keys(http.get("/records/?opinion=HYPERLINK").text) == ["1"]


def test_the_list_is_exported(http: FlaskClient) -> None:
    answer = http.get("/records/export?year=2000")
    assert answer.status_code == 200 and answer.data.startswith(b"PK")
    answer.close()


@pytest.mark.parametrize(
    "path", ["show/99", "edit/99", "show/4711", "show/abc", "edit/abc", "show/1%00", "show/" + "9" * 40]
)
def test_rows_out_of_scope_are_not_found(http: FlaskClient, path: str) -> None:
    assert http.get("/records/" + path).status_code == 404


def test_out_of_scope_is_neither_changed_nor_removed(web: Flask, http: FlaskClient) -> None:
    assert http.post("/records/edit/99", data={"posts": "1", "opinion": ""}).status_code == 404
    assert http.post("/records/delete/99").status_code == 404
    assert posts_of(web, id=99) == [9]


def test_scope_is_checked_again_when_written(web: Flask, http: FlaskClient) -> None:
    answer = http.post(
        "/records/add", data=NEW | {"body_id": "2"}
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
    data = {"posts": "8", "opinion": "核对过"} | opened(http, "/records/edit/1")
    answer = http.post("/records/edit/1", data=data, follow_redirects=True)
    assert "已保存修改。" in answer.text
    assert posts_of(web, id=1) == [8]


def test_deleting_only_by_post_and_what_is_in_use_is_refused(web: Flask, http: FlaskClient) -> None:
    assert http.get("/records/delete/1").status_code == 405
    assert posts_of(web, id=1) == [5]
    http.post("/records/edit/2", data={"posts": "8", "opinion": ""} | opened(http, "/records/edit/2"))
    assert "正在使用，不能删除。" in http.post("/records/delete/2", follow_redirects=True).text
    assert "已删除。" in http.post("/records/delete/1", follow_redirects=True).text
    assert posts_of(web, id=1) == []


def test_what_the_database_alone_refuses_is_told_and_not_an_error(web: Flask, http: FlaskClient) -> None:
    http.post("/records/edit/2", data={"posts": "1", "opinion": ""} | opened(http, "/records/edit/2"))
    answer = http.post("/records/delete/2", follow_redirects=True)
    assert answer.status_code == 200 and DUPLICATE in answer.text
    assert posts_of(web, id=2) == [1]


def test_ending_asks_why_and_history_tells_it(web: Flask, http: FlaskClient) -> None:
    form = http.get("/records/retire/1").text
    assert re.search(r'data-confirm="确定注销吗？">保存<', form)
    sent = opened(http, "/records/retire/1")
    answer = http.post("/records/retire/1", data={"reason": " "} | sent)
    assert answer.status_code == 422 and "请填写此项。" in answer.text and sent["stamp"] in answer.text
    assert "已注销。" in http.post("/records/retire/1", data={"reason": "重复登记"} | sent, follow_redirects=True).text
    http.post("/records/edit/1", data={"posts": "8", "opinion": ""} | opened(http, "/records/edit/1"))
    page = http.get("/records/show/1").text
    for words in ("变更历史", "注销", "原因：重复登记", "岗位数：5 → 8"):
        assert words in page


@pytest.mark.parametrize("path", ["add", "edit/1"])
def test_what_has_no_hook_has_no_route(http: FlaskClient, path: str) -> None:
    assert http.get("/readonly/" + path).status_code == 404
    assert http.post("/readonly/delete/1").status_code == 404
    assert http.post("/readonly/retire/1", data={"reason": "x"}).status_code == 404
    assert "新增" not in http.get("/readonly/").text


def test_only_the_declared_roles(http: FlaskClient) -> None:
    for path in ("", "show/1", "add", "edit/1", "retire/1"):
        assert http.get("/records/" + path, headers={"X-Actor": "judge"}).status_code == 403


def test_searches_of_two_people_do_not_mix(web: Flask) -> None:
    def search(year: int) -> set[str]:
        text = web.test_client().get(f"/records/?year={year}").text
        return set(re.findall(r">(\d{4})</td>", text))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(search, [2000, 2001] * 20))
    assert found == [{"2000"}, {"2001"}] * 20


@pytest.mark.parametrize("name", ["access", "columns", "key", "label_columns", "add_columns"])
def test_a_declaration_that_is_missing_is_refused(name: str) -> None:
    body = {key: value for key, value in vars(bed.QuotaRecords).items() if not key.startswith("__")}
    body["datamodel"] = SQLAInterface(PostQuota)
    del body[name]
    with pytest.raises(TypeError, match=r"lacks|label_columns"):
        type("Poor", (RecordView,), body)


def test_a_model_that_says_nothing_of_itself_is_refused() -> None:
    """Its page would be headed <app.….Setting object at 0x…>."""
    body = {key: value for key, value in vars(bed.ReadOnlyRecords).items() if not key.startswith("__")}
    with pytest.raises(TypeError, match="Poor lacks a __str__ of its model, for headings"):
        type("Poor", (RecordView,), body | {"datamodel": SQLAInterface(Setting)})


def test_a_page_is_headed_by_what_the_record_says_of_itself(http: FlaskClient) -> None:
    for path, words in (("show", ""), ("edit", "编辑："), ("retire", "注销：")):
        assert f"<h1>{words}2000 年度员级职数</h1>" in http.get(f"/records/{path}/1").text


def test_cautions_stand_where_the_record_ends(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(consequences, PostQuota, [lambda _session, row: [Caution(f"{row.year} 年度将没有职数。")]])
    assert "2000 年度将没有职数。" in http.get("/records/retire/1").text
    assert "将没有职数" not in http.get("/records/edit/1").text
    monkeypatch.setattr(bed.QuotaRecords, "edit_warnings", bed.QuotaRecords.warnings)
    assert "2000 年度将没有职数。" in http.get("/records/edit/1").text


def test_what_is_added_may_be_shown_at_once(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert http.post("/records/add", data=NEW).location == "/records/"
    monkeypatch.setattr(bed.QuotaRecords, "after_adding", "show")
    page = http.post("/records/add", data=NEW | {"year": "2031"}, follow_redirects=True)
    assert "<h1>2031 年度" in page.text


def test_a_closed_route_cannot_be_opened() -> None:
    body = {key: value for key, value in vars(bed.QuotaRecords).items() if not key.startswith("__")}
    with pytest.raises(TypeError, match="opens a route"):
        type("Open", (RecordView,), body | {"exclude_route_methods": set()})
    with pytest.raises(TypeError, match="opens a route"):
        type("Open", (RecordView,), body | {"related_views": [bed.ReadOnlyRecords]})
