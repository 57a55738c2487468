"""Values of attributes as text that reads like JSON, for people.

Invariants: the text is printable and no longer than was asked for, and so is the work, however often objects are shared
or contain themselves; no code of a value's class runs: objects are shown through their converters, or by class alone.
"""

from collections.abc import Generator, Iterable
from itertools import chain
from typing import Any, cast

from ...serializers import DEFAULT
from ..escaping import quoted, shown

_DEEPEST = 40
_LARGEST_INT = 4096  # bits; Python refuses to write much larger ones, which take long
_CUT = "..."

Tokens = Generator[str]


def value_text(value: object, limit: int) -> str:
    """Return a value as text, with ``...`` where something is left out.

    Parameters
    ----------
    limit
        The most characters, at least 3.

    >>> from decimal import Decimal
    >>> print(value_text({"user": "Ada", "ids": (1, 2), "paid": True, "sum": Decimal("9.90")}, 100))
    {"user": "Ada", "ids": (1, 2), "paid": true, "sum": Decimal("9.90")}
    >>> print(value_text(list(range(100)), 12))
    [0, 1, 2,...
    """
    pieces: list[str] = []
    length = 0
    for piece in _tokens(value, (), limit):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            return "".join(pieces)[: limit - len(_CUT)] + _CUT
    return "".join(pieces)


def type_text(value: object) -> str:
    """Return the name of a value's class, with its module unless it is built in.

    >>> from decimal import Decimal
    >>> type_text({}), type_text(Decimal(1))
    ('dict', 'decimal.Decimal')
    """
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _tokens(value: Any, above: tuple[int, ...], limit: int) -> Tokens:
    cls = cast("type[object]", type(value))
    if cls is str:
        # As much as the limit, and its quotes: that is over it already, and is cut.
        yield quoted(value[:limit])
    elif cls in (bytes, bytearray):
        yield repr(bytes(value[:limit]))
    elif value is None or cls is bool:
        yield {None: "null", True: "true", False: "false"}[value]
    elif cls is float:
        yield repr(value)
    elif cls is int:
        yield str(value) if value.bit_length() <= _LARGEST_INT else f"<int of {value.bit_length()} bits>"
    elif id(value) in above or len(above) > _DEEPEST:
        yield _CUT
    else:
        yield from _container(value, (*above, id(value)), limit)


def _container(value: Any, above: tuple[int, ...], limit: int) -> Tokens:
    cls = cast("type[object]", type(value))
    if cls is dict:
        yield "{"
        for number, (key, item) in enumerate(cast("dict[Any, Any]", value).items()):
            yield ", " if number else ""
            yield from chain(_tokens(key, above, limit), (": ",), _tokens(item, above, limit))
        yield "}"
    elif cls is list:
        yield from _sequence("[", value, "]", above, limit)
    elif cls is tuple:
        yield from _sequence("(", value, ",)" if len(value) == 1 else ")", above, limit)
    elif cls is set and value:
        yield from _sequence("{", value, "}", above, limit)
    elif cls is frozenset and value:
        yield from _sequence("frozenset({", value, "})", above, limit)
    elif cls in (set, frozenset):
        yield f"{cls.__name__}()"
    else:
        yield from _object(value, above, limit)


def _sequence(begin: str, items: Iterable[Any], end: str, above: tuple[int, ...], limit: int) -> Tokens:
    yield begin
    for number, item in enumerate(items):
        yield ", " if number else ""
        yield from _tokens(item, above, limit)
    yield end


def _object(value: object, above: tuple[int, ...], limit: int) -> Tokens:
    try:
        _, plain = DEFAULT.lower(value)
    except Exception:  # noqa: BLE001 - a converter is the application's, and may fail in any way on damaged values
        yield f"<{shown(type_text(value))}>"
        return
    yield f"{shown(type(value).__qualname__)}("
    yield from _tokens(plain, above, limit)
    yield ")"
