"""What makes a desk pleasant for eight hours: the way back, the sidebar, heads that stay, nothing typed lost, paper."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from app.approval_paths.models import PathEdge
from app.core.db import read_session
from tests.journeys.conftest import Person
from tests.places import SYSTEM

pytestmark = pytest.mark.one_database
LISTS = ("/a3/", "/a4/", "/a7/", "/a8/", "/a9/", "/a10/", "/a11/", "/a16/", "/a20/", "/a24/")


def where(person: Person) -> tuple[str, dict[str, list[str]]]:
    address = urlsplit(person.page.url)
    return address.path, parse_qs(address.query)


def test_the_way_back_keeps_the_work(desk: Person) -> None:
    """Guide 1.4 under conditions: 详情, 编辑, 注销 and 返回 all end at the list as it was left."""
    desk.sign_in("province")
    desk.menu("职称初定审核路径配置")
    desk.page.get_by_label("职称等级").select_option(label="助理级")
    desk.press("查询")
    left = where(desk)
    assert left == ("/a4/", {"level": ["assistant"]})
    desk.follow("详情")
    expect(desk.page.locator(".side [aria-current]")).to_have_text("职称初定审核路径配置")
    desk.follow("返回")
    assert where(desk) == left
    desk.follow("编辑")
    expect(desk.page.get_by_role("combobox", name="上级机构")).to_be_focused()
    desk.press("保存")  # nothing changed
    desk.says("已保存修改。")
    desk.page.locator(".crumbs").get_by_role("link").click()
    assert where(desk) == left
    desk.follow("注销")
    desk.page.get_by_label("注销原因").fill("配置重复。")
    desk.press("保存")
    desk.says("确定注销吗？")
    desk.press("取消")
    desk.press("保存", agree=True)
    desk.says("已注销。")
    desk.follow("返回")
    assert where(desk) == left
    assert desk.problems == []


def test_the_sidebar_stays_and_shows_where_one_is(desk: Person) -> None:
    desk.page.set_viewport_size({"width": 1280, "height": 640})
    desk.sign_in("province")
    side = desk.page.locator("#side")
    desk.page.goto(desk.site + "/a20/")
    current = desk.page.locator(".side [aria-current]")
    expect(current).to_be_in_viewport()
    assert side.evaluate("side => side.scrollTop") > 0
    entry = desk.page.get_by_role("navigation", name="功能菜单").get_by_role("link", name="生成电子证书")
    entry.hover()  # where it is half hidden it moves under the pointer
    before = side.evaluate("side => side.scrollTop")
    entry.click()
    desk.page.get_by_role("heading", name="生成电子证书").wait_for()
    assert side.evaluate("side => side.scrollTop") == before
    tall = desk.page.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
    assert tall == 0, f"an empty list scrolls by {tall} px"


def test_lists_fit_and_their_heads_stay(desk: Person) -> None:
    desk.page.set_viewport_size({"width": 1280, "height": 800})
    desk.sign_in("province")
    for address in LISTS:
        desk.page.goto(desk.site + address)
        table = desk.page.locator("[data-fits]")
        if not table.count():
            continue
        expect(table).to_have_class("table-wrap table-wrap--fits")
        first = desk.page.locator("table.list tbody tr").first.bounding_box()
        assert first is not None and first["y"] < 350, f"{address}: the first row begins at {first}"
    desk.page.goto(desk.site + "/a8/")
    desk.page.mouse.wheel(0, 600)
    desk.page.wait_for_function("scrollY > 100")
    head = desk.page.get_by_role("columnheader", name="下级机构").bounding_box()
    assert head is not None and round(head["y"]) == 52


def test_leaving_a_form_asks_even_after_a_cancelled_confirmation(desk: Person) -> None:
    desk.sign_in("province")
    with read_session(SYSTEM) as session:
        edge = session.scalar(sa.select(PathEdge.id).where(PathEdge.active).limit(1))
        assert edge is not None
        procedure = session.get_one(PathEdge, edge).procedure
    screen = {"initial_determination": "a4", "intermediate_review": "a7", "senior_review": "a8"}[procedure.value]
    desk.page.goto(f"{desk.site}/{screen}/retire/{edge}")
    reason = desk.page.get_by_label("注销原因")
    reason.fill("配置重复。")
    desk.press("保存")
    desk.press("取消")
    asked = []
    desk.page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    desk.page.get_by_role("link", name="首页").click()
    desk.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(reason).to_have_value("配置重复。")


def test_a_second_officer_is_told_in_the_browser(desk: Person, chromium: Browser) -> None:
    desk.sign_in("province")
    desk.menu("职称初定/认定受理机构管理")
    desk.follow("编辑")
    name = desk.page.get_by_label("打印在证书上的机构名称")
    other = Person(chromium.new_context(locale="zh-CN"), desk.site, "other")
    other.sign_in("province")
    other.page.goto(desk.page.url)
    other.page.get_by_label("打印在证书上的机构名称").fill("湖南省人社厅")
    other.press("保存")
    other.says("已保存修改。")
    other.page.context.close()
    name.fill("湖南省人力资源社会保障厅")
    desk.press("保存")
    desk.says("您打开以后，这条记录已被他人修改，没有保存。")
    desk.says("→ 湖南省人社厅")
    expect(name).to_have_value("湖南省人力资源社会保障厅")
    desk.picture("他人已修改")
    desk.press("保存")
    desk.says("已保存修改。")
    desk.says("湖南省人社厅 → 湖南省人力资源社会保障厅")


def test_paper_has_exact_times_and_no_buttons(desk: Person) -> None:
    desk.sign_in("province")
    desk.menu("职称初定/认定受理机构管理")
    desk.follow("编辑")
    desk.page.get_by_label("打印在证书上的机构名称").fill("湖南省人社厅")
    desk.press("保存")
    desk.says("已保存修改。")
    desk.page.emulate_media(media="print")
    for hidden in (
        desk.page.get_by_role("link", name="返回"),
        desk.page.locator("#side"),
        desk.page.locator(".crumbs"),
    ):
        expect(hidden).to_be_hidden()
    shown = desk.page.locator(".timeline time").first
    title = shown.get_attribute("title")
    assert title is not None and len(title) == 19
    printed = shown.evaluate("time => [getComputedStyle(time).fontSize, getComputedStyle(time, '::after').content]")
    assert printed == ["0px", f'"{title}"']
