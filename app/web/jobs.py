"""How far long work is, as the lists of jobs show it: by items, and by rows where a job is a workbook's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.imports import Tally
from app.web.lists import Column


def progress_columns(tallies: Callable[[], Mapping[int, Tally]]) -> tuple[Column, ...]:
    """`tallies`: of the jobs on the page."""

    def of(row: Any) -> Tally:
        return tallies().get(row.id) or Tally(row.status, row.total, row.done, row.failed)

    return (
        Column("状态", lambda row: of(row).status, "state"),
        Column("共", lambda row: of(row).total, "count"),
        Column("成功", lambda row: of(row).good, "count"),
        Column("失败", lambda row: of(row).bad, "count"),
    )
