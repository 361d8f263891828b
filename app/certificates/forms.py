"""Forms of certificates."""

from __future__ import annotations

from flask import url_for
from wtforms import RadioField

from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.certificates.enums import CertificateStatus
from app.web.forms import Form, Query, answered, choices_of, enum_field, id_field, number_field, text_field
from app.web.widgets import SearchSelectField


class IssuingQuery(Query):
    """是否发放: 否 lists who waits for a certificate, 是 lists the certificates."""

    name = text_field("姓名", length=60)


class CertificateQuery(Query):
    name = text_field("姓名", length=60)
    number = text_field("证书编号", length=24)
    document_number = text_field("发文文号", length=60)
    status = enum_field("状态", CertificateStatus, blank="全部")


class RenderingQuery(Query):
    document_number = text_field("发文文号", length=60)
    name = text_field("姓名", length=60)
    rendered = RadioField(
        "是否已生成证书", choices=choices_of([("no", "否"), ("yes", "是")], None), default="no", validate_choice=False
    )


class PoolQuery(Query):
    year = id_field("年度")


class NumbersForm(Form):
    """证书编号生成."""

    issuing_authority_id = SearchSelectField(
        "发证单位", [answered("请录入发证单位名称，按回车后选择。")], address=lambda: url_for("NumberView.search")
    )
    level = enum_field("职称等级", TitleLevel, need=True)
    series_id = id_field("系列", need=True)
    year = number_field("年度", ask="请填写年度。")
    method = enum_field("取得方式", AcquisitionMethod, need=True)
    first = number_field("证书开始序号", ask="请填写证书开始序号。")
    last = number_field("证书结束序号", ask="请填写证书结束序号。")
