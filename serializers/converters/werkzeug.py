"""The dicts of Werkzeug that requests bring: several values a key, and what cannot be changed."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false

from typing import Any

from ..registry import ConverterRegistry
from .plain_data import expect_lists_by_key, expect_pairs, pairs_of, refuse_attributes

_HASH = "_hash_cache"


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once Werkzeug's module of them is imported."""
    registry.when_imported("werkzeug.datastructures", _register)


def _register(registry: ConverterRegistry) -> None:
    from werkzeug.datastructures import ImmutableDict, ImmutableMultiDict, MultiDict  # noqa: PLC0415 - it was imported

    for cls in (MultiDict, ImmutableMultiDict):
        registry.register(cls, tag=f"werkzeug.{cls.__name__}", encode=_write_lists, decode=_reader(cls))
    registry.register(
        ImmutableDict,
        tag="werkzeug.ImmutableDict",
        encode=_write_items,
        decode=lambda plain: ImmutableDict(expect_pairs(plain)),
    )


def _write_items(value: Any) -> list[Any]:
    refuse_attributes(value, _HASH)
    return pairs_of(value)


def _write_lists(value: Any) -> list[Any]:
    refuse_attributes(value, _HASH)
    return [[key, list(items)] for key, items in dict.items(value)]


def _reader(cls: Any) -> Any:
    def read(plain: Any) -> Any:
        value = cls()
        for key, items in expect_lists_by_key(plain):
            dict.__setitem__(value, key, items)  # past the methods of one that cannot be changed
        return value

    return read
