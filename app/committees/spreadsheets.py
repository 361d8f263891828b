"""A10 批量导入: committees with what they cover and who founded them, by workbook."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.bodies.rules import code_problem, name_problem
from app.bodies.services import require_keeper
from app.bodies.spreadsheets import BODY_HELP, Bodies, parts
from app.catalog.models import Region, Speciality, TitleSeries
from app.catalog.rules import initials
from app.committees import rules
from app.committees.enums import CommitteeGrade
from app.committees.models import Committee, CoveredSpeciality, FoundingBody
from app.core import audit, clock
from app.core.errors import NotAllowed
from app.core.scope import Actor, elevated
from app.formats.imports import Importer, Row, declare
from app.formats.sheets import Column, as_date

KIND = "committees"
_GRADES = {grade.label: grade for grade in CommitteeGrade}


def _several(text: str) -> list[str]:
    """What a cell lists, separated by 、 or ； or a comma."""
    for mark in "；;，,":
        text = text.replace(mark, "、")
    return list(dict.fromkeys(part.strip() for part in text.split("、") if part.strip()))


def _founders(session: Session, rows: Sequence[Row]) -> Bodies:
    return Bodies(session, (text for row in rows for text in _several(row["founders"])))


def _check(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    founders, today = _founders(session, rows), clock.today()
    regions = {
        row.code
        for row in session.scalars(sa.select(Region))
        if (row.valid_from is None or row.valid_from <= today) and (row.valid_until is None or row.valid_until >= today)
    }
    series = {row.name: row.id for row in session.scalars(sa.select(TitleSeries))}
    specialities = {row.code: row for row in session.scalars(sa.select(Speciality).where(Speciality.active))}
    codes = [row["code"].upper() for row in rows]
    taken = {
        code: name
        for piece in parts(codes)
        for code, name in session.execute(sa.select(Body.code, Body.name).where(Body.code.in_(piece)))
    }
    first: dict[str, int] = {}
    for row, code in zip(rows, codes, strict=True):
        texts = row
        if problem := code_problem(code):
            row.wrong("code", problem)
        elif code in taken:
            row.wrong("code", f"已被“{taken[code]}”使用。")
        elif (other := first.setdefault(code, row.number)) != row.number:
            row.wrong("code", f"与第 {other} 行的编码相同。")
        if problem := name_problem(texts["name"], "评委会名称"):
            row.wrong("name", problem)
        if texts["printed_name"] and (problem := name_problem(texts["printed_name"], "打印在证书上的名称")):
            row.wrong("printed_name", problem)
        if texts["region"] not in regions:
            row.wrong("region", "请填写现行的 6 位行政区划代码。")
        try:
            require_keeper(actor, texts["region"])
        except NotAllowed as refusal:
            row.wrong("region", refusal.reason)
        if texts["series"] not in series:
            row.wrong("series", f"没有名为“{texts['series'][:40]}”的系列。")
        covered = [specialities.get(one) for one in _several(texts["specialities"])]
        if not covered or any(one is None or one.series_id != series.get(texts["series"]) for one in covered):
            row.wrong("specialities", "有的专业编码不存在，或不在所选系列之下。")
        by_series = any(one is not None and one.parent_id is None for one in covered)
        if problem := rules.members_problem(
            _GRADES[texts["grade"]], int(texts["members"]), by_series=by_series, agreed_by=texts["agreed_by"]
        ):
            row.wrong("members", problem)
        recorded, valid = as_date(texts["recorded_on"]), as_date(texts["valid_until"])
        assert recorded is not None
        assert valid is not None
        for field, reason in rules.record_problem(recorded, valid).items():
            row.wrong(field, reason)
        for text in _several(texts["founders"]) or [""]:
            body, wrong = founders.of(text)
            if body is None:
                row.wrong("founders", wrong or "")
            elif body.node_type is NodeType.COMMITTEE:
                row.wrong("founders", "评委会不能作为组建单位。")


def _write(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    """Four statements: bodies, committees, what they cover, who founded them."""
    founders = _founders(session, rows)
    series = {row.name: row.id for row in session.scalars(sa.select(TitleSeries))}
    specialities = {row.code: row.id for row in session.scalars(sa.select(Speciality).where(Speciality.active))}
    with elevated(session, "check() has held every row against the actor's region"):
        session.execute(
            sa.insert(Body),
            [
                {
                    "code": row["code"].upper(),
                    "name": row["name"],
                    "pinyin": initials(row["name"]),
                    "node_type": NodeType.COMMITTEE,
                    "nature": BodyNature.COMMITTEE,
                    "region_code": row["region"],
                    "contact_name": row["contact_name"],
                    "contact_phone": row["contact_phone"],
                    "active": True,
                    "deregistered_reason": "",
                }
                for row in rows
            ],
        )
        codes = [row["code"].upper() for row in rows]
        keys = {
            code: key
            for piece in parts(codes)
            for code, key in session.execute(sa.select(Body.code, Body.id).where(Body.code.in_(piece)))
        }
        made, covered, founded = [], [], []
        for row, code in zip(rows, codes, strict=True):
            texts, key = row, keys[code]
            made.append(
                {
                    "body_id": key,
                    "grade": _GRADES[texts["grade"]],
                    "series_id": series[texts["series"]],
                    "member_count": int(texts["members"]),
                    "smaller_agreed_by": texts["agreed_by"],
                    "printed_name": texts["printed_name"] or texts["name"],
                    "recorded_on": as_date(texts["recorded_on"]),
                    "valid_until": as_date(texts["valid_until"]),
                }
            )
            covered += [
                {"committee_id": key, "speciality_id": specialities[one]} for one in _several(texts["specialities"])
            ]
            bodies = {body.id for text in _several(texts["founders"]) if (body := founders.of(text)[0])}
            founded += [{"committee_id": key, "body_id": body} for body in sorted(bodies)]
        session.execute(sa.insert(Committee), made)
        session.execute(sa.insert(CoveredSpeciality), covered)
        session.execute(sa.insert(FoundingBody), founded)
    audit.record(session, actor, "committees.import", None, rows=len(rows), codes=codes[:100])


declare(
    Importer(
        kind=KIND,
        title="评委会",
        columns=(
            Column("code", "评委会编码", "C430100001", kind="code", help="4 至 30 位大写字母和数字。"),
            Column("name", "评委会名称", "长沙市工程系列高评会", help="不超过 120 个字。"),
            Column("region", "行政区划代码", "430100", kind="code", help="6 位，应在本统筹区内。"),
            Column("grade", "评委会级别", "高评会", choices=tuple(_GRADES), help="从下拉列表选择。"),
            Column("series", "系列", "工程技术人员", help="系列名称。"),
            Column("specialities", "评审专业编码", "", kind="code", longest=2000, help="几个之间用顿号隔开。"),
            Column("members", "评委会人数", "25", kind="whole", help="单数。"),
            Column("agreed_by", "同意减少人数的单位", "", required=False, help="人数少于规定时填写。"),
            Column("printed_name", "打印在证书上的名称", "", required=False, help="不填即为评委会名称。"),
            Column("recorded_on", "核准备案日期", "2026-03-01", kind="date", help="如 2026-03-01。"),
            Column("valid_until", "有效期截止日期", "2029-02-28", kind="date", help="不超过三年。"),
            Column(
                "founders", "组建单位", "430100A001", kind="code", longest=2000, help=BODY_HELP + "几个之间用顿号隔开。"
            ),
            Column("contact_name", "联系人", "", required=False, longest=40, help="可以不填。"),
            Column("contact_phone", "联系电话", "", required=False, kind="code", longest=20, help="可以不填。"),
        ),
        identity=("code",),
        check=_check,
        write=_write,
    )
)
