"""The vocabulary of people and sign-in."""

from app.core.enums import Labelled


class Gender(Labelled):
    MALE = "male", "男"
    FEMALE = "female", "女"


class SessionEnd(Labelled):
    """Why a login session ended."""

    LOGOUT = "logout", "主动退出"
    PASSWORD = "password", "修改密码"
    RESET = "reset", "重置密码"
    DEACTIVATED = "deactivated", "账号停用"
    IDLE = "idle", "长时间未操作"
    REPLACED = "replaced", "切换身份"


class AttemptResult(Labelled):
    OK = "ok", "成功"
    WRONG = "wrong", "密码错误"
    UNKNOWN = "unknown", "账号不存在"
    LOCKED = "locked", "账号锁定中"
    THROTTLED = "throttled", "尝试过于频繁"
    INACTIVE = "inactive", "账号已停用"


class RegistrationStatus(Labelled):
    """公服账号注册审核: where a unit's application for an account stands."""

    SUBMITTED = "submitted", "待审核"
    APPROVED = "approved", "审核通过"
    REFUSED = "refused", "审核不通过"
    REPLACED = "replaced", "已被新的注册代替"
