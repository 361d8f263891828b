"""A small province for applications: one path for 初定, one for 评审, neighbours who must see nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from app.accounts.services import register_person
from app.applications import services
from app.applications.enums import ApplicationAction as A
from app.applications.enums import Section
from app.applications.models import Application
from app.applications.rules import Item
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Speciality, Title, TitleSeries
from app.committees.enums import CommitteeGrade
from app.committees.models import AnnualBatch, Committee, CoveredSpeciality
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.scope import Actor
from app.public_notices import services as notices
from app.public_notices.enums import NoticeKind
from app.public_notices.rules import earliest_end
from tests.people import id_number

SYSTEM = Actor.system("test")
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=clock.CHINA)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

# key: name, node type, region, role of its operator
BODIES: dict[str, tuple[str, NodeType, str, Role]] = {
    "unit": ("排水事务中心", NodeType.UNIT, "430100", Role.UNIT),
    "sibling": ("市政设计院", NodeType.UNIT, "430100", Role.UNIT),
    "department": ("住房和城乡建设局", NodeType.DEPARTMENT, "430100", Role.DEPARTMENT),
    "office": ("专业技术人员管理处", NodeType.TITLE_OFFICE, "430100", Role.TITLE_OFFICE),
    "committee": ("工程系列中级评审委员会", NodeType.COMMITTEE, "430100", Role.COMMITTEE),
    "far_unit": ("株洲研究所", NodeType.UNIT, "430200", Role.UNIT),
    "far_office": ("株洲专业技术人员管理处", NodeType.TITLE_OFFICE, "430200", Role.TITLE_OFFICE),
}
CHAINS = (("unit", "department"), ("sibling", "department"), ("department", "office"), ("far_unit", "far_office"))


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (295, 413), (200, 210, 220)).save(buffer, "JPEG")
    return buffer.getvalue()


PHOTO = photo()

BASIC = {
    "nation": "汉族",
    "political_status": "masses",
    "work_since": "2020-07-15",
    "speciality_since": "2020-07-15",
    "duty": "给排水设计",
}
SCHOOL = {
    "education": "bachelor",
    "school": "湖南大学",
    "major": "给排水",
    "mode": "full_time",
    "entered_on": "2016-09-01",
    "graduated_on": "2020-06-30",
}
SECTIONS: dict[Section, list[dict[str, str]]] = {
    Section.BASIC: [BASIC],
    Section.EDUCATION: [SCHOOL],
    Section.WORK: [{"from_on": "2020-07-15", "employer": "排水事务中心", "duty": "技术员"}],
    Section.ACHIEVEMENTS: [{"summary": "完成管网改造设计。"}],
    Section.PRESENT_TITLE: [{"level": "assistant", "name": "助理工程师", "obtained_on": "2021-12-01"}],
    Section.TRAINING: [{"year": "2025", "name": "专业科目", "hours": "90"}],
    Section.APPRAISALS: [{"year": "2025", "rating": "good"}],
}


class Days:
    """The tests' clock: stands still until it is moved on."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.start_again()

    def start_again(self) -> None:
        self._stack.enter_context(clock.at(MONDAY))

    def pass_(self, days: int = 0, hours: int = 0) -> None:
        self._stack.enter_context(clock.at(clock.now() + timedelta(days=days, hours=hours)))


def standing_still() -> Iterator[Days]:
    with ExitStack() as stack:
        yield Days(stack)


