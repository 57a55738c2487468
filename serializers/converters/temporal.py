"""Converters of dates and times, with their fold, and of time zones, with their names.

A value with no zone, or with a plain offset from UTC, is its ISO 8601 text; any other is text, fold and zone.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from datetime import date, datetime, time, timedelta, timezone
from pickle import PicklingError
from typing import Any, cast
from zoneinfo import ZoneInfo

from ..errors import SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

_MICROSECOND = timedelta(microseconds=1)


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(datetime, tag="datetime", encode=write_clock, decode=lambda p: read_clock(datetime, p))
    registry.register(time, tag="time", encode=write_clock, decode=lambda p: read_clock(time, p))
    registry.register(date, tag="date", encode=date.isoformat, decode=lambda p: date.fromisoformat(expect(str, p)))
    registry.register(
        timedelta, tag="timedelta", encode=lambda d: [d.days, d.seconds, d.microseconds], decode=_read_timedelta
    )
    registry.register(timezone, tag="timezone", encode=_write_timezone, decode=_read_timezone)
    registry.register(ZoneInfo, tag="zoneinfo", encode=_write_zone, decode=_read_zone)


def write_clock(value: datetime | time) -> str | list[Any]:
    """Return the plain data of a datetime or time."""
    zone = value.tzinfo
    if not value.fold and (zone is None or (type(zone) is timezone and len(_arguments(zone)) == 1)):
        return value.isoformat()
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, zone]


def read_clock(cls: Any, plain: Any) -> Any:
    """Return a datetime or time of that class, `datetime` or `time` themselves, from its plain data."""
    if type(plain) is str:
        return cls.fromisoformat(plain)
    text, fold, zone = expect_list(plain, 3)
    return cls.fromisoformat(expect(str, text)).replace(tzinfo=zone, fold=expect(int, fold))


def _read_timedelta(plain: Any) -> timedelta:
    days, seconds, microseconds = (expect(int, number) for number in expect_list(plain, 3))
    return timedelta(days, seconds, microseconds)


def _arguments(zone: timezone) -> tuple[Any, ...]:
    """Return the offset, and the name unless it is the one that Python makes; pickle asks the same way."""
    return getattr(zone, "__getinitargs__")()  # noqa: B009 - unknown to the type checker


def _write_timezone(zone: timezone) -> list[Any]:
    offset, *name = _arguments(zone)
    return [offset // _MICROSECOND, *name]


def _read_timezone(plain: Any) -> timezone:
    offset, *name = expect(list, plain)
    return timezone(timedelta(microseconds=expect(int, offset)), *(expect(str, text) for text in name))


def _write_zone(zone: ZoneInfo) -> str | list[str]:
    try:
        _, (key, cached) = cast("tuple[Any, tuple[str, bool]]", zone.__reduce__())
    except PicklingError:
        raise SerializationError("this ZoneInfo was read from a file: use ZoneInfo(key)") from None
    return key if cached else [key]


def _read_zone(plain: Any) -> ZoneInfo:
    if type(plain) is str:
        return ZoneInfo(plain)
    (key,) = expect_list(plain, 1)
    return ZoneInfo.no_cache(expect(str, key))
