"""The console by its pages."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import BaseView, expose
from sqlalchemy import event

from app import imports
from app.accounts.models import Account, Person
from app.catalog.enums import TitleLevel
from app.catalog.models import MaterialRequirement, Setting, Speciality, Title, TitleSeries
from app.committees import services as committees
from app.committees.enums import FeeItem
from app.core import audit, clock, jobs
from app.core.audit import AuditEntry
from app.core.db import EncryptedText, Model, db, read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Refusal
from app.core.jobs import Job, JobStatus
from app.core.scope import Actor
from app.factory import create_app
from app.ops.views.dictionaries import DICTIONARIES
from app.ops.views.dictionary import Dictionary
from app.ops.views.tables import SECRETS, masked, tables, told
from app.web.access import undeclared
from app.web.words import TABLES, WORDS
from tests.http import Browser, Doors, opened
from tests.people import make_actor
from tests.places import PROVINCE, SYSADMIN, SYSTEM, act, make_body, make_committee

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


def save(desk: Browser, address: str, typed: dict[str, Any]) -> Any:
    """An entry opened and saved."""
    return desk.post(address, data=typed | opened(desk, address))


def trail(action: str) -> list[Any]:
    with read_session(SYSTEM) as session:
        entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
        return [entry.detail for entry in entries]


def reason(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", text))


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


# -- dictionaries ----------------------------------------------------------------------------------------------


def test_an_entry_is_changed_in_its_place(desk: Browser) -> None:
    page = desk.get("/ops/dictionaries/series/").text
    assert page.count('href="/ops/dictionaries/series/edit/?id=') == 27
    open_ = desk.get("/ops/dictionaries/series/edit/?id=3").text
    assert open_.count('form="entry"') == 2 and 'name="name"' in open_ and 'name="number"' not in open_
    answer = save(desk, "/ops/dictionaries/series/edit/?id=3", {"name": "实验技术人员（新）"})
    assert answer.status_code == 302 and answer.location == "/ops/dictionaries/series/"
    with read_session(SYSTEM) as session:
        assert session.get_one(TitleSeries, 3).name == "实验技术人员（新）"
    assert [detail["changes"]["name"][1] for detail in trail("dictionaries.change")] == ["实验技术人员（新）"]


def test_what_is_refused_stays_typed_with_its_reason(desk: Browser) -> None:
    with read_session(SYSTEM) as session:
        taken = session.get_one(TitleSeries, 4).name
    for name, why in ((taken, "重复"), ("", "请填写此项"), ("长" * 41, "不超过 40 个字")):
        answer = save(desk, "/ops/dictionaries/series/edit/?id=3", {"name": name})
        assert answer.status_code == 200 and why in answer.text
        assert f'value="{name}"' in answer.text
        assert "Failed" not in answer.text
    assert trail("dictionaries.change") == []
    answer = desk.post("/ops/dictionaries/regions/new/", data={})
    assert answer.status_code == 200 and "请填写此项" in answer.text and "Failed" not in answer.text


def test_added_and_deleted(desk: Browser) -> None:
    data = {"code": "430199", "name": "新设区", "level": "county", "parent_code": "430100", "valid_from": "2026-01-01"}
    answer = desk.post("/ops/dictionaries/regions/new/", data=data | {"parent_code": "430200"})
    assert "前几位不一致" in answer.text and 'value="新设区"' in answer.text
    answer = desk.post("/ops/dictionaries/regions/new/", data=data | {"parent_code": "430177"})
    assert "没有这个代码的行政区划" in answer.text
    assert desk.post("/ops/dictionaries/regions/new/", data=data).status_code == 302
    assert "新设区" in desk.get("/ops/dictionaries/regions/?search=新设").text
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430199"}, follow_redirects=True)
    assert "新设区" not in answer.text and "已删除。" in answer.text
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430100"}, follow_redirects=True)
    assert "不能删除，正在使用它的有：9 条行政区划（如“芙蓉区”）。" in answer.text
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "431121"}, follow_redirects=True)
    assert "“祁阳县”（431121）已填写停用日期；停用的代码要予以保留" in reason(answer.text)
    make_body("芙蓉区人民医院", region_code="430102")
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430102"}, follow_redirects=True)
    assert "不能删除，正在使用它的有：1 条机构（如“芙蓉区人民医院”）。" in answer.text
    assert [len(trail(f"dictionaries.{verb}")) for verb in ("add", "remove")] == [1, 1]


def test_trees_are_changed_by_their_own_services(desk: Browser) -> None:
    with read_session(SYSTEM) as session:
        leaf = session.scalars(sa.select(Speciality).where(Speciality.parent_id.is_not(None))).first()
        top = session.scalars(sa.select(Speciality).where(Speciality.parent_id.is_(None))).first()
        title = session.scalars(sa.select(Title)).first()
        assert leaf and top and title
    data = {"code": leaf.code, "name": "给水排水（改）"}
    assert save(desk, f"/ops/dictionaries/specialities/edit/?id={leaf.id}", data).status_code == 302
    assert trail("catalog.change_speciality")[0]["changes"]["name"][1] == "给水排水（改）"
    refused = save(desk, f"/ops/dictionaries/specialities/edit/?id={top.id}", {"code": "X1", "name": "新大类"})
    assert "栏目大类" in refused.text and refused.status_code == 200
    answer = desk.post("/ops/dictionaries/specialities/delete/", data={"id": top.id}, follow_redirects=True)
    assert "栏目大类" in answer.text
    data = {"series_id": str(title.series_id), "branch": title.branch, "level": title.level.value, "name": title.name}
    assert "已有这个级别" in desk.post("/ops/dictionaries/titles/new/", data=data).text
    assert desk.post("/ops/dictionaries/titles/new/", data=data | {"name": "首席工程师"}).status_code == 302
    assert trail("catalog.create_title")[0]["name"] == "首席工程师"


def test_a_setting_is_set_anew(desk: Browser) -> None:
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Setting.id).where(Setting.key == "correction_days")).one()
    page = save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "999"})
    assert "应在 1 到 60 之间" in page.text
    assert "应在 1 到 60 之间" in save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "-1"}).text
    assert "请填写整数。" in save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "1.5"}).text
    assert save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "15"}).status_code == 302
    page = desk.get("/ops/dictionaries/settings/").text
    assert (
        "补正期限（日）" in page and re.search(r"<td[^>]*>15</td>", page) and not re.search(r"<td[^>]*>10</td>", page)
    )
    assert desk.get("/ops/tables/settings/?key=correction_days").text.count("correction_days") >= 2


def alert(page: str) -> list[str]:
    [found] = re.findall(r'<div class="alert alert-danger" role="alert".*?</div>', page, re.S)
    return [reason(line).strip() for line in re.findall(r"<p>(.*?)</p>", found)]


LOST = "您打开以后，这条记录已被他人修改，没有保存。您填写的内容都还在；核对后再次保存，将以您填写的为准。"


@pytest.mark.parametrize(
    ("address", "first", "second", "told_of"),
    [
        (
            "series/edit/?id=3",
            {"name": "实验人员"},
            {"name": "实验技术"},
            "修改字典条目：系列名称：自然科学研究人员 → 实验人员",
        ),
        (
            "regions/edit/?id=430102",
            {"name": "芙蓉", "valid_from": "2020-01-01"},
            {"name": "芙蓉区", "valid_from": "2021-01-01"},
            "修改字典条目：",
        ),
        ("settings/edit/?id={setting}", {"value": "15"}, {"value": "20"}, "设定系统参数：现行值：10 → 15"),
    ],
)
def test_the_second_to_save_an_entry_is_told(
    desk: Browser, address: str, first: dict[str, str], second: dict[str, str], told_of: str
) -> None:
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Setting.id).where(Setting.key == "correction_days")).one()
    address = "/ops/dictionaries/" + address.format(setting=key)
    theirs, ours = opened(desk, address), opened(desk, address)
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert desk.post(address, data=first | theirs).status_code == 302
    with clock.at(clock.now() + timedelta(minutes=2)):
        refused = desk.post(address, data=second | ours)
        said = alert(refused.text)
        assert said[0] == LOST and told_of in said[1]
        assert f'value="{next(iter(second.values()))}"' in refused.text
        again = re.search(r'name="stamp" value="([^"]+)"', refused.text)
        assert again
        answer = desk.post(address, data=second | {"stamp": again[1]}, follow_redirects=True)
    assert "已保存修改。" in answer.text


def test_a_fee_changed_meanwhile_is_told_from_its_committees_history(desk: Browser) -> None:
    committee = make_committee("缴费高评会")
    values = {"committee_id": committee, "item": FeeItem.REVIEW, "level": TitleLevel.FULL_SENIOR}
    key = act(SYSADMIN, committees.add_fee, **values, amount=Decimal("300.00"))
    address = f"/ops/dictionaries/fees/edit/?id={key}"
    ours = opened(desk, address)
    act(SYSADMIN, committees.change_fee, committee_id=committee, row_id=key, amount=Decimal("310.00"))
    said = alert(desk.post(address, data={"amount": "320"} | ours).text)
    assert said[0] == LOST and "正高级评审费 300.00 元 → 正高级评审费 310.00 元" in said[1]


def test_fees_are_changed_by_the_committees_services(desk: Browser) -> None:
    committee = make_committee("缴费高评会")
    values = {"committee_id": committee, "item": FeeItem.REVIEW, "level": TitleLevel.FULL_SENIOR}
    key = act(SYSADMIN, committees.add_fee, **values, amount=Decimal("300.00"))
    assert "缴费高评会" in desk.get("/ops/dictionaries/fees/?search=缴费").text
    assert "缴费高评会" not in desk.get("/ops/dictionaries/fees/?search=别的").text
    refused = save(desk, f"/ops/dictionaries/fees/edit/?id={key}", {"amount": "999999"})
    assert "应在 0 至 100,000 元之间" in refused.text and 'value="999999"' in refused.text
    assert save(desk, f"/ops/dictionaries/fees/edit/?id={key}", {"amount": "320.5"}).status_code == 302
    assert trail("committees.change_fee")[0]["changes"]["fee"][1] == "正高级评审费 320.50 元"
    desk.post("/ops/dictionaries/fees/delete/", data={"id": key})
    assert len(trail("committees.remove_fee")) == 1


def test_nobody_is_led_elsewhere(desk: Browser) -> None:
    away = "https://evil.example/"
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430100", "url": away})
    assert str(answer.location).startswith("/ops/")
    answer = save(desk, f"/ops/dictionaries/series/edit/?id=1&url={away}", {"name": "高等学校教师"})
    assert str(answer.location).startswith("/ops/")


@pytest.mark.parametrize(
    "query", ["page=abc", "page=-1", "page=999999999999", "search=%00", "search=" + "x" * 5000, "sort=99", "flt0_0=1"]
)
def test_garbage_in_the_address_breaks_nothing(desk: Browser, query: str) -> None:
    for address in ("specialities", "regions"):
        assert desk.get(f"/ops/dictionaries/{address}/?{query}").status_code == 200


@pytest.mark.parametrize("key", ["", "abc", "0", "9" * 30, "0" * 20 + "9" * 20, "%00", "1,2", "-1"])
def test_an_entry_that_is_not_there(desk: Browser, key: str) -> None:
    for address in ("series", "regions"):
        answer = desk.get(f"/ops/dictionaries/{address}/edit/?id={key}")
        assert (answer.status_code, answer.location) == (302, f"/ops/dictionaries/{address}/")
        assert desk.get(f"/ops/dictionaries/{address}/edit/?id={key}&url=https://evil.example/").location.startswith(
            "/ops"
        )


def test_every_dictionary_names_its_columns() -> None:
    for view, model, _, _ in DICTIONARIES:
        assert issubclass(view, Dictionary)
        names = {*view.column_list, *view.form_columns, *view.add_columns}
        assert names <= set(view.column_labels), model


# -- tables ----------------------------------------------------------------------------------------------------


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
