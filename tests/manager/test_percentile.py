"""Percentiles by nearest rank."""

from memcached_sessions.manager.percentile import percentile


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(1, 1001)]

    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 0.999, 1.0)] == [500, 950, 990, 999, 1000]
    assert percentile([7.0], 0.999) == 7.0
