"""Journey 1, 初定: from a phone to a certificate anyone can check, by the guide's words in the guide's order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys import steps
from tests.journeys.conftest import Person


@pytest.mark.one_database_when_short(place=0)
def test_from_a_phone_to_a_certificate(phone: Person, desk: Person, tmp_path: Path) -> None:
    files = steps.papers(tmp_path)
    phone.sign_in("applicant")
    phone.picture("首页")
    phone.no_sideways_scrolling()
    steps.head(phone, method="初定", level="助理级", title="助理工程师", final=steps.AGENCY)
    phone.no_sideways_scrolling()
    steps.upload_all(phone, files)
    phone.follow("下一步")
    phone.no_sideways_scrolling()
    steps.fill(
        phone,
        {
            "民族": "汉族",
            "政治面貌": "群众",
            "参加工作时间": "2024-07-15",
            "从事本专业时间": "2024-07-01",
            "现从事专业技术工作": "排水管网运行",
        },
    )
    phone.press("下一步")
    phone.says("从事本专业时间不能早于参加工作时间")
    phone.picture("日期顺序不对")
    steps.fill(phone, {"从事本专业时间": "2024-07-15"})
    phone.press("下一步")
    steps.fill(
        phone,
        {
            "学历": "本科",
            "毕业院校": "湖南大学",
            "所学专业": "给排水科学与工程",
            "学习形式": "全日制",
            "入学时间": "2020-09-01",
            "毕业时间": "2024-06-30",
        },
    )
    phone.press("下一步")
    steps.fill(phone, {"开始时间": "2024-07-15", "工作单位": steps.UNIT, "从事工作及职务": "技术员"})
    phone.press("暂存")
    phone.follow("主要业绩")
    steps.fill(phone, {"主要业绩": "参与老城区排水管网改造，编制技术方案并组织实施。"})
    phone.press("暂存")
    phone.says("各项信息齐全，可以提交")
    phone.picture("提交前")
    phone.press("提交", agree=True)
    phone.says("申报成功")
    phone.no_sideways_scrolling()

    steps.publish_and_forward(desk, "张伟")

    # 上级单位 sends it back once, level by level down to the applicant, who mends it
    desk.sign_in("bureau")
    desk.menu("上级单位审核")
    desk.follow("审核")
    desk.press("退回")
    desk.says("退回时请勾选需要补正的内容")
    desk.page.get_by_label("审核意见").fill("年度考核表缺盖章页，请补传。")
    desk.page.locator("summary").click()
    desk.page.get_by_label("年度考核表").check()
    desk.picture("退回")
    desk.press("退回")
    desk.says("张伟：已退回")
    desk.sign_in("unit")
    desk.menu("单位推荐上报")
    desk.follow("审核")
    desk.page.get_by_label("审核意见").fill("请按住建局意见补传。")
    desk.press("退回")
    desk.says("张伟：已退回")

    phone.sign_in("applicant")
    phone.page.get_by_role("link", name="退回修改").click()
    phone.says("申报被退回")
    phone.says("年度考核表缺盖章页")
    phone.picture("被退回")
    row = phone.page.locator(".file-row", has_text="年度考核表").first
    row.get_by_role("button", name="移除").click()
    phone.press("确定")
    phone.says("已移除")
    steps.upload_all(phone, files)
    phone.press("提交", agree=True)
    phone.says("申报成功")

    desk.sign_in("unit")
    desk.menu("单位推荐上报")
    desk.page.locator("[data-tick]").first.check()
    desk.press("上报", agree=True)
    desk.says("已上报 1 条")
    steps.send_up(desk, "bureau", "张伟", "上级单位审核")
    desk.sign_in("agency")
    desk.menu("职称申报人员资格审核")
    desk.follow("审核")
    desk.says("本机构为终审机构")
    desk.follow("查看电子档案")
    desk.page.locator("a[data-preview]").first.click()
    desk.page.locator("[data-preview-pane] iframe, [data-preview-pane] img").first.wait_for()
    desk.picture("审核")
    desk.press("审核通过")
    desk.says("张伟：已审核通过")
    desk.menu("职称申报审核流程查询")
    desk.follow("过程跟踪")
    for words in ("提交", "上报", "退回", "重新提交", "审核通过"):
        desk.says(words)
    desk.picture("过程跟踪")

    steps.issue_and_render(desk, "长人社职〔2026〕8号")
    desk.sign_in("unit")
    desk.menu("证书查询")
    desk.says("张伟")
    steps.download_and_check(phone, "applicant", "张伟", "助理工程师", tmp_path)
    assert desk.problems == [problem for problem in desk.problems if "422" in problem]
    assert phone.problems == [problem for problem in phone.problems if "422" in problem]
