"""The queues of the bodies on the path, and the page on which one of them decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.applications import queries, rules, services
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.forms import DecisionForm, QueueQuery
from app.applications.models import Application
from app.applications.views.common import COLUMNS, OFFICES, ApplicationList, facts_of, open_url, sections_of, trail
from app.catalog.enums import AcquisitionMethod
from app.core.enums import Role
from app.web.forms import attempt, choices_of
from app.web.identity import command, current_actor, read
from app.web.lists import Bulk, Button, asc

QUEUE_ENDPOINT = {
    S.AT_EMPLOYER: "RecommendationView.list",
    S.AT_SUPERIOR: "SuperiorReviewView.list",
    S.AT_OFFICE: "QualificationReviewView.list",
    S.AT_COMMITTEE: "RecheckView.list",
}
DECIDABLE = frozenset(QUEUE_ENDPOINT) | {S.RETURNED, S.REFUSED}


def decide_button(application: Application) -> Sequence[Button]:
    """【审核】, for whoever holds it."""
    if application.state in DECIDABLE and application.current_body_id == current_actor().body_id:
        return (Button("审核", url_for("DecisionView.decide", pk=application.id), tone="primary"),)
    return ()


class InboxScreen(ApplicationList):
    """What waits for the acting body, longest waiting first."""

    abstract = True
    conditions = QueueQuery
    key = (asc(Application.state_since), asc(Application.id))
    columns = COLUMNS
    empty = "现在没有等待办理的申报。"

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.inbox(current_actor().body_id or 0, dict(values))

    def row_actions(self, row: Application) -> Sequence[Button]:
        words = "退回补充材料" if row.state is S.REFUSED else "审核"
        again = [Button(words, url_for("DecisionView.decide", pk=row.id))] if row.state in DECIDABLE else []
        return (*again, Button("详细", open_url(row)))


class RecommendationView(InboxScreen):
    """U1.1.2 单位推荐上报."""

    access = {"*": frozenset({Role.UNIT})}
    route_base, title = "/u112", "单位推荐上报"
    intro = "公示期满且无异议的申报，勾选后点【上报】；上报时逐份检查公示、异议、职数和黑名单。"
    bulk_actions = (Bulk("forward", "上报", confirm="确定上报所选人员吗？", tone="primary"),)

    def forward(self, ids: Sequence[int]) -> str:
        with command() as session:
            outcome = services.forward_many(session, actor=current_actor(), application_ids=ids)
        refused = {key: reason for key, reason in outcome.items() if reason}
        names = {
            row.id: row.applicant_name
            for row in read().execute(
                sa.select(Application.id, Application.applicant_name).where(Application.id.in_(refused))
            )
        }
        for key, reason in refused.items():
            flash(f"{names.get(key, key)}：{reason}", "danger")
        return f"已上报 {len(outcome) - len(refused)} 条，未上报 {len(refused)} 条。"


class SuperiorReviewView(InboxScreen):
    """U1.1.3 上级单位审核."""

    access = {"*": frozenset({Role.DEPARTMENT})}
    route_base, title = "/u113", "上级单位审核"


class QualificationReviewView(InboxScreen):
    """A12 职称申报人员资格审核."""

    access = {"*": frozenset({Role.TITLE_OFFICE, Role.HR_OFFICER})}
    route_base, title = "/a12", "职称申报人员资格审核"

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.inbox(current_actor().body_id or 0, dict(values))


class RecheckView(InboxScreen):
    """U1.2.1 职称申报人员资格复核."""

    access = {"*": frozenset({Role.COMMITTEE})}
    route_base, title = "/u121", "职称申报人员资格复核"


class DecisionView(BaseView):
    """【审核】: the dossier on one side, the decision on the other."""

    route_base = "/decide"
    hangs_below = tuple(endpoint.removesuffix(".list") for endpoint in QUEUE_ENDPOINT.values())
    access: Mapping[str, frozenset[Role]] = {"*": OFFICES}

    @expose("/<int:pk>", methods=["GET", "POST"])
    def decide(self, pk: int) -> ResponseReturnValue:
        application = _dossier(pk)
        offered = services.explain(read(), actor=current_actor(), application=application)
        queue = url_for(_queue_of(current_actor().role))
        form = DecisionForm()
        form.action.choices = choices_of(((action.value, action.label) for action in offered), None)
        if request.method == "POST" and not offered:
            flash(f"这份申报现在是“{application.state.label}”，不在本单位，可能已被其他人办理。", "danger")
            return redirect(url_for("DossierView.show", pk=pk))
        done: list[str] = []

        def save() -> None:
            action = A(form.action.data)
            with command() as session:
                if action is A.FORWARD:
                    services.forward(session, actor=current_actor(), application_id=pk, opinion=form.opinion.data or "")
                else:
                    services.decide(
                        session,
                        actor=current_actor(),
                        application_id=pk,
                        version=_version(),
                        action=action,
                        opinion=form.opinion.data or "",
                        items=_items(application),
                    )
            done.append(action.label)

        if attempt(form, save):
            flash(f"{application.applicant_name}：已{done[0]}。", "success")
            return redirect(queue)
        application = _dossier(pk)
        return self.render_template(
            "applications/decide.html",
            title=f"审核：{application.applicant_name}",
            application=application,
            state=application.state,
            facts=facts_of(application),
            sections=sections_of(application),
            form=form,
            offered=offered,
            ways={action: _way(action, application) for action in offered},
            reasons={a: r for a, r in offered.items() if r},
            steps=trail(application),
            back=queue,
            version=request.form.get("version") or application.version,
            targets=_targets(application),
            ticked=set(request.form.getlist("items")),
        ), 422 if form.errors else 200


def _dossier(pk: int) -> Application:
    application = queries.dossier(read(), pk)
    if application is None:
        abort(404)
    return application


def _queue_of(role: Role) -> str:
    return {
        Role.UNIT: "RecommendationView.list",
        Role.DEPARTMENT: "SuperiorReviewView.list",
        Role.COMMITTEE: "RecheckView.list",
    }.get(role, "QualificationReviewView.list")


def _way(action: A, application: Application) -> str:
    """Where the application goes by an action, said before it is pressed."""
    here = application.current_seq or 1
    if action in (A.APPROVE, A.FORWARD, A.RESEND):
        above = next((n for n in application.nodes if n.seq == here + 1), None)
        if above:
            return f"{action.label}：送 {above.body.name}"
        reviewed = application.method is AcquisitionMethod.REVIEW
        return f"{action.label}：{'等待编入评审方案' if reviewed else '本机构为终审机构，通过后生效，可以发证'}"
    if action in (A.RETURN, A.SUPPLEMENT):
        below = next((n for n in application.nodes if n.seq == here - 1), None)
        return f"{action.label}：给 {below.body.name if below else '申报人'}，须写明意见"
    return f"{action.label}：须写明意见" + ("，申报就此结束" if action in (A.CLOSE, A.DECLINE) else "")


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _targets(application: Application) -> list[tuple[str, str]]:
    """What may be named as needing correction, with its words."""
    return list(rules.targets((r.code, r.name) for r in services.checklist(read(), application)).items())


def _items(application: Application) -> list[rules.Item]:
    """The ticked targets, each with the words it had on the page; anything else sent is left out."""
    offered = dict(_targets(application))
    return [rules.Item(t, offered[t]) for t in dict.fromkeys(request.form.getlist("items")) if t in offered]
