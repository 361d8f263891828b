"""Who acts, and which rows that lets them touch: the one boundary, below Flask and FAB.

Every mapped class is declared SCOPED (a policy says which rows), PUBLIC (all may read, named roles may
write) or SYSTEM (infrastructure; never on a screen without its own policy). `registry.check()` refuses to
start the application otherwise. A session without an actor sees no scoped row at all.

A policy is a function of the actor over the class's *table*: subqueries inside it are Core, because ORM
entities inside a criterion would be given criteria of their own without end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, event
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors

from app.core.enums import Role
from app.core.errors import ScopeViolation

ACTOR = "actor"
_CRITERIA = "scope_criteria"
_SEEN = "scope_seen"
"""(column, key) of foreign keys found visible in this transaction: asked of the database once."""
UNSCOPED = "unscoped"
"""Execution option: a Core statement that runs although a scope is set, with the reason as its value."""


def region_prefix(code: str) -> str:
    """'43' of the province's code, '4301' of a city's, '430102' of a county's."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def region_above(code: str) -> str:
    """The code of the region directly above: of a county its city's, of a city the province's; "" of the province."""
    prefix = region_prefix(code)
    return prefix[:-2].ljust(6, "0") if len(prefix) > 2 else ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, in which post. `region_code` is six digits (GB/T 2260); `region_prefix` is its own part."""

    role: Role
    user_id: int | None = None
    person_id: int | None = None
    name: str = ""
    post_id: int | None = None
    body_id: int | None = None
    body_name: str = ""
    region_code: str = ""
    ip: str = ""
    reason: str = ""

    @classmethod
    def anonymous(cls, ip: str = "") -> Actor:
        return cls(Role.ANONYMOUS, name="访客", ip=ip)

    @classmethod
    def system(cls, reason: str) -> Actor:
        """The system itself, for work no person asked for; `reason` goes to the audit trail."""
        return cls(Role.SYSTEM, name="系统", reason=reason)

    @property
    def region_prefix(self) -> str:
        return region_prefix(self.region_code)

    def serves(self, region_code: str) -> bool:
        """Whether a region is the acting post's own or lies within it."""
        return bool(self.region_code) and region_code.startswith(self.region_prefix)

    def from_ip(self, ip: str) -> Actor:
        return replace(self, ip=ip)


Rows = Callable[[Actor], "ColumnElement[bool] | bool"]
"""True: every row; False: none; else a condition over the class's table."""


class Kind(Enum):
    SCOPED = "scoped"
    PUBLIC = "public"
    SYSTEM = "system"


@dataclass(frozen=True)
class Declaration:
    kind: Kind
    rows: Rows
    writers: frozenset[Role] = frozenset()


@dataclass
class Registry:
    """Every mapped class's declaration."""

    declared: dict[type, Declaration] = field(default_factory=dict)

    def scoped(self, model: type, rows: Rows) -> None:
        """Declare which rows of `model` an actor may see; only those may be written either."""
        self._declare(model, Declaration(Kind.SCOPED, rows))

    def public(self, *models: type, writers: Iterable[Role] = ()) -> None:
        """Declare classes that anyone may read and only `writers` (and the system) may change."""
        for model in models:
            self._declare(model, Declaration(Kind.PUBLIC, lambda _actor: True, frozenset(writers)))

    def system(self, *models: type) -> None:
        """Declare infrastructure: reached by core and accounts services, and by declared admin views only."""
        for model in models:
            self._declare(model, Declaration(Kind.SYSTEM, lambda _actor: True))

    def _declare(self, model: type, declaration: Declaration) -> None:
        if model in self.declared and self.declared[model].kind is not declaration.kind:
            raise ScopeViolation(f"{model.__name__} is declared twice")
        self.declared[model] = declaration

    def check(self, mappers: Iterable[Mapper[Any]]) -> None:
        """Raise ScopeViolation naming every mapped class without a declaration."""
        missing = sorted(m.class_.__name__ for m in mappers if m.class_ not in self.declared)
        if missing:
            raise ScopeViolation("no scope declared for: " + ", ".join(missing))

    @cached_property
    def tables(self) -> dict[sa.FromClause, type]:
        """Complete once the application has started: declarations are made at import."""
        return {sa.inspect(model).local_table: model for model in self.declared}


