"""Forms of the two trees."""

from __future__ import annotations

from app.catalog.enums import TitleLevel
from app.web.forms import Form, enum_field, text_field


class SpecialityForm(Form):
    code = text_field("专业代码", need=True, length=20)
    name = text_field("专业学科名称", need=True, length=80)


class TitleForm(Form):
    level = enum_field("职称级别", TitleLevel, need=True)
    name = text_field("职称名称", need=True, length=40)
    ministry_title = text_field("对应人社部职称", length=40, hint="不填时与职称名称相同。")


class NewTitleForm(TitleForm):
    branch = text_field("专业类别", length=40, hint="系列之下再分类别的才填，如卫生系列的“护理”。")