@dataclass
class World:
    """The province's keys, its people, and short words for what tests do over and over."""

    days: Days
    ids: dict[str, int] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    series_id: int = 0
    titles: dict[L, int] = field(default_factory=dict)
    speciality_id: int = 0
    other_speciality_id: int = 0
    batch_id: int = 0
    _serial: Iterator[int] = field(default_factory=lambda: count(1))

    # -- the applicant -----------------------------------------------------------------------------------------

    def applicant(self, name: str = "王小明", born: date = date(1998, 5, 1), male: bool = True) -> Actor:
        number = next(self._serial) * 2 + male
        with unit_of_work(SYSTEM) as session:
            person = register_person(
                session,
                actor=SYSTEM,
                name=name,
                id_number=id_number(born, number),
                phone=f"139{number:08d}",
            )
            return Actor(Role.APPLICANT, person_id=person.id, name=name)

    def head(self, method: M = M.INITIAL_DETERMINATION, **changes: Any) -> dict[str, Any]:
        level = L.INTERMEDIATE if method is M.REVIEW else L.ASSISTANT
        return {
            "year": clock.today().year,
            "employer_id": self.ids["unit"],
            "method": method,
            "level": level,
            "series_id": self.series_id,
            "title_id": self.titles[level],
            "speciality_id": self.speciality_id,
            "final_body_id": self.ids["committee" if method is M.REVIEW else "office"],
        } | changes

    def draft(self, actor: Actor, method: M = M.INITIAL_DETERMINATION, **changes: Any) -> int:
        with unit_of_work(actor) as session:
            return services.save_draft(session, actor=actor, values=self.head(method, **changes)).id

    def fill(self, actor: Actor, key: int, *, without: Sequence[Section | str] = (), **changed: Any) -> None:
        """Every section and every required material, except those named; `education=[…]` replaces a section."""
        with unit_of_work(actor) as session:
            for section, records in SECTIONS.items():
                if section not in without:
                    services.save_section(
                        session,
                        actor=actor,
                        application_id=key,
                        section=section,
                        records=changed.get(section.value, records),
                    )
            application = session.get_one(Application, key)
            for line in services.checklist(session, application):
                if line.required and line.code not in without:
                    services.attach_material(
                        session,
                        actor=actor,
                        application_id=key,
                        requirement_id=line.id,
                        name="照片.jpg" if line.images_only else "材料.pdf",
                        content=PHOTO if line.images_only else PDF,
                    )

    def submit(self, actor: Actor, key: int) -> None:
        with unit_of_work(actor) as session:
            services.submit(session, actor=actor, application_id=key)

    def submitted(self, actor: Actor, method: M = M.INITIAL_DETERMINATION, **changes: Any) -> int:
        key = self.draft(actor, method, **changes)
        self.fill(actor, key)
        self.submit(actor, key)
        return key

    def mend(self, actor: Actor, key: int, code: str = "APPRAISAL") -> None:
        """Replace one material, as a correction does."""
        with unit_of_work(actor) as session:
            application = session.get_one(Application, key)
            old = next(m for m in application.materials if m.requirement.code == code)
            line = old.requirement_id
            services.remove_material(session, actor=actor, material_id=old.id)
            services.attach_material(
                session, actor=actor, application_id=key, requirement_id=line, name="补.pdf", content=PDF
            )

    # -- the bodies --------------------------------------------------------------------------------------------

    def publish(self, *keys: int, by: str = "unit") -> int:
        actor, today = self.actors[by], clock.today()
        with unit_of_work(actor) as session:
            lines = [notices.LineInput(key, "王小明", actor.body_name, "助理工程师") for key in keys]
            return notices.publish(
                session,
                actor=actor,
                kind=NoticeKind.EMPLOYER,
                title="申报人员公示",
                place="公示栏",
                contact="李秀英 0731-80000000",
                starts_on=today,
                ends_on=earliest_end(today),
                lines=lines,
            ).id

    def publish_and_wait(self, *keys: int, by: str = "unit") -> int:
        notice_id = self.publish(*keys, by=by)
        self.days.pass_(days=10)
        return notice_id

    def forward(self, key: int, by: str = "unit") -> None:
        with unit_of_work(self.actors[by]) as session:
            services.forward(session, actor=self.actors[by], application_id=key)

    def decide(self, by: str, key: int, action: A, opinion: str = "同意。", items: Sequence[Item] = ()) -> None:
        actor, version = self.actors[by], self.get(key).version
        with unit_of_work(actor) as session:
            services.decide(
                session,
                actor=actor,
                application_id=key,
                version=version,
                action=action,
                opinion=opinion,
                items=items,
            )

    def returns(self, by: str, key: int, *targets: str) -> None:
        items = [Item(target) for target in targets or ("material:APPRAISAL",)]
        self.decide(by, key, A.RETURN, "考核表缺章。", items)

    def at(self, place: str, method: M = M.INITIAL_DETERMINATION, actor: Actor | None = None) -> int:
        """An application that waits at unit, department, office or committee."""
        key = self.submitted(actor or self.applicant(), method)
        if place == "unit":
            return key
        self.publish_and_wait(key)
        self.forward(key)
        for below, above in (("department", "office"), ("office", "committee")):
            if place == below:
                break
            self.days.pass_(hours=5)
            self.decide(below, key, A.APPROVE)
            if place == above:
                break
        return key

    # -- looking -----------------------------------------------------------------------------------------------

    def get(self, key: int) -> Application:
        """The application with its steps, path, records and materials, detached."""
        with read_session(SYSTEM) as session:
            application = session.get_one(Application, key)
            _ = application.steps, application.nodes, application.records
            for material in application.materials:
                _ = material.requirement
            session.expunge_all()
            return application

    def sees(self, actor: Actor, key: int) -> bool:
        with read_session(actor) as session:
            return session.get(Application, key) is not None

    def history(self, key: int) -> list[tuple[str, str, str]]:
        """(action, state afterwards, who) of each step."""
        return [(step.action.value, step.to_state.value, step.actor_name) for step in self.get(key).steps]


