"""The demo's bodies with one row of everything, at a region, a unit and a body each, made through the services."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.models import Account, Post
from app.applications import services as applications
from app.applications.enums import ApplicationAction as A
from app.applications.models import Application
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import checkup_all
from app.bodies.enums import BodyNature
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.certificates import services as certificates
from app.certificates.queries import token_of
from app.committees.models import AnnualBatch, FoundingBody
from app.core import clock, exports, jobs
from app.core.db import unit_of_work
from app.core.enums import Role
from app.core.scope import Actor
from app.outcomes import services as outcomes
from app.public_notices import services as notices
from app.public_notices.enums import NoticeKind
from app.public_notices.rules import earliest_end
from app.quotas import services as quotas
from app.review_plans import services as plans
from app.review_plans.enums import PlanKind, PlanMode
from seeds.demo_days import Life
from seeds.demo_world import CHANGSHA_OFFICE, CITY_COMMITTEE, DRAINAGE, HOUSING, PASSWORD, World, build_world, id_number

SIBLING = "长沙市市政工程设计研究中心"
FURONG_UNIT, FURONG_OFFICE = "芙蓉区市政维护中心", "芙蓉区职称改革工作办公室"
ZHUZHOU_UNIT, ZHUZHOU_BUREAU = "株洲市给排水工程中心", "株洲市住房和城乡建设局"
ZHUZHOU_OFFICE, ZHUZHOU_COMMITTEE = "株洲市本级专业技术人员管理处", "株洲市工程系列中级职称评审委员会"
PROVINCE_OFFICE = "湖南省人力资源和社会保障厅专业技术人员管理处"
MORE = (
    ("sibling", Role.UNIT, SIBLING),
    ("far_agency", Role.TITLE_OFFICE, ZHUZHOU_OFFICE),
    ("far_committee", Role.COMMITTEE, ZHUZHOU_COMMITTEE),
)
INITIAL = (AcquisitionMethod.INITIAL_DETERMINATION, TitleLevel.ASSISTANT, 2)
REVIEW = (AcquisitionMethod.REVIEW, TitleLevel.INTERMEDIATE, 9)
SYSTEM = Actor.system("access matrix")
Kind = tuple[AcquisitionMethod, TitleLevel, int]


@dataclass
class Rows:
    """Row ids by kind of row and by name, what every applicant is called, and who signs in as whom."""

    ids: dict[str, dict[str, int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    token: str = ""

    def put(self, table: str, name: str, key: int) -> None:
        self.ids.setdefault(table, {})[name] = key


class Builder:
    """Sends applications up their paths, each under a name of its own."""

    def __init__(self, app: Flask) -> None:
        self.rows, self.serial, self.people = Rows(), 0, dict[str, Actor]()
        with unit_of_work(SYSTEM) as session:
            self.world: World = build_world(session, clock.today().year)
            bodies = {body.id: body for body in session.scalars(sa.select(Body))}
            self.by_name = {body.name: body for body in bodies.values()}
            for number, (username, role, body_name) in enumerate(MORE):
                account = accounts.create_user(
                    session,
                    actor=SYSTEM,
                    username=username,
                    name=f"操作员{'甲乙丙'[number]}",
                    id_number=id_number("430102", date(1975, 5, 5), 700 + number),
                    phone=f"1370000090{number}",
                    password=PASSWORD,
                )
                accounts.grant_post(
                    session, actor=SYSTEM, user_id=account.id, role=role, body_id=self.by_name[body_name].id
                )
            session.flush()
            session.execute(sa.update(Post).values(since=date(2020, 1, 1)))  # the days lived through begin before today
            for account in session.scalars(sa.select(Account)):
                self.rows.users[account.username] = account.id
                post = session.scalars(sa.select(Post).where(Post.user_id == account.id)).first()
                self.rows.put("account", account.username, account.id)
                self.rows.put("post", account.username, post.id if post else 0)
            self.batches = {batch.committee_id: batch.id for batch in session.scalars(sa.select(AnnualBatch))}
            session.expunge_all()
        self.life = Life(app, self.world, bodies, random.Random(7), 0)

    def operator(self, body_name: str) -> Actor:
        return self.life.actor(self.by_name[body_name].id)

    def applicant(self, row: str) -> Actor:
        """A person without an account, or the demo's applicant where `row` belongs to him."""
        self.serial += 1
        name = "访乙" + "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未"[self.serial] + "字"
        self.rows.names[row] = name
        with unit_of_work(SYSTEM) as session:
            person = accounts.register_person(
                session,
                actor=SYSTEM,
                name=name,
                id_number=id_number("430102", date(clock.today().year - 30, 3, 5), 800 + self.serial),
                phone=f"136000000{self.serial:02d}",
            )
            return Actor(Role.APPLICANT, person_id=person.id, name=name)

    def apply(self, row: str, unit: str, kind: Kind, *, actor: Actor | None = None, hand_in: bool = True) -> int:
        """A filled application with its materials; handed in unless it is to stay a draft."""
        method, level, years = kind
        actor = actor or self.applicant(row)
        self.people[row] = actor
        self.rows.names.setdefault(row, actor.name)
        with unit_of_work(actor) as session:
            values = self.life._head(session, self.by_name[unit], method, level)
            assert values is not None, unit
            application = applications.save_draft(session, actor=actor, values=values)
            graduated = date(clock.today().year - years, 6, 30)
            self.life._fill(session, actor, application, graduated, "bachelor", level)
            if hand_in:
                applications.submit(session, actor=actor, application_id=application.id)
            for material in application.materials[:1]:
                self.rows.put("material", row, material.id)
            self.rows.put("application", row, application.id)
            return application.id

    def publish(self, unit: str, rows: list[str]) -> int:
        actor, today = self.operator(unit), clock.today()
        lines = [notices.LineInput(self.rows.ids["application"][r], self.rows.names[r], unit, "工程师") for r in rows]
        with unit_of_work(actor) as session:
            return notices.publish(
                session,
                actor=actor,
                kind=NoticeKind.EMPLOYER,
                title=f"{unit}公示",
                place="公示栏",
                contact="0731",
                starts_on=today,
                ends_on=earliest_end(today),
                lines=lines,
            ).id

    def forward(self, unit: str, notice_id: int, rows: list[str]) -> None:
        actor = self.operator(unit)
        with unit_of_work(actor) as session:
            notices.conclude(session, actor=actor, notice_id=notice_id, conclusion="无异议。")
            for row in rows:
                applications.forward(session, actor=actor, application_id=self.rows.ids["application"][row])

    def approve(self, body: str, rows: list[str]) -> None:
        actor = self.operator(body)
        with unit_of_work(actor) as session:
            for row in rows:
                application = session.get_one(Application, self.rows.ids["application"][row])
                applications.decide(
                    session,
                    actor=actor,
                    application_id=application.id,
                    version=application.version,
                    action=A.APPROVE,
                    opinion="同意。",
                )

    def plan(self, row: str, committee: str, candidates: list[str], kind: PlanKind, *, hand_in: bool = True) -> int:
        actor = self.operator(committee)
        values = {
            "name": f"方案{row}",
            "batch_id": self.batches[actor.body_id or 0],
            "kind": kind,
            "kind_reason": "急需紧缺人才专场" if kind is PlanKind.SPECIAL else "",
            "mode": PlanMode.OFFLINE,
            "meeting_on": clock.today() + timedelta(days=5),
            "place": "会议室",
            "note": "",
        }
        ids = [self.rows.ids["application"][c] for c in candidates]
        with unit_of_work(actor) as session:
            plan = plans.create_plan(session, actor=actor, values=values)
            plans.add_candidates(session, actor=actor, plan_id=plan.id, application_ids=ids)
            speciality = session.get_one(Application, ids[0]).speciality_id
            plans.set_expert_requirements(session, actor=actor, plan_id=plan.id, needs=[(speciality, 7, 2)])
            plans.set_rubric(session, actor=actor, plan_id=plan.id, items=[("业绩", "100", "100")])
            file = plans.attach(session, actor=actor, plan_id=plan.id, name="方案.pdf", content=self.paper)
            self.rows.put("plan_file", row, file.id)
            self.rows.put("plan", row, plan.id)
            session.flush()
            session.refresh(plan)
            self.rows.put("candidate", row, plan.candidates[0].id)
            if hand_in:
                plans.submit_plan(session, actor=actor, plan_id=plan.id)
            return plan.id

    def committees(self) -> None:
        """Those of two cities, with their founding body and their batch."""
        with unit_of_work(SYSTEM) as session:
            for row, name in (("near", CITY_COMMITTEE), ("far", ZHUZHOU_COMMITTEE)):
                key = self.by_name[name].id
                self.rows.put("committee", row, key)
                self.rows.put("batch", row, self.batches[key])
                founder = sa.select(FoundingBody.id).where(FoundingBody.committee_id == key)
                self.rows.put("founder", row, session.scalars(founder).one())

    def master_data(self) -> None:
        """One row of each kind of a city and one beyond it."""
        officers = {"near": self.world.actors[Role.HR_OFFICER, CHANGSHA_OFFICE]}
        officers["far"] = self.world.actors[Role.HR_OFFICER, PROVINCE_OFFICE]
        for row, office, unit, credit_code, applicant in (
            ("near", CHANGSHA_OFFICE, DRAINAGE, "91350100M000100Y43", "furong"),
            ("far", ZHUZHOU_OFFICE, ZHUZHOU_UNIT, "12430000444885384T", "far"),
        ):
            body, hr = self.by_name[office], officers[row]
            self.rows.put("body", row, body.id)
            with unit_of_work(SYSTEM) as session:
                for table, model in (("acceptance", Acceptance), ("authority", IssuingAuthority)):
                    found = session.scalars(sa.select(model.id).where(model.body_id == body.id)).first()
                    self.rows.put(table, row, found or 0)
                made = accounts.register_unit(
                    session,
                    actor=SYSTEM,
                    values={
                        "credit_code": credit_code,
                        "name": f"新单位{row}",
                        "nature": BodyNature.PRIVATE_FIRM,
                        "region_code": "430102" if row == "near" else "430200",
                        "contact_name": "何人",
                        "contact_id_number": id_number("430102", date(1981, 1, 1), 600 + len(row)),
                        "contact_phone": "13900000000",
                        "username": f"newcomer.{row}",
                    },
                    password=PASSWORD,
                    licence=("执照.pdf", self.paper),
                    consent=True,
                )
                self.rows.put("registration", row, made.id)
            with unit_of_work(hr) as session:
                barred = session.get_one(Application, self.rows.ids["application"][applicant])
                entry = accounts.add_entry(
                    session,
                    actor=hr,
                    person_id=barred.person_id,
                    reason="提供虚假材料",
                    source_document="湘人社〔2026〕1号",
                    starts_on=clock.today(),
                )
                self.rows.put("blacklist", row, entry.id)
                for procedure in Procedure:
                    edge = session.scalars(
                        sa.select(PathEdge.id).where(
                            PathEdge.procedure == procedure, PathEdge.subordinate_id == self.by_name[unit].id
                        )
                    ).first()
                    self.rows.put(f"edge {procedure.name.title().replace('_', '')}", row, edge or 0)
                kind = (Procedure.SENIOR_REVIEW, TitleLevel.FULL_SENIOR)
                ends = {
                    prefix: {
                        found.body_id
                        for one in checkup_all(session, prefix)
                        if (one.procedure, one.level) == kind
                        for found in one.findings
                    }
                    for prefix in ("4301", "430102")
                }
                self.rows.put("break", "near", min(ends["4301"] - ends["430102"]))
                own = sa.select(PathEdge.id).where(PathEdge.superior_id == self.by_name[CITY_COMMITTEE].id)
                self.rows.put("edge own", "near", session.scalars(own).first() or 0)
            unit_actor = self.operator(unit)
            with unit_of_work(unit_actor) as session:
                quota = quotas.declare(
                    session,
                    actor=unit_actor,
                    year=clock.today().year,
                    level=TitleLevel.FULL_SENIOR,
                    posts=2,
                    occupied=1,
                    asked=1,
                )
                self.rows.put("quota", row, quota.id)

    @property
    def paper(self) -> bytes:
        return self.life.papers["ACHIEVEMENTS"]


