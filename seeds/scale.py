"""A whole province of dull rows, for measuring: `run.py load-scale`. The same rows every time.

Regions have a title office each, with supervising departments and units below it; ladders lead up to committees. Every
97th department has nobody above it and every 50th unit has not confirmed, so that a checkup finds something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import chain as joined
from itertools import cycle, islice
from random import Random
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Acceptance, Body
from app.bodies.rules import CREDIT_ALPHABET, CREDIT_WEIGHTS
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Region, Speciality
from app.catalog.rules import initials
from app.committees.enums import CommitteeGrade
from app.committees.models import Committee, CoveredSpeciality, FoundingBody
from app.core import audit, chain
from app.core.audit import AuditEntry
from app.core.db import db, unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor

Row = dict[str, Any]
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
MARK = "SCALE"
"""How the codes of these bodies begin."""
KINDS = (
    (Procedure.INITIAL_DETERMINATION, TitleLevel.ASSISTANT, None),
    (Procedure.JUNIOR_REVIEW, TitleLevel.ASSISTANT, CommitteeGrade.JUNIOR),
    (Procedure.INTERMEDIATE_REVIEW, TitleLevel.INTERMEDIATE, CommitteeGrade.INTERMEDIATE),
    (Procedure.SENIOR_REVIEW, TitleLevel.ASSOCIATE_SENIOR, CommitteeGrade.SENIOR),
)
TRADES = ("住房和城乡建设", "教育", "卫生健康", "农业农村", "交通运输", "水利", "林业", "文化旅游", "自然资源")
UNITS = ("市政维护中心", "中学", "医院", "农业技术推广站", "公路养护站", "水库管理所", "林场", "文化馆", "测绘院")
ACTIONS = ("accounts.sign_in", "applications.submit", "applications.approve", "bodies.create", "approval_paths.confirm")
PEOPLE = ("周建国", "刘志强", "陈思远", "李秀英", "王海涛", "黄国华", "谭文斌", "彭丽娟")


@dataclass(frozen=True)
class Size:
    """How many rows are made. Each region has one office besides, counted among the bodies."""

    bodies: int = 50_000
    edges: int = 200_000
    specialities: int = 3_000
    committees: int = 1_000
    entries: int = 1_000_000


@dataclass(frozen=True)
class Province:
    """The bodies made, by kind: (key, region code)."""

    offices: dict[str, int]
    departments: list[tuple[int, str]]
    units: list[tuple[int, str]]
    committees: list[tuple[int, str]]


def load_scale(app: Flask, size: Size) -> None:
    """Make everything, or nothing; call inside an application context, on a database that has its reference data."""
    if app.config["PRODUCTION"]:
        raise Refusal("生产环境不能装入测试数据。")
    actor = Actor.system("load-scale")
    with unit_of_work(actor) as session:
        regions = _regions(session)
        if not regions:
            raise Refusal("数据库里还没有基础数据，请先运行 run.py init。")
        if session.scalar(sa.select(Body.id).where(Body.code.startswith(MARK)).limit(1)) is not None:
            raise Refusal("测试数据已经装入过。")
        rng = Random(43)
        province = _bodies(session, regions, size)
        _specialities(session, size.specialities)
        series = _committees(session, province, rng)
        _insert(session, Acceptance, _acceptances(province, regions))
        _insert(session, PathEdge, islice(_edges(province, series, rng), size.edges))
        chain.append(session, AuditEntry, islice(_entries(province), size.entries))
        audit.record(session, actor, "seeds.load_scale", **vars(size))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # as a server's autovacuum would have left it, so that counts are answered by indexes alone
        connection.exec_driver_sql("ANALYZE" if connection.dialect.name == "sqlite" else "VACUUM ANALYZE")


def _insert(session: Session, model: Any, rows: Iterable[Row]) -> None:
    connection, rest = session.connection(), iter(rows)
    while batch := list(islice(rest, chain.BATCH)):
        connection.execute(sa.insert(model.__table__), batch)


def _regions(session: Session) -> list[tuple[str, str]]:
    """(code, name) of the regions in force."""
    rows = session.execute(
        sa.select(Region.code, Region.name).where(Region.valid_until.is_(None)).order_by(Region.code)
    )
    return [(row.code, row.name) for row in rows]


# -- bodies ----------------------------------------------------------------------------------------------------


def _bodies(session: Session, regions: list[tuple[str, str]], size: Size) -> Province:
    departments, provincial = (size.bodies - size.committees) // 20, size.committees // 3
    wanted = (
        (NodeType.TITLE_OFFICE, regions, len(regions)),
        (NodeType.DEPARTMENT, regions, departments),
        (NodeType.COMMITTEE, regions[:1], provincial),
        (NodeType.COMMITTEE, regions, size.committees - provincial),
        (NodeType.UNIT, regions, size.bodies - size.committees - departments - len(regions)),
    )
    places = ((kind, place) for kind, among, count in wanted for place in islice(cycle(among), count))
    _insert(session, Body, (_body(number, kind, *place) for number, (kind, place) in enumerate(places, 1)))
    found: dict[NodeType, list[tuple[int, str]]] = {kind: [] for kind in NodeType}
    made = session.execute(
        sa.select(Body.id, Body.node_type, Body.region_code).where(Body.code.startswith(MARK)).order_by(Body.code)
    )
    for key, kind, region in made:
        found[kind].append((key, region))
    return Province(
        {region: key for key, region in found[NodeType.TITLE_OFFICE]},
        found[NodeType.DEPARTMENT],
        found[NodeType.UNIT],
        found[NodeType.COMMITTEE],
    )


def _body(number: int, kind: NodeType, region: str, place: str) -> Row:
    words = {
        NodeType.TITLE_OFFICE: "职称改革工作办公室",
        NodeType.DEPARTMENT: f"{TRADES[number % len(TRADES)]}局",
        NodeType.COMMITTEE: f"{TRADES[number % len(TRADES)]}系列职称评审委员会",
        NodeType.UNIT: UNITS[number % len(UNITS)],
    }[kind]
    nature = {NodeType.COMMITTEE: BodyNature.COMMITTEE, NodeType.UNIT: BodyNature.PUBLIC_INSTITUTION}
    return {
        "code": f"{MARK}{number:07d}",
        "name": f"{place}第{number}{words}",
        "pinyin": f"{_initials(place)}d{number}{_initials(words)}",
        "node_type": kind,
        "nature": nature.get(kind, BodyNature.GOVERNMENT),
        "credit_code": None if kind is NodeType.COMMITTEE else _credit_code(f"12{region}{number:09d}"),
        "region_code": region,
    }


@cache
def _initials(words: str) -> str:
    return initials(words)


def _credit_code(body: str) -> str:
    total = sum(CREDIT_ALPHABET.index(char) * weight for char, weight in zip(body, CREDIT_WEIGHTS, strict=True))
    return body + CREDIT_ALPHABET[(31 - total % 31) % 31]


def _acceptances(province: Province, regions: list[tuple[str, str]]) -> Iterator[Row]:
    for region, name in regions:
        yield {
            "body_id": province.offices[region],
            "method": AcquisitionMethod.INITIAL_DETERMINATION,
            "level": TitleLevel.ASSISTANT,
            "printed_name": f"{name}人力资源和社会保障局",
        }


# -- the catalogue and the committees --------------------------------------------------------------------------


def _leaves(session: Session) -> list[Any]:
    """Specialities with nothing below them, that belong to a series."""
    below = sa.orm.aliased(Speciality)
    return list(
        session.execute(
            sa.select(Speciality.id, Speciality.code, Speciality.name, Speciality.series_id)
            .where(Speciality.series_id.is_not(None), ~sa.exists().where(below.parent_id == Speciality.id))
            .order_by(Speciality.code)
        )
    )


def _specialities(session: Session, count: int) -> None:
    leaves = _leaves(session)
    names = [f"{leaf.name}方向" for leaf in leaves]
    _insert(
        session,
        Speciality,
        (
            {
                "code": f"{leaves[at].code}{turn + 1:02d}",
                "name": f"{names[at]}{turn + 1}",
                "pinyin": f"{_initials(names[at])}{turn + 1}",
                "parent_id": leaves[at].id,
                "series_id": leaves[at].series_id,
            }
            for turn, at in (divmod(n, len(leaves)) for n in range(count))
        ),
    )


def _reviews(at: int) -> tuple[Procedure, TitleLevel, CommitteeGrade | None]:
    """What the committee in this place reviews: all three grades of every series in turn."""
    return KINDS[1 + at // 27 % 3]


def _committees(session: Session, province: Province, rng: Random) -> dict[int, int]:
    """Make the committees, each for a series; the series of each."""
    covered: dict[int, list[int]] = {}
    for leaf in _leaves(session):
        covered.setdefault(leaf.series_id, []).append(leaf.id)
    series = dict(zip((key for key, _ in province.committees), cycle(sorted(covered))))
    _insert(
        session,
        Committee,
        (
            {
                "body_id": key,
                "grade": _reviews(at)[2],
                "series_id": series[key],
                "member_count": 25,
                "printed_name": f"第{at + 1}职称评审委员会",
                "recorded_on": date(2025, 1, 1),
                "valid_until": date(2030, 12, 31),
            }
            for at, (key, _) in enumerate(province.committees)
        ),
    )
    _insert(
        session,
        CoveredSpeciality,
        (
            {"committee_id": key, "speciality_id": leaf}
            for key, number in series.items()
            for leaf in rng.sample(covered[number], min(5, len(covered[number])))
        ),
    )
    _insert(
        session,
        FoundingBody,
        ({"committee_id": key, "body_id": province.offices[region]} for key, region in province.committees),
    )
    return series


# -- who is below whom -----------------------------------------------------------------------------------------


def _edges(province: Province, series: dict[int, int], rng: Random) -> Iterator[Row]:
    """The ladders first, then a way up for each unit, one kind of application after another."""
    return joined(_to_committees(province, series), _ladders(province), _of_units(province, rng))


def _edge(kind: tuple[Procedure, TitleLevel, Any], below: int, above: int, **values: Any) -> Row:
    row = {"series_id": None, "confirmed_at": SINCE, "confirmed_by": "省级批量导入确认"}
    return row | {"procedure": kind[0], "level": kind[1], "subordinate_id": below, "superior_id": above} | values


def _to_committees(province: Province, series: dict[int, int]) -> Iterator[Row]:
    """To each committee the offices of its own city (of the province: of every city), for its series."""
    for at, (key, region) in enumerate(province.committees):
        for code, office in province.offices.items():
            if code[2:4] == region[2:4] if region[2:4] != "00" else code.endswith("00"):
                yield _edge(_reviews(at), office, key, series_id=series[key])


def _ladders(province: Province) -> Iterator[Row]:
    for kind in KINDS:
        for code, office in province.offices.items():
            superior = code[:4] + "00" if not code.endswith("00") else "430000"
            if code != superior:
                yield _edge(kind, office, province.offices[superior])
        for at, (key, region) in enumerate(province.departments, 1):
            if at % 97:
                yield _edge(kind, key, province.offices[region])


def _of_units(province: Province, rng: Random) -> Iterator[Row]:
    departments: dict[str, list[int]] = {}
    for key, region in province.departments:
        departments.setdefault(region, []).append(key)
    above = [
        rng.choice(departments[region]) if region in departments and rng.random() < 0.85 else province.offices[region]
        for _, region in province.units
    ]
    for kind in KINDS:
        for at, ((key, _), superior) in enumerate(zip(province.units, above, strict=True), 1):
            waiting: Row = {} if at % 50 else {"confirmed_at": None, "confirmed_by": ""}
            yield _edge(kind, key, superior, **waiting)


# -- the longest list ------------------------------------------------------------------------------------------


def _entries(province: Province) -> Iterator[Row]:
    """The audit trail of an ordinary year, twenty seconds apart."""
    for number, (key, _) in enumerate(cycle(province.units)):
        yield {
            "at": SINCE + timedelta(seconds=20 * number),
            "actor_name": PEOPLE[number % len(PEOPLE)],
            "user_id": None,
            "post_id": None,
            "role": "hr_officer",
            "ip": f"10.43.{number // 250 % 250}.{number % 250}",
            "action": ACTIONS[number % len(ACTIONS)],
            "object_type": Body.__tablename__,
            "object_id": str(key),
            "detail": {},
        }
