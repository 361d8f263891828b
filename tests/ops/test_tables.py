"""The console's raw tables: read, masked, paged, exported."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from app.accounts.models import Account, Person
from app.core import audit
from app.core.db import EncryptedText, Model, db, read_session, unit_of_work
from app.core.enums import Role
from app.ops.views.tables import SECRETS, masked, tables, told
from app.web.words import TABLES, WORDS
from tests.http import Browser
from tests.ops.desk import reason, trail
from tests.people import make_actor
from tests.places import SYSTEM


def test_every_mapped_class_is_there_and_opens(desk: Browser) -> None:
    page = desk.get("/ops/tables/").text
    for mapper in Model.registry.mappers:
        assert f'href="/ops/tables/{mapper.local_table.name}/"' in page
    for name in tables():
        assert desk.get(f"/ops/tables/{name}/").status_code == 200, name


def test_every_table_and_column_has_a_word() -> None:
    for table in tables().values():
        assert table.name in TABLES, f"name {table.name} in app/web/words.py"
        for field in table.fields:
            assert field.name in WORDS, f"name {table.name}.{field.name} in app/web/words.py"


def test_nothing_secret_is_loaded_or_shown(desk: Browser) -> None:
    for table in tables().values():
        for field in table.fields:
            if isinstance(field.column.type, EncryptedText) or re.search(r"password$|_digest$|key_hash", field.name):
                assert field.secret, f"{table.name}.{field.name}"
    with read_session(SYSTEM) as session:
        person = session.scalars(sa.select(Person)).first()
        account = session.scalars(sa.select(Account)).first()
        assert person and account
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for address in ("people/", f"people/{person.id}", "ab_user/", f"ab_user/{account.id}", "login_sessions/"):
        text = desk.get(f"/ops/tables/{address}").text
        for secret in (person.id_number, person.phone, person.id_digest, account.password, person.born_on.isoformat()):
            assert secret not in text
    assert person.id_masked in desk.get(f"/ops/tables/people/{person.id}").text
    assert "不显示" in desk.get(f"/ops/tables/people/{person.id}").text
    read = [one for one in statements if "FROM people" in one and "key_0" in one]
    assert read and not any("id_number" in one or "phone_digest" in one for one in read)
    assert {"password", "key_hash"} <= SECRETS


def test_numbers_of_people_are_masked_wherever_they_stand(desk: Browser) -> None:
    with unit_of_work(SYSTEM) as session:
        audit.record(session, SYSTEM, "test.note", None, text="证件号 430102199001011232，手机 13912345678")
    page = desk.get("/ops/tables/audit_entries/?action=test.note").text
    assert "430102199001011232" not in page and "13912345678" not in page
    entry = re.search(r'href="(/ops/tables/audit_entries/\d+)"', page)
    assert entry
    text = reason(desk.get(entry[1]).text)
    assert "430102********1232" in text and "139****5678" in text
    assert told({"name": ["甲", None], "x": {}, "active": True}) == "名称：甲、—；x：—；有效：是"
    assert masked("sha 91430100mA4L1X2Y3Z 2026") == "sha 91430100mA4L1X2Y3Z 2026"


def test_rows_are_paged_by_key_and_never_counted_whole(desk: Browser) -> None:
    for number in range(25):
        make_actor(Role.JUDGE, name="翻页甲" if number else "翻页乙")
    read: list[tuple[str, Any]] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: read.append((args[2], args[3])))
    first = desk.get("/ops/tables/people/").text
    keys = re.findall(r'href="/ops/tables/people/(\d+)"', first)
    assert len(keys) == 20 and sorted(map(int, keys), reverse=True) == list(map(int, keys))
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = re.findall(r'href="/ops/tables/people/(\d+)"', desk.get(unescape(following[1])).text)
    assert second and not set(second) & set(keys)
    assert "翻页乙" in desk.get("/ops/tables/people/?name=翻页乙").text
    assert not any("OFFSET" in statement and values[-1] for statement, values in read)
    assert all("LIMIT" in statement for statement, _ in read if "count(" in statement.lower())


def test_nothing_is_exported_by_a_condition_that_is_not_understood(desk: Browser) -> None:
    for address, asked in (("jobs", "status=zz"), ("tables/jobs", "status=zz"), ("tables/jobs", "user_id=x")):
        assert "导出查询结果" not in desk.get(f"/ops/{address}/?{asked}").text
        answer = desk.get(f"/ops/{address}/export?{asked}")
        assert (answer.status_code, answer.location) == (302, f"/ops/{address}/?{asked}"), address
        assert "没有导出，请改正查询条件。" in desk.get(answer.location).text


def test_what_the_administrator_does_not_administer_is_not_shown(desk: Browser) -> None:
    page = desk.get("/ops/tables/").text
    assert "系统管理员看不到其中的记录" in page
    assert "系统管理员的管理范围内没有这张表的记录" in desk.get("/ops/tables/applications/").text


@pytest.mark.parametrize(
    "address",
    [
        "nothing/",
        "people/x",
        "people/0",
        "people/" + "9" * 30,
        "people/" + "0" * 20 + "9" * 20,
        "people/1,2",
        "application_steps/1",
        "regions/%00",
        "sqlite_master/",
    ],
)
def test_a_table_or_row_that_is_not_there(desk: Browser, address: str) -> None:
    assert desk.get(f"/ops/tables/{address}").status_code == 404


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_of_days(desk: Browser, day: str) -> None:
    assert desk.get(f"/ops/tables/audit_entries/?at={day}").status_code == 200


def test_console_lists_are_exported_as_they_are_shown_and_on_the_record(
    app: Flask, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work(SYSTEM) as session:
        audit.record(session, SYSTEM, "test.note", None, text="证件号 430102199001011232，" + "长" * 100)
    with desk.get("/ops/tables/audit_entries/export?action=test.note") as answer:
        head, row = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].values
    told_of = dict(zip(head, row, strict=True))
    assert told_of["明细"] == "内容：证件号 430102********1232，" + "长" * 100
    assert "哈希" in head and told_of["操作"] == "test.note"
    with desk.get("/ops/jobs/export?title=没有这个") as answer:
        assert len(list(openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].values)) == 1
    assert [detail["rows"] for detail in trail("exports.download")] == [1, 0]
    monkeypatch.setitem(app.config, "EXPORT_ROWS", 3)
    answer = desk.get("/ops/tables/regions/export", follow_redirects=True)
    assert "查询结果超过 3 条，请增加查询条件后再导出。" in answer.text


@pytest.mark.parametrize("query", ["id=abc", "id=" + "9" * 30, "name=%00", "after=x", "size=9999"])
def test_garbage_conditions(desk: Browser, query: str) -> None:
    assert desk.get(f"/ops/tables/people/?{query}").status_code == 200


def test_a_foreign_key_leads_to_its_row(desk: Browser) -> None:
    page = desk.get("/ops/tables/regions/430102").text
    assert '<a href="/ops/tables/regions/430100">430100</a>' in page
    assert desk.post("/ops/tables/regions/430102").status_code == 405
