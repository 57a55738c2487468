"""The limits of depth, size and effort, which are the same for writing and reading."""

import subprocess
import sys
from bisect import bisect
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import pytest
from compact_samples import Item, Node, Pair, Size, Tags, compact, nested

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    get_serializer,
)
from memcached_sessions.serializers.compact.packing import varint
from memcached_sessions.serializers.compact.tags import MAX_DEPTH, MAX_NESTED_SETS

pytestmark = pytest.mark.usefixtures("implementation")


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
    with pytest.raises(SerializationError, match="over max_size=4194304 bytes in compact") as caught:
        compact().dumps(nested(60, lambda inner: (inner, inner)))
    assert caught.value.__cause__ is None, "an error that is its own cause never ends"


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


@pytest.mark.parametrize("tag", ["b1", "b2", "af"])
def test_elements_with_one_hash_are_refused_before_they_cost_the_square_of_their_number(tag: str) -> None:
    numbers = [number * (2**61 - 1) for number in range(1, 2000)]
    serializer = get_serializer("compact")
    content = b"".join(serializer.dumps(number)[1:] + (b"\xa0" if tag == "af" else b"") for number in numbers)
    payload = b"\x01" + bytes.fromhex(tag) + varint(len(numbers)) + content
    with pytest.raises(DeserializationError, match="more than 100 keys or elements have the same hash"):
        serializer.loads(payload)
