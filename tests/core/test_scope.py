import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.accounts.enums import Gender
from app.accounts.models import Person, Post
from app.catalog.models import Region, TitleSeries
from app.core import clock
from app.core.db import Model, read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import ScopeViolation
from app.core.jobs import Job, JobItem, JobStatus
from app.core.scope import UNSCOPED, Actor, Kind, Registry, bind_scope, elevated, registry
from tests.people import make_actor

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def two() -> tuple[Actor, Actor]:
    return make_actor(Role.APPLICANT, name="测试甲"), make_actor(Role.APPLICANT, name="测试乙")


def test_every_mapped_class_is_declared() -> None:
    registry.check(Model.registry.mappers)


def test_an_undeclared_class_stops_the_start() -> None:
    with pytest.raises(ScopeViolation, match=r"^no scope declared for: .*Application, .*Region"):
        Registry().check(Model.registry.mappers)


def test_a_class_is_not_declared_twice_differently() -> None:
    mine = Registry()
    mine.public(Region)
    with pytest.raises(ScopeViolation, match=r"Region is declared twice"):
        mine.system(Region)


@pytest.mark.parametrize(("code", "prefix"), [("430000", "43"), ("430100", "4301"), ("430102", "430102"), ("", "")])
def test_region_prefix(code: str, prefix: str) -> None:
    assert Actor(Role.HR_OFFICER, region_code=code).region_prefix == prefix


def test_without_a_scope_there_is_no_row(two: tuple[Actor, Actor]) -> None:
    with read_session(two[0]) as session:
        session.info.clear()
        assert session.scalars(sa.select(Person)).all() == []
        assert session.scalars(sa.select(TitleSeries)).all() != []


def test_select_get_alias_join_count_and_exists_are_all_scoped(two: tuple[Actor, Actor]) -> None:
    me, other = two
    with read_session(me) as session:
        assert [p.id for p in session.scalars(sa.select(Person))] == [me.person_id]
        assert session.get(Person, other.person_id) is None
        someone = aliased(Person)
        assert session.scalars(sa.select(someone.id)).all() == [me.person_id]
        assert session.scalar(sa.select(sa.func.count(Person.id))) == 1
        assert session.scalars(sa.select(Person.name)).all() == ["测试甲"]
        joined = sa.select(Post.id).join(Person, Person.id == other.person_id)
        assert session.scalars(joined).all() == []
        found = sa.select(Region.code).where(sa.exists().where(Person.id == other.person_id)).limit(1)
        assert session.scalars(found).all() == []


def test_updates_and_deletes_in_bulk_touch_only_rows_in_scope(two: tuple[Actor, Actor]) -> None:
    me, other = two
    with unit_of_work(me) as session:
        session.execute(sa.update(Person).values(name="改"), execution_options={"synchronize_session": False})
    with read_session(Actor.system("test")) as session:
        names = {p.id: p.name for p in session.scalars(sa.select(Person))}
    assert names == {me.person_id: "改", other.person_id: "测试乙"}


def test_core_statements_need_a_reason(two: tuple[Actor, Actor]) -> None:
    with read_session(two[0]) as session:
        with pytest.raises(ScopeViolation, match=r"Core statement"):
            session.execute(sa.select(Person.__table__))
        with pytest.raises(ScopeViolation, match=r"Core statement"):
            session.execute(sa.text("select 1"))
        assert session.execute(sa.text("select 1"), execution_options={UNSCOPED: "test"}).scalar() == 1


def test_a_bulk_insert_needs_elevation(two: tuple[Actor, Actor]) -> None:
    with unit_of_work(two[0]) as session, pytest.raises(ScopeViolation, match=r"bulk insert"):
        session.execute(sa.insert(Job), [{"kind": "x"}])


def test_a_new_row_must_lie_within_the_scope(two: tuple[Actor, Actor]) -> None:
    me, other = two
    moment = clock.now()

    def add(user_id: int | None) -> None:
        with unit_of_work(me) as session:
            session.add(
                Job(
                    kind="k",
                    title="t",
                    actor={},
                    user_id=user_id,
                    created_at=moment,
                    beat_at=moment,
                    status=JobStatus.QUEUED,
                )
            )

    add(me.user_id)
    with pytest.raises(ScopeViolation, match=r"Job .* is outside the scope of applicant"):
        add(other.user_id)


def test_a_changed_foreign_key_must_point_within_the_scope(two: tuple[Actor, Actor]) -> None:
    me, _ = two
    jobs = []
    for actor in two:
        with unit_of_work(actor) as session:
            job = Job(kind="k", title="t", actor={}, user_id=actor.user_id, created_at=clock.now(), beat_at=clock.now())
            session.add(job)
            session.flush()
            session.add(JobItem(job_id=job.id, seq=1, subject_id=job.id))
            jobs.append(job.id)
    with pytest.raises(ScopeViolation, match=f"Job {jobs[1]} is outside"), unit_of_work(me) as session:
        session.scalars(sa.select(JobItem)).one().job_id = jobs[1]


def test_public_classes_are_written_by_their_writers_alone(two: tuple[Actor, Actor]) -> None:
    with pytest.raises(ScopeViolation, match=r"Region is not written by applicant"), unit_of_work(two[0]) as session:
        session.get_one(Region, "430100").name = "星城"
    officer = make_actor(Role.HR_OFFICER, region_code="430000", body_id=_any_body())
    with unit_of_work(officer) as session:
        session.get_one(Region, "430100").name = "长沙"


def _any_body() -> int:
    from app.bodies.enums import BodyNature, NodeType
    from app.bodies.models import Body

    with unit_of_work(Actor.system("test")) as session:
        body = Body(
            code="T1",
            name="测试处",
            node_type=NodeType.TITLE_OFFICE,
            nature=BodyNature.GOVERNMENT,
            region_code="430000",
        )
        session.add(body)
        session.flush()
        return body.id


def test_a_session_keeps_the_actor_it_was_given(two: tuple[Actor, Actor]) -> None:
    session = Session()
    bind_scope(session, two[0])
    bind_scope(session, two[0])
    with pytest.raises(ScopeViolation, match=r"keeps the actor"):
        bind_scope(session, two[1])


def test_elevation_ends_with_its_block_even_after_an_error(two: tuple[Actor, Actor]) -> None:
    me, other = two
    with read_session(me) as session:
        with elevated(session, "test"):
            assert session.scalar(sa.select(sa.func.count(Person.id))) == 2
        with pytest.raises(ZeroDivisionError), elevated(session, "test"):
            raise ZeroDivisionError
        assert session.scalar(sa.select(sa.func.count(Person.id))) == 1
        with pytest.raises(ValueError, match=r"reason"), elevated(session, ""):
            pass
    assert other.person_id != me.person_id


def test_personal_data_is_unreadable_in_the_file() -> None:
    actor = make_actor(Role.APPLICANT, name="测试丙")
    with read_session(Actor.system("test")) as session:
        person = session.get_one(Person, actor.person_id)
        raw = session.execute(
            sa.select(sa.type_coerce(Person.id_number, sa.Text), sa.type_coerce(Person.phone, sa.Text)).where(
                Person.id == person.id
            )
        ).one()
        assert person.id_number not in raw[0] and person.phone not in raw[1]
        assert person.id_masked == person.id_number[:6] + "********" + person.id_number[-4:]
        assert person.gender in Gender


def test_kinds_of_declaration() -> None:
    assert registry.declared[Person].kind is Kind.SCOPED
    assert registry.declared[Region].kind is Kind.PUBLIC
