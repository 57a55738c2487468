"""The compiled lowering pass of the tree formats does what it does in Python: same data and types, same refusals."""

import gc
import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer
from memcached_sessions.serializers.lowering import MAX_DEPTH, PythonLowering, Rules
from memcached_sessions.serializers.testing.sample_classes import Item, sample_registry
from memcached_sessions.serializers.testing.samples import CYCLIC_TREE, SAMPLES
from memcached_sessions.serializers.testing.strategies import graphs, values

compiled: Any = pytest.importorskip(
    "memcached_sessions.serializers.compact._compact", reason="the compiled module was not built here"
)

FORMATS = ["json", "msgpack", "cbor", "fory"]  # one for each set of rules
PASSES = [PythonLowering, compiled.Lowering]
ROOM = 4_000_000
REGISTRY = sample_registry()
CHOICE = "MEMCACHED_SESSIONS_COMPACT"
SAME_HASH = 2**61 - 1  # sys.hash_info.modulus: all its multiples have the hash 0
_PROPERTY = settings(max_examples=150, deadline=None, derandomize=True, database=None)


class Thing:
    """What some converter is registered for."""

    def __repr__(self) -> str:
        return "a thing"


def lower(implementation: Any, name: str, value: Any, registry: ConverterRegistry = REGISTRY, limit: int = ROOM) -> str:
    """Return what a pass makes of a value, in words: the data with its types, or the error."""
    try:
        plain, converted = implementation(rules(name), registry, limit).lower(value)
    except Exception as error:  # noqa: BLE001 - which one it is must be the same
        return f"{type(error).__name__}: {error}"
    return f"{'the same object' if plain is value else 'another'}, {converted} converted: {shape(plain)}"


def rules(name: str) -> Rules:
    serializer: Any = get_serializer(name)
    return serializer.rules


def shape(plain: Any) -> str:
    """Return data and all its types in words; what formats make of tags has a telling repr of its own."""
    if type(plain) is dict:
        return f"{{{', '.join(f'{key!r}: {shape(item)}' for key, item in plain.items())}}}"
    if type(plain) is list:
        return f"[{', '.join(map(shape, plain))}]"
    return f"{type(plain).__name__} {hex(plain) if type(plain) is int else repr(plain)}"


def assert_the_same(name: str, value: Any, **options: Any) -> str:
    in_python, in_c = (lower(each, name, value, **options) for each in PASSES)
    assert in_c == in_python
    return in_c


def converting(encode: Callable[[Any], Any]) -> ConverterRegistry:
    registry = ConverterRegistry()
    registry.register(Thing, tag="thing", encode=encode, decode=lambda _: Thing())
    return registry


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("sample", [*SAMPLES, CYCLIC_TREE], ids=str)
def test_each_sample_comes_to_the_same(name: str, sample: Any) -> None:
    assert_the_same(name, sample.make())


@pytest.mark.parametrize("name", FORMATS)
def test_random_values_come_to_the_same(name: str) -> None:
    @_PROPERTY
    @given(values(get_serializer(name).capabilities))
    def check(value: object) -> None:
        assert_the_same(name, value)

    check()


@pytest.mark.parametrize("name", FORMATS)
def test_random_values_are_refused_at_the_same_size(name: str) -> None:
    @_PROPERTY
    @given(values(get_serializer(name).capabilities), st.integers(1, 60))
    def check(value: object, limit: int) -> None:
        assert_the_same(name, value, limit=limit)

    check()


@pytest.mark.parametrize("name", FORMATS)
def test_random_graphs_with_their_cycles_come_to_the_same(name: str) -> None:
    @_PROPERTY
    @given(graphs())
    def check(objects: list[Any]) -> None:
        assert_the_same(name, objects, limit=20_000)

    check()


@pytest.mark.parametrize("name", FORMATS)
def test_whole_serializers_refuse_with_the_same_path(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: set[tuple[str, str]] = set()
    for implementation in ("", "python"):
        monkeypatch.setenv(CHOICE, implementation)
        with pytest.raises(SerializationError, match="Thing is not registered") as caught:
            get_serializer(name, REGISTRY).dumps({"cart": [1, (2, Item("i", Thing()))]})
        refused.add((caught.value.path, str(caught.value)))
    assert {path for path, _ in refused} == {"cart[1][1].price"}
    assert len(refused) == 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**200, True, 0])