def build(app: Flask) -> Rows:
    """One row of each kind in each place. Needs an application context."""
    today = clock.today()
    with _day(today - timedelta(days=60)):
        make = Builder(app)
        actors = make.world.actors
        owner = actors[Role.APPLICANT, ""]  # the last of the demo's people without a body: applicant2
        people = {a.name: a for a in _people(make)}
        owner, stranger = people["张伟"], people["赵敏"]
    with _day(today - timedelta(days=400)):
        make.apply("issued", DRAINAGE, INITIAL, actor=owner)
        make.apply("issued_furong", FURONG_UNIT, INITIAL)
        make.apply("issued_far", ZHUZHOU_UNIT, INITIAL)
        shown = {u: make.publish(u, [r]) for u, r in _ISSUED}
    with _day(today - timedelta(days=380)):
        for unit, row in _ISSUED:
            make.forward(unit, shown[unit], [row])
        make.approve(HOUSING, ["issued"])
        make.approve(ZHUZHOU_BUREAU, ["issued_far"])
        for office, row in (
            (CHANGSHA_OFFICE, "issued"),
            (FURONG_OFFICE, "issued_furong"),
            (ZHUZHOU_OFFICE, "issued_far"),
        ):
            make.approve(office, [row])
            _issue(make, office, row)
        _render(make)
    passing = ["draft_plan", "special_plan", "filed"]
    with _day(today - timedelta(days=50)):
        for row in [*passing, "at_office"]:
            make.apply(row, DRAINAGE, REVIEW)
        make.apply("far_plan", ZHUZHOU_UNIT, REVIEW)
        near, far = make.publish(DRAINAGE, [*passing, "at_office"]), make.publish(ZHUZHOU_UNIT, ["far_plan"])
    with _day(today - timedelta(days=30)):
        make.forward(DRAINAGE, near, [*passing, "at_office"])
        make.forward(ZHUZHOU_UNIT, far, ["far_plan"])
        make.approve(HOUSING, [*passing, "at_office"])
        make.approve(ZHUZHOU_BUREAU, ["far_plan"])
        make.approve(CHANGSHA_OFFICE, passing)
        make.approve(ZHUZHOU_OFFICE, ["far_plan"])
        make.approve(CITY_COMMITTEE, passing)
        make.approve(ZHUZHOU_COMMITTEE, ["far_plan"])
        _filed(make)
    with _day(today - timedelta(days=25)):
        _meeting(make)
    with _day(today - timedelta(days=2)):
        _filing(make)
        make.plan("far_plan", ZHUZHOU_COMMITTEE, ["far_plan"], PlanKind.NORMAL)
        make.plan("draft_plan", CITY_COMMITTEE, ["draft_plan"], PlanKind.NORMAL, hand_in=False)
        make.plan("special_plan", CITY_COMMITTEE, ["special_plan"], PlanKind.SPECIAL)
        make.committees()
        make.apply("draft", DRAINAGE, INITIAL, actor=owner, hand_in=False)
        make.apply("at_employer", DRAINAGE, REVIEW, actor=stranger)
        make.apply("at_sibling", SIBLING, INITIAL)
        make.apply("furong", FURONG_UNIT, INITIAL)
        make.apply("far", ZHUZHOU_UNIT, INITIAL)
        for unit, row in ((DRAINAGE, "at_employer"), (SIBLING, "at_sibling"), (ZHUZHOU_UNIT, "far")):
            make.rows.put("notice", row, make.publish(unit, [row]))
            _object(make, unit, row)
        make.master_data()
    _exported(make)
    return make.rows


