"""The collections of SQLAlchemy: those of relationships, and those that note changes to a column.

They come back as the same classes, on their own: no object that they were an attribute of is kept with them. Instances
of mapped classes have no converter; keep their primary keys.
"""

# The library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from typing import Any

from ..registry import ConverterRegistry
from .plain_data import expect, expect_pairs, pairs_of, refuse_attributes

_OWNERS = ("_sa_adapter", "_parents")  # the object that a collection belongs to, which is not kept


def register_converters(registry: ConverterRegistry) -> None:
    """Register each kind once SQLAlchemy's module of it is imported."""
    registry.when_imported("sqlalchemy.orm.collections", _register_instrumented)
    registry.when_imported("sqlalchemy.ext.mutable", _register_mutable)


def _register_instrumented(registry: ConverterRegistry) -> None:
    from sqlalchemy.orm.collections import InstrumentedDict, InstrumentedList, InstrumentedSet  # noqa: PLC0415 - it was

    _register(registry, InstrumentedList, InstrumentedDict, InstrumentedSet)


def _register_mutable(registry: ConverterRegistry) -> None:
    from sqlalchemy.ext.mutable import MutableDict, MutableList, MutableSet  # noqa: PLC0415 - it was imported

    _register(registry, MutableList, MutableDict, MutableSet)


def _register(registry: ConverterRegistry, list_class: Any, dict_class: Any, set_class: Any) -> None:
    def read_list(plain: Any) -> Any:
        return list_class(expect(list, plain))

    def read_dict(plain: Any) -> Any:
        return dict_class(expect_pairs(plain))

    def read_set(plain: Any) -> Any:
        return set_class(expect(set, plain))

    registry.register(list_class, tag=f"sqlalchemy.{list_class.__name__}", encode=_write_list, decode=read_list)
    registry.register(dict_class, tag=f"sqlalchemy.{dict_class.__name__}", encode=_write_dict, decode=read_dict)
    registry.register(set_class, tag=f"sqlalchemy.{set_class.__name__}", encode=_write_set, decode=read_set)


def _write_list(value: list[Any]) -> list[Any]:
    refuse_attributes(value, *_OWNERS)
    return list(value)


def _write_set(value: set[Any]) -> set[Any]:
    refuse_attributes(value, *_OWNERS)
    return set(value)


def _write_dict(value: dict[Any, Any]) -> list[Any]:
    refuse_attributes(value, *_OWNERS)
    return pairs_of(value)
