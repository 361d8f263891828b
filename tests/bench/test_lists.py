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
    instance = bench_lists.province(tmp_path, SMALL)
    whole = {peer: bench_lists.ask(peer, instance) for peer in sorted(PEERS)}
    assert set(whole["ours"]) == set(whole["bare"]) == set(bench_lists.LINES)
    assert all(size > 100 for answers in whole.values() for _, size in answers.values())
    assert len(bench_lists.table(whole, whole)) == len(bench_lists.goals(whole, whole)) + 1
