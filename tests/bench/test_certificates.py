"""The certificate page keeps its speed: medians of CPU time taken in turn, so that a busy machine shifts all alike."""

from tests.bench.bench_certificates import run


def test_forty_times_faster_than_fpdf2_and_within_twice_the_floor() -> None:
    samples = run(rounds=9, fpdf2_rounds=1, signatures=0)
    ours = samples["ours"].median
    assert samples["fpdf2"].median / ours >= 40
    assert ours / samples["floor"].median <= 2
