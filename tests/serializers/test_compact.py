"""The compact format: each row of its table, what it keeps, and what it refuses, by every implementation that is here.

What it has in common with other serializers is tested by the conformance suite.
"""

import subprocess
import sys
from bisect import bisect
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, localcontext
from enum import Enum
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, SafeUUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    Serializer,
    available_serializers,
    get_serializer,
)
from memcached_sessions.serializers.compact import serializer as compact_module
from memcached_sessions.serializers.compact.packing import varint
from memcached_sessions.serializers.compact.tags import MAX_DEPTH, MAX_NESTED_SETS
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.sample_classes import VERSIONS, sample_registry
from memcached_sessions.serializers.testing.strategies import graphs

CET = timezone(timedelta(hours=1), "CET")
BERLIN = ZoneInfo("Europe/Berlin")
GOLDEN = Path(__file__).parent / "golden"


@dataclass
class Item:
    sku: str
    price: object = None


@dataclass(frozen=True)
class Pair:
    left: object
    right: object = 0


class Size(NamedTuple):
    width: int
    height: int = 1


class Color(Enum):
    RED = "red"
    BLUE = 2


class Node:
    """Hashed by identity."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.links: Any = None


class Tags(list[Any]):
    pass


def implementations() -> list[str]:
    """Return those that can be had in this environment."""
    try:
        import_module("memcached_sessions.serializers.compact._compact")
    except ImportError:
        return ["python"]
    return ["python", "portable", "compiled"]


@pytest.fixture(params=implementations(), autouse=True)
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The implementation that does the work."""
    monkeypatch.setenv("MEMCACHED_SESSIONS_COMPACT", request.param)
    return request.param


def registry() -> ConverterRegistry:
    made = ConverterRegistry()
    for cls in (Item, Pair, Size, Color, Node):
        made.register(cls, tag=cls.__name__)
    made.register(Tags, tag="Tags", encode=list, decode=Tags)
    return made


def compact(**options: Any) -> Serializer:
    return get_serializer("compact", registry(), **options)


def round_trip(value: Any) -> Any:
    """Return what comes back, which must be the same graph and give the same bytes."""
    serializer = compact()
    payload = serializer.dumps(value)
    loaded = serializer.loads(payload)
    changed = difference(value, loaded, identity=True)
    assert changed is None, str(changed)
    assert serializer.dumps(loaded) == payload
    return loaded


def nested(levels: int, make: Callable[[Any], Any] = lambda inner: [inner], innermost: object = 0) -> Any:
    value: Any = innermost
    for _ in range(levels):
        value = make(value)
    return value


# The table of FORMAT.md: each row, and each edge between two rows.

