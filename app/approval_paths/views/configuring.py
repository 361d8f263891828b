"""A4 to A8 审核路径配置, U1.6.1 评委会下级单位管理, U1.6.2 审核层级配置单位确认."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy.orm import Session, joinedload

from app.approval_paths import services
from app.approval_paths.enums import Procedure
from app.approval_paths.forms import ConfirmationQuery, EdgeQuery, SubordinateQuery
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import LEVELS
from app.bodies.enums import NodeType
from app.bodies.forms import body_field
from app.bodies.queries import lies_in
from app.catalog.enums import TitleLevel
from app.catalog.forms import speciality_field
from app.catalog.queries import all_series
from app.committees.models import Committee
from app.core.enums import Role
from app.web.access import only
from app.web.cautions import Caution
from app.web.forms import Query, choices_of, enum_field, id_field
from app.web.identity import command, current_actor, read
from app.web.layout import screen_url
from app.web.lists import Bulk, Button, Column, ListScreen, desc
from app.web.records import RecordView

BELOW = tuple(kind for kind in NodeType if kind is not NodeType.COMMITTEE)
ABOVE = tuple(kind for kind in NodeType if kind is not NodeType.UNIT)
CONFIRMED = Column(
    "确认状态",
    lambda row: "已确认" if row.confirmed_at else "待确认",
    "state",
    tone=lambda row: "ok" if row.confirmed_at else "wait",
)
STATUS = Column(
    "状态", lambda row: "有效" if row.active else "已注销", "state", tone=lambda row: "ok" if row.active else "draft"
)
COLUMNS: tuple[Column, ...] = (
    Column("下级机构", "subordinate.name", width="l"),
    Column("下级节点类型", "subordinate.node_type"),
    Column("上级机构", "superior.name", width="l"),
    Column("职称等级", "level"),
    Column("系列", lambda row: row.series.name if row.series else "全部"),
    Column("专业", lambda row: row.speciality.name if row.speciality else "全部"),
    CONFIRMED,
    STATUS,
)
DETAILS: tuple[Column, ...] = (
    *COLUMNS,
    Column("确认时间", "confirmed_at", "moment"),
    Column("确认人", "confirmed_by"),
    Column("注销时间", "deregistered_at", "moment"),
    Column("注销原因", "deregistered_reason"),
)
_EQUAL = ("subordinate_id", "superior_id", "level", "series_id", "active")


def edges(values: Mapping[str, Any]) -> sa.Select[Any]:
    """Edges under the conditions, with everything a list shows, in one statement."""
    statement = sa.select(PathEdge).options(
        joinedload(PathEdge.subordinate, innerjoin=True),
        joinedload(PathEdge.superior, innerjoin=True),
        joinedload(PathEdge.series),
        joinedload(PathEdge.speciality),
    )
    for name in _EQUAL:
        if values.get(name) is not None:
            statement = statement.where(getattr(PathEdge, name) == values[name])
    confirmed = {"yes": PathEdge.confirmed_at.is_not(None), "no": PathEdge.confirmed_at.is_(None)}
    return statement.where(confirmed[values["confirmed"]]) if values.get("confirmed") in confirmed else statement


class EdgeRecords(RecordView):
    """One model, five screens: who is below whom, for which level."""

    abstract: ClassVar[bool] = True
    procedure: ClassVar[Procedure]
    access = only(Role.HR_OFFICER)
    intro = "下级单位在“审核层级配置单位确认”中确认以后，这条路径才生效。"
    datamodel = SQLAInterface(PathEdge)
    conditions = EdgeQuery
    key = (desc(PathEdge.id),)
    columns, show_columns = COLUMNS, DETAILS
    add_columns = ["node_type", "subordinate_id", "superior_id", "level", "series_id", "speciality_id"]
    edit_columns: Any = add_columns[2:]
    label_columns = {
        "node_type": "下级节点类型",
        "subordinate_id": "下级机构",
        "superior_id": "上级机构",
        "level": "职称等级",
        "series_id": "系列",
        "speciality_id": "专业",
        **{"subordinate": "下级机构", "superior": "上级机构", "series": "系列", "speciality": "专业"},  # in the trail
    }
    fields = {
        "node_type": enum_field("下级节点类型", BELOW, blank="全部", hint="先选择类型，下级机构只在这一类中查询。"),
        "subordinate_id": body_field("下级机构", kinds=BELOW, own_region=True, need=True, follows="node_type"),
        "superior_id": body_field("上级机构", kinds=ABOVE, own_region=True, above=True, need=True),
        "series_id": id_field("系列", hint="不选为全部系列。"),
        "speciality_id": speciality_field(hint="不选为全部专业；选上级专业即包括其下各专业。", follows="series_id"),
    }
    words = {"approval_paths.create": "新增", "approval_paths.confirm": "确认", "approval_paths.cancel": "注销"}
    key_name = "edge_id"
    thing = "审核路径"
    adding: ClassVar[Callable[..., Any] | None] = services.create_edge
    changing: ClassVar[Callable[..., Any] | None] = services.change_edge
    retiring = services.cancel_edge

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        prefix = current_actor().region_prefix or "none"
        return edges(values).where(PathEdge.procedure == self.procedure, lies_in(PathEdge.subordinate_id, prefix))

    def fill(self, session: Session, form: Query) -> None:
        form["series_id"].choices = choices_of([(s.id, s.name) for s in all_series(session)], "全部")

    def prepare(self, form: Any) -> None:
        form.series_id.choices = choices_of([(s.id, s.name) for s in all_series(read())], "全部")
        form.level.choices = [c for c in form.level.choices if c.value in ("", *LEVELS[self.procedure])]

    def edit_warnings(self, row: PathEdge) -> Sequence[Caution]:
        """Editing ends the edge and puts another in its place."""
        again = Caution("修改后，原路径注销；新的路径要由下级机构重新确认才生效。")
        return [*self.warnings(row), again] if row.confirmed_at else self.warnings(row)

    def filled(self, form: Any) -> dict[str, Any]:
        adding = "subordinate_id" in form
        values = {name: value for name, value in super().filled(form).items() if name != "node_type"}
        return values | ({"procedure": self.procedure} if adding else {})

    def tools(self) -> Sequence[Button]:
        url = screen_url(self.endpoint.replace("PathView", "PathImportView"))
        return (*super().tools(), *([Button("批量导入", url)] if url else []))


class InitialDeterminationPathView(EdgeRecords):
    procedure = Procedure.INITIAL_DETERMINATION
    route_base, title = "/a4", "职称初定审核路径配置"


class RecognitionPathView(EdgeRecords):
    procedure = Procedure.RECOGNITION
    route_base, title = "/a5", "职称认定审核路径配置"


class JuniorReviewPathView(EdgeRecords):
    procedure = Procedure.JUNIOR_REVIEW
    route_base, title = "/a6", "初评会审核路径配置"


class IntermediateReviewPathView(EdgeRecords):
    procedure = Procedure.INTERMEDIATE_REVIEW
    route_base, title = "/a7", "中评会审核路径配置"


class SeniorReviewPathView(EdgeRecords):
    procedure = Procedure.SENIOR_REVIEW
    route_base, title = "/a8", "高评会审核路径配置"


class SubordinateUnitView(EdgeRecords):
    """U1.6.1: the committee's own; it is above them all, and is not said again in each row."""

    access = only(Role.COMMITTEE)
    route_base, title = "/u161", "评委会下级单位管理"
    thing = "下级单位"
    intro = "指定向本评委会报送的下级单位；对方在“审核层级配置单位确认”中确认后生效。单位另有经上级机构到本评委会的路径时，仍逐级上报。"
    conditions = SubordinateQuery
    columns = (Column("下级单位", "subordinate.name", width="l"), COLUMNS[1], *COLUMNS[3:])
    show_columns = (*columns, *DETAILS[len(COLUMNS) :])
    label_columns = EdgeRecords.label_columns | {"subordinate_id": "下级单位", "subordinate": "下级单位"}
    add_columns = ["node_type", "subordinate_id", "level", "speciality_id"]
    edit_columns: Any = ()
    changing = None
    adding = services.add_subordinate
    fields = EdgeRecords.fields | {
        "node_type": enum_field("下级节点类型", BELOW, blank="全部", hint="先选择类型，下级单位只在这一类中查询。"),
        "subordinate_id": body_field("下级单位", kinds=BELOW, need=True, follows="node_type"),
        "speciality_id": speciality_field(
            hint="不选为全部专业；选上级专业即包括其下各专业。", within=lambda: _committee().series_id
        ),
    }

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return edges(values).where(PathEdge.superior_id == current_actor().body_id)

    def fill(self, session: Session, form: Query) -> None:
        super().fill(session, form)
        self.prepare(form)
        form["subordinate_id"].label.text = "下级单位"

    def prepare(self, form: Any) -> None:
        form.level.choices = [c for c in form.level.choices if c.value in ("", *_levels(_committee()))]

    def filled(self, form: Any) -> dict[str, Any]:
        return {name: value for name, value in RecordView.filled(self, form).items() if name != "node_type"}

    def tools(self) -> Sequence[Button]:
        return RecordView.tools(self)


