"""Forms of the application: its head, its sections from their schemas, decisions, and the queues' conditions."""

from __future__ import annotations

from functools import cache
from typing import Any

from wtforms import Field as WtField
from wtforms import RadioField, StringField, TextAreaField

from app.applications.enums import ApplicationState, Section
from app.applications.rules import SECTIONS, Field, Kind
from app.bodies.enums import NodeType
from app.bodies.forms import body_field
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.web.forms import (
    Form,
    Query,
    SelectField,
    answered,
    choices_of,
    date_field,
    enum_field,
    file_field,
    id_field,
    long_text_field,
    strip,
    text_field,
)


class QueueQuery(Query):
    """The conditions every queue of applications offers."""

    name = text_field("姓名", length=60)
    id_number = text_field("身份证号", length=18)
    state = enum_field("状态", ApplicationState, blank="全部")
    method = enum_field("取得方式", AcquisitionMethod, blank="全部")
    level = enum_field("职称等级", TitleLevel, blank="全部")
    series_id = id_field("系列")


class HeadForm(Form):
    """职称申报信息: the head of an application."""

    employer_id = body_field("单位", kinds=(NodeType.UNIT,), need=True)
    method = enum_field("取得方式", AcquisitionMethod, need=True)
    series_id = id_field("系列", need=True)
    level = enum_field("拟申报职称等级", TitleLevel, need=True)
    title_id = id_field("职称名称", need=True)
    speciality_id = id_field("专业", need=True)
    final_body_id = id_field("终审机构", need=True)


class MaterialForm(Form):
    file = file_field("文件", need=True)


class DecisionForm(Form):
    """What a body decides on an application it holds."""

    action = RadioField("审核结果", [answered("请选择审核结果。")])
    opinion = long_text_field("审核意见", length=2000, hint="退回或不通过时必须填写；请一次性写清所有需要补正的内容。")


class NoticeForm(Form):
    """所在单位申报公示."""

    title = text_field("公示标题", need=True, length=120)
    place = text_field("公示地点", need=True, length=120)
    contact = text_field("受理异议的联系人和电话", need=True, length=120)
    starts_on = date_field("公示开始日期", need=True)
    ends_on = date_field("公示结束日期", need=True, hint="不少于 5 个工作日（按国务院放假安排计算）。")


class ObjectionForm(Form):
    line_id = id_field("被提出异议的人员", need=True)
    received_on = date_field("收到日期", need=True)
    raised_by = text_field("异议人", need=True, length=120)
    content = long_text_field("异议内容", need=True, length=1000)


class FindingForm(Form):
    upheld = RadioField("调查结果", [answered()], choices=choices_of([("no", "异议不成立"), ("yes", "异议成立")], None))
    finding = long_text_field("调查结论", need=True, length=1000)


class ConclusionForm(Form):
    conclusion = long_text_field("公示结论", need=True, length=300)


def _field(wanted: Field) -> WtField:
    """The control of a section's field; the rules check it, so that wrong input is kept and shown."""
    note = {"description": f"不超过 {wanted.most} 个字"} if wanted.kind is Kind.LONG else {}
    if wanted.kind is Kind.CHOICE:
        return SelectField(wanted.label, choices=choices_of(wanted.choices), validate_choice=False)
    kw: dict[str, Any] = {"required": True} if wanted.required else {}
    if wanted.kind is Kind.LONG:
        return TextAreaField(
            wanted.label, filters=[strip], render_kw=kw | {"rows": 8, "maxlength": wanted.most}, **note
        )
    kinds: dict[Kind, dict[str, Any]] = {
        Kind.DATE: {"type": "date"},
        Kind.NUMBER: {"inputmode": "numeric", "maxlength": 6},
        Kind.YEAR: {"inputmode": "numeric", "maxlength": 4},
        Kind.TEXT: {"maxlength": wanted.most},
    }
    return StringField(wanted.label, filters=[strip], render_kw=kw | kinds[wanted.kind])


@cache
def section_form(section: Section) -> type[Query]:
    """The form class of one entry of a section; made once a section."""
    fields = {wanted.name: _field(wanted) for wanted in SECTIONS[section].fields}
    return type(f"{section.name.title()}EntryForm", (Query,), fields)
