"""Guide 1.10, 1.11 and, of the unit's portal, 1.4.2 in a browser: a committee, its operator, its batch."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.core import clock
from tests.journeys.conftest import Person
from tests.people import id_number

NAME, OPERATOR = "湖南省给排水专业高评会", "李操作"

pytestmark = pytest.mark.one_database_when_short(place=-1)


def test_a_committee_from_its_founding_to_its_first_batch(desk: Person) -> None:
    page = desk.page
    desk.sign_in("province")
    desk.menu("评委会管理")
    desk.follow("新增")
    for label, text in (
        ("评委会编码", "PWH430001"),
        ("评委会名称", NAME),
        ("评委会人数", "11"),
        ("联系人", OPERATOR),
        ("身份证号", id_number(serial=451)),
        ("联系电话", "13812345678"),
    ):
        page.get_by_label(label).first.fill(text)
    page.get_by_label("级别").select_option(label="高评会")
    page.get_by_label("系列", exact=False).select_option(label="工程技术人员")
    page.get_by_label("统筹区").select_option(label="湖南省")
    desk.search("评审专业", "gps", "给排水")
    desk.search("组建单位", "湖南厅专业", "湖南省人力资源和社会保障厅专业技术人员管理处")
    desk.press("保存")
    desk.says("请现在记下")
    password = page.locator(".handed-over").inner_text()
    desk.press("已记下，去维护其他信息")
    desk.follow("新增")
    desk.search("专业名称", "测绘", "测绘 050112 建设类")
    desk.press("保存")
    desk.says("评审专业已保存")
    desk.follow("组建单位")
    desk.follow("新增")
    desk.search("单位名称", "长沙住房", "长沙市住房和城乡建设局")
    desk.press("保存")
    desk.follow("缴费标准")
    desk.follow("新增")
    page.get_by_label("缴费项目").select_option(label="评审费")
    page.get_by_label("职称等级").select_option(label="副高级")
    page.get_by_label("缴费金额（元）").fill("450")
    desk.press("保存")
    desk.says("缴费标准已保存")
    desk.follow("变更历史")
    desk.says("缴费标准：副高级评审费 450.00 元")
    desk.picture("其他信息")
    desk.menu("评委会查询")
    page.get_by_label("名称或编码").fill("给排水高评")
    desk.press("查询")
    desk.follow("详情")
    desk.says(f"{OPERATOR}（430")
    _batch(desk, password)
    assert desk.problems == []


def _batch(desk: Person, password: str) -> None:
    """The operator signs in with what was handed over, changes it, and submits the year's batch."""
    page, today = desk.page, clock.today()
    page.context.clear_cookies()

    def sign_in(with_password: str) -> None:
        page.goto(f"{desk.site}/login/")
        page.get_by_label("用户名或身份证号").fill(id_number(serial=451))
        page.get_by_label("密码").fill(with_password)
        page.get_by_role("main").get_by_role("button", name="登录", exact=True).click()

    sign_in(password)
    desk.says("请先修改密码")
    page.locator("#old").fill(password)
    page.locator("#new").fill("Wo-De-Mima-77")
    page.locator("#repeat").fill("Wo-De-Mima-77")
    page.locator("#repeat").press("Enter")
    desk.says("密码已修改")
    sign_in("Wo-De-Mima-77")
    desk.menu("年度批次信息提交")
    desk.follow("新增")
    page.get_by_label("副高级").check()
    closes_on = min(today + timedelta(days=30), date(today.year, 12, 31))
    for label, day in (
        ("申报开始", today),
        ("申报截止", closes_on),
        ("计划评审开始", today + timedelta(days=40)),
        ("计划评审结束", today + timedelta(days=80)),
    ):
        page.get_by_label(f"{label}日期").fill(day.isoformat())
    page.get_by_label("给排水").check()
    desk.press("保存")
    desk.says("年度批次已提交")
    desk.says("申报中")
    desk.picture("年度批次")
