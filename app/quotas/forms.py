"""Forms of quotas."""

from __future__ import annotations

from app.catalog.enums import TitleLevel
from app.quotas.enums import QuotaStatus
from app.web.forms import Form, Query, enum_field, long_text_field, number_field, text_field


class QuotaQuery(Query):
    year = number_field("年度", need=False)
    level = enum_field("职称等级", TitleLevel, blank="全部")
    status = enum_field("状态", QuotaStatus, blank="全部")


class UnitQuotaQuery(QuotaQuery):
    name = text_field("单位名称", length=120)


class WaitingQuotaQuery(UnitQuotaQuery):
    """What waits is asked for beforehand."""

    status = enum_field("状态", QuotaStatus, blank="全部", blank_value="all")


class DeclarationForm(Form):
    year = number_field("年度", ask="请填写年度。")
    level = enum_field("职称等级", TitleLevel, need=True)
    posts = number_field("核定职数", ask="请填写核定职数。", hint="人社部门核定的该等级岗位数。")
    occupied = number_field("已聘职数", ask="请填写已聘职数。")
    asked = number_field("申报职数", ask="请填写申报职数。", hint="不多于空缺职数（核定职数减已聘职数）。")


class QuotaDecisionForm(Form):
    granted = number_field(
        "核准职数",
        need=False,
        hint="审核通过时填写，不多于申报职数，不少于已推荐上报人数；之后限制单位推荐上报的人数。",
    )
    opinion = long_text_field("审核意见", length=300, hint="审核不通过时必须填写。")


class QuotaCorrectionForm(Form):
    granted = number_field("核准职数", ask="请填写核准职数。", hint="不多于申报职数，不少于已推荐上报人数。")
    opinion = long_text_field("更正原因", need=True, length=300)
