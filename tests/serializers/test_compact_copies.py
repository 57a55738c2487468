"""References in the plain data of converters do not multiply what a payload costs."""

from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from compact_samples import Item, Node, Pair, Size, Tags, compact, nested, registry, round_trip
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    Serializer,
    get_serializer,
)
from memcached_sessions.serializers.converter import FieldsConverter, NamedTupleConverter
from memcached_sessions.serializers.testing.sample_classes import Point, sample_registry
from memcached_sessions.serializers.testing.strategies import graphs

MODES = ["python", "portable", "compiled"]
MAX_SIZE = 1 << 18
UNBOUNDED = 1 << 30
WORDS = "in the plain data of converters, references stand for more than 262144 bytes in all"


class Box:
    """Made of whatever plain data a test wants."""


def hostile(encode: Callable[[], Any], tag: str) -> Serializer:
    """Return what writes a box with that plain data and counts nothing, as if the box held it like a named tuple."""
    made = ConverterRegistry()
    made.register(Item, tag="Item")
    made.add(NamedTupleConverter(Box, tag, encode=lambda _: encode(), decode=lambda plain: plain))
    return get_serializer("compact", made, implementation="python")


def boxes(count: int, encode: Callable[[], Any], tag: str = "Box") -> bytes:
    """Return the payload of so many boxes."""
    return hostile(encode, tag).dumps([Box() for _ in range(count)])


def shared(plain: Any) -> Callable[[], Any]:
    return lambda: plain


