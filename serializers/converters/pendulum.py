"""The dates, times, durations and time zones of pendulum, which extend those of the standard library.

A `DateTime` keeps its fold and its zone, a `Duration` the units that it was made of: adding 24 hours is not adding a
day.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from datetime import date, datetime, time
from typing import Any

from ..errors import DeserializationError, SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list
from .temporal import read_clock, write_clock

_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds", "microseconds")
_DAY = 24 * 60 * 60


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once pendulum is imported."""
    registry.when_imported("pendulum", _register)


def _register(registry: ConverterRegistry) -> None:
    import pendulum  # noqa: PLC0415 - it was imported

    def read_date(plain: Any) -> Any:
        day = date.fromisoformat(expect(str, plain))
        return pendulum.Date(day.year, day.month, day.day)

    def read_interval(plain: Any) -> Any:
        start, end, absolute = expect_list(plain, 3)
        if not all(isinstance(each, (date, time)) for each in (start, end)):
            raise DeserializationError("an Interval lies between two dates or times")
        return pendulum.Interval(start, end, expect(bool, absolute))

    registry.register(
        pendulum.DateTime,
        tag="pendulum.DateTime",
        encode=lambda value: write_clock(_standard_datetime(value)),
        decode=lambda plain: _datetime(pendulum.DateTime, read_clock(datetime, plain)),
    )
    registry.register(
        pendulum.Time,
        tag="pendulum.Time",
        encode=lambda value: write_clock(_standard_time(value)),
        decode=lambda plain: _time(pendulum.Time, read_clock(time, plain)),
    )
    registry.register(pendulum.Date, tag="pendulum.Date", encode=date.isoformat, decode=read_date)
    registry.register(
        pendulum.Duration,
        tag="pendulum.Duration",
        encode=_write_duration,
        decode=lambda plain: pendulum.Duration(**_amounts(plain)),
    )
    registry.register(
        pendulum.Interval,
        tag="pendulum.Interval",
        encode=lambda value: list(value.__reduce__()[1]),
        decode=read_interval,
    )
    registry.register(
        pendulum.Timezone,
        tag="pendulum.Timezone",
        encode=_write_zone,
        decode=lambda plain: pendulum.Timezone(expect(str, plain)),
    )
    registry.register(
        pendulum.FixedTimezone,
        tag="pendulum.FixedTimezone",
        encode=_write_fixed,
        decode=lambda plain: pendulum.FixedTimezone(*_fixed(plain)),
    )


def _standard_datetime(value: datetime) -> datetime:
    # Not by `replace`: pendulum's moves a time that does not exist in its zone.
    return datetime.combine(date(value.year, value.month, value.day), _standard_time(value))


def _standard_time(value: datetime | time) -> time:
    return time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold)


def _datetime(cls: Any, value: datetime) -> Any:
    return cls(value.year, value.month, value.day, *_clock(value), value.tzinfo, fold=value.fold)


def _time(cls: Any, value: time) -> Any:
    return cls(*_clock(value), value.tzinfo, fold=value.fold)


def _clock(value: datetime | time) -> tuple[int, int, int, int]:
    return value.hour, value.minute, value.second, value.microsecond


def _write_duration(value: Any) -> dict[str, Any]:
    made_of = value._signature  # noqa: SLF001 - the sum of the units, which is public, is another Duration
    return {unit: made_of[unit] for unit in _UNITS if made_of[unit]}


def _amounts(plain: Any) -> dict[str, float]:
    amounts = expect(dict, plain)
    if not all(unit in _UNITS and type(amount) in (int, float) for unit, amount in amounts.items()):
        raise DeserializationError("a Duration is made of numbers of units")
    return amounts


def _write_zone(zone: Any) -> str:
    if getattr(zone, "_file_bytes", None) is not None or zone.key is None:
        raise SerializationError("this Timezone was read from a file: use pendulum.timezone(name)")
    return zone.key


def _write_fixed(zone: Any) -> list[Any]:
    if abs(zone.offset) >= _DAY:
        raise SerializationError(f"this FixedTimezone is {_DAY} seconds or more from UTC: no time can be in it")
    return [zone.offset, zone.name]


def _fixed(plain: Any) -> tuple[int, str]:
    offset, name = expect_list(plain, 2)
    if abs(expect(int, offset)) >= _DAY:  # pendulum makes such a zone all the same
        raise DeserializationError(f"an offset lies within {_DAY} seconds of UTC")
    return offset, expect(str, name)
