"""The dates, times and durations of whenever, as the ISO 8601 texts that it writes and reads itself.

A `ZonedDateTime` names its offset beside its zone. Where the rules of the zone have changed meanwhile, it stays the
same moment.
"""

# The library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from typing import Any

from ..registry import ConverterRegistry
from .plain_data import expect

_CLASSES = (
    *("Instant", "OffsetDateTime", "PlainDateTime", "Date", "Time", "YearMonth", "MonthDay"),
    *("TimeDelta", "ItemizedDelta", "ItemizedDateDelta"),
)


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once whenever is imported."""
    registry.when_imported("whenever", _register)


def _register(registry: ConverterRegistry) -> None:
    import whenever  # noqa: PLC0415 - it was imported

    for name in _CLASSES:
        cls = getattr(whenever, name)
        registry.register(cls, tag=f"whenever.{name}", encode=cls.format_iso, decode=_reader(cls))
    registry.register(
        whenever.ZonedDateTime,
        tag="whenever.ZonedDateTime",
        encode=whenever.ZonedDateTime.format_iso,
        decode=_reader(whenever.ZonedDateTime, offset_mismatch="keep_instant"),
    )
    registry.register(whenever.Weekday, tag="whenever.Weekday")


def _reader(cls: Any, **options: Any) -> Any:
    def read(plain: Any) -> Any:
        return cls.parse_iso(expect(str, plain), **options)

    return read
