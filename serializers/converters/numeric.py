"""Converters of the numbers of the standard library: Decimal and Fraction."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..errors import DeserializationError, SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

MAX_FRACTION_BITS = 1 << 16
"""Reducing a fraction is quadratic in its length: 64 kbit take milliseconds, what hostile bytes could hold minutes."""


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(Decimal, tag="decimal", encode=_write_decimal, decode=lambda p: Decimal(expect(str, p)))
    registry.register(Fraction, tag="fraction", encode=_write_fraction, decode=_read_fraction)


def _write_decimal(value: Decimal) -> str:
    return str(value).upper()  # the context of the thread chooses between e and E


def _write_fraction(value: Fraction) -> list[int]:
    if _bits(value.numerator, value.denominator) > MAX_FRACTION_BITS:
        raise SerializationError(f"a fraction of more than {MAX_FRACTION_BITS} bits: round it")
    return [value.numerator, value.denominator]


def _read_fraction(plain: Any) -> Fraction:
    numerator, denominator = (expect(int, number) for number in expect_list(plain, 2))
    if _bits(numerator, denominator) > MAX_FRACTION_BITS:
        raise DeserializationError(f"a fraction of more than {MAX_FRACTION_BITS} bits")
    return Fraction(numerator, denominator)


def _bits(*numbers: int) -> int:
    return max(number.bit_length() for number in numbers)
