"""数据表: every mapped class as its table stands, within the administrator's scope, to be read and never written.

What is encrypted, and what opens something (passwords, digests), is not even loaded. Identity and telephone numbers in
any other text are masked as they are on screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from markupsafe import Markup

from app.core import clock, crypto
from app.core.db import EncryptedText, Model, UtcDateTime
from app.core.scope import Kind, registry
from app.ops.views.console import Console
from app.ops.views.listing import Listing, asked
from app.web import filters
from app.web.access import LARGEST_ID
from app.web.forms import Query, date_field
from app.web.identity import current_actor, read
from app.web.lists import Button, Column, asc, desc
from app.web.records import column_field
from app.web.words import TABLES, WORDS

IN_LIST, CONDITIONS, CUT = 9, 6, 60
SECRETS = frozenset({"password", "key_hash", "lookup_hash", "registration_hash", "uuid", "born_on"})
HIDDEN = "不显示"
_NUMBERS = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[0-9Xx]|\d{15}|1[3-9]\d{9})(?![0-9A-Za-z])")
FIRST = {
    "audit_entries": ("id", "at", "actor_name", "role", "action", "object_type", "object_id", "ip", "detail"),
    "certificate_log": ("id", "at", "number", "event", "actor_name", "detail"),
}
"""Columns a list begins with, where the table's own order begins with others."""
SCOPES = {Kind.PUBLIC: "公开数据", Kind.SCOPED: "按身份授权", Kind.SYSTEM: "系统数据"}


@dataclass(frozen=True)
class Field:
    """A column of a table. `target`: the table its foreign key leads to."""

    name: str
    label: str
    column: Any
    attribute: Any
    secret: bool
    target: str | None


class Table:
    """A mapped class, as the console shows it."""

    def __init__(self, model: Any) -> None:
        self.model, mapper = model, sa.inspect(model)
        self.name = mapper.local_table.name
        self.title = TABLES.get(self.name, self.name)
        self.kind = registry.declared[model].kind
        columns = sorted(mapper.columns.items(), key=lambda pair: not pair[1].primary_key)
        self.fields = [_field(model, name, column) for name, column in columns]
        self.shown = [one for one in self.fields if not one.secret]
        self.key = [one for one in self.fields if one.column.primary_key]
        first = FIRST.get(self.name, ())
        self.listed = sorted(self.shown, key=lambda one: first.index(one.name) if one.name in first else len(first))[
            :IN_LIST
        ]
        self.conditions = self._conditions(mapper.local_table)

    @property
    def visible(self) -> bool:
        """Whether the acting post's scope lets any row of it through."""
        return self.kind is not Kind.SCOPED or registry.declared[self.model].rows(current_actor()) is not False

    def select(self) -> sa.Select[Any]:
        return sa.select(*(one.attribute for one in self.shown))

    def key_text(self, row: Any) -> str:
        return ",".join(str(row[self.shown.index(one)]) for one in self.key)

    def by_key(self, text: str) -> sa.ColumnElement[bool]:
        """The condition of the row whose key `text` spells; 404 if it spells none."""
        parts = text.split(",")
        if len(parts) != len(self.key) or not text.isprintable() or len(text) > 200:
            abort(404)
        wanted = []
        for one, part in zip(self.key, parts, strict=True):
            if isinstance(one.column.type, sa.Integer):
                if not (part.isascii() and part.isdigit() and len(part) <= 10 and int(part) <= LARGEST_ID):
                    abort(404)
                wanted.append(one.attribute == int(part))
            else:
                wanted.append(one.attribute == part)
        return sa.and_(*wanted)

    def _conditions(self, table: Any) -> dict[str, Field]:
        """Columns an index begins with, by which a large table is searched without walking it."""
        unique = [one for one in table.constraints if isinstance(one, (sa.UniqueConstraint, sa.PrimaryKeyConstraint))]
        first = {next(iter(one.columns)).name for one in (*table.indexes, *unique) if len(one.columns)}
        found = [one for one in self.shown if one.column.name in first and _condition(one) is not None]
        return {one.name: one for one in found[:CONDITIONS]}


def _field(model: Any, name: str, column: Any) -> Field:
    secret = isinstance(column.type, EncryptedText) or name in SECRETS or name.endswith("_digest")
    target = next((key.column.table.name for key in column.foreign_keys), None)
    return Field(name, WORDS.get(name, name), column, getattr(model, name), secret, target)


def _condition(one: Field) -> Any | None:
    """The form field of a condition: the whole value, or the first day; None where a column can't be asked for."""
    if isinstance(one.column.type, UtcDateTime):
        return date_field(f"{one.label}起")
    try:
        return column_field(one.column, one.label, need=False, asked=True)
    except TypeError:
        return None


