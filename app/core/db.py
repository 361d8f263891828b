"""The database: one metadata with Flask-AppBuilder's tables, our column types, and the unit of work.

Services receive a `Session` and never commit. `unit_of_work` is the only place that does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeVar, cast

import orjson
import sqlalchemy as sa
from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import crypto
from app.core.errors import Conflict
from app.core.scope import Actor, bind_scope

__all__ = [
    "EncryptedJson",
    "EncryptedText",
    "EnumText",
    "JsonText",
    "Model",
    "UtcDateTime",
    "begin_write",
    "db",
    "lock",
    "parts",
    "reserve_ids",
    "unit_of_work",
]

Key = TypeVar("Key", str, int)
_MANY = 5_000
"""Keys that one statement takes: SQLite counts up to 32,766 variables."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# FAB names its own constraints; the convention only reaches what we declare without a name.
Model.metadata.naming_convention = NAMING

db = SQLA(model_class=Model)

WRITE = "zhicheng_write"
BUSY_TIMEOUT_MS = 30_000


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime, kept as UTC. SQLite has no zones, so a naive value is refused, not guessed."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        try:
            value = value.astimezone(UTC)
        except OverflowError:  # asked for since the year 1, in a zone ahead of UTC
            value = (datetime.min if value.year == 1 else datetime.max).replace(tzinfo=UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(sa.types.TypeDecorator[Enum]):
    """An enum stored by value in a VARCHAR (FAB cannot build forms for `sa.Enum`)."""

    impl = sa.String(40)
    cache_ok = True

    def __init__(self, enum: type[Enum]) -> None:
        super().__init__()
        self.enum = enum
        self._members = {member.value: member for member in enum}  # a look-up costs a third of enum(value)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else cast(str, self.enum(value).value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Enum | None:
        return None if value is None else self._members.get(value) or self.enum(value)


class EncryptedText(sa.types.TypeDecorator[str]):
    """Text that is unreadable in the file: search it through a keyed digest in a column beside it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else crypto.keys().encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else crypto.keys().decrypt(value)


class EncryptedJson(EncryptedText):
    """JSON that is unreadable in the file; replaced whole, never mutated in place."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else crypto.keys().seal(orjson.dumps(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(crypto.keys().unseal(value))


class JsonText(sa.types.TypeDecorator[Any]):
    """JSON as readable text, the same on both databases; replaced whole, never mutated in place."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


def one_of(column: str, enum: type[Enum], name: str | None = None) -> sa.CheckConstraint:
    """A CHECK that keeps `column` within the enum's values."""
    values = ", ".join(f"'{member.value}'" for member in enum)
    return sa.CheckConstraint(f"{column} IN ({values})", name=name or f"{column}_known")


def prepare_engine(engine: Engine) -> None:
    """SQLite: WAL, foreign keys, and transactions that begin when we say so, writing ones at once."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def on_connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def begin_write(session: Session) -> None:
    """Start `session`'s next transaction as a writing one.

    On SQLite a read transaction can't become a writing one once another has written in between, so
    whatever was read before is dropped.
    """
    session.rollback()
    session.connection(execution_options={WRITE: True})


def lock(session: Session, what: str) -> None:
    """Until this transaction ends nobody else does `what`: for rules over many rows that no constraint can state.

    SQLite's writers are alone anyway.
    """
    if session.connection().dialect.name == "postgresql":
        key = int.from_bytes(blake2b(what.encode(), digest_size=8).digest(), "big", signed=True)
        session.connection().execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def parts(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """The distinct keys in their order, a statement's worth at a time."""
    rest = iter(sorted(set(keys)))
    while piece := list(islice(rest, _MANY)):
        yield piece


def reserve_ids(session: Session, model: type[Any], count: int) -> list[int]:
    """Keys for `count` new rows of a table, so that what refers to them is written in the same few statements.

    For a writing transaction: on SQLite the keys are free as long as it lasts, on PostgreSQL for good.
    """
    connection, table = session.connection(), sa.inspect(model).local_table
    key = next(iter(table.primary_key.columns))
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
        numbers = sa.func.generate_series(1, count).alias("numbers")
        return list(connection.scalars(sa.select(sa.func.nextval(sequence)).select_from(numbers)))
    last = connection.scalar(sa.select(sa.func.max(key))) or 0
    return list(range(last + 1, last + 1 + count))


@contextmanager
def unit_of_work(actor: Actor) -> Iterator[Session]:
    """A new session scoped to `actor` whose transaction commits at the end of the block, once.

    Raises Conflict where another transaction changed the same row first. Needs an application context.
    """
    session = cast(Session, db.session.session_factory())
    bind_scope(session, actor)
    try:
        session.connection(execution_options={WRITE: True})
        yield session
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise Conflict("这条记录刚刚被其他人处理过，请刷新后再看。") from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


@contextmanager
def read_session(actor: Actor) -> Iterator[Session]:
    """A new session scoped to `actor` for reading outside a request; nothing is committed."""
    session = cast(Session, db.session.session_factory())
    bind_scope(session, actor)
    try:
        yield session
    finally:
        session.close()
