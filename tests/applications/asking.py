"""What tests of the services ask again and again."""

from __future__ import annotations

from app.applications import services
from app.applications.models import Application
from app.core.db import unit_of_work
from app.core.scope import Actor
from tests.applications.world import World

APPRAISAL = "material:APPRAISAL"


def attach(world: World, person: Actor, key: int, code: str, content: bytes) -> int:
    with unit_of_work(person) as session:
        lines = services.checklist(session, session.get_one(Application, key))
        line = next(line.id for line in lines if line.code == code)
        return services.attach_material(
            session, actor=person, application_id=key, requirement_id=line, name="../../etc/证件.pdf", content=content
        ).id