_ISSUED = ((DRAINAGE, "issued"), (FURONG_UNIT, "issued_furong"), (ZHUZHOU_UNIT, "issued_far"))


def _day(day: date) -> Any:
    return clock.at(datetime.combine(day, time(10), clock.CHINA))


def _people(make: Builder) -> list[Actor]:
    with unit_of_work(SYSTEM) as session:
        found = session.scalars(sa.select(Account).where(Account.username.in_(["applicant", "applicant2"]))).all()
        return [Actor(Role.APPLICANT, user_id=a.id, person_id=a.person_id, name=a.first_name) for a in found]


def _issue(make: Builder, office: str, row: str) -> None:
    actor = make.operator(office)
    with unit_of_work(actor) as session:
        made = certificates.issue(
            session,
            actor=actor,
            application_id=make.rows.ids["application"][row],
            document_number="职〔2025〕1号",
        )
        make.rows.put("certificate", row, made.id)
        make.rows.token = token_of(made)


def _render(make: Builder) -> None:
    """The own certificate is rendered; jobs of the agency and of the province stay in the list."""
    agency = make.operator(CHANGSHA_OFFICE)
    province = make.world.actors[Role.HR_OFFICER, PROVINCE_OFFICE]
    for name, actor, row in (("agency", agency, "issued"), ("province", province, "issued_furong")):
        with unit_of_work(actor) as session:
            job = certificates.start_rendering(
                session, actor=actor, certificate_ids=[make.rows.ids["certificate"][row]], title=f"生成 {name}"
            )
            make.rows.put("job", name, job.id)
    jobs.run(make.rows.ids["job"]["agency"])


