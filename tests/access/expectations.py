"""Who may open what, as data: written from the guide's roles and the design, not read from the code under test.

`WHO` names the persons each endpoint lets in at all; `VISIBLE` the persons who may see each row of the world. A cell
is allowed if the person stands in both. A route without a line here fails the test.
"""

from __future__ import annotations

from dataclasses import dataclass, field

People = frozenset[str]


def of(*names: str) -> People:
    return frozenset(names)


PERSONS = (
    "anonymous",
    "sysadmin",
    "province",
    "province2",
    "changsha",
    "furong",
    "unit",
    "sibling",
    "bureau",
    "agency",
    "far_agency",
    "committee",
    "far_committee",
    "judge1",
    "applicant",
    "applicant2",
)
ALL = of(*PERSONS)
SIGNED_IN = ALL - {"anonymous"}
NOBODY = of()
ADMIN = of("sysadmin")
HR = of("province", "changsha", "furong")
SPECIAL = of("province2")
UNITS = of("unit", "sibling")
BUREAU = of("bureau")
AGENCIES = of("agency", "far_agency")
COMMITTEES = of("committee", "far_committee")
APPLICANTS = of("applicant", "applicant2")
ISSUERS = HR | AGENCIES
OFFICES = HR | UNITS | BUREAU | AGENCIES | COMMITTEES
PROVINCE = of("province", "province2")
NEAR = PROVINCE | {"changsha"}
UP_TO_OFFICE = NEAR | {"unit", "bureau", "agency"}

APPLICATION_ROWS: dict[str, People] = {
    "draft": of("applicant"),
    "issued": UP_TO_OFFICE | {"applicant"},
    "issued_furong": NEAR | {"furong"},
    "issued_far": PROVINCE | {"far_agency"},
    "draft_plan": UP_TO_OFFICE | {"committee"},
    "special_plan": UP_TO_OFFICE | {"committee"},
    "filed": UP_TO_OFFICE | {"committee"},
    "at_office": UP_TO_OFFICE,
    "far_plan": PROVINCE | {"far_agency", "far_committee"},
    "at_employer": NEAR | {"unit", "applicant2"},
    "at_sibling": NEAR | {"sibling"},
    "furong": NEAR | {"furong"},
    "far": PROVINCE,
}
CERTIFICATE_ROWS: dict[str, People] = {
    "issued": of("applicant", "unit", "agency", "changsha", "province"),
    "issued_furong": of("furong", "agency", "changsha", "province"),
    "issued_far": of("far_agency", "province"),
}
PLAN_ROWS: dict[str, People] = {
    "filed": of("committee", "changsha", "province"),
    "far_plan": of("far_committee", "province"),
    "draft_plan": of("committee"),
    "special_plan": of("committee", "changsha", "province", "province2"),
}
DESK_ROWS: dict[str, People] = {
    "result": of("committee"),
    "at_employer": of("unit"),
    "at_sibling": of("sibling"),
    "far": NOBODY,
}
OBJECTION_ROWS: dict[str, People] = {"at_employer": of("unit"), "at_sibling": of("sibling"), "far": NOBODY}
COMMITTEE_ROWS: dict[str, People] = {
    "near": ADMIN | {"province", "changsha"},
    "far": ADMIN | {"province"},
}
BLACKLIST_ROWS: dict[str, People] = {"near": of("province", "changsha"), "far": of("province")}
REGISTRATION_ROWS: dict[str, People] = {"near": of("province", "changsha", "furong"), "far": of("province")}
QUOTA_ROWS: dict[str, People] = {
    "near": of("unit", "agency", "changsha", "province"),
    "far": of("far_agency", "province"),
}
REVIEWED_ROWS: dict[str, People] = {"near": BUREAU, "far": NOBODY}
"""A unit's superior reviews its quota, and no office besides."""
_EDGES: dict[str, People] = {"near": of("province", "changsha"), "far": of("province")}
EDGE_ROWS: dict[str, dict[str, People]] = {
    "InitialDetermination": _EDGES,
    "IntermediateReview": _EDGES,
    "SeniorReview": _EDGES,
    "Recognition": {},  # the demo's units have no edges of these
    "JuniorReview": {},
}
BATCH_ROWS: dict[str, People] = {"near": of("committee"), "far": of("far_committee")}
FILING_ROWS: dict[str, People] = {"filed": of("committee", "changsha", "province")}
JOB_ROWS: dict[str, People] = {
    name: of(owner, "sysadmin") for owner in ("agency", "province") for name in (owner, f"export {owner}")
}
ADMIN_ROWS: dict[str, People] = {"unit": ADMIN, "applicant": ADMIN, "judge2": ADMIN}
CARE_ROWS: dict[str, People] = {
    "unit": of("province", "changsha"),
    "applicant": of("province", "changsha"),
    "judge2": of("province"),
}
"""Whose account an HR officer finds: who acts for a body of the region, or has applied in it."""


