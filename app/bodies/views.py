"""A3 职称初定/认定受理机构管理 and A9 发证单位编码配置."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy.orm import Session, joinedload

from app.bodies import services
from app.bodies.enums import NodeType
from app.bodies.forms import body_field
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.bodies.queries import lies_in
from app.bodies.spreadsheets import KIND
from app.core.enums import Role
from app.web.access import only
from app.web.forms import long_text_field
from app.web.identity import current_actor
from app.web.imports import ImportWizard
from app.web.layout import screen_url
from app.web.lists import Button, Column, asc
from app.web.records import RecordView

OFFICES = tuple(kind for kind in NodeType if kind is not NodeType.COMMITTEE)
STATUS = Column(
    "状态", lambda row: "有效" if row.active else "已注销", "state", tone=lambda row: "ok" if row.active else "draft"
)
ENDING = (Column("注销时间", "deregistered_at", "moment"), Column("注销原因", "deregistered_reason"))


class BodyRecords(RecordView):
    """Records about a body, kept by the officers of its region."""

    abstract: ClassVar[bool] = True
    access = only(Role.HR_OFFICER, Role.SYSADMIN)

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        model = self.datamodel.obj
        body = joinedload(model.body, innerjoin=True)
        statement, actor = super().select(session, values).options(body.joinedload(Body.region)), current_actor()
        if actor.role is Role.SYSADMIN:
            return statement
        return statement.where(lies_in(model.body_id, actor.region_prefix or "none"))


class AcceptanceView(BodyRecords):
    """职称初定/认定受理机构管理."""

    route_base, title = "/a3", "职称初定/认定受理机构管理"
    intro = "受理机构是初定、认定的终审机构；申报人只能选择审核路径能到达的受理机构。"
    datamodel = SQLAInterface(Acceptance)
    key = (asc(Acceptance.id),)
    columns = (
        Column("机构名称", "body.name", width="l"),
        Column("受理节点类型", "body.node_type"),
        Column("统筹区", "body.region.name"),
        Column("取得方式", "method"),
        Column("职称等级", "level"),
        Column("打印在证书上的机构名称", "printed_name"),
        STATUS,
    )
    show_columns = (*columns, Column("申报须知", "guideline"), *ENDING)
    search_columns = ["method", "level", "printed_name", "active"]
    add_columns = ["body_id", "method", "level", "printed_name", "guideline"]
    edit_columns = ["printed_name", "guideline"]
    label_columns = {
        "body_id": "机构名称",
        "method": "取得方式",
        "level": "职称等级",
        "printed_name": "打印在证书上的机构名称",
        "guideline": "申报须知",
        "active": "状态",
    }
    fields = {
        "body_id": body_field("机构名称", kinds=OFFICES, own_region=True, need=True),
        "guideline": long_text_field("申报须知", length=5000, hint="申报人选择这个受理机构时看到的说明。", rows=8),
    }
    key_name = "acceptance_id"
    adding, changing = services.add_acceptance, services.change_acceptance
    retiring = services.deregister_acceptance

    def tools(self) -> Sequence[Button]:
        url = screen_url("AcceptanceImportView")
        return (*super().tools(), *([Button("批量导入", url)] if url else []))


class AcceptanceImportView(ImportWizard):
    """批量导入受理机构."""

    route_base, kind, back = "/acceptances/import", KIND, "AcceptanceView.list"


class IssuingAuthorityView(BodyRecords):
    """发证单位编码配置."""

    route_base, title = "/a9", "发证单位编码配置"
    datamodel = SQLAInterface(IssuingAuthority)
    key = (asc(IssuingAuthority.code),)
    columns = (
        Column("发证单位编码", "code"),
        Column("单位名称", "body.name", width="l"),
        Column("统筹区", "body.region.name"),
        Column("打印在证书上的机构名称", "printed_name"),
        STATUS,
    )
    show_columns = (*columns, *ENDING)
    search_columns = ["code", "printed_name", "active"]
    add_columns = ["body_id", "code", "printed_name"]
    edit_columns = ["printed_name"]
    label_columns = {
        "body_id": "单位名称",
        "code": "发证单位编码",
        "printed_name": "打印在证书上的机构名称",
        "active": "状态",
    }
    fields = {"body_id": body_field("单位名称", kinds=OFFICES, own_region=True, need=True)}
    key_name = "authority_id"
    adding, changing = services.add_issuing_authority, services.change_issuing_authority
    retiring = services.deregister_issuing_authority
