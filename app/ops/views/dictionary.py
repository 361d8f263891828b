"""What every dictionary of the console is: a list that is changed in its own place. Writing is done by services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from sqlalchemy.orm import Session

from app.catalog.queries import all_series
from app.core.errors import Refusal
from app.ops import services
from app.ops.views.console import Console
from app.web.access import LARGEST_ID
from app.web.forms import Form, attempt, choices_of, id_field, strip
from app.web.history import Words
from app.web.identity import command, current_actor, read
from app.web.records import column_field
from app.web.stamps import Stamp, columns
from app.web.words import TABLES

DEEPEST = 200
"""The last page of a dictionary: OFFSET costs what it skips, and who looks further searches."""


class Entry(Form):
    """The fields of one entry."""


class Dictionary(Console, ModelView):
    """A Flask-Admin ModelView whose list is also its form: the row being changed stands in its place as fields.

    `can_create` and `can_delete` decide whether there are such routes at all.
    """

    default_view = "index_view"
    list_template = create_template = edit_template = "ops/dictionary.html"
    simple_list_pager = True
    page_size = 50
    deepest = DEEPEST
    form_base_class = Form
    column_type_formatters: ClassVar[Mapping[Any, Any]] = {}  # type: ignore[assignment]
    add_columns: Sequence[str] = ()
    needed: Sequence[str] | None = None
    """Columns that may not be left empty, where the table does not say it."""
    fields: ClassVar[Mapping[str, Any]] = {}
    """Form fields of columns that the column's type does not say enough of."""
    blanks: Mapping[str, str] = {}
    """What is said where an entry leaves a column empty."""

    @property
    def routes(self) -> frozenset[str]:  # type: ignore[override]
        may = {"create_view": self.can_create, "delete_view": self.can_delete}
        return frozenset({"index_view", "edit_view", *(name for name, open_ in may.items() if open_)})

    def add(self, session: Session, values: dict[str, Any]) -> Any:
        return services.add_entry(session, actor=current_actor(), model=self.model, values=values)

    def change(self, session: Session, row: Any, values: dict[str, Any]) -> None:
        key = sa.inspect(row).identity[0]
        services.change_entry(session, actor=current_actor(), model=self.model, key=key, values=values)

    def remove(self, session: Session, row: Any) -> None:
        key = sa.inspect(row).identity[0]
        services.remove_entry(session, actor=current_actor(), model=self.model, key=key, called=TABLES)

    # Flask-Admin's hooks ------------------------------------------------------------------------------------

    def get_create_form(self) -> type[Form]:
        return self._made(self.add_columns)

    def get_edit_form(self) -> type[Form]:
        return self._made(self.form_columns or ())

    def create_form(self, obj: Any = None) -> Any:
        return self._filled(super().create_form(obj))

    def edit_form(self, obj: Any = None) -> Any:
        return self._filled(super().edit_form(obj))

    def get_one(self, id: Any) -> Any:
        """The entry of a key as the address spells it; None where it spells none."""
        text, column = str(id), sa.inspect(self.model).primary_key[0]
        if isinstance(column.type, sa.Integer):
            return read().get(self.model, int(text)) if _is_number(text) else None
        return read().get(self.model, text[:100]) if text.isprintable() else None

    # Routes, in Flask-Admin's places and in our words ---------------------------------------------------------

    @expose("/")
    def index_view(self) -> Any:
        return self.page(self.list_template, form=None)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        form = self.create_form()
        if self._done(form, lambda session: self.add(session, _data(form))):
            flash("已新增。", "success")
            return redirect(self.here("index_view"))
        return self.page(self.create_template, form=form)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        row = self.get_one(request.args.get("id", ""))
        if row is None:
            return self._gone()
        form, stamp = self.edit_form(obj=row), Stamp(row, self.held, self._history(), *self.about(row))

        def change(session: Session) -> None:
            stamp.check(session, _data(form))
            self.change(session, row, _data(form))

        if self._done(form, change):
            flash("已保存修改。", "success")
            return redirect(self.here("index_view"))
        return self.page(self.edit_template, form=form, model=row, stamp=stamp)

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> Any:
        row = self.get_one(request.form.get("id", ""))
        if row is None:
            return self._gone()
        try:
            with command() as session:
                self.remove(session, row)
            flash("已删除。", "success")
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(self.here("index_view"))

    def held(self, row: Any) -> Mapping[str, Any]:
        """What the form of an entry changes, as the entry holds it."""
        return columns(self.form_columns or ())(row)

    def about(self, row: Any) -> Sequence[Any]:
        """Further subjects of an entry's history."""
        del row
        return ()

    # For the template ---------------------------------------------------------------------------------------

    def rows(self) -> Sequence[Any]:
        """The page of entries the address names."""
        return self.get_list(self.at(), None, False, self.typed(), None, page_size=self.page_size)[1]

    def at(self) -> int:
        """The page the address names."""
        return min(max(request.args.get("page", 0, type=int), 0), DEEPEST)

    def typed(self) -> str:
        return str(strip(request.args.get("search", "")))[:60]

    def here(self, method: str, **values: Any) -> str:
        """A route of this dictionary that keeps the page and what was searched for."""
        kept = {"page": self.at() or None, "search": self.typed() or None}
        return self.get_url(f".{method}", **(kept | values))

    def fixed(self, row: Any, form: Any) -> Sequence[tuple[str, Any]]:
        """What the form of an entry does not change."""
        return [(self.column_labels[name], getattr(row, name)) for name in self.column_list if name not in form]

    def key_of(self, row: Any) -> Any:
        return sa.inspect(row).identity[0]

    # Inside -------------------------------------------------------------------------------------------------

    def _history(self) -> Words:
        kinds = {name: getattr(column.type, "enum", None) for name, column in sa.inspect(self.model).columns.items()}
        return Words(
            {
                name: (label, enum) if (enum := kinds.get(name)) else label
                for name, label in self.column_labels.items()
                if not name.endswith("_id")
            }
        )

    def _gone(self) -> Any:
        flash("没有这个条目，可能已被删除。", "warning")
        return redirect(self.here("index_view"))

    def _made(self, names: Sequence[str]) -> type[Form]:
        known = sa.inspect(self.model).columns
        fields = {}
        for name in names:
            column, label = known[name], self.column_labels[name]
            if name in self.fields:
                fields[name] = self.fields[name]
                continue
            need = name in self.needed if self.needed is not None else not column.nullable and column.default is None
            fields[name] = id_field(label, need=need) if name == "series_id" else column_field(column, label, need=need)
        return type(f"{self.model.__name__}Form", (Entry,), fields)

    def _filled(self, form: Any) -> Any:
        known = sa.inspect(self.model).columns
        for name, blank in self.blanks.items():
            if name in form:
                enum = getattr(known[name].type, "enum", None)
                offered = enum.choices() if enum else [(one.id, one.name) for one in all_series(read())]
                form[name].choices = choices_of(offered, blank)
        return form

    def _done(self, form: Any, work: Callable[[Session], Any]) -> bool:
        def save() -> None:
            with command() as session:
                work(session)

        return attempt(form, save)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST_ID


def _data(form: Any) -> dict[str, Any]:
    """What the form holds, by column; a text left out is empty, or nothing where the column is a key elsewhere."""
    return {
        field.name: ("" if field.data is None and field.type in ("StringField", "TextAreaField") else field.data)
        for field in form
        if field.name != "csrf_token"
    }