def _committee() -> Committee:
    return read().get_one(Committee, current_actor().body_id)


def _levels(committee: Committee) -> list[str]:
    return [level.value for level in TitleLevel if committee.grade.reviews(level)]


class ConfirmationView(ListScreen):
    """审核层级配置单位确认."""

    access = only(Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.HR_OFFICER)
    route_base, title = "/u162", "审核层级配置单位确认"
    intro = "上级机构或评委会把本单位指定为下级。确认属实以后，申报才会按这条路径上报。"
    empty = "没有把本单位指定为下级的配置。"
    conditions = ConfirmationQuery
    key = (desc(PathEdge.id),)
    columns = (
        Column("上级机构", "superior.name", width="l"),
        Column("审核路径", "procedure"),
        *COLUMNS[3:7],
        Column("确认时间", "confirmed_at", "moment"),
    )
    bulk_actions = (Bulk("confirm", "确认", confirm="确认本单位是所选上级机构的下级吗？", tone="primary"),)

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return edges(values).where(PathEdge.subordinate_id == current_actor().body_id, PathEdge.active)

    def confirm(self, ids: Sequence[int]) -> str:
        with command() as session:
            done = [services.confirm_edge(session, actor=current_actor(), edge_id=edge_id) for edge_id in ids]
        news = sum(edge is not None for edge in done)
        return f"确认成功，共 {news} 条。" if news else "所选的都已确认过，没有变化。"

    def tickable(self, row: PathEdge) -> bool:
        return row.confirmed_at is None
