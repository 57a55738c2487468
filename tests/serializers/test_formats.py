"""The payloads themselves: what other programs read, and what is refused although a library would read it."""

import math
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import cbor2
import msgpack
import msgspec
import orjson
import ormsgpack
import pyfory
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_formats import TREES

from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError, get_serializer
from memcached_sessions.serializers.collisions import hashes_collide
from memcached_sessions.serializers.testing.sample_classes import Color, Item, sample_registry
from memcached_sessions.serializers.testing.samples import SAMPLES

FORY = pyfory.Fory(xlang=True)
LIBRARIES = {
    "json": (orjson.dumps, orjson.loads),
    "msgpack": (msgpack.packb, msgpack.unpackb),
    "cbor": (cbor2.dumps, cbor2.loads),
    "msgspec": (msgspec.msgpack.encode, msgspec.msgpack.decode),
    "ormsgpack": (ormsgpack.packb, ormsgpack.unpackb),
    "fory": (FORY.serialize, FORY.deserialize),
}
PLAIN = {"_auth_user_id": "7", "cart": [{"sku": "a", "count": 2, "price": 9.5}], "flag": True, "none": None}


@pytest.mark.parametrize("name", TREES)
def test_plain_data_is_what_the_library_alone_writes(name: str) -> None:
    dumps, loads = LIBRARIES[name]
    serializer = get_serializer(name)
    assert serializer.dumps(PLAIN) == dumps(PLAIN)
    assert loads(serializer.dumps(PLAIN)) == PLAIN
    assert serializer.loads(dumps(PLAIN)) == PLAIN


