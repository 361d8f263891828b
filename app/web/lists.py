"""Every queue and list: declared columns and conditions, paged by key, acted on in bulk, exported as it stands.

class QueueView(ListScreen):
    access = only(Role.UNIT)
    route_base, title = "/queue", "待办"
    conditions, key = QueueQuery, (desc(Row.since), desc(Row.id))
    columns = (Column("姓名", "name"), Column("状态", "state", "state"))

    def select(self, session, values): return select(Row).options(...)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import chain
from typing import Any, ClassVar, Literal

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.core.enums import Role
from app.core.errors import Refusal
from app.web import export, exporting, filters, paging
from app.web.cells import Column
from app.web.forms import Query
from app.web.identity import current_actor, read
from app.web.paging import Key, asc, desc
from app.web.widgets import TYPED

__all__ = ["Bulk", "Button", "Column", "Key", "ListScreen", "asc", "desc"]

BULK_CAP = 2_000
EXPORT_PAGE = 5_000
_PAGING = ("after", "size")


@dataclass(frozen=True)
class Button:
    """A link, or with `method="post"` a button that posts; `confirm` asks before. tone: default, primary or danger."""

    label: str
    url: str
    method: Literal["get", "post"] = "get"
    confirm: str = ""
    tone: Literal["default", "primary", "danger"] = "default"


@dataclass(frozen=True)
class Bulk:
    """An action on the ticked rows, done by the screen's method `name(ids) -> message`.

    by_query: it is also offered for everything the conditions find (【按查询条件…】, with a step to confirm).
    """

    name: str
    label: str
    confirm: str = ""
    by_query: bool = False
    query_label: str = ""
    """The words of the button for everything the conditions find, where the guide has its own."""
    tone: Literal["default", "primary", "danger"] = "default"
    roles: frozenset[Role] | None = None


def _these(ids: Sequence[Any]) -> str:
    """A digest of the rows a person agrees to."""
    return sha256(repr(list(ids)).encode()).hexdigest()[:32]


def counted_for() -> str:
    """Whose count the request's cursor carries, and of what: the acting post, the list and its conditions."""
    actor = current_actor()
    asked = sorted(pair for pair in request.args.items(multi=True) if pair[0] not in _PAGING)
    return repr((actor.user_id, actor.post_id, request.path, asked))


def misunderstood(form: Query) -> str:
    """What to say of conditions that can't be understood: left out, they would find everything. Empty without any."""
    said = [f"{field.label.text}：{field.errors[0]}" for field in form if field.errors]
    return f"请改正查询条件。{''.join(said)}" if said else ""


def described(form: Query) -> Sequence[tuple[str, str]]:
    """(label, what was asked) of the conditions that are set."""
    facts = []
    for field in form:
        if field.data in (None, "", []) or field.errors:
            continue
        offered = field.iter_choices() if hasattr(field, "iter_choices") else ()
        choices = {str(getattr(one.value, "value", one.value)): str(one.label) for one in offered}
        typed = getattr(field, "text", "")
        facts.append((str(field.label.text), typed or choices.get(str(field.data), filters.label(field.data))))
    return facts or [("查询条件", "无（全部记录）")]


def in_words(form: Query) -> str:
    """The conditions that are set, in one line."""
    return "；".join(f"{label}：{said}" for label, said in described(form))


