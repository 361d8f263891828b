"""Forms of review plans."""

from __future__ import annotations

from wtforms import RadioField

from app.review_plans.enums import PlanKind, PlanMode, PlanState
from app.web.forms import (
    Form,
    Query,
    answered,
    choices_of,
    date_field,
    enum_field,
    file_field,
    id_field,
    long_text_field,
    text_field,
)


class PlanQuery(Query):
    name = text_field("方案名称", length=120)
    state = enum_field("状态", PlanState, blank="全部")
    kind = enum_field("方案类型", PlanKind, blank="全部")


class PlanForm(Form):
    """评审方案."""

    name = text_field("方案名称", need=True, length=120)
    batch_id = id_field("年度批次", need=True)
    kind = enum_field("方案类型", PlanKind, need=True, hint="特殊方案由专人审核。")
    kind_reason = text_field("特殊情况说明", length=300, hint="特殊方案必须填写。")
    mode = enum_field("评审方式", PlanMode, need=True)
    meeting_on = date_field("评审会议日期", need=True)
    place = text_field("评审地点", need=True, length=120)
    note = long_text_field("备注", length=4000)


class PlanDecisionForm(Form):
    result = RadioField(
        "审核结果",
        [answered("请选择审核结果。")],
        choices=choices_of([("yes", "审核通过"), ("no", "审核不通过")], None),
    )
    opinion = long_text_field("审核意见", length=2000, hint="审核不通过时必须填写。")


class AttachmentForm(Form):
    file = file_field("附件", need=True)
