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


class FeeItem(Labelled):
    """缴费项目."""

    REVIEW = "review", "评审费"
    INTERVIEW = "interview", "面试答辩费"
    APPRAISAL = "appraisal", "论文鉴定费"


class Standing(Labelled):
    """状态: a condition over committees."""

    VALID = "valid", "有效"
    EXPIRED = "expired", "备案已到期"
    DEREGISTERED = "deregistered", "已注销"


class BatchStage(Labelled):
    """Where a batch stands on a day."""

    CLOSED = "closed", "已关闭"
    AHEAD = "planned", "未开始"
    OPEN = "open", "申报中"
    OVER = "finished", "申报已截止"
