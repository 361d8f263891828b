"""The demo province's bodies, paths, committees and people: three cities, two counties, the guide's own example.

Everything below is data for `build_world`; who applies for what, day by day, is `demo_days`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.models import Account
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.catalog.rules import initials
from app.committees.enums import CommitteeGrade
from app.committees.models import AnnualBatch, Committee, CoveredSpeciality, FoundingBody
from app.core import clock
from app.core.enums import Role
from app.core.scope import Actor

PASSWORD = "Zhicheng@2026"
UNIT, DEPARTMENT, OFFICE, COMMITTEE = NodeType.UNIT, NodeType.DEPARTMENT, NodeType.TITLE_OFFICE, NodeType.COMMITTEE
PUBLIC, GOVERNMENT, STATE, PRIVATE, AGENCY = (
    BodyNature.PUBLIC_INSTITUTION,
    BodyNature.GOVERNMENT,
    BodyNature.STATE_ENTERPRISE,
    BodyNature.PRIVATE_FIRM,
    BodyNature.PERSONNEL_AGENCY,
)

PROVINCE_OFFICE = "湖南省人力资源和社会保障厅专业技术人员管理处"
CHANGSHA_OFFICE = "长沙市本级专业技术人员管理处"
DRAINAGE = "长沙市城区排水事务中心"
HOUSING = "长沙市住房和城乡建设局"
EDUCATION = "长沙市教育局"
GUIDE_COMMITTEE = "省成建制升格认定高校教师系列职称高评会"
CITY_COMMITTEE = "长沙市工程系列中级职称评审委员会"

# name, node type, nature, region, superior in the ordinary chain
BODIES: tuple[tuple[str, NodeType, BodyNature, str, str], ...] = (
    (PROVINCE_OFFICE, OFFICE, GOVERNMENT, "430000", ""),
    ("湖南省住房和城乡建设厅", DEPARTMENT, GOVERNMENT, "430000", PROVINCE_OFFICE),
    ("湖南省水文水资源勘测中心", UNIT, PUBLIC, "430000", "湖南省住房和城乡建设厅"),
    ("湖南省建筑科学研究院", UNIT, STATE, "430000", "湖南省住房和城乡建设厅"),
    (CHANGSHA_OFFICE, OFFICE, GOVERNMENT, "430100", ""),
    (HOUSING, DEPARTMENT, GOVERNMENT, "430100", CHANGSHA_OFFICE),
    (EDUCATION, DEPARTMENT, GOVERNMENT, "430100", ""),
    ("长沙市卫生健康委员会", DEPARTMENT, GOVERNMENT, "430100", CHANGSHA_OFFICE),
    (DRAINAGE, UNIT, PUBLIC, "430100", HOUSING),
    ("长沙市市政工程设计研究中心", UNIT, PUBLIC, "430100", HOUSING),
    ("长沙市建设工程质量安全监督站", UNIT, PUBLIC, "430100", HOUSING),
    ("长沙市湘江医院", UNIT, PUBLIC, "430100", "长沙市卫生健康委员会"),
    ("长沙市人才服务中心", UNIT, AGENCY, "430100", CHANGSHA_OFFICE),
    ("湖南星沙智能科技有限公司", UNIT, PRIVATE, "430100", CHANGSHA_OFFICE),
    ("芙蓉区职称改革工作办公室", OFFICE, GOVERNMENT, "430102", ""),
    ("芙蓉区教育局", DEPARTMENT, GOVERNMENT, "430102", "芙蓉区职称改革工作办公室"),
    ("芙蓉区浏城桥小学", UNIT, PUBLIC, "430102", "芙蓉区教育局"),
    ("芙蓉区市政维护中心", UNIT, PUBLIC, "430102", "芙蓉区职称改革工作办公室"),
    ("浏阳市职称改革工作办公室", OFFICE, GOVERNMENT, "430181", ""),
    ("浏阳市水利局", DEPARTMENT, GOVERNMENT, "430181", "浏阳市职称改革工作办公室"),
    ("浏阳市河道管理站", UNIT, PUBLIC, "430181", "浏阳市水利局"),
    ("株洲市本级专业技术人员管理处", OFFICE, GOVERNMENT, "430200", ""),
    ("株洲市住房和城乡建设局", DEPARTMENT, GOVERNMENT, "430200", "株洲市本级专业技术人员管理处"),
    ("株洲市轨道装备研究所", UNIT, STATE, "430200", "株洲市住房和城乡建设局"),
    ("株洲市给排水工程中心", UNIT, PUBLIC, "430200", "株洲市住房和城乡建设局"),
    ("衡阳市本级专业技术人员管理处", OFFICE, GOVERNMENT, "430400", ""),
    ("衡阳市农业农村局", DEPARTMENT, GOVERNMENT, "430400", "衡阳市本级专业技术人员管理处"),
    ("衡阳市农业技术推广站", UNIT, PUBLIC, "430400", "衡阳市农业农村局"),
    ("衡阳市勘察测绘院", UNIT, PUBLIC, "430400", "衡阳市本级专业技术人员管理处"),
)

# name, grade, series, members, region, founding body, title offices below it
COMMITTEES: tuple[tuple[str, CommitteeGrade, str, int, str, str, tuple[str, ...]], ...] = (
    (GUIDE_COMMITTEE, CommitteeGrade.SENIOR, "高等学校教师", 25, "430000", PROVINCE_OFFICE, (CHANGSHA_OFFICE,)),
    (
        "湖南省工程系列建设专业高级职称评审委员会",
        CommitteeGrade.SENIOR,
        "工程技术人员",
        25,
        "430000",
        PROVINCE_OFFICE,
        (PROVINCE_OFFICE, CHANGSHA_OFFICE, "株洲市本级专业技术人员管理处", "衡阳市本级专业技术人员管理处"),
    ),
    (
        CITY_COMMITTEE,
        CommitteeGrade.INTERMEDIATE,
        "工程技术人员",
        15,
        "430100",
        CHANGSHA_OFFICE,
        (CHANGSHA_OFFICE, "芙蓉区职称改革工作办公室", "浏阳市职称改革工作办公室"),
    ),
    (
        "长沙市中小学教师系列中级职称评审委员会",
        CommitteeGrade.INTERMEDIATE,
        "中小学教师",
        15,
        "430100",
        CHANGSHA_OFFICE,
        ("芙蓉区职称改革工作办公室",),
    ),
    (
        "长沙市卫生系列中级职称评审委员会",
        CommitteeGrade.INTERMEDIATE,
        "卫生技术人员",
        15,
        "430100",
        CHANGSHA_OFFICE,
        (CHANGSHA_OFFICE,),
    ),
    (
        "株洲市工程系列中级职称评审委员会",
        CommitteeGrade.INTERMEDIATE,
        "工程技术人员",
        13,
        "430200",
        "株洲市本级专业技术人员管理处",
        ("株洲市本级专业技术人员管理处",),
    ),
    (
        "衡阳市农业系列中级职称评审委员会",
        CommitteeGrade.INTERMEDIATE,
        "农业技术人员",
        13,
        "430400",
        "衡阳市本级专业技术人员管理处",
        ("衡阳市本级专业技术人员管理处",),
    ),
)

REVIEW_OF = {
    CommitteeGrade.SENIOR: (Procedure.SENIOR_REVIEW, (TitleLevel.ASSOCIATE_SENIOR, TitleLevel.FULL_SENIOR)),
    CommitteeGrade.INTERMEDIATE: (Procedure.INTERMEDIATE_REVIEW, (TitleLevel.INTERMEDIATE,)),
    CommitteeGrade.JUNIOR: (Procedure.JUNIOR_REVIEW, (TitleLevel.CLERK, TitleLevel.ASSISTANT)),
}
OFFICE_LEVELS = (TitleLevel.CLERK, TitleLevel.ASSISTANT, TitleLevel.INTERMEDIATE)

# user name, person, role, body (by name), region
PEOPLE: tuple[tuple[str, str, Role, str, str, str], ...] = (
    ("sysadmin", "欧阳慧", Role.SYSADMIN, "", "", "系统管理员：账号、身份、审计"),
    ("province", "周建国", Role.HR_OFFICER, PROVINCE_OFFICE, "430000", "省人社厅经办人"),
    ("province2", "彭丽娟", Role.SPECIAL_PLAN_OFFICER, PROVINCE_OFFICE, "430000", "省人社厅：特殊方案审核"),
    ("changsha", "刘志强", Role.HR_OFFICER, CHANGSHA_OFFICE, "430100", "长沙市人社局经办人"),
    ("furong", "陈思远", Role.HR_OFFICER, "芙蓉区职称改革工作办公室", "430102", "芙蓉区人社局经办人"),
    ("unit", "李秀英", Role.UNIT, DRAINAGE, "", DRAINAGE),
    ("bureau", "王海涛", Role.DEPARTMENT, HOUSING, "", HOUSING),
    ("agency", "黄国华", Role.TITLE_OFFICE, CHANGSHA_OFFICE, "", CHANGSHA_OFFICE),
    ("committee", "谭文斌", Role.COMMITTEE, CITY_COMMITTEE, "", CITY_COMMITTEE),
    *(
        (f"judge{n}", name, Role.JUDGE, CITY_COMMITTEE, "", f"评委，{CITY_COMMITTEE}")
        for n, name in enumerate(
            ("蒋振华", "肖玉兰", "罗永康", "邓晓东", "何碧云", "曾庆丰", "贺立新", "龙小燕", "唐家明"), 1
        )
    ),
    ("applicant", "张伟", Role.APPLICANT, "", "", f"申报人，{DRAINAGE}（初定）"),
    ("applicant2", "赵敏", Role.APPLICANT, "", "", f"申报人，{DRAINAGE}（评审中级）"),
)

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(region: str, born: date, serial: int) -> str:
    """A well-formed identity number of nobody in particular (GB 11643)."""
    body = f"{region}{born:%Y%m%d}{serial:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _ID_WEIGHTS, strict=True)) % 11]


@dataclass
class World:
    """What `demo_days` needs of the world, by name."""

    bodies: dict[str, Body] = field(default_factory=dict)
    committees: dict[str, Committee] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    actors: dict[tuple[Role, str], Actor] = field(default_factory=dict)
    """(role, body name) -> the actor of the operator of a body."""


def build_world(session: Session, year: int) -> World:
    """Make everything of this page; `session` is the system's."""
    world = World()
    actor = Actor.system("demo province")
    for number, (name, kind, nature, region, _) in enumerate(BODIES, 1):
        world.bodies[name] = _body(number, name, kind, nature, region)
    for number, (name, _grade, _series, _members, region, _founder, _below) in enumerate(COMMITTEES, 500):
        world.bodies[name] = _body(number, name, COMMITTEE, BodyNature.COMMITTEE, region)
    session.add_all(world.bodies.values())
    session.flush()
    _authorities(session, world)
    _committees(session, world, year)
    _paths(session, world)
    _people(session, world, actor)
    session.flush()
    return world