registry = Registry()


@dataclass(frozen=True)
class Through:
    """Rows of a child are those whose parent is visible: `column` holds the parent's primary key.

    The check of that foreign key is then the check of the row.
    """

    column: Any
    parent: type

    def __call__(self, actor: Actor) -> ColumnElement[bool] | bool:
        wanted = registry.declared[self.parent].rows(actor)
        if isinstance(wanted, bool):
            return wanted
        table: Any = sa.inspect(self.parent).local_table
        key = next(iter(table.primary_key.columns))
        condition: ColumnElement[bool] = self.column.in_(sa.select(key).where(wanted))
        return condition


through = Through  # reads as the sentence it is: registry.scoped(Child, through(Child.parent_id, Parent))


def bind_scope(session: Session, actor: Actor) -> None:
    """Give `session` its actor, once: a session that has read as one actor never serves another."""
    if session.info.get(ACTOR) not in (None, actor):
        raise ScopeViolation("a session keeps the actor it was given")
    session.info[ACTOR] = actor
    session.info.pop(_CRITERIA, None)


@contextmanager
def elevated(session: Session, reason: str) -> Iterator[Session]:
    """Lift the scope for one block: for a rule that must look further than the person may (a duplicate, a quota).

    What is read inside must not be handed to the person. `reason` is for the reader of the code.
    """
    if not reason:
        raise ValueError("a reason is required")
    actor = session.info.get(ACTOR)
    session.flush()
    session.info[ACTOR] = Actor.system(reason)
    session.info.pop(_CRITERIA, None)
    try:
        yield session
        session.flush()
    finally:
        session.info[ACTOR] = actor
        session.info.pop(_CRITERIA, None)


Criteria = dict[sa.FromClause, Any]


def _criteria(session: Session) -> Criteria:
    """The loader criteria of this session's actor, by table."""
    cached: Criteria | None = session.info.get(_CRITERIA)
    if cached is None:
        actor: Actor | None = session.info.get(ACTOR)
        cached = _criteria_of(actor.from_ip("") if actor else None)
        session.info[_CRITERIA] = cached
    return cached


@lru_cache(maxsize=1024)
def _criteria_of(actor: Actor | None) -> Criteria:
    """Made once an actor: a policy is a function of the actor alone, never of the day or the database."""
    options: Criteria = {}
    for model, declaration in registry.declared.items():
        if declaration.kind is not Kind.SCOPED or (actor and actor.role is Role.SYSTEM):
            continue
        wanted: ColumnElement[bool] | bool = declaration.rows(actor) if actor else False
        if wanted is True:
            continue
        condition = sa.false() if wanted is False else wanted
        table: Any = sa.inspect(model).local_table
        options[table] = with_loader_criteria(model, condition, include_aliases=True, propagate_to_loaders=False)
    return options


def _relevant(statement: Any, criteria: Criteria) -> list[Any]:
    """The criteria a statement needs: each one costs a walk of its expression at every execution.

    A statement with loader options may join classes it does not show, so it gets them all. Otherwise every table
    it can touch stands in it, as a column's owner, a FROM or a join's target.
    """
    if statement._with_options:
        return list(criteria.values())
    found: dict[sa.FromClause, None] = {}
    for element in _by_key(statement) or visitors.iterate(statement):
        owner = getattr(element, "table", element)
        while isinstance(owner, sa.Alias):
            owner = owner.element
        if isinstance(owner, sa.Table):
            found.setdefault(owner)
    return [criteria[table] for table in found if table in criteria]


def _by_key(statement: Any) -> tuple[Any, ...]:
    """The tables of the commonest statement, one class by equality with values (get, lazy loads), without a walk."""
    if not isinstance(statement, sa.Select) or statement._from_obj or statement._setup_joins:
        return ()
    found: list[Any] = []
    for column in statement._raw_columns:
        if not isinstance(column, sa.Table):
            return ()
        found.append(column)
    for condition in statement._where_criteria:
        if not (
            isinstance(condition, sa.BinaryExpression)
            and isinstance(condition.left, sa.Column)
            and isinstance(condition.right, sa.BindParameter)
        ):
            return ()
        found.append(condition.left)
    return tuple(found)


