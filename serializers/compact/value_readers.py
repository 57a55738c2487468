"""How each tag is read: one function for each group of rows in the table of FORMAT.md.

Each reads the value, or its head, and then returns the level of what is inside.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, SafeUUID

from ..collisions import collision, hashes_collide
from ..converter import Converter, FieldsConverter
from . import packing, tags
from .copies import holds, may_copy
from .levels import AwaitedValue, no_change
from .refusals import heavy_keys, rejected, unfinished_key
from .value_types import hashed_by_identity

if TYPE_CHECKING:
    from .reader import Reader

Handler = Callable[["Reader", int], Any]


class _Unfinished:
    """Stands for an object that can be made only when all of it is read."""


_UNFINISHED = _Unfinished()


def _read_int(reader: Reader, tag: int) -> int:
    size = _INT_SIZES[tag] if tag in _INT_SIZES else reader.take_varint()
    return int.from_bytes(reader.take(size), "little", signed=True)


def _read_string(reader: Reader, tag: int) -> str:
    return reader.add_string(reader.take(reader.take_varint()), "ascii" if tag == tags.ASCII else "utf-8")


def _read_short_string(reader: Reader, tag: int) -> str:
    return reader.add_string(reader.take(tag - tags.SHORT_ASCII), "ascii")


def _read_bytearray(reader: Reader, _: int) -> bytearray:
    value = bytearray(reader.take(reader.take_varint()))
    reader.complete(reader.number_object(value), value)
    return value


def _count(reader: Reader, tag: int, long: int, short: int) -> int:
    return reader.take_varint() if tag == long else tag - short


def _read_list(reader: Reader, tag: int) -> AwaitedValue:
    items: list[Any] = []
    count = _count(reader, tag, tags.LIST, tags.SHORT_LIST)
    return reader.open(count, no_change, hashed=reader.hashed, number=reader.number_object(items), items=items)


def _read_tuple(reader: Reader, tag: int) -> AwaitedValue:
    return reader.open(_count(reader, tag, tags.TUPLE, tags.SHORT_TUPLE), tuple, hashed=reader.hashed)


def _read_dict(reader: Reader, tag: int) -> AwaitedValue:
    mapping: dict[Any, Any] = {}
    count = 2 * _count(reader, tag, tags.DICT, tags.SHORT_DICT)
    number = reader.number_object(mapping)
    return reader.open(count, partial(_fill_dict, mapping), hashed=reader.hashed, keys=True, number=number)


def _fill_dict(mapping: dict[Any, Any], items: list[Any]) -> dict[Any, Any]:
    _check_hashes(items[::2])
    mapping.update(zip(items[::2], items[1::2], strict=True))
    if 2 * len(mapping) != len(items):
        raise rejected("two keys of a dict are equal")
    return mapping


def _read_set(reader: Reader, _: int) -> AwaitedValue:
    elements: set[Any] = set()
    number = reader.number_object(elements)
    return reader.open(reader.take_varint(), partial(_fill_set, elements), hashed=True, number=number)


def _fill_set(elements: set[Any], items: list[Any]) -> set[Any]:
    _check_hashes(items)
    elements.update(items)
    return _all_different(elements, items)


def _make_frozenset(items: list[Any]) -> frozenset[Any]:
    _check_hashes(items)
    return _all_different(frozenset(items), items)


def _check_hashes(items: list[Any]) -> None:
    if hashes_collide(items):
        raise rejected(collision())


def _read_frozenset(reader: Reader, _: int) -> AwaitedValue:
    return reader.open(reader.take_varint(), _make_frozenset, hashed=True)


def _all_different(elements: Any, items: list[Any]) -> Any:
    if len(elements) != len(items):
        raise rejected("two elements of a set are equal")
    return elements


def _read_reference(reader: Reader, _: int) -> Any:
    number = reader.take_varint()
    if number >= len(reader.objects) or reader.objects[number] is _UNFINISHED:
        raise rejected("it refers to an object that it does not hold, or not yet")
    value, weight = reader.objects[number], reader.weights[number]
    looked_into = reader.hashed and not hashed_by_identity(type(value))
    if looked_into and weight is None:
        raise rejected(unfinished_key().problem)
    reader.weight -= 1  # a reference weighs what its object weighs
    so_far = reader.weight - reader.starts[number] if weight is None else weight
    counted = min(so_far, tags.MAX_HASHED_WEIGHT + 1)
    reader.weight += counted
    if looked_into:
        reader.hashed_weight += counted
        if reader.hashed_weight > tags.MAX_HASHED_WEIGHT:
            raise rejected(heavy_keys().problem)
    reader.copies.refer(value, number, reader.begun, complete=weight is not None, copied=reader.copied)
    return value


def _read_instance(reader: Reader, tag: int) -> AwaitedValue:
    number = reader.number_object(_UNFINISHED)
    if tag == tags.NEW_INSTANCE:
        converter, names, _ = reader.new_class(fields=True)
    else:
        known = _count(reader, tag, tags.INSTANCE, tags.LOW_INSTANCE)
        converter, names, _ = reader.class_of(known, fields=True)
    names = names or ()
    how = _how_made(reader, converter, fields=True) | {"number": number}
    if not isinstance(converter, FieldsConverter):
        return reader.open(len(names), partial(_decode_fields, converter, names), hashed=reader.hashed, **how)
    instance = reader.objects[number] = converter.create()
    hashed = reader.hashed and not hashed_by_identity(type(instance))
    return reader.open(len(names), partial(_fill_fields, converter, instance, names), hashed=hashed, **how)


def _fill_fields(converter: FieldsConverter, instance: Any, names: tuple[str, ...], items: list[Any]) -> Any:
    converter.fill(instance, dict(zip(names, items, strict=True)))
    return instance


def _decode_fields(converter: Converter, names: tuple[str, ...], items: list[Any]) -> Any:
    return converter.decode(dict(zip(names, items, strict=True)))


def _read_converted(reader: Reader, tag: int) -> AwaitedValue:
    if tag in (tags.NEW_CONVERTED, tags.NEW_VALUE_TYPE):
        entry = reader.new_class(fields=False, is_value=tag == tags.NEW_VALUE_TYPE)
    else:
        entry = reader.class_of(_count(reader, tag, tags.CONVERTED, tags.LOW_CONVERTED), fields=False)
    number = None if entry.is_value else reader.number_object(_UNFINISHED)
    how = _how_made(reader, entry.converter, fields=False) | {"number": number}
    return reader.open(1, lambda items: entry.converter.decode(items[0]), hashed=reader.hashed, **how)


def _how_made(reader: Reader, converter: Converter, *, fields: bool) -> dict[str, Any]:
    """Return from where a value counts one byte, if it does, and whether what it refers to may be copied."""
    one_from = reader.copies.place(reader.begun) if holds(converter, fields=fields) else None
    return {"one_from": one_from, "copied": may_copy(converter, fields=fields)}


def _read_datetime(reader: Reader, tag: int) -> Any:
    micro = tag in (tags.DATETIME + 1, tags.DATETIME_UTC + 1, tags.DATETIME_ZONE + 1)
    days, clock = packing.number_clock(reader.take_unsigned(8 if micro else 5), micro=micro)
    value = datetime.combine(packing.number_date(days), clock)
    if tag in (tags.DATETIME_UTC, tags.DATETIME_UTC + 1):
        return value.replace(tzinfo=UTC)
    if tag in (tags.DATETIME_ZONE, tags.DATETIME_ZONE + 1):
        return reader.open(1, lambda items: value.replace(tzinfo=_zone(items[0])), hashed=reader.hashed)
    return value


def _read_time(reader: Reader, tag: int) -> Any:
    micro = tag in (tags.TIME + 1, tags.TIME_ZONE + 1)
    days, value = packing.number_clock(reader.take_unsigned(5 if micro else 3), micro=micro)
    if days:
        raise rejected("a time is longer than a day")
    if tag in (tags.TIME_ZONE, tags.TIME_ZONE + 1):
        return reader.open(1, lambda items: value.replace(tzinfo=_zone(items[0])), hashed=reader.hashed)
    return value


def _zone(zone: Any) -> tzinfo:
    if not isinstance(zone, tzinfo):
        raise rejected(f"a {type(zone).__qualname__} stands for a time zone")
    return zone


def _read_named_timezone(reader: Reader, _: int) -> AwaitedValue:
    offset = reader.take_varint()
    return reader.open(1, lambda items: packing.timezone_of(offset, *items), hashed=reader.hashed)


def _read_timedelta(reader: Reader, _: int) -> Any:
    return packing.timedelta_of(reader.take_varint(), reader.take_varint(), reader.take_varint())


def _read_uuid(reader: Reader, tag: int) -> UUID:
    data = reader.take(16)
    if tag == tags.UUID:
        return UUID(bytes=data)
    safety = reader.take_byte()
    if safety > 1:
        raise rejected("a UUID was made in no known way")
    return UUID(bytes=data, is_safe=SafeUUID.unsafe if safety else SafeUUID.safe)


_INT_SIZES = {tags.INT8: 1, tags.INT16: 2, tags.INT32: 4, tags.INT64: 8}


def _handlers() -> list[Handler | None]:
    """Return what reads each tag, by its byte."""
    table: dict[int, Handler] = {
        tags.NONE: lambda _reader, _tag: None,
        tags.FALSE: lambda _reader, _tag: False,
        tags.TRUE: lambda _reader, _tag: True,
        tags.BIG_INT: _read_int,
        tags.FLOAT: lambda reader, _tag: struct.unpack("<d", reader.take(8))[0],
        tags.ASCII: _read_string,
        tags.TEXT: _read_string,
        tags.STRING_REFERENCE: lambda reader, _tag: reader.string_of(reader.take_varint()),
        tags.BYTES: lambda reader, _tag: reader.take(reader.take_varint()),
        tags.BYTEARRAY: _read_bytearray,
        tags.LIST: _read_list,
        tags.DICT: _read_dict,
        tags.TUPLE: _read_tuple,
        tags.SET: _read_set,
        tags.FROZENSET: _read_frozenset,
        tags.REFERENCE: _read_reference,
        tags.DATE: lambda reader, _tag: packing.number_date(reader.take_unsigned(3)),
        tags.TIMEDELTA: _read_timedelta,
        tags.UTC: lambda _reader, _tag: UTC,
        tags.TIMEZONE: lambda reader, _tag: packing.timezone_of(reader.take_varint()),
        tags.NAMED_TIMEZONE: _read_named_timezone,
        tags.DECIMAL: lambda reader, _tag: packing.numbers_decimal(reader.take_varint(), reader.take_varint()),
        tags.OTHER_DECIMAL: lambda reader, _tag: packing.text_decimal(reader.take_text("ascii")),
        tags.UUID: _read_uuid,
        tags.UUID_SAFETY: _read_uuid,
        tags.NEW_INSTANCE: _read_instance,
        tags.INSTANCE: _read_instance,
        tags.NEW_CONVERTED: _read_converted,
        tags.CONVERTED: _read_converted,
        tags.NEW_VALUE_TYPE: _read_converted,
    }
    table.update(dict.fromkeys(_INT_SIZES, _read_int))
    for tag in (tags.DATETIME, tags.DATETIME_UTC, tags.DATETIME_ZONE):
        table[tag] = table[tag + 1] = _read_datetime
    for tag in (tags.TIME, tags.TIME_ZONE):
        table[tag] = table[tag + 1] = _read_time
    ranges: list[tuple[int, int, Handler]] = [
        (tags.SMALL_INT, tags.SMALL_INTS, lambda _reader, tag: tag - tags.SMALL_INT),
        (tags.SHORT_ASCII, tags.SHORT_ASCIIS, _read_short_string),
        (
            tags.LOW_STRING_REFERENCE,
            tags.LOW_STRING_REFERENCES,
            lambda reader, tag: reader.string_of(tag - tags.LOW_STRING_REFERENCE),
        ),
        (tags.SHORT_LIST, tags.SHORT_LENGTHS, _read_list),
        (tags.SHORT_DICT, tags.SHORT_LENGTHS, _read_dict),
        (tags.SHORT_TUPLE, tags.SHORT_LENGTHS, _read_tuple),
        (tags.LOW_INSTANCE, tags.LOW_CLASSES, _read_instance),
        (tags.LOW_CONVERTED, tags.LOW_CLASSES, _read_converted),
    ]
    for first, count, handler in ranges:
        table.update(dict.fromkeys(range(first, first + count), handler))
    return [table.get(tag) for tag in range(256)]


READERS = _handlers()
