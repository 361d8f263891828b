"""A10 批量导入: committees with what they cover, who founded them and who operates them, by workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.services import Contact, Operator
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.bodies.rules import code_problem, name_problem, text_problem
from app.bodies.services import hold
from app.bodies.spreadsheets import BODY_HELP, Bodies, Known, kept
from app.catalog.queries import regions_of
from app.catalog.rules import initials
from app.catalog.spreadsheets import REGION_HELP, Catalog, Node, code_of, name_conflict, offered_regions
from app.committees import rules
from app.committees.enums import CommitteeGrade
from app.committees.models import Committee, CoveredSpeciality, FoundingBody
from app.core import audit, clock
from app.core.crypto import mask_phone
from app.core.db import parts, reserve_ids
from app.core.enums import Role
from app.core.scope import Actor, elevated
from app.formats.sheets import Column, as_date
from app.imports import Firsts, Importer, Row, declare

KIND = "committees"
_GRADES = {grade.label: grade for grade in CommitteeGrade}
_CONTACT = {"name": "contact_name", "id_number": "contact_id_number", "phone": "contact_phone"}


class Planned(NamedTuple):
    """What a row says, looked up."""

    code: str
    region: str
    grade: CommitteeGrade
    series_id: int
    covered: list[Node]
    founders: list[Known]
    recorded_on: date
    valid_until: date


def _several(text: str) -> list[str]:
    """What a cell lists, separated by 、 or ； or a comma."""
    for mark in "；;，,":
        text = text.replace(mark, "、")
    return list(dict.fromkeys(part.strip() for part in text.split("、") if part.strip()))


class _Lookup:
    """What the rows name, and what is taken, fetched in a handful of statements."""

    def __init__(self, session: Session, rows: Sequence[Row]) -> None:
        self.founders = Bodies(session, (text for row in rows for text in _several(row.sound("founders"))))
        self.today = clock.today()
        self.regions = {region.code: region.name for region in regions_of(session, "")}
        self.catalog = Catalog(session)
        self.codes: dict[str, str] = {}
        self.names: dict[str, str] = {}
        for piece in parts(row.sound("code").upper() for row in rows):
            found = session.execute(sa.select(Body.code, Body.name).where(Body.code.in_(piece)))
            self.codes |= dict(found.all())
        committees = sa.select(Body.name, Body.code).where(Body.node_type == NodeType.COMMITTEE, Body.active)
        for piece in parts(row.sound("name") for row in rows):
            self.names |= dict(session.execute(committees.where(Body.name.in_(piece))).all())


def _check(session: Session, actor: Actor, rows: Sequence[Row]) -> Mapping[int, Planned]:
    """Every row as the form would take it, none like another. Sheet row -> what it says."""
    lookup = _Lookup(session, rows)
    planned: dict[int, Planned] = {}
    for row in rows:
        _check_names(lookup, row)
        found = _planned(lookup, actor, row)
        if found is not None:
            planned[row.number] = found
    contacts = [_contact(row) for row in rows]
    for row, problems in zip(rows, accounts.contact_problems(session, contacts), strict=True):
        for field, reason in problems.items():
            row.wrong(_CONTACT[field], reason)
    _check_together(rows, contacts)
    return planned


def _check_together(rows: Sequence[Row], contacts: Sequence[Contact]) -> None:
    """No code, no name twice; and one identity number is one person, who may operate several."""
    firsts = Firsts(code="与第 {} 行的编码相同。", name="与第 {} 行的名称相同。")
    people: dict[str, tuple[str, int]] = {}
    for row, contact in zip(rows, contacts, strict=True):
        name, other = people.get(contact.number, (contact.name, 0))
        if contact.name and name != contact.name:
            row.wrong("contact_name", f"与第 {other} 行是同一身份证号，姓名却不同，请核对。")
        firsts.tell(row, code=row.sound("code").upper(), name=row.sound("name"))
        if not row.problems:
            people.setdefault(contact.number, (contact.name, row.number))


def _check_names(lookup: _Lookup, row: Row) -> None:
    """Code and name: well-formed, and nobody else's in force."""
    code, name = row.sound("code").upper(), row.sound("name")
    if problem := code_problem(code):
        row.wrong("code", problem)
    elif code in lookup.codes:
        row.wrong("code", f"已被“{lookup.codes[code]}”使用。")
    if problem := name_problem(name, "评委会名称"):
        row.wrong("name", problem)
    elif name in lookup.names:
        row.wrong("name", f"已有同名的评委会（编码 {lookup.names[name]}）。")
    if row["printed_name"] and (problem := name_problem(row["printed_name"], "打印在证书上的名称")):
        row.wrong("printed_name", problem)
    if row["agreed_by"] and (problem := text_problem(row["agreed_by"], "同意单位")):
        row.wrong("agreed_by", problem)


