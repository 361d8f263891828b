"""Cells of lists: what a column takes from a row, and how that reads on the screen and in a workbook.

Written out here and not in a template: a page of a hundred rows has a thousand of them, and a macro costs ten times a
function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from operator import attrgetter
from typing import Any, Literal

from flask import Flask
from markupsafe import Markup

from app.web import filters
from app.web.ways import carried

Kind = Literal["text", "state", "day", "moment", "ago", "number", "count", "money", "masked"]
LONG = 10
"""Characters of a name that stays on one line."""
NOTHING = '<span class="none">—</span>'


@dataclass(frozen=True)
class Column:
    """One column. `value`: a dotted attribute path or a function of the row.

    kind: text, state (coloured word), day, moment (to the minute), ago (as people say it), number, count (of many), money, masked.
    width: of the workbook's column, "" (usual), "s", "m" or "l"; on the screen texts of more than LONG characters wrap.
    `clamp`: of a long text the first lines, the whole stands on the row's page.
    `tone` overrides the colour of a state. `export`: also in the workbook; `shown`: also on the screen.
    """

    label: str
    value: str | Callable[[Any], Any]
    kind: Kind = "text"
    width: Literal["", "s", "m", "l"] = ""
    link: Callable[[Any], str | None] | None = None
    tone: Callable[[Any], str] | None = None
    clamp: bool = False
    export: bool = True
    shown: bool = True

    @cached_property
    def of(self) -> Callable[[Any], Any]:
        """What takes the column's value from a row; None where the path ends early."""
        path = self.value
        if callable(path):
            return path
        if "." not in path:
            return attrgetter(path)
        names = path.split(".")

        def follow(row: Any) -> Any:
            for name in names:
                if row is None:
                    return None
                row = getattr(row, name)
            return row

        return follow

    @cached_property
    def plain(self) -> Callable[[Any], Any]:
        """What takes the value for a workbook: what the screen shows, numbers and moments as such."""
        if self.kind == "masked":
            return lambda row: filters.mask(self.of(row))
        return self.of

    def html(self, row: Any) -> str:
        """The cell as a table's <td>, as markup; on a phone its label stands before it."""
        value = self.of(row)
        shown = NOTHING if value is None or value == "" else self._shown(value, row)
        url = self.link(row) if self.link else None
        if url:
            shown = f'<a href="{escape(carried(url))}">{shown}</a>'
        if self.clamp:
            shown = f'<div class="clamp">{shown}</div>'
        wraps = self.kind == "text" and type(value) is str and len(value) > LONG
        return f"{self._wrapping if wraps else self._opening}{shown}</td>"

    @cached_property
    def _opening(self) -> str:
        kind = "number" if self.kind == "count" else self.kind
        return f'<td class="k-{kind}" data-label="{escape(self.label)}">'

    @cached_property
    def _wrapping(self) -> str:
        return f'<td class="k-text long" data-label="{escape(self.label)}">'

    def _shown(self, value: Any, row: Any) -> str:
        """Markup: whatever comes from the row is escaped here, once."""
        kind = self.kind
        if kind == "text":
            if type(value) is str:  # most are
                return escape(value)
            if hasattr(value, "__html__"):
                return str(value.__html__())
            if getattr(value, "tzinfo", None) is not None:
                return filters.moment(value)
        elif kind == "state":
            tone = self.tone(row) if self.tone else filters.tone(value)
            return f'<span class="state state--{escape(tone)}">{escape(filters.label(value))}</span>'
        elif kind == "moment":
            exact = filters.exact(value)
            return f'<time datetime="{value.isoformat()}" title="{exact}">{exact[:16]}</time>'
        elif kind == "ago":
            return filters.moment(value)
        elif kind == "masked":
            return f'<span class="mono">{escape(filters.mask(value))}</span>'
        elif kind == "day":
            return escape(filters.day(value))
        elif kind == "count":
            return filters.many(value)
        elif kind == "money":
            return escape(filters.money(value))
        return escape(filters.label(value))


def cells(row: Any, columns: Sequence[Column]) -> Markup:
    """The cells of a row; a filter of templates."""
    return Markup("".join([column.html(row) for column in columns]))


def register_cells(app: Flask) -> None:
    """Give templates `row | cells(columns)`."""
    app.jinja_env.filters["cells"] = cells