def _body(number: int, name: str, kind: NodeType, nature: BodyNature, region: str) -> Body:
    return Body(
        code=f"{region}{number:04d}",
        name=name,
        pinyin=initials(name),
        node_type=kind,
        nature=nature,
        region_code=region,
        credit_code=None,
        contact_name="",
        contact_phone="",
    )


def _authorities(session: Session, world: World) -> None:
    for name, kind, _, region, _ in BODIES:
        if kind is not OFFICE:
            continue
        body = world.bodies[name]
        printed = name.replace("本级专业技术人员管理处", "人力资源和社会保障局").replace(
            "职称改革工作办公室", "人力资源和社会保障局"
        )
        printed = printed.removesuffix("专业技术人员管理处")
        session.add(IssuingAuthority(body_id=body.id, code=region[2:], printed_name=printed))
        session.add_all(
            Acceptance(
                body_id=body.id,
                method=AcquisitionMethod.INITIAL_DETERMINATION,
                level=level,
                printed_name=printed,
                guideline="符合学历和工作年限条件的专业技术人员，可在毕业后按规定申报初定；材料由所在单位核实公示后逐级上报。",
            )
            for level in OFFICE_LEVELS
        )


def _committees(session: Session, world: World, year: int) -> None:
    today = clock.today()
    series = {row.name: row for row in session.scalars(sa.select(TitleSeries))}
    for name, grade, series_name, members, _, founder, _ in COMMITTEES:
        body = world.bodies[name]
        committee = Committee(
            body_id=body.id,
            grade=grade,
            series_id=series[series_name].id,
            member_count=members,
            smaller_agreed_by=""
            if members >= 25 or grade is not CommitteeGrade.SENIOR
            else "湖南省人力资源和社会保障厅",
            printed_name=name,
            recorded_on=date(today.year - 1, 3, 1),
            valid_until=date(today.year + 1, 12, 31),
        )
        session.add(committee)
        session.flush()
        world.committees[name] = committee
        session.add(FoundingBody(committee_id=body.id, body_id=world.bodies[founder].id))
        for speciality in session.scalars(
            sa.select(Speciality).where(Speciality.series_id == committee.series_id, Speciality.parent_id.is_(None))
        ):
            session.add(CoveredSpeciality(committee_id=body.id, speciality_id=speciality.id))
        session.add(
            AnnualBatch(
                committee_id=body.id,
                year=year,
                name="年度评审",
                levels=[level.value for level in REVIEW_OF[grade][1]],
                opens_on=date(year, 1, 1),
                closes_on=date(year, 12, 20),
                review_from=date(year, 3, 1),
                review_until=date(year, 12, 31),
            )
        )


