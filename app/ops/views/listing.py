"""A list of the console on the page every other list has: paged by key, its conditions in the URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.web import export, paging
from app.web.forms import Query
from app.web.lists import EXPORT_PAGE, Button, Column, Key, counted_for, in_words, misunderstood

_PAGING = ("after", "size")


@dataclass
class Listing:
    """What screens/list.html asks of a screen, said for one request."""

    title: str
    intro: str
    columns: Sequence[Column]
    key: Sequence[Key]
    statement: Select[Any]
    form: Query
    actions: Callable[[Any], Sequence[Button]] = lambda _row: ()
    empty: str = "还没有记录。"
    exported: Sequence[Column] = ()
    """The workbook's columns, where they say more than the list's."""
    look_up: Callable[[Sequence[Any]], None] = lambda _rows: None
    """Called with each page of rows before they are shown."""
    exportable = True
    size = paging.PAGE_SIZES[0]
    page: paging.Page = field(init=False)

    def fetch(self, session: Session) -> paging.Page:
        whose = counted_for()
        cursor = paging.decode(request.args.get("after"), self.key, whose)
        self.page = paging.fetch(session, self.statement, self.key, cursor, self._size(), whose)
        self.look_up(self.page.rows)
        return self.page

    def download(self, session: Session) -> ResponseReturnValue:
        """【导出查询结果】; more rows than one waits for are asked to be fewer."""
        most, back = current_app.config["EXPORT_ROWS"], "index" if "table" not in (request.view_args or {}) else "rows"
        if problem := misunderstood(self.form):
            flash(f"没有导出，{problem}", "danger")
            return redirect(self._address(back))
        if paging.count_rows(session, self.statement, self.key, most) > most:
            flash(f"查询结果超过 {most:,} 条，请增加查询条件后再导出。", "warning")
            return redirect(self._address(back))
        return export.download(
            self._rows(session), self.exported or self.columns, title=self.title, conditions=in_words(self.form)
        )

    def _rows(self, session: Session) -> Iterator[Any]:
        for page in paging.pages(session, self.statement, self.key, EXPORT_PAGE):
            self.look_up(page)
            yield from page

    def values(self) -> Mapping[str, Any]:
        """The template's variables, after `fetch`."""
        return {
            "screen": self,
            "form": self.form,
            "page": self.page,
            "size": self._size(),
            "sizes": paging.PAGE_SIZES,
            "here": self.here,
            "filtered": any(one.data not in (None, "") for one in self.form),
            "offered": (),
        }

    def here(self, **changed: Any) -> str:
        return self._address((request.endpoint or "").rpartition(".")[2], **changed)

    def export_url(self) -> str:
        return self._address("export", after=None, size=None)

    def _address(self, method: str, **changed: Any) -> str:
        """A route beside this one, with the conditions of this one."""
        known = {*_PAGING, *(one.name for one in self.form)}
        kept = {name: value for name, value in request.args.items() if name in known}
        wanted = (request.view_args or {}) | kept | changed
        return url_for(f".{method}", **{name: value for name, value in wanted.items() if value not in (None, "")})

    def tools(self) -> Sequence[Button]:
        return ()

    def row_actions(self, row: Any) -> Sequence[Button]:
        return self.actions(row)

    def _size(self) -> int:
        return paging.page_size(request.args.get("size"), self.size)


def asked(form: Query) -> dict[str, Any]:
    """What each condition asks for; one that can't be understood is marked beside its field and left out."""
    form.validate()
    return {one.name: None if one.errors else one.data for one in form}
