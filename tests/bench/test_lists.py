"""The list benchmark runs, small: the peers answer every line they have. All of them under --long, one besides ours without."""

import os
from pathlib import Path

import pytest

from seeds.scale import Size
from tests.bench import bench_lists

SMALL = Size(bodies=1500, edges=3000, specialities=100, committees=50, entries=3000)
PEERS = {"bare", "ours", "FAB", "Flask-Admin", "Django"} if os.environ.get("LONG") else {"bare", "ours", "Flask-Admin"}


def test_every_peer_answers_every_line_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUNDS", "1")
    url = bench_lists.province(tmp_path, SMALL)
    whole = {peer: bench_lists.ask(peer, tmp_path, url) for peer in sorted(PEERS)}
    rows = {f"rows:{line}" for line in bench_lists.LINES if line != "export"}
    assert set(whole["ours"]) == set(whole["bare"]) == {*bench_lists.LINES, *rows}
    assert all(size > (0 if line in rows else 100) for answers in whole.values() for line, (_, size) in answers.items())
    assert len(bench_lists.table(whole, whole)) == len(bench_lists.goals(whole, whole)) + 1
