"""100,000 rows × 20 columns: our wizard reads, checks against the database and stages them; pandas+openpyxl merely reads.

    .venv/bin/python -m tests.bench.bench_import [rows]

Both in processes of their own, the same file, CPU and wall time, and the most memory held. Ours counts the limited
process that parses as well as the worker.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
import xlsxwriter
from flask import Flask
from sqlalchemy.orm import Session

from app.bodies.spreadsheets import Bodies
from app.core.scope import Actor
from app.formats.sheets import Column
from app.imports import Importer, Row, declare

KIND = "bench.people"
LEVELS = ("员级", "助理级", "中级", "副高级", "正高级")
GOAL, MEMORY_GOAL = 6.0, 400

_CALL = "import sys; from tests.bench import bench_import; bench_import.{}"
_PREPARE = _CALL.format("prepare(*sys.argv[1:])")
_OURS = _CALL.format("ours(sys.argv[1], int(sys.argv[2]))")
_THEIRS = _CALL.format("theirs(sys.argv[1])")


def _check(session: Session, actor: Actor, rows: Sequence[Row]) -> None:
    """What an ordinary importer looks up: the body each row names."""
    bodies = Bodies(session, (row["unit"] for row in rows))
    for row in rows:
        bodies.find(row, "unit")


def importer() -> Importer:
    """Twenty columns of every kind."""
    words = (
        "姓名",
        "系列",
        "专业",
        "职称名称",
        "毕业院校",
        "所学专业",
        "现任职务",
        "论文题目",
        "项目名称",
        "奖项",
        "备注",
    )
    columns = (
        Column("number", "档案号", "A0001", kind="code"),
        Column("identity", "身份证号码", "110101199003070118", kind="code"),
        Column("phone", "联系电话", "13800000000", kind="code"),
        Column("unit", "所在单位", "BENCH1", kind="code"),
        Column("level", "职称级别", "中级", choices=LEVELS),
        Column("sex", "性别", "男", choices=("男", "女")),
        Column("worked", "参加工作时间", "2010-07-01", kind="date"),
        Column("appointed", "聘任时间", "2018-01-01", kind="date"),
        Column("years", "任职年限", "5", kind="whole"),
        *(Column(f"text{at}", word, "文字", required=at < 4) for at, word in enumerate(words)),
    )
    return Importer(KIND, "人员", columns, ("number",), _check, lambda session, actor, rows, found: None)


def workbook(path: Path, rows: int) -> None:
    """What a careful officer would hand in: every fiftieth row has something wrong with it."""
    rng, columns = Random(43), importer().columns
    glyphs = "道路桥梁水利电工程建筑设计研究开发管理教育医学检验环境监测机械制造林业农艺园艺档案图书新闻出版艺术舞台经济统计会计审计"
    with xlsxwriter.Workbook(path) as book:  # shared strings, as Excel saves them
        sheet = book.add_worksheet("人员")
        sheet.write_row(0, 0, [column.label for column in columns])
        for at in range(1, rows + 1):
            day = date(1990, 1, 1) + timedelta(days=rng.randrange(12_000))
            cells = [
                f"A{at:07d}", f"43010119{rng.randrange(10**9):09d}X", f"1{rng.randrange(10**10):010d}",
                f"BENCH{rng.randrange(1, 51)}" if at % 50 else "没有的单位", rng.choice(LEVELS), "男女"[at % 2],
                day.isoformat(), (day + timedelta(days=3000)).isoformat(), str(rng.randrange(1, 30)),
                *("".join(rng.choices(glyphs, k=rng.randrange(3, 14))) for _ in range(8)), "", "", "",
            ]  # fmt: skip
            sheet.write_row(at, 0, cells)


def theirs(path: str) -> None:
    """What the stock way costs before it has looked at anything."""
    import pandas

    frame = pandas.read_excel(path, engine="openpyxl", dtype=str)
    _tell(rows=len(frame))


def prepare(folder: str, path: str) -> None:
    """A fresh SQLite database with the bodies the rows name, and the workbook handed in; prints the job that is to check it."""
    from app import imports
    from app.bodies.enums import NodeType
    from app.core import schema
    from app.core.db import db, unit_of_work
    from app.core.enums import Role
    from seeds.reference import load_reference
    from tests.people import make_actor
    from tests.places import SYSTEM, make_body

    with _app(Path(folder)).app_context():
        schema.upgrade(db.engine)
        with unit_of_work(SYSTEM) as session:
            load_reference(session)
        for number in range(1, 51):
            make_body(f"基准单位{number}", code=f"BENCH{number}")
        office = make_body("基准人社厅", NodeType.TITLE_OFFICE, code="BENCH0", region_code="430000")
        officer = make_actor(Role.HR_OFFICER, body_id=office, region_code="430000")
        with unit_of_work(officer) as session:
            content = Path(path).read_bytes()
            _, job = imports.upload(session, actor=officer, kind=KIND, name="基准.xlsx", content=content)
        db.engine.dispose()
    print(job)


def ours(folder: str, job: int) -> None:
    """What the worker does with the job."""
    from app.core import jobs
    from app.core.db import read_session
    from app.factory import settle
    from app.imports import ImportBatch
    from tests.places import SYSTEM

    with _app(Path(folder)).app_context():
        settle()
        _mark()
        jobs.run(job)
        with read_session(SYSTEM) as session:
            found = session.scalars(sa.select(ImportBatch)).one()
            _tell(rows=found.good + found.bad, good=found.good, bad=found.bad, state=found.state.value)


def _app(folder: Path) -> Flask:
    from app.factory import create_app

    declare(importer())
    return create_app(INSTANCE=folder, SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/bench.db", TESTING=True)


_started = os.times()


def _mark() -> None:
    global _started
    Path("/proc/self/clear_refs").write_text("5")
    _started = os.times()


def _tell(**said: Any) -> None:
    now, then = os.times(), _started
    cpu = sum(now[:4]) - sum(then[:4])
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) // 1024
    print(json.dumps(said | {"cpu": cpu, "wall": now.elapsed - then.elapsed, "peak": peak}))


def run(code: str, *arguments: object) -> Any:
    """What a fresh process that runs `code` prints last, as JSON."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main(rows: int = 100_000) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        workbook(path, rows)
        print(f"{rows:,} rows × {len(importer().columns)} columns, {path.stat().st_size >> 20} MB")
        job = run(_PREPARE, folder, path)
        results = {
            "pandas+openpyxl, reading only": run(_THEIRS, path),
            "ours: read, checked, staged": run(_OURS, folder, job),
        }
    for name, told in results.items():
        print(f"{name:34} CPU {told['cpu']:6.1f} s  wall {told['wall']:6.1f} s  peak {told['peak']:4} MB  {told}")
    stock, mine = results.values()
    ratio = stock["cpu"] / mine["cpu"]
    print(
        f"ratio {ratio:.1f} (goal {GOAL:.0f}): {'met' if ratio >= GOAL else 'NOT MET'}; peak {mine['peak']} MB", end=""
    )
    print(f" (goal {MEMORY_GOAL}): {'met' if mine['peak'] < MEMORY_GOAL else 'NOT MET'}")
    return results


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