def _paths(session: Session, world: World) -> None:
    chain = [(name, superior) for name, kind, _, _, superior in BODIES if superior]
    moment = clock.now()

    def edge(procedure: Procedure, level: TitleLevel, below: str, above: str, series_id: int | None = None) -> PathEdge:
        return PathEdge(
            procedure=procedure,
            level=level,
            subordinate_id=world.bodies[below].id,
            superior_id=world.bodies[above].id,
            series_id=series_id,
            confirmed_at=moment,
            confirmed_by="省级批量导入确认",
        )

    for below, above in chain:
        for level in OFFICE_LEVELS:
            session.add(edge(Procedure.INITIAL_DETERMINATION, level, below, above))
        session.add(edge(Procedure.INTERMEDIATE_REVIEW, TitleLevel.INTERMEDIATE, below, above))
        for level in REVIEW_OF[CommitteeGrade.SENIOR][1]:
            session.add(edge(Procedure.SENIOR_REVIEW, level, below, above))
    for name, grade, _, _, _, _, offices in COMMITTEES:
        procedure, levels = REVIEW_OF[grade]
        for office in offices:
            for level in levels:
                session.add(edge(procedure, level, office, name, world.committees[name].series_id))
    # the guide's broken branch (1.28, note 2, record 2): 长沙市教育局 has no superior and is not final
    for level in REVIEW_OF[CommitteeGrade.SENIOR][1]:
        session.add(edge(Procedure.SENIOR_REVIEW, level, DRAINAGE, EDUCATION))


