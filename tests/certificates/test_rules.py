"""Numbers and QR tokens: tables of cases."""

from __future__ import annotations

import pytest

from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.certificates import rules

DEFAULT = rules.read_template(rules.DEFAULT_TEMPLATE)


@pytest.mark.parametrize(
    ("level", "series", "year", "method", "unit", "prefix"),
    [
        (L.FULL_SENIOR, 1, 2026, M.REVIEW, "43", "A0126143000000"),
        (L.ASSOCIATE_SENIOR, 27, 2026, M.REVIEW, "4300", "A2726143000000"),
        (L.INTERMEDIATE, 8, 2007, M.REVIEW, "4301", "B0807143010000"),
        (L.ASSISTANT, 8, 2026, M.INITIAL_DETERMINATION, "43010201", "C0826343010201"),
        (L.CLERK, 9, 2100, M.RECOGNITION, "X", "C09003X0000000"),
    ],
)
def test_a_prefix_says_level_series_year_mode_and_unit(
    level: L, series: int, year: int, method: M, unit: str, prefix: str
) -> None:
    assert DEFAULT.prefix(level, series, year, method, unit) == prefix
    assert len(DEFAULT.number(prefix, 1)) == 18


@pytest.mark.parametrize(
    ("series", "unit"), [(0, "4301"), (100, "4301"), (8, ""), (8, "430102011"), (8, "长沙"), (8, "43-1"), (8, "４３")]
)
def test_what_does_not_fit_is_refused(series: int, unit: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        DEFAULT.prefix(L.ASSISTANT, series, 2026, M.REVIEW, unit)


@pytest.mark.parametrize(
    ("serial", "text"),
    [
        (1, "0001"),
        (9999, "9999"),
        (10_000, "A000"),
        (10_999, "A999"),
        (11_000, "B000"),
        (17_999, "H999"),
        (18_000, "J000"),
        (22_999, "N999"),
        (23_000, "P000"),
        (33_999, "Z999"),
    ],
)
def test_serials_run_over_into_letters(serial: int, text: str) -> None:
    assert DEFAULT.serial_text(serial) == text


@pytest.mark.parametrize("serial", [-1, 0, 34_000])
def test_serials_end(serial: int) -> None:
    with pytest.raises(ValueError, match="is outside 1"):
        DEFAULT.serial_text(serial)


@pytest.mark.parametrize("template", [rules.DEFAULT_TEMPLATE, "{level}{series}{year:4}{mode}{unit:4}-{serial:3}"])
def test_no_two_serials_share_a_text(template: str) -> None:
    numbers = rules.read_template(template)
    texts = [numbers.serial_text(serial) for serial in range(1, numbers.last_serial + 1)]
    assert len(set(texts)) == len(texts) == numbers.last_serial
    assert {len(text) for text in texts} == {numbers.serial_width}
    assert not any(letter in text for text in texts for letter in "IO")


def test_another_template() -> None:
    numbers = rules.read_template("HN-{year:4}{level}{mode}{series:2}{unit:6}{serial:5}")
    prefix = numbers.prefix(L.INTERMEDIATE, 8, 2026, M.REVIEW, "4301")
    assert numbers.number(prefix, 12) == "HN-2026B10843010000012"
    assert numbers.number(prefix, 100_000) == "HN-2026B108430100A0000"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "编号规则应包含"),
        ("{level}{series}{year}{mode}{unit:8}", "编号规则应包含"),
        ("{serial:4}{level}{series}{year}{mode}{unit:8}", "编号规则应包含"),
        ("{level}{level}{series}{year}{mode}{unit:8}{serial:4}", "编号规则应包含"),
        ("{level}{series}{year:3}{mode}{unit:8}{serial:4}", "“year”的位数不对"),
        ("{level}{series}{year}{mode}{unit:8}{serial:9}", "“serial”的位数不对"),
        ("{level}{series}{year}{mode}{unit:8}{city}{serial:4}", "没有“city”这一项"),
        ("{level}年{series}{year}{mode}{unit:8}{serial:4}", "第 8 个字符不能识别"),
        ("ABCDEFG{level}{series}{year}{mode}{unit:8}{serial:4}", "编号不能超过 24 位"),
    ],
)
def test_a_template_that_makes_no_numbers_says_why(template: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        rules.read_template(template)


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ("B08.2026-03-02.abc", ("B08", "2026-03-02", "abc")),
        ("B08.2026-03-02", None),
        ("B08.2026-03-02.abc.d", None),
        ("B08..abc", None),
        ("一.二.三", None),
        ("B08.2026-03-02.ａbc", None),
        ("B" * 80 + ".2026-03-02.abc", None),
        ("", None),
    ],
)
def test_a_token_has_three_parts_of_ascii(token: str, parts: tuple[str, str, str] | None) -> None:
    assert rules.split_token(token) == parts
