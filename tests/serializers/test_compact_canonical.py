"""Canonical bytes: nothing but the graph shows in them."""

from decimal import Decimal, localcontext
from typing import Any

import pytest
from compact_samples import Color, Item, Node, Pair, compact

pytestmark = pytest.mark.usefixtures("implementation")


def test_references_from_outside_and_interning_do_not_show() -> None:
    def graph() -> list[Any]:
        name = "name!"[:-1]  # equal to the literal, and not the same object
        item = Item(name, Decimal("1.50"))
        return [item, {name: item, "name": 1}, (1.5, name), {name, "x"}]

    value = graph()
    held = [*value, *value[1], *value[2], *vars(value[0]).values()]
    assert compact().dumps(value) == compact().dumps(graph())
    assert held


def test_the_history_of_a_set_does_not_show() -> None:
    elements: list[Any] = [*range(50), "a", "b", None, (1, frozenset({"x", "y"})), Pair(1), Pair(2, Pair(1)), Color.RED]
    grown: set[Any] = set(range(1000, 3000)).union(elements[::-1])
    grown -= set(range(1000, 3000))
    assert compact().dumps(grown) == compact().dumps(set(elements))


def test_equal_elements_come_in_the_order_of_their_numbers() -> None:
    twins = [Node("same") for _ in range(20)]
    payload = compact().dumps([*twins, set(twins)])
    assert payload.hex().endswith("b114" + "".join(f"b3{number:02x}" for number in range(1, 21)))


def test_the_decimal_context_does_not_show() -> None:
    with localcontext() as context:
        context.capitals, context.prec = 0, 2
        value = [Decimal("1E+5000"), Decimal("123456789.123456789"), Decimal("1." + "1" * 40)]
        payload = compact().dumps(value)
        assert compact().loads(payload) == value
    assert compact().dumps(value) == payload