@dataclass(frozen=True)
class Expect:
    """Who gets in; `table` and `rows`: which row of the world the number in the address names, and who sees which.

    `values` are the address's other variables.
    """

    who: People
    table: str = ""
    rows: dict[str, People] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


def _screen(name: str, who: People, *, bulk: str = "", exports: bool = True) -> dict[str, Expect]:
    """A list, its export, and its bulk actions; a bulk action nobody declared answers 404 to all."""
    return {
        f"{name}.list": Expect(who),
        f"{name}.export": Expect(who if exports else NOBODY),
        f"{name}.bulk": Expect(who if bulk else NOBODY, values={"bulk_name": bulk or "nothing"}),
    }


def _records(
    name: str, who: People, table: str, rows: dict[str, People], writes: tuple[str, ...] = ("edit", "retire")
) -> dict[str, Expect]:
    """Generated master data: list, page and form; `writes` are the verbs that have a service, delete has none here."""
    one = Expect(who, table, rows)
    none = Expect(NOBODY, table, rows)
    verbs = {f"{name}.{verb}": one if verb in writes else none for verb in ("edit", "retire", "delete")}
    return {**_screen(name, who), f"{name}.add": Expect(who), f"{name}.show": one, **verbs}


def _wizard(name: str, who: People = HR) -> dict[str, Expect]:
    """An import wizard: its officers, and a batch (the world has none, so the number is of no row) for its maker alone."""
    rows = {"nobody": NOBODY}
    return {f"{name}.{method}": Expect(who) for method in ("page", "template", "upload")} | {
        f"{name}.{method}": Expect(who, "job", rows) for method in ("show", "failures", "submit", "discard")
    }


def _application(who: People, **values: str) -> Expect:
    return Expect(who, "application", APPLICATION_ROWS, values)


def _plan(who: People) -> Expect:
    return Expect(who, "plan", PLAN_ROWS)


def _desk(rows: dict[str, People]) -> Expect:
    return Expect(UNITS | COMMITTEES, "notice", rows)


def _tree(name: str, node: str) -> dict[str, Expect]:
    """Officers and administrators look; the province and administrators keep it. `node` is one that stays."""
    keepers, lookers = ADMIN | {"province"}, ADMIN | HR
    return {
        f"{name}.list": Expect(lookers),
        f"{name}.export": Expect(lookers),
        f"{name}.show": Expect(lookers, values={"node_key": node}),
        **{f"{name}.{method}": Expect(keepers, values={"node_key": node}) for method in ("new", "save", "delete")},
    }


def _dictionary(name: str, entry: str, *, adds: bool = True, deletes: bool = True) -> dict[str, Expect]:
    """A dictionary of the console; `entry` is one that stays. A route it has no use for is not there at all."""
    one = Expect(ADMIN, values={"id": entry})
    may = {"create_view": adds, "delete_view": deletes}
    open_ = {f"ops_{name}.{method}": Expect(ADMIN) for method, there in may.items() if there}
    return {f"ops_{name}.index_view": Expect(ADMIN), f"ops_{name}.edit_view": one, **open_}


_EMPLOYERS_ONLY = DESK_ROWS | {"result": NOBODY}

