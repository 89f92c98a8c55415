"""The comparison with the ratios of the last release."""

from reelhouse.bench.stress import Measured, ratios, regressions

RELEASE = [
    Measured(1, 1000, True, 10.0, 300.0, 0.0),
    Measured(10, 10_000, True, 20.0, 600.0, 0.0),
]


def test_a_slower_machine_is_no_regression():
    """Twice as slow at every size: the ratios are those of the release."""
    now = [
        Measured(one.times, one.rows, True, 2 * one.seconds, one.peak_memory_mb, 0.0)
        for one in RELEASE
    ]
    assert regressions(ratios(now), ratios(RELEASE), 0.05) == []


def test_a_refresh_that_grew_with_its_volume_is_one():
    now = [RELEASE[0], Measured(10, 10_000, True, 50.0, 600.0, 0.0)]
    assert regressions(ratios(now), ratios(RELEASE), 0.5) == [
        "10x: seconds ratio 5.00, release 2.00"
    ]


def test_a_size_that_broke_is_one():
    now = [RELEASE[0], Measured(10, 10_000, False, 50.0, 600.0, 0.0, "out of memory")]
    assert regressions(ratios(now), ratios(RELEASE), 0.5) == [
        "10x: no seconds any more (release: 2.00)",
        "10x: no peak_memory_mb any more (release: 2.00)",
    ]