class ListScreen(BaseView):
    """A list over `select`, ordered by `key`, whose last column is unique and is the row's id for bulk actions."""

    title: ClassVar[str]
    intro: ClassVar[str] = ""
    columns: ClassVar[Sequence[Column]]
    key: ClassVar[Sequence[Key]]
    conditions: ClassVar[type[Query]] = Query
    bulk_actions: ClassVar[Sequence[Bulk]] = ()
    exportable: ClassVar[bool] = True
    empty: ClassVar[str] = "还没有记录。"
    """What a list says that holds nothing, whatever is asked for."""
    size: ClassVar[int] = paging.PAGE_SIZES[0]
    template: ClassVar[str] = "screens/list.html"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("abstract"):
            return
        missing = [name for name in ("access", "title", "columns", "key") if not hasattr(cls, name)]
        missing += [action.name for action in cls.bulk_actions if not callable(getattr(cls, action.name, None))]
        if missing:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")

    # What a screen declares -------------------------------------------------------------------------------

    def select(self, session: Session, values: Mapping[str, Any]) -> Select[Any]:
        """The rows under the conditions, with loader options, without order. `values`: field name -> value or None."""
        raise NotImplementedError

    def page(self, session: Session, values: Mapping[str, Any], after: str | None, size: int) -> paging.Page:
        """The rows shown; `after` is the URL's. A screen whose rows are no query's gives its own, and the next two."""
        whose = counted_for()
        cursor = paging.decode(after, self.key, whose)
        return paging.fetch(session, self.select(session, values), self.key, cursor, size, whose)

    def counted(self, session: Session, values: Mapping[str, Any], most: int | None = None) -> int:
        """How many rows there are, counted up to one more than `most`."""
        return paging.count_rows(session, self.select(session, values), self.key, most)

    def pages(self, session: Session, values: Mapping[str, Any], size: int) -> Iterator[Sequence[Any]]:
        """All rows for a workbook, `size` at a time."""
        return paging.pages(session, self.select(session, values), self.key, size)

    def fill(self, session: Session, form: Query) -> None:
        """Set the choices of select fields that come from the database."""

    def row_actions(self, row: Any) -> Sequence[Button]:
        """What can be done with one row."""
        del row
        return ()

    def tickable(self, row: Any) -> bool:
        """Whether a bulk action makes sense for a row."""
        del row
        return True

    def tools(self) -> Sequence[Button]:
        """Buttons above the list (新增 …)."""
        return ()

    def extra(self, session: Session) -> Mapping[str, Any]:
        """More variables for a template that extends screens/list.html."""
        del session
        return {}

    # Routes -------------------------------------------------------------------------------------------------

    @expose("/")
    def list(self, **_place: Any) -> ResponseReturnValue:
        """The list; variables of route_base are read by `place("plan_id")`."""
        session = read()
        form, values = self._conditions(session)
        size = paging.page_size(request.args.get("size"), self.size)
        page = self.page(session, values, request.args.get("after"), size)
        return self._page(
            self.template,
            screen=self,
            form=form,
            page=page,
            size=size,
            sizes=paging.PAGE_SIZES,
            here=self.here,
            filtered=any(value not in (None, "", []) for name, value in values.items() if name in request.args),
            offered=self._offered(),
            **self.extra(session),
        )

    @expose("/export", methods=["GET", "POST"])
    def export(self, **_place: Any) -> ResponseReturnValue:
        """【导出查询结果】: the rows under the conditions as a workbook; over EXPORT_ROWS of them, made by a job.

        Only a POST starts a job: a GET of so many rows asks for it first.
        """
        if not self.exportable:
            abort(404)
        session, most = read(), current_app.config["EXPORT_ROWS"]
        form, values = self._conditions(session)
        if problem := misunderstood(form):
            flash(f"没有导出，{problem}", "danger")
            return redirect(self.here(after=None))
        if self.counted(session, values, most) > most:
            if request.method == "POST":
                back, asked = self.here(after=None), in_words(form)
                return exporting.begin(f"导出{self.title}", self.export_url(), back=back, conditions=asked)
            return self._page(
                "screens/confirm.html",
                title=f"导出{self.title}",
                question=f"查询结果超过 {most:,} 条，将在后台生成工作簿，完成后在进度页下载。",
                facts=described(form),
                url=self.export_url(),
                back=self.here(after=None),
                submit="导出查询结果",
            )
        rows = chain.from_iterable(self.pages(session, values, EXPORT_PAGE))
        return export.download(rows, self.exported, title=self.title, conditions=in_words(form))

    def every(self) -> tuple[int, Iterator[Sequence[Any]]]:
        """The number of rows under this request's conditions, and the rows by pages: what a job exports."""
        session = read()
        form, values = self._conditions(session)
        if problem := misunderstood(form):
            raise Refusal(f"没有导出，{problem}")
        return self.counted(session, values), self.pages(session, values, EXPORT_PAGE)

    @property
    def exported(self) -> Sequence[Column]:
        return [column for column in self.columns if column.export]

    @expose("/bulk/<bulk_name>", methods=["POST"])
    def bulk(self, bulk_name: str, **_place: Any) -> ResponseReturnValue:
        """Do a bulk action on the ticked rows, or on all the conditions find after a step to confirm.

        What is confirmed is the rows, not their number: where others are found by then, it is asked once more.
        """
        action = next((action for action in self._offered() if action.name == bulk_name), None)
        if action is None:
            abort(404)
        by_query = request.form.get("rows") == "query"
        if by_query:
            if not action.by_query:
                abort(404)
            session = read()
            form, values = self._conditions(session)
            if problem := misunderstood(form):
                flash(f"没有执行，{problem}", "danger")
                return redirect(self.here())
            ids = self._found(session, values)
            if not ids or len(ids) > BULK_CAP:
                flash(f"一次最多处理 {BULK_CAP:,} 条，请缩小查询条件。" if ids else "没有符合条件的记录。", "warning")
                return redirect(self.here())
            these, confirmed = _these(ids), request.form.get("confirmed", "")
            if confirmed != these:
                moved = "您确认以前，符合条件的记录有变化，还没有执行。" if confirmed else ""
                return self._page(
                    "screens/confirm.html",
                    title=f"按查询条件{action.label}",
                    warning=moved,
                    question=f"将对符合查询条件的 {len(ids):,} 条记录执行“{action.label}”。{action.confirm}",
                    facts=described(form),
                    url=self.bulk_url(action),
                    back=self.here(),
                    hidden={"rows": "query", "confirmed": these},
                    submit=action.label,
                    tone=action.tone,
                )
        else:
            ids = self._ticked()
            if not ids:
                flash("请先勾选要处理的记录。", "warning")
                return redirect(self.here())
        try:
            message = getattr(self, action.name)(ids)
            flash(message or f"已{action.label} {len(ids)} 条。", "success")
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(self.here(after=None) if by_query else self.here())

    def _page(self, template: str, **values: Any) -> str:
        return str(self.render_template(template, **values))

    # Inside ---------------------------------------------------------------------------------------------------

    def _offered(self) -> tuple[Bulk, ...]:
        return tuple(a for a in self.bulk_actions if a.roles is None or current_actor().role in a.roles)

    def _conditions(self, session: Session) -> tuple[Query, dict[str, Any]]:
        """The conditions of the URL; a value that can't be understood is marked beside its field and left out."""
        form = self.conditions(request.args)
        self.fill(session, form)
        form.validate()
        return form, {field.short_name: None if field.errors else field.data for field in form}

    def _found(self, session: Session, values: Mapping[str, Any]) -> Sequence[Any]:
        """Ids of everything under the conditions, BULK_CAP + 1 at most, in the list's order."""
        statement = paging.ordered(self.select(session, values), self.key).limit(BULK_CAP + 1)
        return [row[-1] for row in session.execute(statement)]

    def _ticked(self) -> Sequence[int]:
        sent = request.form.getlist("ids")[: max(paging.PAGE_SIZES)]
        return [*dict.fromkeys(int(text) for text in sent if text.isascii() and text.isdigit() and len(text) <= 18)]

    def here(self, **changed: Any) -> str:
        """The list's address with its conditions and page, `changed` over them (None drops a parameter)."""
        return self._address("list", **changed)

    def export_url(self) -> str:
        return self._address("export", after=None, size=None)

    def bulk_url(self, action: Bulk) -> str:
        return self._address("bulk", bulk_name=action.name)

    def place(self, name: str) -> Any:
        """A variable of route_base in this request."""
        return (request.view_args or {})[name]

    def _address(self, method: str, **changed: Any) -> str:
        """A route of this screen with what the URL says now. Only parameters we know are carried on."""
        known = self.known()
        kept: dict[str, Any] = {k: v for k, v in request.args.to_dict(flat=False).items() if k in known}
        kept |= {k: v for k, v in (request.view_args or {}).items() if k != "bulk_name"}
        return url_for(
            f"{self.endpoint}.{method}", **{k: v for k, v in (kept | changed).items() if v not in (None, "", [""])}
        )

    @classmethod
    @cache
    def known(cls) -> frozenset[str]:
        """The parameters of the URL that say what is shown."""
        names = [name for name in dir(cls.conditions) if hasattr(getattr(cls.conditions, name, None), "field_class")]
        return frozenset([*names, *(name + TYPED for name in names), *_PAGING])
