"""Histograms against the values themselves: no value is lost, and an estimate is as near as it says."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.manager.statistics.histogram import BYTES, SECONDS, Histogram, LiveHistogram

seconds = st.floats(min_value=0, max_value=100)
within = st.floats(min_value=SECONDS[0], max_value=SECONDS[-1], exclude_min=True)
shares = st.floats(min_value=0, max_value=1)


def nearest_rank(values: list[float], share: float) -> float:
    """Return the true quantile."""
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


def test_bounds_grow_by_less_than_the_factor_that_the_documentation_names() -> None:
    """1.342 and 1.415 are the square roots of the largest ratios."""
    for bounds, factor in ((SECONDS, 1.342), (BYTES, 1.415)):
        ratios = [high / low for low, high in pairwise(bounds)]
        assert all(1 < ratio <= factor**2 for ratio in ratios)
    assert (SECONDS[0], SECONDS[-1], BYTES[0], BYTES[-1]) == (1e-6, 10.0, 64.0, 64.0 * 2**20)


@given(st.lists(seconds))
def test_every_value_is_counted_once(values: list[float]) -> None:
    """Where its bucket is: at most its bound, and over the one before."""
    histogram = Histogram.of(values)

    assert histogram.count == len(values)
    assert histogram.cumulative[:-1] == tuple(sum(value <= bound for value in values) for bound in SECONDS)
    assert histogram.sum == pytest.approx(sum(values))
    assert (histogram.minimum, histogram.maximum) == (min(values, default=None), max(values, default=None))


@given(st.lists(seconds))
def test_a_live_histogram_is_the_one_of_its_values(values: list[float]) -> None:
    """Whatever is added one after the other."""
    live = LiveHistogram(SECONDS)
    for value in values:
        live.add(value)

    snapshot, expected = live.snapshot(), Histogram.of(values)

    assert snapshot.counts == expected.counts
    assert (snapshot.minimum, snapshot.maximum) == (expected.minimum, expected.maximum)
    assert snapshot.sum == pytest.approx(expected.sum)


@given(st.lists(within, min_size=1), shares)
def test_a_quantile_is_wrong_by_the_documented_factor_at_most(values: list[float], share: float) -> None:
    """Of the value of the nearest rank; it is never outside of what there was."""
    estimate = Histogram.of(values).quantile(share)

    assert estimate is not None
    assert min(values) <= estimate <= max(values)
    assert 1 / 1.342 <= estimate / nearest_rank(values, share) <= 1.342


@given(st.lists(seconds, min_size=1), shares, shares)
def test_quantiles_never_fall(values: list[float], one: float, other: float) -> None:
    """Also with values beyond all bounds; the first is the least value, the last the largest one."""
    histogram = Histogram.of(values)
    low, high = histogram.quantile(min(one, other)), histogram.quantile(max(one, other))

    assert low is not None
    assert high is not None
    assert low <= high
    assert (histogram.quantile(0), histogram.quantile(1)) == (min(values), max(values))


@given(st.lists(seconds), st.lists(seconds))
def test_a_sum_is_the_histogram_of_both(some: list[float], others: list[float]) -> None:
    """As of threads."""
    together, expected = Histogram.of(some) + Histogram.of(others), Histogram.of([*some, *others])

    assert together.counts == expected.counts
    assert (together.minimum, together.maximum) == (expected.minimum, expected.maximum)
    assert together.sum == pytest.approx(expected.sum)


@given(st.lists(seconds), st.lists(seconds))
def test_a_difference_has_what_was_added(before: list[float], added: list[float]) -> None:
    """Exactly, but for the extremes, which are bounds."""
    difference = Histogram.of([*before, *added]) - Histogram.of(before)

    assert difference.counts == Histogram.of(added).counts
    assert difference.sum == pytest.approx(sum(added), abs=1e-6)
    if added:
        assert difference.minimum is not None
        assert difference.maximum is not None
        assert difference.minimum <= min(added)
        assert max(added) <= difference.maximum
    else:
        assert difference == Histogram.empty()


def test_a_difference_the_other_way_round_is_refused() -> None:
    """It would have fewer than no values."""
    with pytest.raises(ValueError, match="not the later of two snapshots"):
        _ = Histogram.of([]) - Histogram.of([1.0])


def test_histograms_of_different_kinds_do_not_mix() -> None:
    """Seconds are no bytes."""
    with pytest.raises(ValueError, match="different buckets"):
        _ = Histogram.empty(SECONDS) + Histogram.empty(BYTES)


def test_a_histogram_without_values_has_no_quantile_and_no_mean() -> None:
    """None, not zero."""
    empty = Histogram.empty()

    assert (empty.count, empty.mean, empty.quantile(0.5), empty.minimum, empty.maximum) == (0, None, None, None, None)


@pytest.mark.parametrize("share", [-0.1, 1.1, 99])
def test_a_share_is_from_0_to_1(share: float) -> None:
    """A percentage is none."""
    with pytest.raises(ValueError, match="share from 0 to 1"):
        Histogram.of([1.0]).quantile(share)
