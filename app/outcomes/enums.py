"""The vocabulary of outcomes."""

from app.core.enums import Labelled


class FilingState(Labelled):
    SUBMITTED = "submitted", "待备案审核"
    RETURNED = "returned", "审核不通过"
    FILED = "filed", "已备案"
