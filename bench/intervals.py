"""Medians with intervals that assume nothing about how the measured times are distributed.

The interval is between two of the measured values: with n independent values of one distribution, whatever it is, its
median lies between the k-th smallest and the k-th largest with probability 1 - 2 * P(B < k), where B is binomial with
n trials and probability 1/2 (H. A. David, H. N. Nagaraja: Order Statistics, 3rd edition, Wiley 2003, section 7.1). All
functions are pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

CONFIDENCE = 0.95
"""The least coverage asked of an interval, where the number of values allows it."""

TIE_BAND = 0.03
"""Ratios this close to 1 are no difference that a user would notice, or that another machine would repeat."""


@dataclass(frozen=True)
class Estimate:
    """A median and the interval around it; equal bounds for what is exact."""

    median: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Return the median of values and its interval.

    The interval is the narrowest that covers at least `CONFIDENCE`. Under 6 values none does, and it is the whole
    range; `coverage` says what that is worth.

    Parameters
    ----------
    values
        At least one, of any unit, in any order.

    Raises
    ------
    ValueError
        There are no values.

    >>> estimate([3.0, 1.0, 2.0])
    Estimate(median=2.0, low=1.0, high=3.0)
    """
    if not values:
        raise ValueError("the median of no values: give at least one")
    ordered = sorted(values)
    rank = _rank(len(ordered))
    return Estimate(median(ordered), ordered[rank - 1], ordered[-rank])


def exactly(value: float) -> Estimate:
    """Return the estimate of what needs no estimating."""
    return Estimate(value, value, value)


def coverage(count: int) -> float:
    """Return how likely the interval of `estimate` contains the true median, given how many values there are.

    >>> coverage(15) > 0.95 > coverage(5) > 0.93
    True
    """
    return _coverage(count, _rank(count))


def is_tie(ratio: Estimate) -> bool:
    """Say whether a ratio is no difference: its interval includes 1, or lies within `TIE_BAND` of it.

    >>> is_tie(Estimate(1.01, 0.99, 1.2)), is_tie(Estimate(1.02, 1.01, 1.03)), is_tie(Estimate(1.1, 1.05, 1.2))
    (True, True, False)
    """
    return ratio.low <= 1 <= ratio.high or (ratio.low >= 1 - TIE_BAND and ratio.high <= 1 + TIE_BAND)


def _rank(count: int) -> int:
    """The k of the narrowest interval that covers enough; 1, the whole range, if none does."""
    return max((rank for rank in range(1, count // 2 + 1) if _coverage(count, rank) >= CONFIDENCE), default=1)


def _coverage(count: int, rank: int) -> float:
    return 1 - 2 * sum(comb(count, below) for below in range(rank)) / 2**count
