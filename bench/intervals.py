"""Medians with intervals that assume nothing about how the measured times are distributed.

The interval is between two of the measured values: with n independent values of one distribution, whatever it is, its
median lies between the k-th smallest and the k-th largest with probability 1 - 2 * P(B < k), where B is binomial with
n trials and probability 1/2 (H. A. David, H. N. Nagaraja: Order Statistics, 3rd edition, Wiley 2003, section 7.1). The
percentile bootstrap of a median also ends at two of the values, for its distribution is known without drawing a sample
(J. S. Maritz, R. G. Jarrett: A note on estimating the variance of the sample median, JASA 73, 1978); with as few values
as there are worker processes it covers less than it says, and this interval contains it. Where several intervals have
to hold together, each is asked for so much that all of them do (C. E. Bonferroni's inequality). All functions are pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb
from statistics import median

CONFIDENCE = 0.95
"""The least coverage asked of an interval, where the number of values allows it."""

FAMILY_CONFIDENCE = 0.99
"""The least coverage asked of all intervals of a table together, where the number of values allows it."""

TIE_BAND = 0.03
"""Ratios this close to 1 are no difference that a user would notice, or that another machine would repeat."""


@dataclass(frozen=True)
class Estimate:
    """A median and the interval around it; equal bounds for what is exact."""

    median: float
    low: float
    high: float


def estimate(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Return the median of values and its interval.

    The interval is the narrowest that covers at least `confidence`. With too few values none does, and it is the whole
    range; `coverage` says what that is worth.

    Parameters
    ----------
    values
        At least one, of any unit, in any order.
    confidence
        The coverage asked of the interval, between 0 and 1.

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
    rank = _rank(len(ordered), confidence)
    return Estimate(median(ordered), ordered[rank - 1], ordered[-rank])


def exactly(value: float) -> Estimate:
    """Return the estimate of what needs no estimating."""
    return Estimate(value, value, value)


def coverage(count: int, confidence: float = CONFIDENCE) -> float:
    """Return how likely the interval of `estimate` contains the true median, given how many values there are.

    >>> coverage(15) > 0.95 > coverage(5) > 0.93
    True
    """
    return _coverage(count, _rank(count, confidence))


def each_of(comparisons: int) -> float:
    """Return the confidence to ask of each interval, so that this many hold together with `FAMILY_CONFIDENCE`.

    >>> round(each_of(33), 5)
    0.9997
    """
    return 1 - (1 - FAMILY_CONFIDENCE) / max(comparisons, 1)


def all_together(comparisons: int, count: int) -> float:
    """Return how likely this many intervals of `count` values each, asked for `each_of`, hold together at least.

    >>> all_together(33, 21) > 0.99, all_together(33, 5)
    (True, 0.0)
    """
    return max(0.0, 1 - comparisons * (1 - coverage(count, each_of(comparisons))))


def is_tie(ratio: Estimate, band: float = TIE_BAND) -> bool:
    """Say whether a ratio is no difference: its interval reaches into a band around 1.

    Parameters
    ----------
    ratio
        With its interval.
    band
        How close to 1 is no difference, as a part of 1; a ratio of 1 + `band` and its inverse are both its edge.

    >>> is_tie(Estimate(1.01, 0.99, 1.2)), is_tie(Estimate(1.04, 1.02, 1.06)), is_tie(Estimate(1.1, 1.05, 1.2))
    (True, True, False)
    """
    return ratio.low <= 1 + band and ratio.high >= 1 / (1 + band)


@cache
def _rank(count: int, confidence: float) -> int:
    """The k of the narrowest interval that covers enough; 1, the whole range, if none does."""
    return max((rank for rank in range(1, count // 2 + 1) if _coverage(count, rank) >= confidence), default=1)


def _coverage(count: int, rank: int) -> float:
    return 1 - 2 * sum(comb(count, below) for below in range(rank)) / 2**count