def test_json_writes_tags_as_objects_with_one_member() -> None:
    value = {"at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "total": Decimal("9.90"), "seats": (1, 2), "raw": b"\x00"}
    assert get_serializer("json").dumps(value) == (
        b'{"at":{"$datetime":"2026-01-02T03:04:00+00:00"},"total":{"$decimal":"9.90"},'
        b'"seats":{"$tuple":[1,2]},"raw":{"$bytes":"AA=="}}'
    )


def test_json_writes_a_dict_that_looks_like_a_tag_as_pairs() -> None:
    serializer = get_serializer("json")
    assert serializer.dumps({"$tuple": [1]}) == b'{"$dict":[["$tuple",[1]]]}'
    assert serializer.dumps({1: 2}) == b'{"$dict":[[1,2]]}'
    assert serializer.dumps({"$a": 1, "$b": 2}) == b'{"$a":1,"$b":2}'


def test_json_writes_no_number_that_json_lacks() -> None:
    serializer = get_serializer("json")
    assert serializer.dumps([math.nan, -math.inf]) == b'[{"$float":"nan"},{"$float":"-inf"}]'
    assert serializer.dumps(2**64) == b'{"$int":"0x10000000000000000"}'


def test_msgpack_writes_tags_as_maps_that_any_reader_understands() -> None:
    data = get_serializer("msgpack").dumps({"seats": (1, 2)})
    header, value = msgpack.unpackb(data, strict_map_key=False)
    assert header == msgpack.ExtType(2, b"")
    assert value == {"seats": {msgpack.ExtType(1, b"tuple"): [1, 2]}}


@pytest.mark.parametrize("name", ["msgspec", "ormsgpack", "fory"])
def test_tags_are_maps_of_one_pair_under_a_mark_that_announces_them(name: str) -> None:
    serializer, loads = get_serializer(name), LIBRARIES[name][1]
    assert loads(serializer.dumps({"seats": (1, 2)})) == {"$": {"seats": {"$tuple": [1, 2]}}}
    assert loads(serializer.dumps({"$": 1})) == {"$": {"$dict": [["$", 1]]}}
    assert loads(serializer.dumps([{"$a": 1, "$b": 2}])) == [{"$a": 1, "$b": 2}]


@pytest.mark.parametrize("name", ["msgspec", "ormsgpack", "fory"])
def test_a_payload_that_announces_no_tags_has_none(name: str) -> None:
    written = {"seats": {"$tuple": [1, 2]}, "more": [{"$no such tag": 0}]}
    assert get_serializer(name).loads(LIBRARIES[name][0](written)) == written


def test_msgspec_and_ormsgpack_write_the_same_bytes() -> None:
    """So what one wrote the other reads."""
    registry = sample_registry()
    one, other = get_serializer("msgspec", registry), get_serializer("ormsgpack", registry)
    for sample in SAMPLES:
        with suppress(SerializationError):
            assert other.dumps(sample.make()) == one.dumps(sample.make()), sample


def test_msgspec_writes_json_if_asked_for() -> None:
    serializer = get_serializer("msgspec", format="json")
    assert serializer.dumps(PLAIN) == orjson.dumps(PLAIN)
    assert serializer.dumps([math.nan, b"\x00", (1,)]) == (b'{"$":[{"$float":"nan"},{"$bytes":"AA=="},{"$tuple":[1]}]}')
    with pytest.raises(ValueError, match=r"no format 'yaml': use msgpack or json"):
        get_serializer("msgspec", format="yaml")


def test_fory_writes_an_integer_that_needs_the_64th_bit_under_a_tag() -> None:
    written = get_serializer("fory").dumps([2**63 - 1, 2**63])
    assert FORY.deserialize(written) == {"$": [2**63 - 1, {"$int": "0x8000000000000000"}]}


def test_fory_reads_what_may_not_be_read_safely_and_says_so() -> None:
    """Any number of keys with one hash: the reason why it does not claim `safe`."""
    serializer = get_serializer("fory")
    colliding = dict.fromkeys(Decimal(number * (2**61 - 1)) for number in range(200))
    assert hashes_collide(serializer.loads(FORY.serialize(colliding)))
    assert not serializer.capabilities.safe


@pytest.mark.parametrize(
    "value", [print, Color, Decimal, Item("a"), slice(1), Exception("x")], ids=lambda value: type(value).__name__
)
def test_fory_reads_no_function_class_or_instance(value: object) -> None:
    """Whatever an unbounded Fory in Python's own form writes."""
    unbounded = pyfory.Fory(xlang=False, strict=False)
    for payload in (data := unbounded.serialize(value), b"\x01" + data[1:]):
        with pytest.raises(DeserializationError):
            get_serializer("fory").loads(payload)


def test_cbor_writes_tags_as_generic_objects() -> None:
    data = get_serializer("cbor").dumps({"id": UUID(int=1)})
    tag = cbor2.loads(data)["id"]
    assert (tag.tag, list(tag.value)) == (27, ["uuid", "0" * 31 + "1"])


@pytest.mark.parametrize(
    "number", [0, 1, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 43000, 99999]
)
def test_cbor_refuses_the_tags_of_others_before_they_are_decoded(number: int) -> None:
    for content in ("2026-01-01", ["a+", 1], b"x", 1):
        with pytest.raises(DeserializationError):
            get_serializer("cbor").loads(cbor2.dumps(cbor2.CBORTag(number, content)))


def test_cbor_knows_every_tag_that_its_library_decodes() -> None:
    """A new release of cbor2 may decode more tags; each must be refused or be one of the two for integers."""
    serializer = get_serializer("cbor")
    for number in (*range(24), *range(28, 1200), 43000, 43001, 55799, 55800):
        for content in (b"\x00", b"\x60", b"\x82\x01\x02", b"\x41a"):
            data = cbor2.dumps(cbor2.CBORTag(number, 0))[:-1] + content
            try:
                value: Any = serializer.loads(data)
            except DeserializationError:
                continue
            assert number in (2, 3)
            assert type(value) is int


@pytest.mark.parametrize("name", TREES)
def test_bytes_after_the_value_are_refused(name: str) -> None:
    serializer = get_serializer(name)
    for value in (PLAIN, {"seats": (1, 2)}):
        with pytest.raises(DeserializationError):
            serializer.loads(serializer.dumps(value) + b"\x00")


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("msgpack", msgpack.packb({"a": msgpack.ExtType(1, b"tuple")})),
        ("msgpack", b"\x92\xc7\x00\x02" + msgpack.packb(msgpack.ExtType(5, b"tuple"))),
        ("msgpack", b"\x92\xc7\x00\x02" + msgpack.packb({msgpack.ExtType(1, b"\xff"): 1})),
        ("msgpack", msgpack.packb({1: 2})),
        ("cbor", cbor2.dumps({1: 2})),
        ("cbor", cbor2.dumps(cbor2.CBORTag(27, "tuple"))),
        ("cbor", cbor2.dumps(cbor2.CBORTag(27, [1, 2]))),
        ("cbor", b"\xa1" + cbor2.dumps(cbor2.CBORTag(27, ["tuple", [1]])) + b"\x01"),
        ("msgspec", msgpack.packb({1: 2})),
        ("msgspec", msgpack.packb([{b"a": 2}])),
        ("msgspec", b"\x81\x92\x01\x02\x03"),
        ("msgspec", msgpack.packb([msgpack.ExtType(1, b"tuple")])),
        ("msgspec", msgpack.packb(datetime(2026, 1, 1, tzinfo=UTC), datetime=True)),
        ("msgspec", msgpack.packb({"$": {"$tuple": 1}})),
        ("msgspec", msgpack.packb({"$": {"$": 1}})),
        ("ormsgpack", msgpack.packb({1: 2})),
        ("ormsgpack", msgpack.packb([msgpack.ExtType(1, b"tuple")])),
        ("ormsgpack", msgpack.packb({"$": {"$tuple": 1}})),
        ("fory", FORY.serialize({"$": {"$tuple": 1}})),
        ("fory", FORY.serialize({"$": [{1: 2}]})),
        ("fory", pyfory.Fory(xlang=False).serialize([1])),
        ("json", b'{"$": 1}'),
        ("json", b'{"$decimal": 1}'),
        ("json", b"[1] [2]"),
    ],
)
def test_what_no_session_was_written_as_is_refused(name: str, payload: bytes) -> None:
    with pytest.raises(DeserializationError):
        get_serializer(name).loads(payload)


