"""Journey 2, 评审 with an offline meeting: up to the committee, plan, results, notice, filing, certificate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys import steps
from tests.journeys.conftest import Person

COMMITTEE = "长沙市工程系列中级职称评审委员会"


@pytest.mark.one_database_when_short(place=-1)
def test_an_offline_meeting_to_a_certificate(desk: Person, tmp_path: Path) -> None:
    files = steps.papers(tmp_path)
    desk.name = "review"
    desk.sign_in("applicant2")
    steps.head(desk, method="评审", level="中级", title="工程师", final=COMMITTEE)
    steps.upload_all(desk, files)
    desk.follow("下一步")
    for values in (
        {
            "民族": "汉族",
            "政治面貌": "中共党员",
            "参加工作时间": "2014-07-15",
            "从事本专业时间": "2014-07-15",
            "现从事专业技术工作": "给排水设计",
        },
        {
            "学历": "本科",
            "毕业院校": "湖南大学",
            "所学专业": "给排水",
            "学习形式": "全日制",
            "入学时间": "2010-09-01",
            "毕业时间": "2014-06-30",
        },
        {"开始时间": "2014-07-15", "工作单位": steps.UNIT, "从事工作及职务": "助理工程师"},
        {"职称级别": "助理级", "职称名称": "助理工程师", "取得时间": "2016-12-01"},
        {"年度": "2026", "培训内容": "专业科目", "学时": "90"},
    ):
        steps.fill(desk, values)
        desk.press("下一步")
    for _ in range(4):  # 论文著作 to 专利 may stay empty
        desk.press("下一步")
    steps.fill(desk, {"主要业绩": "主持完成三项管网改造设计，形成企业标准一项。"})
    desk.press("下一步")
    steps.fill(desk, {"年度": "2025", "考核结果": "优秀"})
    desk.press("保存")
    desk.says("各项信息齐全，可以提交")
    desk.press("提交", agree=True)
    desk.says("申报成功")

    steps.publish_and_forward(desk, "赵敏")
    steps.send_up(desk, "bureau", "赵敏", "上级单位审核")
    steps.send_up(desk, "agency", "赵敏", "职称申报人员资格审核")
    steps.send_up(desk, "committee", "赵敏", "职称申报人员资格复核")

    desk.menu("评审方案呈报")
    desk.follow("新增")
    day = desk.page.evaluate("new Date(Date.now() + 16 * 86400000).toISOString().slice(0, 10)")
    steps.fill(
        desk,
        {
            "方案名称": "2026年度工程中级第一次评审",
            "方案类型": "正常方案",
            "评审方式": "线下评审",
            "评审会议日期": day,
            "评审地点": "人才大厦三楼",
        },
    )
    desk.page.get_by_label("年度批次").select_option(index=1)
    desk.press("保存")
    desk.press("呈报", agree=True)
    desk.says("没有参评人员")  # everything missing is told at once
    desk.says("没有打分细则")
    desk.page.get_by_role("checkbox", name="选择").first.check()
    desk.press("编入方案")
    desk.says("已编入 1 名参评人员")
    desk.page.get_by_label("第 1 行专业").select_option(label="给排水")
    desk.page.get_by_label("第 1 行人数").fill("7")
    desk.press("保存专家需求")
    desk.says("专家需求已保存")
    for row, (name, weight) in enumerate((("专业理论", "30"), ("业绩成果", "70")), 1):
        desk.page.get_by_label(f"第 {row} 行评分项目").fill(name)
        desk.page.get_by_label(f"第 {row} 行权重").fill(weight)
    desk.press("保存打分细则")
    desk.says("打分细则已保存")
    with desk.page.expect_navigation():
        desk.page.locator("#attachments input[type=file]").set_input_files(files["材料"])
    desk.says("附件已上传")
    desk.picture("评审方案")
    desk.press("呈报", agree=True)
    desk.says("方案已呈报")

    desk.sign_in("changsha")
    desk.menu("呈报方案审核")
    desk.follow("审核")
    desk.says("参评人员")
    desk.page.get_by_label("审核通过").check()
    desk.page.get_by_label("审核意见").fill("同意。")
    desk.picture("呈报方案审核")
    desk.press("保存")
    desk.says("已保存审核结果")

    steps.a_week_later(desk)
    desk.sign_in("committee")
    desk.menu("评审结果")
    desk.follow("录入评审结果")
    steps.fill(
        desk,
        {
            "评审会议日期": desk.page.evaluate("new Date(Date.now() + 15 * 86400000).toISOString().slice(0, 10)"),
            "主持人": "主任委员",
        },
    )
    desk.page.get_by_label("出席评委人数").fill("9")
    desk.press("保存评审会议")
    desk.says("15 人中至少 10 人出席")
    desk.page.get_by_label("出席评委人数").fill("12")
    desk.press("保存评审会议")
    desk.says("赞成票不少于 8 票")
    for words, count in (("赞成", "9"), ("反对", "3"), ("弃权", "1")):
        desk.page.get_by_label(f"赵敏{words}票").fill(count)
    desk.press("保存票数")
    desk.says("多于出席评委 12 人")
    desk.page.get_by_label("赵敏弃权票").fill("0")
    desk.press("保存票数")
    desk.says("票数已保存")
    desk.picture("评审结果")
    desk.press("确认评审结果", agree=True)
    desk.says("通过 1 人，未通过 0 人")

    desk.menu("评审结果公示")
    desk.page.locator(".row-do").get_by_role("link", name="公示", exact=True).click()
    desk.page.get_by_label("受理异议的联系人和电话").fill("谭文斌 0731-81234567")
    desk.press("发布公示")
    desk.says("评审结果公示已发布")
    steps.a_week_later(desk)
    desk.sign_in("committee")
    desk.menu("评审结果公示")
    desk.page.locator(".row-do").get_by_role("link", name="公示", exact=True).click()
    desk.follow("办结公示")
    desk.press("保存")
    desk.says("1 人公示通过，0 人因异议成立取消")
    desk.menu("评审结果申请备案")
    desk.follow("备案")
    desk.press("保存")
    desk.says("处需要改正")
    steps.fill(desk, {"评审情况说明": "会议程序合规，投票有效，公示无异议。", "联系人和电话": "谭文斌 0731-81234567"})
    desk.page.get_by_label("备案附件").set_input_files(files["材料"])
    desk.press("保存")
    desk.says("备案申请已提交")

    desk.sign_in("changsha")
    desk.menu("职称评审结果备案")
    desk.follow("审核")
    desk.says("赵敏")
    desk.page.get_by_label("审核通过").check()
    desk.page.get_by_label("审核意见").fill("同意备案。")
    desk.page.get_by_label("备案文号").fill("长职备〔2026〕1号")
    desk.picture("备案审核")
    desk.press("保存")
    desk.says("已保存审核结果")
    desk.menu("职称申报审核流程查询")
    desk.follow("过程跟踪")
    desk.says("备案文号：长职备〔2026〕1号")

    steps.issue_and_render(desk, None)
    desk.menu("证书查询")
    desk.says("赵敏")
    desk.follow("详情")
    desk.says("长职备〔2026〕1号")
    desk.picture("证书")
    steps.download_and_check(desk, "applicant2", "赵敏", "工程师", tmp_path)
    assert desk.problems == [problem for problem in desk.problems if "422" in problem]
