"""Guide 1.3 to 1.9, 1.21, 1.25 and 1.28 in a browser, in the guide's order and words (1.1, 1.2: test_trees; 1.10: test_committees)."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Download

from tests.accounts.test_registering import CODE
from tests.journeys.conftest import Person
from tests.journeys.steps import AGENCY, BUREAU, UNIT, fill, papers
from tests.people import id_number

pytestmark = pytest.mark.one_database_when_short(place=0)
PATHS = ("职称认定审核路径配置", "初评会审核路径配置", "中评会审核路径配置", "高评会审核路径配置")
NEW_UNIT = "长沙市桥隧养护中心"
NEW_OFFICE = "岳麓区职称改革工作办公室"


def test_master_data_by_the_guide(desk: Person, chromium: Browser, tmp_path: Path) -> None:
    desk.sign_in("province")
    _bodies(desk)
    _accepting_bodies(desk)
    _paths(desk, tmp_path)
    _issuing_codes(desk)
    _blacklist(desk)
    _registration(desk, tmp_path)
    desk.sign_in("province")
    _path_query(desk)
    wrong_forms = [problem for problem in desk.problems if "422" in problem]
    assert (len(wrong_forms), len(desk.problems)) == (5, 5)


def _book(download: Download) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(download.path().read_bytes()))


def _search(desk: Person, label: str, text: str, pick: str) -> None:
    """录入关键字，回车查询，选择: forms here have other fields whose labels hold the same words."""
    box = desk.page.get_by_role("combobox", name=label)
    box.fill(text)
    box.press("Enter")
    desk.page.get_by_role("option", name=pick).click()


def _bodies(desk: Person) -> None:
    """What 1.3 and the rest choose from: a body is added, and a code that is pasted too long is told, not cut."""
    page = desk.page
    desk.menu("机构管理")
    desk.follow("新增")
    fill(
        desk,
        {
            "机构编码": "A" * 40,
            "机构名称": NEW_OFFICE,
            "受理节点类型": "经办机构",
            "单位性质": "机关",
            "统筹区": "岳麓区",
            "联系电话": "0731-88990000",
        },
    )
    desk.press("保存")
    page.locator("#code-errors").wait_for()
    assert page.get_by_label("机构编码").input_value() == "A" * 40
    page.get_by_label("机构编码").fill("YLZG01")
    desk.press("保存")
    page.get_by_role("heading", name=NEW_OFFICE).wait_for()
    desk.menu("机构管理")
    page.get_by_label("机构名称").fill("ylqzc")
    desk.press("查询")
    desk.says("073******0000")
    desk.picture("机构管理")


def _accepting_bodies(desk: Person) -> None:
    """1.3: a wrong form keeps what was typed; the kind of body narrows the search; 申报须知 follows what is saved."""
    page = desk.page
    desk.menu("职称初定/认定受理机构管理")
    desk.follow("新增")
    page.get_by_label("打印在证书上的机构名称").fill("长沙市人力资源和社会保障局")
    page.get_by_label("取得方式").select_option(label="认定")
    page.get_by_label("职称等级").select_option(label="中级")
    desk.press("保存")
    desk.says("请录入机构名称")
    assert page.get_by_label("打印在证书上的机构名称").input_value() == "长沙市人力资源和社会保障局"
    box, kind = page.get_by_role("combobox", name="机构名称"), page.get_by_label("受理节点类型")
    kind.select_option(label="主管单位")
    box.fill("长沙")
    box.press("Enter")
    page.get_by_role("option", name=BUREAU).wait_for()
    assert page.locator("#body_id-list").get_by_role("option", name="经办机构").count() == 0
    page.get_by_role("option", name=BUREAU).click()
    kind.select_option(label="经办机构")  # what was chosen is of another kind
    desk.says("请重新录入关键字查询。")
    assert (box.input_value(), page.locator("input[name=body_id]").input_value()) == ("", "")
    _search(desk, "机构名称", "长沙", AGENCY)
    desk.press("保存")
    desk.says("已新增。")
    page.get_by_role("heading", name=f"{AGENCY} 中级认定").wait_for()
    desk.follow("申报须知")
    page.get_by_label("申报须知").fill("一、请核对单位。\n二、请上传原件。")
    desk.press("保存")
    desk.says("申报须知已保存。")
    assert page.locator("#guideline p").inner_text() == "一、请核对单位。\n二、请上传原件。"
    desk.picture("申报须知")
    desk.follow("职称初定/认定受理机构管理")
    page.get_by_label("机构名称", exact=True).fill("长沙专业")
    page.get_by_label("取得方式").select_option(label="认定")
    desk.press("查询")
    assert "method=recognition" in page.url
    with page.expect_download() as download:
        desk.follow("导出查询结果")
    assert _book(download.value).active["A2"].value == AGENCY
    desk.follow("注销")
    page.get_by_label("注销原因").fill("机构改革，职能划转。")
    desk.press("保存", agree=True)
    desk.says("已注销。")
    desk.says("机构改革，职能划转。")


def _paths(desk: Person, folder: Path) -> None:
    """1.4: an edge by hand and by workbook; 1.5 to 1.8 are the same screen for other procedures."""
    page = desk.page
    desk.menu("职称初定审核路径配置")
    desk.follow("新增")
    _search(desk, "下级机构", "长沙排水", UNIT)
    _search(desk, "上级机构", "长沙本级专业", AGENCY)
    page.get_by_label("职称等级").select_option(label="助理级")
    desk.press("保存")
    desk.says("已新增。")
    desk.menu("职称初定审核路径配置")
    desk.follow("批量导入")
    desk.press("导入")
    desk.says("请选择文件。")
    with page.expect_download() as download:
        desk.follow("下载excel模板")
    book = _book(download.value)
    sheet = book.worksheets[0]
    for row, cells in enumerate(((UNIT, AGENCY), (UNIT, "没有这个机构")), 2):
        for column, text in enumerate((*cells, "", ""), 1):
            sheet.cell(row, column, text)
    filled = folder / "审核路径.xlsx"
    book.save(filled)
    page.get_by_label("职称等级").select_option(label="中级")
    page.get_by_label("浏览文件").set_input_files(filled)
    desk.says("审核路径.xlsx（")
    desk.press("导入")
    page.get_by_role("dialog", name="系统提示").wait_for()
    desk.press("确定")
    desk.says("成功 1 条，失败 1 条")
    desk.says("没有编码或名称为“没有这个机构”的机构，或它已注销。")
    desk.picture("导入检查")
    with page.expect_download() as download:
        desk.follow("下载失败数据")
    assert _book(download.value).worksheets[0]["B2"].value == "没有这个机构"
    desk.press("提交")
    desk.says("成功的 1 条已成为正式记录。")
    desk.picture("导入提交")
    desk.follow("查看记录")
    desk.follow("详情")
    desk.says("批量导入")
    for title in PATHS:
        desk.menu(title)
        desk.follow("新增")
        page.get_by_role("heading", name="新增审核路径").wait_for()


def _issuing_codes(desk: Person) -> None:
    """1.9: the code is asked for in its shape."""
    page = desk.page
    desk.menu("发证单位编码配置")
    desk.follow("新增")
    _search(desk, "单位名称", "长沙住房", BUREAU)
    page.get_by_label("打印在证书上的机构名称").fill(BUREAU)
    page.get_by_label("发证单位编码").fill("编码！")
    desk.press("保存")
    page.locator("#code-errors").wait_for()
    page.get_by_label("发证单位编码").fill("0190")
    desk.press("保存")
    desk.says("已新增。")


def _blacklist(desk: Person) -> None:
    """1.21: on the list and off again."""
    page = desk.page
    desk.menu("黑名单管理")
    desk.follow("新增")
    box = page.get_by_role("combobox", name="人员姓名或身份证号")
    box.fill("赵敏")
    box.press("Enter")
    page.get_by_role("option").first.click()
    fill(desk, {"原因": "申报材料造假。", "依据文件": "湘人社函〔2026〕9号"})
    page.get_by_label("起始日期").fill("2026-01-01")
    desk.press("保存")
    desk.says("已新增。")
    desk.follow("解除")
    page.get_by_label("解除原因").fill("复核后更正。")
    desk.press("保存", agree=True)
    desk.says("已解除。")


def _registration(desk: Person, folder: Path) -> None:
    """1.25: the unit asks, its region's officer looks at the licence and agrees, the contact signs in."""
    page = desk.page
    page.context.clear_cookies()
    page.goto(f"{desk.site}/register/unit/")
    fill(
        desk,
        {
            "统一社会信用代码": CODE[:-1] + ("0" if CODE[-1] != "0" else "1"),
            "单位名称": NEW_UNIT,
            "单位性质": "事业单位",
            "统筹区": "长沙市",
            "联系人（操作员）姓名": "曾操作",
            "联系人身份证号": id_number(serial=461),
            "联系人手机号": "13912345678",
            "登录用户名": "qiaosui",
            "密码": "Danwei@2026x",
            "再次输入密码": "Danwei@2026x",
        },
    )
    page.get_by_label("营业执照或法人证书").set_input_files(papers(folder)["材料"])
    page.get_by_label("我已阅读并同意《个人信息处理告知书》").check()
    desk.press("提交")
    desk.says("校验位不对")
    desk.says("密码、再次输入密码、营业执照或法人证书要重新填写或选择，其他内容都还在。")
    fill(desk, {"统一社会信用代码": CODE, "密码": "Danwei@2026x", "再次输入密码": "Danwei@2026x"})
    page.get_by_label("营业执照或法人证书").set_input_files(papers(folder)["材料"])
    desk.press("提交")
    desk.says("注册申请已提交")
    desk.sign_in("changsha")
    desk.menu("公服账号注册审核")
    desk.follow("审核")
    page.locator("[data-preview-pane] iframe, [data-preview-pane] img").wait_for()
    desk.picture("单位注册审核")
    desk.press("审核通过")
    desk.says(f"{NEW_UNIT}：审核通过")


def _path_query(desk: Person) -> None:
    """1.28, the guide's example: the path is whole by 住建局 and breaks at 教育局."""
    page = desk.page
    desk.menu("审核路径配置查询")
    _search(desk, "机构名称", "长沙排水", UNIT)
    desk.press("查询机构上级机构")
    desk.says(BUREAU)
    desk.follow("模拟申报，查询完整审核路径")
    _search(desk, "单位", "长沙排水", UNIT)
    fill(desk, {"拟申报职称等级": "副高级", "系列": "高等学校教师", "取得方式": "评审"})
    box = page.get_by_role("combobox", name="专业")
    box.fill("哲学")
    box.press("Enter")
    page.locator("#speciality_id-list").get_by_role("option").first.click()
    desk.press("查询完整审核路径")
    desk.says("路径断在这里")
    desk.says("长沙市教育局")
    desk.picture("审核路径图")
