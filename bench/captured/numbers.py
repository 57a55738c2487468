"""Numbers anonymized: other digits, as many of them, of the same magnitude, and what was equal is equal.

Invariants: 0, 1 and -1, what is infinite and what is no number stay; an integer keeps its sign, its decimal digits and
its bits; a float, and a Decimal, keeps how many digits it is written with; other numbers become other numbers as long
as there are enough of the kind.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import copysign, frexp, gcd, isfinite, ldexp
from random import Random
from typing import TypeVar

_DRAWS = 200
_LONG = 6
"""Digits: numbers that begin alike shall do so afterwards, as moments and ids do."""

_LARGE = 4000
"""Bits, from which on digits are not looked at: counting them takes long."""

_ONE_BYTE = 24
"""The first number that CBOR writes in two bytes, the only border that is not at a power of two."""

_EXACT = 2.0**53

_Number = TypeVar("_Number", int, float, Decimal)


class Numbers:
    """Anonymizes numbers.

    Parameters
    ----------
    random
        What is drawn from.

    >>> numbers = Numbers(Random(1))
    >>> 1000 <= numbers.integer(1969) <= 9999, numbers.integer(1969) == numbers.integer(1969)
    (True, True)
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._integers: dict[int, int] = {}
        self._beginnings: dict[tuple[int, int, int], int] = {}
        self._fractions: dict[str, str] = {}
        self._floats: dict[float, float] = {}
        self._decimals: dict[str, Decimal] = {}
        self._taken: set[int | float | Decimal] = set()

    def integer(self, number: int) -> int:
        """Return what stands for an integer."""
        size = abs(number)
        if size < 2:
            return number
        known = self._integers.get(size)
        if known is None:
            known = self._integers[size] = self._drawn(size)
            self._taken.add(known)
        return known if number > 0 else -known

    def below(self, number: int, limit: int) -> int:
        """Return what stands for an integer from 0 to a limit that it must not reach; it need not be another one."""
        low, high = _alike(number) if number else (0, 0)
        return self._random.randint(low, min(high, limit - 1))

    def floating(self, number: float) -> float:
        """Return what stands for a float."""
        if not isfinite(number):
            return number
        if number.is_integer() and abs(number) < _EXACT:
            return float(self.integer(int(number))) if number else number
        known = self._floats.get(number)
        if known is None:
            draws = lambda: self._float_like(number), lambda: self._float_beside(number)
            known = self._floats[number] = self._other(number, *draws)
        return known

    def decimal(self, number: Decimal) -> Decimal:
        """Return what stands for a Decimal."""
        if not number.is_finite() or not number:
            return number
        text = str(number)
        known = self._decimals.get(text)
        if known is None:
            known = self._decimals[text] = self._other(number, lambda: self._decimal_like(number))
        return known

    def fraction(self, number: Fraction) -> Fraction:
        """Return what stands for a Fraction."""
        numerator, denominator = number.numerator, number.denominator
        for _ in range(_DRAWS):
            other = self._like(abs(numerator)), self._like(denominator)
            if gcd(*other) == 1:
                return Fraction(other[0] if numerator > 0 else -other[0], other[1])
        return number

    def _drawn(self, size: int) -> int:
        low, high = _alike(size)
        for _ in range(_DRAWS):
            other = self._like(size)
            if other not in self._taken and (other != size or high - low < 1000):
                return other
        free = (other for other in range(low, min(high, low + 10_000) + 1) if other not in self._taken)
        return next(free, size)

    def _like(self, size: int) -> int:
        """Return a number that is written like another one; if it is long, with a beginning that goes with its own."""
        low, high = _alike(size) if size > 1 else (size, size)
        digits = len(str(size)) if size.bit_length() < _LARGE else 0
        if digits < _LONG:
            return self._random.randint(low, high)
        rest: int = 10 ** (digits // 2)
        beginning = digits, size.bit_length(), size // rest
        first = self._beginnings.get(beginning)
        if first is None:
            first = self._beginnings[beginning] = self._random.randint(low // rest, high // rest)
        return self._random.randint(max(low, first * rest), min(high, first * rest + rest - 1))

    def _float_like(self, number: float) -> float:
        mantissa, _, exponent = repr(abs(number)).partition("e")
        whole, _, fraction = mantissa.partition(".")
        other = f"{self._whole(whole)}.{self._fraction(fraction)}e{exponent or 0}"
        return float(other) if number > 0 else -float(other)

    def _float_beside(self, number: float) -> float:
        """Return a float between the same powers of two: 17 digits are needed beneath some, and above them by none."""
        mantissa, exponent = frexp(number)
        return ldexp(copysign(self._random.uniform(0.5, 1), mantissa), exponent)

    def _whole(self, digits: str) -> str:
        return str(self.integer(int(digits))) if len(digits) < _LONG else str(self._like(int(digits)))

    def _fraction(self, digits: str) -> str:
        """Return digits behind a point; few of them, such as cents, are the same for the same."""
        known = self._fractions.get(digits) if len(digits) < 3 else None
        if known is None:
            figures = digits.lstrip("0")
            drawn = [self._random.choice("0123456789") for _ in figures[1:]] + [self._random.choice("123456789")]
            known = "0" * (len(digits) - len(figures)) + "".join(drawn) if figures else digits
            self._fractions[digits] = known
        return known

    def _decimal_like(self, number: Decimal) -> Decimal:
        sign, digits, exponent = number.as_tuple()
        assert isinstance(exponent, int)  # noqa: S101 - a letter stands for what is not finite
        figures = "".join(map(str, digits)).rstrip("0")
        drawn = [self._random.choice("123456789") for _ in figures[:1]]
        drawn += [self._random.choice("0123456789") for _ in figures[2:]]
        drawn += [self._random.choice("123456789") for _ in figures[1:2]]
        return Decimal((sign, (*map(int, drawn), *(0,) * (len(digits) - len(figures))), exponent))

    def _other(self, number: _Number, *draws: Callable[[], _Number]) -> _Number:
        """Return another number that is written with as many characters, drawn in the first way in which one is found.

        If all of them are taken it is one that is, and if there is none it has another length.
        """
        other, alike = number, None
        for draw in (draw for draw in draws for _ in range(_DRAWS)):
            other = draw()
            if len(repr(other)) == len(repr(number)):
                alike = other
                if other != number and other not in self._taken:
                    break
        chosen = other if alike is None else alike
        self._taken.add(chosen)
        return chosen


def _alike(size: int) -> tuple[int, int]:
    """Return the smallest and the largest number that are written with as many digits and bits.

    >>> _alike(5), _alike(1000), _alike(20)
    ((4, 7), (1000, 1023), (16, 23))
    """
    bits = size.bit_length()
    low, high = 1 << bits - 1, (1 << bits) - 1
    if bits < _LARGE:
        digits = len(str(size))
        low, high = max(low, 10 ** (digits - 1)), min(high, 10**digits - 1)
    if low < _ONE_BYTE <= high:
        return (low, _ONE_BYTE - 1) if size < _ONE_BYTE else (_ONE_BYTE, high)
    return low, high
