"""The vocabulary of quotas."""

from app.core.enums import Labelled


class QuotaStatus(Labelled):
    SUBMITTED = "submitted", "待审核"
    APPROVED = "approved", "审核通过"
    REFUSED = "refused", "审核不通过"