def _exported(make: Builder) -> None:
    """Query results waiting to be fetched: their days run from now."""
    agency = make.operator(CHANGSHA_OFFICE)
    province = make.world.actors[Role.HR_OFFICER, PROVINCE_OFFICE]
    for name, actor in (("export agency", agency), ("export province", province)):
        with unit_of_work(actor) as session:
            job = exports.ask(session, actor=actor, title="导出证书查询", address="/a20/export")
            make.rows.put("job", name, job.id)
        jobs.run(make.rows.ids["job"][name])


def _filed(make: Builder) -> None:
    plan_id = make.plan("filed", CITY_COMMITTEE, ["filed"], PlanKind.NORMAL)
    officer = make.world.actors[Role.HR_OFFICER, CHANGSHA_OFFICE]
    with unit_of_work(officer) as session:
        plan = plans.load(session, plan_id)
        plans.decide_plan(session, actor=officer, plan_id=plan_id, version=plan.version, approve=True, opinion="同意。")


def _meeting(make: Builder) -> None:
    actor, plan_id = make.operator(CITY_COMMITTEE), make.rows.ids["plan"]["filed"]
    with unit_of_work(actor) as session:
        plan = plans.load(session, plan_id)
        all_of_them = plan.committee.member_count
        outcomes.record_meeting(
            session, actor=actor, plan_id=plan_id, held_on=clock.today(), chair_name="主任", attending=all_of_them
        )
        votes = [outcomes.Votes(candidate.id, all_of_them, 0, 0) for candidate in plan.candidates]
        outcomes.record_results(session, actor=actor, plan_id=plan_id, votes=votes)
        outcomes.confirm_results(session, actor=actor, plan_id=plan_id)
    with unit_of_work(actor) as session:
        notice = outcomes.publish_result_notice(
            session,
            actor=actor,
            plan_id=plan_id,
            title="评审结果公示",
            place="公示页",
            contact="0731",
            starts_on=clock.today(),
            ends_on=earliest_end(clock.today()),
        )
        make.rows.put("notice", "result", notice.notice_id)


