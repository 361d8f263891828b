"""The path benchmark runs, small, and finds what walking finds."""

from pathlib import Path

from tests.bench import bench_paths
from tests.bench.test_lists import SMALL


def test_a_small_province(tmp_path: Path) -> None:
    told = bench_paths.run(tmp_path, SMALL, 60)
    assert told["units"] > 1000
    assert told["findings"] > 0
    assert told["checkup"] < told["walking"]