TABLE: list[tuple[object, str]] = [
    (0, "00"),
    (31, "1f"),
    (32, "a3 20"),
    (-1, "a3 ff"),
    (127, "a3 7f"),
    (-128, "a3 80"),
    (128, "a4 80 00"),
    (-32768, "a4 00 80"),
    (32768, "a5 00 80 00 00"),
    (-(2**31), "a5 00 00 00 80"),
    (2**31, "a6 00 00 00 80 00 00 00 00"),
    (-(2**63), "a6 00 00 00 00 00 00 00 80"),
    (2**63, "a7 09 00 00 00 00 00 00 00 80 00"),
    (-(2**63) - 1, "a7 09 ff ff ff ff ff ff ff 7f ff"),
    (-(2**71), "a7 09 00 00 00 00 00 00 00 00 80"),
    ("", "20"),
    ("a", "21 61"),
    ("a" * 31, "3f" + "61" * 31),
    ("a" * 32, "a9 20" + "61" * 32),
    ("ä", "aa 02 c3 a4"),
    (["a", "a"], "62 21 61 21 61"),
    (["ab", "ab"], "62 22 61 62 40"),
    (["ä", "ä"], "62 aa 02 c3 a4 40"),
    (["a" * 255] * 2, "62 a9 ff 01" + "61" * 255 + "40"),
    (["a" * 256] * 2, "62" + 2 * ("a9 80 02" + "61" * 256)),
    (
        [*(f"k{n:02}" for n in range(33)), "k31", "k32"],
        "ae 23" + "".join("23" + f"k{n:02}".encode().hex() for n in range(33)) + "5f ab 20",
    ),
    ([], "60"),
    ([0] * 7, "67" + "00" * 7),
    ([0] * 8, "ae 08" + "00" * 8),
    ({}, "68"),
    ({1: 2}, "69 01 02"),
    ({n: n for n in range(8)}, "af 08" + "".join(f"{n:02x}{n:02x}" for n in range(8))),
    ((), "70"),
    ((0,) * 7, "77" + "00" * 7),
    ((0,) * 8, "b0 08" + "00" * 8),
    (None, "a0"),
    (False, "a1"),
    (True, "a2"),
    (1.5, "a8 00 00 00 00 00 00 f8 3f"),
    (-float("nan"), "a8 00 00 00 00 00 00 f8 7f"),
    (b"\x00\xff", "ac 02 00 ff"),
    (bytearray(b"a"), "ad 01 61"),
    (set(), "b1 00"),
    ({2, 1, "a", 32}, "b1 04 01 02 21 61 a3 20"),
    (frozenset({(1,), 300}), "b2 02 71 01 a4 2c 01"),
    ({frozenset({2, 3}), frozenset({1, 3})}, "b1 02 b2 02 01 03 b2 02 02 03"),
    (Item("a", 1), "b4 04 4974656d 02 03 736b75 05 7072696365 21 61 01"),
    ([Item("a"), Item("b")], "62 b4 04 4974656d 02 03 736b75 05 7072696365 21 61 a0 80 21 62 a0"),
    (Color.RED, "cb 05 436f6c6f72 23 726564"),
    ([Color.BLUE, Color.BLUE, []], "63 cb 05 436f6c6f72 02 90 02 60"),
    (Size(3, 4), "cb 04 53697a65 6a 25 7769647468 03 26 686569676874 04"),
    (Tags([1]), "b6 04 54616773 61 01"),
    ([Tags(), Tags()], "62 b6 04 54616773 60 90 60"),
    (deque([1]), "b6 05 6465717565 62 61 01 a0"),
    (Fraction(1, 3), "cb 08 6672616374696f6e 62 01 03"),
    (range(3), "cb 05 72616e6765 63 00 03 01"),
    (BERLIN, "cb 08 7a6f6e65696e666f 2d" + b"Europe/Berlin".hex()),
    (datetime(2026, 1, 2, 3, 4, 5), "b8 4a 11 98 52 1e"),
    (datetime(2026, 1, 2, 3, 4, 5, 6, fold=1), "b9 8d 66 cf dd c8 af ce 01"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "ba 4a 11 98 52 1e"),
    (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "bb 8c 66 cf dd c8 af ce 01"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=CET), "bc 4a 11 98 52 1e c6 80 90 9d e9 1a 23 43 45 54"),
    (
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=BERLIN),
        "bd 8c 66 cf dd c8 af ce 01 cb 08 7a6f6e65696e666f 2d" + b"Europe/Berlin".hex(),
    ),
    (datetime.min, "b8 00 dc d4 03 00"),
    (datetime.max, "b9 fe ff ef 07 bf bd eb 08"),
    (date.min, "be 74 01 00"),
    (date.max, "be 3f c3 38"),
    (time(0, 0, 1), "bf 02 00 00"),
    (time(0, 0, 1, fold=1), "bf 03 00 00"),
    (time(0, 0, 0, 1), "c0 02 00 00 00 00"),
    (time.max, "c0 fe bf ae 3b 28"),
    (time(0, 0, 1, tzinfo=UTC), "c1 02 00 00 c4"),
    (time(0, 0, 0, 1, tzinfo=UTC), "c2 02 00 00 00 00 c4"),
    (timedelta(-1, 300, 5), "c3 01 ac 02 05"),
    (UTC, "c4"),
    (timezone(timedelta(seconds=-1)), "c5 ff 88 7a"),
    (timezone(timedelta(0), "Z"), "c6 00 21 5a"),
    (Decimal("9.90"), "c7 06 de 07"),
    (Decimal("-0"), "c7 01 00"),
    (Decimal("1E+1000"), "c7 a0 1f 01"),
    (Decimal("1E+1001"), "c8 07" + b"1E+1001".hex()),
    (Decimal("9" * 18), "c7 00 ff ff 8f bb ba d6 ad f0 0d"),
    (Decimal("1" + "0" * 18), "c8 13 31" + "30" * 18),
    (Decimal("-sNaN12"), "c8 07" + b"-sNaN12".hex()),
    (UUID(int=1), "c9" + "00" * 15 + "01"),
    (UUID(int=1, is_safe=SafeUUID.safe), "ca" + "00" * 15 + "01 00"),
    (UUID(int=1, is_safe=SafeUUID.unsafe), "ca" + "00" * 15 + "01 01"),
]


