"""Bodies, committees and paths for tests, made through the services; and the officers who make them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths import services as paths
from app.approval_paths.enums import Procedure
from app.bodies import services as bodies
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.committees import services as committees
from app.committees.enums import CommitteeGrade
from app.core import clock
from app.core.db import unit_of_work
from app.core.enums import Role
from app.core.scope import Actor

SYSTEM = Actor.system("test")
PROVINCE = Actor(Role.HR_OFFICER, name="省厅经办人", region_code="430000")
CITY = Actor(Role.HR_OFFICER, name="长沙经办人", region_code="430100")
COUNTY = Actor(Role.HR_OFFICER, name="芙蓉经办人", region_code="430102")
FAR = Actor(Role.HR_OFFICER, name="株洲经办人", region_code="430200")
SYSADMIN = Actor(Role.SYSADMIN, name="管理员")
TODAY = date(2026, 3, 2)
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=clock.CHINA)

DRAINAGE = "长沙市城区排水事务中心"
HOUSING = "长沙市住房和城乡建设局"
OFFICE = "长沙市本级专业技术人员管理处"
EDUCATION = "长沙市教育局"
UPGRADE = "省成建制升格认定高校教师系列职称高评会"

_serial = count(1)
_NATURES = {NodeType.UNIT: BodyNature.PUBLIC_INSTITUTION, NodeType.COMMITTEE: BodyNature.COMMITTEE}


def act(actor: Actor, service: Callable[..., Any], **values: Any) -> int:
    """One service call as `actor` in its own unit of work; the key of what it returned, or 0."""
    with unit_of_work(actor) as session:
        row = service(session, actor=actor, **values)
        return 0 if row is None else int(sa.inspect(row).identity[0])


def body_values(name: str = "测试单位", node_type: NodeType = NodeType.UNIT, **changes: Any) -> dict[str, Any]:
    return {
        "code": f"T{next(_serial):06d}",
        "name": name,
        "node_type": node_type,
        "nature": _NATURES.get(node_type, BodyNature.GOVERNMENT),
        "region_code": "430100",
    } | changes


def make_body(name: str = "测试单位", node_type: NodeType = NodeType.UNIT, **changes: Any) -> int:
    return act(SYSTEM, bodies.create_body, **body_values(name, node_type, **changes))


def actor_of(body_id: int, role: Role = Role.UNIT, region_code: str = "430100") -> Actor:
    with unit_of_work(SYSTEM) as session:
        return Actor(
            role, name="经办人", body_id=body_id, body_name=session.get_one(Body, body_id).name, region_code=region_code
        )


def series(session: Session, name: str) -> int:
    return session.scalars(sa.select(TitleSeries.id).where(TitleSeries.name == name)).one()


def speciality(session: Session, series_name: str, name: str = "") -> int:
    """A speciality of a series by name; its top node (栏目大类) without one."""
    query = sa.select(Speciality.id).where(Speciality.series_id == series(session, series_name))
    return session.scalars(query.where(Speciality.name == (name or series_name))).one()


def committee_values(
    name: str = "",
    *,
    series_name: str = "工程技术人员",
    covers: tuple[str, ...] = ("",),
    founder: int | None = None,
    **changes: Any,
) -> dict[str, Any]:
    founder = founder or make_body("组建单位", NodeType.TITLE_OFFICE)
    with unit_of_work(SYSTEM) as session:
        return {
            "code": f"C{next(_serial):06d}",
            "name": name or f"第{next(_serial)}高评会",
            "region_code": "430100",
            "grade": CommitteeGrade.SENIOR,
            "series_id": series(session, series_name),
            "member_count": 25,
            "recorded_on": date(2025, 3, 1),
            "valid_until": date(2028, 2, 29),
            "speciality_ids": [speciality(session, series_name, one) for one in covers],
            "founding_body_ids": [founder],
        } | changes


def make_committee(name: str = "", **changes: Any) -> int:
    return act(SYSTEM, committees.create_committee, **committee_values(name, **changes))


def make_edge(below: int, above: int, *, confirmed: bool = True, **changes: Any) -> int:
    values = {"procedure": Procedure.SENIOR_REVIEW, "level": TitleLevel.ASSOCIATE_SENIOR} | changes
    key = act(SYSTEM, paths.create_edge, subordinate_id=below, superior_id=above, **values)
    if confirmed:
        act(SYSTEM, paths.confirm_edge, edge_id=key)
    return key


def guide_example() -> dict[str, int]:
    """Guide 1.28: one path is whole, the other ends at 长沙市教育局. Body name -> key."""
    kinds = {
        DRAINAGE: NodeType.UNIT,
        HOUSING: NodeType.DEPARTMENT,
        EDUCATION: NodeType.DEPARTMENT,
        OFFICE: NodeType.TITLE_OFFICE,
    }
    keys = {name: make_body(name, kind) for name, kind in kinds.items()}
    keys[UPGRADE] = make_committee(UPGRADE, series_name="高等学校教师", founder=keys[OFFICE])
    for below, above in ((DRAINAGE, HOUSING), (DRAINAGE, EDUCATION), (HOUSING, OFFICE), (OFFICE, UPGRADE)):
        make_edge(keys[below], keys[above])
    return keys
