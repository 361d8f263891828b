"""The vocabulary of committees."""

from app.catalog.enums import TitleLevel
from app.core.enums import Labelled


class CommitteeGrade(Labelled):
    """初/中/高评会."""

    JUNIOR = "junior", "初评会"
    INTERMEDIATE = "intermediate", "中评会"
    SENIOR = "senior", "高评会"

    def reviews(self, level: TitleLevel) -> bool:
        """Whether a committee of this grade reviews titles of `level`."""
        return level in _LEVELS[self]


_LEVELS = {
    CommitteeGrade.JUNIOR: {TitleLevel.CLERK, TitleLevel.ASSISTANT},
    CommitteeGrade.INTERMEDIATE: {TitleLevel.INTERMEDIATE},
    CommitteeGrade.SENIOR: {TitleLevel.ASSOCIATE_SENIOR, TitleLevel.FULL_SENIOR},
}
