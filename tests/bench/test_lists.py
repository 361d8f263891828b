"""The list benchmark runs, small: every peer answers, and ours tells the same rows as the bare query."""

from pathlib import Path

from seeds.scale import Size
from tests.bench import bench_lists

SMALL = Size(bodies=1500, edges=3000, specialities=100, committees=50, entries=3000)


def test_every_peer_answers_every_line_it_has(tmp_path: Path, monkeypatch: object) -> None:
    whole, small = bench_lists.measure(tmp_path, SMALL)
    assert set(whole) == {"bare", "ours", "FAB", "Flask-Admin", "Django"}
    assert set(whole["ours"]) == set(whole["bare"]) == set(bench_lists.LINES)
    assert all(size > 100 for answers in whole.values() for _, size in answers.values())
    assert len(bench_lists.table(whole, small)) == len(bench_lists.LINES) + 1
