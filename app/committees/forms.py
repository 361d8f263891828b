"""Forms of committees and their batches."""

from __future__ import annotations

from decimal import Decimal

from wtforms.validators import ValidationError

from app.bodies.enums import NodeType
from app.bodies.forms import body_field
from app.catalog.enums import TitleLevel
from app.catalog.forms import speciality_field
from app.committees.enums import CommitteeGrade, FeeItem, Standing
from app.committees.rules import fee_problem
from app.web.forms import (
    DecimalField,
    Form,
    Query,
    SelectField,
    choices_of,
    date_field,
    decimal_field,
    enum_field,
    id_field,
    long_text_field,
    number_field,
    optional,
    required,
    several_field,
    text_field,
)

FOUNDERS = tuple(kind for kind in NodeType if kind is not NodeType.COMMITTEE)


class CommitteeQuery(Query):
    name = text_field("名称或编码", length=120, hint="也可录入拼音首字母")
    grade = enum_field("级别", CommitteeGrade, blank="全部")
    series_id = id_field("系列")
    region = SelectField("统筹区", [optional()], choices=choices_of([], "全部"))
    standing = enum_field("状态", Standing, blank="全部")


class _Common(Form):
    """What 【新增】 and 编辑 share."""

    name = text_field("评委会名称", need=True, length=120)
    printed_name = text_field("打印在证书上的名称", length=120, hint="不填时与评委会名称相同。")
    member_count = number_field("评委会人数", ask="请填写评委会人数。", hint="单数。")
    smaller_agreed_by = text_field("同意减少人数的单位", length=120, hint="高评会人数少于规定时填写。")
    recorded_on = date_field("核准备案日期", need=True)
    valid_until = date_field("备案有效期至", need=True, hint="最长三年。")


class NewCommitteeForm(_Common):
    code = text_field("评委会编码", need=True, length=30, hint="4 至 30 位大写字母和数字。")
    grade = enum_field("级别", CommitteeGrade, need=True)
    series_id = id_field("系列", need=True)
    region_code = SelectField("统筹区", [required("请选择。")], choices=choices_of([]))
    speciality_id = speciality_field(
        "评审专业",
        hint="不填为按系列组建，评审该系列全部专业；其余专业保存后在“其他信息”中维护。",
        follows="series_id",
    )
    founder_id = body_field("组建单位", kinds=FOUNDERS, need=True)
    contact_name = text_field("联系人", need=True, length=40)
    contact_id_number = text_field(
        "身份证号", need=True, length=18, hint="联系人即评委会操作员，凭此身份证号登录单位网厅。"
    )
    contact_phone = text_field("联系电话", need=True, length=11)


class CommitteeForm(_Common):
    contact_name = text_field("联系人", length=40)
    contact_id_number = text_field("身份证号", length=18, hint="更换联系人（评委会操作员）时才填写。")
    contact_phone = text_field("联系电话", length=20, hint="手机号。")


class SpecialityForm(Form):
    speciality_id = speciality_field("专业名称", need=True)


class FounderForm(Form):
    body_id = body_field("单位名称", kinds=FOUNDERS, need=True, hint="单位名称或统一社会信用代码，回车查询。")


class FeeForm(Form):
    item = enum_field("缴费项目", FeeItem, need=True)
    level = enum_field("职称等级", TitleLevel, need=True)
    amount = decimal_field("缴费金额（元）", ask="请填写缴费金额。")

    @property
    def money(self) -> Decimal:
        """As the column holds it."""
        return round(self.amount.data or Decimal(0), 2)

    def validate_amount(self, field: DecimalField) -> None:
        """Here too, so that it is told together with what else is wrong with the form."""
        if field.data is not None and (problem := fee_problem(field.data)):
            raise ValidationError(problem)


class DeregisterForm(Form):
    reason = long_text_field("注销原因", need=True, length=300)


class BatchQuery(Query):
    name = text_field("批次名称", length=80)
    year = number_field("年度", need=False)


class BatchForm(Form):
    year = number_field("年度", ask="请填写年度。")
    name = text_field("批次名称", need=True, length=80)
    levels = several_field("职称等级", ask="请选择评审的职称等级。")
    opens_on = date_field("申报开始日期", need=True, hint="申报期应在本年度之内。")
    closes_on = date_field("申报截止日期", need=True)
    review_from = date_field("计划评审开始日期", need=True)
    review_until = date_field("计划评审结束日期", need=True, hint="不晚于评委会备案有效期。")
    speciality_ids = several_field(
        "专业",
        hint="只接收勾选的专业，勾选整类即含其下各专业；一个都不选，接收本评委会评审的全部专业。",
        coerce=int,
    )


class ResetForm(Form):
    person_id = id_field("操作员", need=True)


class CloseForm(Form):
    reason = long_text_field("关闭原因", need=True, length=300)
