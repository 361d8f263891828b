"""What the screens of applications share: columns, the dossier page, the trail, searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.accounts.services import unmask
from app.applications import queries, rules
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState
from app.applications.forms import QueueQuery
from app.applications.models import Application, ApplicationMaterial, ApplicationStep
from app.catalog.queries import all_series
from app.core.enums import Role
from app.public_notices.models import PublicNotice
from app.public_notices.queries import notices_about
from app.web.files import send_stored
from app.web.forms import Query, choices_of
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc

BAD = {A.RETURN, A.REFUSE, A.SUPPLEMENT, A.CLOSE, A.DECLINE, A.FAIL, A.UPHOLD, A.LAPSE, A.WITHDRAW}
OFFICES = frozenset({Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.COMMITTEE, Role.HR_OFFICER})


def open_url(row: Application) -> str:
    return url_for("DossierView.show", pk=row.id)


COLUMNS: tuple[Column, ...] = (
    Column("申报编号", "number", link=open_url),
    Column("姓名", "applicant_name", width="s"),
    Column("身份证号", "id_masked"),
    Column("单位", "employer.name"),
    Column("申报职称", "title.name"),
    Column("等级", "level", width="s", shown=False),  # the title says it
    Column("专业", "speciality.name"),
    Column("取得方式", "method", width="s"),
    Column("状态", "state", "state"),
    Column("到达时间", "state_since", "ago"),
)


class ApplicationList(ListScreen):
    """A list of applications: the conditions' series are filled in here once."""

    abstract = True

    def fill(self, session: Session, form: Query) -> None:
        form["series_id"].choices = choices_of([(s.id, s.name) for s in all_series(session)], "全部")


def waited_words(seconds: int) -> str:
    if seconds < 60:
        return "不到 1 分钟"
    if seconds < 3600:
        return f"{seconds // 60} 分钟"
    if seconds < 86_400:
        return f"{seconds // 3600} 小时"
    return f"{seconds // 86_400} 天 {seconds % 86_400 // 3600} 小时"


def trail(application: Application, *, for_applicant: bool = False) -> list[dict[str, Any]]:
    """过程跟踪: every step with who, when and how long it had waited; newest first, with where it is now on top."""
    steps = [_step(step, for_applicant) for step in application.steps]
    steps += [_notice(notice) for notice in notices_about(read(), application.id)]
    steps.sort(key=lambda step: step["when"])
    steps.reverse()
    if application.current_body is not None:
        steps.insert(
            0,
            {
                "title": f"现在：{application.state.label}",
                "tone": "wait",
                "who": application.current_body.name,
                "when": application.state_since,
                "waited": waited_words(queries.waited(application)),
                "text": "",
            },
        )
    return steps


def _notice(notice: PublicNotice) -> dict[str, Any]:
    return {
        "title": notice.kind.label,
        "tone": "ok",
        "who": notice.body.name,
        "when": notice.published_at,
        "waited": "",
        "text": f"{notice.starts_on:%Y-%m-%d} 至 {notice.ends_on:%Y-%m-%d}，{notice.standing}。{notice.conclusion}",
    }


def _step(step: ApplicationStep, for_applicant: bool) -> dict[str, Any]:
    who = (
        step.actor_body_name
        if for_applicant and step.actor_body_name
        else f"{step.actor_body_name} {step.actor_name}".strip()
    )
    text = step.opinion
    if for_applicant and step.action in (A.PASS, A.FAIL):
        text = ""  # the count of votes is the committee's
    if step.items:
        text += "\n需要补正：" + "；".join(item["note"] or item["target"] for item in step.items)
    return {
        "title": step.action.label,
        "tone": "bad" if step.action in BAD else "ok",
        "who": f"{who} · {step.actor_role}",
        "when": step.at,
        "waited": waited_words(step.waited_seconds),
        "text": text.strip(),
    }


