"""A list of the console on the page every other list has: paged by key, its conditions in the URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request, url_for
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.web import paging
from app.web.forms import Query
from app.web.lists import Button, Column, Key, counted_for

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
    exportable = False
    size = paging.PAGE_SIZES[0]
    page: paging.Page = field(init=False)

    def fetch(self, session: Session) -> paging.Page:
        whose = counted_for()
        cursor = paging.decode(request.args.get("after"), self.key, whose)
        self.page = paging.fetch(session, self.statement, self.key, cursor, self._size(), whose)
        return self.page

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
        known = {*_PAGING, *(one.name for one in self.form)}
        kept = {name: value for name, value in request.args.items() if name in known}
        wanted = (request.view_args or {}) | kept | changed
        return url_for(
            request.endpoint or "", **{name: value for name, value in wanted.items() if value not in (None, "")}
        )

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