def test_integers_at_their_bounds_come_to_the_same(name: str, number: int) -> None:
    assert_the_same(name, [number, {"a": number}])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("leaf", [[], {}, (), {1: 2}, set(), b"x", 2**70, float("nan"), Thing()], ids=str)
@pytest.mark.parametrize(
    ("levels", "wrap"),
    [(1, lambda v: [v]), (1, lambda v: {"a": v}), (2, lambda v: (v,)), (3, lambda v: {1: v})],
    ids=["list", "dict", "tuple", "pairs"],
)
def test_the_same_depth_is_too_deep(name: str, leaf: Any, levels: int, wrap: Callable[[Any], Any]) -> None:
    value, written = leaf, []
    registry = converting(lambda _: {"a": 1})
    for depth in range(MAX_DEPTH // levels + 2):
        if depth >= MAX_DEPTH // levels - 3:
            written.append("nested deeper than 200 levels" not in assert_the_same(name, value, registry=registry))
        value = wrap(value)
    assert written == sorted(written, reverse=True)
    assert not written[-1]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "made",
    [set, frozenset, dict.fromkeys, OrderedDict.fromkeys],
    ids=["set", "frozenset", "dict", "OrderedDict"],
)
@pytest.mark.parametrize("count", [100, 101])
def test_the_same_number_of_equal_hashes_is_refused(name: str, made: Callable[[Any], Any], count: int) -> None:
    comes_to = assert_the_same(name, {"it": made([number * SAME_HASH for number in range(count)])})
    assert ("have the same hash" in comes_to) == (count > 100)


@pytest.mark.parametrize("mapping", [{"$": 1}, {"$a": [()]}, {"$a": 1, "b": 2}, {"a$": 1}, {"": 0}, {"\ud800": 0}])
@pytest.mark.parametrize("name", FORMATS)
def test_a_dict_that_looks_like_a_tag_comes_to_the_same(name: str, mapping: dict[str, Any]) -> None:
    assert_the_same(name, [mapping, {"deeper": mapping}])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("limit", [10, 2**62, 2**63, 2**64, 10**30])
def test_a_limit_of_any_size_is_understood(name: str, limit: int) -> None:
    assert_the_same(name, ["x" * 20], limit=limit)


@pytest.mark.parametrize(
    "text", ["\ud800", "\udfff" * 9, "\ud83d\ude00", "\ud7ff\ue000", "\U0001f9c0", "x" * 9, "é", ""]
)
@pytest.mark.parametrize("name", FORMATS)
def test_text_and_what_is_none_come_to_the_same(name: str, text: str) -> None:
    for value in (
        text,
        [1, text],
        {"a": text},
        {text: 1},
        {"a": (), text: 1},
        {1: text},
        {text},
        [(text,)],
        [object(), text],
    ):
        assert_the_same(name, value)


@pytest.mark.parametrize("text", ["\ud800", "\ud83d\ude00"])
def test_the_pass_refuses_surrogates_for_a_library_that_does_not(text: str) -> None:
    for value in (text, [text], {"a": text}, {text: ()}):
        assert "lone surrogate" in assert_the_same("fory", value)


@pytest.mark.parametrize("name", FORMATS)
def test_a_registry_that_lowers_in_its_own_way_is_asked(name: str) -> None:
    class Shouting(ConverterRegistry):
        def lower(self, value: object) -> tuple[str, Any]:
            tag, plain = super().lower(value)
            return tag.upper(), plain

    assert "TUPLE" in assert_the_same(name, [(1, 2)], registry=Shouting())


@pytest.mark.parametrize("name", FORMATS)
def test_a_converter_that_is_registered_meanwhile_is_used(name: str) -> None:
    class Late:
        pass

    late = Late()

    def comes_to(implementation: Any) -> str:
        registry = converting(lambda _: registry.register(Late, tag="late", encode=id, decode=lambda _: Late()))
        return lower(implementation, name, [Thing(), late], registry)

    in_python, in_c = map(comes_to, PASSES)
    assert in_c == in_python
    assert "2 converted" in in_c


