"""Medians with intervals, against known values and against what is true of any values."""

from math import comb
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.bench.intervals import (
    CONFIDENCE,
    FAMILY_CONFIDENCE,
    Estimate,
    all_together,
    coverage,
    each_of,
    estimate,
    exactly,
    is_tie,
)

MEASURED = st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("count", "rank", "covered"),
    # The tables of the sign test: the k-th value from either end, and the confidence that it gives.
    [(6, 1, 0.96875), (9, 2, 0.9609375), (12, 3, 0.96142578125), (15, 4, 0.96484375), (20, 6, 0.9586105346679688)],
)
def test_the_interval_is_the_one_of_the_tables(count: int, rank: int, covered: float) -> None:
    values = [float(number) for number in range(1, count + 1)]

    found = estimate(list(reversed(values)))

    assert (found.low, found.high) == (rank, count + 1 - rank)
    assert coverage(count) == pytest.approx(covered)


def test_few_values_give_their_whole_range_and_say_what_it_is_worth() -> None:
    assert estimate([5.0, 1.0, 3.0, 2.0, 4.0]) == Estimate(3.0, 1.0, 5.0)
    assert coverage(5) == pytest.approx(0.9375)
    assert estimate([7.0]) == exactly(7.0)


def test_the_median_of_no_values_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        estimate([])


@given(MEASURED)
def test_the_median_lies_in_the_interval_and_the_interval_in_the_range(values: list[float]) -> None:
    found = estimate(values)

    assert min(values) <= found.low <= found.median <= found.high <= max(values)


@given(MEASURED, st.randoms())
def test_the_order_of_the_values_does_not_matter(values: list[float], random) -> None:
    shuffled = random.sample(values, len(values))

    assert estimate(shuffled) == estimate(values)


@given(st.integers(6, 200))
def test_six_values_and_more_cover_what_was_asked_for(count: int) -> None:
    assert CONFIDENCE <= coverage(count) < 1


@pytest.mark.parametrize("count", range(6, 60))
@pytest.mark.parametrize("confidence", [0.95, 0.99, 1 - 0.01 / 33])
def test_the_interval_contains_that_of_the_percentile_bootstrap(count: int, confidence: float) -> None:
    values = [float(number) for number in range(1, count + 1)]

    found = estimate(values, confidence)
    low, high = _bootstrap(count, confidence)

    assert found.low <= low
    assert found.high >= high


@pytest.mark.parametrize(("comparisons", "count"), [(33, 21), (33, 41), (198, 41)])
def test_all_intervals_of_a_table_hold_together(comparisons: int, count: int) -> None:
    draw = Random(17320)
    tables = 400

    missed = 0
    for _ in range(tables):
        intervals = [
            estimate([draw.gauss(0, 1) for _ in range(count)], each_of(comparisons)) for _ in range(comparisons)
        ]
        missed += any(not each.low <= 0 <= each.high for each in intervals)

    assert all_together(comparisons, count) >= FAMILY_CONFIDENCE
    # At a probability of 1 % each, 13 or more of 400 happen once in 5,000 times; the seed makes it the same each time.
    assert missed <= 12


def test_too_few_values_hold_nothing_together() -> None:
    assert all_together(33, 5) == 0.0


@pytest.mark.parametrize(
    ("low", "high"), [(0.9, 1.1), (1.01, 1.03), (0.98, 0.99), (1.0, 2.0), (1.01, 1.5), (0.5, 0.98)]
)
def test_a_tie_reaches_into_the_band_around_one(low: float, high: float) -> None:
    assert is_tie(Estimate((low + high) / 2, low, high))


@pytest.mark.parametrize(("low", "high"), [(1.04, 1.05), (0.5, 0.96), (2.0, 2.1)])
def test_what_stays_out_of_the_band_is_no_tie(low: float, high: float) -> None:
    assert not is_tie(Estimate((low + high) / 2, low, high))
    assert is_tie(Estimate((low + high) / 2, low, high), band=1.5)


def _bootstrap(count: int, confidence: float) -> tuple[int, int]:
    """Return the ranks between which the medians of resamples lie, by their exact distribution.

    The median of a resample is at most the k-th value if more than half of its draws are; each is with k / count.
    """
    half = (count + 1) // 2

    def at_most(rank: int) -> float:
        share = rank / count
        return sum(comb(count, hits) * share**hits * (1 - share) ** (count - hits) for hits in range(half, count + 1))

    tail = (1 - confidence) / 2
    low = next(rank for rank in range(1, count + 1) if at_most(rank) > tail)
    return low, count + 1 - low
