"""Operators of many bodies at once: people, accounts and posts in few statements, however many."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.models import Account, Person, Post
from app.accounts.services.sessions import hasher, require
from app.core import audit, clock, crypto
from app.core.db import reserve_ids
from app.core.enums import Role
from app.core.scope import Actor, elevated

_MANY = 5_000


class Contact(NamedTuple):
    """A person as somebody else wrote him down."""

    name: str
    id_number: str
    phone: str

    @property
    def number(self) -> str:
        return rules.normalise_id_number(self.id_number)

    @property
    def digest(self) -> str:
        return crypto.keys().digest(self.number)


class Operator(NamedTuple):
    """Who is to act for a new body, and the user name of a new account (with a number behind it where it is taken)."""

    body_id: int
    contact: Contact
    username: str


class _Standing(NamedTuple):
    """What is known of a person already."""

    person_id: int
    name: str
    account_id: int | None
    active: bool | None


def contact_problems(session: Session, contacts: Sequence[Contact]) -> list[dict[str, str]]:
    """What keeps each from becoming an operator, by field: as `appoint` would say it.

    Each by itself: that one number among them has one name is for the caller to see.
    """
    today, known = clock.today(), _known(session, contacts)
    found = []
    for contact in contacts:
        checks = {
            "name": rules.name_problem(contact.name),
            "id_number": rules.id_number_problem(contact.number, today),
            "phone": rules.phone_problem(contact.phone),
        }
        problems = {field: problem for field, problem in checks.items() if problem}
        if "id_number" not in problems and (standing := known.get(contact.digest)):
            if standing.name != contact.name:
                problems.setdefault("name", "与该身份证号登记的姓名不一致，请核对。")
            elif standing.account_id is None:
                problems["id_number"] = "该人员的材料经其他途径录入，尚无账号，请联系系统管理员。"
            elif not standing.active:
                problems["id_number"] = "该人员的账号已停用，请联系系统管理员。"
        found.append(problems)
    return found


def appoint_all(session: Session, *, actor: Actor, role: Role, operators: Sequence[Operator]) -> None:
    """Make each the operator of a body that has none yet. `contact_problems` has found nothing.

    New accounts get a password nobody knows: it is handed over by resetting it, and must be changed at once.
    """
    require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    with elevated(session, "the operators may have accounts as applicants, or of other bodies"):
        known = _known(session, [operator.contact for operator in operators])
        new = {
            operator.contact.digest: operator
            for operator in reversed(operators)
            if operator.contact.digest not in known
        }
        accounts = {digest: standing.account_id for digest, standing in known.items()}
        accounts |= _open_accounts(session, actor, list(new.values()))
        keys = reserve_ids(session, Post, len(operators))
        users = [accounts[operator.contact.digest] for operator in operators]
        same = {"role": role, "since": clock.today(), "active": True}
        where = [(user, operator.body_id) for user, operator in zip(users, operators, strict=True)]
        if where:
            posts = [
                same | {"id": key, "user_id": user, "body_id": body}
                for key, (user, body) in zip(keys, where, strict=True)
            ]
            session.execute(sa.insert(Post), posts)
    told = [
        ("accounts.grant_post", key, {"role": role.value, "body_id": body, "user_id": user})
        for key, (user, body) in zip(keys, where, strict=True)
    ]
    audit.record_each(session, actor, "posts", lambda: told)


def _open_accounts(session: Session, actor: Actor, operators: Sequence[Operator]) -> dict[str, int]:
    """People and accounts for those who have none; the account's key by the digest of the identity number."""
    if not operators:
        return {}
    digests = [operator.contact.digest for operator in operators]
    names = _free_usernames(session, [operator.username for operator in operators])
    people = reserve_ids(session, Person, len(operators))
    session.execute(
        sa.insert(Person),
        [
            {"id": key} | _person(operator.contact, digest)
            for key, operator, digest in zip(people, operators, digests, strict=True)
        ],
    )
    unknown = hasher.hash(secrets.token_urlsafe(32))
    session.execute(
        sa.insert(Account),
        [
            {
                "username": name,
                "first_name": operator.contact.name,
                "last_name": "",
                "email": f"{name}@localhost",
                "active": True,
                "password": unknown,
                "password_changed_at": None,
                "person_id": person,
            }
            for name, operator, person in zip(names, operators, people, strict=True)
        ],
    )
    found: dict[str, int] = {}
    for piece in _parts(names):
        query = sa.select(Account.username, Account.id).where(Account.username.in_(piece))
        found |= dict(session.execute(query).all())
    keys = [found[name] for name in names]
    told = [("accounts.create_user", key, {"username": name}) for key, name in zip(keys, names, strict=True)]
    audit.record_each(session, actor, "ab_user", lambda: told)
    return dict(zip(digests, keys, strict=True))


def _person(contact: Contact, digest: str) -> dict[str, Any]:
    number, keys = rules.normalise_id_number(contact.id_number), crypto.keys()
    return {
        "name": contact.name,
        "id_number": number,
        "id_digest": digest,
        "id_masked": crypto.mask_id_number(number),
        "gender": rules.gender_of(number),
        "born_on": rules.birthday_of(number),
        "phone": contact.phone,
        "phone_digest": keys.digest(contact.phone),
        "phone_masked": crypto.mask_phone(contact.phone),
        "consent_version": "",
    }


def _free_usernames(session: Session, wanted: Sequence[str]) -> list[str]:
    taken: set[str] = set()
    for piece in _parts(wanted):
        taken |= set(session.scalars(sa.select(Account.username).where(Account.username.in_(piece))))
    free = []
    for name in wanted:
        if name in taken:
            like = set(session.scalars(sa.select(Account.username).where(Account.username.startswith(f"{name}-"))))
            name = next(one for n in count(2) if (one := f"{name}-{n}") not in like | taken)
        taken.add(name)
        free.append(name)
    return free


def _known(session: Session, contacts: Iterable[Contact]) -> Mapping[str, _Standing]:
    """People there are, by the digest of their identity number."""
    found = {}
    with elevated(session, "a person is looked for wherever he is; only whether he is one and the same is told"):
        for piece in _parts(contact.digest for contact in contacts):
            query = (
                sa.select(Person.id_digest, Person.id, Person.name, Account.id, Account.active)
                .outerjoin(Account, Account.person_id == Person.id)
                .where(Person.id_digest.in_(piece))
            )
            found.update({row[0]: _Standing(*row[1:]) for row in session.execute(query)})
    return found


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(set(keys)))
    while piece := list(islice(rest, _MANY)):
        yield piece
