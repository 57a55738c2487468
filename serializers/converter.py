"""What a converter is: one class to plain data and back, under a tag that outlives renames of the class.

Plain data is what every format can carry: None, bool, int, float, str, bytes, list, dict, and any value that has a
converter itself. Invariant: a converter names no format, and a payload names no class, only tags.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,63}")


@dataclass(frozen=True)
class Converter:
    """How the instances of one class become plain data and come back.

    >>> from decimal import Decimal
    >>> money = Converter(Decimal, "shop.money", encode=str, decode=Decimal)
    >>> money.decode(money.encode(Decimal("9.90")))
    Decimal('9.90')
    """

    cls: type
    tag: str
    """Stable name in the payload: up to 64 letters, digits and ``_ . : / -``."""
    encode: Callable[[Any], Any]
    """Takes an instance, returns plain data."""
    decode: Callable[[Any], Any]
    """Takes what `encode` returned, or hostile data of the same kind; raises if it does not fit."""
    subclasses: bool = False
    """Also for instances of subclasses; `decode` then decides what comes back."""

    def __post_init__(self) -> None:
        if not isinstance(self.tag, str) or not TAG.fullmatch(self.tag):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(
                f"{self.tag!r} is no tag for {self.cls.__qualname__}: "
                "use 1 to 64 letters, digits and _ . : / -, such as 'shop.Item'"
            )


@dataclass(frozen=True)
class FieldsConverter(Converter):
    """A converter of a class by its fields: plain data is a dict of field name to value.

    Making an instance has two steps, so that a format with references can close a cycle between them. ``__init__`` is
    not called.
    """

    create: Callable[[], Any] = object
    """Returns an instance without any field."""
    fill: Callable[[Any, Any], None] = lambda instance, state: None  # noqa: ARG005 - replaced by every maker
    """Sets the fields of an instance from a dict; fields that the class lost are passed over, those that it gained get
    their default."""
    copies: bool = False
    """`fill` copies containers that are among the fields, and does not just set them."""
    layout: Any = None
    """Where `encode` finds the fields and `fill` sets them, as `layouts` has found out; None if they are others'. The
    compiled serializer goes by it instead of calling them."""


@dataclass(frozen=True)
class NamedTupleConverter(Converter):
    """A converter of a named tuple by its fields: plain data is a new dict of field name to value, in their order."""

    names: tuple[str, ...] = ()
    """The fields. The compiled serializer goes by them instead of calling `encode`."""
