"""What a person does with the wizard: the template, a file handed in, 【提交】, 【放弃】, the workbook to mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core import jobs, storage
from app.core.errors import Invalid, NotFound
from app.core.scope import Actor
from app.formats import sheets
from app.imports import batches, checking, writing
from app.imports.batches import ImportBatch, discard
from app.imports.importer import Importer, importers

__all__ = ["MOST_BYTES", "discard", "mending", "submit", "template", "upload"]

MOST_BYTES = 20 * 1024 * 1024


def template(session: Session, importer: Importer) -> bytes:
    """【下载excel模板】: what is chosen on the page is not asked again."""
    return sheets.template(importer.title, importer.filled_columns, importer.rules, importer.lists(session))


def upload(
    session: Session, *, actor: Actor, kind: str, name: str, content: bytes, chosen: Mapping[str, str] | None = None
) -> tuple[int, int]:
    """【导入】: keep the file and queue its check; (batch, job). Call `jobs.start` with the job after the commit.

    `chosen`: column key -> word, for the columns the importer asks for on the page. Raises Invalid by field.
    """
    importer, chosen = importers[kind], chosen or {}
    fields = {
        column.key: f"请选择{column.label}。"
        for column in importer.asked_columns
        if chosen.get(column.key) not in column.choices
    }
    if not content:
        fields["file"] = "请先选择文件，文件不能是空的。"
    elif len(content) > MOST_BYTES:
        fields["file"] = f"文件超过 {MOST_BYTES >> 20} MB，请拆成几个文件后再导入。"
    if fields:
        raise Invalid(fields)
    batch = batches.open_batch(
        session,
        actor=actor,
        kind=kind,
        file_name=storage.clean_name(name),
        storage_key=storage.write_for(session, content),
        chosen={column.key: chosen[column.key] for column in importer.asked_columns},
    )
    return batch.id, _start(session, actor, batch, checking.JOB, f"批量导入{importer.title}")


def submit(session: Session, *, actor: Actor, kind: str, batch_id: int) -> int:
    """【提交】: a job makes records of the good rows, once, all together; the job. Call `jobs.start` after the commit."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None or batch.kind != kind:
        raise NotFound
    batches.claim(session, actor=actor, batch_id=batch_id)
    return _start(session, actor, batch, writing.JOB, f"提交导入的{importers[kind].title}")


def _start(session: Session, actor: Actor, batch: ImportBatch, job_kind: str, title: str) -> int:
    called = f"{title}：{batch.file_name}"[:120]
    job = jobs.submit(session, actor=actor, kind=job_kind, title=called, items=[(batch.id, batch.file_name)])
    batch.job_id = job.id
    session.flush()
    return job.id


def mending(session: Session, batch: ImportBatch) -> bytes:
    """The workbook of the failed rows of a batch."""
    importer = importers[batch.kind]

    def rows() -> Iterator[tuple[int, Mapping[str, Any], Mapping[str, str]]]:
        after = 0
        while page := batches.failures(session, batch.id, after=after, limit=5_000):
            yield from ((row.number, row.texts, row.problems) for row in page)
            after = page[-1].number
            session.expunge_all()

    return sheets.mending(importer.title, importer.columns, rows(), importer.lists(session))
