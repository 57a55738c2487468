"""How figures are written in reports: times, sizes, ratios and overheads, each as text.

Invariant: a ratio whose interval leaves the direction open is called a tie, never a number.
"""

from .intervals import Estimate, is_tie

NOTHING = "-"
"""What stands where there is no figure."""


def microseconds(time: Estimate | None) -> str:
    """Return the median of a time that is in seconds.

    >>> microseconds(Estimate(12.3456e-6, 12e-6, 13e-6)), microseconds(Estimate(0.0123456, 0.01, 0.02))
    ('12.3', '12,346')
    """
    if time is None:
        return NOTHING
    value = time.median * 1e6
    return f"{value:,.{_decimals(value)}f}"


def size(count: int | None) -> str:
    """Return a number of bytes.

    >>> size(12345), size(None)
    ('12,345', '-')
    """
    return NOTHING if count is None else f"{count:,}"


def times_faster(ratio: Estimate | None) -> str:
    """Return how many times faster, with its interval.

    >>> times_faster(Estimate(2.314, 2.251, 2.4)), times_faster(Estimate(1.02, 0.98, 1.1))
    ('2.31x (2.25-2.40)', 'tie (0.98-1.10)')
    """
    if ratio is None:
        return NOTHING
    word = "tie" if is_tie(ratio) else f"{ratio.median:.2f}x"
    return f"{word} ({ratio.low:.2f}-{ratio.high:.2f})"


def multiple(ratio: Estimate | None) -> str:
    """Return how many times as long, with its interval.

    >>> multiple(Estimate(1.254, 1.2, 1.3)), multiple(None)
    ('1.25 (1.20-1.30)', '-')
    """
    return NOTHING if ratio is None else f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})"


def fraction(ratio: Estimate | None) -> str:
    """Return a part of the baseline, which is exact.

    >>> fraction(Estimate(0.5, 0.5, 0.5))
    '0.50'
    """
    return NOTHING if ratio is None else f"{ratio.median:.2f}"


def percent_more(overhead: Estimate | None) -> str:
    """Return what comes on top, in percent.

    >>> percent_more(Estimate(0.254, 0.2, 0.3)), percent_more(Estimate(-0.001, -0.1, 0.1))
    ('+25 %', '+0 %')
    """
    return NOTHING if overhead is None else f"{round(overhead.median * 100) + 0:+,d} %"


def _decimals(value: float) -> int:
    """How many decimals three significant digits need."""
    return next((decimals for decimals, least in ((0, 100), (1, 10)) if value >= least), 2)
