"""Classes with converters of the application's own: both writers give the same bytes, whatever the converters do.

The compiled writer borrows what it can while no code of the application runs. These converters return new data, what
they hold, or what nothing else leads to, and drop what they were given, at any place of a graph.
"""

import gc
import weakref
from collections import OrderedDict, deque, namedtuple
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.serializers import SerializationError
from memcached_sessions.serializers.compact import reader, writer
from memcached_sessions.serializers.testing.sample_classes import Color, Item, Node, Size, Tags, sample_registry

NAME = "memcached_sessions.serializers.compact._compact"
compiled: Any = pytest.importorskip(NAME, reason="the compiled module of compact was not built here")

MAX_SIZE = 4 * 1024 * 1024
WARY_CALLS = 16  # of the compiled writer
PROPERTY = settings(max_examples=200, deadline=None, derandomize=True, database=None)


class Money:
    """Is encoded as a new dict."""

    def __init__(self, amount: int = 1) -> None:
        self.amount = amount


class Basket:
    """Is encoded as the list that it holds."""

    def __init__(self) -> None:
        self.items: list[Any] = []


class Finder:
    """Is encoded as a list with an object that it does not hold."""

    def __init__(self, target: Any = None) -> None:
        self.target = weakref.ref(target) if target is not None else lambda: None


class Reading:
    """A field is a property, which finds an object by a weak reference."""

    def __init__(self, target: Any = None) -> None:
        self.found = weakref.ref(target) if target is not None else lambda: None

    @property
    def target(self) -> Any:
        return self.found()

    @target.setter
    def target(self, value: Any) -> None:
        self.found = lambda: value


class Pair(namedtuple("Pair", "left right")):  # noqa: PYI024 - of the old kind, whose instances have attributes
    """A named tuple with a `__dict__`."""


class Nothing(NamedTuple):
    """A named tuple without fields."""


class Odd(NamedTuple):
    """A named tuple that iterates in its own way."""

    one: Any
    two: Any

    def __iter__(self) -> Iterator[Any]:
        return iter((tuple.__getitem__(self, 1), "other"))


def encode_money(money: Money) -> dict[str, Any]:
    """Allocate, so that what is borrowed and not held would be found to be gone."""
    assert len([bytearray(64) for _ in range(20)]) == 20
    return {"amount": str(money.amount), "tags": ["a" * 3, "b" * 4]}


def registry() -> Any:
    made = sample_registry()
    made.register(Money, tag="own.Money", encode=encode_money, decode=lambda plain: Money(int(plain["amount"])))
    made.register(Basket, tag="own.Basket", encode=lambda basket: basket.items, decode=_basket)
    made.register(Finder, tag="own.Finder", encode=lambda finder: [finder.target()], decode=lambda _: Finder())
    made.register(Reading, tag="own.Reading", fields=("target",))
    for cls in (Pair, Nothing, Odd):
        made.register(cls, tag=f"own.{cls.__name__}")
    return made


def _basket(plain: list[Any]) -> Basket:
    basket = Basket()
    basket.items = plain
    return basket


REGISTRY = registry()


def outcome(dumps: Callable[..., bytes], value: object) -> str:
    """Return what writing comes to."""
    try:
        return dumps(value, REGISTRY, MAX_SIZE).hex()
    except SerializationError as error:
        return f"{type(error).__name__}: {error}"


