"""Medians with intervals, against known values and against what is true of any values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.bench.intervals import CONFIDENCE, Estimate, coverage, estimate, exactly, is_tie

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


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.1), (1.01, 1.03), (0.97, 0.99), (1.0, 2.0)])
def test_a_tie_includes_one_or_stays_close_to_it(low: float, high: float) -> None:
    assert is_tie(Estimate((low + high) / 2, low, high))


@pytest.mark.parametrize(("low", "high"), [(1.01, 1.04), (0.5, 0.96), (0.96, 0.99), (2.0, 2.1)])
def test_what_leaves_one_out_and_goes_further_is_no_tie(low: float, high: float) -> None:
    assert not is_tie(Estimate((low + high) / 2, low, high))
