"""A notice's standing follows the days, not only what somebody recorded."""

from datetime import date, datetime, time, timedelta

import pytest

from app.core import clock
from app.public_notices.enums import NoticeStatus
from app.public_notices.models import PublicNotice

LAST = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("status", "days", "standing"),
    [
        (NoticeStatus.RUNNING, 0, "公示中"),
        (NoticeStatus.RUNNING, 1, "公示期满"),
        (NoticeStatus.CONCLUDED, 1, "公示结束"),
        (NoticeStatus.CANCELLED, 0, "已撤销"),
    ],
)
def test_standing(status: NoticeStatus, days: int, standing: str) -> None:
    notice = PublicNotice(status=status, ends_on=LAST)
    with clock.at(datetime.combine(LAST + timedelta(days=days), time(0, 5), clock.CHINA)):
        assert notice.standing == standing
