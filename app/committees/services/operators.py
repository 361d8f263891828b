"""The operator of a committee: its contact, who signs in to act for it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts import rules as people
from app.accounts import services as accounts
from app.bodies.models import Body
from app.core import clock
from app.core.enums import Role
from app.core.errors import Invalid
from app.core.scope import Actor


def contact_problems(name: str, phone: str, id_number: str | None = None) -> dict[str, str]:
    """What is wrong with a contact, by field; the identity number is looked at where one is given."""
    checks = {"contact_name": people.name_problem(name.strip()), "contact_phone": people.phone_problem(phone.strip())}
    if id_number is not None:
        checks["contact_id_number"] = people.id_number_problem(people.normalise_id_number(id_number), clock.today())
    return {field: problem for field, problem in checks.items() if problem}


def appoint(session: Session, actor: Actor, body: Body, id_number: str) -> str:
    """The contact becomes the operator; what accounts finds wrong is told beside the contact's fields."""
    try:
        return accounts.appoint(
            session,
            actor=actor,
            role=Role.COMMITTEE,
            body_id=body.id,
            name=body.contact_name,
            id_number=id_number,
            phone=body.contact_phone,
            username=f"c{body.code.lower()}"[:26],
        )
    except Invalid as error:
        raise Invalid({f"contact_{field}": problem for field, problem in error.fields.items()}) from error
