"""Keeping the speciality tree and the title tree. Top categories (栏目大类) are the ministry's: they stay as they are."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.catalog import rules
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, Title, TitleSeries
from app.core import audit
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor

Use = Callable[[Session, int], str | None]
speciality_uses: list[Use] = []
title_uses: list[Use] = []
"""What keeps a node from being deleted: each domain above appends its own question, answered with what uses it."""


LOOKED_AT = "职称专业和职称树由省级人社部门维护，您可以查询。"


def keeps(actor: Actor) -> bool:
    """Whether `actor` keeps the reference data: the province's HR officers and administrators."""
    officer = actor.role is Role.HR_OFFICER and actor.region_code == rules.PROVINCE
    return officer or actor.role in (Role.SYSADMIN, Role.SYSTEM)


def require_keeper(actor: Actor) -> None:
    """Raise NotAllowed unless `actor` keeps the reference data."""
    if not keeps(actor):
        raise NotAllowed(LOOKED_AT)


# -- A1 职称专业管理 -------------------------------------------------------------------------------------------


def create_speciality(session: Session, *, actor: Actor, parent_id: int, code: str, name: str) -> Speciality:
    """【新增】 a node below another, in the same series. Raises Invalid with every field at fault."""
    require_keeper(actor)
    parent = session.get(Speciality, parent_id, with_for_update=True, populate_existing=True)
    if parent is None:
        raise NotFound
    code, name = code.strip().upper(), name.strip()
    _check_speciality(session, code, name, parent)
    row = Speciality(
        code=code, name=name, pinyin=rules.initials(name), parent_id=parent.id, series_id=parent.series_id, active=True
    )
    session.add(row)
    _flush(session, Conflict(f"专业代码 {code} 刚刚被其他人使用，请核对。"))
    audit.record(session, actor, "catalog.create_speciality", row, code=code, name=name, parent=parent.name)
    return row


def change_speciality(session: Session, *, actor: Actor, speciality_id: int, code: str, name: str) -> Speciality:
    """修改 a node's code or name, in use or not: what refers to it refers to the node."""
    row = _kept_speciality(session, actor, speciality_id)
    code, name = code.strip().upper(), name.strip()
    assert row.parent is not None
    _check_speciality(session, code, name, row.parent, row)
    changes = audit.assign(row, code=code, name=name)
    row.pinyin = rules.initials(name)
    _flush(session, Conflict(f"专业代码 {code} 刚刚被其他人使用，请核对。"))
    if changes:
        audit.record(session, actor, "catalog.change_speciality", row, changes=changes)
    return row


def delete_speciality(session: Session, *, actor: Actor, speciality_id: int) -> None:
    """【删除栏目】. Refused while anything uses the node, naming what does."""
    row = _kept_speciality(session, actor, speciality_id)
    _refuse_in_use(session, f"专业“{row.name}”", row.id, (_below, *speciality_uses))
    audit.record(session, actor, "catalog.delete_speciality", row, code=row.code, name=row.name, parent=str(row.parent))
    session.delete(row)
    _flush(session, Conflict(f"专业“{row.name}”刚刚被使用，不能删除。"))


