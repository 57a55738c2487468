"""What msgpack has to be before a library reads it, and that the compiled look at it sees what Python's does."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.serializers.damaged import huge_lengths, mutations, repeated_bytes
from memcached_sessions.serializers.msgpack_shape import MAX_LEVELS, look_over


def _looks() -> list[Callable[[bytes], None]]:
    try:
        return [look_over, import_module("memcached_sessions.serializers.compact._compact").look_over]
    except ImportError:
        return [look_over]


LOOKS = _looks()
_PROPERTY = settings(max_examples=100, deadline=None, derandomize=True, database=None)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=40),
    st.binary(max_size=300),
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=5)
)
_OTHER_KEYS = st.dictionaries(_SCALARS.filter(lambda key: type(key) is not str), _SCALARS, min_size=1, max_size=3)


def verdict(data: bytes) -> str:
    """Return what both implementations say."""
    found = {_said(look, data) for look in LOOKS}
    assert len(found) == 1, (found, data.hex())
    return found.pop()


def _said(look: Callable[[bytes], None], data: bytes) -> str:
    try:
        look(data)
    except ValueError as error:
        return str(error)
    return "passed"


def test_values_whose_keys_are_strings_pass() -> None:
    @_PROPERTY
    @given(_VALUES)
    def check(value: object) -> None:
        assert verdict(msgspec.msgpack.encode(value)) == "passed"
        assert verdict(msgpack.packb(value)) == "passed"

    check()


def test_a_key_that_is_no_string_does_not_pass_wherever_it_is() -> None:
    @_PROPERTY
    @given(st.lists(_VALUES, max_size=3), _OTHER_KEYS, st.lists(_VALUES, max_size=3))
    def check(before: list[object], other: dict[Any, object], after: list[object]) -> None:
        for value in ([*before, other, *after], {"a": before, "b": {"c": other}, "d": after}):
            assert verdict(msgpack.packb(value)) == "a map with a key that is no string"

    check()


def test_a_beginning_of_a_value_ends_too_soon_and_more_than_a_value_is_too_much() -> None:
    @_PROPERTY
    @given(_VALUES, st.integers(1, 400))
    def check(value: object, cut: int) -> None:
        data = msgpack.packb(value)
        assert verdict(data[:-cut]) == "it ends too soon"
        assert verdict(data + data) == "bytes after the value"

    check()


@pytest.mark.parametrize("size", [15, 16, 31, 32, 255, 256, 65535, 65536])
def test_every_size_of_a_length_is_understood(size: int) -> None:
    for value in (
        [0.5] * size,
        "x" * size,
        b"x" * size,
        [0] * size,
        dict.fromkeys(map(str, range(size)), 0),
        {"x" * size: [1]},
    ):
        data = msgpack.packb(value, use_single_float=True)
        assert verdict(data) == "passed"
        assert verdict(data[:-1]) == "it ends too soon"


@pytest.mark.parametrize("opening", [b"\x91", b"\x81\xa1a", b"\xdc\x00\x01", b"\xdf\x00\x00\x00\x01\xa0"])
def test_there_are_so_many_levels_and_no_more(opening: bytes) -> None:
    assert verdict(opening * MAX_LEVELS + b"\xc0") == "passed"
    assert verdict(opening * (MAX_LEVELS + 1) + b"\xc0") == f"nested deeper than {MAX_LEVELS} levels"
    assert verdict(b"\x92" + opening * MAX_LEVELS + b"\xc0" + b"\x01") == f"nested deeper than {MAX_LEVELS} levels"


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 8, 12, 16, 300, 70_000])
def test_no_extension_passes(size: int) -> None:
    extension = msgpack.packb(msgpack.ExtType(5, bytes(size)))
    for data in (extension, b"\x92\x01" + extension):
        assert verdict(data) == "an extension, which sessions are not written with"


def test_damaged_and_made_up_bytes_get_the_same_verdict_from_both() -> None:
    cart = {
        "cart": [{"sku": "a" * 40, "count": 2, "price": 9.5, "raw": b"\x00" * 20}] * 20,
        "x": [None, True, 2**40, -3],
    }
    valid = [msgpack.packb(value) for value in (cart, {"$": {"a": {"$tuple": [1, 2]}}}, ["x" * 300] * 20, [[[[]]], {}])]
    made_up = [*mutations(valid, 4_000), *huge_lengths(), *repeated_bytes(700), b""]
    assert len(set(map(verdict, made_up))) == 6

    @settings(_PROPERTY, max_examples=500)
    @given(st.binary(max_size=60) | st.lists(st.sampled_from(range(0x80, 0x100)), max_size=60).map(bytes))
    def check(data: bytes) -> None:
        assert verdict(data)

    check()
