"""What compact keeps: shared objects, cycles, references within keys, classes in any number."""

from collections import OrderedDict, deque
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from compact_samples import Color, Item, Node, Pair, Size, Tags, compact, registry, round_trip
from hypothesis import given, settings

from memcached_sessions.serializers import (
    get_serializer,
)
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.sample_classes import sample_registry
from memcached_sessions.serializers.testing.strategies import graphs

pytestmark = pytest.mark.usefixtures("implementation")


def test_one_object_stays_one_and_two_stay_two() -> None:
    shared: list[object] = [[], {}, set[int](), bytearray(b"a"), Item("a"), Pair(1), Node("n"), deque[int](), Tags()]
    round_trip([*shared, {"again": [*shared]}, Item("a"), Pair(1), bytearray(b"a")])


def test_cycles_close_through_every_kind_of_object() -> None:
    items: list[Any] = []
    mapping: dict[str, Any] = {"items": items}
    node, item = Node("n"), Item("a")
    node.links = {"node": node, "m": Node("m")}
    item.price = {node: item}
    items += [items, mapping, node, item, deque([items]), (items, Size(3)), OrderedDict(a=items), Tags([items])]
    round_trip(items)
    round_trip(mapping)
    round_trip(node)
    round_trip(item)


def test_a_tree_of_sets_with_parents_closes() -> None:
    def grow(parent: Node, levels: int) -> Node:
        parent.links = (parent.name, {grow(Node(f"{parent.name}.{n}"), levels - 1) for n in range(3) if levels})
        for child in parent.links[1]:
            child.links = (parent, *child.links)
        return parent

    def opened(node: Node, parent: Node | None) -> Any:
        *parents, name, children = node.links
        assert parents == ([] if parent is None else [parent])
        return node.name, name, sorted(opened(child, node) for child in children)

    root = grow(Node("root"), 3)
    payload = compact().dumps(root)
    loaded: Any = compact().loads(payload)
    assert opened(loaded, None) == opened(root, None)
    assert compact().dumps(loaded) == payload


def test_a_set_holds_the_object_that_holds_it() -> None:
    node = Node("n")
    node.links = {node, 1}
    loaded: Any = compact().loads(compact().dumps([node, {node}]))
    assert loaded[0].links == {loaded[0], 1}
    assert loaded[1] == {loaded[0]}


def test_references_within_keys_are_kept() -> None:
    pair = Pair(1, "x")
    round_trip([pair, {pair: 1, (pair, 2): 2, frozenset({pair, Pair(2)}): 3}, {pair, Pair(pair)}])


def test_values_written_twice_without_identity_do_not_shift_the_numbers() -> None:
    """Value types get no number: an Enum, a named tuple and a path between shared lists must leave those alone."""
    shared = [1]
    round_trip([Color.RED, Size(1), Path("a"), shared, Color.RED, Size(1), Path("a"), shared, range(3), shared])


def test_more_classes_than_fit_one_byte() -> None:
    made = registry()
    classes = [type(f"Class{n}", (), {}) for n in range(20)]
    for cls in classes:
        made.register(cls, tag=cls.__name__)
    made.register(Fraction, tag="my.fraction", encode=str, decode=Fraction)
    serializer = get_serializer("compact", made)
    values = [*(cls() for cls in classes), *(cls() for cls in classes), Fraction(1, 3), Fraction(2, 3), Fraction(1, 3)]
    loaded: Any = serializer.loads(serializer.dumps(values))
    assert [type(value) for value in loaded] == [type(value) for value in values]
    assert loaded[-3:] == values[-3:]


@pytest.mark.parametrize("replaced", [date, timedelta, Decimal, UUID])
def test_a_converter_of_the_application_goes_before_the_native_form(replaced: Any) -> None:
    made = registry()
    made.register(replaced, tag="my.own", encode=lambda value: "mine", decode=lambda plain: plain)  # noqa: ARG005
    serializer = get_serializer("compact", made)
    value = {date: date.min, timedelta: timedelta(1), Decimal: Decimal(1), UUID: UUID(int=1)}[replaced]
    assert serializer.loads(serializer.dumps([value])) == ["mine"]
    assert serializer.loads(get_serializer("compact").dumps([value])) == [value]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(graphs())
def test_random_graphs_keep_who_shares_what(objects: list[Any]) -> None:
    serializer = get_serializer("compact", sample_registry())
    payload = serializer.dumps(objects)
    loaded = serializer.loads(payload)
    changed = difference(objects, loaded, identity=True)
    assert changed is None, str(changed)
    assert serializer.dumps(loaded) == payload
