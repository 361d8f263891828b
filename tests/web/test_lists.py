from __future__ import annotations

import io
import re
import zipfile
from urllib.parse import quote

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.catalog.enums import TitleLevel
from app.core.db import db, unit_of_work
from app.core.enums import Role
from app.core.scope import Actor
from app.quotas.models import PostQuota
from app.web.access import only
from app.web.lists import Column, ListScreen
from tests.web import bed


def ids(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'name="ids" value="(\d+)"', text)]


def follow(http: FlaskClient, text: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    assert found, f"no {rel} page"
    return http.get(found[1].replace("&amp;", "&")).text


def test_every_row_once_there_and_back(http: FlaskClient) -> None:
    first = http.get("/quotas/").text
    second = follow(http, first, "next")
    third = follow(http, second, "next")
    seen = ids(first) + ids(second) + ids(third)
    assert len(seen) == bed.ROWS
    assert sorted(seen) == list(range(1, bed.ROWS + 1))
    assert 'rel="next"' not in third
    assert ids(follow(http, third, "prev")) == ids(second)
    assert ids(follow(http, second, "prev")) == ids(first)
    assert "共 45 条" in first


def test_rows_of_others_do_not_exist(http: FlaskClient) -> None:
    assert "共 0 条" in http.get("/quotas/?opinion=" + quote("外市")).text
    assert "外市" not in http.get("/quotas/?year=2026").text.replace('value="外市', "")


@pytest.mark.parametrize(
    "query",
    [
        "page=abc",
        "after=garbage",
        "after=%00",
        "size=1000000",
        "size=x",
        "since=2026-99-99",
        "level=zz",
        "year=abc",
        "year=",
        "x=1",
        "_scheme=javascript",
        "_external=1",
        "endpoint=x",
        "method=list",
        "after=" + "A" * 5000,
        "opinion=%00",
    ],
)
def test_garbage_is_a_clean_first_page(http: FlaskClient, query: str) -> None:
    answer = http.get("/quotas/?" + query)
    assert answer.status_code == 200
    assert len(ids(answer.text)) == 20
    assert "javascript:" not in answer.text


def test_a_value_not_understood_is_marked_beside_its_field(http: FlaskClient) -> None:
    text = http.get("/quotas/?since=2026-99-99").text
    assert "请按“年-月-日”填写" in text
    assert 'aria-invalid="true"' in text


def test_a_choice_that_is_not_offered_is_marked_too(http: FlaskClient) -> None:
    text = http.get("/quotas/?level=zz").text
    assert "没有“zz”这个选项，没有按它查询。" in text and 'aria-invalid="true"' in text
    assert "这个选项" not in http.get(f"/quotas/?level={next(iter(TitleLevel)).value}").text
    assert "这个选项" not in http.get("/quotas/?level=").text


def test_a_list_that_holds_nothing_says_so_and_offers_the_first(web: Flask, http: FlaskClient) -> None:
    """Under conditions they are offered to be cleared; without any there is nothing yet, and 【新增】."""
    nothing = http.get("/records/?opinion=" + quote("没有的")).text
    assert "没有符合查询条件的记录。" in nothing and "清除条件" in nothing
    with web.app_context(), unit_of_work(Actor.system("somebody else")) as session:
        session.execute(sa.delete(PostQuota))
    page = http.get("/records/").text
    assert "还没有记录。" in page and page.count('href="/records/add"') == 2
    assert "清除条件" not in page and 'href="/quotas/add"' not in http.get("/quotas/").text


def test_conditions_stay_in_the_address(http: FlaskClient) -> None:
    text = http.get("/quotas/?opinion=&year=2000&size=50").text
    assert 'href="/quotas/export?year=2000"' in text
    assert 'name="year"' in text
    assert 'value="2000"' in text


def test_statements_do_not_grow_with_rows(web: Flask, http: FlaskClient) -> None:
    counted: list[str] = []
    with web.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    http.get("/quotas/?size=20")
    few = len([one for one in counted if one.startswith("SELECT")])
    counted.clear()
    http.get("/quotas/?size=100")
    all_of_them = len([one for one in counted if one.startswith("SELECT")])
    assert (few, all_of_them) == (2, 1)  # what stands on one page is counted there


def test_bulk_needs_ticked_rows(http: FlaskClient) -> None:
    text = http.post("/quotas/bulk/mark", data={"rows": "ticked"}, follow_redirects=True).text
    assert "请先勾选要处理的记录。" in text


def test_bulk_hands_over_the_ticked_ids_once(http: FlaskClient) -> None:
    data = {"rows": "ticked", "ids": ["3", "5", "3", "x", "-1", "9" * 30]}
    assert "标记了 3,5" in http.post("/quotas/bulk/mark?year=2000", data=data, follow_redirects=True).text


def test_bulk_by_query_asks_first(http: FlaskClient) -> None:
    asked = http.post("/quotas/bulk/mark?year=2000", data={"rows": "query"}).text
    assert "按查询条件标记" in asked
    assert "<dd>2000</dd>" in asked
    done = http.post("/quotas/bulk/mark?year=2000", data=confirmation(asked), follow_redirects=True)
    assert "标记了 1,2" in done.text


def confirmation(page: str) -> dict[str, str]:
    found = re.search(r'name="confirmed" value="(\w+)"', page)
    assert found is not None
    return {"rows": "query", "confirmed": found[1]}


def test_bulk_by_query_does_what_was_confirmed_and_nothing_else(web: Flask, http: FlaskClient) -> None:
    """As many rows, but not the same: asked once more."""
    address, other = "/quotas/bulk/mark?year=2000", 1 + 7 * len(TitleLevel)  # of the first one's level
    agreed = confirmation(http.post(address, data={"rows": "query"}).text)
    with web.app_context(), unit_of_work(Actor.system("somebody else")) as session:
        session.get_one(PostQuota, 1).year = 1999
        session.flush()
        session.get_one(PostQuota, other).year = 2000
    again = http.post(address, data=agreed)
    assert again.status_code == 200 and "符合条件的记录有变化，还没有执行" in again.text and "标记了" not in again.text
    done = http.post(address, data=confirmation(again.text), follow_redirects=True).text
    assert f"标记了 2,3,4,5,{other}" in done


def test_a_count_is_told_to_whoever_counted(http: FlaskClient) -> None:
    """A link sent to a colleague, and a cursor kept under other conditions: counted anew."""
    following = re.search(r'rel="next" href="([^"]+)"', http.get("/quotas/").text)
    assert following is not None
    cursor = following[1].partition("after=")[2]
    assert "共 45 条" in http.get(f"/quotas/?after={cursor}").text
    assert "共 5 条" in http.get(f"/quotas/?year=2000&after={cursor}").text


def test_bulk_by_query_only_where_declared(http: FlaskClient) -> None:
    assert http.post("/quotas/bulk/refuse", data={"rows": "query"}).status_code == 404
    assert http.post("/quotas/bulk/select", data={"ids": ["1"]}).status_code == 404
    assert http.get("/quotas/bulk/mark").status_code == 405


def test_a_refusal_is_told(http: FlaskClient) -> None:
    data = {"rows": "ticked", "ids": ["1"]}
    assert "第一条还有未处理的异议。" in http.post("/quotas/bulk/refuse", data=data, follow_redirects=True).text


def test_export_is_what_the_screen_shows(http: FlaskClient) -> None:
    with http.get("/quotas/export") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        data = answer.data
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.values)
    assert rows[0] == ("年度", "单位", "级别", "状态", "意见", "证件号")
    assert len(rows) == bed.ROWS + 1
    assert {row[1] for row in rows[1:]} == {"第一医院"}
    assert all("*" in row[5] for row in rows[1:])
    assert "<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert '=HYPERLINK("http://x")' in {row[4] for row in rows}


