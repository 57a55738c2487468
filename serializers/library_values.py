"""What the shipped converters keep of values of libraries, for who compares such values.

Their attributes are caches, and their ``==`` may be anything: of arrays it is an array.
"""

from functools import cache
from typing import Any

from .converter import Converter
from .errors import SerializationError
from .registry import ConverterRegistry


def kept_of_library(value: object) -> Any:
    """Return what the shipped converter keeps of a value of a library, whose attributes are caches and whose ``==`` may
    be anything; None for other values, and for one that it does not keep."""
    converter = _shipped_converter(type(value))
    try:
        plain = converter and converter.encode(value)
    except SerializationError:
        return None
    return None if type(plain) is type(value) else plain  # one that lowers to its own class tells nothing


def is_kept_as_text(value: object) -> bool:
    """Return whether the shipped converter makes a text of a value, as of a lazy string."""
    converter, plain = _shipped_converter(type(value)), kept_of_library(value)
    return converter is not None and type(plain) is str and type(converter.decode(plain)) is str


def _shipped_converter(cls: type) -> Converter | None:
    return _SHIPPED.converter_for(cls) if cls.__module__.partition(".")[0] in _libraries() else None


@cache
def _libraries() -> frozenset[str]:
    _SHIPPED.converter_for(object)  # which loads what is installed
    tags = (converter.tag for converter in _SHIPPED.by_class.values() if "." in converter.tag)
    return frozenset(name.partition(".")[0] for name in (*tags, *_SHIPPED.awaited))


_SHIPPED = ConverterRegistry()
