"""About 300 applications in every state, made by calling the services day by day on a simulated clock.

So histories, waiting times and refusals are true to the rules: whoever acts here could have acted so on a screen.
"""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import Flask
from fpdf import FPDF
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.applications import rules
from app.applications import services as applications
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.enums import Section
from app.applications.models import Application
from app.applications.queries import LIST_OPTIONS
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Speciality, Title, TitleSeries
from app.certificates import services as certificates
from app.certificates.enums import CertificateStatus
from app.certificates.models import Certificate
from app.core import clock, jobs
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Refusal
from app.core.scope import Actor
from app.outcomes import queries as outcome_queries
from app.outcomes import services as outcomes
from app.public_notices import services as notices
from app.public_notices.enums import NoticeKind
from app.public_notices.models import PublicNotice
from app.public_notices.queries import Standing, standings
from app.public_notices.rules import earliest_end, is_working_day
from app.review_plans import services as plans
from app.review_plans.enums import PlanKind, PlanMode, PlanState
from app.review_plans.models import ReviewPlan
from seeds.demo_world import CHANGSHA_OFFICE, COMMITTEES, PROVINCE_OFFICE, World, build_world, id_number

DAYS = 60
APPLICANTS = 300
SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆"
    "廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚"
)
GIVEN = (
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "秀兰",
    "霞",
    "平",
    "刚",
    "桂英",
    "建华",
    "晓东",
    "志明",
    "雪梅",
    "子轩",
    "思雨",
    "佳怡",
    "文博",
    "浩然",
    "嘉琪",
    "欣怡",
    "宇航",
    "梦瑶",
    "国栋",
    "海燕",
    "春梅",
)
SERIES_OF_UNIT = {"小学": "中小学教师", "医院": "卫生技术人员", "农业": "农业技术人员"}
OPINIONS = ("材料齐全，同意上报。", "情况属实，同意。", "经审核，符合申报条件。", "同意。")
RETURNS = (
    "年度考核表缺盖章页，请补传。",
    "继续教育学时不足，请补充说明。",
    "工作经历与劳动合同时间不一致，请核对。",
    "学历证书照片不清晰，请重新上传。",
)


def live(app: Flask, applicants: int = APPLICANTS) -> None:
    """Build the world and live DAYS days in it, up to today; call inside an application context."""
    today = clock.today()
    start = today - timedelta(days=DAYS)
    with clock.at(_moment(start - timedelta(days=1), 9)), unit_of_work(Actor.system("demo province")) as session:
        world = build_world(session, today.year)
        bodies = {body.id: body for body in session.scalars(sa.select(Body))}
        session.expunge_all()
    Life(app, world, bodies, random.Random(20260901), applicants).run(start, today)


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), clock.CHINA)


