"""Forms of approval paths."""

from __future__ import annotations

from wtforms import Field
from wtforms.validators import ValidationError

from app.approval_paths.enums import Direction, Procedure
from app.approval_paths.rules import LEVELS
from app.bodies.enums import NodeType
from app.bodies.forms import body_field
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.forms import speciality_field
from app.web.forms import STANDING, Query, choice_field, enum_field, id_field, yes_no_field


class EdgeQuery(Query):
    subordinate_id = body_field("下级机构")
    superior_id = body_field("上级机构")
    level = enum_field("职称等级", TitleLevel, blank="全部")
    series_id = id_field("系列")
    confirmed = choice_field("确认状态", [("yes", "已确认"), ("no", "待确认")])
    active = yes_no_field("状态", blank="全部", words=STANDING)


class SubordinateQuery(EdgeQuery):
    """Of one committee, which is above all of them."""

    superior_id = None


class ConfirmationQuery(Query):
    level = enum_field("职称等级", TitleLevel, blank="全部")
    confirmed = choice_field("确认状态", [("yes", "已确认"), ("no", "待确认")])


class NeighbourQuery(Query):
    node_type = enum_field("受理节点类型", NodeType, blank="全部")
    body_id = body_field("机构名称", follows="node_type")
    direction = enum_field("查询", Direction, blank="全部")

    def validate_direction(self, field: Field) -> None:
        if field.data and self.body_id.data is None and not self.body_id.errors:
            self.body_id.errors = ["请录入机构名称，按回车后从列表中选择。"]


class HealthQuery(Query):
    procedure = enum_field("审核路径", Procedure, blank="全部")
    level = enum_field("职称等级", TitleLevel, blank="全部")
    body_id = body_field("断在哪里")


class MendingQuery(Query):
    settled = choice_field("状态", [("no", "待处理"), ("yes", "已处理")])


class SimulationQuery(Query):
    """模拟职称申报: what an applicant fills in, as far as the path depends on it."""

    employer_id = body_field("单位", need=True)
    level = enum_field("拟申报职称等级", TitleLevel, need=True)
    series_id = id_field("系列", need=True)
    method = enum_field("取得方式", AcquisitionMethod, need=True)
    speciality_id = speciality_field("专业", need=True, follows="series_id")

    def validate_level(self, field: Field) -> None:
        method = self.method.data
        if method and field.data and field.data not in LEVELS[Procedure.of(method, field.data)]:
            raise ValidationError(f"{method.label}不办{field.data.label}。")