@pytest.fixture(params=["portable", "compiled"], autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the compiled functions use the public API alone, or not."""
    for name in ("dumps", "loads"):
        function = partial(getattr(compiled, name), portable=request.param == "portable")
        monkeypatch.setattr(compiled, name, function)


def agree(value: object) -> str:
    """Check that both writers do the same, however wary the compiled one is by now; return what they do."""
    expected = outcome(writer.dumps, value)
    for _ in range(WARY_CALLS + 2):
        assert outcome(compiled.dumps, value) == expected
    return expected


@st.composite
def own_graphs(draw: st.DrawFn) -> list[Any]:
    """Return a graph of which each object is held once at least, with weak references across."""
    held: list[Any] = []
    sizes = st.builds(Size, st.integers(0, 9))
    leaves = st.sampled_from([None, 1, "text", "a" * 40, Color.RED, Path("a"), b"x", 2.5]) | sizes | st.builds(Nothing)
    for _ in range(draw(st.integers(1, 12))):
        reachable = draw(st.lists(st.sampled_from(held), max_size=3)) if held else []
        parts = [*reachable, *draw(st.lists(leaves, max_size=3))]
        target = draw(
            st.sampled_from([None, *(each for each in held if isinstance(each, (Item, Node, Money, Basket)))])
        )
        held.append(_object(draw(st.integers(0, 13)), parts, target))
        if draw(st.booleans()) and reachable:
            gone = next(at for at, each in enumerate(held) if each is reachable[0])
            del held[gone]  # now held by the new object alone
    return held


def _object(kind: int, parts: list[Any], target: Any) -> Any:
    match kind:
        case 0:
            return parts
        case 1:
            return dict(enumerate(parts))
        case 2:
            return Item("sku", parts)
        case 3:
            node = Node("node")
            node.children = parts
            return node
        case 4:
            return Tags(parts)
        case 5:
            return Money(len(parts))
        case 6:
            basket = Basket()
            basket.items = parts
            return basket
        case 7:
            return [Finder(target), *parts]
        case 8:
            return [Reading(target), *parts]
        case 9:
            return Pair(parts, parts and parts[0])
        case 10:
            return deque(parts)
        case 11:
            return OrderedDict(enumerate(parts))
        case 12:
            return [Odd(1, parts), Size(1, 2)]
        case _:
            return (Money(), parts, {"text": Money(2), "other": parts})


@PROPERTY
@given(own_graphs())
def check_graphs(graph: list[Any]) -> None:
    written = agree(graph)
    if not written.startswith("S"):
        payload = bytes.fromhex(written)
        read = [loads(payload, REGISTRY, MAX_SIZE) for loads in (reader.loads, compiled.loads)]
        assert outcome(writer.dumps, read[0]) == outcome(writer.dumps, read[1])


def test_random_graphs_are_written_the_same() -> None:
    check_graphs()


def test_an_object_that_only_a_converter_finds_again_is_a_reference() -> None:
    node = Node("found")
    finder = Finder(node)

    graphs = ([[node], finder], [finder, [node]], [{"a": node}, Reading(node)], {"a": [node, [Money()]], "b": finder})
    for graph in graphs:
        agree(graph)


def test_a_named_tuple_with_attributes_is_refused() -> None:
    pair = Pair(1, [2])
    plain = agree([pair, pair, Pair(pair, pair)])
    pair.more = 1

    assert not plain.startswith("S")
    assert "carries" in agree([pair])


def test_a_named_tuple_in_itself_is_refused() -> None:
    inside: list[Any] = []
    pair = Pair(inside, 1)
    inside.append(pair)

    assert agree([pair]).startswith("UnfinishedError")


def test_a_named_tuple_keeps_its_class_and_parts() -> None:
    shared = [1]
    value = [Size(3, 4), Pair(shared, shared), Nothing()]

    loaded = compiled.loads(compiled.dumps(value, REGISTRY, MAX_SIZE), REGISTRY, MAX_SIZE)

    assert loaded == value
    assert [type(each) for each in loaded] == [Size, Pair, Nothing]
    assert loaded[1].left is loaded[1].right


def test_a_converter_that_empties_its_session_leaves_nothing_dangling() -> None:
    class Emptying:
        def __init__(self, victims: list[Any]) -> None:
            self.victims = victims

    def empty(value: Emptying) -> None:
        for victim in value.victims:
            victim.clear()
        gc.collect()
        assert [str(number) * 50 for number in range(1000)]

    own = registry()
    own.register(Emptying, tag="own.Emptying", encode=empty, decode=lambda plain: plain)
    for _ in range(3):
        victims: list[Any] = [{f"key {n}": [f"text {n}"] for n in range(30)}, [[f"other {n}"] for n in range(30)]]
        victims[0]["last"] = {"deep": ["new", Item("i", Emptying(victims)), "after"]}
        with pytest.raises(SerializationError, match="changed"):
            compiled.dumps([victims[1], victims[0], "key 3"], own, MAX_SIZE)
