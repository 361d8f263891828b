"""A10 and U1.4.2 over HTTP: what a form says before it is done, what it refuses, and the password shown once."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts.models import Account
from app.approval_paths.enums import Procedure
from app.bodies import services as bodies
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.committees import services
from app.committees.enums import FeeItem
from app.committees.models import AnnualBatch, Committee, CoveredSpeciality, FeeStandard, FoundingBody
from app.core import clock
from app.core.db import read_session
from app.core.enums import Role
from tests.committees.test_views import BATCH, count, find, new_committee
from tests.committees.year import batch
from tests.http import Browser, Doors, opened
from tests.places import (
    CITY,
    FAR,
    MONDAY,
    PROVINCE,
    SYSADMIN,
    SYSTEM,
    act,
    actor_of,
    make_body,
    make_committee,
    make_edge,
)

PHONE, MASKED = "13812345678", "138****5678"


def only(model: type, column: str = "id") -> int:
    with read_session(SYSTEM) as session:
        return session.scalars(sa.select(getattr(model, column))).one()


def password_on(page: str) -> str:
    found = re.search(r'handed-over mono">([^<]+)<', page)
    assert found
    return found[1]


# -- the password -----------------------------------------------------------------------------------------------------------


def test_the_initial_password_stays_to_be_read_and_is_nobody_elses(doors: Doors) -> None:
    http = doors.enter(CITY)
    answer = http.post("/a10/new", data=new_committee())
    key = only(Committee, "body_id")
    assert (answer.status_code, answer.location) == (302, f"/a10/{key}/handed-over")
    first = http.get(answer.location)
    assert first.headers["Cache-Control"] == "no-store" and "李操作" in first.text
    password = password_on(first.text)
    assert password_on(http.get(answer.location).text) == password  # a reload loses nothing
    other = make_committee("别的高评会")
    for browser, path in ((doors.enter(CITY), f"/a10/{key}/handed-over"), (http, f"/a10/{other}/handed-over")):
        gone = browser.get(path, follow_redirects=True).text
        assert "没有记下的，请重置操作员密码" in gone and password not in gone
    assert http.post(answer.location).location == f"/a10/{key}/other/specialities"  # 已记下
    assert "handed-over" not in http.get(answer.location, follow_redirects=True).text


def test_the_initial_password_is_not_in_the_cookie_and_not_for_long(doors: Doors) -> None:
    http = doors.enter(CITY)
    path = http.post("/a10/new", data=new_committee()).location
    password = password_on(http.get(path).text)
    cookie = http.get_cookie(doors.app.config["SESSION_COOKIE_NAME"])
    assert cookie and password not in cookie.decoded_value
    with clock.at(MONDAY + timedelta(minutes=9)):
        assert password in http.get(path).text
    with clock.at(MONDAY + timedelta(minutes=11)):
        assert password not in http.get(path, follow_redirects=True).text


def test_the_operators_password_is_reset(doors: Doors, app: Flask) -> None:
    http = doors.enter(CITY)
    page = http.post("/a10/new", data=new_committee(), follow_redirects=True).text
    key, old = only(Committee, "body_id"), password_on(page)
    assert "重置操作员密码" in http.get(f"/a10/{key}").text
    asked = http.get(f"/a10/{key}/reset").text
    assert "李操作（430" in asked and "原密码立即失效" in asked
    with read_session(SYSTEM) as session:
        person = session.scalars(sa.select(Account.person_id).where(Account.username == "cpwh43010001")).one()
    assert http.post(f"/a10/{key}/reset", data={"person_id": "999999"}).status_code == 422
    page = http.post(f"/a10/{key}/reset", data={"person_id": str(person)}, follow_redirects=True).text
    assert password_on(page) != old
    assert "重置操作员密码" in http.get(f"/a10/{key}/other/history").text
    visitor = Browser(app, app.response_class)
    login = {"login": "cpwh43010001"}
    assert visitor.post("/login/", data=login | {"password": old}).status_code != 302
    assert visitor.post("/login/", data=login | {"password": password_on(page)}).location == "/post/"
    assert doors.enter(FAR).get(f"/a10/{key}/reset").status_code == 404


def test_a_committee_without_an_operator_has_none_to_reset(doors: Doors) -> None:
    page = doors.enter(CITY).get(f"/a10/{make_committee()}/reset", follow_redirects=True).text
    assert "评委会没有操作员，请先编辑联系人。" in page


def test_naming_the_same_operator_again_says_that_nothing_is_issued(doors: Doors) -> None:
    http = doors.enter(CITY)
    http.post("/a10/new", data=new_committee())
    data = {name: value for name, value in new_committee().items() if name not in ("code", "grade", "region_code")}
    page = http.post(f"/a10/{only(Committee, 'body_id')}/edit", data=data, follow_redirects=True).text
    assert "已保存。李操作已有账号，沿用原来的密码；忘记密码的，可以重置。" in page


# -- the telephone number -----------------------------------------------------------------------------------------------------


def test_the_phone_is_whole_in_the_form_alone(doors: Doors) -> None:
    keeper = doors.enter(CITY)
    keeper.post("/a10/new", data=new_committee())
    key = only(Committee, "body_id")
    assert MASKED in keeper.get(f"/a10/{key}").text and PHONE in keeper.get(f"/a10/{key}/edit").text
    data = {name: value for name, value in new_committee().items() if name not in ("code", "grade", "region_code")}
    data |= {"contact_phone": "13900001111", "contact_id_number": ""}
    keeper.post(f"/a10/{key}/edit", data=data | opened(keeper, f"/a10/{key}/edit"))
    assert "联系电话：138****5678 → 139****1111" in keeper.get(f"/a10/{key}/other/history").text
    for actor in (CITY, FAR, PROVINCE, SYSADMIN):
        http = doors.enter(actor)
        for path in (
            f"/a10/{key}",
            f"/a11/{key}",
            "/a11/",
            "/a10/",
            f"/a11/{key}/other/history",
            f"/a10/{key}/other/history",
        ):
            page = http.get(path).text
            assert PHONE not in page and "13900001111" not in page
        assert "139****1111" in http.get(f"/a11/{key}").text


# -- said before it is done ------------------------------------------------------------------------------------------------------


def test_editing_says_what_stands_on_the_committee(doors: Doors) -> None:
    http = doors.enter(CITY)
    key = make_committee("工程高评会")
    assert "正在使用本评委会的有" not in http.get(f"/a10/{key}/edit").text
    batch(key)
    make_edge(make_body("排水事务中心"), key)
    page = http.get(f"/a10/{key}/edit").text
    assert "未结束的年度批次“2026年 年度评审”" in page and "1 条审核路径配置" in page
    assert "年度批次“2026年 年度评审”计划评审到 2026-12-31，备案有效期不能早于这一天。" in page


def test_removing_a_speciality_says_who_could_no_longer_apply(doors: Doors) -> None:
    key = make_committee("工程高评会", covers=("给排水", "计算机软件"), member_count=11)
    make_edge(make_body("排水事务中心"), key, procedure=Procedure.SENIOR_REVIEW)
    http = doors.enter(CITY)
    with read_session(SYSTEM) as session:
        rows = {row.speciality_id: row.id for row in session.scalars(sa.select(CoveredSpeciality))}
    path = f"/a10/other/specialities/{rows[find('给排水')]}/remove"
    assert path in http.get(f"/a10/{key}/other/specialities").text
    page = http.get(path).text
    assert "没有它，1 个单位的这些申报将没有可用的审核路径：高评会副高级工程技术人员的部分专业（1 个）。" in page
    assert "确定从“工程高评会”的评审专业中移除“给排水”吗？" in page
    listed = re.search(r'href="(/whatif/coverage/\d+)\?from=/a10/"', page)
    assert listed is not None
    for address in (listed[1], f"{listed[1]}?from=/a10/"):  # sent to a colleague, followed
        page = http.get(address).text
        assert "排水事务中心" in page
        crumbs = page[page.index('<nav class="crumbs"') : page.index("</nav>", page.index('<nav class="crumbs"'))]
        assert re.findall(r'href="([^"]+)">([^<]+)<', crumbs) == [
            ("/a10/", "评委会管理"),
            (f"/a10/{key}/other/specialities", "工程高评会"),
        ]
        assert f'<a class="btn" href="/a10/{key}/other/specialities">返回</a>' in page
    assert doors.enter(FAR).get(listed[1]).status_code == 404
    second = make_committee("另一高评会", covers=("建设类",), member_count=11)
    with read_session(SYSTEM) as session:
        unit = session.scalars(sa.select(Body.id).where(Body.name == "排水事务中心")).one()
    make_edge(unit, second)
    page = http.get(path).text  # another committee covers it
    assert "将没有可用的审核路径" not in page and "已检查：移除后，没有单位因此失去审核路径。" in page
    assert http.post(path).status_code == 302
    assert count(CoveredSpeciality, key) == 1
    last = f"/a10/other/specialities/{rows[find('计算机软件')]}/remove"
    page = http.get(last).text
    assert "现在不能移除：评委会至少要有一个评审专业" in page and '<button class="btn btn--danger">' not in page
    assert doors.enter(FAR).get(last).status_code == 404


def test_removing_the_first_founder_says_who_issues_then(doors: Doors) -> None:
    first, second = (make_body(name, NodeType.TITLE_OFFICE) for name in ("甲管理处", "乙管理处"))
    for body, code in ((first, "0100"), (second, "0102")):
        values = {"body_id": body, "code": code, "printed_name": f"{code}发证单位"}
        act(SYSTEM, bodies.add_issuing_authority, **values)
    key = make_committee("工程高评会", founder=first)
    act(CITY, services.add_founder, committee_id=key, body_id=second)
    with read_session(SYSTEM) as session:
        rows = session.scalars(sa.select(FoundingBody.id).order_by(FoundingBody.id)).all()
    http = doors.enter(CITY)
    words = "“甲管理处”是第一组建单位，本评委会的证书由它发放；移除后改由“0102发证单位”发放。"
    assert words in http.get(f"/a10/other/founders/{rows[0]}/remove").text
    assert "第一组建单位" not in http.get(f"/a10/other/founders/{rows[1]}/remove").text


# -- money --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "amount, words",
    [
        ("NaN", "请填写数字，例如 450 或 450.50。"),
        ("Infinity", "请填写数字，例如 450 或 450.50。"),
        ("1e9", "请填写数字，例如 450 或 450.50。"),
        ("", "请填写缴费金额。"),
        (" ", "请填写缴费金额。"),
        ("-1", "缴费金额应在 0 至 100,000 元之间。"),
        ("1000000000", "缴费金额应在 0 至 100,000 元之间。"),
        ("1.005", "缴费金额最多两位小数。"),
    ],
)
def test_a_fee_that_is_none_is_told_beside_the_field(doors: Doors, amount: str, words: str) -> None:
    path = f"/a10/{make_committee()}/other/fees"
    answer = doors.enter(CITY).post(path, data={"item": "review", "level": "full_senior", "amount": amount})
    assert answer.status_code == 422
    assert f'id="amount-errors"><li>{words}</li>' in answer.text
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(FeeStandard.id)).all() == []


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_neither_does_the_service_take_it(app: Flask, amount: str) -> None:
    fee = {"item": FeeItem.REVIEW, "level": TitleLevel.FULL_SENIOR, "amount": Decimal(amount)}
    with clock.at(MONDAY):
        key = make_committee()
        with pytest.raises(services.details.Invalid, match="缴费金额应在 0 至 100,000 元之间。"):
            act(CITY, services.add_fee, committee_id=key, **fee)


FEE = {"item": FeeItem.REVIEW, "level": TitleLevel.FULL_SENIOR}
_ROW = re.compile(r'action="(/a10/\d+/other/fees/\d+)[^"]*" class="fee">.*?name="stamp" value="([^"]+)".*?</td>', re.S)


def fee_row(page: str) -> tuple[str, str, str]:
    """The first row's form: its address, its stamp, and all that stands in its cell."""
    found = _ROW.search(page)
    assert found
    return found[1], found[2], found[0]


