"""Dicts whose keys were met before are made by copying a table of keys, and nobody can tell."""

import gc
import sys
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.serializers import get_serializer
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.sample_classes import Item, sample_registry

REGISTRY = sample_registry()
TIMES = 4
"""How often a payload is read: keys are noted, their table is taken, and copied from then on."""

pytest.importorskip("memcached_sessions.serializers.compact._compact", reason="the compiled module was not built here")


@pytest.fixture(params=["compiled", "portable"])
def serializer(request: pytest.FixtureRequest) -> Any:
    return get_serializer("compact", REGISTRY, implementation=request.param)


def read(serializer: Any, value: object) -> list[Any]:
    """Return what a payload comes to, each time."""
    payload = serializer.dumps(value)
    return [serializer.loads(payload) for _ in range(TIMES)]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 7, 10, 11, 31, 32, 33])
@pytest.mark.parametrize("value", [7, None, [], "x", ()], ids=repr)
def test_a_dict_is_like_one_that_was_made_key_by_key(serializer: Any, count: int, value: object) -> None:
    expected = dict[str, object]()
    for number in range(count):
        expected[f"key {number}"] = value

    for loaded in read(serializer, expected):
        assert loaded == expected
        assert list(loaded) == list(expected)
        assert all(loaded[key] == value for key in expected)
        assert sys.getsizeof(loaded) == sys.getsizeof(expected)
        assert gc.is_tracked(loaded) == gc.is_tracked(expected)


def test_a_dict_can_be_changed_without_another_noticing(serializer: Any) -> None:
    original = {"name": "oak shelf", "price": 3, "gift": None}
    first, *others = read(serializer, original)[1:]
    first.update(name="lamp", more=1, **{f"key {number}": number for number in range(50)})
    del first["price"]
    others[0].clear()

    assert list(first)[:3] == ["name", "gift", "more"]
    assert others[0] == {}
    assert others[1] == original


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["id", "name", "price", "key", "é", "x" * 40, "", "to"]), unique=True), max_size=9
    )
)
def test_dicts_of_some_of_the_keys_in_any_order(lists: list[list[str]]) -> None:
    for implementation in ("compiled", "portable"):
        serializer = get_serializer("compact", REGISTRY, implementation=implementation)
        dicts = [{key: key for key in keys} for keys in lists]
        for loaded in read(serializer, dicts):
            changed = difference(dicts, loaded, identity=True)
            assert changed is None, str(changed)
            assert [list(each) for each in loaded] == lists


@pytest.mark.parametrize("apart", [1, 4, 7])
def test_dicts_of_two_kinds_that_begin_and_end_alike(serializer: Any, apart: int) -> None:
    first = dict.fromkeys(("id", *(f"part {number}" for number in range(8)), "updated"), 1)
    second = dict.fromkeys(f"{key} too" if at == apart else key for at, key in enumerate(first))
    dicts = [{**each} for _ in range(50) for each in (first, second)]

    for loaded in read(serializer, dicts):
        assert loaded == dicts
        assert [list(each) for each in loaded] == [list(each) for each in dicts]


def test_a_dict_that_holds_itself(serializer: Any) -> None:
    own: dict[str, Any] = {"name": "own", "more": 1}
    own["self"] = own

    for loaded in read(serializer, [own, own]):
        assert loaded[0] is loaded[1] is loaded[0]["self"]
        assert list(loaded[0]) == ["name", "more", "self"]


def test_what_a_dict_holds_is_let_go(serializer: Any) -> None:
    payload = serializer.dumps({"item": Item("a-1"), "name": "shelf"})
    for _ in range(TIMES):
        loaded = serializer.loads(payload)
        loaded["loop"] = loaded
        item = weakref.ref(loaded["item"])
        del loaded
        gc.collect()
        assert item() is None


def test_keys_and_values_are_counted_as_often_as_they_are_held(serializer: Any) -> None:
    payload = serializer.dumps([{"name": [], "price": 2} for _ in range(6)])
    loaded = read(serializer, serializer.loads(payload))[-1]
    key = next(iter(loaded[0]))
    assert [sys.getrefcount(each["name"]) for each in loaded] == [2] * 6
    before = sys.getrefcount(key)
    for _ in range(1000):
        serializer.loads(payload)
    assert abs(sys.getrefcount(key) - before) < 10
