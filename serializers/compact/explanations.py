"""Why `compact` refuses a value or a payload, and where in the value the reason is.

Invariant: the implementations raise the same errors, since what they raise without a path gets it here.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

from ..collisions import CollidingHashesError, hashes_collide
from ..converter import Converter, FieldsConverter
from ..errors import DeserializationError, SerializationError
from ..lowering import TooLargeError
from ..paths import Place, check_text, walk
from ..registry import ConverterRegistry
from .copies import may_copy
from .refusals import CopiedError, TooDeepError, UnfinishedError
from .tags import MAX_DEPTH
from .value_types import is_native
from .value_writers import BUILT_IN

_BUILT_IN = frozenset({dict, list, tuple, set, frozenset})
_HASHED = frozenset({dict, OrderedDict, set, frozenset})
_LEVELS: dict[type, int] = {**dict.fromkeys(_BUILT_IN, 1), deque: 3, OrderedDict: 3}


def unwritable(value: object, error: Exception, registry: ConverterRegistry) -> SerializationError:
    """Return the error of a value that could not be written, with the place in it."""
    if isinstance(error, TooLargeError):
        return error
    met = False
    try:
        for place in walk(value, registry, once=True):
            check_text(place, "compact")
            if isinstance(error, TooDeepError) and _is_too_deep(place, registry):
                return TooDeepError(path=str(place))
            if isinstance(error, UnfinishedError) and _is_unfinished(place, registry):
                return UnfinishedError(path=str(place))
            if isinstance(error, CollidingHashesError) and _collides(place.value):
                return CollidingHashesError(place.value, path=str(place))
            if isinstance(error, CopiedError):
                whole = _is_given(place.value, error.value, registry)
                if met and (whole or (_is_same(place.value, error.value) and _is_given_on(place, registry))):
                    return CopiedError(error.limit, error.value, path=str(place))
                met = met or whole or _is_same(place.value, error.value)
    except SerializationError as found:
        return found
    if isinstance(error, SerializationError):
        return error
    return SerializationError(f"compact cannot write this value: {type(error).__name__}: {error}")


def unreadable(error: Exception) -> DeserializationError:
    """Return the error of bytes that could not be read."""
    if isinstance(error, DeserializationError):
        return DeserializationError(f"not a compact payload: {error.problem}", path=error.path)
    return DeserializationError(f"not a compact payload: {type(error).__name__}: {error}")


def refused_unread(data: object, max_size: int) -> DeserializationError:
    """Return the error of what is no bytes, or too many."""
    if not isinstance(data, bytes):
        return DeserializationError(f"compact reads bytes, not {type(data).__name__}")
    return DeserializationError(f"{bytes.__len__(data)} bytes of compact, over max_size={max_size}")


def _collides(value: Any) -> bool:
    return type(value) in _HASHED and hashes_collide(value)


def _is_too_deep(place: Place, registry: ConverterRegistry) -> bool:
    if place.depth < MAX_DEPTH:  # never less than the levels of this format
        return False
    around = list(place.line())[1:]
    return sum(_levels(outer.value, registry) for outer in around) >= MAX_DEPTH


def _levels(value: Any, registry: ConverterRegistry) -> int:
    """Return how many levels deeper than a value the places in it are."""
    if type(value) in _LEVELS:
        return _LEVELS[type(value)]
    converter = registry.converter_for(type(value))
    if converter is None or isinstance(converter, FieldsConverter):
        return 1
    return 2 if type(converter.encode(value)) in (dict, list) else 1


def _is_unfinished(place: Place, registry: ConverterRegistry) -> bool:
    """Return whether a place holds a value again that is around it and made by a converter."""
    converter = registry.converter_for(type(place.value))
    if type(place.value) in _BUILT_IN or converter is None or isinstance(converter, FieldsConverter):
        return False
    return any(outer.value is place.value for outer in place.line() if outer is not place)


def _is_same(value: object, referred: object) -> bool:
    """Return whether the second time a value is met it is written as a reference to what was referred to."""
    return value is referred or (type(value) is str and value == referred)


def _is_given(value: object, referred: object, registry: ConverterRegistry) -> bool:
    """Return whether a converter makes a value of the very list or dict that was referred to; it is no place."""
    converter = _converter_of(value, registry)
    return converter is not None and type(referred) in (dict, list) and converter.encode(value) is referred


def _is_given_on(place: Place, registry: ConverterRegistry) -> bool:
    """Return whether a converter that may copy what references stand for is given this place when it is read."""
    for outer in list(place.line())[1:]:
        converter = _converter_of(outer.value, registry)
        if converter:
            return may_copy(converter, fields=isinstance(converter, FieldsConverter))
    return False


def _converter_of(value: object, registry: ConverterRegistry) -> Converter | None:
    """Return what makes a value plain, unless the format does itself."""
    cls = type(value)
    converter = None if cls in BUILT_IN else registry.converter_for(cls)
    return None if is_native(cls, converter) else converter
