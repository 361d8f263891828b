from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.core import clock
from app.core.enums import Role
from app.web import filters

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # 12:00 in China


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 3, 10, 3, 59, 30, tzinfo=UTC), "刚刚"),
        (datetime(2026, 3, 10, 3, 55, tzinfo=UTC), "5 分钟前"),
        (datetime(2026, 3, 10, 1, 0, tzinfo=UTC), "3 小时前"),
        (datetime(2026, 3, 9, 7, 2, tzinfo=UTC), "昨天 15:02"),
        (datetime(2026, 3, 9, 15, 59, tzinfo=UTC), "昨天 23:59"),
        (datetime(2026, 3, 7, 4, 0, tzinfo=UTC), "3 天前"),
        (datetime(2026, 1, 2, 4, 0, tzinfo=UTC), "1月2日"),
        (datetime(2025, 11, 2, 4, 0, tzinfo=UTC), "2025年11月2日"),
        (datetime(2026, 3, 10, 10, 0, tzinfo=UTC), "今天 18:00"),
        (datetime(2026, 3, 11, 4, 0, tzinfo=UTC), "明天"),
        (date(2026, 3, 13), "还有 3 天"),
        (date(2026, 3, 10), "今天"),
        (None, "—"),
    ],
)
def test_ago(moment: datetime | date | None, words: str) -> None:
    with clock.at(NOON):
        assert filters.ago(moment) == words


def test_moment_tells_the_exact_time_on_hover() -> None:
    with clock.at(NOON):
        shown = str(filters.moment(datetime(2026, 3, 9, 7, 2, 3, tzinfo=UTC)))
    assert shown == '<time datetime="2026-03-09T07:02:03+00:00" title="2026-03-09 15:02:03">昨天 15:02</time>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("430102199001011234", "430***********1234"),
        ("1234567", "*******"),
        ("12345678", "123*5678"),
        ("", "—"),
        (None, "—"),
    ],
)
def test_mask(text: str | None, shown: str) -> None:
    assert filters.mask(text) == shown


def test_plain_words() -> None:
    assert [
        filters.label(value) for value in (None, "", True, False, Role.UNIT, date(2026, 1, 2), [], ["甲", "乙"])
    ] == [
        "—",
        "—",
        "是",
        "否",
        "单位经办人",
        "2026-01-02",
        "—",
        "甲、乙",
    ]
    assert filters.money(Decimal("1234.5")) == "1,234.50"
    assert filters.size(3 * 1024 * 1024) == "3.0 MB"
    assert str(filters.lines("<b>甲</b>\n乙")) == "&lt;b&gt;甲&lt;/b&gt;<br>乙"


@pytest.mark.parametrize(
    ("value", "tone"),
    [
        ("draft", "draft"),
        ("at_employer", "wait"),
        ("not_approved", "bad"),
        ("review_failed", "bad"),
        ("review_passed", "ok"),
        ("certified", "done"),
        ("returned", "wait"),
        ("refused", "bad"),
        ("awaiting_filing", "wait"),
        ("something", "plain"),
    ],
)
def test_tone(value: str, tone: str) -> None:
    assert filters.tone(value) == tone
