"""The one function that changes an application's state, and what every service of it needs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.accounts.queries import blacklisted
from app.applications import rules
from app.applications.enums import WITH_APPLICANT
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.models import Application, ApplicationNode, ApplicationStep
from app.applications.workflow import APPLICATION, Facts
from app.catalog.queries import setting
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.scope import Actor


def move(
    session: Session,
    *,
    actor: Actor,
    application: Application,
    action: A,
    target: S,
    facts: Facts,
    to_seq: int | None,
    opinion: str = "",
    items: Sequence[rules.Item] = (),
) -> ApplicationStep:
    """Change an application's state and append the step, in the caller's transaction.

    `to_seq`: the node that holds it afterwards (None: nobody). Raises Conflict or Refusal as the table says.
    """
    APPLICATION.check(application.state, action, target, facts, opinion)
    moment = clock.now()
    node = next((n for n in application.nodes if n.seq == to_seq), None)
    due = None
    if target is S.CORRECTING:
        due = rules.correction_due(clock.today(), int(setting(session, "correction_days", "10")))
    step = ApplicationStep(
        application_id=application.id,
        seq=application.step_count + 1,
        action=action,
        from_state=application.state,
        to_state=target,
        from_body_id=application.current_body_id,
        to_body_id=node.body_id if node else None,
        at=moment,
        waited_seconds=max(int((moment - application.state_since).total_seconds()), 0),
        actor_user_id=actor.user_id,
        actor_post_id=actor.post_id,
        actor_name=actor.name,
        actor_role=actor.role.label,
        actor_body_name=actor.body_name,
        opinion=opinion.strip(),
        items=[{"target": item.target, "note": item.note} for item in items],
    )
    application.state, application.state_since = target, moment
    application.step_count = step.seq
    application.current_seq = to_seq
    application.current_body_id = node.body_id if node else None
    if node is not None and node.reached_at is None:
        node.reached_at = moment
    application.correction_due = due
    session.add(step)
    session.flush()
    audit.record(
        session,
        actor,
        f"applications.{action.value}",
        application,
        number=application.number,
        from_state=step.from_state.value,
        to_state=target.value,
    )
    return step


def load(session: Session, application_id: int) -> Application:
    """The application, locked for this transaction and fresh; NotFound outside the scope."""
    application = session.get(Application, application_id, with_for_update={"of": Application}, populate_existing=True)
    if application is None:
        raise NotFound
    return application


def barred(session: Session, application: Application) -> str:
    """Why the blacklist stops the applicant today, or nothing."""
    entry = blacklisted(session, application.person_id, clock.today())
    return f"申报人在黑名单期内，至 {entry.ends_on:%Y-%m-%d} 止" if entry else ""


def node_at(application: Application, seq: int | None) -> ApplicationNode:
    """The node `seq` of the application's own path."""
    return next(node for node in application.nodes if node.seq == seq)


def editable(session: Session, actor: Actor, application_id: int) -> Application:
    """The applicant's own application while it is with him, locked; NotAllowed or Conflict otherwise."""
    application = load(session, application_id)
    if actor.person_id != application.person_id or actor.role is not Role.APPLICANT:
        raise NotAllowed("只有申报人本人可以修改申报内容。")
    if application.state not in WITH_APPLICANT:
        raise Conflict(f"申报已是“{application.state.label}”，不能再修改。")
    return application
