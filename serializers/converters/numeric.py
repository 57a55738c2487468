"""Converters of the numbers of the standard library: Decimal and Fraction."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

MAX_FRACTION_BITS = 1 << 16
"""Reducing a fraction is quadratic in its length: 64 kbit take milliseconds, what hostile bytes could hold minutes."""


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(Decimal, tag="decimal", encode=str, decode=lambda p: Decimal(expect(str, p)))
    registry.register(Fraction, tag="fraction", encode=_write_fraction, decode=_read_fraction)


def _write_fraction(value: Fraction) -> list[int]:
    return [_bounded(value.numerator), _bounded(value.denominator)]


def _read_fraction(plain: Any) -> Fraction:
    numerator, denominator = expect_list(plain, 2)
    return Fraction(_bounded(expect(int, numerator)), _bounded(expect(int, denominator)))


def _bounded(number: int) -> int:
    if number.bit_length() > MAX_FRACTION_BITS:
        raise ValueError(f"a fraction of {number.bit_length()} bits is over the limit of {MAX_FRACTION_BITS}: round it")
    return number