def _scope_statement(state: ORMExecuteState) -> None:
    actor = state.session.info.get(ACTOR)
    if actor is not None and actor.role is Role.SYSTEM:
        return
    if not state.is_orm_statement:
        if state.execution_options.get(UNSCOPED):
            return
        raise ScopeViolation("a Core statement through a scoped session; use the mapped classes")
    if state.is_insert:
        raise ScopeViolation("a bulk insert through a scoped session; say why with elevated()")
    if state.is_column_load:
        return
    options = _relevant(state.statement, _criteria(state.session))
    if options:
        state.statement = state.statement.options(*options)


def _check_write(session: Session, _flush: UOWTransaction) -> None:
    """New rows, and every changed foreign key, must lie within the actor's scope."""
    actor = session.info.get(ACTOR)
    if actor is not None and actor.role is Role.SYSTEM:
        return
    for instance in (*session.new, *session.dirty, *session.deleted):
        mapper = sa.inspect(instance).mapper
        declaration = registry.declared.get(mapper.class_)
        if declaration is None:
            raise ScopeViolation(f"{mapper.class_.__name__} has no declared scope")
        if declaration.kind is Kind.SYSTEM:
            continue
        changed = instance in session.new or session.is_modified(instance)
        if declaration.kind is Kind.PUBLIC:
            if changed and (actor is None or actor.role not in declaration.writers):
                raise ScopeViolation(f"{mapper.class_.__name__} is not written by {actor and actor.role}")
        elif actor is None:
            raise ScopeViolation("a scoped row was written without a scope")
        elif instance in session.new and not isinstance(declaration.rows, Through):
            _require_visible(session, actor, mapper, mapper.primary_key_from_instance(instance)[0])
        if changed and instance not in session.deleted:
            _check_foreign_keys(session, actor, mapper, instance)


def _check_foreign_keys(session: Session, actor: Actor | None, mapper: Mapper[Any], instance: Any) -> None:
    tables = registry.tables
    state = sa.inspect(instance)
    for foreign in mapper.local_table.foreign_keys:
        attribute = mapper.get_property_by_column(foreign.parent).key
        value = getattr(instance, attribute)
        if value is None or not (
            state.pending or instance in session.new or state.attrs[attribute].history.has_changes()
        ):
            continue
        model = tables.get(foreign.column.table)
        if model is None or registry.declared[model].kind is not Kind.SCOPED:
            continue
        if actor is None:
            raise ScopeViolation("a scoped row was written without a scope")
        _require_visible(session, actor, sa.inspect(model), value, foreign.column)


def _require_visible(session: Session, actor: Actor, mapper: Mapper[Any], key: Any, column: Any | None = None) -> None:
    wanted = registry.declared[mapper.class_].rows(actor)
    if wanted is True:
        return
    column = mapper.primary_key[0] if column is None else column
    seen: set[tuple[Any, Any]] = session.info.setdefault(_SEEN, set())
    if (column, key) in seen:
        return
    condition = sa.false() if wanted is False else wanted
    found = session.connection().execute(sa.select(sa.literal(1)).where(column == key, condition)).first()
    if found is None:
        raise ScopeViolation(f"{mapper.class_.__name__} {key} is outside the scope of {actor.role}")
    seen.add((column, key))


def _forget_seen(session: Session, *_: Any) -> None:
    session.info.pop(_SEEN, None)


def install() -> None:
    """Hook the scope into every session of the process (idempotent)."""
    if not event.contains(Session, "do_orm_execute", _scope_statement):
        event.listen(Session, "do_orm_execute", _scope_statement)
        event.listen(Session, "after_flush", _check_write)
        event.listen(Session, "after_commit", _forget_seen)
        event.listen(Session, "after_soft_rollback", _forget_seen)


install()
