"""The import wizard without its page: what a domain declares, the check of a file as a job, and the one write."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
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


@dataclass(slots=True)
class Row:
    """A row of the sheet: its number there, its texts by column key, its problems by column key."""

    number: int
    texts: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    def wrong(self, key: str, reason: str) -> None:
        self.problems.setdefault(key, reason)


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


importers: dict[str, Importer] = {}


def declare(importer: Importer) -> Importer:
    importers[importer.kind] = importer
    return importer


def read(importer: Importer, path: Path, told: Callable[[int], None] = lambda _percent: None) -> list[Row]:
    """Every filled row with what is wrong with its cells by themselves; Invalid({"file": …}) for the whole file."""
    found: list[Row] = []
    with sheets.reading(path, importer.title) as blocks:
        first = next(blocks, None)
        if first is None:
            raise Invalid({"file": "工作表是空的，请用下载的模板填写后再导入。"})
        places = sheets.check_head(first[0], importer.columns)
        number = 2
        for turn, block in enumerate(chain([first[1:]], blocks)):
            found += _rows(importer, places, number, block)
            number += len(block)
            if turn % 20 == 19:
                told(min(60, number // 2000))
    if not found:
        raise Invalid({"file": "工作表中没有数据，请从第 2 行起填写。"})
    _find_twins(found, importer.identity, {column.key: column.label for column in importer.columns})
    return found


def _rows(importer: Importer, places: Sequence[int], number: int, block: Sequence[Sequence[Any]]) -> Iterator[Row]:
    """The filled rows of a block that begins at sheet row `number`. By columns: a row costs what its cells do, no more."""
    columns, keys = list(zip(*block, strict=True)), [column.key for column in importer.columns]
    texts, problems = [], defaultdict[int, dict[str, str]](dict)
    for column, place in zip(importer.columns, places, strict=True) if columns else ():
        values = columns[place]
        mine = sheets.column_texts(values)
        texts.append(mine)
        for at, reason in sheets.column_problems(column, values, mine).items():
            problems[at][column.key] = reason
    for at, cells in enumerate(zip(*texts, strict=True)):
        if any(cells):
            yield Row(number + at, dict(zip(keys, cells, strict=True)), problems.get(at) or {})


def _find_twins(rows: Sequence[Row], identity: Sequence[str], labels: dict[str, str]) -> None:
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.texts[part] for part in identity)
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
            [(row.number, row.texts) for row in rows if not row.problems],
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
    rows = [Row(number, texts) for number, texts in staging.claim(session, actor=actor, batch_id=batch_id)]
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
