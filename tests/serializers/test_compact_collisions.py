"""Dicts and sets whose keys share a hash are refused when they are written, since no reader would take them."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from memcached_sessions.serializers import DeserializationError, SerializationError, get_serializer
from memcached_sessions.serializers.collisions import MAX_EQUAL_HASHES
from memcached_sessions.serializers.compact import writer
from memcached_sessions.serializers.testing.sample_classes import Point, sample_registry

MERSENNE = 2**61 - 1  # an int and this many more have one hash
MODES = ["python", "portable", "compiled"]


@pytest.fixture(params=MODES)
def compact(request: pytest.FixtureRequest) -> Any:
    try:
        return get_serializer("compact", sample_registry(), implementation=request.param)
    except ValueError:
        pytest.skip("the compiled module of compact was not built here")


def colliding(count: int) -> Iterator[int]:
    return (number * MERSENNE for number in range(count))


def dict_of(keys: Iterator[Any]) -> dict[Any, int]:
    return dict.fromkeys(keys, 1)


@pytest.mark.parametrize("make", [dict_of, set, frozenset, lambda keys: OrderedDict(dict_of(keys))])
def test_a_container_of_too_many_equal_hashes_is_refused_with_its_path(
    compact: Any, make: Callable[[Iterator[int]], Any]
) -> None:
    container = make(colliding(MAX_EQUAL_HASHES + 1))

    with pytest.raises(SerializationError, match="more than 100 keys or elements have the same hash") as caught:
        compact.dumps({"a": [1, container]})

    assert caught.value.path == "a[1]"
    assert f"such a {type(container).__name__} could not be read: use a list" in str(caught.value)


@pytest.mark.parametrize("make", [dict_of, set, frozenset])
def test_what_is_written_with_as_many_as_are_allowed_can_be_read(
    compact: Any, make: Callable[[Iterator[int]], Any]
) -> None:
    container = make(colliding(MAX_EQUAL_HASHES))

    assert compact.loads(compact.dumps(container)) == container


@pytest.mark.parametrize("wrap", [lambda n: (n, "a"), lambda n: frozenset((n,)), Point, Decimal])
def test_keys_of_other_types_are_asked_for_their_hash_too(compact: Any, wrap: Callable[[int], object]) -> None:
    many = {wrap(number * (MERSENNE << 70)) for number in range(1, MAX_EQUAL_HASHES + 2)}

    with pytest.raises(SerializationError, match="have the same hash"):
        compact.dumps([many])


def test_many_different_keys_are_no_matter(compact: Any) -> None:
    for container in (
        dict_of(iter(range(10_000))),
        {(x, y): None for x in range(50) for y in range(50)},
        {Point(x) for x in range(500)},
        {str(number) for number in range(1_000)},
        dict_of(iter([*map(str, range(500)), *colliding(MAX_EQUAL_HASHES)])),
    ):
        assert compact.loads(compact.dumps(container)) == container


def test_a_colliding_set_inside_a_sort_key_is_refused(compact: Any) -> None:
    with pytest.raises(SerializationError, match="have the same hash"):
        compact.dumps({frozenset(colliding(MAX_EQUAL_HASHES + 1)), 1})


def test_readers_still_refuse_what_other_writers_wrote(compact: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memcached_sessions.serializers.compact.value_writers.hashes_collide", lambda _: False)
    payload = writer.dumps(dict_of(colliding(MAX_EQUAL_HASHES + 1)), sample_registry(), 10_000)

    with pytest.raises(DeserializationError, match="more than 100 keys or elements have the same hash"):
        compact.loads(payload)