@pytest.mark.parametrize(("value", "expected"), TABLE, ids=[expected[:40] for _, expected in TABLE])
def test_each_row_of_the_format(value: object, expected: str) -> None:
    payload = compact().dumps(value)
    assert payload.hex(" ") == bytes.fromhex("01" + expected).hex(" ")
    changed = difference(value, compact().loads(payload), identity=True)
    assert changed is None, str(changed)


# What it keeps


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


# Rolling deploys


@pytest.mark.parametrize("as_key", [False, True])
def test_two_versions_of_a_class_read_each_other(*, as_key: bool) -> None:
    """Version 2 gained a field with a default, lost one, and has another order."""
    first = VERSIONS["dataclass"]({"sku": ..., "count": ..., "color": "red"})
    second = VERSIONS["dataclass"]({"count": ..., "sku": ..., "stock": 5})
    serializers: list[Serializer] = []
    for cls in (first, second):
        cls.__hash__ = lambda self: hash(self.sku)  # type: ignore[method-assign]
        made = ConverterRegistry()
        made.register(cls, tag="shop.Product")
        serializers.append(get_serializer("compact", made))
    old, new = first(sku="a", count=1, color="blue"), second(count=1, sku="a", stock=7)

    def read(serializer: Serializer, data: bytes) -> Any:
        shared = ["x"]
        loaded: Any = serializer.loads(data)
        assert loaded[1] is loaded[2], shared
        return next(iter(loaded[0])) if as_key else loaded[0][0]

    shared = ["x"]
    old_bytes = serializers[0].dumps([{old} if as_key else [old], shared, shared])
    new_bytes = serializers[1].dumps([{new} if as_key else [new], shared, shared])
    assert vars(read(serializers[1], old_bytes)) == {"sku": "a", "count": 1, "stock": 5}
    assert vars(read(serializers[0], new_bytes)) == {"sku": "a", "count": 1, "color": "red"}


def test_a_class_that_changed_its_kind_does_not_shift_the_numbers() -> None:
    """A named tuple that becomes a dataclass, a dataclass that gets encode and decode, and back."""
    shared = [1]
    converted = ConverterRegistry()
    converted.register(Item, tag="Item", encode=lambda i: {"sku": i.sku, "price": i.price}, decode=lambda p: Item(**p))

    @dataclass
    class SizeClass:
        width: int
        height: int

    converted.register(SizeClass, tag="Size")
    theirs = get_serializer("compact", converted)
    back: Any = theirs.loads(compact().dumps([Item("a"), Size(1), shared, shared, Item("a", shared)]))
    assert back[:3] == [Item("a"), SizeClass(1, 1), shared]
    assert back[2] is back[3]
    assert back[2] is back[4].price
    again: Any = compact().loads(theirs.dumps([Item("a"), SizeClass(1, 1), shared, shared]))
    assert again == [Item("a"), Size(1, 1), shared, shared]
    assert again[2] is again[3]


# Canonical bytes


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


# What it refuses to write


def test_the_deepest_value_that_is_written_is_read_and_one_more_level_is_refused() -> None:
    assert compact().loads(compact().dumps(nested(MAX_DEPTH - 1))) == nested(MAX_DEPTH - 1)
    with pytest.raises(SerializationError, match="nested deeper than 500 levels") as caught:
        compact().dumps({"a": nested(MAX_DEPTH - 1)})
    assert caught.value.path.startswith("a[0][0][0][0][0] ... ")


@pytest.mark.parametrize(
    "make",
    [
        lambda inner: {"a": inner},
        lambda inner: (inner,),
        lambda inner: frozenset({inner}),
        lambda inner: Item("a", inner),
        lambda inner: Size(inner),
        lambda inner: deque([inner]),
        lambda inner: OrderedDict(a=inner),
        lambda inner: Tags([inner]),
    ],
    ids=["dict", "tuple", "frozenset", "instance", "named tuple", "deque", "OrderedDict", "converted"],
)
def test_the_limit_of_depth_is_the_same_both_ways_and_its_place_is_named(make: Callable[[Any], Any]) -> None:
    written = bisect(range(1, MAX_DEPTH + 1), x=False, key=lambda levels: not _is_written(nested(levels, make)))
    compact().loads(compact().dumps(nested(written, make)))
    with pytest.raises(SerializationError, match="nested deeper than 500 levels") as caught:
        compact().dumps([nested(written + 1, make)])
    assert caught.value.path.startswith("[0]")


