"""批量导入 of bodies, and A3's of those that take 初定 and 认定. And the search for bodies that other imports share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies import rules
from app.bodies.enums import KEPT, BodyNature
from app.bodies.models import Acceptance, Body
from app.bodies.services import hold, require_keeper
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.queries import regions_of
from app.catalog.rules import initials
from app.core import audit
from app.core.crypto import mask_phone
from app.core.errors import NotAllowed
from app.core.scope import Actor, elevated
from app.formats.imports import Importer, Row, declare
from app.formats.sheets import Column

KIND = "bodies.acceptances"
BODIES = "bodies"
BODY_HELP = "填写机构编码；名称在全省唯一的，也可以填写名称。"
_METHODS = {method.label: method for method in AcquisitionMethod if method is not AcquisitionMethod.REVIEW}
_LEVELS = {level.label: level for level in TitleLevel}
_KINDS = {kind.label: kind for kind in KEPT}
_NATURES = {nature.label: nature for nature in BodyNature if nature is not BodyNature.COMMITTEE}
_MANY = 5_000


def parts(keys: Iterable[str]) -> Iterator[list[str]]:
    """The distinct keys, a statement's worth at a time."""
    rest = iter(sorted(set(keys)))
    while piece := list(islice(rest, _MANY)):
        yield piece


class Bodies:
    """Active bodies by code or name: two statements however many rows ask."""

    def __init__(self, session: Session, wanted: Iterable[str]) -> None:
        self._by_code: dict[str, Body] = {}
        self._by_name: dict[str, list[Body]] = defaultdict(list)
        for piece in parts(wanted):
            query = sa.select(Body).where(Body.active)
            for body in session.scalars(query.where(Body.code.in_([text.upper() for text in piece]))):
                self._by_code[body.code] = body
            for body in session.scalars(query.where(Body.name.in_(piece))):
                self._by_name[body.name].append(body)

    def find(self, row: Row, key: str) -> Body | None:
        """The body a cell names; what is wrong is marked on the row."""
        found, problem = self.of(row[key])
        if problem:
            row.wrong(key, problem)
        return found

    def of(self, text: str) -> tuple[Body | None, str | None]:
        """The body called `text`, or what is wrong with that."""
        if body := self._by_code.get(text.upper()):
            return body, None
        named = self._by_name.get(text, [])
        if len(named) > 1:
            return None, f"有 {len(named)} 个机构都叫“{text}”，请填写机构编码。"
        return (named[0], None) if named else (None, f"没有编码或名称为“{text[:40]}”的机构，或它已注销。")


def kept(actor: Actor, row: Row, key: str, body: Body) -> bool:
    """Whether the actor keeps the body's region; if not, the row says so."""
    return _keeps(actor, row, key, body.region_code)


def _keeps(actor: Actor, row: Row, key: str, region_code: str) -> bool:
    try:
        require_keeper(actor, region_code)
    except NotAllowed as refusal:
        row.wrong(key, refusal.reason)
        return False
    return True


# -- 机构管理 --------------------------------------------------------------------------------------------------


