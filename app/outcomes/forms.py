"""Forms of results, their notice and their filing."""

from __future__ import annotations

from wtforms import RadioField

from app.imports import MOST_BYTES
from app.outcomes.enums import FilingState
from app.web.forms import (
    Form,
    Query,
    answered,
    choices_of,
    date_field,
    enum_field,
    file_field,
    long_text_field,
    number_field,
    text_field,
)


class PlanNameQuery(Query):
    name = text_field("方案名称", length=120)


class MeetingForm(Form):
    held_on = date_field("评审会议日期", need=True)
    chair_name = text_field("主持人（主任委员或副主任委员）", need=True, length=60)
    attending = number_field("出席评委人数", ask="请填写出席评委人数。")


class VotesFileForm(Form):
    file = file_field("浏览文件", need=True, accept=".xlsx", max_bytes=MOST_BYTES)


class ResultNoticeForm(Form):
    title = text_field("公示标题", need=True, length=120)
    place = text_field("公示地点", need=True, length=120)
    contact = text_field("受理异议的联系人和电话", need=True, length=120)
    starts_on = date_field("公示开始日期", need=True)
    ends_on = date_field("公示结束日期", need=True, hint="不少于 5 个工作日（按国务院放假安排计算）。")


class ConclusionForm(Form):
    conclusion = long_text_field("公示结论", need=True, length=300)


class FilingForm(Form):
    summary = long_text_field("评审情况说明", need=True, length=4000, rows=8)
    contact = text_field("联系人和电话", need=True, length=120)
    file = file_field("备案附件", hint="评审会议纪要、投票汇总表等（PDF、JPG、PNG）。首次备案必须上传。")


class FilingQuery(Query):
    name = text_field("方案名称", length=120)
    state = enum_field("审核状态", FilingState, blank="全部")


class FilingDecisionForm(Form):
    result = RadioField(
        "审核结果",
        [answered("请选择审核结果。")],
        choices=choices_of([("yes", "审核通过"), ("no", "审核不通过")], None),
    )
    opinion = long_text_field("审核意见", length=2000, hint="审核不通过时必须填写。")
    filing_number = text_field("备案文号", length=60, hint="审核通过时必须填写。")
    filed_on = date_field("备案时间", hint="审核通过时必须填写。")