@cache
def tables() -> Mapping[str, Table]:
    """Every mapped class by its table, the framework's last; of two that share one, the one that says more."""
    found: dict[str, Table] = {}
    for mapper in sorted(Model.registry.mappers, key=lambda one: len(one.columns)):
        table = Table(mapper.class_)
        found[table.name] = table
    return dict(sorted(found.items(), key=lambda pair: (pair[0].startswith("ab_"), pair[0])))


def masked(text: str) -> str:
    """Text with identity and telephone numbers as they are shown on screen."""
    return _NUMBERS.sub(
        lambda found: crypto.mask_phone(found[0]) if len(found[0]) == 11 else crypto.mask_id_number(found[0]), text
    )


def told(value: Any) -> str:
    """JSON as people read it: what is called what."""
    if isinstance(value, dict):
        return "；".join(f"{WORDS.get(key, key)}：{told(one)}" for key, one in value.items()) or filters.EMPTY
    if isinstance(value, list):
        return "、".join(map(told, value)) or filters.EMPTY
    return filters.label(value)


def plain(value: Any) -> Any:
    """A value as it may be shown."""
    if isinstance(value, (dict, list)):
        value = told(value)
    if isinstance(value, datetime) and value.tzinfo is None:  # the framework's own
        value = f"{value:%Y-%m-%d %H:%M:%S}"
    return masked(value) if type(value) is str else value


def _short(value: Any) -> Any:
    value = plain(value)
    return value[:CUT] + "…" if type(value) is str and len(value) > CUT else value


class TablesView(Console, BaseView):
    routes = frozenset({"index", "rows", "export", "row"})
    intro = "数据库中的每一张表，只能查看。加密的内容和口令不显示，证件号、手机号按屏幕规则隐去；系统管理员管理范围以外的行不出现。"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return self.page("ops/tables.html", tables=tables().values(), scopes=SCOPES)

    @expose("/<table>/")
    def rows(self, table: str) -> ResponseReturnValue:
        listing = self._listing(self._table(table))
        listing.fetch(read())
        return self.page("ops/list.html", crumbs=[("数据表", self.get_url(".index"))], **listing.values())

    @expose("/<table>/export", methods=("GET", "POST"))
    def export(self, table: str) -> ResponseReturnValue:
        """【导出查询结果】: every column that is shown, masked as on screen."""
        return self._listing(self._table(table)).download(read())

    def _listing(self, found: Table) -> Listing:
        form = type("TableQuery", (Query,), {name: _condition(one) for name, one in found.conditions.items()})(
            request.args
        )
        statement = found.select()
        for name, value in asked(form).items():
            one = found.conditions[name]
            if value in (None, ""):
                continue
            if isinstance(one.column.type, UtcDateTime):
                statement = statement.where(one.attribute >= datetime.combine(value, time(), clock.CHINA))
            else:
                statement = statement.where(one.attribute == value)
        order = desc if all(isinstance(one.column.type, sa.Integer) for one in found.key) else asc
        return Listing(
            title=f"{found.title}（{found.name}）",
            intro=f"共 {len(found.fields)} 列，这里列出 {len(found.listed)} 列；条件按整个值查询。",
            columns=[self._column(found.shown.index(one), one, _short) for one in found.listed],
            exported=[self._column(index, one, plain) for index, one in enumerate(found.shown)],
            key=[order(one.attribute) for one in found.key],
            statement=statement,
            form=form,
            actions=lambda row: (Button("查看", self.get_url(".row", table=found.name, key=found.key_text(row))),),
            empty="没有记录。" if found.visible else "系统管理员的管理范围内没有这张表的记录。",
        )

    @expose("/<table>/<path:key>")
    def row(self, table: str, key: str) -> ResponseReturnValue:
        found = self._table(table)
        row = read().execute(found.select().where(found.by_key(key))).first() or abort(404)
        values = dict(zip((one.name for one in found.shown), row, strict=True))
        lines = [(one, HIDDEN if one.secret else self._linked(one, values[one.name])) for one in found.fields]
        crumbs = [("数据表", self.get_url(".index")), (found.title, self.get_url(".rows", table=found.name))]
        return self.page("ops/row.html", title=f"{found.title} {key}", crumbs=crumbs, lines=lines)

    def _table(self, name: str) -> Table:
        return tables().get(name) or abort(404)

    def _column(self, index: int, one: Field, show: Callable[[Any], Any]) -> Column:
        kind: Any = "text"
        if isinstance(one.column.type, UtcDateTime):
            kind = "moment"
        elif one.name in ("state", "status"):
            kind = "state"
        return Column(one.label, lambda row: show(row[index]), kind)

    def _linked(self, one: Field, value: Any) -> Any:
        """A value on the row's page: a foreign key leads to its row, a moment is told to the second."""
        if isinstance(value, datetime) and value.tzinfo:
            return filters.exact(value)
        if one.target is None or value is None or one.target not in tables():
            return plain(value)
        return Markup('<a href="{}">{}</a>').format(self.get_url(".row", table=one.target, key=value), value)
