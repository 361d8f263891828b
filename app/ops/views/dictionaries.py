"""字典: small tables of words and numbers, each as it is declared here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from app.catalog import services as catalog
from app.catalog.models import EligibilityRule, MaterialRequirement, Region, Setting, Speciality, Title, TitleSeries
from app.committees import services as committees
from app.committees.forms import FeeForm
from app.committees.models import Committee, FeeStandard
from app.core import clock
from app.ops import rules, services
from app.ops.views.dictionary import Dictionary
from app.web.identity import current_actor, read


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


class FeeView(Dictionary):
    """缴费标准, by the services of A10."""

    intro = "各评委会现行的缴费金额；新增项目请到【评委会管理】的其他信息。"
    can_create = False
    column_list = ("committee", "item", "level", "amount")
    column_labels = {
        "committee": "评委会",
        "item": "缴费项目",
        "level": "职称等级",
        "amount": "缴费金额（元）",
        "fee": "缴费标准",
    }
    column_searchable_list = ("committee.body.name",)
    form_columns = ("amount",)
    fields = {"amount": FeeForm.amount}
    column_default_sort = [("committee_id", False), ("id", False)]

    def get_query(self) -> Any:
        return super().get_query().options(joinedload(FeeStandard.committee).joinedload(Committee.body))

    def about(self, row: Any) -> Sequence[Any]:
        return (row.committee,)

    def change(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        committees.change_fee(session, actor=current_actor(), committee_id=row.committee_id, row_id=row.id, **values)

    def remove(self, session: Session, row: Any) -> None:
        committees.remove_fee(session, actor=current_actor(), committee_id=row.committee_id, row_id=row.id)


class SettingView(Dictionary):
    """系统参数: a change is a new row from now on; the old one stays with its days."""

    intro = "法规授权主管部门确定的数字。修改从保存时起生效，以前的值在【数据表】的“系统参数”中可查。"
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

    def get_one(self, id: Any) -> Any:
        """What is in force of the parameter an address names, by whichever of its values."""
        row = super().get_one(id)
        return row and self.get_query().filter(Setting.key == row.key).first()

    def held(self, row: Any) -> Mapping[str, Any]:
        """The value in force; one set since the row was read is another row."""
        return {"value": services.value_of(sa.orm.object_session(row) or read(), row.key)}

    def change(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        services.set_value(session, actor=current_actor(), key=row.key, value=values["value"])


DICTIONARIES = (
    (SeriesView, TitleSeries, "series", "职称系列"),
    (TitleView, Title, "titles", "职称"),
    (SpecialityView, Speciality, "specialities", "职称专业"),
    (RegionView, Region, "regions", "行政区划"),
    (RequirementView, MaterialRequirement, "requirements", "申报材料清单"),
    (EligibilityView, EligibilityRule, "eligibility", "申报条件"),
    (FeeView, FeeStandard, "fees", "缴费标准"),
    (SettingView, Setting, "settings", "系统参数"),
)
"""(view, model, its part of the address, name) in the menu's order."""
