"""The dates, times and durations of whenever, as the ISO 8601 texts that it writes and reads itself.

A `ZonedDateTime` is a moment and the name of a zone: where the rules of the zone have changed meanwhile, it stays the
same moment.
"""

# The library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from operator import attrgetter
from typing import Any

from ..errors import SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list

_CLASSES = (
    *("Instant", "OffsetDateTime", "PlainDateTime", "Date", "Time", "YearMonth", "MonthDay", "TimeDelta"),
    *("ItemizedDelta", "ItemizedDateDelta", "IsoWeekDate"),  # since 0.10, and since 0.11
    *("DateDelta", "DateTimeDelta"),  # before 0.11
)


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once whenever is imported."""
    registry.when_imported("whenever", _register)


def _register(registry: ConverterRegistry) -> None:
    import whenever  # noqa: PLC0415 - it was imported

    def read_zoned(plain: Any) -> Any:
        moment, zone = expect_list(plain, 2)
        return whenever.Instant.parse_iso(expect(str, moment)).to_tz(expect(str, zone))

    zone_of = attrgetter("tz_id" if hasattr(whenever.ZonedDateTime, "tz_id") else "tz")  # tz: before 0.11

    def write_zoned(value: Any) -> list[str]:
        if zone_of(value) is None:
            raise SerializationError("the zone of this ZonedDateTime has no name: use value.to_tz(name)")
        return [value.to_instant().format_iso(), zone_of(value)]

    for name in _CLASSES:
        cls: Any = getattr(whenever, name, None)  # it makes them at the first look: they are not in its `vars` before
        if cls is not None:
            registry.register(cls, tag=f"whenever.{name}", encode=cls.format_iso, decode=_reader(cls))
    registry.register(whenever.ZonedDateTime, tag="whenever.ZonedDateTime", encode=write_zoned, decode=read_zoned)
    registry.register(whenever.Weekday, tag="whenever.Weekday")


def _reader(cls: Any) -> Any:
    def read(plain: Any) -> Any:
        return cls.parse_iso(expect(str, plain))

    return read
