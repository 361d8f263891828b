"""The vocabulary of certificates."""

from app.core.enums import Labelled


class NumberStatus(Labelled):
    FREE = "free", "未使用"
    USED = "used", "已使用"


class CertificateStatus(Labelled):
    ISSUED = "issued", "已发放"
    RENDERED = "rendered", "已生成电子证书"
    REVOKED = "revoked", "已撤销"


class CertificateEvent(Labelled):
    ISSUED = "issued", "发放"
    RENDERED = "rendered", "生成电子证书"
    REVOKED = "revoked", "撤销"
