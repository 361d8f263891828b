"""A21 黑名单管理."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy.orm import Session, contains_eager

from app.accounts import rules, services
from app.accounts.forms import BlacklistQuery, person_field
from app.accounts.models import BlacklistEntry, Person
from app.accounts.queries import longest_years
from app.core import clock, crypto
from app.core.enums import Role
from app.web.access import only
from app.web.forms import date_field, long_text_field, text_field
from app.web.identity import read
from app.web.lists import Button, Column, desc
from app.web.records import RecordView


def _standing(entry: BlacklistEntry) -> str:
    today = clock.today()
    if entry.lifted_at:
        return "已解除"
    return "未开始" if entry.starts_on > today else "有效" if entry.ends_on >= today else "已到期"


class BlacklistView(RecordView):
    """黑名单管理."""

    access = only(Role.HR_OFFICER)
    route_base, title = "/a21", "黑名单管理"
    intro = "黑名单期内不能提交申报、不能上报、不能发证；到期自动失效。"
    empty = "还没有黑名单记录。"
    datamodel = SQLAInterface(BlacklistEntry)
    conditions = BlacklistQuery
    key = (desc(BlacklistEntry.id),)
    columns = (
        Column("姓名", "person.name"),
        Column("身份证号", "person.id_masked"),
        Column("原因", "reason", width="l", clamp=True),
        Column("起始日期", "starts_on", "day"),
        Column("截止日期", "ends_on", "day"),
        Column("状态", _standing, "state", tone=lambda row: "bad" if _standing(row) == "有效" else "draft"),
        Column("依据文件", "source_document", width="l", shown=False),
        Column("解除时间", "lifted_at", "moment", shown=False),
        Column("解除原因", "lifted_reason", width="l", shown=False),
    )
    show_columns = columns
    add_columns = ["person_id", "reason", "source_document", "starts_on", "ends_on"]
    edit_columns = add_columns[1:]
    label_columns = {
        "person_id": "人员",
        "reason": "原因",
        "source_document": "依据文件",
        "starts_on": "起始日期",
        "ends_on": "截止日期",
    }
    fields = {
        "person_id": person_field("人员姓名或身份证号", need=True),
        "reason": long_text_field("原因", need=True, length=300),
        "source_document": text_field("依据文件", need=True, length=120, hint="文件名称或文号。"),
        "ends_on": date_field("截止日期"),
    }
    key_name = "entry_id"
    adding, changing, retiring = services.add_entry, services.change_entry, services.lift_entry
    change_word, retire_word = "修改", "解除"
    thing = "黑名单记录"

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        del session
        entry, today = BlacklistEntry, clock.today()
        statement = sa.select(entry).join(entry.person).options(contains_eager(entry.person))
        if values.get("name"):
            statement = statement.where(Person.name.contains(values["name"], autoescape=True))
        if values.get("reason"):
            statement = statement.where(entry.reason.contains(values["reason"], autoescape=True))
        if values.get("id_number"):
            digest = crypto.keys().digest(rules.normalise_id_number(values["id_number"]))
            statement = statement.where(Person.id_digest == digest)
        wanted = {
            "future": sa.and_(entry.lifted_at.is_(None), entry.starts_on > today),
            "in": sa.and_(entry.lifted_at.is_(None), entry.starts_on <= today, entry.ends_on >= today),
            "over": sa.and_(entry.lifted_at.is_(None), entry.ends_on < today),
            "lifted": entry.lifted_at.is_not(None),
        }
        standing = values.get("standing")
        return statement.where(wanted[standing]) if standing in wanted else statement

    def prepare(self, form: Any) -> None:
        years = longest_years(read())
        form.ends_on.description = f"这一天仍有效；不填为最长期限 {years} 年（《职称评审管理暂行规定》）。"

    def row_actions(self, row: Any) -> Sequence[Button]:
        over = _standing(row) == "已到期"
        return [one for one in super().row_actions(row) if not (over and one.label == self.retire_word)]

    def keeps(self, row: Any) -> bool:
        return row.lifted_at is None
