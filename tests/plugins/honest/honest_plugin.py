"""A serializer, a converter and a workload, found by their entry points alone.

`LiteralSerializer` writes plain data as a Python literal and reads it with `ast.literal_eval`. Invariant: what it
reads is what it would write, byte for byte; everything else is refused.
"""

import ast
from dataclasses import dataclass
from math import isfinite
from threading import Lock

from memcached_sessions.bench.workload import Workload
from memcached_sessions.serializers import (
    Capabilities,
    ConverterRegistry,
    DeserializationError,
    SerializationError,
)

MAX_BYTES = 128 * 1024
"""The parser makes some 300 bytes of syntax tree out of one byte of payload."""
MAX_DEPTH = 64
PARSER = Lock()
"""CPython 3.11's parser of literals counts its depth for all threads together, and fails when two use it at once."""


class LiteralSerializer:
    """Python literals in UTF-8: None, bool, int, float, str, bytes, list, tuple and dict.

    >>> literal = LiteralSerializer()
    >>> literal.dumps({"seats": (3, 4), 7: None})
    b"{'seats':(3,4,),7:None,}"
    """

    name = "literal"
    capabilities = Capabilities(tuples=True, non_str_keys=True, big_ints=True, safe=True)

    def __init__(self, *, registry: ConverterRegistry | None = None) -> None:
        """Take the registry as every factory does; no converter is ever asked, so it is not kept."""

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value."""
        parts: list[str] = []
        _write(value, "", (), parts)
        data = "".join(parts).encode()
        if len(data) > MAX_BYTES:
            raise _too_large("")
        return data

    def loads(self, data: bytes, /) -> object:
        """Return the value of a payload."""
        if len(data) > MAX_BYTES:
            raise DeserializationError(f"{len(data)} bytes are more than literal writes")
        try:
            with PARSER:
                value = ast.literal_eval(data.decode())
            if self.dumps(value) == data:
                return value
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise DeserializationError(f"no literal of plain data: {type(error).__name__}") from error
        raise DeserializationError("a literal that this serializer would have written otherwise")


def _write(value: object, path: str, above: tuple[object, ...], parts: list[str]) -> None:
    """Add the text of a value to the parts; `above` holds the containers that it is in."""
    if any(value is container for container in above):
        raise SerializationError("literal keeps no cycle: store an id instead of the object above", path=path)
    if len(above) > MAX_DEPTH:
        raise SerializationError(f"literal keeps {MAX_DEPTH} levels at most: flatten it", path=path)
    if len(parts) > MAX_BYTES:  # a list that is shared over and over doubles at every level
        raise _too_large(path)
    if value is None or type(value) in (bool, str, bytes):
        parts.append(repr(value))
    elif type(value) is int:
        parts.append(repr(value) if value.bit_length() < 64 else hex(value))  # hexadecimal has no limit on digits
    elif type(value) is float and isfinite(value):
        parts.append(repr(value))
    elif type(value) is list or type(value) is tuple:
        parts.append("[" if type(value) is list else "(")
        for index, element in enumerate(value):
            _write(element, f"{path}[{index}]", (*above, value), parts)
            parts.append(",")
        parts.append("]" if type(value) is list else ")")
    elif type(value) is dict:
        parts.append("{")
        for key, element in value.items():
            below = f"{path}.{key}".lstrip(".") if type(key) is str else f"{path}[{key!r}]"
            _write(key, below, (*above, value), parts)
            parts.append(":")
            _write(element, below, (*above, value), parts)
            parts.append(",")
        parts.append("}")
    else:
        raise SerializationError(f"literal keeps no such {type(value).__qualname__}: store plain data", path=path)


def _too_large(path: str) -> SerializationError:
    return SerializationError(f"literal keeps {MAX_BYTES} bytes at most: store less", path=path)


@dataclass(frozen=True)
class Money:
    """An amount in the smallest unit of a currency."""

    cents: int
    currency: str


def register_converters(registry: ConverterRegistry) -> None:
    """Let every format keep `Money`."""
    registry.register(Money, tag="honest.Money")


TRAIL = Workload(
    name="trail",
    description="the pages of a visit with the seconds spent on each, as tuples",
    seed=None,
    build=lambda: {"trail": [("/", 3.5), ("/mugs", 12.25), ("/mugs/7", 41.0)]},
)
