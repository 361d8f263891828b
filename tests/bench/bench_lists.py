"""The longest lists at province scale: ours, stock FAB, stock Flask-Admin, stock Django admin, and the bare query.

    .venv/bin/python -m tests.bench.bench_lists

Builds `run.py load-scale`'s province and one of a tenth on each database of DATABASES (SQLite's are kept for the next run
where BENCH_FOLDER says), asks each product in a process of its own, and prints medians with ratios to the bare keyset query.
The import's measure, against what it is compared with, comes last.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from seeds.scale import Size
from tests import parts
from tests.bench import bench_import
from tests.bench.peers import PEERS

LINES = {
    "first": "第一页",
    "last": "末页",
    "deep": "深处的下一页",
    "filtered": "按条件查询",
    "fuzzy": "模糊查询机构",
    "code": "按编码查机构",
    "initials": "按首字母查机构",
    "export": "导出",
}
WHOLE = Size()
Result = dict[str, dict[str, tuple[float, int]]]


def tenth(size: Size) -> Size:
    return Size(**{name: count // 10 for name, count in vars(size).items()})


def sqlite(instance: Path) -> str:
    return f"sqlite:///{instance}/zhicheng.db"


def province(instance: Path, size: Size, url: str = "") -> str:
    """The address of a database of that size, made where there is none: in the instance's folder, or at `url`."""
    url = url or sqlite(instance)
    with sa.create_engine(url).connect() as connection:
        if sa.inspect(connection).has_table("bodies"):
            return url
    from app.core import schema
    from app.core.db import db, unit_of_work
    from app.core.scope import Actor
    from app.factory import create_app
    from seeds.reference import load_reference
    from seeds.scale import load_scale

    instance.mkdir(parents=True, exist_ok=True)
    app = create_app(INSTANCE=instance, SQLALCHEMY_DATABASE_URI=url, REDIS_URL="")
    with app.app_context():
        schema.upgrade(db.engine)
        with unit_of_work(Actor.system("bench")) as session:
            load_reference(session)
        started = time.perf_counter()
        load_scale(app, size)
        print(
            f"load-scale of {size.entries:,} + {size.edges:,} + {size.bodies:,}: {time.perf_counter() - started:.0f} s"
        )
        db.engine.dispose()
    return url


def ask(peer: str, instance: Path, url: str) -> dict[str, tuple[float, int]]:
    command = [sys.executable, "-m", "tests.bench.peers", peer, str(instance), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{peer}: {done.stderr[-2000:]}")
    answers: dict[str, tuple[float, int]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def measure(folder: Path, size: Size, server: str = "") -> tuple[Result, Result]:
    """What each peer needs, on the whole province and (ours and the bare query) on a tenth of it; on SQLite without a server."""
    whole, small = folder / "whole", folder / "tenth"
    urls = {}
    for instance, extent in ((whole, size), (small, tenth(size))):
        instance.mkdir(parents=True, exist_ok=True)
        if server:
            with sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {instance.name}")
        urls[instance] = province(instance, extent, f"{server}/{instance.name}" if server else "")
    return (
        {peer: ask(peer, whole, urls[whole]) for peer in PEERS},
        {peer: ask(peer, small, urls[small]) for peer in ("bare", "ours")},
    )


def grown(line: str, whole: Result, small: Result) -> float:
    """How much slower ours is on ten times the rows; of an export, a row of it."""
    growth = whole["ours"][line][0] / small["ours"][line][0]
    return growth * small["bare"][line][1] / whole["bare"][line][1] if line == "export" else growth


def table(whole: Result, small: Result) -> list[str]:
    lines = [
        f"{'median ms':16}{'bare, rows':>12}{'ours, rows':>20}"
        + "".join(f"{peer + ', page':>22}" for peer in whole)
        + f"{'ours, rows ×10':>18}"
    ]
    for line, label in LINES.items():
        alone = [answers.get(f"rows:{line}", (0.0, 0))[0] for answers in (whole["bare"], whole["ours"])]
        cells = (
            f"{alone[0]:12.2f}{f'{alone[1]:.2f} ({alone[1] / alone[0]:.1f}×)':>20}"
            if alone[0]
            else f"{'—':>12}{'—':>20}"
        )
        for answers in whole.values():
            told = (
                f"{answers[line][0]:.1f} ({answers[line][0] / whole['bare'][line][0]:.1f}×)" if line in answers else "—"
            )
            cells += f"{told:>22}"
        lines.append(f"{label:12}{cells}{grown(line, whole, small):17.2f}×")
    return lines


def goals(whole: Result, small: Result) -> list[str]:
    said = []
    for line, label in LINES.items():
        mine, bare = whole["ours"][line][0], whole["bare"][line][0]
        behind = [
            peer
            for peer, answers in whole.items()
            if peer not in ("bare", "ours") and line in answers and answers[line][0] < mine
        ]
        told = [f"{_met(mine <= 2 * bare)}: the page {mine / bare:.1f}× the bare query told plainly (≤ 2)"]
        if f"rows:{line}" in whole["bare"]:
            ratio = whole["ours"][f"rows:{line}"][0] / whole["bare"][f"rows:{line}"][0]
            told.append(f"{_met(ratio <= 2)}: its rows {ratio:.1f}× the bare query's (≤ 2)")
        told.append(f"NOT MET: behind {', '.join(behind)}" if behind else "met: ahead of every peer")
        growth = grown(line, whole, small)
        told.append(f"{_met(growth <= 1.3)}: {growth:.2f}× on ten times the rows (≤ 1.3)")
        said.append(f"{label}：" + "；".join(told))
    return said


def _met(yes: bool) -> str:
    return "met" if yes else "NOT MET"


def main() -> None:
    kept = os.environ.get("BENCH_FOLDER")
    for database in os.environ.get("DATABASES", "sqlite,postgresql").split(","):
        with tempfile.TemporaryDirectory(dir=parts.in_memory()) as folder:
            server = parts.start_postgres() if database == "postgresql" else ""
            if server is None:
                print("postgresql: not on this machine")
                continue
            results = measure(Path(folder if server or not kept else kept), WHOLE, server)
        print("\n".join([f"\n{database}", *table(*results), "", *goals(*results)]), flush=True)
    print()
    bench_import.main()


if __name__ == "__main__":
    main()
