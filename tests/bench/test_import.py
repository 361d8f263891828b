"""The import benchmark runs, small: the same rows on both sides, and ours found what is wrong with its own."""

from tests.bench import bench_import


def test_three_hundred_rows() -> None:
    stock, mine = bench_import.main(300).values()
    assert (stock["rows"], mine["rows"], mine["good"], mine["bad"]) == (300, 300, 294, 6)
