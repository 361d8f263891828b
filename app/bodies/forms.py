"""A field for a body: 录入名称，回车查询."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.bodies.enums import NodeType
from app.bodies.queries import choosable_body
from app.web.forms import answered, optional
from app.web.identity import current_actor, read
from app.web.widgets import SearchSelectField


def body_field(
    label: str, *, kinds: tuple[NodeType, ...] = (), own_region: bool = False, need: bool = False, hint: str = ""
) -> Any:
    """An active body of `kinds` (any without), within the acting post's region where `own_region`; its id is the data.

    What the search would not offer is refused beside the field.
    """

    def text_of(body_id: int) -> str | None:
        prefix = current_actor().region_prefix if own_region else ""
        body = choosable_body(read(), body_id, node_types=kinds, region_prefix=prefix)
        return body.name if body else None

    def address() -> str:
        chosen: dict[str, Any] = {"kind": [kind.value for kind in kinds], "own": 1 if own_region else None}
        return url_for("BodySearchView.bodies", **chosen)

    check = answered("请录入机构名称、编码或统一社会信用代码，回车后从列表中选择。") if need else optional()
    return SearchSelectField(label, [check], address=address, text_of=text_of, description=hint)
