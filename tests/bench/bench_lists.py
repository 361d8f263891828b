"""The longest lists at province scale: ours, stock FAB, stock Flask-Admin, stock Django admin, and the bare query.

    .venv/bin/python -m tests.bench.bench_lists

Builds `run.py load-scale`'s province and one of a tenth (kept for the next run where BENCH_FOLDER says), asks each product
in a process of its own for whole pages, and prints medians of CPU time with ratios to the bare keyset query.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from seeds.scale import Size
from tests.bench.peers import PEERS, database

LINES = {
    "first": "第一页",
    "last": "末页",
    "deep": "深处的下一页",
    "filtered": "按条件查询",
    "fuzzy": "模糊查询机构",
    "export": "导出",
}
WHOLE = Size()
Result = dict[str, dict[str, tuple[float, int]]]


def tenth(size: Size) -> Size:
    return Size(**{name: count // 10 for name, count in vars(size).items()})


def province(instance: Path, size: Size) -> Path:
    """The database of that size, made if it isn't there."""
    if not database(instance).exists():
        from app.core import schema
        from app.core.db import db, unit_of_work
        from app.core.scope import Actor
        from app.factory import create_app
        from seeds.reference import load_reference
        from seeds.scale import load_scale

        instance.mkdir(parents=True, exist_ok=True)
        app = create_app(INSTANCE=instance, SQLALCHEMY_DATABASE_URI=f"sqlite:///{database(instance)}", REDIS_URL="")
        with app.app_context():
            schema.upgrade(db.engine)
            with unit_of_work(Actor.system("bench")) as session:
                load_reference(session)
            load_scale(app, size)
            db.engine.dispose()
    return instance


def ask(peer: str, instance: Path) -> dict[str, tuple[float, int]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.peers", peer, str(instance)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{peer}: {done.stderr[-2000:]}")
    answers: dict[str, tuple[float, int]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def measure(folder: Path, size: Size) -> tuple[Result, Result]:
    """What each peer needs, on the whole province and (ours and the bare query) on a tenth of it."""
    whole, small = province(folder / "whole", size), province(folder / "tenth", tenth(size))
    return {peer: ask(peer, whole) for peer in PEERS}, {peer: ask(peer, small) for peer in ("bare", "ours")}


def table(whole: Result, small: Result) -> list[str]:
    head = f"{'CPU ms, median':16}" + "".join(f"{peer:>22}" for peer in whole) + f"{'ours, rows ×10':>18}"
    lines = [head]
    for line, label in LINES.items():
        bare = whole["bare"][line][0]
        cells = ""
        for answers in whole.values():
            told = f"{answers[line][0]:.1f} ({answers[line][0] / bare:.1f}×)" if line in answers else "—"
            cells += f"{told:>22}"
        growth = whole["ours"][line][0] / small["ours"][line][0]
        lines.append(f"{label:12}{cells}{growth:17.2f}×")
    return lines


def goals(whole: Result, small: Result) -> list[str]:
    said = []
    for line, label in LINES.items():
        mine, bare = whole["ours"][line][0], whole["bare"][line][0]
        others = {
            peer: answers[line][0]
            for peer, answers in whole.items()
            if peer not in ("bare", "ours") and line in answers
        }
        behind = [peer for peer, time in others.items() if time < mine]
        growth = mine / small["ours"][line][0]
        told = [
            f"{'met' if mine <= 2 * bare else 'NOT MET'}: {mine / bare:.1f}× the bare query (≤ 2)",
            f"NOT MET: behind {', '.join(behind)}" if behind else "met: ahead of every peer",
            f"{'met' if growth <= 1.3 else 'NOT MET'}: {growth:.2f}× on ten times the rows (≤ 1.3)",
        ]
        said.append(f"{label}：" + "；".join(told))
    return said


def main() -> None:
    kept = os.environ.get("BENCH_FOLDER")
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(kept or folder), WHOLE)
    print("\n".join([*table(*results), "", *goals(*results)]))


if __name__ == "__main__":
    main()
