"""The import wizard without its page: what a domain declares, the check of a file as a job, and the one write."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from app.core import jobs, staging, storage
from app.core.db import unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import Actor
from app.core.staging import BatchState, ImportBatch
from app.formats import sheets
from app.formats.sheets import Column

JOB = "imports.check"


class Row:
    """A row of the sheet: its number there, its texts and its problems by column key. A hundred thousand must be light."""

    __slots__ = ("_cells", "_places", "number", "problems")

    def __init__(self, number: int, places: Mapping[str, int], cells: Sequence[str]) -> None:
        self.number, self._places, self._cells = number, places, cells
        self.problems: Mapping[str, str] = _NONE

    def __getitem__(self, key: str) -> str:
        return self._cells[self._places[key]]

    @property
    def cells(self) -> Sequence[str]:
        return self._cells

    @property
    def texts(self) -> dict[str, str]:
        return dict(zip(self._places, self._cells, strict=True))

    def wrong(self, key: str, reason: str) -> None:
        if key not in self.problems:
            self.problems = {**self.problems, key: reason}


_NONE: Mapping[str, str] = MappingProxyType({})


Check = Callable[[Session, Actor, Sequence[Row]], None]
"""Marks what is wrong with rows whose cells are sound, against the database and each other."""
Write = Callable[[Session, Actor, Sequence[Row]], None]
"""Makes records of checked rows, in few statements, with what `check` looked up again."""


@dataclass(frozen=True)
class Importer:
    """A kind of record that comes by workbook. `identity`: columns that together may stand only once in a file."""

    kind: str
    title: str
    columns: Sequence[Column]
    identity: Sequence[str]
    check: Check
    write: Write
    rules: Sequence[str] = ()

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Column key -> where its cell stands in a row."""
        return {column.key: place for place, column in enumerate(self.columns)}


importers: dict[str, Importer] = {}


def declare(importer: Importer) -> Importer:
    importers[importer.kind] = importer
    return importer


