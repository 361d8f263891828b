"""The vocabulary of notices."""

from app.core.enums import Labelled


class NoticeKind(Labelled):
    EMPLOYER = "employer", "所在单位申报公示"
    RESULT = "result", "评审结果公示"


class NoticeStatus(Labelled):
    RUNNING = "running", "公示中"
    CONCLUDED = "concluded", "公示结束"
    CANCELLED = "cancelled", "已撤销"


class ObjectionStatus(Labelled):
    OPEN = "open", "调查中"
    DISMISSED = "dismissed", "异议不成立"
    UPHELD = "upheld", "异议成立"