def _planned(lookup: _Lookup, actor: Actor, row: Row) -> Planned | None:
    """What the row says, looked up, with what is wrong about it marked; None where anything is."""
    region, grade = code_of(row.sound("region")), _GRADES.get(row.sound("grade"))
    if region not in lookup.regions:
        row.wrong("region", "请填写现行的 6 位行政区划代码。")
    elif problem := name_conflict(row["region"], lookup.regions[region]):
        row.wrong("region", problem)
    else:
        kept(actor, row, "region", region)
    series = lookup.catalog.series.get(row.sound("series"))
    if series is None:
        row.wrong("series", f"没有名为“{row['series'][:40]}”的系列。")
    nodes = _covered(lookup, row, series)
    by_series = any(one.parent_id is None for one in nodes)
    if (members := row.sound("members")) and (
        problem := rules.members_problem(grade, int(members), by_series=by_series, agreed_by=row["agreed_by"])
    ):
        row.wrong("members", problem)
    recorded, valid = as_date(row.sound("recorded_on")), as_date(row.sound("valid_until"))
    for field, reason in rules.record_problem(recorded, valid, lookup.today).items():
        row.wrong(field, reason)
    founders = _founders(lookup, row)
    if row.problems or not (series and grade and recorded and valid):
        return None
    return Planned(row["code"].upper(), region, grade, series, nodes, founders, recorded, valid)


def _covered(lookup: _Lookup, row: Row, series: int | None) -> list[Node]:
    """The specialities a row names; those of another series are wrong, where it is known."""
    nodes = []
    for text in _several(row.sound("specialities")):
        node = lookup.catalog.speciality(text)
        if node is None or series not in (None, node.series_id):
            row.wrong("specialities", "有的专业编码不存在，或不在所选系列之下。")
        elif problem := name_conflict(text, node.name):
            row.wrong("specialities", problem)
        else:
            nodes.append(node)
    if not nodes:
        row.wrong("specialities", "有的专业编码不存在，或不在所选系列之下。")
    return nodes


def _founders(lookup: _Lookup, row: Row) -> list[Known]:
    founders: list[Known] = []
    for text in _several(row.sound("founders")) or [""]:
        body, wrong = lookup.founders.of(text)
        if body is None:
            row.wrong("founders", wrong or "")
        elif body.node_type is NodeType.COMMITTEE:
            row.wrong("founders", "评委会不能作为组建单位。")
        elif body not in founders:
            founders.append(body)
    return founders


def _contact(row: Row) -> Contact:
    return Contact(*map(row.sound, _CONTACT.values()))


def _write(session: Session, actor: Actor, rows: Sequence[Row], planned: Mapping[int, Planned]) -> None:
    """Bodies, committees, what they cover, who founded them, who operates them: a statement each."""
    all_planned = [planned[row.number] for row in rows]
    with elevated(session, "check() has held every row against the actor's region"):
        hold(session, {body.id for one in all_planned for body in one.founders})
        keys = reserve_ids(session, Body, len(rows))
        each = list(zip(keys, rows, all_planned, strict=True))
        session.execute(sa.insert(Body), [_body(key, row, one) for key, row, one in each])
        session.execute(sa.insert(Committee), [_committee(key, row, one) for key, row, one in each])
        covered = [{"committee_id": key, "speciality_id": node.id} for key, _, one in each for node in one.covered]
        session.execute(sa.insert(CoveredSpeciality), covered)
        founded = [{"committee_id": key, "body_id": body.id} for key, _, one in each for body in one.founders]
        session.execute(sa.insert(FoundingBody), founded)
    regions = {region.code: region.name for region in regions_of(session, "")}
    operators = [Operator(key, _contact(row), f"c{one.code.lower()}"[:26]) for key, row, one in each]
    accounts.appoint_all(session, actor=actor, role=Role.COMMITTEE, operators=operators)

    def entries() -> Iterator[tuple[str, int, dict[str, Any]]]:
        for key, row, one in each:
            said = {
                "name": row["name"],
                "code": one.code,
                "grade": one.grade.value,
                "series": row["series"],
                "region": regions[one.region],
                "member_count": int(row["members"]),
                "smaller_agreed_by": row["agreed_by"],
                "printed_name": row["printed_name"] or row["name"],
                "recorded_on": one.recorded_on.isoformat(),
                "valid_until": one.valid_until.isoformat(),
                "speciality": [node.name for node in one.covered],
                "founder": [body.name for body in one.founders],
                "contact_name": row["contact_name"],
                "contact_phone": mask_phone(row["contact_phone"]),
            }
            yield "committees.import", key, {name: value for name, value in said.items() if value}

    audit.record_each(session, actor, "committees", entries)