def read(importer: Importer, path: Path, told: Callable[[int], None] = lambda _percent: None) -> list[Row]:
    """Every filled row with what is wrong with its cells by themselves; Invalid({"file": …}) for the whole file."""
    found: list[Row] = []
    known: dict[str, str] = {}
    with sheets.reading(path, importer.title) as blocks:
        first = next(blocks, None)
        if first is None:
            raise Invalid({"file": "工作表是空的，请用下载的模板填写后再导入。"})
        places = sheets.check_head(first[0], importer.columns)
        number = 2
        for turn, block in enumerate(chain([first[1:]], blocks)):
            found += _rows(importer, places, known, number, block)
            number += len(block)
            if turn % 20 == 19:
                told(min(60, number // 2000))
    if not found:
        raise Invalid({"file": "工作表中没有数据，请从第 2 行起填写。"})
    _find_twins(found, importer.identity, {column.key: column.label for column in importer.columns})
    return found


def _rows(
    importer: Importer, places: Sequence[int], known: dict[str, str], number: int, block: Sequence[Sequence[Any]]
) -> Iterator[Row]:
    """The filled rows of a block that begins at sheet row `number`. By columns: a row costs what its cells do, no more."""
    columns = list(zip(*block, strict=True))
    if not columns:
        return
    texts, problems = [], []
    for column, place in zip(importer.columns, places, strict=True):
        values = columns[place]
        mine = sheets.column_texts(values, known)
        texts.append(mine)
        problems += [(at, column.key, reason) for at, reason in sheets.column_problems(column, values, mine).items()]
    rows = [Row(number + at, importer.places, cells) for at, cells in enumerate(zip(*texts, strict=True))]
    for at, key, reason in problems:
        rows[at].wrong(key, reason)
    yield from (row for row in rows if any(row.cells))


def _find_twins(rows: Sequence[Row], identity: Sequence[str], labels: dict[str, str]) -> None:
    columns = [[row[part] for row in rows] for part in identity]
    keys = list(zip(*columns, strict=True))
    if len({*keys}) == len(keys):
        return
    first: dict[tuple[str, ...], int] = {}
    for row, key in zip(rows, keys, strict=True):
        if any(key) and (other := first.setdefault(key, row.number)) != row.number:
            row.wrong(identity[0], f"与第 {other} 行重复（{'、'.join(labels[part] for part in identity)}相同）。")


@jobs.handler(JOB)
def check(session: Session, actor: Actor, batch_id: int) -> None:
    """Read, check and stage a batch. Repeated, it changes nothing."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None or batch.state is not BatchState.UPLOADED:
        return
    importer, key = importers[batch.kind], batch.storage_key
    session.rollback()
    with _local_file(key) as path:
        try:
            rows = read(importer, path, lambda percent: _tell(actor, batch_id, percent))
        except Invalid as refused:
            with unit_of_work(actor) as work:
                staging.refuse(work, batch_id, refused.fields.get("file", refused.reason))
            return
    _tell(actor, batch_id, 70)
    try:
        importer.check(session, actor, [row for row in rows if not row.problems])
    except Exception:
        with unit_of_work(actor) as work:  # the page must not wait for ever; the job records the error
            staging.refuse(work, batch_id, "系统检查这个文件时出错，已记录，请联系管理员。")
        raise
    session.rollback()
    labels: dict[str, str] = defaultdict(lambda: "整行", {column.key: column.label for column in importer.columns})
    with unit_of_work(actor) as work:
        staging.keep(
            work,
            batch_id,
            list(importer.places),
            [(row.number, row.cells) for row in rows if not row.problems],
            [
                (row.number, row.texts, {labels[key]: reason for key, reason in row.problems.items()})
                for row in rows
                if row.problems
            ],
        )


jobs.alone.add(JOB)


def _tell(actor: Actor, batch_id: int, percent: int) -> None:
    with unit_of_work(actor) as work:
        staging.progress(work, batch_id, percent)


@contextmanager
def _local_file(key: str) -> Iterator[Path]:
    """The stored file under a name a child process can open."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file, storage.current().open(key) as stored:
        while piece := stored.read(1 << 20):
            file.write(piece)
        file.flush()
        yield Path(file.name)


def upload(session: Session, *, actor: Actor, kind: str, name: str, content: bytes) -> tuple[int, int]:
    """【导入】: keep the file and queue its check; (batch, job). Call `jobs.start` with the job after the commit."""
    if not content:
        raise Invalid({"file": "请先选择文件，文件不能是空的。"})
    importer = importers[kind]
    key = storage.current().write(content)
    batch = staging.open_batch(session, actor=actor, kind=kind, file_name=storage.clean_name(name), storage_key=key)
    job = jobs.submit(
        session, actor=actor, kind=JOB, title=f"批量导入{importer.title}"[:120], items=[(batch.id, batch.file_name)]
    )
    return batch.id, job.id


def submit(session: Session, *, actor: Actor, kind: str, batch_id: int) -> int:
    """【提交】: the good rows become records, once, all together; for how many.

    What they say is checked again, for the world may have changed since: then nothing is written.
    """
    batch = session.get(ImportBatch, batch_id)
    if batch is None or batch.kind != kind:
        raise NotFound
    importer = importers[kind]
    keys, staged = staging.claim(session, actor=actor, batch_id=batch_id)
    places = {key: place for place, key in enumerate(keys)}
    rows = [Row(number, places, cells) for number, *cells in staged]
    importer.check(session, actor, rows)
    stale = [row for row in rows if row.problems]
    if stale:
        reason = next(iter(stale[0].problems.values()))
        raise Conflict(f"检查之后情况有变，没有提交：第 {stale[0].number} 行，{reason}共 {len(stale)} 行，请重新导入。")
    if rows:
        importer.write(session, actor, rows)
    return len(rows)


def mending(session: Session, batch: Any) -> bytes:
    """The workbook of the failed rows of a batch."""
    importer = importers[batch.kind]

    def rows() -> Iterator[tuple[dict[str, str], dict[str, str]]]:
        after = 0
        while page := staging.failures(session, batch.id, after=after, limit=5_000):
            yield from ((row.texts, row.problems) for row in page)
            after = page[-1].number
            session.expunge_all()

    return sheets.mending(importer.title, importer.columns, rows())
