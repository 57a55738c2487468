"""Converters of the containers of `collections`."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections import OrderedDict, deque
from typing import Any

from ..collisions import CollidingHashesError, hashes_collide
from ..errors import SerializationError
from ..registry import ConverterRegistry
from .plain_data import expect, expect_list, expect_pairs, pairs_of


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(deque, tag="deque", encode=lambda d: [list(d), d.maxlen], decode=_read_deque)
    registry.register(
        OrderedDict, tag="OrderedDict", encode=_write_ordered, decode=lambda p: OrderedDict(expect_pairs(p))
    )


def _write_ordered(value: OrderedDict[Any, Any]) -> list[Any]:
    if hashes_collide(value):
        raise CollidingHashesError(value)
    if vars(value):
        raise SerializationError(f"this OrderedDict has an attribute {next(iter(vars(value)))!r}, which would be lost")
    return pairs_of(value)


def _read_deque(plain: Any) -> deque[Any]:
    items, maxlen = expect_list(plain, 2)
    return deque(expect(list, items), None if maxlen is None else expect(int, maxlen))
