"""RecordView: the ordinary screen of master data, generated from declarations.

class IssuingAuthorityView(RecordView):
    access = only(Role.HR_OFFICER)
    route_base, title = "/a9", "发证单位编码配置"
    datamodel = SQLAInterface(IssuingAuthority)
    columns, key = (Column("编码", "code"), …), (asc(IssuingAuthority.code),)
    search_columns = ["code", "active"]
    add_columns, edit_columns = ["body_id", "code"], ["code"]
    label_columns = {"code": "编码", …}
    fields = {"body_id": body_field("单位", need=True)}
    key_name = "authority_id"
    adding, changing, retiring = services.add_authority, services.change_authority, services.deregister_authority

The list, its conditions in the URL and its export are ListScreen's; Flask-AppBuilder generates the forms and the routes of
a record. Reading goes through the request's scoped session, writing through one unit of work that calls the declared
service; a verb without a service has no route. FAB's `action`, `action_post`, `download` and related views don't exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Literal, cast

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import ModelView, expose
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.core.db import EnumText, Model
from app.core.enums import Labelled
from app.core.errors import Refusal
from app.web import history
from app.web.access import LARGEST_ID
from app.web.cautions import Caution, cautions
from app.web.forms import (
    STANDING,
    ChineseMeta,
    Form,
    Query,
    attempt,
    date_field,
    enum_field,
    long_text_field,
    number_field,
    text_field,
    yes_no_field,
)
from app.web.history import Words
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen
from app.web.stamps import Stamp, columns
from app.web.ways import came_from_page, from_page

_VERBS = ("adding", "changing", "retiring", "removing")


class RetireForm(Form):
    """注销 and 解除 ask why."""

    reason = long_text_field("原因", need=True, length=300)


class RecordView(ListScreen, ModelView):
    """A list, a page, a form; see the module."""

    abstract: ClassVar[bool] = True
    datamodel: Any
    loading: ClassVar[Sequence[Any]] = ()
    """Loader options, so that related columns cost no query a row."""
    show_columns: Any = None
    """What the page shows, as Columns; the list's, unless declared."""
    search_columns: Any = ()
    add_columns: Any = ()
    edit_columns: Any = ()
    order_columns: Any = ()
    list_columns: Any = ()
    label_columns: Any = None
    named: ClassVar[Mapping[str, Any]] = {}
    """`label_columns` as declared: FAB adds English words of its own for the others."""
    fields: ClassVar[Mapping[str, Any]] = {}
    """Form fields of columns that the column's type does not say enough of."""
    confirmations: ClassVar[Sequence[str]] = ()
    """Fields of the forms that are no columns: ticks a service asks for; shown once it has asked."""
    key_name: ClassVar[str] = "key"
    """What the services call the record's id."""
    adding: ClassVar[Callable[..., Any] | None] = None
    changing: ClassVar[Callable[..., Any] | None] = None
    retiring: ClassVar[Callable[..., Any] | None] = None
    removing: ClassVar[Callable[..., Any] | None] = None
    change_word: ClassVar[str] = "编辑"
    retire_word: ClassVar[str] = "注销"
    retire_button: ClassVar[str] = ""
    """What the button under the reason reads; the word itself, unless the guide says otherwise."""
    thing: ClassVar[str] = ""
    """What 【新增】 makes, for its title, where that of the screen names something else."""
    after_adding: ClassVar[Literal["list", "show"]] = "list"
    """Where 【新增】 leads: the new record's page where more is to be said of it."""
    words: ClassVar[Mapping[str, str]] = {}
    """What history calls actions whose verb is not in its vocabulary."""
    exclude_route_methods: ClassVar[set[str]] = {"action", "action_post", "download"}
    related_views: Any = None
    form_template: ClassVar[str] = "screens/form.html"
    show_template: ClassVar[str] = "screens/record.html"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        for verb in _VERBS:
            if callable(cls.__dict__.get(verb)):
                setattr(cls, verb, staticmethod(cls.__dict__[verb]))
        if labels := cls.__dict__.get("label_columns"):
            cls.named = dict(labels)
        if not cls.__dict__.get("abstract") and isinstance(getattr(cls, "datamodel", None), SQLAInterface):
            if cls.conditions is Query:
                cls.conditions = type(f"{cls.__name__}Query", (Query,), cls._fields_of(cls.search_columns, asked=True))
            cls.list_title = cls.title  # FAB takes its own for a list's
            cls.list_columns = [next(iter(sa.inspect(cls.datamodel.obj).columns)).key]
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("abstract"):
            return
        missing = [name for name in ("datamodel", "label_columns") if getattr(cls, name, None) is None]
        missing += [f"{verb}'s columns" for verb, names in cls._written() if not names]
        if hasattr(cls, "datamodel") and cls.datamodel.obj.__str__ in (object.__str__, Model.__str__):
            missing.append("a __str__ of its model, for headings")
        if missing:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")
        if cls.related_views or not cls.exclude_route_methods >= RecordView.exclude_route_methods:
            raise TypeError(f"{cls.__name__} opens a route RecordView keeps closed")

    # What a screen may say beyond its declarations ------------------------------------------------------------

    def select(self, session: Session, values: Mapping[str, Any]) -> Select[Any]:
        """Every row in scope under the conditions: text by what it contains, all else by equality."""
        del session
        model = self.datamodel.obj
        statement = sa.select(model).options(*self.loading)
        for name, value in values.items():
            if value in (None, ""):
                continue
            column = getattr(model, name)
            contains = isinstance(column.type, sa.String) and not isinstance(column.type, EnumText)
            statement = statement.where(column.contains(value, autoescape=True) if contains else column == value)
        return statement

    def keeps(self, row: Any) -> bool:
        """Whether the acting post is offered to change this row; the services ask again."""
        return bool(getattr(row, "active", True))

    def prepare(self, form: Any) -> None:
        """Set the choices of the form's selects that come from the database."""

    def filled(self, form: Any) -> dict[str, Any]:
        """What the form holds, by the service's names; a text left out is empty."""
        names = [name for name in form._fields if name != "csrf_token"]
        return {name: "" if form[name].data is None and _is_text(form[name]) else form[name].data for name in names}

    def facts(self, row: Any) -> Sequence[tuple[str, Any]]:
        return [(column.label, column.of(row)) for column in self.show_columns or self.columns]

    def warnings(self, row: Any) -> Sequence[Caution]:
        """What ending a record would do to others, said before it is done."""
        return cautions(read(), row)

    def bars(self, row: Any) -> str:
        """Why a record can't be ended now, whatever reason is given; empty where it can."""
        del row
        return ""

    def edit_warnings(self, row: Any) -> Sequence[Caution]:
        """What changing it may do to others."""
        del row
        return ()

    def more(self, row: Any) -> Sequence[Button]:
        """Further buttons of one record."""
        del row
        return ()

    # Routes ---------------------------------------------------------------------------------------------------

    @expose("/show/<pk>")
    def show(self, pk: str) -> ResponseReturnValue:
        row = self._row(pk)
        return self._page(
            self.show_template,
            title=str(row),
            row=row,
            crumbs=[(self.title, self.url("list"))],
            facts=self.facts(row),
            buttons=from_page([button for button in self.row_actions(row) if button.label != "详情"]),
            history=history.steps(read(), row, words=self._history()),
            back=self.url("list"),
        )

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> ResponseReturnValue:
        """【新增】."""
        adding, form = self._verb("adding"), self.add_form()
        self.prepare(form)
        made = []

        def save() -> None:
            with command() as work:
                row = adding(work, actor=current_actor(), **self.filled(form))
                made.append(sa.inspect(row).identity[0] if self.after_adding == "show" else None)

        if attempt(form, save):
            flash("已新增。", "success")
            return redirect(self.url(self.after_adding, pk=made[0]))
        title = f"新增{self.thing}" if self.thing else f"新增：{self.title}"
        return self._form(form, title, self.url("list"), self.add_columns)

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> ResponseReturnValue:
        """【编辑】; a record that isn't kept any more shows its page instead of a form."""
        changing, row = self._verb("changing"), self._row(pk)
        if request.method == "GET" and not self.keeps(row):
            return self._closed(row, self.change_word, pk)
        form = self.edit_form() if request.method == "POST" else self.edit_form(obj=row)
        self.prepare(form)
        key = {self.key_name: self._key(pk)}
        stamp = self._stamp(row)
        after = []

        def save() -> None:
            values = self.filled(form)
            with command() as work:
                stamp.check(work, values)
                stands = changing(work, actor=current_actor(), **key, **values)
                after.append(sa.inspect(stands).identity[0] if stands is not None else pk)

        if attempt(form, save):
            flash("已保存修改。", "success")
            return redirect(self.url("show", pk=after[0]))
        title = f"{self.change_word}：{row}"
        return self._form(
            form, title, self._before(pk), self.edit_columns, stamp=stamp, warnings=self.edit_warnings(row)
        )

    @expose("/retire/<pk>", methods=["GET", "POST"])
    def retire(self, pk: str) -> ResponseReturnValue:
        """【注销】 or 【解除】: the reason, 【保存】, then 【确定】; the row and its history stay."""
        retiring, row, form, word = self._verb("retiring"), self._row(pk), RetireForm(), self.retire_word
        if request.method == "GET" and not self.keeps(row):
            return self._closed(row, word, pk)
        if problem := self.bars(row):
            page = self._page(
                "screens/barred.html",
                title=f"{word}：{row}",
                problem=problem,
                warnings=self.warnings(row),
                back=self.url("show", pk=pk),
                crumbs=[(self.title, self.url("list"))],
            )
            return page, 409 if request.method == "POST" else 200
        form.reason.label.text = f"{word}原因"
        key = {self.key_name: self._key(pk)}
        stamp = self._stamp(row)

        def save() -> None:
            with command() as work:
                stamp.check(work)
                retiring(work, actor=current_actor(), reason=form.reason.data, **key)

        if attempt(form, save):
            flash(f"已{word}。", "success")
            return redirect(self.url("show", pk=pk))
        return self._form(
            form,
            f"{word}：{row}",
            self._before(pk),
            ("reason",),
            confirm=f"确定{word}吗？",
            stamp=stamp,
            warnings=self.warnings(row),
        )

    @expose("/delete/<pk>", methods=["POST"])
    def delete(self, pk: str) -> ResponseReturnValue:
        """【删除】; what is in use is refused, naming what uses it."""
        removing = self._verb("removing")
        self._row(pk)
        try:
            with command() as session:
                removing(session, actor=current_actor(), **{self.key_name: self._key(pk)})
        except Refusal as refusal:
            flash(refusal.reason, "danger")
            return redirect(self.url("show", pk=pk))
        flash("已删除。", "success")
        return redirect(self.url("list"))

    # For templates --------------------------------------------------------------------------------------------

    def url(self, method: str, **values: Any) -> str:
        return url_for(f"{self.endpoint}.{method}", **values)

    def tools(self) -> Sequence[Button]:
        return (Button("新增", self.url("add"), tone="primary"),) if self.adding and self._may("add") else ()

    def row_actions(self, row: Any) -> Sequence[Button]:
        pk = sa.inspect(row).identity[0]
        buttons = [Button("详情", self.url("show", pk=pk))]
        if self.keeps(row):
            if self.changing and self._may("edit"):
                buttons.append(Button(self.change_word, self.url("edit", pk=pk)))
            if self.retiring and self._may("retire"):
                buttons.append(Button(self.retire_word, self.url("retire", pk=pk), tone="danger"))
            if self.removing and self._may("delete"):
                confirm = "删除后不能恢复，确定删除吗？"
                buttons.append(Button("删除", self.url("delete", pk=pk), "post", confirm, "danger"))
        return (*buttons, *self.more(row))

    # Inside ---------------------------------------------------------------------------------------------------

    @classmethod
    def _written(cls) -> Sequence[tuple[str, Any]]:
        wanted = (("adding", cls.add_columns), ("changing", cls.edit_columns))
        return [(verb, names) for verb, names in wanted if getattr(cls, verb) is not None]

    def _may(self, method: str) -> bool:
        return bool(self.appbuilder.sm.has_access(f"can_{method}", self.__class__.__name__))

    def _stamp(self, row: Any) -> Stamp:
        held = [name for name in self.edit_columns if name not in self.confirmations]
        return Stamp(row, columns(held), self._history())

    def _closed(self, row: Any, word: str, pk: str) -> ResponseReturnValue:
        flash(f"“{row}”已经{self.retire_word}，不能{word}。", "warning")
        return redirect(self.url("show", pk=pk))

    def _before(self, pk: str) -> str:
        """Where 【返回】 of a form leads."""
        return self.url("show", pk=pk) if came_from_page() else self.url("list")

    def _verb(self, name: str) -> Callable[..., Any]:
        return getattr(self, name) or abort(404)

    def _init_properties(self) -> None:
        super()._init_properties()
        declared = type(self)  # where nothing is declared, FAB takes every column
        self.add_columns, self.edit_columns, self.search_columns = declared.add_columns, declared.edit_columns, ()

    def _init_forms(self) -> None:
        self.add_form_extra_fields = self._fields_of(self.add_columns)
        self.edit_form_extra_fields = self._fields_of(self.edit_columns)
        super()._init_forms()
        for name in ("add_form", "edit_form"):
            made = getattr(self, name)
            setattr(self, name, type(made.__name__, (made,), {"Meta": type("Meta", (ChineseMeta, made.Meta), {})}))

    @classmethod
    def _fields_of(cls, names: Sequence[str], *, asked: bool = False) -> dict[str, Any]:
        """The form field of each column by its type; `asked`: as a condition, so that nothing is needed."""
        columns = sa.inspect(cls.datamodel.obj).columns
        made = {}
        for name in names:
            if name in cls.fields and not asked:
                made[name] = cls.fields[name]
                continue
            column, label = columns[name], str(cls.label_columns.get(name, name))
            made[name] = column_field(
                column, label, need=not asked and not column.nullable and not column.default, asked=asked
            )
        return made

    @cache  # noqa: B019  (views live as long as the application)
    def _history(self) -> Words:
        columns = sa.inspect(self.datamodel.obj).columns
        named = {
            name: (str(label), columns[name].type.enum)
            if name in columns and isinstance(columns[name].type, EnumText)
            else str(label)
            for name, label in self.named.items()
        }
        return Words({**named, "reason": "原因"}, self.words)

    def _key(self, pk: str) -> Any:
        """The primary key `pk` spells, in its column's type; 404 if it spells none."""
        column = sa.inspect(self.datamodel.obj).primary_key[0]
        if isinstance(column.type, sa.Integer):
            return int(pk) if pk.isascii() and pk.isdigit() and int(pk[:18]) <= LARGEST_ID else abort(404)
        return abort(404) if "\x00" in pk or len(pk) > 200 else pk

    def _row(self, pk: str) -> Any:
        """The row within the acting post's scope and the screen's; 404 otherwise."""
        column = sa.inspect(self.datamodel.obj).primary_key[0]
        statement = self.select(read(), {}).where(getattr(self.datamodel.obj, column.key) == self._key(pk))
        return read().scalar(statement) or abort(404)

    def _form(
        self,
        form: Any,
        title: str,
        back: str,
        names: Sequence[str],
        *,
        confirm: str = "",
        stamp: Stamp | None = None,
        warnings: Sequence[Caution] = (),
    ) -> ResponseReturnValue:
        names = [name for name in names if name not in self.confirmations or form[name].errors or form[name].data]
        page = self._page(
            self.form_template,
            form=form,
            title=title,
            back=back,
            confirm=confirm,
            stamp=stamp,
            warnings=warnings,
            groups=[("", names)],
            crumbs=[(self.title, self.url("list"))],
        )
        return page, 422 if form.errors else 200


def _is_text(field: Any) -> bool:
    return "String" in type(field).__name__ or "TextArea" in type(field).__name__


def column_field(column: Any, label: str, *, need: bool, asked: bool = False) -> Any:
    """The form field of a column, by its type; `asked`: as a condition."""
    kind = column.type
    if isinstance(kind, EnumText):
        return enum_field(label, cast(type[Labelled], kind.enum), need=need, blank="全部" if asked else "请选择")
    if isinstance(kind, sa.Boolean):
        words = STANDING if column.key == "active" else ("是", "否")
        return yes_no_field(label, blank="全部" if asked else "请选择", need=need, words=words)
    if isinstance(kind, sa.Text) and not asked:
        return long_text_field(label, need=need)
    if isinstance(kind, sa.String):
        return text_field(label, length=kind.length or 200, need=need)
    if isinstance(kind, sa.Date):
        return date_field(label, need=need)
    if isinstance(kind, sa.Integer):
        return number_field(label, need=need)
    raise TypeError(f"{column}: name its field")


__all__ = ["Button", "Column", "RecordView"]