def empty(container: Any) -> None:
    container.clear()


def grow(container: Any) -> None:
    if type(container) is dict:
        container.update({f"new {len(container)}": []})
    elif len(container) < 50:
        container.extend([[], (1,), "x"])


def shrink(container: Any) -> None:
    if len(container) > 2:
        del container[next(iter(container)) if type(container) is dict else 0]


def replace_all(container: Any) -> None:
    """Free all that was there, unless somebody holds it, and put in as much."""
    count = len(container)
    container.clear()
    if type(container) is dict:
        container.update({f"new {number}": [Thing()] for number in range(count)})
    else:
        container.extend([Thing()] for _ in range(count))


def move_first_to_the_end(container: Any) -> None:
    """Let the size stay and the end move on, under a key that is no string."""
    if type(container) is dict:
        container[object()] = container.pop(next(iter(container)))
    else:
        container.append(container.pop(0))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("change", [empty, grow, shrink, replace_all, move_first_to_the_end])
@pytest.mark.parametrize(
    "make",
    [
        lambda: [[1], Thing(), (2,), Thing(), [3]],
        lambda: {"a": [1], "b": Thing(), "c": (2,), "d": Thing(), "e": [3]},
        lambda: {"a": [Thing()], "b": {"c": [Thing()]}, "d": "x" * 1000},
    ],
    ids=["list", "dict", "nested"],
)
@pytest.mark.parametrize("after", [1, 2])
def test_a_container_that_a_converter_changes_comes_to_the_same(
    name: str, change: Callable[[Any], None], make: Callable[[], Any], after: int
) -> None:
    """In data or in an error, and soon: nothing crashes, and nothing goes on for ever."""

    def comes_to(implementation: Any) -> str:
        container = make()
        calls = 0

        def encode(_: Thing) -> list[int]:
            nonlocal calls
            calls += 1
            assert calls < 1000
            if calls >= after:
                change(container)
                gc.collect(0)  # what is in there is young
            return [calls]

        return lower(implementation, name, {"outer": [container]}, converting(encode))

    in_python, in_c = map(comes_to, PASSES)
    assert in_c == in_python


@pytest.mark.parametrize("name", FORMATS)
def test_no_reference_is_lost_or_kept(name: str) -> None:
    thing, plain = Thing(), ["kept", {"a": 1}]
    value: dict[str, Any] = {"a": [thing, plain], "b": {"c": thing, "d": plain}, "e": (plain, {2, 3}, {1: plain})}
    held = [thing, plain, value, value["a"], value["b"], value["e"]]
    lowering = compiled.Lowering(rules(name), converting(lambda _: {"x": plain}), ROOM)
    lowering.lower(value)
    before = list(map(sys.getrefcount, held))
    for _ in range(100):
        lowering.lower(value)
        with pytest.raises(SerializationError):
            lowering.lower({"a": [plain, value, [object()]]})
    assert list(map(sys.getrefcount, held)) == before


@pytest.mark.parametrize("name", FORMATS)
def test_plain_data_is_handed_on_as_it_is(name: str) -> None:
    value = {"a": [1, 2.5, None, True, "x"], "b": {"c": {}}}
    assert compiled.Lowering(rules(name), REGISTRY, ROOM).lower(value)[0] is value


@pytest.mark.parametrize(
    ("choice", "language"), [("", "C"), ("compiled", "C"), ("portable", "C"), ("python", "Python")]
)
def test_the_compiled_pass_is_active_unless_python_is_asked_for(choice: str, language: str) -> None:
    """In a process of its own, as users set it."""
    code = "\n".join(
        [
            "from memcached_sessions.serializers import get_serializer",
            f"print({{get_serializer(name).library_calls([1]).implementation for name in {FORMATS}}})",
        ]
    )
    environment = {**os.environ, CHOICE: choice}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr({language})
