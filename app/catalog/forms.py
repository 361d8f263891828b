"""Forms of the two trees, and a field for a speciality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from wtforms.fields.choices import SelectChoice

from app.catalog.enums import TitleLevel
from app.catalog.models import Region, Speciality
from app.web.forms import Form, answered, enum_field, optional, text_field
from app.web.identity import read
from app.web.widgets import SearchSelectField


class SpecialityForm(Form):
    code = text_field("专业代码", need=True, length=20)
    name = text_field("专业学科名称", need=True, length=80)


class TitleForm(Form):
    level = enum_field("职称级别", TitleLevel, need=True)
    name = text_field("职称名称", need=True, length=40)
    ministry_title = text_field("对应人社部职称", length=40, hint="不填时与职称名称相同。")


class NewTitleForm(TitleForm):
    branch = text_field("专业类别", length=40, hint="系列之下再分类别的才填，如卫生系列的“护理”。")


def region_choices(regions: Sequence[Region], blank: str = "请选择") -> list[SelectChoice]:
    """Regions for a select, under their cities where there are several; the province stands by itself."""
    cities = {row.code[:4]: row.name for row in regions if row.code.endswith("00") and not row.code.endswith("0000")}
    grouped = len(cities) > 1
    return [
        SelectChoice("", blank),
        *(SelectChoice(row.code, row.name, optgroup=cities.get(row.code[:4]) if grouped else None) for row in regions),
    ]


def speciality_field(
    label: str = "专业",
    *,
    need: bool = False,
    hint: str = "",
    follows: str = "",
    within: Callable[[], int | None] = lambda: None,
) -> Any:
    """An active node of the speciality tree: 录入专业名称，回车查询; its id is the data.

    `follows`: the field of the form whose series narrows the search, where one is chosen; `within`: the series itself,
    where the form has no such field.
    """

    def text_of(speciality_id: int, series: int | None = None) -> str | None:
        row, series = read().get(Speciality, speciality_id), series or within()
        return row.name if row is not None and row.active and series in (None, row.series_id) else None

    return SearchSelectField(
        label,
        [answered("请录入专业名称、代码或拼音首字母，回车后从列表中选择。") if need else optional()],
        address=lambda: url_for("BodySearchView.specialities", series=within()),
        text_of=text_of,
        follows={"series": follows} if follows else None,
        description=hint,
    )
