"""Who sees which person. The rows other domains justify (an application under review) are added by them."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla import models as fab

from app.accounts.models import (
    Account,
    BlacklistEntry,
    LoginAttempt,
    LoginSession,
    Person,
    Post,
    UnitRegistration,
    UnmaskLog,
)
from app.bodies.models import Body
from app.core.enums import Role
from app.core.scope import Actor, registry

registry.system(
    fab.User,
    fab.Role,
    fab.Permission,
    fab.PermissionView,
    fab.ViewMenu,
    fab.RegisterUser,
    fab.Group,
    fab.ApiKey,
    Account,
    LoginSession,
    LoginAttempt,
)

OPERATORS = (Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.COMMITTEE)
"""Roles that act for a body and are looked after by the HR office of its region."""

seen_through: list[Callable[[Actor], Any]] = []
"""Conditions over people.id that let an actor see somebody else: each domain above appends its own."""


def person_rows(actor: Actor) -> Any:
    column = Person.__table__.c.id
    if actor.role is Role.SYSADMIN:
        return True
    if actor.role is Role.HR_OFFICER and actor.region_prefix and len(actor.region_prefix) == 2:
        return True
    conditions = [column == actor.person_id] if actor.person_id else []
    conditions += [found for reason in seen_through if (found := reason(actor)) is not False]
    return sa.or_(*conditions) if conditions else False


def _of_operators(actor: Actor) -> Any:
    """Posts of those who act for the bodies of an officer's region; none of his colleagues' or of judges."""
    columns, bodies = Post.__table__.c, Body.__table__.c
    inside = sa.select(bodies.id).where(bodies.region_code.startswith(actor.region_prefix))
    return sa.and_(columns.role.in_(OPERATORS), columns.body_id.in_(inside))


def post_rows(actor: Actor) -> Any:
    if actor.role is Role.SYSADMIN:
        return True
    conditions = [Post.__table__.c.user_id == actor.user_id] if actor.user_id else []
    if actor.role is Role.HR_OFFICER and actor.region_prefix:
        conditions.append(_of_operators(actor))
    return sa.or_(*conditions) if conditions else False


def blacklist_rows(actor: Actor) -> Any:
    if actor.role is Role.HR_OFFICER and actor.region_prefix:
        return BlacklistEntry.__table__.c.region_code.startswith(actor.region_prefix)
    return False


def unmask_rows(actor: Actor) -> Any:
    """What I looked at, and who looked at mine."""
    columns = UnmaskLog.__table__.c
    mine = [columns.person_id == actor.person_id] if actor.person_id else []
    mine += [columns.by_user_id == actor.user_id] if actor.user_id else []
    return True if actor.role is Role.SYSADMIN else sa.or_(*mine) if mine else False


def registration_rows(actor: Actor) -> Any:
    if actor.role is Role.HR_OFFICER and actor.region_prefix:
        return UnitRegistration.__table__.c.region_code.startswith(actor.region_prefix)
    return False


def _looked_after(actor: Actor) -> Any:
    """An HR officer sees who acts for the bodies of the region, and whom its offices have listed."""
    if actor.role is not Role.HR_OFFICER or not actor.region_prefix:
        return False
    posts, accounts, entries = Post.__table__.c, Account.__table__.c, BlacklistEntry.__table__.c
    acting = sa.select(accounts.person_id).join(Post.__table__, posts.user_id == accounts.id)
    listed = sa.select(entries.person_id).where(blacklist_rows(actor))
    column = Person.__table__.c.id
    return sa.or_(column.in_(acting.where(posts.active, _of_operators(actor))), column.in_(listed))


seen_through.append(_looked_after)
registry.scoped(UnitRegistration, registration_rows)
registry.scoped(Person, person_rows)
registry.scoped(Post, post_rows)
registry.scoped(BlacklistEntry, blacklist_rows)
registry.scoped(UnmaskLog, unmask_rows)
