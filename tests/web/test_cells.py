"""Cells read the same whatever they hold, and nothing in them is markup unless it says so."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import Markup

from app.catalog.enums import TitleLevel
from app.web import export
from app.web.cells import Column

NIGHT = datetime(2026, 3, 1, 16, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "inside"),
    [
        ("text", None, '<span class="none">—</span>'),
        ("text", "", '<span class="none">—</span>'),
        ("text", "<b>张三</b>", "&lt;b&gt;张三&lt;/b&gt;"),
        ("text", Markup("<b>张三</b>"), "<b>张三</b>"),
        ("text", TitleLevel.ASSISTANT, "助理级"),
        ("text", False, "否"),
        ("text", 0, "0"),
        ("day", date(2026, 3, 1), "2026-03-01"),
        ("day", NIGHT, "2026-03-02"),
        ("money", Decimal("1234.5"), "1,234.50"),
        ("masked", "430102199001011234", '<span class="mono">430***********1234</span>'),
        (
            "moment",
            NIGHT,
            '<time datetime="2026-03-01T16:30:05+00:00" title="2026-03-02 00:30:05">2026-03-02 00:30</time>',
        ),
        ("state", "refused", '<span class="state state--bad">refused</span>'),
    ],
)
def test_what_a_cell_says(kind: Any, value: Any, inside: str) -> None:
    shown = Column("值", "value", kind).html(SimpleNamespace(value=value))
    assert shown == f'<td class="k-{kind}" data-label="值">{inside}</td>'


def test_long_texts_wrap_and_short_ones_do_not() -> None:
    cell = Column("单位", "name").html
    assert cell(SimpleNamespace(name="工程技术人员")) == '<td class="k-text" data-label="单位">工程技术人员</td>'
    assert cell(SimpleNamespace(name="长沙市城区排水事务中心")).startswith('<td class="k-text long" data-label="单位">')


def test_link_and_tone() -> None:
    column = Column("状<态", "a.b", "state", "l", link=lambda row: row.url, tone=lambda _row: "ok")
    row = SimpleNamespace(a=SimpleNamespace(b="好"), url='/x?"y"')
    assert column.html(row) == (
        '<td class="k-state" data-label="状&lt;态">'
        '<a href="/x?&quot;y&quot;"><span class="state state--ok">好</span></a></td>'
    )
    assert "—" in column.html(SimpleNamespace(a=None, url=None))


@pytest.mark.parametrize("value", ["", "—", None, [], ()])
def test_a_workbooks_cell_is_empty_where_there_is_nothing(value: object) -> None:
    assert export.told(value) is None
