import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.catalog.models import Setting
from app.core import audit, chain, clock
from app.core.audit import AuditEntry
from app.core.db import db, read_session, unit_of_work
from app.core.scope import Actor

pytestmark = pytest.mark.usefixtures("app")


def write(*actions: str) -> None:
    for action in actions:
        with unit_of_work(Actor.system("test")) as session:
            audit.record(session, Actor.system("test"), action, ("things", 7), note="说明", amount=3)


def write_and_fail() -> None:
    with unit_of_work(Actor.system("test")) as session:
        audit.record(session, Actor.system("test"), "a.lost")
        raise ZeroDivisionError


def breaks() -> list[chain.Break]:
    with read_session(Actor.system("test")) as session:
        return list(chain.verify(session, AuditEntry))


def meddle(*statements: str) -> None:
    """Change the table behind the application's back, triggers switched off as a database administrator could."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
        else:
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_entries_no_{verb}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_entries_written_one_after_another_hold() -> None:
    write("a.one", "a.two", "a.three")
    assert breaks() == []


def test_a_transaction_that_rolls_back_leaves_no_entry_and_no_gap() -> None:
    write("a.one")
    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    write("a.two")
    with read_session(Actor.system("test")) as session:
        assert list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))) == ["a.one", "a.two"]
    assert breaks() == []


def test_a_savepoint_takes_back_what_was_queued_inside_it_and_nothing_else() -> None:
    actor = Actor.system("test")
    with unit_of_work(actor) as session:
        audit.record(session, actor, "a.before")
        with session.begin_nested():
            audit.record(session, actor, "a.kept")
        savepoint = session.begin_nested()
        audit.record(session, actor, "a.lost")
        with session.begin_nested():
            audit.record(session, actor, "a.lost with it")
        savepoint.rollback()
        with session.begin_nested():
            audit.record(session, actor, "a.kept too")
            inner = session.begin_nested()
            audit.record(session, actor, "a.lost inside")
            inner.rollback()
        audit.record(session, actor, "a.after")
    with read_session(actor) as session:
        written = list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
    assert written == ["a.before", "a.kept", "a.kept too", "a.after"]
    assert breaks() == []


def test_a_row_the_database_refuses_inside_a_savepoint_takes_nothing_else_with_it() -> None:
    actor, moment = Actor.system("test"), clock.now()
    with unit_of_work(actor) as session:
        audit.record(session, actor, "a.before")
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add_all([Setting(key="k", value=value, since=moment) for value in "ab"])
        audit.record(session, actor, "a.after")
    with read_session(actor) as session:
        assert list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))) == ["a.before", "a.after"]


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit_entries SET actor_name = '别人' WHERE id = 2"], [(2, "内容被改动")]),
        (["UPDATE audit_entries SET detail = '{}' WHERE id = 3"], [(3, "内容被改动")]),
        (["DELETE FROM audit_entries WHERE id = 2"], [(2, "缺少第 2 至 2 条")]),
        (
            [
                "UPDATE audit_entries SET id = 99 WHERE id = 2",
                "UPDATE audit_entries SET id = 2 WHERE id = 3",
                "UPDATE audit_entries SET id = 3 WHERE id = 99",
            ],
            [(2, "与前一条不衔接"), (2, "内容被改动"), (3, "与前一条不衔接"), (3, "内容被改动"), (4, "与前一条不衔接")],
        ),
        (["DELETE FROM audit_entries WHERE id = 4"], [(4, "末尾缺失：应有 4 条，实有 3 条")]),
    ],
)
def test_any_later_edit_shows(statements: list[str], found: list[tuple[int, str]]) -> None:
    write("a.one", "a.two", "a.three", "a.four")
    meddle(*statements)
    assert [(b.entry_id, b.problem) for b in breaks()] == found


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor_name = 'x'", "DELETE FROM audit_entries"])
def test_the_database_itself_refuses(statement: str) -> None:
    write("a.one")
    with pytest.raises(DBAPIError, match="append-only table audit_entries"), db.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_sixteen_writers_at_once_make_one_chain(app: Flask) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> None:
        with app.app_context():
            write(f"a.{number}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(32)))
    assert breaks() == []
    with read_session(Actor.system("test")) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 32