def test_nothing_is_exported_or_done_by_a_condition_that_is_not_understood(http: FlaskClient) -> None:
    """Left out, it would find everything."""
    page = http.get("/quotas/?level=zz").text
    assert "导出查询结果" not in page and "按查询条件标记" not in page and "没有“zz”这个选项" in page
    for method in ("GET", "POST"):
        answer = http.open("/quotas/export?level=zz&year=2000", method=method)
        assert (answer.status_code, answer.location) == (302, "/quotas/?level=zz&year=2000")
    said = "请改正查询条件。级别：没有“zz”这个选项，没有按它查询。"
    assert f"没有导出，{said}" in http.get("/quotas/export?level=zz", follow_redirects=True).text
    done = http.post("/quotas/bulk/mark?level=zz", data={"rows": "query"}, follow_redirects=True).text
    assert f"没有执行，{said}" in done


def test_only_the_declared_roles(http: FlaskClient) -> None:
    for path in ("/quotas/", "/quotas/export"):
        assert http.get(path, headers={"X-Actor": "judge"}).status_code == 403
    assert http.post("/quotas/bulk/mark", data={"ids": ["1"]}, headers={"X-Actor": "judge"}).status_code == 403


def test_a_screen_that_declares_too_little_is_refused() -> None:
    with pytest.raises(TypeError, match="Poor lacks key"):
        type("Poor", (ListScreen,), {"access": only(Role.UNIT), "title": "x", "columns": (Column("a", "a"),)})