def _kept_speciality(session: Session, actor: Actor, speciality_id: int) -> Speciality:
    require_keeper(actor)
    row = session.get(Speciality, speciality_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.parent_id is None:
        raise Refusal(f"“{row.name}”是栏目大类，由国家统一规定，不能新增、修改或删除。")
    return row


def _check_speciality(
    session: Session, code: str, name: str, parent: Speciality, row: Speciality | None = None
) -> None:
    others = Speciality.id != row.id if row else sa.true()
    checks = {"code": rules.code_problem(code), "name": rules.name_problem(name, "专业学科名称", 80)}
    if checks["code"] is None:
        taken = session.scalar(sa.select(Speciality.name).where(Speciality.code == code, others))
        checks["code"] = f"代码 {code} 已由“{taken}”使用。" if taken is not None else None
    if checks["name"] is None and session.scalar(
        sa.select(Speciality.id).where(Speciality.parent_id == parent.id, Speciality.name == name, others)
    ):
        checks["name"] = f"“{parent.name}”下已有“{name}”。"
    _raise(checks)


def _below(session: Session, speciality_id: int) -> str | None:
    names = session.scalars(
        sa.select(Speciality.name).where(Speciality.parent_id == speciality_id).order_by(Speciality.code)
    ).all()
    return f"下级专业 {len(names)} 个（{'、'.join(names[:3])}{'等' if len(names) > 3 else ''}）" if names else None


# -- A2 职称树管理 ---------------------------------------------------------------------------------------------


def create_title(
    session: Session,
    *,
    actor: Actor,
    series_id: int,
    level: TitleLevel | None,
    name: str,
    ministry_title: str = "",
    branch: str = "",
) -> Title:
    """【新增】 a title of a series, or of a branch (类别) of it. Raises Invalid with every field at fault."""
    require_keeper(actor)
    series = session.get(TitleSeries, series_id)
    if series is None:
        raise NotFound
    name, ministry_title, branch = name.strip(), ministry_title.strip(), branch.strip()
    _check_title(session, series, branch, level, name, ministry_title)
    row = Title(
        series_id=series.id, branch=branch, level=level, name=name, ministry_title=ministry_title or name, active=True
    )
    session.add(row)
    _flush(session, Conflict(f"“{name}”刚刚被其他人新增。"))
    audit.record(session, actor, "catalog.create_title", row, level=level, name=name, ministry_title=row.ministry_title)
    return row


def change_title(
    session: Session, *, actor: Actor, title_id: int, level: TitleLevel | None, name: str, ministry_title: str = ""
) -> Title:
    """修改 a title. Its level stays while applications ask for it: their path was chosen by that level."""
    row = _kept_title(session, actor, title_id)
    name, ministry_title = name.strip(), ministry_title.strip()
    _check_title(session, row.series, row.branch, level, name, ministry_title, row)
    if level is not row.level and (found := _uses(session, row.id, title_uses)):
        raise Invalid({"level": f"该职称正在使用（{found}），不能改变职称级别。"})
    changes = audit.assign(row, level=level, name=name, ministry_title=ministry_title or name)
    _flush(session, Conflict(f"“{name}”刚刚被其他人新增。"))
    if changes:
        audit.record(session, actor, "catalog.change_title", row, changes=changes)
    return row


def delete_title(session: Session, *, actor: Actor, title_id: int) -> None:
    """【删除栏目】. Refused while anything uses the title, naming what does."""
    row = _kept_title(session, actor, title_id)
    _refuse_in_use(session, f"职称“{row.name}”", row.id, title_uses)
    audit.record(session, actor, "catalog.delete_title", row, series=row.series.name, level=row.level, name=row.name)
    session.delete(row)
    _flush(session, Conflict(f"职称“{row.name}”刚刚被使用，不能删除。"))


def _kept_title(session: Session, actor: Actor, title_id: int) -> Title:
    require_keeper(actor)
    row = session.get(Title, title_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _check_title(
    session: Session,
    series: TitleSeries,
    branch: str,
    level: TitleLevel | None,
    name: str,
    ministry_title: str,
    row: Title | None = None,
) -> None:
    checks = {
        "level": None if level else "请选择职称级别。",
        "name": rules.name_problem(name, "职称名称", 40),
        "ministry_title": rules.name_problem(ministry_title, "对应人社部职称", 40) if ministry_title else None,
        "branch": rules.name_problem(branch, "专业类别", 40) if branch else None,
    }
    same = sa.select(Title.id).where(
        Title.series_id == series.id, Title.branch == branch, Title.level == level, Title.name == name
    )
    if not any(checks.values()) and session.scalar(same.where(Title.id != row.id) if row else same):
        checks["name"] = f"{branch or series.name}已有这个级别的“{name}”。"
    _raise(checks)


# -- both ------------------------------------------------------------------------------------------------------


def _raise(checks: dict[str, str | None]) -> None:
    fields = {field: problem for field, problem in checks.items() if problem}
    if fields:
        raise Invalid(fields)


def _uses(session: Session, key: int, uses: list[Use] | tuple[Use, ...]) -> str:
    return "；".join(what for use in uses if (what := use(session, key)))


def _refuse_in_use(session: Session, what: str, key: int, uses: list[Use] | tuple[Use, ...]) -> None:
    if found := _uses(session, key, uses):
        raise Refusal(f"{what}正在使用，不能删除：{found}。请先处理这些内容。")


def _flush(session: Session, conflict: Conflict) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise conflict from error
