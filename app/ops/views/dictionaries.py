"""字典: small tables of words and numbers, changed in their own list. Writing is done by services, on the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from sqlalchemy.orm import Session, aliased

from app.catalog import services as catalog
from app.catalog.models import EligibilityRule, MaterialRequirement, Region, Setting, Speciality, Title, TitleSeries
from app.catalog.queries import all_series
from app.core import clock
from app.core.errors import Refusal
from app.ops import rules, services
from app.ops.views.console import Console
from app.web.access import LARGEST_ID
from app.web.forms import Form, apply_refusal, choices_of, id_field, strip
from app.web.identity import command, current_actor, read
from app.web.records import column_field

Write = Callable[..., Any]
DEEPEST = 1_000
"""Pages behind which nobody looks; OFFSET costs what it skips."""


class Dictionary(Console, ModelView):
    """A Flask-Admin ModelView whose list is also its form: the row being changed stands in its place as fields.

    `can_create` and `can_delete` decide whether there are such routes at all.
    """

    default_view = "index_view"
    list_template = create_template = edit_template = "ops/dictionary.html"
    simple_list_pager = True
    page_size = 50
    form_base_class = Form
    column_type_formatters: ClassVar[Mapping[Any, Any]] = {}  # type: ignore[assignment]
    add_columns: Sequence[str] = ()
    needed: Sequence[str] | None = None
    """Columns that may not be left empty, where the table does not say it."""
    blanks: Mapping[str, str] = {}
    """What is said where an entry leaves a column empty."""

    @property
    def routes(self) -> frozenset[str]:  # type: ignore[override]
        may = {"create_view": self.can_create, "delete_view": self.can_delete}
        return frozenset({"index_view", "edit_view", *(name for name, open_ in may.items() if open_)})

    def add(self, session: Session, values: dict[str, Any]) -> Any:
        return services.add_entry(session, actor=current_actor(), model=self.model, values=values)

    def change(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        key = sa.inspect(row).identity[0]
        services.change_entry(session, actor=current_actor(), model=self.model, key=key, values=values)

    def remove(self, session: Session, row: Any) -> None:
        key = sa.inspect(row).identity[0]
        services.remove_entry(session, actor=current_actor(), model=self.model, key=key)

    # Flask-Admin's hooks ------------------------------------------------------------------------------------

    def get_create_form(self) -> type[Form]:
        return self._made(self.add_columns)

    def get_edit_form(self) -> type[Form]:
        return self._made(self.form_columns or ())

    def create_form(self, obj: Any = None) -> Any:
        return self._filled(super().create_form(obj))

    def edit_form(self, obj: Any = None) -> Any:
        return self._filled(super().edit_form(obj))

    def get_one(self, id: Any) -> Any:
        """The entry of a key as the address spells it; None where it spells none."""
        text, column = str(id), sa.inspect(self.model).primary_key[0]
        if isinstance(column.type, sa.Integer):
            return read().get(self.model, int(text)) if _is_number(text) else None
        return read().get(self.model, text[:100]) if text.isprintable() else None

    @expose("/")
    def index_view(self) -> Any:
        return self.page(self.list_template, form=None)

    def create_model(self, form: Any) -> Any:
        return self._done(form, lambda session: self.add(session, _data(form))) or False

    def update_model(self, form: Any, model: Any) -> bool:
        return self._done(form, lambda session: self.change(session, model, _data(form)))

    def delete_model(self, model: Any) -> bool:
        try:
            with command() as session:
                self.remove(session, model)
        except Refusal as refusal:
            flash(refusal.reason, "danger")
            return False
        return True

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        return self.here("index_view")

    # For the template ---------------------------------------------------------------------------------------

    def rows(self) -> Sequence[Any]:
        """The page of entries the address names."""
        return self.get_list(self.at(), None, False, self.typed(), None, page_size=self.page_size)[1]

    def at(self) -> int:
        """The page the address names."""
        return min(max(request.args.get("page", 0, type=int), 0), DEEPEST)

    def typed(self) -> str:
        return str(strip(request.args.get("search", "")))[:60]

    def here(self, method: str, **values: Any) -> str:
        """A route of this dictionary that keeps the page and what was searched for."""
        kept = {"page": self.at() or None, "search": self.typed() or None}
        return self.get_url(f".{method}", **(kept | values))

    def fixed(self, row: Any, form: Any) -> Sequence[tuple[str, Any]]:
        """What the form of an entry does not change."""
        return [(self.column_labels[name], getattr(row, name)) for name in self.column_list if name not in form]

    def key_of(self, row: Any) -> Any:
        return sa.inspect(row).identity[0]

    # Inside -------------------------------------------------------------------------------------------------

    def _made(self, names: Sequence[str]) -> type[Form]:
        columns = sa.inspect(self.model).columns
        fields = {}
        for name in names:
            column, label = columns[name], self.column_labels[name]
            need = name in self.needed if self.needed is not None else not column.nullable and column.default is None
            fields[name] = id_field(label, need=need) if name == "series_id" else column_field(column, label, need=need)
        return type(f"{self.model.__name__}Form", (Form,), fields)

    def _filled(self, form: Any) -> Any:
        columns = sa.inspect(self.model).columns
        for name, blank in self.blanks.items():
            if name in form:
                enum = getattr(columns[name].type, "enum", None)
                offered = enum.choices() if enum else [(one.id, one.name) for one in all_series(read())]
                form[name].choices = choices_of(offered, blank)
        return form

    def _done(self, form: Any, work: Callable[[Session], Any]) -> bool:
        try:
            with command() as session:
                work(session)
        except Refusal as refusal:
            apply_refusal(form, refusal)
            return False
        return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text[:18]) <= LARGEST_ID


def _data(form: Any) -> dict[str, Any]:
    """What the form holds, by column; a text left out is empty, or nothing where the column is a key elsewhere."""
    return {
        field.name: ("" if field.data is None and field.type in ("StringField", "TextAreaField") else field.data)
        for field in form
        if field.name != "csrf_token"
    }


def _series_name(_view: Any, _context: Any, row: Any, _name: str) -> str | None:
    found = read().get(TitleSeries, row.series_id) if row.series_id else None
    return found.name if found else None


class SeriesView(Dictionary):
    """职称系列: the 27 are numbered by the ministry; their words are kept here."""

    intro = "27 个职称系列的名称。编号由国家规定，写在证书编号里，不能修改。"
    can_create = can_delete = False
    column_list = ("number", "name")
    column_labels = {"number": "编号", "name": "系列名称"}
    form_columns = ("name",)
    column_default_sort = "number"


class SpecialityView(Dictionary):
    """职称专业, by the services of A1."""

    intro = "修改代码和名称、删除没有使用的专业；新增请到【职称专业管理】，在上级专业下面加。"
    can_create = False
    column_list = ("code", "name", "parent", "active")
    column_labels = {"code": "专业代码", "name": "专业学科名称", "parent": "上级专业", "active": "有效"}
    column_searchable_list = ("code", "name")
    form_columns = ("code", "name")
    column_default_sort = "code"

    def change(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        catalog.change_speciality(session, actor=current_actor(), speciality_id=row.id, **values)

    def remove(self, session: Session, row: Any) -> None:
        catalog.delete_speciality(session, actor=current_actor(), speciality_id=row.id)


class TitleView(Dictionary):
    """职称, by the services of A2."""

    intro = "各系列、类别的职称名称和级别。正在使用的职称不能改变级别，也不能删除。"
    column_list = ("series_id", "branch", "level", "name", "ministry_title")
    column_labels = {
        "series_id": "系列",
        "branch": "专业类别",
        "level": "职称级别",
        "name": "职称名称",
        "ministry_title": "对应人社部职称",
    }
    column_formatters = {"series_id": _series_name}
    column_searchable_list = ("name", "branch", "ministry_title")
    form_columns = ("level", "name", "ministry_title")
    add_columns = ("series_id", "branch", "level", "name", "ministry_title")
    column_default_sort = [("series_id", False), ("branch", False), ("id", False)]
    blanks = {"series_id": "请选择"}

    def add(self, session: Session, values: dict[str, Any]) -> Any:
        return catalog.create_title(session, actor=current_actor(), **values)

    def change(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        catalog.change_title(session, actor=current_actor(), title_id=row.id, **values)

    def remove(self, session: Session, row: Any) -> None:
        catalog.delete_title(session, actor=current_actor(), title_id=row.id)


class RegionView(Dictionary):
    """行政区划."""

    intro = "GB/T 2260 行政区划。代码变更时新增一条并填写启用日期，原来的代码填写停用日期、予以保留。"
    column_list = ("code", "name", "level", "parent_code", "valid_from", "valid_until")
    column_labels = {
        "code": "代码",
        "name": "名称",
        "level": "级别",
        "parent_code": "上级代码",
        "valid_from": "启用日期",
        "valid_until": "停用日期",
    }
    column_searchable_list = ("code", "name")
    form_columns = ("name", "valid_from", "valid_until")
    add_columns = column_list
    needed = ("code", "name", "level", "parent_code")
    column_default_sort = "code"


class RequirementView(Dictionary):
    """申报材料清单."""

    intro = "申报时要上传的材料；系列、级别、取得方式为空的，对所有申报适用。"
    column_list = (
        "seq",
        "code",
        "name",
        "hint",
        "series_id",
        "level",
        "method",
        "required",
        "max_files",
        "images_only",
    )
    column_labels = {
        "seq": "顺序",
        "code": "编码",
        "name": "材料名称",
        "hint": "说明",
        "series_id": "系列",
        "level": "级别",
        "method": "取得方式",
        "required": "必须上传",
        "max_files": "文件数",
        "images_only": "只收图片",
    }
    column_formatters = {"series_id": _series_name}
    blanks = {"series_id": "不限", "level": "不限", "method": "不限"}
    form_columns = tuple(name for name in column_list if name != "code")
    add_columns = column_list
    needed = ("seq", "code", "name", "required", "max_files", "images_only")
    column_default_sort = [("seq", False), ("id", False)]


class EligibilityView(Dictionary):
    """申报条件."""

    intro = "申报条件的年限：现级别为空的从毕业算起，否则从取得该级别算起；系列为空的对所有系列适用。"
    column_list = (
        "method",
        "level",
        "education",
        "present_level",
        "series_id",
        "years",
        "year_from",
        "year_until",
        "clause",
    )
    column_labels = {
        "method": "取得方式",
        "level": "申报级别",
        "education": "学历",
        "present_level": "现级别",
        "series_id": "系列",
        "years": "年限",
        "year_from": "起始年份",
        "year_until": "截止年份",
        "clause": "依据",
    }
    column_formatters = {"series_id": _series_name}
    blanks = {"series_id": "不限", "present_level": "毕业（无职称）"}
    form_columns = add_columns = column_list
    needed = ("method", "level", "education", "years", "year_from", "clause")
    column_default_sort = [("method", False), ("level", False), ("education", False), ("id", False)]


class SettingView(Dictionary):
    """系统参数: a change is a new row from now on; the old one stays with its days."""

    intro = "法规授权主管部门确定的数字。修改从保存时起生效，以前的值留在 settings 表中可查。"
    can_create = can_delete = False
    column_list = ("key", "value", "since", "set_by")
    column_labels = {"key": "参数", "value": "现行值", "since": "启用时间", "set_by": "设定人"}
    column_formatters = {"key": lambda _v, _c, row, _n: rules.SETTINGS[row.key].label}
    form_columns = ("value",)
    column_default_sort = "key"

    def get_query(self) -> Any:
        later = aliased(Setting)
        newer = sa.exists().where(later.key == Setting.key, later.since > Setting.since, later.since <= clock.now())
        known = Setting.key.in_(rules.SETTINGS)
        return super().get_query().filter(known, Setting.since <= clock.now(), ~newer)

    def change(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        services.set_value(session, actor=current_actor(), key=row.key, value=values["value"])


DICTIONARIES = (
    (SeriesView, TitleSeries, "series", "职称系列"),
    (TitleView, Title, "titles", "职称"),
    (SpecialityView, Speciality, "specialities", "职称专业"),
    (RegionView, Region, "regions", "行政区划"),
    (RequirementView, MaterialRequirement, "requirements", "申报材料清单"),
    (EligibilityView, EligibilityRule, "eligibility", "申报条件"),
    (SettingView, Setting, "settings", "系统参数"),
)
"""(view, model, its part of the address, name) in the menu's order."""
