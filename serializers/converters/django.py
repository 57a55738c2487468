"""What Django's requests and translations bring into a session: safe strings, lazy strings, query dicts.

A lazy string is kept, and read, as the text that it is at that moment, in the active language.
"""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from typing import Any

from ..errors import SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list, expect_lists_by_key, refuse_attributes


def register_converters(registry: ConverterRegistry) -> None:
    """Register each kind once Django's module of it is imported."""
    registry.when_imported("django.utils.safestring", _register_safe_strings)
    registry.when_imported("django.utils.functional", _register_lazy_strings)
    registry.when_imported("django.utils.datastructures", _register_multi_value_dict)
    registry.when_imported("django.http.request", _register_query_dict)


def _register_safe_strings(registry: ConverterRegistry) -> None:
    from django.utils.safestring import SafeString  # noqa: PLC0415 - it was imported

    registry.register(
        SafeString, tag="django.SafeString", encode=str.__str__, decode=lambda p: SafeString(expect(str, p))
    )


def _register_lazy_strings(registry: ConverterRegistry) -> None:
    from django.utils.functional import Promise  # noqa: PLC0415 - it was imported

    # Each `lazy()` makes a class of its own, all of them Promises.
    registry.register(
        Promise, tag="django.lazystr", encode=_write_lazy, decode=lambda p: expect(str, p), subclasses=True
    )


def _write_lazy(value: Any) -> str:
    try:
        (_function, _arguments, _keywords, *results) = value.__reduce__()[1]
    except (TypeError, ValueError, IndexError, AttributeError):
        results = []
    if not all(isinstance(result, type) for result in results):  # Django's `lazy_number` tells other things of itself
        raise SerializationError("this lazy text needs its number: put str(value % n) into the session")
    if not results or not all(issubclass(result, str) for result in results):
        raise SerializationError("this lazy value is no text: put its value into the session")
    return str.__str__(str(value))  # what is marked as safe becomes plain text too: a translation is made again


def _register_multi_value_dict(registry: ConverterRegistry) -> None:
    from django.utils.datastructures import MultiValueDict  # noqa: PLC0415 - it was imported

    def decode(plain: Any) -> Any:
        return MultiValueDict(expect_lists_by_key(plain))

    registry.register(MultiValueDict, tag="django.MultiValueDict", encode=_write_lists, decode=decode)


def _register_query_dict(registry: ConverterRegistry) -> None:
    from django.http.request import QueryDict  # noqa: PLC0415 - it was imported
    from django.utils.datastructures import MultiValueDict  # noqa: PLC0415 - QueryDict is one

    def encode(value: Any) -> list[Any]:
        return [_write_lists(value, "_encoding", "_mutable"), value.encoding, vars(value)["_mutable"]]

    def decode(plain: Any) -> Any:
        lists, encoding, mutable = expect_list(plain, 3)
        query: Any = QueryDict.__new__(QueryDict)  # its __init__ parses a query, as the settings say
        MultiValueDict.__init__(query, expect_lists_by_key(lists))
        vars(query).update(_encoding=expect(str, encoding), _mutable=expect(bool, mutable))
        return query

    registry.register(QueryDict, tag="django.QueryDict", encode=encode, decode=decode)


def _write_lists(value: Any, *known: str) -> list[Any]:
    refuse_attributes(value, *known)
    return [[key, list(items)] for key, items in value.lists()]