def _filing(make: Builder) -> None:
    actor, plan_id = make.operator(CITY_COMMITTEE), make.rows.ids["plan"]["filed"]
    with unit_of_work(actor) as session:
        outcomes.conclude_result_notice(session, actor=actor, plan_id=plan_id, conclusion="无异议。")
        filing = outcomes.request_filing(
            session,
            actor=actor,
            plan_id=plan_id,
            summary="评审程序合规，申请备案。",
            contact="0731",
            files=[("纪要.pdf", make.paper)],
        )
        session.flush()
        session.refresh(filing)
        make.rows.put("filing", "filed", filing.id)
        make.rows.put("filing_file", "filed", filing.attachments[0].id)


def _object(make: Builder, unit: str, row: str) -> None:
    actor = make.operator(unit)
    with unit_of_work(actor) as session:
        made = notices.record_objection(
            session,
            actor=actor,
            notice_id=make.rows.ids["notice"][row],
            line_id=_line(session, make.rows.ids["notice"][row]),
            received_on=clock.today(),
            raised_by="匿名",
            content="学历存疑。",
        )
        make.rows.put("objection", row, made.id)


def _line(session: Session, notice_id: int) -> int:
    from app.public_notices.models import NoticeLine

    return session.scalars(sa.select(NoticeLine.id).where(NoticeLine.notice_id == notice_id)).one()