def build(days: Days) -> World:
    """The bodies, paths, committee and batch, and the actor of each body."""
    world = World(days)
    with unit_of_work(SYSTEM) as session:
        _bodies(session, world)
        series = session.scalars(sa.select(TitleSeries).where(TitleSeries.name == "工程技术人员")).one()
        world.series_id = series.id
        for level in (L.ASSISTANT, L.INTERMEDIATE):
            world.titles[level] = session.scalars(
                sa.select(Title.id).where(Title.series_id == series.id, Title.level == level)
            ).one()
        leaf = sa.select(Speciality.id).where(Speciality.series_id == series.id)
        world.speciality_id = session.scalars(leaf.where(Speciality.name == "给排水")).one()
        world.other_speciality_id = session.scalars(leaf.where(Speciality.name == "测绘")).one()
        _paths(session, world)
        _committee(session, world)
    return world


def _bodies(session: Session, world: World) -> None:
    for number, (key, (name, node_type, region, role)) in enumerate(BODIES.items(), 1):
        body = Body(
            code=f"{region}{number:04d}",
            name=name,
            node_type=node_type,
            nature=BodyNature.COMMITTEE if node_type is NodeType.COMMITTEE else BodyNature.PUBLIC_INSTITUTION,
            region_code=region,
        )
        session.add(body)
        session.flush()
        world.ids[key] = body.id
        world.actors[key] = Actor(role, name=f"{key}经办人", body_id=body.id, body_name=name, region_code=region)
    office, name = world.ids["office"], BODIES["office"][0]
    world.actors |= {
        "hr": Actor(Role.HR_OFFICER, name="hr", body_id=office, body_name=name, region_code="430100"),
        "province": Actor(Role.HR_OFFICER, name="province", region_code="430000"),
        "far_hr": Actor(Role.HR_OFFICER, name="far_hr", region_code="430200"),
        "special": Actor(Role.SPECIAL_PLAN_OFFICER, name="special", region_code="430000"),
        "judge": Actor(Role.JUDGE, name="judge", body_id=world.ids["committee"]),
        "sysadmin": Actor(Role.SYSADMIN, name="sysadmin"),
        "anonymous": Actor.anonymous(),
        # the right body, the wrong capacity
        "judge_of_office": Actor(Role.JUDGE, name="judge", body_id=office, region_code="430100"),
        "unit_at_department": Actor(Role.UNIT, name="wrong", body_id=world.ids["department"], region_code="430100"),
    }


def _paths(session: Session, world: World) -> None:
    def edge(procedure: Procedure, level: L, below: str, above: str, series_id: int | None = None) -> PathEdge:
        return PathEdge(
            procedure=procedure,
            level=level,
            subordinate_id=world.ids[below],
            superior_id=world.ids[above],
            series_id=series_id,
            confirmed_at=clock.now(),
        )

    for below, above in CHAINS:
        session.add(edge(Procedure.INITIAL_DETERMINATION, L.ASSISTANT, below, above))
        session.add(edge(Procedure.INTERMEDIATE_REVIEW, L.INTERMEDIATE, below, above))
    session.add(edge(Procedure.INTERMEDIATE_REVIEW, L.INTERMEDIATE, "office", "committee", world.series_id))
    for office in ("office", "far_office"):
        session.add(
            Acceptance(
                body_id=world.ids[office], method=M.INITIAL_DETERMINATION, level=L.ASSISTANT, printed_name="人社局"
            )
        )


def _committee(session: Session, world: World) -> None:
    committee_id = world.ids["committee"]
    session.add(
        Committee(
            body_id=committee_id,
            grade=CommitteeGrade.INTERMEDIATE,
            series_id=world.series_id,
            member_count=15,
            printed_name="评委会",
            recorded_on=date(2025, 3, 1),
            valid_until=date(2027, 12, 31),
        )
    )
    session.flush()
    session.add(CoveredSpeciality(committee_id=committee_id, speciality_id=world.speciality_id))
    batch = AnnualBatch(
        committee_id=committee_id,
        year=2026,
        name="年度评审",
        levels=[L.INTERMEDIATE.value],
        opens_on=date(2026, 1, 1),
        closes_on=date(2026, 10, 31),
        review_from=date(2026, 3, 1),
        review_until=date(2026, 12, 31),
    )
    session.add(batch)
    session.flush()
    world.batch_id = batch.id