EXPECTED: dict[str, Expect] = {
    "static": Expect(ALL, values={"filename": "css/zhicheng.css"}),
    "appbuilder.static": Expect(ALL, values={"filename": "css/ab.css"}),
    # open to visitors
    "HomeView.index": Expect(ALL),
    "NoticeView.list": Expect(ALL),
    "NoticeView.show": Expect(ALL, "notice", dict.fromkeys(DESK_ROWS, ALL)),
    "CheckView.check": Expect(ALL),
    "CheckView.scan": Expect(ALL, "token", {"good": ALL, "forged": NOBODY}),
    "AuthView.login": Expect(ALL),
    "AuthView.logout": Expect(ALL),
    "AuthView.demo": Expect(ALL, values={"username": "furong"}),
    "DemoClockView.forward": Expect(ALL),
    "RegistrationView.register": Expect(of("anonymous")),
    "RegistrationView.privacy": Expect(ALL),
    # everybody who has signed in
    "PostView.choose": Expect(SIGNED_IN),
    "PasswordView.change": Expect(SIGNED_IN),
    "PasswordView.applicant": Expect(SIGNED_IN),
    "BodySearchView.bodies": Expect(SIGNED_IN),
    "BodySearchView.specialities": Expect(SIGNED_IN),
    "BodySearchView.people": Expect(ADMIN | HR),
    "JobView.show": Expect(SIGNED_IN, "job", JOB_ROWS),
    "JobView.download": Expect(
        SIGNED_IN,
        "job",
        dict.fromkeys(JOB_ROWS, NOBODY) | {f"export {owner}": of(owner) for owner in ("agency", "province")},
    ),
    **_screen("JobListView", SIGNED_IN - APPLICANTS - {"judge1"}),
    # the administrator
    **_screen("AccountView", ADMIN),
    **_screen("LoginAttemptView", ADMIN),
    **_screen("AuditView", ADMIN),
    "AuditView.show": Expect(ADMIN, values={"pk": "1"}),
    "AccountView.new": Expect(ADMIN),
    "AccountView.show": Expect(ADMIN, "account", ADMIN_ROWS),
    "AccountView.grant": Expect(ADMIN, "account", ADMIN_ROWS),
    "AccountView.activate": Expect(ADMIN, "account", ADMIN_ROWS),
    "AccountView.reset": Expect(ADMIN, "account", ADMIN_ROWS),
    **_screen("PeopleAccountView", HR, exports=False),
    "PeopleAccountView.reset": Expect(HR, "account", CARE_ROWS),
    "AccountView.revoke": Expect(ADMIN, "post", ADMIN_ROWS),
    # the console
    "ops.index": Expect(ADMIN),
    **_dictionary("series", "1", adds=False, deletes=False),
    **_dictionary("titles", "1"),
    **_dictionary("specialities", "1", adds=False),
    **_dictionary("regions", "430000"),
    **_dictionary("requirements", "1"),
    **_dictionary("eligibility", "1"),
    **_dictionary("fees", "1", adds=False),
    **_dictionary("settings", "1", adds=False, deletes=False),
    "ops_tables.index": Expect(ADMIN),
    "ops_tables.rows": Expect(ADMIN, values={"table": "people"}),
    "ops_tables.export": Expect(ADMIN, values={"table": "people"}),
    "ops_tables.row": Expect(ADMIN, values={"table": "people", "key": "1"}),
    "ops_jobs.index": Expect(ADMIN),
    "ops_jobs.export": Expect(ADMIN),
    "ops_jobs.retry": Expect(ADMIN, "job", dict.fromkeys(JOB_ROWS, ADMIN)),
    "ops_templates.index": Expect(ADMIN),
    "ops_templates.workbook": Expect(ADMIN, values={"kind": "bodies.acceptances"}),
    "ops_templates.source": Expect(ADMIN, values={"file": "home/job.html"}),
    # master data
    **_records("BodyView", ADMIN | HR, "body", COMMITTEE_ROWS),
    "BodyView.restore": Expect(ADMIN | HR, "body", COMMITTEE_ROWS),
    **_wizard("BodyImportView", ADMIN | HR),
    **_records("AcceptanceView", ADMIN | HR, "acceptance", COMMITTEE_ROWS),
    "AcceptanceView.guideline": Expect(ADMIN | HR, "acceptance", COMMITTEE_ROWS),
    **_records("IssuingAuthorityView", ADMIN | HR, "authority", COMMITTEE_ROWS),
    **{
        route: expected
        for name, rows in EDGE_ROWS.items()
        for route, expected in _records(f"{name}PathView", HR, f"edge {name}", rows).items()
    },
    **_records("SubordinateUnitView", COMMITTEES, "edge own", {"near": of("committee")}, ("retire",)),
    **_screen("ConfirmationView", UNITS | BUREAU | AGENCIES | HR, bulk="confirm"),
    **_screen("PathQueryView", HR | AGENCIES | BUREAU | COMMITTEES | ADMIN),
    **_screen("HealthView", HR),
    **{
        f"HealthView.{method}": Expect(
            HR,
            "break",
            {"near": of("province", "changsha")},
            values={"of": "senior_review", "at": "full_senior"},
        )
        for method in ("units", "tell")
    },
    "WhatIfView.show": Expect(
        HR | COMMITTEES | ADMIN,
        "edge own",
        {"near": ADMIN | {"province", "changsha", "committee"}},
        values={"kind": "edge"},
    ),
    **{
        f"AffectedView.{method}": Expect(who, "edge own", {"near": who}, {"kind": "edge", "bulk_name": "nothing"})
        for method, who in (("list", HR | COMMITTEES), ("export", HR | COMMITTEES), ("bulk", NOBODY))
    },
    **_screen("MendingView", UNITS | BUREAU | AGENCIES | HR, bulk="settle"),
    "PathQueryView.path": Expect(HR | AGENCIES | BUREAU | COMMITTEES | ADMIN),
    "PathQueryView.path_export": Expect(HR | AGENCIES | BUREAU | COMMITTEES | ADMIN),
    **_records("BlacklistView", HR, "blacklist", BLACKLIST_ROWS),
    **_screen("RegistrationReviewView", HR),
    "RegistrationReviewView.decide": Expect(HR, "registration", REGISTRATION_ROWS),
    "RegistrationReviewView.licence": Expect(HR, "registration", REGISTRATION_ROWS),
    "RegistrationReviewView.contact": Expect(HR, "registration", REGISTRATION_ROWS),
    "UnitRegistrationView.register": Expect(of("anonymous")),
    "UnitRegistrationView.mend": Expect(of("anonymous")),
    "UnitRegistrationView.status": Expect(of("anonymous")),
    **_screen("DeclarationView", UNITS),
    "DeclarationView.new": Expect(UNITS),
    "DeclarationView.show": Expect(UNITS, "quota", QUOTA_ROWS),
    "DeclarationView.edit": Expect(UNITS, "quota", QUOTA_ROWS),
    **_screen("QuotaReviewView", ISSUERS | BUREAU),
    **{
        f"QuotaReviewView.{method}": Expect(ISSUERS | BUREAU, "quota", REVIEWED_ROWS)
        for method in ("show", "decide", "correct")
    },
    **_screen("QuotaQueryView", ISSUERS),
    "QuotaQueryView.show": Expect(ISSUERS, "quota", QUOTA_ROWS),
    # applicants
    "ApplicationView.list": Expect(APPLICANTS),
    "ApplicationView.new": Expect(APPLICANTS),
    "ApplicationView.show": _application(APPLICANTS),
    "ApplicationView.head": _application(APPLICANTS),
    "ApplicationView.section": _application(APPLICANTS, section_name="education"),
    "ApplicationView.upload": _application(APPLICANTS, requirement_id="1"),
    "ApplicationView.reuse": _application(APPLICANTS, material_id="1"),
    "ApplicationView.submit": _application(APPLICANTS),
    "ApplicationView.withdraw": _application(APPLICANTS),
    "ApplicationView.file": Expect(APPLICANTS, "material", APPLICATION_ROWS),
    "ApplicationView.remove": Expect(APPLICANTS, "material", APPLICATION_ROWS),
    **_screen("MyCertificateView", APPLICANTS, exports=False),
    # bodies on the path
    "DossierView.show": _application(OFFICES),
    "DossierView.unmask": _application(OFFICES - COMMITTEES),
    "DossierView.file": Expect(OFFICES | APPLICANTS, "material", APPLICATION_ROWS),
    "DecisionView.decide": _application(OFFICES),
    **_screen("EmployerNoticeView", UNITS),
    "EmployerNoticeView.new": Expect(UNITS),
    **_screen("RecommendationView", UNITS, bulk="forward"),
    **_screen("SuperiorReviewView", BUREAU),
    **_screen("PeopleView", UNITS | BUREAU),
    **_screen("QualificationReviewView", ISSUERS),
    **_screen("TrailView", ISSUERS),
    **_screen("RecheckView", COMMITTEES),
    "NoticeDeskView.show": _desk(DESK_ROWS),
    "NoticeDeskView.object": _desk(DESK_ROWS),
    "NoticeDeskView.conclude": _desk(_EMPLOYERS_ONLY),
    "NoticeDeskView.cancel": _desk(_EMPLOYERS_ONLY),
    "NoticeDeskView.close": Expect(UNITS | COMMITTEES, "objection", OBJECTION_ROWS),
    # plans
    **_screen("PlanView", COMMITTEES),
    "PlanView.new": Expect(COMMITTEES),
    "PlanView.edit": _plan(COMMITTEES),
    "PlanPageView.show": _plan(COMMITTEES | HR | SPECIAL),
    "PlanPageView.file": Expect(COMMITTEES | HR | SPECIAL, "plan_file", PLAN_ROWS),
    "PlanPageView.add": _plan(COMMITTEES),
    "PlanPageView.experts": _plan(COMMITTEES),
    "PlanPageView.rubric": _plan(COMMITTEES),
    "PlanPageView.upload": _plan(COMMITTEES),
    "PlanPageView.submit": _plan(COMMITTEES),
    "PlanPageView.remove": _plan(COMMITTEES),
    **_screen("PlanReviewView", HR),
    "PlanReviewView.decide": Expect(HR, "plan", PLAN_ROWS | {"special_plan": NOBODY}),
    **_screen("SpecialPlanReviewView", SPECIAL),
    "SpecialPlanReviewView.decide": Expect(SPECIAL, "plan", PLAN_ROWS),
    **_screen("PlanQueryView", HR | SPECIAL),
    # outcomes
    **_screen("ResultView", COMMITTEES),
    "ResultView.show": _plan(COMMITTEES),
    "ResultView.votes": _plan(COMMITTEES),
    "ResultView.votes_template": _plan(COMMITTEES),
    "ResultView.take": _plan(COMMITTEES),
    "ResultView.confirm": _plan(COMMITTEES),
    **_screen("ResultNoticeView", COMMITTEES),
    "ResultNoticeView.show": _plan(COMMITTEES),
    "ResultNoticeView.conclude": _plan(COMMITTEES),
    **_screen("FilingView", COMMITTEES),
    "FilingView.show": _plan(COMMITTEES),
    **_screen("FilingReviewView", HR),
    "FilingPageView.show": Expect(HR | COMMITTEES, "filing", FILING_ROWS),
    "FilingPageView.file": Expect(HR | COMMITTEES, "filing_file", FILING_ROWS),
    "FilingPageView.decide": Expect(HR, "filing", FILING_ROWS),
    # reference data
    **_tree("SpecialityTreeView", "1"),
    **_tree("TitleTreeView", "s1"),
    # committees
    **_screen("CommitteeView", ADMIN | HR),
    "CommitteeView.new": Expect(ADMIN | HR),
    **{f"CommitteeView.{method}": Expect(ADMIN | HR, "committee", COMMITTEE_ROWS) for method in ("show", "edit")},
    **{
        f"CommitteeView.{method}": Expect(ADMIN | HR, "committee", COMMITTEE_ROWS)
        for method in ("deregister", "reset", "handed_over")
    },
    "CommitteeView.other": Expect(ADMIN | HR, "committee", COMMITTEE_ROWS, {"tab": "fees"}),
    "CommitteeView.fee": Expect(ADMIN | HR, "committee", COMMITTEE_ROWS, {"row_id": "1"}),
    "CommitteeView.remove": Expect(ADMIN | HR, "founder", COMMITTEE_ROWS, {"tab": "founders"}),
    **_screen("CommitteeQueryView", ADMIN | ISSUERS),
    "CommitteeQueryView.show": Expect(ADMIN | ISSUERS, "committee", dict.fromkeys(COMMITTEE_ROWS, ADMIN | ISSUERS)),
    "CommitteeQueryView.other": Expect(
        ADMIN | ISSUERS, "committee", dict.fromkeys(COMMITTEE_ROWS, ADMIN | ISSUERS), {"tab": "specialities"}
    ),
    **_screen("BatchView", COMMITTEES),
    "BatchView.new": Expect(COMMITTEES),
    **{f"BatchView.{method}": Expect(COMMITTEES, "batch", BATCH_ROWS) for method in ("show", "edit", "close")},
    # certificates
    **_screen("NumberView", ISSUERS),
    "NumberView.new": Expect(ISSUERS),
    "NumberView.search": Expect(ISSUERS),
    **_screen("IssuingView", ISSUERS, bulk="issue"),
    **_screen("IssuedView", ISSUERS),
    **_screen("CertificateQueryView", ISSUERS),
    **_screen("RenderingView", ISSUERS, bulk="render"),
    **_screen("UnitCertificateView", UNITS),
    "CertificatePageView.show": Expect(ISSUERS | UNITS | APPLICANTS, "certificate", CERTIFICATE_ROWS),
    "CertificatePageView.pdf": Expect(
        ISSUERS | UNITS | APPLICANTS,
        "certificate",
        CERTIFICATE_ROWS | {"issued_furong": NOBODY, "issued_far": NOBODY},  # not rendered yet
    ),
    # import wizards
    **_wizard("AcceptanceImportView"),
    **_wizard("CommitteeImportView"),
    **_wizard("InitialDeterminationPathImportView"),
    **_wizard("RecognitionPathImportView"),
    **_wizard("JuniorReviewPathImportView"),
    **_wizard("IntermediateReviewPathImportView"),
    **_wizard("SeniorReviewPathImportView"),
}
