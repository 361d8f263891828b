"""What the screens about bodies share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.bodies.forms import BodyQuery
from app.bodies.models import Body
from app.bodies.queries import lies_in, narrowed
from app.catalog.forms import region_choices
from app.catalog.models import Region
from app.catalog.queries import regions_of
from app.core import search
from app.core.enums import Role
from app.web.access import only
from app.web.forms import Query
from app.web.identity import current_actor
from app.web.layout import screen_url
from app.web.lists import Button, Column
from app.web.records import RecordView

KEEPERS = only(Role.HR_OFFICER, Role.SYSADMIN)
STATUS = Column(
    "状态", lambda row: "有效" if row.active else "已注销", "state", tone=lambda row: "ok" if row.active else "draft"
)
ENDING = (Column("注销时间", "deregistered_at", "moment"), Column("注销原因", "deregistered_reason"))


def kept_prefix() -> str:
    """The beginning of the region codes the acting officer keeps; an administrator keeps them all."""
    actor = current_actor()
    return "" if actor.role is Role.SYSADMIN else actor.region_prefix or "none"


def regions(session: Session) -> list[Region]:
    """Those the acting officer keeps."""
    return regions_of(session, kept_prefix())


class BodyRecords(RecordView):
    """Bodies, or records about one, kept by the officers of its region; conditions on the body as BodyQuery has them."""

    abstract: ClassVar[bool] = True
    access = KEEPERS
    conditions: ClassVar[type[Query]] = BodyQuery
    wizard: ClassVar[str] = ""
    """The view of 批量导入."""

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        model = self.datamodel.obj
        own = {name: value for name, value in values.items() if name not in ("name", "node_type", "region")}
        statement = super().select(session, own)
        if model is Body:
            statement = statement.options(joinedload(Body.region))
        else:
            statement = statement.join(model.body).options(contains_eager(model.body).joinedload(Body.region))
        if prefix := kept_prefix():
            inside = search.begins(Body.region_code, prefix) if model is Body else lies_in(model.body_id, prefix)
            statement = statement.where(inside)
        return narrowed(statement, values)

    def fill(self, session: Session, form: Query) -> None:
        form["region"].choices = region_choices(regions(session), "全部")

    def tools(self) -> Sequence[Button]:
        url = screen_url(self.wizard)
        return (*super().tools(), *([Button("批量导入", url)] if url else []))
