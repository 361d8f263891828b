"""A3 批量导入: bodies that take 初定 and 认定, by workbook. And the search for bodies that other imports share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.bodies.rules import text_problem
from app.bodies.services import require_keeper
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core import audit
from app.core.errors import NotAllowed
from app.core.scope import Actor, elevated
from app.formats.imports import Importer, Row, declare
from app.formats.sheets import Column

KIND = "bodies.acceptances"
BODY_HELP = "填写机构编码；名称在全省唯一的，也可以填写名称。"
_METHODS = {method.label: method for method in AcquisitionMethod if method is not AcquisitionMethod.REVIEW}
_LEVELS = {level.label: level for level in TitleLevel}
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
    try:
        require_keeper(actor, body.region_code)
    except NotAllowed as refusal:
        row.wrong(key, refusal.reason)
        return False
    return True


def _check(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
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
        if problem := text_problem(row["printed_name"], "打印在证书上的机构名称"):
            row.wrong("printed_name", problem)
        body = bodies.find(row, "body")
        if body is None or not kept(actor, row, "body", body):
            continue
        if body.node_type is NodeType.COMMITTEE:
            row.wrong("body", "评委会不能作为初定、认定的受理机构。")
        elif (body.id, method, level) in taken:
            row.wrong("body", f"“{body.name}”已经受理{level.label}的{method.label}。")
        elif (other := first.setdefault((body.id, method, level), row.number)) != row.number:
            row.wrong("body", f"与第 {other} 行是同一机构的同一受理事项。")


def _write(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    """New rows in one statement; deregistered ones come back, as `add_acceptance` does it."""
    bodies = Bodies(session, (row["body"] for row in rows))
    new = []
    with elevated(session, "check() has held every row against the actor's region"):
        ended = {
            (row.body_id, row.method, row.level): row
            for row in session.scalars(sa.select(Acceptance).where(~Acceptance.active))
        }
        for row in rows:
            body, _ = bodies.of(row["body"])
            assert body is not None
            key = (body.id, _METHODS[row["method"]], _LEVELS[row["level"]])
            said: dict[str, object] = {"printed_name": row["printed_name"], "guideline": row["guideline"]}
            said |= {"active": True, "deregistered_at": None, "deregistered_reason": ""}
            if old := ended.get(key):
                for name, value in said.items():
                    setattr(old, name, value)
            else:
                new.append(dict(zip(("body_id", "method", "level"), key, strict=True)) | said)
        if new:
            session.execute(sa.insert(Acceptance), new)
    audit.record(session, actor, "bodies.import_acceptances", None, rows=len(rows))


declare(
    Importer(
        kind=KIND,
        title="受理机构",
        columns=(
            Column("body", "受理机构", "430100A001", kind="code", help=BODY_HELP),
            Column("method", "取得方式", "初定", choices=tuple(_METHODS), help="从下拉列表选择。"),
            Column("level", "职称级别", "助理级", choices=tuple(_LEVELS), help="从下拉列表选择。"),
            Column("printed_name", "打印在证书上的机构名称", "长沙市人力资源和社会保障局", help="不超过 120 个字。"),
            Column("guideline", "申报须知", "", required=False, kind="note", longest=2000, help="可以不填，可以分行。"),
        ),
        identity=("body", "method", "level"),
        check=_check,
        write=_write,
        rules=("同一机构的同一取得方式、同一级别只填一行。",),
    )
)
