"""The time zones of pytz, which are the default of pandas 2: by name, and for a moment in it with the offset.

pytz keeps one object for each offset that a zone has had; that very object comes back.
"""

# The library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false, reportMissingModuleSource=false, reportAttributeAccessIssue=false

from datetime import timedelta
from typing import Any

from ..errors import DeserializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once pytz is imported."""
    registry.when_imported("pytz", _register)


def _register(registry: ConverterRegistry) -> None:
    import pytz  # noqa: PLC0415 - it was imported
    from pytz.tzinfo import DstTzInfo, StaticTzInfo  # noqa: PLC0415

    fixed: Any = type(pytz.FixedOffset(1))

    def reader(cls: Any, make: Any) -> Any:
        def read(plain: Any) -> Any:
            zone = make(plain)
            if not isinstance(zone, cls):
                raise DeserializationError("a zone of another kind")
            return zone

        return read

    def find_offset(plain: Any) -> Any:
        name, offset, summer, abbreviation = expect_list(plain, 4)
        spans = (timedelta(seconds=expect(int, seconds)) for seconds in (offset, summer))
        # Looked up only: pytz itself would add what it lacks to the zone, for good.
        return getattr(pytz.timezone(expect(str, name)), "_tzinfos", {}).get((*spans, expect(str, abbreviation)))

    for cls, encode, make in (  # each zone is a subclass of its own
        (DstTzInfo, _arguments, find_offset),
        (StaticTzInfo, lambda zone: zone.zone, lambda plain: pytz.timezone(expect(str, plain))),
        (type(pytz.utc), lambda _: None, lambda plain: expect(type(None), plain) or pytz.utc),
        (fixed, lambda zone: _arguments(zone)[0], lambda plain: pytz.FixedOffset(expect(int, plain))),
    ):
        tag = f"pytz.{cls.__name__.strip('_')}"
        registry.register(cls, tag=tag, encode=encode, decode=reader(cls, make), subclasses=True)


def _arguments(zone: Any) -> list[Any]:
    return list(zone.__reduce__()[1])
