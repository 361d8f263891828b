"""Actors for tests: real accounts and posts made through the services."""

from __future__ import annotations

from datetime import date

from app.accounts import services
from app.core.db import unit_of_work
from app.core.enums import Role
from app.core.scope import Actor

PASSWORD = "Zhicheng@2026"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_count = 0


def id_number(born: date = date(1990, 1, 1), serial: int = 1, region: str = "430102") -> str:
    """A well-formed identity number (GB 11643)."""
    body = f"{region}{born:%Y%m%d}{serial:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def make_actor(
    role: Role,
    *,
    name: str = "测试员",
    body_id: int | None = None,
    body_name: str = "",
    region_code: str = "",
    born: date = date(1990, 1, 1),
) -> Actor:
    """A person with an account and one post, and the actor he is. Needs an application context."""
    global _count
    _count += 1
    system = Actor.system("test")
    with unit_of_work(system) as session:
        account = services.create_user(
            session,
            actor=system,
            username=f"user{_count}",
            name=name,
            id_number=id_number(born, _count % 1000, "430181"),  # no test writes this region: its own numbers are free
            phone=f"137{_count:08d}",
            password=PASSWORD,
        )
        post = services.grant_post(
            session, actor=system, user_id=account.id, role=role, body_id=body_id, region_code=region_code or None
        )
        return Actor(
            role=role,
            user_id=account.id,
            person_id=account.person_id,
            name=name,
            post_id=post.id,
            body_id=body_id,
            body_name=body_name,
            region_code=region_code,
        )
