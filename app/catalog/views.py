"""A1 职称专业管理 and A2 职称树管理: the two trees of the reference data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.catalog import queries, services
from app.catalog.enums import TitleLevel
from app.catalog.forms import NewTitleForm, SpecialityForm, TitleForm
from app.catalog.models import Speciality, Title, TitleSeries
from app.catalog.rules import initials
from app.core.enums import Role
from app.core.scope import Actor
from app.web import history
from app.web.access import Access
from app.web.cautions import Caution, cautions
from app.web.forms import Form
from app.web.history import Words
from app.web.identity import current_actor, read
from app.web.lists import Column
from app.web.trees import Chosen, Node, TreeScreen

LOOKING = frozenset({Role.HR_OFFICER, Role.SYSADMIN})
KEPT: Access = {"*": LOOKING}
SPECIALITY = Words({"code": "专业代码", "name": "专业学科名称", "parent": "上级"})
TITLE = Words({"level": ("职称级别", TitleLevel), "name": "职称名称", "ministry_title": "对应人社部职称"})


class SpecialityTreeView(TreeScreen):
    """A1 职称专业管理."""

    access = KEPT
    route_base, title, below = "/a1", "职称专业管理", "专业"
    intro = "栏目大类由国家统一规定，不能新增；在其下逐级维护专业。"
    words, edited, forms = SPECIALITY, ("code", "name"), (SpecialityForm, SpecialityForm)
    looked_at = services.LOOKED_AT
    columns = (
        Column("专业代码", "code", width="m"),
        Column("专业学科名称", "name", width="l"),
        Column("上级", "parent.name", width="l"),
        Column("拼音首字母", "pinyin"),
    )

    def keeps(self, actor: Actor) -> bool:
        return services.keeps(actor)

    def nodes(self, session: Session) -> Iterator[Node]:
        below: dict[int | None, list[Any]] = {}
        for row in queries.speciality_nodes(session):
            below.setdefault(row.parent_id, []).append(row)
        waiting = [(row, 0) for row in reversed(below.get(None, []))]
        while waiting:
            row, depth = waiting.pop()
            yield Node(str(row.id), depth, row.name, row.code, row.pinyin)
            waiting += [(child, depth + 1) for child in reversed(below.get(row.id, []))]

    def chosen(self, session: Session, key: str) -> Chosen | None:
        kept = self.kept(key)
        row = session.get(*kept) if kept else None
        if row is None:
            return None
        above = queries.speciality_path(session, row.id)[:-1]
        return Chosen(
            key,
            row.name,
            path=[node.name for node in above],
            facts=[("专业代码", row.code), ("专业学科名称", row.name)],
            fixed="" if above else "栏目大类由国家统一规定，不能新增、修改或删除。",
            history=history.steps(session, row, words=SPECIALITY),
        )

    def kept(self, key: str) -> tuple[type[Any], int] | None:
        return (Speciality, int(key)) if re.fullmatch(r"[0-9]{1,9}", key) else None

    def form(self, session: Session, key: str, *, new: bool) -> Form:
        row = session.get_one(Speciality, int(key))
        return SpecialityForm(data={"code": queries.next_code(session, row)}) if new else SpecialityForm(obj=row)

    def add(self, session: Session, key: str, form: Any) -> str:
        row = services.create_speciality(
            session, actor=current_actor(), parent_id=int(key), code=form.code.data, name=form.name.data
        )
        return str(row.id)

    def change(self, session: Session, key: str, form: Any) -> None:
        services.change_speciality(
            session, actor=current_actor(), speciality_id=int(key), code=form.code.data, name=form.name.data
        )

    def remove(self, session: Session, key: str) -> str:
        parent_id = session.get_one(Speciality, int(key)).parent_id
        services.delete_speciality(session, actor=current_actor(), speciality_id=int(key))
        return str(parent_id)

    def rows(self, session: Session, keys: Sequence[str]) -> Iterable[Speciality]:
        return queries.specialities_by_key(session, [int(key) for key in keys])

    def warnings(self, key: str) -> Sequence[Caution]:
        return cautions(read(), read().get_one(Speciality, int(key)))


class TitleRow(NamedTuple):
    """A node of the title tree in a workbook: a series, a branch of it, or a title."""

    series: str
    branch: str = ""
    level: TitleLevel | None = None
    name: str = ""
    ministry: str = ""


class TitleTreeView(TreeScreen):
    """A2 职称树管理: series, branches where a series has them, titles.

    Keys are `s` and the series, `t` and the title, and for a branch `b` and the first title of it.
    """

    access = KEPT
    route_base, title, below = "/a2", "职称树管理", "职称"
    intro = "系列由国家统一规定，不能新增；在其下维护各级职称。"
    words, edited, forms = TITLE, ("level", "name", "ministry_title"), (TitleForm, NewTitleForm)
    looked_at = services.LOOKED_AT
    columns = (
        Column("系列", "series", width="l"),
        Column("专业类别", "branch"),
        Column("职称级别", "level"),
        Column("职称名称", "name"),
        Column("对应人社部职称", "ministry"),
    )

    def keeps(self, actor: Actor) -> bool:
        return services.keeps(actor)

    def nodes(self, session: Session) -> Iterator[Node]:
        titles = {key: list(rows) for key, rows in groupby(queries.all_titles(session), lambda row: row.series_id)}
        for series in queries.all_series(session):
            yield Node(f"s{series.id}", 0, series.name, f"{series.number:02d}", initials(series.name))
            for branch, rows in groupby(titles.get(series.id, []), lambda row: row.branch):
                members = list(rows)
                if branch:
                    yield Node(f"b{min(row.id for row in members)}", 1, branch, "", initials(branch))
                for row in members:
                    yield Node(f"t{row.id}", 2 if branch else 1, row.name, row.level.label, initials(row.name))

    def chosen(self, session: Session, key: str) -> Chosen | None:
        row = self._row(session, key)
        if row is None:
            return None
        if isinstance(row, TitleSeries):
            return Chosen(
                key,
                row.name,
                facts=[("系列编号", f"{row.number:02d}"), ("系列", row.name)],
                fixed="系列是栏目大类，由国家统一规定，不能新增、修改或删除。",
            )
        if key.startswith("b"):
            return Chosen(
                key,
                row.branch,
                path=[row.series.name],
                facts=[("系列", row.series.name), ("专业类别", row.branch)],
                fixed="专业类别随其下的职称而有：职称删完，类别自然消失。",
            )
        return Chosen(
            key,
            row.name,
            path=[part for part in (row.series.name, row.branch) if part],
            facts=[("职称级别", row.level), ("职称名称", row.name), ("对应人社部职称", row.ministry_title)],
            grows=False,
            history=history.steps(session, row, words=TITLE),
        )

    def kept(self, key: str) -> tuple[type[Any], int] | None:
        return (Title, int(key[1:])) if re.fullmatch(r"t[0-9]{1,9}", key) else None

    def form(self, session: Session, key: str, *, new: bool) -> Form:
        row = self._row(session, key)
        if not new:
            return TitleForm(obj=row)
        return NewTitleForm(data={"branch": row.branch if isinstance(row, Title) else ""})

    def add(self, session: Session, key: str, form: Any) -> str:
        row = self._row(session, key)
        assert row is not None
        made = services.create_title(
            session,
            actor=current_actor(),
            series_id=row.series_id if isinstance(row, Title) else row.id,
            branch=form.branch.data or "",
            level=form.level.data,
            name=form.name.data or "",
            ministry_title=form.ministry_title.data or "",
        )
        return f"t{made.id}"

    def change(self, session: Session, key: str, form: Any) -> None:
        services.change_title(
            session,
            actor=current_actor(),
            title_id=int(key[1:]),
            level=form.level.data,
            name=form.name.data or "",
            ministry_title=form.ministry_title.data or "",
        )

    def remove(self, session: Session, key: str) -> str:
        series_id = session.get_one(Title, int(key[1:])).series_id
        services.delete_title(session, actor=current_actor(), title_id=int(key[1:]))
        return f"s{series_id}"

    def rows(self, session: Session, keys: Sequence[str]) -> Iterator[TitleRow]:
        series = {row.id: row for row in queries.all_series(session)}
        titles = {row.id: row for row in queries.all_titles(session)}
        for key in keys:
            kind, number = key[0], int(key[1:])
            if kind == "s":
                yield TitleRow(series[number].name)
                continue
            row = titles[number]
            above = TitleRow(series[row.series_id].name, row.branch)
            yield above if kind == "b" else above._replace(level=row.level, name=row.name, ministry=row.ministry_title)

    def _row(self, session: Session, key: str) -> Title | TitleSeries | None:
        if not re.fullmatch(r"[sbt][0-9]{1,9}", key):
            return None
        number = int(key[1:])
        if key[0] == "s":
            return session.get(TitleSeries, number)
        row = session.get(Title, number)
        is_branch = key[0] == "b" and row is not None and number == queries.first_of_branch(session, row)
        return row if key[0] == "t" or is_branch else None
