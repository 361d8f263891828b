"""机构管理: the units, departments and offices that paths, posts and certificates stand on; committees are kept on A10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy.orm import Session
from wtforms import BooleanField

from app.bodies import services
from app.bodies.enums import KEPT, BodyNature
from app.bodies.models import Body
from app.bodies.queries import namesake
from app.bodies.spreadsheets import BODIES
from app.bodies.views.common import ENDING, KEEPERS, STATUS, BodyRecords, regions
from app.catalog.forms import region_choices
from app.web.cautions import Caution
from app.web.filters import mask
from app.web.forms import WHOLE, SelectField, attempt, enum_field, required, text_field
from app.web.identity import command, current_actor, read
from app.web.imports import ImportWizard
from app.web.lists import Button, Column, asc
from app.web.records import RetireForm

NATURES = tuple(nature for nature in BodyNature if nature is not BodyNature.COMMITTEE)


class BodyView(BodyRecords):
    """机构管理."""

    route_base, title = "/bodies", "机构管理"
    intro = "主管单位、经办机构和所在单位；受理机构、审核路径、发证单位和操作员都从这里选。评委会在“评委会管理”中维护。"
    empty = "本统筹区还没有机构，请新增或批量导入。"
    datamodel = SQLAInterface(Body)
    key = (asc(Body.code),)
    columns = (
        Column("机构编码", "code"),
        Column("机构名称", "name", width="l"),
        Column("受理节点类型", "node_type"),
        Column("统筹区", "region.name", width="s"),
        Column("统一社会信用代码", "credit_code"),
        Column("联系人", "contact_name"),
        Column("联系电话", "contact_phone", "masked"),
        STATUS,
    )
    show_columns = (
        *columns[:4],
        Column("单位性质", "nature"),
        *columns[4:6],
        Column("联系电话", lambda row: row.contact_phone and mask(row.contact_phone)),
        STATUS,
        *ENDING,
    )
    edit_columns = ["name", "another", "nature", "credit_code", "contact_name", "contact_phone"]
    add_columns = ["code", "name", "node_type", "nature", "region_code", "another", *edit_columns[3:]]
    confirmations = ("another",)
    label_columns = {
        "code": "机构编码",
        "name": "机构名称",
        "node_type": "受理节点类型",
        "nature": "单位性质",
        "region_code": "统筹区",
        "region": "统筹区",
        "credit_code": "统一社会信用代码",
        "contact_name": "联系人",
        "contact_phone": "联系电话",
    }
    fields = {
        "code": text_field(
            "机构编码", length=30, need=True, hint="4 至 30 位大写字母和数字，保存后不能更改。", render_kw=WHOLE
        ),
        "node_type": enum_field("受理节点类型", KEPT, need=True, hint="保存后不能更改。"),
        "nature": enum_field("单位性质", NATURES, need=True),
        "region_code": SelectField("统筹区", [required("请选择。")], choices=region_choices([])),
        "credit_code": text_field("统一社会信用代码", length=18, hint="18 位；没有的可以不填。", render_kw=WHOLE),
        "contact_name": text_field("联系人", length=40),
        "contact_phone": text_field("联系电话", length=20, hint="手机号，或带区号的固定电话，例如 0731-84900000。"),
        "another": BooleanField("确认是另一家同名机构"),
    }
    key_name = "body_id"
    wizard = "BodyImportView"
    thing = "机构"
    after_adding = "show"
    adding, changing, retiring = services.create_body, services.change_body, services.deregister_body

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return super().select(session, values).where(Body.node_type.in_(KEPT))

    def bars(self, row: Body) -> str:
        return services.ending_problem(read(), row)

    def row_actions(self, row: Any) -> Sequence[Button]:
        restore = Button("恢复", self.url("restore", pk=row.id))
        return (*super().row_actions(row), *(() if row.active else (restore,)))

    @expose("/restore/<pk>", methods=["GET", "POST"])
    def restore(self, pk: str) -> ResponseReturnValue:
        """【恢复】 of what was deregistered by mistake."""
        row, form, back = self._row(pk), RetireForm(), self.url("show", pk=pk)
        if request.method == "GET" and row.active:
            flash(f"“{row}”没有注销，不用恢复。", "warning")
            return redirect(back)
        form.reason.label.text = "恢复原因"

        def save() -> None:
            with command() as work:
                services.restore_body(work, actor=current_actor(), body_id=row.id, reason=form.reason.data or "")

        if attempt(form, save):
            flash("已恢复。需要登录的，请另行授予身份，或由单位重新注册账号。", "success")
            return redirect(back)
        said = [Caution("恢复后机构重新有效；注销时结束的操作员身份和账号不随之恢复，需要另行授予，或由单位重新注册。")]
        if other := namesake(read(), row.name, row.region_code):
            said.append(Caution(f"本统筹区已有同名机构“{other.name}”（编码 {other.code}），请先核对是不是同一家。"))
        return self._form(form, f"恢复：{row}", back, ("reason",), confirm="确定恢复吗？", warnings=said)

    def prepare(self, form: Any) -> None:
        if "region_code" in form:
            form.region_code.choices = region_choices(regions(read()))


class BodyImportView(ImportWizard):
    """批量导入机构."""

    access = KEEPERS
    route_base, kind, back = "/bodies/import", BODIES, "BodyView.list"
