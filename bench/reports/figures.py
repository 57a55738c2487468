"""How figures are written in reports: times, sizes, ratios and overheads, each as text that knows its number.

Invariant: a ratio whose interval leaves the direction open is called a tie, never a number.
"""

from typing import Self

from ..intervals import TIE_BAND, Estimate, is_tie

NOTHING = "-"
"""What stands where there is no figure."""


class Figure(str):
    """A text that also knows the number in it, for whoever sorts.

    >>> Figure("1,200", 1200), Figure("1,200", 1200).value
    ('1,200', 1200)
    """

    value: float

    def __new__(cls, text: str, value: float) -> Self:
        """Return the text of a number."""
        made = super().__new__(cls, text)
        made.value = value
        return made


def microseconds(time: Estimate | float | None) -> str:
    """Return the median of a time that is in seconds.

    >>> microseconds(Estimate(12.3456e-6, 12e-6, 13e-6)), microseconds(0.0123456)
    ('12.3', '12,346')
    """
    if time is None:
        return NOTHING
    value = (time.median if isinstance(time, Estimate) else time) * 1e6
    return Figure(_three_digits(value), value)


def milliseconds(time: Estimate | float | None) -> str:
    """Return the median of a time that is in seconds.

    >>> milliseconds(0.0123456)
    '12.3'
    """
    if time is None:
        return NOTHING
    value = (time.median if isinstance(time, Estimate) else time) * 1e3
    return Figure(_three_digits(value), value)


def size(count: float | None) -> str:
    """Return a number of bytes, or of anything else; a mean or a multiple under 10 has a decimal.

    >>> size(12345), size(1.44), size(7), size(None)
    ('12,345', '1.4', '7', '-')
    """
    if count is None:
        return NOTHING
    decimals = 1 if isinstance(count, float) and 0 < count < 9.95 else 0
    return Figure(f"{count:,.{decimals}f}", count)


def times_faster(ratio: Estimate | None, band: float = TIE_BAND) -> str:
    """Return how many times faster, with its interval.

    Parameters
    ----------
    ratio
        None where there is nothing to compare with.
    band
        Ratios this near 1 are ties.

    >>> times_faster(Estimate(2.314, 2.251, 2.4)), times_faster(Estimate(1.02, 0.98, 1.1))
    ('2.31 (2.25-2.40)', 'tie (0.98-1.10)')
    >>> times_faster(Estimate(12.345, 12.31, 12.48))
    '12.3 (12.3-12.5)'
    """
    if ratio is None:
        return NOTHING
    word = "tie" if is_tie(ratio, band) else _three_digits(ratio.median)
    return Figure(f"{word} {_interval(ratio)}", ratio.median)


def multiple(ratio: Estimate | None) -> str:
    """Return how many times as long, with its interval.

    >>> multiple(Estimate(1.254, 1.2, 1.3)), multiple(None)
    ('1.25 (1.20-1.30)', '-')
    """
    return NOTHING if ratio is None else Figure(f"{_three_digits(ratio.median)} {_interval(ratio)}", ratio.median)


def fraction(ratio: Estimate | float | None) -> str:
    """Return a part of the baseline, which is exact.

    >>> fraction(Estimate(0.5, 0.5, 0.5)), fraction(0.257)
    ('0.50', '0.26')
    """
    if ratio is None:
        return NOTHING
    value = ratio.median if isinstance(ratio, Estimate) else ratio
    return Figure(f"{value:.2f}", value)


def percent_more(overhead: Estimate | None) -> str:
    """Return what comes on top, in percent.

    >>> percent_more(Estimate(0.254, 0.2, 0.3)), percent_more(Estimate(-0.001, -0.1, 0.1))
    ('+25 %', '+0 %')
    """
    return NOTHING if overhead is None else Figure(f"{round(overhead.median * 100) + 0:+,d} %", overhead.median)


def _interval(ratio: Estimate) -> str:
    return f"({_three_digits(ratio.low)}-{_three_digits(ratio.high)})"


def _three_digits(value: float) -> str:
    """Three significant digits, but no fewer than all before the point, and no more than two behind it."""
    decimals = next((decimals for decimals, least in ((0, 99.95), (1, 9.995)) if abs(value) >= least), 2)
    return f"{value:,.{decimals}f}"
