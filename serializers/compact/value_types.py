"""Which classes are written how: as value types, in a form of the format's own, or hashed by identity."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from uuid import UUID
from zoneinfo import ZoneInfo

from ..converter import Converter

_VALUE_TYPES: frozenset[type] = frozenset(
    {
        *(complex, range, Fraction, ZoneInfo),
        *(PosixPath, PurePosixPath, PureWindowsPath, WindowsPath),
        *(IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network),
    }
)

NATIVE_TAGS: dict[type, str] = {
    datetime: "datetime",
    date: "date",
    time: "time",
    timedelta: "timedelta",
    timezone: "timezone",
    Decimal: "decimal",
    UUID: "uuid",
}
"""Types of the standard library with a form of the format's own, and the tags of their shipped converters.

A converter of another tag is the application's own and goes before that form. Built-in data types (None, bool, int,
float, str, bytes, bytearray, list, tuple, dict, set, frozenset) are never asked about.
"""


def is_value_type(converter: Converter) -> bool:
    """Return whether what a converter writes has no identity: its instances cannot change and are compared by value.

    >>> from collections import deque
    >>> is_value_type(Converter(range, "range", str, eval)), is_value_type(Converter(deque, "deque", list, deque))
    (True, False)
    """
    cls = converter.cls
    named_tuple = issubclass(cls, tuple) and not cls.__dictoffset__
    return cls in _VALUE_TYPES or issubclass(cls, Enum) or named_tuple


def is_native(cls: type, converter: Converter | None) -> bool:
    """Return whether a class is written in the format's own form, given its converter in the registry.

    >>> is_native(date, None), is_native(date, Converter(date, "my.date", str, str)), is_native(range, None)
    (True, False, False)
    """
    tag = NATIVE_TAGS.get(cls)
    return tag is not None and (converter is None or converter.tag == tag)


def hashed_by_identity(cls: type) -> bool:
    """Return whether hashing an instance looks at nothing inside it."""
    return cls.__hash__ is object.__hash__