def _is_written(value: object) -> bool:
    try:
        compact().dumps(value)
    except SerializationError:
        return False
    return True


def test_500_levels_fit_under_300_frames_of_a_caller() -> None:
    code = """
import sys
from memcached_sessions.serializers import get_serializer
serializer = get_serializer("compact")
def called(frames, value):
    return called(frames - 1, value) if frames else serializer.loads(serializer.dumps(value))
value = 0
for _ in range(499):
    value = [value]
assert sys.getrecursionlimit() == 1000
called(300, value)
sets = frozenset({0, 1})
for _ in range(31):
    sets = frozenset({sets, 0})
assert called(300, sets) == sets
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_chain_of_100_000_objects_is_refused() -> None:
    chain = Node("last")
    for number in range(100_000):
        node = Node(str(number))
        node.links = chain
        chain = node
    with pytest.raises(SerializationError, match="nested deeper than 500 levels") as caught:
        compact().dumps({"chain": chain})
    assert caught.value.path.startswith("chain.links.links")
    while chain.links:  # freed one by one: a debug build of Python would recurse
        chain = chain.links


def test_the_same_chain_in_a_list_from_its_end_is_kept() -> None:
    nodes = [Node("0")]
    for number in range(1, 1000):
        nodes.append(Node(str(number)))
        nodes[-1].links = nodes[-2]
    loaded = compact().loads(compact().dumps(nodes))
    assert isinstance(loaded, list)
    assert loaded[999].links is loaded[998]


def test_tuples_shared_again_and_again_are_refused_by_their_size() -> None:
    with pytest.raises(SerializationError, match="over max_size=4194304 bytes in compact"):
        compact().dumps(nested(60, lambda inner: (inner, inner)))


def test_the_largest_payload_that_is_written_is_read_and_one_more_byte_is_refused() -> None:
    size = len(compact().dumps(["x" * 300]))
    serializer = compact(max_size=size)
    assert serializer.loads(serializer.dumps(["x" * 300])) == ["x" * 300]
    with pytest.raises(SerializationError, match=f"over max_size={size} bytes in compact"):
        serializer.dumps(["x" * 301])
    with pytest.raises(DeserializationError, match=f"{size + 1} bytes of compact, over max_size={size}"):
        serializer.loads(compact().dumps(["x" * 301]))
    with pytest.raises(ValueError, match="max_size=0: give a number of bytes above 0"):
        compact(max_size=0)


def doubled(levels: int) -> Any:
    """Return a pair that hashing takes 2 ** levels steps for; it is made without hashing it."""
    return nested(levels, lambda inner: Pair(inner, inner), 1)


def test_keys_that_cost_too_much_to_hash_are_refused_by_writers() -> None:
    pair = Pair(1)
    for _ in range(12):
        pair = Pair(pair, pair)
    assert compact().dumps([pair, {(pair, number): 1 for number in range(50)}])
    with pytest.raises(SerializationError, match="dict keys or elements of sets refer to objects of more than 1048576"):
        compact().dumps([pair, {(pair, number): 1 for number in range(100)}])


def test_keys_that_cost_too_much_to_hash_are_refused_by_readers() -> None:
    """60 bytes and 30 levels, which would be hashed in 2 ** 30 steps."""
    payload = compact().dumps([doubled(30), {}])
    assert payload.endswith(b"\x68")
    number = 1
    with pytest.raises(DeserializationError, match="dict keys or elements of sets refer to objects"):
        compact().loads(payload[:-1] + b"\x69\xb3" + bytes([number]) + b"\x01")


def test_a_graph_keyed_by_objects_of_identity_has_no_such_limit() -> None:
    nodes = [Node(str(number)) for number in range(2000)]
    for node in nodes:
        node.links = nodes
    loaded: Any = compact().loads(compact().dumps([nodes, dict.fromkeys(nodes, 1)]))
    assert list(loaded[1]) == loaded[0]
    assert loaded[0][-1].links is loaded[0]


def test_frozensets_nest_in_sort_keys_to_a_limit() -> None:
    value = nested(MAX_NESTED_SETS, lambda inner: frozenset({inner, "x"}))
    assert compact().loads(compact().dumps(value)) == value
    with pytest.raises(SerializationError, match="or more than 32 are nested"):
        compact().dumps(frozenset({value, "y"}))


def test_a_frozenset_that_its_elements_hold_is_refused_in_time() -> None:
    nodes = [Node(str(number)) for number in range(30)]
    for node in nodes:
        node.links = frozenset(nodes) - {node}
    with pytest.raises(SerializationError, match="a frozenset holds itself through its elements"):
        compact().dumps(nodes)


def test_sets_of_objects_that_take_too_long_to_order_are_refused() -> None:
    shared = bytearray(100_000)
    nodes = [Node(str(number)) for number in range(1000)]
    for node in nodes:
        node.links = shared
    with pytest.raises(SerializationError, match="over 33554432 bytes are needed to order the elements of sets"):
        compact().dumps(set(nodes))


def test_a_converted_value_that_holds_itself_is_refused_by_its_path() -> None:
    items: deque[Any] = deque()
    items.append([items])
    with pytest.raises(SerializationError, match="neither can be made first") as caught:
        compact().dumps({"a": items})
    assert caught.value.path == "a[0][0]"


def test_a_key_that_holds_itself_and_hashes_its_fields_is_refused_both_ways() -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name
            self.index: Any = None

        def __hash__(self) -> int:
            return hash(self.name)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Named) and self.name == other.name

    made = ConverterRegistry()
    made.register(Named, tag="Named")
    serializer = get_serializer("compact", made)
    named = Named("a")
    named.index = {named: 1}
    with pytest.raises(SerializationError, match="refers back to an instance that holds it"):
        serializer.dumps(named)
    named.index = [named]
    payload = serializer.dumps(named)
    with pytest.raises(DeserializationError, match="refers back to an instance that holds it"):
        serializer.loads(payload.replace(b"\x61\xb3\x00", b"\xb1\x01\xb3\x00"))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": ["\ud800"]}, "a[0]"),
        ({"a": {"\ud800": 1}}, "a<key>"),
        ([1, {2, "\ud800"}], "[1]{}"),
        ({"a": Item("\ud800")}, "a.sku"),
    ],
)
def test_a_string_that_is_no_text_is_refused_by_its_path(value: object, path: str) -> None:
    with pytest.raises(
        SerializationError, match="lone surrogate, which is no Unicode text and which compact"
    ) as caught:
        compact().dumps(value)
    assert caught.value.path == path


def test_a_converter_that_fails_is_named_by_its_path() -> None:
    made = ConverterRegistry()
    made.register(Node, tag="Node", encode=lambda node: 1 / 0, decode=lambda plain: plain)  # noqa: ARG005
    with pytest.raises(SerializationError, match="the converter of Node failed with ZeroDivisionError") as caught:
        get_serializer("compact", made).dumps({"cart": [Node("a")]})
    assert caught.value.path == "cart[0]"


def test_a_container_that_a_converter_changes_is_refused() -> None:
    made = ConverterRegistry()
    items: list[Any] = [Node("a"), 2]
    made.register(Node, tag="Node", encode=lambda _: items.append(3), decode=lambda plain: plain)
    with pytest.raises(SerializationError, match="a container changed while it was written"):
        get_serializer("compact", made).dumps(items)


# What it refuses to read

REFUSED: list[tuple[str, str, str]] = [
    ("no byte", "", "ends before"),
    ("another version", "02 a0", "byte of version 1"),
    ("no value", "01", "ends before"),
    ("two values", "01 a0 a0", "1 bytes stand after the value"),
    *((f"tag {tag:#x}", f"01 {tag:02x} 00", "is no tag") for tag in (0x78, 0x7F, 0xCC, 0xFF)),
    *(
        (f"2**40 of {tag:#x}", f"01 {tag:02x} 80 80 80 80 80 20 00", "ends before")
        for tag in range(0xA7, 0xB3)
        if tag not in (0xA8, 0xAB)
    ),
    ("2**62 items", "01 ae 80 80 80 80 80 80 80 80 40 00", "ends before"),
    ("a list of more items than bytes", "01 64 00 00 00", "ends before"),
    ("a dict of more items than bytes", "01 6a 00 00 01", "ends before"),
    ("lists that claim the same bytes", "01" + "ae 20" * 30 + "00" * 20, "ends before"),
    ("a varint of ten bytes", "01 ae 80 80 80 80 80 80 80 80 80 00", "longer than 9 bytes"),
    ("half a varint", "01 ae 80", "ends before"),
    ("half an int", "01 a6 00", "ends before"),
    ("half a float", "01 a8 00", "ends before"),
    ("half a string", "01 22 61", "ends before"),
    ("half a UUID", "01 c9 00", "ends before"),
    ("a string that is no ASCII", "01 21 80", "UnicodeDecodeError"),
    ("a long string that is no ASCII", "01 a9 01 80", "UnicodeDecodeError"),
    ("a string that is no UTF-8", "01 aa 01 80", "UnicodeDecodeError"),
    ("a surrogate", "01 aa 03 ed a0 80", "UnicodeDecodeError"),
    ("a string of no number", "01 40", "a string that it does not hold"),
    ("a later string", "01 62 ab 00 22 61 62", "a string that it does not hold"),
    ("an object of no number", "01 b3 00", "an object that it does not hold"),
    ("a later object", "01 62 b3 01 60", "an object that it does not hold"),
    ("an unfinished deque", "01 b6 05 6465717565 62 61 b3 00 a0", "an object that it does not hold, or not yet"),
    ("a class of no number", "01 80", "a class that it does not hold"),
    ("a high class of no number", "01 b5 10", "a class that it does not hold"),
    ("a converted value of no class", "01 90", "a class that it does not hold"),
    ("an instance of a converter", "01 62 cb 05 436f6c6f72 02 80", "a class that it does not hold"),
    ("a converted value of a class", "01 62 b4 04 4e6f6465 00 90 a0", "a class that it does not hold"),
    ("an unknown class", "01 b4 01 61 00", "no class is registered under the tag 'a'"),
    ("2**40 fields", "01 b4 04 4e6f6465 80 80 80 80 80 20", "ends before"),
    ("twice the same field", "01 b4 04 4e6f6465 02 01 61 01 61 00 00", "two fields of one name"),
    ("a missing field", "01 b4 04 4974656d 00", "the stored Item has no field 'sku'"),
    ("data that does not fit", "01 cb 05 436f6c6f72 00", "0 is not a valid Color"),
    ("a key twice", "01 6a 01 00 01 00", "two keys of a dict are equal"),
    ("equal keys", "01 6a 01 00 a2 00", "two keys of a dict are equal"),
    ("a list as key", "01 69 60 00", "unhashable"),
    ("an element twice", "01 b1 02 01 01", "two elements of a set are equal"),
    ("an element twice, frozen", "01 b2 02 01 01", "two elements of a set are equal"),
    ("a list as element", "01 b1 01 60", "unhashable"),
    ("the set itself as element", "01 b1 01 b3 00", "refers back|unhashable"),
    ("February 30", "01 be " + ((2026 * 12 + 1) * 31 + 29).to_bytes(3, "little").hex(), "day is out of range"),
    ("the year 0", "01 be 00 00 00", "year 0 is out of range"),
    ("a late datetime", "01 b8 ff ff ff ff ff", "ValueError"),
    ("a very late datetime", "01 b9 ff ff ff ff ff ff ff ff", "Error"),
    ("a time of over a day", "01 bf ff ff ff", "longer than a day"),
    ("a zone that is none", "01 bc 00 dc d4 03 00 a0", "a NoneType stands for a time zone"),
    ("a zone of a time that is none", "01 c1 02 00 00 01", "a int stands for a time zone"),
    ("a timedelta of 86400 seconds", "01 c3 00 80 a3 05 00", "more than a day of seconds"),
    ("a timedelta of a million microseconds", "01 c3 00 00 c0 84 3d", "more than a second of microseconds"),
    ("a timedelta of 2**60 days", "01 c3 80 80 80 80 80 80 80 80 40 00 00", "OverflowError"),
    ("a timezone of a day", "01 c5 " + varint(2 * 86_400_000_000).hex(), "strictly between"),
    ("a timezone with a number as name", "01 c6 00 01", "TypeError"),
    ("a large exponent", "01 c7 a4 1f 01", "out of bounds"),
    ("a large coefficient", "01 c7 00 80 80 90 bb ba d6 ad f0 0d", "out of bounds"),
    ("a decimal in other words", "01 c8 03 31 65 35", "not written as Python writes it"),
    ("a decimal in no words", "01 c8 01 78", "InvalidOperation"),
    ("a UUID made otherwise", "01 ca" + "00" * 16 + "02", "made in no known way"),
    ("501 levels", "01" + "61" * 500 + "00", "nest deeper than 500"),
    ("a million levels", "01" + "61" * 1_000_000 + "00", "nest deeper than 500"),
]


@pytest.mark.parametrize(("payload", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_hostile_bytes_are_refused(payload: str, words: str) -> None:
    with pytest.raises(DeserializationError, match=words):
        compact().loads(bytes.fromhex(payload))


def test_what_is_no_bytes_is_refused() -> None:
    with pytest.raises(DeserializationError, match="compact reads bytes, not str"):
        compact().loads("a")  # type: ignore[arg-type]


# Random graphs


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(graphs())
def test_random_graphs_keep_who_shares_what(objects: list[Any]) -> None:
    serializer = get_serializer("compact", sample_registry())
    payload = serializer.dumps(objects)
    loaded = serializer.loads(payload)
    changed = difference(objects, loaded, identity=True)
    assert changed is None, str(changed)
    assert serializer.dumps(loaded) == payload


# Golden files: the format does not change


def golden_values() -> dict[str, object]:
    """Return the values whose payloads lie in the folder `golden`, in hexadecimal."""
    shared = Item("a-1", Decimal("9.90"))
    cart: dict[str, Any] = {"user": 42, "items": [shared, Item("b-2", shared)], "seats": {(1, "a"), (2, "b")}}
    cart["self"] = cart
    node = Node("root")
    node.links = {"self": node, "peers": [Node("a"), Node("b")], "color": [Color.RED, Color.BLUE, Color.RED]}
    times = [datetime(2026, 7, 1, 12, tzinfo=BERLIN), datetime.max, time(1, tzinfo=CET), timedelta(-1, 5, 7)]
    login = {"_auth_user_id": "7", "_auth_backend": "käse", "_flashes": [("info", "hi")], "next": None, "n": 1.5}
    return {"cart": cart, "graph": node, "login": login, "times": times}


@pytest.mark.parametrize("name", golden_values())
def test_golden_payloads_are_written_and_read(name: str) -> None:
    """`python tests/serializers/test_compact.py` shows what they are now."""
    expected = bytes.fromhex((GOLDEN / f"{name}.hex").read_text())
    value = golden_values()[name]
    assert compact().dumps(value).hex() == expected.hex()
    changed = difference(value, compact().loads(expected), identity=True)
    assert changed is None, str(changed)


# Which implementation


def test_the_environment_chooses_the_implementation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCACHED_SESSIONS_COMPACT", "python")
    assert available_serializers()["compact"].implementation == "python"
    monkeypatch.setenv("MEMCACHED_SESSIONS_COMPACT", "rust")
    with pytest.raises(ValueError, match="compact has no implementation 'rust'"):
        get_serializer("compact")


def test_without_the_compiled_module_python_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "memcached_sessions.serializers.compact._compact", None)  # type: ignore[arg-type]
    monkeypatch.delenv("MEMCACHED_SESSIONS_COMPACT", raising=False)
    assert getattr(compact(), "implementation") == "python"  # noqa: B009
    with pytest.raises(ValueError, match="the compiled module was not built here"):
        compact(implementation="portable")
    assert compact_module.CompactSerializer(implementation="python").implementation == "python"


if __name__ == "__main__":
    for golden, golden_value in golden_values().items():
        sys.stdout.write(f"{golden}: {compact().dumps(golden_value).hex()}\n")


@pytest.mark.parametrize("tag", ["b1", "b2", "af"])
def test_elements_with_one_hash_are_refused_before_they_cost_the_square_of_their_number(tag: str) -> None:
    numbers = [number * (2**61 - 1) for number in range(1, 2000)]
    content = b"".join(
        get_serializer("compact").dumps(number)[1:] + (b"\xa0" if tag == "af" else b"") for number in numbers
    )
    payload = b"\x01" + bytes.fromhex(tag) + varint(len(numbers)) + content
    with pytest.raises(DeserializationError, match="more than 100 keys or elements have the same hash"):
        get_serializer("compact").loads(payload)