def _check_bodies(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    regions = {region.code for region in regions_of(session, "")}
    taken = {
        field: {
            code: name
            for piece in parts(row[field].upper() for row in rows if row[field])
            for code, name in session.execute(sa.select(column, Body.name).where(column.in_(piece)))
        }
        for field, column in (("code", Body.code), ("credit_code", Body.credit_code))
    }
    first: dict[str, dict[str, int]] = {field: {} for field in taken}
    for row in rows:
        for field, reason in rules.body_problem(**_said(row)).items():
            row.wrong(field, reason)
        if problem := rules.code_problem(row["code"].upper()):
            row.wrong("code", problem)
        for field, known in taken.items():
            if not (code := row[field].upper()):
                continue
            if code in known:
                row.wrong(field, f"已被“{known[code]}”使用。")
            elif (other := first[field].setdefault(code, row.number)) != row.number:
                row.wrong(field, f"与第 {other} 行相同。")
        if row["region"] not in regions:
            row.wrong("region", "请填写现行的 6 位行政区划代码。")
        _keeps(actor, row, "region", row["region"])


def _said(row: Row) -> dict[str, Any]:
    """What `body_problem` asks about and the table holds, but for its code and region."""
    return {
        "name": row["name"],
        "node_type": _KINDS[row["node_type"]],
        "nature": _NATURES[row["nature"]],
        "credit_code": row["credit_code"].upper(),
        "contact_name": row["contact_name"],
        "contact_phone": row["contact_phone"],
    }


def _write_bodies(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    """One statement; the history of each begins with it."""
    regions = {region.code: region.name for region in regions_of(session, "")}
    made = []
    for row in rows:
        said = _said(row)
        made.append(
            said
            | {
                "code": row["code"].upper(),
                "credit_code": said["credit_code"] or None,
                "pinyin": initials(row["name"]),
                "region_code": row["region"],
                "active": True,
                "deregistered_reason": "",
            }
        )
    with elevated(session, "check() has held every row against the actor's region"):
        session.execute(sa.insert(Body), made)
        codes = (str(values["code"]) for values in made)
        keys = {
            code: key
            for piece in parts(codes)
            for code, key in session.execute(sa.select(Body.code, Body.id).where(Body.code.in_(piece)))
        }
    for values in made:
        told = {name: values[name] for name in ("code", "name", "node_type", "nature", "credit_code", "contact_name")}
        told |= {"region": regions[values["region_code"]], "contact_phone": mask_phone(values["contact_phone"])}
        audit.record(session, actor, "bodies.import", (Body.__tablename__, keys[values["code"]]), **told)


declare(
    Importer(
        kind=BODIES,
        title="机构",
        columns=(
            Column("code", "机构编码", "430100B001", kind="code", longest=30, help="4 至 30 位大写字母和数字。"),
            Column("name", "机构名称", "长沙市教育局", help="不超过 120 个字，汉字之间不要有空格。"),
            Column("node_type", "受理节点类型", "主管单位", choices=tuple(_KINDS), help="从下拉列表选择。"),
            Column("nature", "单位性质", "机关", choices=tuple(_NATURES), help="从下拉列表选择。"),
            Column("region", "行政区划代码", "430100", kind="code", longest=6, help="6 位，应在本统筹区内。"),
            Column(
                "credit_code", "统一社会信用代码", "", required=False, kind="code", longest=18, help="18 位，可以不填。"
            ),
            Column("contact_name", "联系人", "", required=False, longest=40, help="可以不填。"),
            Column("contact_phone", "联系电话", "", required=False, kind="code", longest=20, help="可以不填。"),
        ),
        identity=("code",),
        check=_check_bodies,
        write=_write_bodies,
        rules=("评委会不在这里导入，请到“评委会管理”导入。",),
    )
)


# -- A3 职称初定/认定受理机构管理 -------------------------------------------------------------------------------


def _check_acceptances(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    bodies = Bodies(session, (row["body"] for row in rows))
    taken = {
        tuple(found)
        for found in session.execute(
            sa.select(Acceptance.body_id, Acceptance.method, Acceptance.level).where(Acceptance.active)
        )
    }
    first: dict[tuple[int, AcquisitionMethod, TitleLevel], int] = {}
    for row in rows:
        method, level = _METHODS[row["method"]], _LEVELS[row["level"]]
        if problem := rules.name_problem(row["printed_name"], rules.PRINTED_NAME):
            row.wrong("printed_name", problem)
        body = bodies.find(row, "body")
        if body is None or not kept(actor, row, "body", body):
            continue
        for field, reason in rules.acceptance_problem(body.node_type, method, level).items():
            row.wrong("body" if field == "body_id" else field, reason)
        if (body.id, method, level) in taken:
            row.wrong("body", f"“{body.name}”已经受理{level.label}的{method.label}。")
        elif (other := first.setdefault((body.id, method, level), row.number)) != row.number:
            row.wrong("body", f"与第 {other} 行是同一机构的同一受理事项。")


def _write_acceptances(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    """New rows in one statement; deregistered ones come back, as `add_acceptance` does it."""
    bodies, said = Bodies(session, (row["body"] for row in rows)), {}
    for row in rows:
        body, _ = bodies.of(row["body"])
        assert body is not None
        words = {"printed_name": row["printed_name"], "guideline": row["guideline"]}
        said[body.id, _METHODS[row["method"]], _LEVELS[row["level"]]] = body.name, words
    hold(session, {body_id for body_id, _, _ in said})
    standing: dict[str, Any] = {"active": True, "deregistered_at": None, "deregistered_reason": ""}
    with elevated(session, "check() has held every row against the actor's region"):
        ended = {
            (row.body_id, row.method, row.level): row
            for row in session.scalars(sa.select(Acceptance).where(~Acceptance.active))
        }
        for key, (_, words) in said.items():
            if key in ended:
                audit.assign(ended[key], **words, **standing)
        new = [
            dict(zip(("body_id", "method", "level"), key, strict=True)) | words | standing
            for key, (_, words) in said.items()
            if key not in ended
        ]
        if new:
            session.execute(sa.insert(Acceptance), new)
        made = session.execute(
            sa.select(Acceptance.id, Acceptance.body_id, Acceptance.method, Acceptance.level).where(Acceptance.active)
        )
        ids = {tuple(key): number for number, *key in made}
    for key, (name, words) in said.items():
        told = {"body": name, "method": key[1], "level": key[2], **words}
        audit.record(session, actor, "bodies.import_acceptance", (Acceptance.__tablename__, ids[key]), **told)


declare(
    Importer(
        kind=KIND,
        title="受理机构",
        columns=(
            Column("body", "受理机构", "430100A001", kind="code", help=BODY_HELP),
            Column("method", "取得方式", "初定", choices=tuple(_METHODS), help="从下拉列表选择。"),
            Column("level", "职称级别", "助理级", choices=tuple(_LEVELS), help="从下拉列表选择。"),
            Column("printed_name", "打印在证书上的机构名称", "长沙市人力资源和社会保障局", help="不超过 120 个字。"),
            Column(
                "guideline",
                "申报须知",
                "",
                required=False,
                kind="note",
                longest=rules.GUIDELINE_LENGTH,
                help="可以不填，可以分行。",
            ),
        ),
        identity=("body", "method", "level"),
        check=_check_acceptances,
        write=_write_acceptances,
        rules=("同一机构的同一取得方式、同一级别只填一行。", "受理机构只能是主管单位、经办机构；初定最高到中级。"),
    )
)