def _body(key: int, row: Row, one: Planned) -> dict[str, Any]:
    return {
        "id": key,
        "code": one.code,
        "name": row["name"],
        "pinyin": initials(row["name"]),
        "node_type": NodeType.COMMITTEE,
        "nature": BodyNature.COMMITTEE,
        "region_code": one.region,
        "contact_name": row["contact_name"],
        "contact_phone": row["contact_phone"],
        "active": True,
        "deregistered_reason": "",
    }


def _committee(key: int, row: Row, one: Planned) -> dict[str, Any]:
    return {
        "body_id": key,
        "grade": one.grade,
        "series_id": one.series_id,
        "member_count": int(row["members"]),
        "smaller_agreed_by": row["agreed_by"],
        "printed_name": row["printed_name"] or row["name"],
        "recorded_on": one.recorded_on,
        "valid_until": one.valid_until,
    }


def _lists(session: Session) -> Mapping[str, Sequence[str]]:
    catalog = Catalog(session)
    return {
        "region": offered_regions(session),
        "series": catalog.offered_series,
        "specialities": catalog.offered_specialities,
    }


declare(
    Importer(
        kind=KIND,
        title="评委会",
        columns=(
            Column("code", "评委会编码", "C430100001", kind="code", help="4 至 30 位大写字母和数字。"),
            Column("name", "评委会名称", "长沙市建设工程系列高级职称评审委员会", help="不超过 120 个字，不能与现有的评委会同名。"),
            Column("region", "行政区划代码", "430100 长沙市", kind="code", help=REGION_HELP),
            Column("grade", "评委会级别", "高评会", choices=tuple(_GRADES), help="从下拉列表选择。"),
            Column("series", "系列", "工程技术人员", help="从下拉列表选择。"),
            Column(
                "specialities", "评审专业编码", "050101 建筑工程、050102 给排水", kind="code", longest=2000, several=True,
                help="可以从下拉列表选一个；几个之间用顿号隔开，可以只填编码。填系列本身的编码即评审该系列全部专业。",
            ),
            Column("members", "评委会人数", "11", kind="whole", help="单数；高评会按系列组建的不少于 25 人，按专业组建的不少于 11 人。"),
            Column("agreed_by", "同意减少人数的单位", "", required=False, help="人数少于规定时填写。"),
            Column("printed_name", "打印在证书上的名称", "", required=False, help="不填即为评委会名称。"),
            Column("recorded_on", "核准备案日期", "2026-03-01", kind="date", help="如 2026-03-01。"),
            Column("valid_until", "有效期截止日期", "2029-02-28", kind="date", help="不超过三年。"),
            Column("founders", "组建单位", "430100A001", kind="code", longest=2000, help=BODY_HELP + "几个之间用顿号隔开。"),
            Column("contact_name", "联系人", "张三", longest=40, help="联系人即评委会操作员。"),
            Column("contact_id_number", "身份证号", "11010519491231002X", kind="code", longest=18, help="联系人的 18 位身份证号。"),
            Column("contact_phone", "联系电话", "13800000000", kind="code", longest=11, help="联系人的手机号。"),
        ),
        identity=("code",),
        check=_check,
        write=_write,
        lists=_lists,
        rules=("联系人成为评委会操作员，凭身份证号登录单位网厅；没有账号的自动建立账号，初始密码在评委会管理中发放。",),
        relies_on=("bodies", "catalog", "dictionaries", "committees"),
        after="操作员账号已经建立，还没有人知道密码：请到【评委会管理】用【重置操作员密码】逐个发放，首次登录必须修改。"
        "联系人原来就有账号的，用自己的密码登录。",
    )
)  # fmt: skip
