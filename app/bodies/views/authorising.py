"""A3 职称初定/认定受理机构管理 and A9 发证单位编码配置."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.models.sqla.interface import SQLAInterface

from app.bodies import services
from app.bodies.enums import DECIDING, KEPT
from app.bodies.forms import METHODS, AcceptanceQuery, GuidelineForm, IssuingAuthorityQuery, body_field
from app.bodies.models import Acceptance, IssuingAuthority
from app.bodies.spreadsheets import KIND
from app.bodies.views.common import ENDING, STATUS, BodyRecords
from app.web.forms import WHOLE, attempt, enum_field, text_field
from app.web.identity import command, current_actor
from app.web.imports import ImportWizard
from app.web.lists import Button, Column, asc
from app.web.stamps import Stamp, columns


class AcceptanceView(BodyRecords):
    """职称初定/认定受理机构管理."""

    route_base, title = "/a3", "职称初定/认定受理机构管理"
    intro = "受理机构是初定、认定的终审机构；申报人只能选择审核路径能到达的受理机构。"
    datamodel = SQLAInterface(Acceptance)
    conditions = AcceptanceQuery
    key = (asc(Acceptance.id),)
    columns = (
        Column("机构名称", "body.name", width="l", link=lambda row: url_for("AcceptanceView.show", pk=row.id)),
        Column("受理节点类型", "body.node_type"),
        Column("统筹区", "body.region.name", width="s"),
        Column("取得方式", "method"),
        Column("职称等级", "level"),
        Column("打印在证书上的机构名称", "printed_name"),
        STATUS,
    )
    show_columns = (*columns, *ENDING)
    show_template = "bodies/acceptance.html"
    add_columns = ["node_type", "body_id", "method", "level", "printed_name"]
    edit_columns = ["printed_name"]
    label_columns = {
        "node_type": "受理节点类型",
        "body_id": "机构名称",
        "body": "机构名称",
        "method": "取得方式",
        "level": "职称等级",
        "printed_name": "打印在证书上的机构名称",
        "guideline": "申报须知",
        "active": "有效",
    }
    fields = {
        "node_type": enum_field("受理节点类型", DECIDING, blank="全部", hint="先选择类型，机构名称只在这一类中查询。"),
        "body_id": body_field("机构名称", kinds=DECIDING, own_region=True, need=True, follows="node_type"),
        "method": enum_field("取得方式", METHODS, need=True),
    }
    words = {"bodies.set_guideline": "申报须知"}
    key_name = "acceptance_id"
    wizard = "AcceptanceImportView"
    thing = "受理机构"
    after_adding = "show"
    adding, changing = services.add_acceptance, services.change_acceptance
    retiring = services.deregister_acceptance

    def filled(self, form: Any) -> dict[str, Any]:
        return {name: value for name, value in super().filled(form).items() if name != "node_type"}

    def row_actions(self, row: Any) -> Sequence[Button]:
        _, *others = super().row_actions(row)  # its name leads to its details
        tone: Any = "default" if row.guideline else "primary"
        return (Button("申报须知", self.url("guideline", pk=row.id), tone=tone), *others) if others else ()

    @expose("/guideline/<pk>", methods=["GET", "POST"])
    def guideline(self, pk: str) -> ResponseReturnValue:
        """【申报须知】: what applicants read when they choose this body."""
        row = self._row(pk)
        if request.method == "GET" and not self.keeps(row):
            return self._closed(row, "修改申报须知", pk)
        form = GuidelineForm(obj=row)
        stamp = Stamp(row, columns(("guideline",)), self._history())

        def save() -> None:
            with command() as session:
                stamp.check(session, {"guideline": form.guideline.data or ""})
                services.set_guideline(
                    session, actor=current_actor(), acceptance_id=row.id, guideline=form.guideline.data or ""
                )

        if attempt(form, save):
            flash("申报须知已保存。", "success")
            return redirect(self.url("show", pk=pk))
        return self._form(form, f"申报须知：{row}", self.url("show", pk=pk), ["guideline"], stamp=stamp)


class AcceptanceImportView(ImportWizard):
    """批量导入受理机构."""

    route_base, kind, back = "/acceptances/import", KIND, "AcceptanceView.list"


class IssuingAuthorityView(BodyRecords):
    """发证单位编码配置."""

    route_base, title = "/a9", "发证单位编码配置"
    datamodel = SQLAInterface(IssuingAuthority)
    conditions = IssuingAuthorityQuery
    key = (asc(IssuingAuthority.code),)
    columns = (
        Column("发证单位编码", "code"),
        Column("单位名称", "body.name", width="l"),
        Column("受理节点类型", "body.node_type"),
        Column("统筹区", "body.region.name", width="s"),
        Column("打印在证书上的机构名称", "printed_name"),
        STATUS,
    )
    show_columns = (*columns, *ENDING)
    add_columns = ["body_id", "code", "printed_name"]
    edit_columns = add_columns[1:]
    label_columns = {
        "body_id": "单位名称",
        "body": "单位名称",
        "code": "发证单位编码",
        "printed_name": "打印在证书上的机构名称",
    }
    fields = {
        "body_id": body_field("单位名称", kinds=KEPT, own_region=True, need=True),
        "code": text_field(
            "发证单位编码",
            length=8,
            need=True,
            hint="4 至 8 位数字和字母（小写字母按大写保存），一般为机构所属统筹区后 4 位；用它发放过证书后不能更改。",
            render_kw=WHOLE,
        ),
    }
    key_name = "authority_id"
    thing = "发证单位编码"
    adding, changing = services.add_issuing_authority, services.change_issuing_authority
    retiring = services.deregister_issuing_authority
