"""RecordView: FAB's generated screens for ordinary master data, without the doors FAB leaves open.

FAB generates the forms, the filters and the routes; reading goes through the request's scoped session, writing
through one unit of work that calls a service. `action`, `action_post`, `download` and related views don't exist.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import ModelView, expose
from flask_appbuilder.exceptions import FABException
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla import filters as fab_filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from wtforms import Form as PlainForm

from app.core.db import EnumText
from app.core.errors import Refusal
from app.core.scope import Actor
from app.web.forms import ChineseMeta, apply_refusal, enum_field
from app.web.history import Words, steps
from app.web.identity import command, current_actor, read
from app.web.paging import COUNT_CAP, PAGE_SIZES, page_size
from app.web.related import BLANK, RelatedIs, related_field

log = logging.getLogger(__name__)


LAST_PAGE = 5_000
DUPLICATE = "与已有记录重复，或正被其他记录使用，没有保存。"
_DECLARED = ("access", "list_columns", "show_columns", "search_columns", "order_columns", "label_columns", "list_title")


class RecordView(ModelView):
    """A list, a page, a form. A subclass declares its columns and overrides the hooks of what may be written.

    `loading`: loader options of the list, so that related columns cost no query a row.
    A hook that isn't overridden switches its route off (404).
    """

    abstract: ClassVar[bool] = True
    loading: ClassVar[Sequence[Any]] = ()
    intro: ClassVar[str] = ""
    history: ClassVar[Words | None] = None
    """What the history at the foot of a record's page calls its fields; no history without it."""
    exclude_route_methods: ClassVar[set[str]] = {"action", "action_post", "download"}
    related_views: Any = None
    list_columns: Any = None
    show_columns: Any = None
    add_columns: Any = None
    edit_columns: Any = None
    search_columns: Any = None
    order_columns: Any = None
    label_columns: Any = None
    search_form_extra_fields: Any = None
    add_form_extra_fields: Any = None
    edit_form_extra_fields: Any = None
    page_size = PAGE_SIZES[0]
    list_template = "screens/records.html"
    show_template = "screens/record.html"
    form_template: ClassVar[str] = "screens/form.html"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("abstract"):
            return
        missing = [name for name in _DECLARED if getattr(cls, name, None) is None]
        missing += ["datamodel"] if not isinstance(getattr(cls, "datamodel", None), SQLAInterface) else []
        if cls._writes("create") and not (cls.add_columns or cls.add_form):
            missing.append("add_columns")
        if cls._writes("change") and not (cls.edit_columns or cls.edit_form):
            missing.append("edit_columns")
        if missing:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")
        if cls.related_views or not cls.exclude_route_methods >= RecordView.exclude_route_methods:
            raise TypeError(f"{cls.__name__} opens a route RecordView keeps closed")

    # Hooks -------------------------------------------------------------------------------------------------

    def create(self, session: Session, actor: Actor, form: Any) -> Any:
        """Call the service that makes a row from `form`; may return the row."""
        raise NotImplementedError

    def change(self, session: Session, actor: Actor, key: Any, form: Any) -> None:
        """Call the service that changes row `key` by `form`."""
        raise NotImplementedError

    def remove(self, session: Session, actor: Actor, key: Any) -> None:
        """Call the service that removes row `key`."""
        raise NotImplementedError

    @classmethod
    def _writes(cls, hook: str) -> bool:
        return getattr(cls, hook) is not getattr(RecordView, hook)

    # Routes ------------------------------------------------------------------------------------------------

    @expose("/list/")
    def list(self) -> ResponseReturnValue:
        size = page_size(request.args.get(self._parameter("psize")), self.page_size)
        found = self._filters_asked()
        try:
            count, rows, number = self._rows(found, size)
        except (SQLAlchemyError, FABException, ValueError, TypeError) as error:
            log.info("search on %s was not understood: %s", self.endpoint, type(error).__name__)
            read().rollback()
            flash("查询条件无法识别，已显示全部记录。", "warning")
            found = self._new_filters()
            count, rows, number = self._rows(found, size)
        return self._page(
            self.list_template,
            screen=self,
            title=self.list_title,
            rows=rows,
            count=count,
            number=number,
            size=size,
            sizes=PAGE_SIZES,
            cap=COUNT_CAP,
            form=self._search(),
            order=self._order_asked(),
            filtered=bool(found.filters),
        )

    @expose("/show/<pk>")
    def show(self, pk: str) -> ResponseReturnValue:
        row = self._row(pk)
        past = steps(read(), row, words=self.history) if self.history else None
        return self._page(self.show_template, screen=self, title=self.show_title, row=row, pk=pk, history=past)

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> ResponseReturnValue:
        self._only_with("create")
        form = self.add_form()
        if form.validate_on_submit() and self._attempt(form, lambda work: self.create(work, current_actor(), form)):
            flash("已新增。", "success")
            return redirect(self.url("list"))
        return self._form(form, self.add_title, self.add_columns, self.add_fieldsets, self.url("list"))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> ResponseReturnValue:
        self._only_with("change")
        row, key = self._row(pk), self._key(pk)
        form = self.edit_form() if request.method == "POST" else self.edit_form(obj=row)
        form._id = key  # FAB's Unique validator leaves this row out by it
        if form.validate_on_submit() and self._attempt(
            form, lambda work: self.change(work, current_actor(), key, form)
        ):
            flash("已保存修改。", "success")
            return redirect(self.url("show", pk=pk))
        return self._form(form, self.edit_title, self.edit_columns, self.edit_fieldsets, self.url("show", pk=pk))

    @expose("/delete/<pk>", methods=["POST"])
    def delete(self, pk: str) -> ResponseReturnValue:
        """Removes only by POST, and only after a page that asks."""
        self._only_with("remove")
        row, key = self._row(pk), self._key(pk)
        if request.form.get("confirmed") != "1":
            facts = [(self.label_columns.get(name, name), self.value(row, name)) for name in self.show_columns[:6]]
            return self._page(
                "screens/confirm.html",
                title="删除",
                question="确定删除这条记录吗？删除后不能恢复。",
                facts=facts,
                url=self.url("delete", pk=pk),
                back=self.url("show", pk=pk),
                hidden={"confirmed": 1},
                submit="删除",
                tone="danger",
            )
        reason = self._refused(lambda work: self.remove(work, current_actor(), key))
        if reason:
            flash(reason, "danger")
            return redirect(self.url("show", pk=pk))
        flash("已删除。", "success")
        return redirect(self.url("list"))

    # For templates -----------------------------------------------------------------------------------------

    def url(self, method: str, **values: Any) -> str:
        return url_for(f"{self.endpoint}.{method}", **values)

    def can(self, method: str) -> bool:
        """Whether the acting post sees the button of `method`."""
        hooks = {"add": "create", "edit": "change", "delete": "remove"}
        return self._writes(hooks[method]) and self.appbuilder.sm.has_access(f"can_{method}", self.__class__.__name__)

    def key_of(self, row: Any) -> Any:
        return sa.inspect(row).identity[0]

    def value(self, row: Any, name: str) -> Any:
        """The value of a declared column (dots follow relations), through its formatter if it has one."""
        for part in name.split("."):
            row = None if row is None else getattr(row, part)
            row = row() if callable(row) else row
        formatter = (self.formatters_columns or {}).get(name)
        return formatter(row) if formatter else row

    def list_url(self, **changed: Any) -> str:
        """The list with its search kept, `changed` over it: order, direction, page, size."""
        names = {"order": "_oc", "direction": "_od", "page": "page", "size": "psize"}
        kept: dict[str, Any] = {k: v for k, v in request.args.to_dict(flat=False).items() if k in self._parameters()}
        for word, value in changed.items():
            kept[self._parameter(names[word])] = value
        return self.url("list", **{k: v for k, v in kept.items() if v not in (None, "", [""])})

    def _page(self, template: str, **values: Any) -> str:
        return str(self.render_template(template, **values))

    # Inside ------------------------------------------------------------------------------------------------

    def _init_forms(self) -> None:
        self.add_form_extra_fields = self._own_fields(self.add_columns) | (self.add_form_extra_fields or {})
        self.edit_form_extra_fields = self._own_fields(self.edit_columns) | (self.edit_form_extra_fields or {})
        searched = self._own_fields(self.search_columns, searching=True)
        self.search_form_extra_fields = searched | (self.search_form_extra_fields or {})
        super()._init_forms()
        for name in ("add_form", "edit_form", "search_form"):
            form_class = getattr(self, name)
            options = {"csrf": False} if name == "search_form" else {}
            meta = type("Meta", (ChineseMeta, form_class.Meta), options)
            setattr(self, name, type(form_class.__name__, (form_class,), {"Meta": meta}))

    def _own_fields(self, names: Sequence[str], *, searching: bool = False) -> dict[str, Any]:
        """Our fields for enum columns (FAB offers a text field) and related rows (FAB's own warn or load unscoped)."""
        mapper = sa.inspect(self.datamodel.obj)
        fields: dict[str, Any] = {}
        for name in names:
            label = str(self.label_columns.get(name, name))
            if name in mapper.columns and isinstance(mapper.columns[name].type, EnumText):
                need = not searching and not mapper.columns[name].nullable
                fields[name] = enum_field(
                    label, mapper.columns[name].type.enum, need=need, blank="全部" if searching else "请选择"
                )
            elif self._is_related(name):
                local = next(iter(mapper.relationships[name].local_columns))
                fields[name] = related_field(
                    label, mapper.relationships[name].mapper.class_, need=not searching and not local.nullable
                )
        return fields

    def _is_related(self, name: str) -> bool:
        return name in sa.inspect(self.datamodel.obj).relationships and self.datamodel.is_relation_many_to_one(name)

    def _init_properties(self) -> None:
        self.add_columns = self.add_columns or ["__none__"]
        self.edit_columns = self.edit_columns or ["__none__"]
        searched, ordered = self.search_columns, self.order_columns
        super()._init_properties()
        self.search_columns, self.order_columns = searched, ordered
        self.add_columns = [name for name in self.add_columns if name != "__none__"]
        self.edit_columns = [name for name in self.edit_columns if name != "__none__"]

    def _only_with(self, hook: str) -> None:
        if not self._writes(hook):
            abort(404)

    def _parameter(self, kind: str) -> str:
        return f"{kind}_{self.__class__.__name__}"

    def _parameters(self) -> set[str]:
        flt = {f"_flt_{index}_{name}" for name in self.search_columns for index in range(10)}
        return flt | {self._parameter(kind) for kind in ("_oc", "_od", "page", "psize")}

    def _key(self, pk: str) -> Any:
        """The primary key `pk` spells, in its column's type; 404 if it spells none."""
        column = sa.inspect(self.datamodel.obj).primary_key[0]
        if isinstance(column.type, sa.Integer):
            if not (pk.isascii() and pk.isdigit() and len(pk) <= 18):
                abort(404)
            return int(pk)
        if "\x00" in pk or len(pk) > 200:
            abort(404)
        return pk

    def _row(self, pk: str) -> Any:
        """The row within the acting post's scope; 404 otherwise."""
        model = self.datamodel.obj
        column = sa.inspect(model).primary_key[0]
        row = read().scalar(sa.select(model).where(column == self._key(pk)).options(*self.loading))
        if row is None:
            abort(404)
        return row

    def _new_filters(self) -> Filters:
        """Filters of this request alone: FAB keeps one object on the view, shared between threads."""
        return (
            self.datamodel.get_filters([*self.search_columns]) if self.search_columns else self.datamodel.get_filters()
        )

    def _operator(self, filters: Filters, name: str) -> int | None:
        """The index of the filter our search form uses for a column: contains for text, else equality."""
        offered = filters.get_search_filters().get(name) or []
        wanted = (fab_filters.FilterContains, fab_filters.FilterEqual, fab_filters.FilterRelationOneToManyEqual)
        for kind in wanted:
            for index, one in enumerate(offered):
                if type(one) is kind:
                    return index
        return 0 if offered else None

    def _filters_asked(self) -> Filters:
        """The filters of the URL on declared search columns; anything else is left out."""
        filters = self._new_filters()
        for name, offered in filters.get_search_filters().items():
            for index, one in enumerate(offered):
                for text in request.args.getlist(f"_flt_{index}_{name}")[:5]:
                    text = text.replace("\x00", "").strip()[:100]
                    if text and text != BLANK:
                        filters._add_filter(RelatedIs(name, self.datamodel) if self._is_related(name) else one, text)
        return filters

    def _order_asked(self) -> tuple[str, str]:
        name, direction = request.args.get(self._parameter("_oc"), ""), request.args.get(self._parameter("_od"), "")
        if name in self.order_columns and direction in ("asc", "desc"):
            return name, direction
        return self.base_order or ("", "")

    def _rows(self, filters: Filters, size: int) -> tuple[int, Sequence[Any], int]:
        """(count up to COUNT_CAP + 1, one page of rows, its number from 0)."""
        model = self.datamodel.obj
        key = sa.inspect(model).primary_key[0]
        query = filters.get_joined_filters(self._base_filters).apply_all(read().query(model))
        count = query.order_by(None).limit(COUNT_CAP + 1).count()
        text = request.args.get(self._parameter("page"), "")
        number = min(int(text), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        number = min(number, max(0, (count - 1) // size)) if count <= COUNT_CAP else number
        name, direction = self._order_asked()
        if name:
            query = self.datamodel.apply_order_by(query, name, direction)
        query = query.order_by(key.desc() if direction == "desc" else key).options(*self.loading)
        return count, query.offset(number * size).limit(size).all(), number

    def _search(self) -> PlainForm:
        """The search form with each field under FAB's own parameter name."""
        form, filters = self.search_form(), self._new_filters()
        for name in self.search_columns:
            index = self._operator(filters, name)
            field = form[name]
            field.name = f"_flt_{index}_{name}"
            if hasattr(field, "allow_blank"):
                field.blank_text = "全部"
            field.flags.required = None
            field.process(request.args)
        return form

    def _attempt(self, form: Any, work: Any) -> bool:
        try:
            with command() as session:
                work(session)
        except Refusal as refusal:
            apply_refusal(form, refusal)
            return False
        except IntegrityError as error:
            log.warning("%s: %s", self.endpoint, type(error.orig).__name__)
            form.form_errors.append(DUPLICATE)
            return False
        return True

    def _refused(self, work: Any) -> str:
        try:
            with command() as session:
                work(session)
        except Refusal as refusal:
            return refusal.reason
        except IntegrityError as error:
            log.warning("%s: %s", self.endpoint, type(error.orig).__name__)
            return "这条记录正被其他记录使用，不能删除。"
        return ""

    def _form(
        self,
        form: Any,
        title: str,
        columns: Sequence[str],
        fieldsets: Sequence[tuple[str, Mapping[str, Any]]] | None,
        back: str,
    ) -> ResponseReturnValue:
        groups = [(name, fields["fields"]) for name, fields in fieldsets] if fieldsets else [("", columns)]
        page = self._page(self.form_template, form=form, title=title, groups=groups, back=back, submit="保存")
        return page, 422 if form.errors else 200
