"""The one place that knows every screen: which view stands under which entry, in the guide's order."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder

from app.accounts.views import administration, blacklist, registering, signing_in
from app.applications.views import applicant, cautions, common, deciding, notices
from app.approval_paths.views import configuring, health, querying, what_if
from app.approval_paths.views import importing as path_importing
from app.bodies.views import authorising
from app.bodies.views import keeping as bodies
from app.catalog import views as catalog
from app.certificates import views as certificates
from app.committees.views import batches, keeping, looking, searching
from app.committees.views import importing as committee_importing
from app.home import views as home
from app.ops.views import make_console
from app.outcomes import views as outcomes
from app.public import views as public
from app.quotas import views as quotas
from app.review_plans import views as plans

INDEX = home.HomeView

HIDDEN: tuple[Any, ...] = (
    signing_in.AuthView,
    signing_in.PostView,
    signing_in.RegistrationView,
    registering.UnitRegistrationView,
    signing_in.PasswordView,
    home.JobView,
    home.DemoClockView,
    bodies.BodyImportView,
    authorising.AcceptanceImportView,
    committee_importing.CommitteeImportView,
    path_importing.InitialDeterminationPathImportView,
    path_importing.RecognitionPathImportView,
    path_importing.JuniorReviewPathImportView,
    path_importing.IntermediateReviewPathImportView,
    path_importing.SeniorReviewPathImportView,
    common.DossierView,
    searching.BodySearchView,
    what_if.WhatIfView,
    cautions.AffectedView,
    deciding.DecisionView,
    notices.NoticeDeskView,
    plans.PlanPageView,
    outcomes.FilingPageView,
    certificates.CertificatePageView,
)
"""Views without a menu entry."""

MENU: tuple[tuple[str, str, tuple[tuple[str, Any], ...]], ...] = (
    (
        "职称评审",
        "",
        (
            ("职称申报", applicant.ApplicationView),
            ("我的证书", certificates.MyCertificateView),
            ("所在单位申报公示", notices.EmployerNoticeView),
            ("单位推荐上报", deciding.RecommendationView),
            ("上级单位审核", deciding.SuperiorReviewView),
            ("申报人员信息查询", common.PeopleView),
            ("职称申报人员资格审核", deciding.QualificationReviewView),
            ("职称申报审核流程查询", common.TrailView),
        ),
    ),
    (
        "评委会组建",
        "",
        (
            ("职称申报人员资格复核", deciding.RecheckView),
            ("评审方案呈报", plans.PlanView),
            ("评审结果", outcomes.ResultView),
            ("评审结果公示", outcomes.ResultNoticeView),
            ("评审结果申请备案", outcomes.FilingView),
        ),
    ),
    ("评委会评委管理", "", (("年度批次信息提交", batches.BatchView),)),
    (
        "基础数据",
        "",
        (
            ("职称专业管理", catalog.SpecialityTreeView),
            ("职称树管理", catalog.TitleTreeView),
            ("机构管理", bodies.BodyView),
            ("职称初定/认定受理机构管理", authorising.AcceptanceView),
            ("职称初定审核路径配置", configuring.InitialDeterminationPathView),
            ("职称认定审核路径配置", configuring.RecognitionPathView),
            ("初评会审核路径配置", configuring.JuniorReviewPathView),
            ("中评会审核路径配置", configuring.IntermediateReviewPathView),
            ("高评会审核路径配置", configuring.SeniorReviewPathView),
            ("审核路径配置查询", querying.PathQueryView),
            ("全省路径体检", health.HealthView),
            ("发证单位编码配置", authorising.IssuingAuthorityView),
            ("评委会管理", keeping.CommitteeView),
            ("评委会查询", looking.CommitteeQueryView),
            ("黑名单管理", blacklist.BlacklistView),
            ("公服账号注册审核", registering.RegistrationReviewView),
        ),
    ),
    (
        "审核树配置",
        "",
        (
            ("评委会下级单位管理", configuring.SubordinateUnitView),
            ("审核层级配置单位确认", configuring.ConfirmationView),
            ("路径修正通知", health.MendingView),
        ),
    ),
    (
        "职数",
        "",
        (
            ("职数申报", quotas.DeclarationView),
            ("职数审核", quotas.QuotaReviewView),
            ("职数申报查询", quotas.QuotaQueryView),
        ),
    ),
    (
        "方案与备案",
        "",
        (
            ("呈报方案审核", plans.PlanReviewView),
            ("呈报方案审核（特殊情况）", plans.SpecialPlanReviewView),
            ("呈报方案查询", plans.PlanQueryView),
            ("职称评审结果备案", outcomes.FilingReviewView),
        ),
    ),
    (
        "证书管理",
        "",
        (
            ("证书编号生成", certificates.NumberView),
            ("证书发放", certificates.IssuingView),
            ("证书发放（已发放）", certificates.IssuedView),
            ("生成电子证书", certificates.RenderingView),
            ("证书查询", certificates.CertificateQueryView),
            ("本单位证书查询", certificates.UnitCertificateView),
        ),
    ),
    (
        "公开信息",
        "",
        (
            ("公示", public.NoticeView),
            ("证书查验", public.CheckView),
        ),
    ),
    (
        "系统管理",
        "",
        (
            ("用户管理", administration.AccountView),
            ("账号密码重置", administration.PeopleAccountView),
            ("登录记录", administration.LoginAttemptView),
            ("审计记录", administration.AuditView),
            ("任务进度", home.JobListView),
        ),
    ),
)
"""(category, icon, ((menu entry by the guide's words, view class), …)) in the guide's order."""

LABELS = {"本单位证书查询": "证书查询", "职数": "职数申报"}
"""FAB wants a name once; two portals use the same word, and so do a group and its first entry."""


def register(app: Flask, appbuilder: AppBuilder) -> None:
    for view in HIDDEN:
        appbuilder.add_view_no_menu(view)
    for category, icon, entries in MENU:
        for name, view in entries:
            appbuilder.add_view(
                view,
                name,
                label=LABELS.get(name, name),
                category=category,
                category_label=LABELS.get(category, category),
                category_icon=icon,
            )
    appbuilder.menu.add_link("数据运维", category="系统管理", baseview=make_console(app))
