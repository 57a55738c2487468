"""How each type of value is written: one function for each group of rows in the table of FORMAT.md.

Each writes the value, or its head, and then returns the level of what is inside.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID, SafeUUID

from ..collisions import CollidingHashesError, hashes_collide
from ..converter import Converter, FieldsConverter
from . import packing, tags
from .copies import holds, may_copy
from .levels import OpenValue

if TYPE_CHECKING:
    from .writer import Writer

Handler = Callable[["Writer", Any], OpenValue | None]


def _write_int(writer: Writer, value: int) -> None:
    if 0 <= value < tags.SMALL_INTS:
        return writer.put(tags.SMALL_INT + value)
    data = packing.two_complement(value)
    for tag, size in _INT_SIZES:
        if len(data) <= size:
            return writer.put(tag, value.to_bytes(size, "little", signed=True))
    return writer.put_sized(tags.BIG_INT, data)


def _write_float(writer: Writer, value: float) -> None:
    writer.put(tags.FLOAT, _NAN if value != value else struct.pack("<d", value))


def _write_str(writer: Writer, value: str) -> None:
    number = writer.strings.get(value)
    if number is not None:
        writer.copies.refer_to_string(value, copied=writer.copied)
        if number < tags.LOW_STRING_REFERENCES:
            return writer.put(tags.LOW_STRING_REFERENCE + number)
        return writer.put(tags.STRING_REFERENCE, packing.varint(number))
    data = value.encode()
    if len(data) in tags.NUMBERED_STRINGS:
        writer.strings[value] = len(writer.strings)
    if not value.isascii():
        return writer.put_sized(tags.TEXT, data)
    if len(data) < tags.SHORT_ASCIIS:
        return writer.put(tags.SHORT_ASCII + len(data), data)
    return writer.put_sized(tags.ASCII, data)


def _write_bytearray(writer: Writer, value: bytearray) -> None:
    number = writer.number_object(value)
    writer.put_sized(tags.BYTEARRAY, value)
    writer.complete(number)


def _write_list(writer: Writer, value: list[Any]) -> OpenValue:
    writer.put_count(tags.LIST, tags.SHORT_LIST, len(value))
    return OpenValue(iter(value), len(value), hashed=writer.hashed, number=writer.number_object(value))


def _write_tuple(writer: Writer, value: tuple[Any, ...]) -> OpenValue:
    writer.put_count(tags.TUPLE, tags.SHORT_TUPLE, len(value))
    return OpenValue(iter(value), len(value), hashed=writer.hashed)


def _write_dict(writer: Writer, value: dict[Any, Any]) -> OpenValue:
    _check_hashes(value)
    writer.put_count(tags.DICT, tags.SHORT_DICT, len(value))
    pairs = chain.from_iterable(value.items())
    # Keys come when an even number of values is left, and one of them is taken: an odd one.
    return OpenValue(pairs, 2 * len(value), hashed=writer.hashed, keys=True, number=writer.number_object(value))


def _write_set(writer: Writer, value: set[Any]) -> OpenValue:
    _check_hashes(value)
    number = writer.number_object(value)
    writer.put(tags.SET, packing.varint(len(value)))
    elements = [] if writer.in_sort_key else writer.order.of_set(value, writer.numbers)
    return OpenValue(iter(elements), len(elements), hashed=True, number=number)


def _write_frozenset(writer: Writer, value: frozenset[Any]) -> OpenValue:
    _check_hashes(value)
    writer.put(tags.FROZENSET, packing.varint(len(value)))
    return OpenValue(iter(writer.order.of_frozenset(value, writer.numbers)), len(value), hashed=True)


def _check_hashes(container: Any) -> None:
    if hashes_collide(container):
        raise CollidingHashesError(container)


def write_instance(writer: Writer, value: object, *, converter: FieldsConverter, shielded: bool) -> OpenValue:
    number = writer.number_object(value)
    fields = converter.encode(value)
    names = tuple(fields)
    hashed = writer.hashed and not shielded
    one_from, copied = _how_made(writer, converter, fields=True)
    writer.put_class(converter.tag, names, tags.NEW_INSTANCE, tags.LOW_INSTANCE, tags.INSTANCE)
    return OpenValue(iter(fields.values()), len(names), hashed=hashed, number=number, copied=copied, one_from=one_from)


def write_converted(writer: Writer, value: object, *, converter: Converter, is_value: bool) -> OpenValue:
    number = None
    if not is_value:
        number = writer.number_object(value)
        writer.unfinished_converted.add(number)
    plain = converter.encode(value)
    new = tags.NEW_VALUE_TYPE if is_value else tags.NEW_CONVERTED
    one_from, copied = _how_made(writer, converter, fields=False)
    writer.put_class(converter.tag, None, new, tags.LOW_CONVERTED, tags.CONVERTED)
    return OpenValue(iter((plain,)), 1, hashed=writer.hashed, number=number, copied=copied, one_from=one_from)


def _how_made(writer: Writer, converter: Converter, *, fields: bool) -> tuple[int | None, bool]:
    """Return from where a value counts one byte, if it does, and whether what it refers to may be copied.

    What a sort key refers to is in the sort key itself; the references of the payload are others.
    """
    one_from = writer.copies.place(writer.begun) if holds(converter, fields=fields) else None
    return one_from, not writer.in_sort_key and may_copy(converter, fields=fields)


def _write_datetime(writer: Writer, value: datetime) -> OpenValue | None:
    clock = packing.clock_number(packing.date_number(value), value)
    zone = value.tzinfo
    tag = tags.DATETIME_UTC if zone is UTC else tags.DATETIME if zone is None else tags.DATETIME_ZONE
    if value.microsecond:
        writer.put(tag + 1, clock.to_bytes(8, "little"))
    else:
        writer.put(tag, clock.to_bytes(5, "little"))
    return OpenValue(iter((zone,)), 1, hashed=writer.hashed) if tag == tags.DATETIME_ZONE else None


def _write_time(writer: Writer, value: time) -> OpenValue | None:
    clock, zone = packing.clock_number(0, value), value.tzinfo
    tag = tags.TIME if zone is None else tags.TIME_ZONE
    if value.microsecond:
        writer.put(tag + 1, clock.to_bytes(5, "little"))
    else:
        writer.put(tag, clock.to_bytes(3, "little"))
    return OpenValue(iter((zone,)), 1, hashed=writer.hashed) if zone is not None else None


def _write_timezone(writer: Writer, value: timezone) -> OpenValue | None:
    if value is UTC:
        return writer.put(tags.UTC)
    offset, name = packing.timezone_parts(value)
    tag = tags.TIMEZONE if name is None else tags.NAMED_TIMEZONE
    writer.put(tag, packing.varint(packing.zigzag(offset)))
    return None if name is None else OpenValue(iter((name,)), 1, hashed=writer.hashed)


def _write_decimal(writer: Writer, value: Decimal) -> None:
    numbers = packing.decimal_numbers(value)
    if numbers is None:
        writer.put_sized(tags.OTHER_DECIMAL, packing.decimal_text(value).encode())
    else:
        writer.put(tags.DECIMAL, *map(packing.varint, numbers))


def _write_uuid(writer: Writer, value: UUID) -> None:
    if value.is_safe is SafeUUID.unknown:
        writer.put(tags.UUID, value.bytes)
    else:
        writer.put(tags.UUID_SAFETY, value.bytes, b"\x00" if value.is_safe is SafeUUID.safe else b"\x01")


_INT_SIZES = ((tags.INT8, 1), (tags.INT16, 2), (tags.INT32, 4), (tags.INT64, 8))
_NAN = bytes.fromhex("000000000000f87f")

BUILT_IN: dict[type, Handler] = {
    type(None): lambda writer, _: writer.put(tags.NONE),
    bool: lambda writer, value: writer.put(tags.TRUE if value else tags.FALSE),
    int: _write_int,
    float: _write_float,
    str: _write_str,
    bytes: lambda writer, value: writer.put_sized(tags.BYTES, value),
    bytearray: _write_bytearray,
    list: _write_list,
    tuple: _write_tuple,
    dict: _write_dict,
    set: _write_set,
    frozenset: _write_frozenset,
}
NATIVE: dict[type, Handler] = {
    datetime: _write_datetime,
    date: lambda writer, value: writer.put(tags.DATE, packing.date_number(value).to_bytes(3, "little")),
    time: _write_time,
    timedelta: lambda writer, value: writer.put(tags.TIMEDELTA, packing.timedelta_bytes(value)),
    timezone: _write_timezone,
    Decimal: _write_decimal,
    UUID: _write_uuid,
}