def test_a_fee_that_there_is_is_not_added_over(doors: Doors) -> None:
    path, http = f"/a10/{make_committee()}/other/fees", doors.enter(CITY)
    fee = {"item": "review", "level": "full_senior", "amount": "450"}
    assert http.post(path, data=fee).status_code == 302
    again = http.post(path, data=fee | {"amount": "900"})
    assert again.status_code == 422 and "已有正高级评审费 450.00 元，请在列表中修改。" in again.text
    both = http.post(path, data=fee | {"item": "", "amount": "-1"}).text
    assert "有 2 处需要改正" in both and "缴费金额应在 0 至 100,000 元之间。" in both


def test_what_is_wrong_with_a_rows_amount_is_told_in_the_row(doors: Doors) -> None:
    key, http = make_committee(), doors.enter(CITY)
    act(CITY, services.add_fee, committee_id=key, **FEE, amount=Decimal(450))
    path, stamp, _ = fee_row(http.get(f"/a10/{key}/other/fees").text)
    for typed, words in (
        ("-1", "缴费金额应在 0 至 100,000 元之间。"),
        ("四百", "请填写数字"),
        ("", "请填写缴费金额。"),
    ):
        refused = http.post(path, data={"amount": typed, "stamp": stamp})
        again, still, cell = fee_row(refused.text)
        assert (refused.status_code, again, still) == (422, path, stamp)
        assert words in cell and f'value="{typed}"' in cell
        assert 'id="item"' not in refused.text  # 【新增】 is not opened
    assert http.post(path, data={"amount": "500", "stamp": stamp}).status_code == 302
    assert http.post(path, data={"amount": "500.0", "stamp": stamp}).status_code == 302  # pressed twice
    assert "评审费 450.00 元 → 正高级评审费 500.00 元" in http.get(f"/a10/{key}/other/history").text


