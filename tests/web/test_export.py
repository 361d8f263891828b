from __future__ import annotations

import pytest

from app.web.export import sheet_name


@pytest.mark.parametrize(
    ("title", "number", "name"),
    [
        ("用户管理", 1, "用户管理"),
        ("用户管理", 2, "用户管理（2）"),
        ("[a]:b*?/\\'c", 1, "abc"),
        ("[]", 1, "Sheet"),
        ("长" * 40, 1, "长" * 31),
        ("长" * 40, 12, "长" * 27 + "（12）"),
    ],
)
def test_a_sheet_has_a_name_excel_takes(title: str, number: int, name: str) -> None:
    assert sheet_name(title, number) == name
    assert len(name) <= 31
