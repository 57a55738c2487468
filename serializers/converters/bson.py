"""`bson.ObjectId`, the primary keys of MongoDB."""

from ..registry import ConverterRegistry
from .plain_data import expect


def register_converters(registry: ConverterRegistry) -> None:
    """Register it once bson is imported."""
    registry.when_imported("bson.objectid", _register)


def _register(registry: ConverterRegistry) -> None:
    from bson.objectid import ObjectId  # noqa: PLC0415 - it was imported

    registry.register(
        ObjectId, tag="bson.ObjectId", encode=lambda value: value.binary, decode=lambda p: ObjectId(expect(bytes, p))
    )
