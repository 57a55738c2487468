"""The time zone of the moments that pydantic has read: an offset from UTC, and no `datetime.timezone`."""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from datetime import timedelta
from typing import Any

from ..registry import ConverterRegistry
from .plain_data import expect


def register_converters(registry: ConverterRegistry) -> None:
    """Register it once pydantic_core is imported, which pydantic does."""
    registry.when_imported("pydantic_core", _register)


def _register(registry: ConverterRegistry) -> None:
    from pydantic_core import TzInfo  # noqa: PLC0415 - it was imported

    def encode(zone: Any) -> int:
        return zone.utcoffset(None) // timedelta(seconds=1)

    registry.register(TzInfo, tag="pydantic_core.TzInfo", encode=encode, decode=lambda p: TzInfo(expect(int, p)))
