"""批量导入 of bodies, and A3's of those that take 初定 and 认定. And the search for bodies that other imports share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies import rules
from app.bodies.enums import KEPT, BodyNature, NodeType
from app.bodies.models import Acceptance, Body
from app.bodies.services import hold, require_keeper
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.queries import regions_of
from app.catalog.rules import initials
from app.catalog.spreadsheets import REGION_HELP, code_of, name_conflict, offered_regions
from app.core import audit
from app.core.crypto import mask_phone
from app.core.db import parts, reserve_ids
from app.core.errors import NotAllowed
from app.core.scope import Actor, elevated
from app.formats.sheets import Column
from app.imports import Firsts, Importer, Row, declare

KIND = "bodies.acceptances"
BODIES = "bodies"
BODY_HELP = "填写机构编码；名称在全省唯一的，也可以填写名称。"
METHODS = {method.label: method for method in AcquisitionMethod if method is not AcquisitionMethod.REVIEW}
LEVELS = {level.label: level for level in TitleLevel}
_KINDS = {kind.label: kind for kind in KEPT}
_NATURES = {nature.label: nature for nature in BodyNature if nature is not BodyNature.COMMITTEE}
_Taking = tuple[int, AcquisitionMethod, TitleLevel]


class Known(NamedTuple):
    """What an import needs to know of a body."""

    id: int
    code: str
    name: str
    node_type: NodeType
    region_code: str


class Bodies:
    """Active bodies by code or name: two statements for some thousands of rows."""

    def __init__(self, session: Session, wanted: Iterable[str]) -> None:
        self._by_code: dict[str, Known] = {}
        self._by_name: dict[str, list[Known]] = defaultdict(list)
        query = sa.select(Body.id, Body.code, Body.name, Body.node_type, Body.region_code).where(Body.active)
        for piece in parts(wanted):
            for row in session.execute(query.where(Body.code.in_([text.upper() for text in piece]))):
                self._by_code[row.code] = Known(*row)
            for row in session.execute(query.where(Body.name.in_(piece))):
                self._by_name[row.name].append(Known(*row))

    def find(self, row: Row, key: str) -> Known | None:
        """The body a sound cell names; what is wrong is marked on the row."""
        if not (text := row.sound(key)):
            return None
        found, problem = self.of(text)
        if problem:
            row.wrong(key, problem)
        return found

    def of(self, text: str) -> tuple[Known | None, str | None]:
        """The body called `text`, or what is wrong with that."""
        if body := self._by_code.get(text.upper()):
            return body, None
        named = self._by_name.get(text, [])
        if len(named) > 1:
            return None, f"有 {len(named)} 个机构都叫“{text}”，请填写机构编码。"
        return (named[0], None) if named else (None, f"没有编码或名称为“{text[:40]}”的机构，或它已注销。")


def kept(actor: Actor, row: Row, key: str, region_code: str) -> bool:
    """Whether the actor keeps the bodies of a region; if not, the row says so."""
    try:
        require_keeper(actor, region_code)
    except NotAllowed as refusal:
        row.wrong(key, refusal.reason)
        return False
    return True


# -- 机构管理 --------------------------------------------------------------------------------------------------


def _check_bodies(session: Session, actor: Actor, rows: Sequence[Row]) -> Mapping[str, str]:
    """The regions in force, code -> name."""
    regions = {region.code: region.name for region in regions_of(session, "")}
    taken = {
        field: {
            code: name if active else f"{name}（已注销）"
            for piece in parts(row.sound(field).upper() for row in rows)
            for code, name, active in session.execute(
                sa.select(column, Body.name, Body.active).where(column.in_(piece))
            )
        }
        for field, column in (("code", Body.code), ("credit_code", Body.credit_code))
    }
    namesakes = {
        (name, region): code
        for piece in parts(row["name"].strip() for row in rows)
        for name, region, code in session.execute(
            sa.select(Body.name, Body.region_code, Body.code).where(
                Body.active, Body.node_type.in_(KEPT), Body.name.in_(piece)
            )
        )
    }
    firsts = Firsts(**dict.fromkeys(taken, "与第 {} 行相同。"), name="与第 {} 行的名称、行政区划都相同。")
    for row in rows:
        for field, reason in rules.body_problem(**_said(row)).items():
            row.wrong(field, reason)
        if problem := rules.code_problem(row["code"].upper()):
            row.wrong("code", problem)
        for field, known in taken.items():
            if name := known.get(row.sound(field).upper()):
                row.wrong(field, f"已被“{name}”使用。")
        region = code_of(row.sound("region"))
        if region not in regions:
            row.wrong("region", "请填写现行的 6 位行政区划代码。")
        elif problem := name_conflict(row["region"], regions[region]):
            row.wrong("region", problem)
        kept(actor, row, "region", region)
        named = row["name"].strip(), region
        if other := namesakes.get(named):
            row.wrong("name", f"本统筹区已有同名机构（编码 {other}）；确是另一家的，请在“机构管理”中单独新增。")
        firsts.tell(row, name=named, **{field: row.sound(field).upper() for field in taken})
    return regions


def _said(row: Row) -> dict[str, Any]:
    """What `body_problem` asks about and the table holds, but for its code and region."""
    return {
        "name": row["name"],
        "node_type": _KINDS.get(row.sound("node_type")),
        "nature": _NATURES.get(row.sound("nature")),
        "credit_code": row["credit_code"].upper(),
        "contact_name": row["contact_name"],
        "contact_phone": row["contact_phone"],
    }


def _write_bodies(session: Session, actor: Actor, rows: Sequence[Row], regions: Mapping[str, str]) -> None:
    """One statement; the history of each begins with it."""
    with elevated(session, "check() has held every row against the actor's region"):
        keys = reserve_ids(session, Body, len(rows))
        made = [{"id": key} | _body(row) for key, row in zip(keys, rows, strict=True)]
        session.execute(sa.insert(Body), made)

    def entries() -> Iterator[tuple[str, int, dict[str, Any]]]:
        for key, values in zip(keys, made, strict=True):
            told = {name: values[name] for name in ("code", "name", "credit_code", "contact_name")}
            told |= {"node_type": values["node_type"].value, "nature": values["nature"].value}
            told |= {"region": regions[values["region_code"]], "contact_phone": mask_phone(values["contact_phone"])}
            yield "bodies.import", key, told

    audit.record_each(session, actor, "bodies", entries)


def _body(row: Row) -> dict[str, Any]:
    said = _said(row)
    return said | {
        "code": row["code"].upper(),
        "credit_code": said["credit_code"] or None,
        "pinyin": initials(row["name"]),
        "region_code": code_of(row["region"]),
        "active": True,
        "deregistered_reason": "",
    }


declare(
    Importer(
        kind=BODIES,
        title="机构",
        columns=(
            Column("code", "机构编码", "430100B001", kind="code", longest=30, help="4 至 30 位大写字母和数字。"),
            Column("name", "机构名称", "长沙市教育局", help="不超过 120 个字，汉字之间不要有空格。"),
            Column("node_type", "受理节点类型", "主管单位", choices=tuple(_KINDS), help="从下拉列表选择。"),
            Column("nature", "单位性质", "机关", choices=tuple(_NATURES), help="从下拉列表选择。"),
            Column("region", "行政区划代码", "430100 长沙市", kind="code", help=REGION_HELP),
            Column(
                "credit_code", "统一社会信用代码", "", required=False, kind="code", longest=18, help="18 位，可以不填。"
            ),
            Column("contact_name", "联系人", "", required=False, longest=40, help="可以不填。"),
            Column("contact_phone", "联系电话", "", required=False, kind="code", longest=20, help="可以不填。"),
        ),
        identity=("code",),
        check=_check_bodies,
        write=_write_bodies,
        lists=lambda session: {"region": offered_regions(session)},
        rules=("评委会不在这里导入，请到“评委会管理”导入。",),
    )
)


# -- A3 职称初定/认定受理机构管理 -------------------------------------------------------------------------------


def _check_acceptances(session: Session, actor: Actor, rows: Sequence[Row]) -> Mapping[int, tuple[Known, _Taking]]:
    """Sheet row -> the body, and what it is to take."""
    bodies = Bodies(session, (row.sound("body") for row in rows))
    columns = (Acceptance.body_id, Acceptance.method, Acceptance.level)
    taken = {tuple(found) for found in session.execute(sa.select(*columns).where(Acceptance.active))}
    firsts = Firsts(body="与第 {} 行是同一机构的同一受理事项。")
    said: dict[int, tuple[Known, _Taking]] = {}
    for row in rows:
        method, level = METHODS.get(row.sound("method")), LEVELS.get(row.sound("level"))
        if problem := rules.name_problem(row["printed_name"], rules.PRINTED_NAME):
            row.wrong("printed_name", problem)
        body = bodies.find(row, "body")
        if body is None or not kept(actor, row, "body", body.region_code):
            continue
        for field, reason in rules.acceptance_problem(body.node_type, method, level).items():
            row.wrong("body" if field == "body_id" else field, reason)
        if method is None or level is None:
            continue
        key = (body.id, method, level)
        if key in taken:
            row.wrong("body", f"“{body.name}”已经受理{level.label}的{method.label}。")
        firsts.tell(row, body=key)
        said[row.number] = body, key
    return said


def _write_acceptances(
    session: Session, actor: Actor, rows: Sequence[Row], said: Mapping[int, tuple[Known, _Taking]]
) -> None:
    """New rows in one statement; deregistered ones come back, as `add_acceptance` does it."""
    new: list[dict[str, Any]] = []
    told: list[tuple[str, dict[str, Any]]] = []
    revived: list[tuple[str, int, dict[str, Any]]] = []
    with elevated(session, "check() has held every row against the actor's region"):
        hold(session, {body.id for body, _ in said.values()})
        query = sa.select(Acceptance).where(~Acceptance.active).order_by(Acceptance.id).with_for_update()
        ended = {(row.body_id, row.method, row.level): row for row in session.scalars(query)}
        for row in rows:
            body, taking = said[row.number]
            shown: dict[str, Any] = {"printed_name": row["printed_name"], "guideline": row["guideline"], "active": True}
            values = shown | {"deregistered_at": None, "deregistered_reason": ""}
            if old := ended.get(taking):
                changes = audit.assign(old, **values)
                changed = {name: change for name, change in changes.items() if name in shown}
                revived.append(("bodies.import_revived_acceptance", old.id, {"changes": changed}))
            else:
                new.append(dict(zip(("body_id", "method", "level"), taking, strict=True)) | values)
                words = {"body_id": body.name, "method": taking[1].value, "level": taking[2].value}
                words |= {name: shown[name] for name in ("printed_name", "guideline") if shown[name]}
                told.append(("bodies.import_acceptance", words))
        keys = reserve_ids(session, Acceptance, len(new))
        if new:
            session.execute(sa.insert(Acceptance), [{"id": key} | one for key, one in zip(keys, new, strict=True)])
    made = [(action, key, detail) for key, (action, detail) in zip(keys, told, strict=True)]
    audit.record_each(session, actor, "acceptances", lambda: [*made, *revived])


declare(
    Importer(
        kind=KIND,
        title="受理机构",
        columns=(
            Column("body", "受理机构", "430100A001", kind="code", help=BODY_HELP),
            Column("method", "取得方式", "初定", choices=tuple(METHODS), help="与导入时在页面上选择的一致。"),
            Column("level", "职称等级", "助理级", choices=tuple(LEVELS), help="与导入时在页面上选择的一致。"),
            Column("printed_name", "打印在证书上的机构名称", "长沙市人力资源和社会保障局", help="不超过 120 个字。"),
            Column(
                "guideline",
                "申报须知",
                "请携带身份证、毕业证书原件到窗口核验。",
                required=False,
                kind="note",
                longest=rules.GUIDELINE_LENGTH,
                help="可以不填，可以分行，不超过 5000 个字。",
            ),
        ),
        identity=("body", "method", "level"),
        check=_check_acceptances,
        write=_write_acceptances,
        asked=("level", "method"),
        rules=(
            "职称等级、取得方式在导入页面上选择，对表中每一行适用。",
            "受理机构只能是主管单位、经办机构；初定最高到中级。",
            "同一机构只填一行；已注销的受理机构再次导入即恢复。",
        ),
        relies_on=("bodies", "catalog", "dictionaries", "committees"),
    )
)
