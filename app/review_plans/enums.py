"""The vocabulary of review plans."""

from app.core.enums import Labelled


class PlanKind(Labelled):
    NORMAL = "normal", "正常方案"
    SPECIAL = "special", "特殊方案"


class PlanMode(Labelled):
    OFFLINE = "offline", "线下评审"
    ONLINE = "online", "线上评审"


class PlanState(Labelled):
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "审核不通过"
    APPROVED = "approved", "审核通过"
    CONCLUDED = "concluded", "已出结果"
    CANCELLED = "cancelled", "已取消"


class PlanAction(Labelled):
    SUBMIT = "submit", "呈报"
    APPROVE = "approve", "审核通过"
    REFUSE = "refuse", "审核不通过"
    CONCLUDE = "conclude", "确认评审结果"
    CANCEL = "cancel", "取消方案"