def test_the_second_at_a_fee_is_told(doors: Doors) -> None:
    key, first, second = make_committee(), doors.enter(CITY), doors.enter(PROVINCE)
    row = act(CITY, services.add_fee, committee_id=key, **FEE, amount=Decimal(450))
    act(CITY, services.add_fee, committee_id=key, **FEE | {"item": FeeItem.INTERVIEW}, amount=Decimal(90))
    path, stamp, _ = fee_row(first.get(f"/a10/{key}/other/fees").text)
    assert first.post(path, data={"amount": "500", "stamp": stamp}).status_code == 302
    refused = second.post(path, data={"amount": "600", "stamp": stamp})
    _, anew, cell = fee_row(refused.text)
    assert refused.status_code == 422 and "已被他人修改，没有保存" in cell and 'value="600"' in cell
    assert "正高级评审费 450.00 元 → 正高级评审费 500.00 元" in cell
    assert anew != stamp and refused.text.count("已被他人修改") == 1
    rows = dict(_ROW.findall(refused.text))
    other = next(address for address in rows if address != path)
    assert second.post(other, data={"amount": "95", "stamp": rows[other]}).status_code == 302
    assert second.post(path, data={"amount": "600", "stamp": anew}).status_code == 302
    act(CITY, services.remove_fee, committee_id=key, row_id=row)
    gone = first.post(path, data={"amount": "700", "stamp": anew}, follow_redirects=True).text
    assert "这项缴费标准已被他人移除，您填写的 700 元没有保存。" in gone
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(FeeStandard.amount)).all() == [Decimal(95)]