def _people(session: Session, world: World, actor: Actor) -> None:
    for number, (username, name, role, body_name, region, _) in enumerate(PEOPLE, 1):
        born = {"applicant": date(2002, 5, 18), "applicant2": date(1992, 9, 3)}.get(
            username, date(1968 + number, 4, 1 + number)
        )
        account = accounts.create_user(
            session,
            actor=actor,
            username=username,
            name=name,
            id_number=id_number("430102", born, 100 + number),
            phone=f"138000000{number:02d}",
            password=PASSWORD,
        )
        account.is_demo = True
        if account.person is not None:
            account.person.consented_at, account.person.consent_version = clock.now(), accounts.CONSENT_VERSION
        body = world.bodies.get(body_name)
        post = accounts.grant_post(
            session,
            actor=actor,
            user_id=account.id,
            role=role,
            body_id=body.id if body else None,
            region_code=region or None,
        )
        world.accounts[username] = account
        world.actors[role, body_name] = Actor(
            role=role,
            user_id=account.id,
            person_id=account.person_id,
            name=name,
            post_id=post.id,
            body_id=post.body_id,
            body_name=body_name,
            region_code=region or (body.region_code if body else ""),
        )
    _operators(world)


def _operators(world: World) -> None:
    """Every other body has an operator too, or nothing would move there; they can't sign in by a known password."""
    roles = {UNIT: Role.UNIT, DEPARTMENT: Role.DEPARTMENT, OFFICE: Role.TITLE_OFFICE, COMMITTEE: Role.COMMITTEE}
    for number, body in enumerate(world.bodies.values(), 1):
        role = roles[body.node_type]
        if (role, body.name) in world.actors:
            continue
        world.actors[role, body.name] = Actor(
            role=role,
            name=_NAMES[number % len(_NAMES)],
            body_id=body.id,
            body_name=body.name,
            region_code=body.region_code,
        )


_NAMES = ("吴晓明", "郑丽华", "孙建平", "朱红梅", "马俊杰", "胡雪琴", "郭永强", "林静怡", "高志远", "梁春燕")
