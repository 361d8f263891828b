"""Guide 1.1 in a browser, by mouse and by keyboard; and how long three thousand rows take to open."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from app.catalog.models import Speciality
from app.core.db import unit_of_work
from tests.journeys.conftest import Person
from tests.places import SYSTEM

pytestmark = pytest.mark.one_database_when_short(place=0)
NODES, MOST_MS = 3_000, 100
OPEN_ALL = """() => new Promise((done) => {
  const start = performance.now();
  document.querySelector('[data-tree-all=open]').click();
  requestAnimationFrame(() => {
    const painted = new MessageChannel();
    painted.port1.onmessage = () => done(performance.now() - start);
    painted.port2.postMessage(0);
  });
})"""


def test_the_speciality_tree_by_the_guide(desk: Person) -> None:
    desk.sign_in("province")
    desk.menu("职称专业管理")
    page = desk.page
    tree = page.get_by_role("tree", name="职称专业管理")
    page.get_by_role("searchbox").fill("gps")
    page.get_by_role("searchbox").press("Enter")
    desk.says("找到 1 个，第 1 个：给排水")
    page.get_by_role("treeitem", name="给排水").click()
    desk.follow("新增")
    page.get_by_role("heading", name="在“给排水”下新增专业").wait_for()
    page.get_by_label("专业学科名称").fill("智慧供水")
    desk.press("保存")
    desk.says("已在“给排水”下新增专业")
    expect(page.get_by_role("treeitem", name="智慧供水")).to_have_attribute("aria-selected", "true")
    page.get_by_label("专业学科名称").fill("智慧供水工程")
    desk.press("保存")
    desk.says("专业学科名称：智慧供水 → 智慧供水工程")
    desk.picture("专业树")
    tree.focus()
    page.keyboard.press("ArrowLeft")  # to the parent
    page.keyboard.press("Enter")
    expect(page.get_by_role("treeitem", name="给排水")).to_have_attribute("aria-selected", "true")
    desk.press("删除栏目", agree=True)
    desk.says("下级专业 1 个（智慧供水工程）")
    tree.focus()
    page.keyboard.press("ArrowRight")  # opens
    page.keyboard.press("ArrowRight")  # to the first below
    page.keyboard.press("Enter")
    page.get_by_label("专业学科名称").wait_for()
    expect(page.get_by_label("专业学科名称")).to_have_value("智慧供水工程")
    desk.press("删除栏目", agree=True)
    desk.says("“智慧供水工程”已删除")
    assert desk.problems == []


@pytest.mark.parametrize(
    "menu, words",
    [
        ("职称专业管理", ("工程", "05", "GPS", "计软", "gps", "0501", "没有", "给水", "水 给", "ＧＰＳ", "g")),
        ("职称树管理", ("正高级", "护理", "05", "教授", "ZR", "卫生", "没有", "授教", "教 副")),
    ],
)
def test_the_workbook_holds_what_the_page_finds(desk: Person, menu: str, words: tuple[str, ...]) -> None:
    """The rule stands twice, in Node.found_by and in tree.js: here both are asked."""
    desk.sign_in("province")
    desk.menu(menu)
    page = desk.page
    for word in words:
        page.get_by_role("searchbox").fill(word)
        page.get_by_role("searchbox").press("Enter")
        said = page.locator("[data-tree-said]")
        expect(said).to_contain_text(re.compile("^(找到|没有找到)"))
        count = int((re.match(r"找到 (\d+) 个", said.inner_text()) or ["", "0"])[1])
        with page.expect_download() as download:
            desk.follow("导出查询结果")
        book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
        assert (word, book.active.max_row - 1) == (word, count)
        page.get_by_role("searchbox").fill("")
        page.get_by_role("searchbox").press("Enter")
        expect(said).to_contain_text("共 ")


def test_the_trees_address_and_what_is_typed_are_kept(desk: Person) -> None:
    """The search stands in the address beside the node, Back goes to the node before, nothing typed is lost unasked."""
    page = desk.page
    desk.sign_in("province")
    desk.menu("职称专业管理")
    tree, box = page.get_by_role("tree"), page.get_by_role("searchbox")
    for row in ("给排水", "道路工程"):
        box.fill(row)
        box.press("Enter")
        page.get_by_role("treeitem", name=row).first.click()
        page.get_by_role("heading", name=row, exact=True).wait_for()
    assert "q=%E9%81%93" in page.url and "/a1/node/" in page.url
    page.reload()  # as a colleague opens the link
    desk.says("找到 1 个，第 1 个：道路工程")
    assert "q=%E9%81%93" in str(page.get_by_role("link", name="导出查询结果").get_attribute("href"))
    page.go_back()
    page.get_by_role("heading", name="给排水", exact=True).wait_for()
    expect(page.get_by_role("treeitem", name="给排水")).to_have_attribute("aria-selected", "true")
    page.go_forward()
    page.get_by_role("heading", name="道路工程", exact=True).wait_for()
    name = page.get_by_label("专业学科名称")
    name.fill("道路与桥梁")
    tree.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    desk.says("填写的内容还没有保存")
    page.get_by_role("button", name="取消", exact=True).click()
    expect(name).to_have_value("道路与桥梁")
    page.once("dialog", lambda dialog: dialog.dismiss())  # the browser's own, on the way to another page
    page.get_by_role("link", name="职称树管理").click()
    expect(name).to_have_value("道路与桥梁")
    desk.press("全部展开")
    open_rows = tree.locator("[role=presentation]").evaluate("node => node.style.height")
    desk.press("保存")
    desk.says("“道路与桥梁”已保存。")
    assert tree.locator("[role=presentation]").evaluate("node => node.style.height") == open_rows
    expect(page.get_by_role("button", name="保存", exact=True)).to_be_focused()
    assert "q=%E9%81%93" in page.url
    assert desk.problems == []


def test_the_tree_is_two_keys_away(desk: Person) -> None:
    desk.sign_in("changsha")
    desk.menu("职称专业管理")
    desk.says("由省级人社部门维护，您可以查询。")
    desk.page.reload()
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Tab")
    expect(desk.page.get_by_role("link", name="跳到职称专业管理的树")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("tree")).to_be_focused()


def test_three_thousand_rows_open_at_once(desk: Person) -> None:
    with unit_of_work(SYSTEM) as session:
        branches = session.scalars(sa.select(Speciality).where(Speciality.parent_id.is_not(None))).all()
        have = session.scalar(sa.select(sa.func.count(Speciality.id))) or 0
        for number in range(NODES - have):
            above = branches[number % len(branches)]
            session.add(
                Speciality(
                    code=f"{above.code}Z{number}",
                    name=f"方向{number}",
                    pinyin=f"fx{number}",
                    parent_id=above.id,
                    series_id=above.series_id,
                )
            )
    desk.sign_in("province")
    desk.menu("职称专业管理")
    desk.says(f"共 {NODES} 个节点")
    times = []
    for _ in range(5):
        desk.press("全部收起")
        times.append(desk.page.evaluate(OPEN_ALL))
    assert min(times) < MOST_MS, times
    tree = desk.page.get_by_role("tree")
    tree.focus()
    desk.page.keyboard.press("End")
    row = desk.page.locator(f"#{tree.get_attribute('aria-activedescendant')}")
    expect(row).to_be_in_viewport()
    assert desk.page.get_by_role("treeitem").count() < 100  # only those in view are in the page
    print("3,000 rows open in", [round(ms) for ms in times], "ms")