# -- batches --------------------------------------------------------------------------------------------------------------------------


def test_a_batch_chooses_its_specialities(doors: Doors) -> None:
    key = make_committee("工程高评会", covers=("建设类",), member_count=11)
    http = doors.enter(actor_of(key, Role.COMMITTEE))
    page = http.get("/u142/new").text
    assert "给排水" in page and "计算机软件" not in page
    assert page.count('<p class="options__group">建设类</p>') == 1
    foreign = http.post("/u142/new", data=BATCH | {"speciality_ids": [str(find("计算机软件"))]})
    assert foreign.status_code == 422 and "请从列出的选项中选择。" in foreign.text
    chosen = [str(find("给排水")), str(find("测绘"))]
    assert http.post("/u142/new", data=BATCH | {"speciality_ids": chosen}).status_code == 302
    key = only(AnnualBatch)
    assert "测绘" in http.get("/u142/").text
    assert (
        http.post(
            f"/u142/{key}/edit", data=BATCH | {"speciality_ids": chosen[:1]} | opened(http, f"/u142/{key}/edit")
        ).status_code
        == 302
    )
    told = http.get(f"/u142/{key}").text
    assert re.search("专业：(给排水、测绘|测绘、给排水) → 给排水", told)
    http.post(f"/u142/{key}/edit", data=BATCH | opened(http, f"/u142/{key}/edit"))
    assert "全部评审专业" in http.get(f"/u142/{key}").text


def test_levels_that_are_not_offered_are_refused_in_chinese(doors: Doors) -> None:
    http = doors.enter(actor_of(make_committee(), Role.COMMITTEE))
    for levels, words in (
        (["clerk"], "请从列出的选项中选择。"),
        (["x"], "请从列出的选项中选择。"),
        ([], "请选择评审的职称等级。"),
    ):
        answer = http.post("/u142/new", data=BATCH | {"levels": levels})
        assert answer.status_code == 422
        assert re.search(rf'id="levels-errors"><li>{words}</li>', answer.text)
        assert "not a valid" not in answer.text


def test_the_menu_stands_in_the_guides_groups(doors: Doors) -> None:
    def groups(http: Browser) -> dict[str, list[str]]:
        page = http.get("/").text
        side = page[page.index("<nav") :]
        found = re.findall(r'class="side__group[^"]*"[^>]*>(.*?)</ul>', side, re.S)
        return {
            re.sub("<[^>]+>|\\s", "", one.split("<ul")[0]): re.findall(r"<a[^>]*>([^<]+)</a>", one) for one in found
        }

    committee = groups(doors.enter(actor_of(make_committee(), Role.COMMITTEE)))
    assert committee["评委会评委管理"] == ["年度批次信息提交"]
    assert "年度批次信息提交" not in committee["评委会组建"]
    assert groups(doors.enter(actor_of(make_body("单位"))))["职数申报"] == ["职数申报"]
    bureau = actor_of(make_body("建设局", NodeType.DEPARTMENT), Role.DEPARTMENT)
    assert groups(doors.enter(bureau))["职数申报"] == ["职数审核"]
