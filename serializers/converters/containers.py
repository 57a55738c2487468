"""Converters of the containers of `collections`."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections import OrderedDict, deque
from typing import Any

from ..registry import ConverterRegistry
from .plain_data import expect, expect_list, expect_pairs


def register_converters(registry: ConverterRegistry) -> None:
    """Register them."""
    registry.register(deque, tag="deque", encode=lambda d: [list(d), d.maxlen], decode=_read_deque)
    registry.register(
        OrderedDict,
        tag="OrderedDict",
        encode=lambda d: [[k, v] for k, v in d.items()],
        decode=lambda p: OrderedDict(expect_pairs(p)),
    )


def _read_deque(plain: Any) -> deque[Any]:
    items, maxlen = expect_list(plain, 2)
    return deque(expect(list, items), None if maxlen is None else expect(int, maxlen))
