from datetime import UTC, date, datetime

from app.core import clock


def test_a_fixed_moment_is_what_now_answers_and_ends_with_the_block() -> None:
    moment = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
    with clock.at(moment):
        assert clock.now() == moment
        assert clock.today() == date(2026, 3, 2)  # half past midnight in China
    assert clock.now() != moment


def test_local_is_eight_hours_ahead() -> None:
    assert clock.local(datetime(2026, 3, 1, 1, 0, tzinfo=UTC)).isoformat() == "2026-03-01T09:00:00+08:00"
