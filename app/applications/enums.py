"""The states of an application, what may be done to it, and the sections of its dossier."""

from app.bodies.enums import NodeType
from app.core.enums import Labelled


class ApplicationState(Labelled):
    DRAFT = "draft", "暂存"
    AT_EMPLOYER = "at_employer", "待单位推荐"
    AT_SUPERIOR = "at_superior", "待上级单位审核"
    AT_OFFICE = "at_office", "待资格审核"
    AT_COMMITTEE = "at_committee", "待资格复核"
    RETURNED = "returned", "已退回下级"
    REFUSED = "refused", "上级审核不通过"
    CORRECTING = "correcting", "退回修改"
    RECHECKED = "rechecked", "复核通过"
    PLANNED = "planned", "已编入评审方案"
    REVIEW_PASSED = "review_passed", "评审通过"
    REVIEW_FAILED = "review_failed", "评审未通过"
    ON_NOTICE = "on_notice", "评审结果公示中"
    AWAITING_FILING = "awaiting_filing", "待备案"
    EFFECTIVE = "effective", "已生效，待发证"
    CERTIFIED = "certified", "已发证"
    WITHDRAWN = "withdrawn", "已撤回"
    NOT_APPROVED = "not_approved", "不予通过"

    @classmethod
    def arriving_at(cls, node_type: NodeType) -> "ApplicationState":
        """The state of an application that has just come up to a body of `node_type`."""
        return {
            NodeType.UNIT: cls.AT_SUPERIOR,
            NodeType.DEPARTMENT: cls.AT_SUPERIOR,
            NodeType.TITLE_OFFICE: cls.AT_OFFICE,
            NodeType.COMMITTEE: cls.AT_COMMITTEE,
        }[node_type]


WITH_APPLICANT = frozenset({ApplicationState.DRAFT, ApplicationState.CORRECTING})
"""The applicant holds it and may edit it."""
ENDED = frozenset(
    {
        ApplicationState.WITHDRAWN,
        ApplicationState.NOT_APPROVED,
        ApplicationState.REVIEW_FAILED,
    }
)
"""Over without a title: a new application in the same year is open again."""
WITHOUT_HOLDER = WITH_APPLICANT | ENDED | {ApplicationState.CERTIFIED}
"""No body holds it; in every other state exactly one does."""
AWAITING_DECISION = frozenset(
    {
        ApplicationState.AT_EMPLOYER,
        ApplicationState.AT_SUPERIOR,
        ApplicationState.AT_OFFICE,
        ApplicationState.AT_COMMITTEE,
        ApplicationState.RETURNED,
        ApplicationState.REFUSED,
    }
)
"""A body on the path must act."""


class ApplicationAction(Labelled):
    SUBMIT = "submit", "提交"
    RESUBMIT = "resubmit", "重新提交"
    WITHDRAW = "withdraw", "撤回申报"
    LAPSE = "lapse", "逾期未补正"
    FORWARD = "forward", "上报"
    DECLINE = "decline", "不予推荐"
    APPROVE = "approve", "审核通过"
    REFUSE = "refuse", "审核不通过"
    RETURN = "return", "退回"
    RESEND = "resend", "重新上报"
    SUPPLEMENT = "supplement", "退回补充材料"
    CLOSE = "close", "终止申报"
    PLAN = "plan", "编入评审方案"
    UNPLAN = "unplan", "移出评审方案"
    PASS = "pass", "评审通过"
    FAIL = "fail", "评审未通过"
    PUBLISH = "publish", "发布评审结果公示"
    CLEAR = "clear", "公示无异议"
    UPHOLD = "uphold", "公示异议成立"
    FILE = "file", "备案通过"
    ISSUE = "issue", "发放证书"


class Section(Labelled):
    """The sections of the dossier, in the guide's order: 个人基本信息 to 任职以来考核信息."""

    BASIC = "basic", "个人基本信息"
    EDUCATION = "education", "学历学位"
    WORK = "work", "工作经历"
    PRESENT_TITLE = "present_title", "现任职称"
    TRAINING = "training", "继续教育"
    PAPERS = "papers", "论文著作"
    PROJECTS = "projects", "科研项目"
    AWARDS = "awards", "获奖"
    PATENTS = "patents", "专利"
    ACHIEVEMENTS = "achievements", "主要业绩"
    APPRAISALS = "appraisals", "任职以来考核信息"