def _photo(rng: random.Random) -> bytes:
    """A drawn head and shoulders: nobody's face."""
    image = Image.new("RGB", (295, 413), (70, 120, 190))
    pen = ImageDraw.Draw(image)
    skin = rng.choice([(241, 205, 175), (228, 186, 150), (250, 220, 195)])
    pen.ellipse((30, 280, 265, 560), fill=rng.choice([(40, 44, 60), (60, 60, 66), (90, 40, 40)]))
    pen.rectangle((125, 240, 170, 310), fill=skin)
    pen.ellipse((88, 110, 207, 270), fill=skin)
    pen.pieslice((82, 88, 213, 250), 180, 360, fill=(25, 22, 22))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _paper(title: str) -> bytes:
    """A one-page PDF that says it is a sample."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=22)
    pdf.cell(0, 40, f"SAMPLE {title}", align="C")
    return bytes(pdf.output())


def _over(shown: dict[int, Standing], application_id: int) -> bool:
    return application_id in shown and shown[application_id].over


class Life:
    """The demo's days: who comes, who decides, and how long each lets it wait."""

    def __init__(self, app: Flask, world: World, bodies: dict[int, Body], rng: random.Random, applicants: int) -> None:
        self.app, self.world, self.bodies, self.rng, self.applicants = app, world, bodies, rng, applicants
        self.patience: dict[int, int] = {}
        self.people: dict[int, Actor] = {}
        self.trees: dict[str, tuple[int, list[tuple[int, str]]]] = {}
        self.finals: dict[Any, Sequence[Any]] = {}
        self.papers = {
            code: _paper(code) for code in ("ID_CARD", "EDUCATION", "CONTRACT", "APPRAISAL", "TRAINING", "ACHIEVEMENTS")
        }
        self.photos = [_photo(rng) for _ in range(6)]
        self.units = [body for body in bodies.values() if body.node_type is NodeType.UNIT]
        self.refusals: Counter[str] = Counter()

    def actor(self, body_id: int) -> Actor:
        body = self.bodies[body_id]
        role = {
            NodeType.UNIT: Role.UNIT,
            NodeType.DEPARTMENT: Role.DEPARTMENT,
            NodeType.TITLE_OFFICE: Role.TITLE_OFFICE,
            NodeType.COMMITTEE: Role.COMMITTEE,
        }[body.node_type]
        return self.world.actors[role, body.name]

    def run(self, start: date, today: date) -> None:
        arrivals = self._arrivals(start, today)
        day = start
        while day <= today:
            minute = self.rng.randrange(60)
            if day == today and clock.now() < _moment(day, 11):
                break  # nothing has happened yet this morning
            with clock.at(_moment(day, 10, minute)):
                for _ in range(arrivals[day]):
                    self._try(self._apply)
                if is_working_day(day)[0]:
                    self._bodies_act()
                    self._committees_act()
                    self._certify()
            day += timedelta(days=1)

    def _arrivals(self, start: date, today: date) -> Counter[date]:
        span = (today - start).days + 1
        return Counter(
            start + timedelta(days=min(int(self.rng.betavariate(1.1, 1.5) * span), span - 1))
            for _ in range(self.applicants)
        )

    def _try(self, act: Callable[[], object]) -> None:
        """One act of somebody; what the rules refuse is refused here too."""
        try:
            act()
        except Refusal as refusal:
            self.refusals[refusal.reason[:40]] += 1

    # -- applicants --------------------------------------------------------------------------------------------

    def _apply(self) -> None:
        unit = self.rng.choice(self.units)
        method, level, born, graduated, education = self._kind(unit)
        number = len(self.people)
        name = self.rng.choice(SURNAMES) + self.rng.choice(GIVEN)
        system = Actor.system("demo province")
        with unit_of_work(system) as session:
            person = accounts.register_person(
                session,
                actor=system,
                name=name,
                id_number=id_number(unit.region_code, born, number % 1000),
                phone=f"137{number:08d}",
            )
            actor = Actor(Role.APPLICANT, person_id=person.id, name=name)
        self.people[number] = actor
        with unit_of_work(actor) as session:
            values = self._head(session, unit, method, level)
            if values is None:
                return
            application = applications.save_draft(session, actor=actor, values=values)
            if self.rng.random() < 0.04:
                return  # left as a draft
            self._fill(session, actor, application, graduated, education, level)
            self.people[-application.id] = actor
            if self.rng.random() < 0.02:
                return
            applications.submit(session, actor=actor, application_id=application.id)

    def _kind(self, unit: Body) -> tuple[AcquisitionMethod, TitleLevel, date, date, str]:
        today = clock.today()
        if self.rng.random() < 0.5:
            graduated = date(today.year - self.rng.randint(1, 3), 6, 30)
            return (
                AcquisitionMethod.INITIAL_DETERMINATION,
                TitleLevel.ASSISTANT,
                date(graduated.year - 22, 3, 5),
                graduated,
                "bachelor",
            )
        if unit.region_code == "430000" or self.rng.random() < 0.15:
            graduated = date(today.year - self.rng.randint(13, 20), 6, 30)
            return (
                AcquisitionMethod.REVIEW,
                TitleLevel.ASSOCIATE_SENIOR,
                date(graduated.year - 22, 8, 9),
                graduated,
                "bachelor",
            )
        graduated = date(today.year - self.rng.randint(6, 12), 6, 30)
        return (
            AcquisitionMethod.REVIEW,
            TitleLevel.INTERMEDIATE,
            date(graduated.year - 22, 11, 12),
            graduated,
            "bachelor",
        )

    def _head(
        self, session: Session, unit: Body, method: AcquisitionMethod, level: TitleLevel
    ) -> dict[str, Any] | None:
        wanted = next((name for part, name in SERIES_OF_UNIT.items() if part in unit.name), "工程技术人员")
        series_id, leaves = self._tree(session, wanted)
        titles = session.scalars(sa.select(Title.id).where(Title.series_id == series_id, Title.level == level)).all()
        speciality_id, code = self.rng.choice(leaves)
        key = (unit.id, method, level, code[:4])
        if key not in self.finals:
            self.finals[key] = applications.final_bodies_for(
                session,
                employer_id=unit.id,
                method=method,
                level=level,
                series_id=series_id,
                speciality_id=speciality_id,
            )
        finals = self.finals[key]
        if not finals:
            return None
        return {
            "year": clock.today().year,
            "employer_id": unit.id,
            "method": method,
            "level": level,
            "series_id": series_id,
            "title_id": self.rng.choice(titles),
            "speciality_id": speciality_id,
            "final_body_id": finals[0].body_id,
        }

    def _tree(self, session: Session, name: str) -> tuple[int, list[tuple[int, str]]]:
        """A series and its specialities without children, as (id, code): looked up once."""
        if name not in self.trees:
            series_id = session.scalars(sa.select(TitleSeries.id).where(TitleSeries.name == name)).one()
            rows = session.execute(
                sa.select(Speciality.id, Speciality.code, Speciality.parent_id)
                .where(Speciality.series_id == series_id, sa.func.length(Speciality.code) >= 4)
                .order_by(Speciality.id)
            ).all()
            parents = {row.parent_id for row in rows}
            self.trees[name] = series_id, [(row.id, row.code) for row in rows if row.id not in parents]
        return self.trees[name]

    def _fill(
        self,
        session: Session,
        actor: Actor,
        application: Application,
        graduated: date,
        education: str,
        level: TitleLevel,
    ) -> None:
        since = graduated + timedelta(days=30)
        unit = self.bodies[application.employer_id].name
        sections: dict[Section, list[dict[str, Any]]] = {
            Section.BASIC: [
                {
                    "nation": "汉族",
                    "political_status": self.rng.choice(["party", "masses", "league"]),
                    "work_since": since.isoformat(),
                    "speciality_since": since.isoformat(),
                    "duty": "专业技术岗位",
                    "address": unit,
                }
            ],
            Section.EDUCATION: [
                {
                    "education": education,
                    "school": self.rng.choice(["湖南大学", "中南大学", "湖南师范大学", "长沙理工大学", "湖南农业大学"]),
                    "major": "相关专业",
                    "mode": "full_time",
                    "entered_on": date(graduated.year - 4, 9, 1).isoformat(),
                    "graduated_on": graduated.isoformat(),
                    "degree": "学士",
                }
            ],
            Section.WORK: [{"from_on": since.isoformat(), "employer": unit, "duty": "从事专业技术工作"}],
            Section.ACHIEVEMENTS: [
                {"summary": "参与本单位多项重点工作，承担技术方案编制、现场实施与总结，成果得到应用。"}
            ],
            Section.TRAINING: [
                {
                    "year": str(clock.today().year),
                    "name": "专业科目与公需科目",
                    "hours": "90",
                    "organiser": "省专业技术人员继续教育基地",
                }
            ],
            Section.APPRAISALS: [
                {"year": str(clock.today().year - 1), "rating": self.rng.choice(["good", "excellent"])}
            ],
        }
        if application.method is AcquisitionMethod.REVIEW:
            below = TitleLevel.ASSISTANT if level is TitleLevel.INTERMEDIATE else TitleLevel.INTERMEDIATE
            years = 5 if below is TitleLevel.ASSISTANT else 6
            sections[Section.PRESENT_TITLE] = [
                {
                    "level": below.value,
                    "name": "现职称",
                    "obtained_on": (clock.today() - timedelta(days=366 * years)).isoformat(),
                }
            ]
        for section, records in sections.items():
            applications.save_section(
                session, actor=actor, application_id=application.id, section=section, records=records
            )
        for requirement in applications.checklist(session, application):
            if requirement.required:
                content = (
                    self.rng.choice(self.photos)
                    if requirement.images_only
                    else self.papers.get(requirement.code, self.papers["CONTRACT"])
                )
                name = "照片.jpg" if requirement.images_only else f"{requirement.name}.pdf"
                applications.attach_material(
                    session,
                    actor=actor,
                    application_id=application.id,
                    requirement_id=requirement.id,
                    name=name,
                    content=content,
                )

    # -- bodies ------------------------------------------------------------------------------------------------

    def _bodies_act(self) -> None:
        with read_session(Actor.system("demo province")) as session:
            waiting = session.execute(
                sa.select(
                    Application.id,
                    Application.state,
                    Application.current_body_id,
                    Application.version,
                    Application.state_since,
                ).where(
                    Application.state.in_(
                        [S.AT_SUPERIOR, S.AT_OFFICE, S.AT_COMMITTEE, S.RETURNED, S.REFUSED, S.CORRECTING]
                    )
                )
            ).all()
        for row in waiting:
            patience = self.patience.setdefault(hash((row.id, row.state_since)), self.rng.choice([0, 1, 1, 2, 3, 5, 9]))
            if (clock.now() - row.state_since).days < patience:
                continue
            if row.state is S.CORRECTING:
                self._try(partial(self._correct, row.id))
            else:
                self._try(partial(self._decide, row))
        with read_session(Actor.system("demo province")) as session:
            busy = set(
                session.scalars(sa.select(Application.current_body_id).where(Application.state == S.AT_EMPLOYER))
            )
            busy |= set(
                session.scalars(
                    sa.select(PublicNotice.body_id).where(
                        PublicNotice.status == "running", PublicNotice.ends_on < clock.today()
                    )
                )
            )
        for unit in self.units:  # each unit sits down to it every third day
            if unit.id in busy and clock.today().toordinal() % 3 == unit.id % 3:
                self._try(partial(self._employer, unit))

    def _decide(self, row: Any) -> None:
        actor = self.actor(row.current_body_id)
        chance = self.rng.random()
        if row.state is S.RETURNED:
            action = A.RETURN if chance < 0.85 else A.RESEND
        elif row.state is S.REFUSED:
            action = A.SUPPLEMENT if chance < 0.7 else A.CLOSE
        else:
            action = A.APPROVE if chance < 0.86 else A.RETURN if chance < 0.95 else A.REFUSE
        items = [rules.Item("material:APPRAISAL", "年度考核表")] if action in (A.RETURN, A.REFUSE, A.SUPPLEMENT) else []
        opinion = self.rng.choice(OPINIONS if action is A.APPROVE else RETURNS)
        with unit_of_work(actor) as session:
            applications.decide(
                session,
                actor=actor,
                application_id=row.id,
                version=row.version,
                action=action,
                opinion=opinion,
                items=items,
            )

    def _correct(self, application_id: int) -> None:
        actor = self.people[-application_id]
        with unit_of_work(actor) as session:
            if self.rng.random() < 0.06:
                applications.withdraw(session, actor=actor, application_id=application_id)
                return
            application = session.get_one(Application, application_id)
            old = next(m for m in application.materials if m.requirement.code == "APPRAISAL")
            requirement_id = old.requirement_id
            applications.remove_material(session, actor=actor, material_id=old.id)
            applications.attach_material(
                session,
                actor=actor,
                application_id=application_id,
                requirement_id=requirement_id,
                name="年度考核表（补）.pdf",
                content=self.papers["APPRAISAL"],
            )
            applications.submit(session, actor=actor, application_id=application_id)

    def _employer(self, unit: Body) -> None:
        actor = self.actor(unit.id)
        today = clock.today()
        with unit_of_work(actor) as session:
            for notice in session.scalars(
                sa.select(PublicNotice).where(
                    PublicNotice.body_id == unit.id, PublicNotice.status == "running", PublicNotice.ends_on < today
                )
            ).all():
                notices.conclude(session, actor=actor, notice_id=notice.id, conclusion="公示期满，无异议。")
            held = session.scalars(
                sa.select(Application)
                .where(Application.current_body_id == unit.id, Application.state == S.AT_EMPLOYER)
                .options(*LIST_OPTIONS)
            ).all()
            shown = standings(session, [row.id for row in held], NoticeKind.EMPLOYER)
            fresh = [row for row in held if row.id not in shown]
            if fresh:
                notices.publish(
                    session,
                    actor=actor,
                    kind=NoticeKind.EMPLOYER,
                    title=f"{unit.name}{today.year}年度职称申报人员公示",
                    place="单位公示栏",
                    contact=f"{actor.name} 0731-8000{unit.id:04d}",
                    starts_on=today,
                    ends_on=earliest_end(today),
                    lines=[
                        notices.LineInput(
                            row.id, row.applicant_name, unit.name, f"{row.title.name}（{row.speciality.name}）"
                        )
                        for row in fresh
                    ],
                )
            applications.forward_many(
                session,
                actor=actor,
                application_ids=[row.id for row in held if _over(shown, row.id) and self.rng.random() < 0.7],
            )

    # -- committees --------------------------------------------------------------------------------------------

    def _committees_act(self) -> None:
        for name, *_ in COMMITTEES:
            committee = self.world.committees[name]
            actor = self.world.actors[Role.COMMITTEE, name]
            with read_session(actor) as session:
                open_plans = session.scalars(
                    sa.select(ReviewPlan).where(ReviewPlan.committee_id == committee.body_id)
                ).all()
                ready = session.execute(
                    sa.select(Application.id, Application.batch_id, Application.speciality_id).where(
                        Application.final_body_id == committee.body_id, Application.state == S.RECHECKED
                    )
                ).all()
            for plan in open_plans:
                self._try(partial(self._carry_on, plan, actor))
            if (
                len(ready) >= 5
                and not any(plan.state is not PlanState.CONCLUDED for plan in open_plans)
                and self.rng.random() < 0.25
            ):
                self._try(partial(self._plan, ready, actor))

    def _plan(self, ready: Any, actor: Actor) -> None:
        meeting = clock.today() + timedelta(days=self.rng.randint(4, 8))
        special = self.rng.random() < 0.2 and actor.region_code == "430000"
        with unit_of_work(actor) as session:
            plan = plans.create_plan(
                session,
                actor=actor,
                values={
                    "name": f"{clock.today().year}年度第{(session.scalar(sa.select(sa.func.count(ReviewPlan.id))) or 0) + 1}次评审方案",
                    "batch_id": ready[0].batch_id,
                    "kind": PlanKind.SPECIAL if special else PlanKind.NORMAL,
                    "kind_reason": "急需紧缺人才专场" if special else "",
                    "mode": PlanMode.OFFLINE,
                    "meeting_on": meeting,
                    "place": "人才大厦三楼会议室",
                    "note": "",
                },
            )
            plans.add_candidates(session, actor=actor, plan_id=plan.id, application_ids=[row.id for row in ready])
            plans.set_expert_requirements(session, actor=actor, plan_id=plan.id, needs=[(ready[0].speciality_id, 7, 2)])
            plans.set_rubric(
                session,
                actor=actor,
                plan_id=plan.id,
                items=[
                    ("专业理论水平", "20", "100"),
                    ("工作经历与能力", "30", "100"),
                    ("业绩成果", "40", "100"),
                    ("论文著作", "10", "100"),
                ],
            )
            plans.attach(
                session, actor=actor, plan_id=plan.id, name="评审工作方案.pdf", content=self.papers["ACHIEVEMENTS"]
            )
            plans.submit_plan(session, actor=actor, plan_id=plan.id)

    def _officer(self, plan: ReviewPlan) -> Actor:
        if plan.kind is PlanKind.SPECIAL:
            return self.world.actors[Role.SPECIAL_PLAN_OFFICER, PROVINCE_OFFICE]
        named = {"430000": PROVINCE_OFFICE, "430100": CHANGSHA_OFFICE}.get(plan.region_code)
        if named:
            return self.world.actors[Role.HR_OFFICER, named]
        office = next(
            b
            for b in self.bodies.values()
            if b.node_type is NodeType.TITLE_OFFICE and b.region_code == plan.region_code
        )
        return Actor(
            Role.HR_OFFICER,
            name="市人社局经办人",
            body_id=office.id,
            body_name=office.name,
            region_code=plan.region_code,
        )

    def _carry_on(self, plan: ReviewPlan, actor: Actor) -> None:
        """The next thing that is due for a plan, if its people get round to it today."""
        if self.rng.random() < 0.35:
            return
        today = clock.today()
        if plan.state is PlanState.SUBMITTED:
            officer = self._officer(plan)
            with unit_of_work(officer) as session:
                plans.decide_plan(
                    session, actor=officer, plan_id=plan.id, version=plan.version, approve=True, opinion="同意。"
                )
        elif plan.state is PlanState.APPROVED and today >= plan.meeting_on:
            with unit_of_work(actor) as session:
                self._meet(session, plan.id, actor)
        elif plan.state is PlanState.CONCLUDED:
            with unit_of_work(actor) as session:
                self._after_meeting(session, plan.id, actor)
            self._file(plan)

    def _meet(self, session: Session, plan_id: int, actor: Actor) -> None:
        plan = plans.load(session, plan_id)
        members = plan.committee.member_count
        attending = members - self.rng.randint(0, members // 4)
        outcomes.record_meeting(
            session, actor=actor, plan_id=plan_id, held_on=clock.today(), chair_name="主任委员", attending=attending
        )
        votes = []
        for candidate in plan.candidates:
            against = self.rng.choice([0, 0, 1, 1, 2, 3, attending // 2])
            abstained = self.rng.choice([0, 0, 0, 1])
            votes.append(outcomes.Votes(candidate.id, attending - against - abstained, against, abstained, ""))
        outcomes.record_results(session, actor=actor, plan_id=plan_id, votes=votes)
        outcomes.confirm_results(session, actor=actor, plan_id=plan_id)

    def _after_meeting(self, session: Session, plan_id: int, actor: Actor) -> None:
        plan = plans.load(session, plan_id)
        today = clock.today()
        shown = outcome_queries.notice_of(session, plan_id)
        if shown is None:
            outcomes.publish_result_notice(
                session,
                actor=actor,
                plan_id=plan_id,
                title=f"{plan.name}评审结果公示",
                place="本系统公示页",
                contact=f"{actor.name} 0731-81234567",
                starts_on=today,
                ends_on=earliest_end(today),
            )
        elif shown.notice.status == "running" and shown.notice.ends_on < today:
            outcomes.conclude_result_notice(session, actor=actor, plan_id=plan_id, conclusion="公示期满，无异议。")
        elif shown.notice.status == "concluded" and outcome_queries.filing_of(session, plan_id) is None:
            outcomes.request_filing(
                session,
                actor=actor,
                plan_id=plan_id,
                summary="评审会议程序合规，投票结果有效，公示无异议，申请备案。",
                contact=f"{actor.name} 0731-81234567",
                files=[("评审会议纪要.pdf", self.papers["ACHIEVEMENTS"])],
            )

    def _file(self, plan: ReviewPlan) -> None:
        if self.rng.random() < 0.5:
            return
        officer = (
            self._officer(plan) if plan.kind is PlanKind.NORMAL else self.world.actors[Role.HR_OFFICER, PROVINCE_OFFICE]
        )
        with unit_of_work(officer) as session:
            filing = outcome_queries.filing_of(session, plan.id)
            if filing is not None and filing.state == "submitted":
                outcomes.decide_filing(
                    session,
                    actor=officer,
                    filing_id=filing.id,
                    version=filing.version,
                    approve=True,
                    opinion="同意备案。",
                    filing_number=f"湘职备〔{clock.today().year}〕{plan.id:03d}号",
                    filed_on=clock.today(),
                )

    # -- certificates ------------------------------------------------------------------------------------------

    def _certify(self) -> None:
        """Once a week the offices issue; the province renders, but leaves the newest for the visitor."""
        if clock.today().weekday() != 3:
            return
        for (role, name), actor in list(self.world.actors.items()):
            if role is not Role.TITLE_OFFICE:
                continue
            with unit_of_work(actor) as session:
                ready = session.scalars(sa.select(Application.id).where(Application.state == S.EFFECTIVE)).all()
                document = f"{name[:3]}职〔{clock.today().year}〕{clock.today().isocalendar().week}号" if name else ""
                certificates.issue_many(session, actor=actor, application_ids=ready, document_number=document)
        province = self.world.actors[Role.HR_OFFICER, PROVINCE_OFFICE]
        with unit_of_work(province) as session:
            ids = session.scalars(
                sa.select(Certificate.id).where(
                    Certificate.status == CertificateStatus.ISSUED,
                    Certificate.issued_on < clock.today() - timedelta(days=6),
                )
            ).all()
            if not ids:
                return
            job_id = certificates.start_rendering(
                session, actor=province, certificate_ids=ids, title=f"生成电子证书 {len(ids)} 份"
            ).id
        jobs.run(job_id)
