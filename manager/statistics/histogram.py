"""How values are distributed: counts in fixed buckets of growing width, with sum, least and most.

Invariants: `Histogram.counts` has one more number than `Histogram.bounds`, for what is over the last bound; a value
that equals a bound is counted below it, as Prometheus has it.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, sqrt
from typing import Any

SECONDS = (*(float(f"{step}e{power}") for power in range(-6, 1) for step in ("1", "1.8", "3.2", "5.6")), 10.0)
"""Four buckets a decade, from a microsecond to ten seconds."""

BYTES = tuple(float(2**power) for power in range(6, 27))
"""A bucket for each doubling, from 64 bytes to 64 MiB."""

_FEWER = "this is not the later of two snapshots of one manager: it has counted less; a forked child begins with zeros"


@dataclass(frozen=True, slots=True)
class Histogram:
    """A snapshot of a distribution.

    >>> histogram = Histogram.of([0.001, 0.002, 0.004, 0.3])
    >>> histogram.count, histogram.minimum, histogram.maximum, f"{histogram.mean:.5f}"
    (4, 0.001, 0.3, '0.07675')
    >>> 0.002 / 1.342 <= histogram.quantile(0.5) <= 0.002 * 1.342
    True
    """

    bounds: tuple[float, ...]
    """Upper bounds of the buckets but the last one, ascending; seconds or bytes."""
    counts: tuple[int, ...]
    """Values in each bucket."""
    sum: float = 0.0
    minimum: float | None = None
    """None: there are no values. Of a difference, see `__sub__`."""
    maximum: float | None = None

    @classmethod
    def empty(cls, bounds: tuple[float, ...] = SECONDS) -> "Histogram":
        """Return one without values."""
        return cls(bounds, (0,) * (len(bounds) + 1))

    @classmethod
    def of(cls, values: list[float], bounds: tuple[float, ...] = SECONDS) -> "Histogram":
        """Return that of some values."""
        counts = [0] * (len(bounds) + 1)
        for value in values:
            counts[bisect_left(bounds, value)] += 1
        return cls(bounds, tuple(counts), sum(values), min(values, default=None), max(values, default=None))

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """The arithmetic mean; None: there are no values."""
        count = self.count
        return self.sum / count if count else None

    @property
    def cumulative(self) -> tuple[int, ...]:
        """How many values are at most as large as each bound, and in the last place all."""
        return tuple(accumulate(self.counts))

    def quantile(self, share: float) -> float | None:
        """Return an estimate of the value that a share of the values does not exceed; None if there are none.

        The true value (nearest rank) is in the same bucket as the estimate, which is the bucket's geometric middle and
        never beyond the least and the largest value. So it is wrong by a factor of at most the square root of the
        ratio of the bounds: 1.342 for `SECONDS`, 1.415 for `BYTES`. Below the first bound it is wrong by less than
        that bound; over the last bound nothing but the largest value is known.

        Parameters
        ----------
        share
            From 0 (the least value) to 1 (the largest one); 0.5 is the median.

        Raises
        ------
        ValueError
            The share is none.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a quantile is a share from 0 to 1, not {share!r}")
        if self.minimum is None or self.maximum is None:
            return None
        if share in {0, 1}:
            return self.maximum if share else self.minimum
        rank = max(1, ceil(share * self.count))
        at = next(at for at, below in enumerate(self.cumulative) if below >= rank)
        low, high = self._edges(at)
        middle = sqrt(low * high) if low > 0 else high / 2
        return min(max(middle, self.minimum), self.maximum)

    def _edges(self, at: int) -> tuple[float, float]:
        """Return the bounds of a bucket, as far as values can be in it."""
        low = self.bounds[at - 1] if at else 0.0
        high = self.bounds[at] if at < len(self.bounds) else max(self.maximum or 0.0, low)
        return low, high

    def __add__(self, other: "Histogram") -> "Histogram":
        """Return the distribution of the values of both.

        >>> (Histogram.of([1.0]) + Histogram.of([3.0])).mean
        2.0
        """
        self._check_bounds(other)
        least = [value for value in (self.minimum, other.minimum) if value is not None]
        most = [value for value in (self.maximum, other.maximum) if value is not None]
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return Histogram(self.bounds, counts, self.sum + other.sum, min(least, default=None), max(most, default=None))

    def __sub__(self, earlier: "Histogram") -> "Histogram":
        """Return the distribution of the values that came after an earlier snapshot.

        Its least and largest values are exact where they are new extremes, else the bounds of their buckets.

        Raises
        ------
        ValueError
            The other one is not earlier.

        >>> later = Histogram.of([0.5, 0.02, 0.03]) - Histogram.of([0.5])
        >>> later.count, later.minimum, later.maximum
        (2, 0.02, 0.032)
        """
        self._check_bounds(earlier)
        counts = tuple(mine - theirs for mine, theirs in zip(self.counts, earlier.counts, strict=True))
        if min(counts) < 0:
            raise ValueError(_FEWER)
        filled = [at for at, count in enumerate(counts) if count]
        if not filled or self.minimum is None or self.maximum is None:
            return Histogram.empty(self.bounds)
        least, most = max(self._edges(filled[0])[0], self.minimum), min(self._edges(filled[-1])[1], self.maximum)
        if earlier.minimum is None or self.minimum < earlier.minimum:
            least = self.minimum
        if earlier.maximum is None or self.maximum > earlier.maximum:
            most = self.maximum
        return Histogram(self.bounds, counts, max(0.0, self.sum - earlier.sum), least, most)

    def _check_bounds(self, other: "Histogram") -> None:
        if self.bounds != other.bounds:
            raise ValueError("these histograms have different buckets: one is of seconds, the other of bytes")

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON: what it says, three quantiles, and the buckets that are not empty.

        >>> Histogram.of([0.5])
        ... # doctest: +ELLIPSIS
        Histogram(...)
        >>> Histogram.of([0.5]).to_dict()["buckets"]
        [[0.56, 1]]
        """
        bounds: tuple[float | None, ...] = (*self.bounds, None)
        return {
            "count": self.count,
            "sum": self.sum,
            "minimum": self.minimum,
            "mean": self.mean,
            "maximum": self.maximum,
            "p50": self.quantile(0.5),
            "p90": self.quantile(0.9),
            "p99": self.quantile(0.99),
            "buckets": [[bound, count] for bound, count in zip(bounds, self.counts, strict=True) if count],
        }


class LiveHistogram:
    """A distribution to which one thread adds, while others may take a snapshot."""

    __slots__ = ("bounds", "counts", "maximum", "minimum", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        self.minimum = float("inf")
        self.maximum = float("-inf")

    def add(self, value: float) -> None:
        """Count a value.

        Last in its bucket: a snapshot, which looks there first, knows the extremes of all that it has counted.
        """
        self.sum += value
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value
        self.counts[bisect_left(self.bounds, value)] += 1

    def snapshot(self) -> Histogram:
        """Return what it is now."""
        counts = tuple(self.counts)
        if not any(counts):
            return Histogram.empty(self.bounds)
        return Histogram(self.bounds, counts, self.sum, self.minimum, self.maximum)
