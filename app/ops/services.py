"""Entries of the dictionaries that have no service of their own, changed one at a time and on the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalog.models import EligibilityRule, MaterialRequirement, Region, Setting, TitleSeries
from app.core import audit, clock
from app.core.db import Model
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor, elevated
from app.ops import rules

Checks = Callable[[Mapping[str, Any]], Mapping[str, str]]
KEPT: dict[type, Checks] = {
    Region: rules.region_problems,
    TitleSeries: lambda _values: {},
    MaterialRequirement: rules.requirement_problems,
    EligibilityRule: rules.eligibility_problems,
}
"""The dictionaries kept here, and what their entries must satisfy."""
IN_USE = "与已有的条目重复，或正被其他数据使用，没有保存。"


def require_administrator(actor: Actor) -> None:
    if actor.role not in (Role.SYSADMIN, Role.SYSTEM):
        raise NotAllowed("数据运维只对系统管理员开放。")


def add_entry(session: Session, *, actor: Actor, model: type, values: Mapping[str, Any]) -> Any:
    """A new entry of a dictionary. Raises Invalid with every field at fault, Conflict where it is a second one."""
    require_administrator(actor)
    _check(session, model, values)
    row = model(**values)
    session.add(row)
    _flush(session)
    audit.record(session, actor, "dictionaries.add", row, **values)
    return row


def change_entry(session: Session, *, actor: Actor, model: type, key: Any, values: Mapping[str, Any]) -> None:
    """Change an entry; what refers to it refers to the entry, not to its words."""
    row = _entry(session, actor, model, key)
    _check(session, model, _values(row) | dict(values))
    changes = audit.assign(row, **values)
    _flush(session)
    if changes:
        audit.record(session, actor, "dictionaries.change", row, changes=changes)


def remove_entry(
    session: Session, *, actor: Actor, model: type, key: Any, called: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Delete an entry nothing refers to; Conflict naming what does, or where it must be kept.

    `called`: table -> what people call it.
    """
    row = _entry(session, actor, model, key)
    if reason := rules.kept_problem(_values(row)):
        raise Conflict(reason)
    used = _uses(session, row, called)
    if used:
        raise Conflict(f"不能删除，正在使用它的有：{'、'.join(used)}。")
    audit.record(session, actor, "dictionaries.remove", row, **_values(row))
    session.delete(row)
    _flush(session)


def set_value(session: Session, *, actor: Actor, key: str, value: str) -> None:
    """What a setting is from now on; what it was stays in the table with its days."""
    require_administrator(actor)
    problem = rules.setting_problem(key, value)
    if problem:
        raise Invalid({"value": problem})
    before = value_of(session, key)
    if before == value:
        return
    row = Setting(key=key, value=value, since=clock.now(), set_by=actor.name)
    session.add(row)
    _flush(session)
    audit.record(session, actor, "dictionaries.set", row, key=key, changes={"value": (before, value)})


def value_of(session: Session, key: str) -> str | None:
    """What a setting is, as it was set last."""
    return session.scalar(sa.select(Setting.value).where(Setting.key == key).order_by(Setting.since.desc()).limit(1))


def _uses(session: Session, row: Any, called: Mapping[str, str]) -> list[str]:
    """What refers to an entry, by the foreign keys of the database: how many, and one of them by name."""
    table, found = sa.inspect(type(row)).local_table, []
    with elevated(session, "what uses an entry is counted wherever it is"):
        for mapper in sorted(Model.registry.mappers, key=lambda one: str(one.local_table)):
            columns = [key.parent for key in mapper.local_table.foreign_keys if key.column.table is table]
            if not columns or mapper.inherits is not None:
                continue
            used = sa.or_(*(column == sa.inspect(row).identity[0] for column in columns))
            count = session.scalar(sa.select(sa.func.count()).select_from(mapper.class_).where(used)) or 0
            if count:
                name = called.get(mapper.local_table.name, mapper.local_table.name)
                first = session.scalars(sa.select(mapper.class_).where(used).limit(1)).first()
                words = f"（如“{first}”）" if "__str__" in vars(mapper.class_) else ""
                found.append(f"{count} 条{name}{words}")
    return found


def _entry(session: Session, actor: Actor, model: type, key: Any) -> Any:
    require_administrator(actor)
    row = session.get(model, key, with_for_update=True, populate_existing=True) if model in KEPT else None
    if row is None:
        raise NotFound
    return row


def _values(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in sa.inspect(type(row)).columns}


def _check(session: Session, model: type, values: Mapping[str, Any]) -> None:
    if model not in KEPT:
        raise NotFound
    problems = dict(KEPT[model](values))
    above = values.get("parent_code")
    if above and "parent_code" not in problems and session.get(Region, above) is None:
        problems["parent_code"] = "没有这个代码的行政区划。"
    if problems:
        raise Invalid(problems)


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(IN_USE) from error
