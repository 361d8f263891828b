"""A unit that registers, and the office that decides."""

from __future__ import annotations

import io
import re

import sqlalchemy as sa

from app.accounts import queries, services
from app.accounts.models import UnitRegistration
from app.bodies.models import Body
from app.core.db import read_session
from app.core.scope import Actor
from tests.applications.world import PDF
from tests.http import Browser
from tests.people import id_number
from tests.places import SYSTEM, act

CODE, PASSWORD = "91350100M000100Y43", "Danwei@2026x"


FORM = {
    "credit_code": CODE,
    "name": "长沙新设计院有限公司",
    "nature": "private_firm",
    "region_code": "430102",
    "contact_name": "何丽",
    "contact_id_number": id_number(serial=55),
    "contact_phone": "13900000055",
    "username": "sjy",
    "password": PASSWORD,
    "repeat": PASSWORD,
    "consent": "y",
}


OTHER_CODE = "12430000444885384T"


def send(visitor: Browser, url: str = "/register/unit/", *, licence: bytes | None = PDF, **changed: str) -> str:
    data: dict[str, object] = {**FORM, **changed}
    if licence is not None:
        data["licence"] = (io.BytesIO(licence), "执照.pdf")
    return visitor.post(url, data=data, content_type="multipart/form-data", follow_redirects=True).text


def registration() -> UnitRegistration | None:
    """The latest."""
    with read_session(SYSTEM) as session:
        return session.scalar(sa.select(UnitRegistration).order_by(UnitRegistration.id.desc()))


def shown() -> str:
    """What an officer who opens the latest registration now is shown."""
    with read_session(SYSTEM) as session:
        row = session.scalars(sa.select(UnitRegistration).order_by(UnitRegistration.id.desc())).first()
        assert row is not None
        return services.stamp_of(row, queries.matching_bodies(session, row))


def decide(actor: Actor, approve: bool, opinion: str = "", stamp: str = "", as_body: int | None = None) -> int:
    row = registration()
    assert row is not None
    decision = {"approve": approve, "opinion": opinion, "as_body": as_body, "stamp": stamp or shown()}
    return act(actor, services.decide_registration, registration_id=row.id, **decision)


def press(officer: Browser, button: str, **typed: str) -> str:
    """The registration's page, opened and decided on."""
    row = registration()
    assert row is not None
    found = re.search(r'name="stamp" value="([^"]+)"', officer.get(f"/a25/{row.id}").text)
    assert found
    data = {"stamp": found[1], "approve": button} | typed
    return officer.post(f"/a25/{row.id}", data=data, follow_redirects=True).text


def bodies(name: str) -> list[Body]:
    with read_session(SYSTEM) as session:
        return list(session.scalars(sa.select(Body).where(Body.name == name).order_by(Body.id)))
