from datetime import UTC, date, datetime

import pytest

from app.core import clock


def test_a_fixed_moment_is_what_now_answers_and_ends_with_the_block() -> None:
    moment = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
    with clock.at(moment):
        assert clock.now() == moment
        assert clock.today() == date(2026, 3, 2)  # half past midnight in China
    assert clock.now() != moment


def test_local_is_eight_hours_ahead() -> None:
    assert clock.local(datetime(2026, 3, 1, 1, 0, tzinfo=UTC)).isoformat() == "2026-03-01T09:00:00+08:00"


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2020, 6, 30), 1, date(2021, 6, 30)),
        (date(2020, 2, 29), 1, date(2021, 3, 1)),
        (date(2020, 2, 29), 4, date(2024, 2, 29)),
        (date(2020, 6, 30), 0, date(2020, 6, 30)),
        (date(1, 1, 1), 3, date(4, 1, 1)),
        (date(9996, 2, 29), 3, date(9999, 3, 1)),
        (date(9996, 2, 29), 4, date(9999, 12, 31)),
        (date(9999, 12, 31), 10, date(9999, 12, 31)),
    ],
)
def test_years_later(day: date, years: int, expected: date) -> None:
    assert clock.years_after(day, years) == expected
