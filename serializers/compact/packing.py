"""Numbers, dates, times and decimals as FORMAT.md packs them: each pair of functions is one row, both ways."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Context, Decimal
from typing import Any

from .refusals import rejected, truncated
from .tags import DECIMAL_DIGITS, DECIMAL_EXPONENT, MAX_VARINT

_DAY, _MICRO = 86_400, 1_000_000
_MICROSECOND = timedelta(microseconds=1)


def varint(number: int) -> bytes:
    """Return an unsigned LEB128.

    >>> varint(5), varint(300)
    (b'\\x05', b'\\xac\\x02')
    """
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place after it.

    >>> read_varint(b"\\xac\\x02", 0)
    (300, 2)
    """
    number = 0
    for step in range(MAX_VARINT):
        if at + step >= len(data):
            raise truncated()
        byte = data[at + step]
        number |= (byte & 0x7F) << 7 * step
        if byte < 0x80:
            return number, at + step + 1
    raise rejected(f"a varint is longer than {MAX_VARINT} bytes")


def zigzag(number: int) -> int:
    """Return an unsigned number, small if the number is near 0.

    >>> zigzag(0), zigzag(-1), zigzag(1)
    (0, 1, 2)
    """
    return 2 * number if number >= 0 else -2 * number - 1


def unzigzag(number: int) -> int:
    """Return what `zigzag` was given."""
    return -(number + 1 >> 1) if number & 1 else number >> 1


def two_complement(number: int) -> bytes:
    """Return the fewest bytes that hold an integer.

    >>> two_complement(128), two_complement(-128)
    (b'\\x80\\x00', b'\\x80')
    """
    bits = (number if number >= 0 else ~number).bit_length()
    return number.to_bytes(bits // 8 + 1, "little", signed=True)


def date_number(value: date) -> int:
    """Return the number of a date."""
    return (value.year * 12 + value.month - 1) * 31 + value.day - 1


def number_date(number: int) -> date:
    """Return the date of a number; ValueError if there is none."""
    months, day = divmod(number, 31)
    year, month = divmod(months, 12)
    return date(year, month + 1, day + 1)


def clock_number(days: int, value: datetime | time) -> int:
    """Return the number of a time of day after so many `date_number`s: microseconds only if there are any."""
    seconds = days * _DAY + (value.hour * 60 + value.minute) * 60 + value.second
    if value.microsecond:
        seconds = seconds * _MICRO + value.microsecond
    return seconds * 2 + value.fold


def number_clock(number: int, *, micro: bool) -> tuple[int, time]:
    """Return the number of the date, and the time of day."""
    rest, fold = divmod(number, 2)
    rest, microsecond = divmod(rest, _MICRO) if micro else (rest, 0)
    days, seconds = divmod(rest, _DAY)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return days, time(hour, minute, second, microsecond, fold=fold)


def timedelta_bytes(value: timedelta) -> bytes:
    """Return days, seconds and microseconds."""
    return varint(zigzag(value.days)) + varint(value.seconds) + varint(value.microseconds)


def timedelta_of(days: int, seconds: int, microseconds: int) -> timedelta:
    """Return the timedelta of three numbers as they stand in the payload."""
    if seconds >= _DAY or microseconds >= _MICRO:
        raise rejected("a timedelta has more than a day of seconds or more than a second of microseconds")
    return timedelta(unzigzag(days), seconds, microseconds)


def timezone_parts(zone: timezone) -> tuple[int, str | None]:
    """Return the offset in microseconds, and the name unless it is the one that Python makes; pickle asks likewise."""
    offset, *name = getattr(zone, "__getinitargs__")()  # noqa: B009 - unknown to the type checker
    return offset // _MICROSECOND, name[0] if name else None


def timezone_of(offset: int, *name: Any) -> timezone:
    """Return the timezone of an offset as it stands in the payload."""
    return timezone(timedelta(microseconds=unzigzag(offset)), *name)


def decimal_numbers(value: Decimal) -> tuple[int, int] | None:
    """Return a decimal as the two numbers of the payload, or None if it takes text.

    >>> decimal_numbers(Decimal("-9.90")), decimal_numbers(Decimal("NaN"))
    ((7, 990), None)
    """
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or abs(exponent) > DECIMAL_EXPONENT or len(digits) > DECIMAL_DIGITS:
        return None
    return 2 * zigzag(exponent) + sign, int("".join(map(str, digits)))


def numbers_decimal(scale: int, coefficient: int) -> Decimal:
    """Return the decimal of two numbers."""
    exponent = unzigzag(scale >> 1)
    digits = str(coefficient)
    if abs(exponent) > DECIMAL_EXPONENT or len(digits) > DECIMAL_DIGITS:
        raise rejected("a decimal is out of bounds")
    return Decimal((scale & 1, tuple(map(int, digits)), exponent))


def decimal_text(value: Decimal) -> str:
    """Return a decimal as text, whatever the context of the thread is."""
    return Context(capitals=1).to_sci_string(value)


def text_decimal(text: str) -> Decimal:
    """Return the decimal of a text that `decimal_text` wrote."""
    value = Decimal(text, Context())
    if decimal_text(value) != text:
        raise rejected("a decimal is not written as Python writes it")
    return value
