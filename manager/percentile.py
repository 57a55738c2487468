"""Percentiles of values that were all kept, by nearest rank: each is a value that was there."""

from collections.abc import Iterable
from math import ceil
from typing import TypeVar

_Number = TypeVar("_Number", int, float)


def percentile(values: Iterable[_Number], share: float) -> _Number:
    """Return the smallest value that at least a share of the values, from 0 to 1, does not exceed.

    Raises
    ------
    IndexError
        There is no value.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 0.5), percentile([3.0, 1.0, 2.0, 4.0], 0.99)
    (2.0, 4.0)
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