TAGS = [
    "int",
    "float",
    "complex",
    "bytes",
    "bytearray",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "range",
    "deque",
    "OrderedDict",
    "decimal",
    "fraction",
    "datetime",
    "time",
    "date",
    "timedelta",
    "timezone",
    "zoneinfo",
    "uuid",
    "PosixPath",
    "WindowsPath",
    "PurePosixPath",
    "PureWindowsPath",
    "IPv4Address",
    "IPv4Interface",
    "IPv4Network",
    "IPv6Address",
    "IPv6Interface",
    "IPv6Network",
]
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), st.text(max_size=12)
)
_DATA = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


@pytest.mark.parametrize("tag", TAGS)
def test_a_shipped_converter_makes_its_own_type_of_whatever_it_is_given_or_refuses(tag: str) -> None:
    registry = ConverterRegistry()
    serializer = get_serializer("json", registry=registry)

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(_DATA | st.sampled_from(["1e999999999", "0x" + "f" * 5000, "9" * 5000, [1, 0], [2**62, 2**62 - 1]]))
    def check(plain: object) -> None:
        try:
            value = serializer.loads(orjson.dumps({"$" + tag: plain}))
        except DeserializationError:
            return
        assert type(value) is registry.converter_of(tag).cls

    check()


def test_the_list_of_shipped_tags_is_complete() -> None:
    registry = ConverterRegistry()
    registry.lower(())
    of_python = [tag for tag in registry._by_tag if "." not in tag]  # noqa: SLF001 - a library's begin with its name
    assert sorted(of_python) == sorted(TAGS)
    assert not registry.broken
