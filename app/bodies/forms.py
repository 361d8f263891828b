"""A field for a body: 录入名称，回车查询; and the conditions on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from wtforms import StringField

from app.bodies.enums import DECIDING, KEPT, NodeType
from app.bodies.queries import choosable_body
from app.bodies.rules import GUIDELINE_LENGTH
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core.regions import region_above
from app.web.forms import (
    STANDING,
    Form,
    Query,
    SelectField,
    answered,
    choices_of,
    enum_field,
    long_text_field,
    optional,
    text_field,
    yes_no_field,
)
from app.web.identity import current_actor, read
from app.web.widgets import SearchSelectField

METHODS = tuple(method for method in AcquisitionMethod if method is not AcquisitionMethod.REVIEW)


def body_field(
    label: str,
    *,
    kinds: Sequence[NodeType] = (),
    own_region: bool = False,
    above: bool = False,
    need: bool = False,
    hint: str = "",
    follows: str = "",
) -> Any:
    """An active body of `kinds` (any without), within the acting post's region where `own_region`; its id is the data.

    `above`: where `own_region`, of the region directly above it as well.

    What the search would not offer is refused beside the field. `follows`: the field of the form whose node type
    narrows the search, where one is chosen.
    """

    def text_of(body_id: int, kind: NodeType | None = None) -> str | None:
        if kind and kinds and kind not in kinds:
            return None
        actor = current_actor()
        body = choosable_body(
            read(),
            body_id,
            node_types=[kind] if kind else kinds,
            region_prefix=actor.region_prefix if own_region else "",
            above=region_above(actor.region_code) if above else "",
        )
        return body.name if body else None

    def address() -> str:
        asked = {"own": 1 if own_region else None, "above": 1 if above else None}
        chosen: dict[str, Any] = {"kind": [kind.value for kind in kinds], **asked}
        return url_for("BodySearchView.bodies", **chosen)

    return SearchSelectField(
        label,
        [answered("请录入机构名称、编码或统一社会信用代码，回车后从列表中选择。") if need else optional()],
        address=address,
        text_of=text_of,
        follows={"kind": follows} if follows else None,
        description=hint,
    )


def _name(label: str = "机构名称") -> StringField:
    return text_field(label, length=60, hint="名称或拼音首字母，编码、统一社会信用代码从开头录起。")


def _region() -> SelectField:
    """The view fills in the choices."""
    return SelectField("统筹区", [optional()], choices=choices_of([], "全部"))


class BodyQuery(Query):
    """The conditions of lists about bodies, by the names `queries.narrowed` knows."""

    name = _name()
    node_type = enum_field("受理节点类型", KEPT, blank="全部")
    region = _region()
    active = yes_no_field("状态", blank="全部", words=STANDING)


class AcceptanceQuery(Query):
    name = _name()
    node_type = enum_field("受理节点类型", DECIDING, blank="全部")
    region = _region()
    method = enum_field("取得方式", METHODS, blank="全部")
    level = enum_field("职称等级", TitleLevel, blank="全部")
    active = yes_no_field("状态", blank="全部", words=STANDING)


class IssuingAuthorityQuery(Query):
    code = text_field("发证单位编码", length=8)
    name = _name("单位名称")
    node_type = enum_field("受理节点类型", KEPT, blank="全部")
    region = _region()
    printed_name = text_field("打印在证书上的机构名称", length=120)
    active = yes_no_field("状态", blank="全部", words=STANDING)


class GuidelineForm(Form):
    guideline = long_text_field(
        "申报须知", length=GUIDELINE_LENGTH, hint="申报人选择这个受理机构时看到的说明，可以分行。", rows=12
    )
