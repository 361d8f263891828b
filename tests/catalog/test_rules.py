import pytest

from app.catalog.rules import initials


@pytest.mark.parametrize(
    "text, letters",
    [
        ("长沙市", "css"),
        ("给排水", "gps"),
        ("长沙市城区排水事务中心", "csscqpsswzx"),
        ("A2办公室", "a2bgs"),
        ("", ""),
    ],
)
def test_initials(text: str, letters: str) -> None:
    assert initials(text) == letters


def test_no_longer_than_its_column() -> None:
    assert initials("长" * 120) == "c" * 80