def facts_of(application: Application) -> list[tuple[str, Any]]:
    return [
        ("申报编号", application.number),
        ("姓名", application.applicant_name),
        ("身份证号", application.id_masked),
        ("单位", application.employer.name),
        ("年度", f"{application.year}年"),
        ("取得方式", application.method.label),
        ("系列", application.series.name),
        ("申报职称", application.title.name),
        ("等级", application.level.label),
        ("专业", application.speciality.name),
        ("终审机构", application.final_body.name),
        ("年度批次", str(application.batch) if application.batch else "—"),
        ("提交时间", application.submitted_at),
    ]


def sections_of(application: Application) -> list[dict[str, Any]]:
    """The dossier for reading: heading, column labels, rows of words."""
    grouped = queries.records_by_section(application)
    shown = []
    for section, schema in rules.SECTIONS.items():
        rows = [
            [rules.shown(field, record.get(field.name, "")) for field in schema.fields] for record in grouped[section]
        ]
        shown.append(
            {"section": section, "labels": [field.label for field in schema.fields], "rows": rows, "many": schema.many}
        )
    return shown


class DossierView(BaseView):
    """电子档案: an application as an officer reads it, with its files previewed in the page and its trail."""

    route_base = "/dossier"
    hangs_below = ("TrailView", "PeopleView", "RecheckView")
    access: Mapping[str, frozenset[Role]] = {
        "*": OFFICES,
        "file": OFFICES | {Role.APPLICANT},
        "unmask": OFFICES - {Role.COMMITTEE},
    }

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        application = queries.dossier(read(), pk)
        if application is None:
            abort(404)
        from app.applications.views.deciding import decide_button

        return self.render_template(
            "applications/dossier.html",
            title=f"{application.applicant_name} 的申报",
            state=application.state,
            application=application,
            facts=facts_of(application),
            sections=sections_of(application),
            buttons=decide_button(application),
            steps=trail(application),
            revealed=None,
        )

    @expose("/<int:pk>/unmask", methods=["POST"])
    def unmask(self, pk: int) -> ResponseReturnValue:
        """Show the whole identity number, once, recorded."""
        application = queries.dossier(read(), pk)
        if application is None:
            abort(404)
        with command() as session:
            whole = unmask(
                session,
                actor=current_actor(),
                person_id=application.person_id,
                purpose=f"审核申报 {application.number}",
            )
        application = queries.dossier(read(), pk)
        assert application is not None
        return self.render_template(
            "applications/dossier.html",
            title=f"{application.applicant_name} 的申报",
            state=application.state,
            application=application,
            facts=facts_of(application),
            sections=sections_of(application),
            buttons=(),
            steps=trail(application),
            revealed=whole,
        )

    @expose("/file/<int:pk>")
    def file(self, pk: int) -> ResponseReturnValue:
        material = read().get(ApplicationMaterial, pk)
        if material is None:
            abort(404)
        return send_stored(material, inline=True)


class TrailView(ApplicationList):
    """A24 职称申报审核流程查询."""

    access: Mapping[str, frozenset[Role]] = {"*": frozenset({Role.HR_OFFICER, Role.TITLE_OFFICE})}
    route_base, title = "/a24", "职称申报审核流程查询"
    conditions = QueueQuery
    key = (desc(Application.id),)
    columns = (
        *(column for column in COLUMNS if column.label not in ("身份证号", "专业")),
        Column("现在何处", "current_body.name"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.listing(dict(values)).where(Application.state != ApplicationState.DRAFT)

    def row_actions(self, row: Application) -> Sequence[Button]:
        return (Button("过程跟踪", url_for("DossierView.show", pk=row.id) + "#trail"),)


class PeopleView(TrailView):
    """U1.1.4 申报人员信息查询: all applications of the body's people, and where each waits."""

    access: Mapping[str, frozenset[Role]] = {"*": frozenset({Role.UNIT, Role.DEPARTMENT})}
    route_base, title = "/u114", "申报人员信息查询"

    def row_actions(self, row: Application) -> Sequence[Button]:
        return (Button("详细", open_url(row)),)