def within(plain: Any) -> Callable[[], Any]:
    return lambda: [plain]


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize(
    ("encode", "size"),
    [
        (shared([1] * 10_000), 10_000),
        (within([1] * 10_000), 10_000),
        (within((1, {"a": [[1] * 10_000]})), 10_000),
        (shared(dict.fromkeys(range(3_000))), 6_000),
        (shared({"data": bytes(10_000)}), 10_000),
        (shared({"data": bytearray(10_000)}), 10_000),
        (within(set(range(5_000))), 5_000),
        (shared("x" * 255), 255),
        (within("\U0001f600" * 63), 63),
        (within(OrderedDict.fromkeys(range(3_000))), 6_000),
        (within(nested(12, lambda inner: [inner, inner])), 1 << 12),
        (within(nested(70, lambda inner: [inner, inner])), MAX_SIZE),
        (within(nested(12, lambda inner: ["x" * 255, "x" * 255, inner], [])), 255 * 23),
        (within(["x" * 255] * 100), 25_500),
        (within([Item("a") for _ in range(5_000)]), 5_000),
    ],
    ids=[
        *("a list", "inside a list", "far inside", "a dict", "bytes", "a bytearray", "a set", "a string", "emoji"),
        *("converted", "doubled 12 times", "doubled 70 times", "strings in lists", "one string", "instances"),
    ],
)
def test_what_is_referred_to_is_not_given_to_converters_any_number_of_times(
    encode: Callable[[], Any], size: int
) -> None:
    calls = 0

    def decode(plain: Any) -> Any:
        nonlocal calls
        calls += 1
        return plain

    made = registry()
    made.register(Box, tag="Box", encode=lambda _: encode(), decode=decode)
    many = [Box() for _ in range(MAX_SIZE // size + 3)]
    payload = boxes(len(many), encode)
    assert len(payload) < MAX_SIZE / 8
    with pytest.raises(SerializationError, match=WORDS):
        get_serializer("compact", made, max_size=MAX_SIZE).dumps(many)
    with pytest.raises(DeserializationError, match=WORDS):
        get_serializer("compact", made, max_size=MAX_SIZE).loads(payload)
    assert calls <= MAX_SIZE // size + 1


@pytest.mark.usefixtures("implementation")
def test_hostile_bytes_for_a_deque_are_refused() -> None:
    items = [1] * 10_000
    payload = boxes(1000, lambda: [items, None], "deque")
    assert len(payload) < 20_000
    with pytest.raises(DeserializationError, match=WORDS):
        compact(max_size=MAX_SIZE).loads(payload)


@pytest.mark.usefixtures("implementation")
def test_the_path_is_that_of_a_reference_that_a_converter_is_given() -> None:
    order = [1] * 10_000
    with pytest.raises(SerializationError, match=WORDS) as caught:
        compact(max_size=MAX_SIZE).dumps(
            {"order": order, "again": order, "seen": Node("a"), "last": deque([1, order] * 50)}
        )
    assert caught.value.path == "last[1]"
    with pytest.raises(SerializationError, match=WORDS) as caught:
        compact(max_size=MAX_SIZE).dumps({"paths": [Path("x" * 200) for _ in range(3_000)]})
    assert caught.value.path == "paths[1]"


@pytest.mark.usefixtures("implementation")
def test_a_list_that_is_given_whole_has_the_path_of_the_value() -> None:
    made = ConverterRegistry()
    plain = [1] * 10_000
    made.register(Box, tag="Box", encode=lambda _: plain, decode=lambda given: given)
    with pytest.raises(SerializationError, match=WORDS) as caught:
        get_serializer("compact", made, max_size=MAX_SIZE).dumps({"boxes": [Box() for _ in range(100)]})
    assert caught.value.path == "boxes[1]"


@pytest.mark.usefixtures("implementation")
def test_an_order_that_a_deque_refers_to_50_times_is_kept() -> None:
    order = {"lines": [{"sku": f"sku {number}", "count": 1} for number in range(50)], "note": "x" * 200}
    round_trip({"order": order, "last": deque([order] * 50), "tags": Tags([order, order])})


@pytest.mark.usefixtures("implementation")
def test_fields_refer_to_what_is_large_any_number_of_times() -> None:
    """Instances and named tuples hold what they refer to, wherever they are; nobody copies it."""
    large = {"numbers": [1] * 10_000, "text": "x" * 250}
    round_trip([large, deque(Item("a", large) for _ in range(500)), deque(Pair(large) for _ in range(500))])
    round_trip([large, deque(Size(large, large) for _ in range(500))])  # pyright: ignore[reportArgumentType]
    item = Item("a", large)
    round_trip([item, deque([item] * 5000), Tags([item] * 5000)])


@pytest.mark.usefixtures("implementation")
def test_a_graph_of_instances_with_deques_between_them_is_kept() -> None:
    nodes = [Node(f"node {number}") for number in range(200)]
    for number, node in enumerate(nodes):
        node.links = deque(nodes[(number * step) % 200] for step in range(30))
    round_trip([nodes, Tags(nodes)])


@pytest.mark.usefixtures("implementation")
def test_parents_in_plain_data_do_not_count_again_in_each_child() -> None:
    tree: dict[str, Any] = {"name": "root", "children": []}
    tree["children"] += [{"name": f"child {number}", "parent": tree} for number in range(1000)]
    round_trip([tree, deque([tree] * 50)])


@pytest.mark.usefixtures("implementation")
def test_a_list_that_is_still_read_counts_what_it_holds_so_far() -> None:
    items: list[Any] = [1] * 10_000
    items += [Box() for _ in range(100)]
    payload = hostile(lambda: [[items]], "Box").dumps(items)
    made = registry()
    made.register(Box, tag="Box", encode=vars, decode=lambda plain: plain)
    with pytest.raises(DeserializationError, match=WORDS):
        get_serializer("compact", made, max_size=MAX_SIZE).loads(payload)


@pytest.mark.usefixtures("implementation")
def test_an_instance_that_is_made_by_decode_is_given_what_its_fields_refer_to() -> None:
    """Its class has a converter of its own by now, or the bytes are hostile."""
    large = [1] * 10_000
    payload = compact().dumps([large, [Item("a", large) for _ in range(100)]])
    made = ConverterRegistry()
    made.register(Item, tag="Item", encode=vars, decode=lambda state: Item("a", list(state["price"])))
    with pytest.raises(DeserializationError, match=WORDS):
        get_serializer("compact", made, max_size=MAX_SIZE).loads(payload)


@pytest.mark.usefixtures("implementation")
def test_a_dict_for_many_instances_is_refused() -> None:
    """An instance that stands in the payload as a converted value is made of a dict, and takes all of it."""
    attributes = {f"a{number}": number for number in range(10_000)}
    payload = boxes(1000, lambda: attributes, "Node")
    with pytest.raises(DeserializationError, match=WORDS):
        compact(max_size=MAX_SIZE).loads(payload)


@pytest.mark.usefixtures("implementation")
def test_extra_values_for_many_models_are_refused() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel, extra="allow"):
        name: str

    extra = {f"a{number}": number for number in range(10_000)}
    state = {"name": "a", "$extra": extra}
    hostile, made = ConverterRegistry(), ConverterRegistry()
    hostile.add(FieldsConverter(Box, "Model", encode=lambda _: state, decode=lambda plain: plain))
    made.register(Model, tag="Model")
    payload = get_serializer("compact", hostile).dumps([Box() for _ in range(1000)])
    with pytest.raises(DeserializationError, match=WORDS):
        get_serializer("compact", made, max_size=MAX_SIZE).loads(payload)


@st.composite
def given_to_converters(draw: st.DrawFn) -> list[Any]:
    """Return a graph, and converted values that refer to its parts many times."""
    objects = draw(graphs())
    long = draw(st.sampled_from(["x" * 31, "x" * 32, "ä" * 100, "a"]))
    inside = st.lists(st.sampled_from([*objects, long, objects]), min_size=1, max_size=3)
    makers: list[Callable[[list[Any]], Any]] = [
        lambda parts: deque(parts * 20),
        lambda parts: deque([(parts, parts)] * 20),
        lambda parts: [parts, *(OrderedDict(a=parts, b=Point(parts, parts)) for _ in range(20))],
        lambda parts: deque([*parts, deque([{"a": parts}, *parts] * 10)]),
    ]
    return [long, objects, *(draw(st.sampled_from(makers))(draw(inside)) for _ in range(draw(st.integers(1, 3))))]


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(given_to_converters())
def test_all_count_alike_and_what_is_written_is_read(value: list[Any]) -> None:
    """At the least size with which a value is written, and with one less."""
    compiled: Any = pytest.importorskip(
        "memcached_sessions.serializers.compact._compact", reason="it was not built here"
    )
    known = sample_registry()

    def serializers(max_size: int) -> list[Any]:
        return [get_serializer("compact", known, max_size=max_size, implementation=mode) for mode in MODES]

    def is_written(max_size: int) -> bool:
        return _outcome(lambda value: compiled.dumps(value, known, max_size), value)[0] == "done"

    payload = serializers(UNBOUNDED)[0].dumps(value)
    least = bisect_left(range(UNBOUNDED), x=True, lo=len(payload), key=is_written)
    assert [_outcome(each.dumps, value) for each in serializers(least)] == [("done", payload)] * 3
    assert [_outcome(each.loads, payload)[0] for each in serializers(least)] == ["done"] * 3
    if least > len(payload):
        refused = [_outcome(each.dumps, value) for each in serializers(least - 1)]
        assert refused[0][0] == "SerializationError"
        assert refused == [refused[0]] * 3
        unread = [_outcome(each.loads, payload) for each in serializers(least - 1)]
        assert f"references stand for more than {least - 1} bytes" in unread[0][1]
        assert unread == [unread[0]] * 3


def _outcome(call: Callable[[Any], Any], argument: Any) -> tuple[str, Any]:
    try:
        return "done", call(argument)
    except (SerializationError, DeserializationError) as error:
        return type(error).__name__.replace("CopiedError", "SerializationError"), str(error)
