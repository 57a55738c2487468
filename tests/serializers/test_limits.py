"""What a format without references does with shared objects, depth and size, and that both directions agree."""

import subprocess
import sys
from decimal import Decimal
from typing import Any

import msgpack
import orjson
import pytest
from tree_formats import TREES

from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError, get_serializer
from memcached_sessions.serializers.lowering import MAX_DEPTH


class Person:
    def __init__(self, name: str, friends: "list[Person]") -> None:
        self.name = name
        self.friends = friends


def registry() -> ConverterRegistry:
    made = ConverterRegistry()
    made.register(Person, tag="msm.Person")
    return made


@pytest.mark.parametrize("name", TREES)
def test_objects_shared_again_and_again_are_refused_before_they_are_written_out(name: str) -> None:
    doubled: list[object] = [0]
    for _ in range(60):
        doubled = [doubled, doubled]
    with pytest.raises(SerializationError, match=r"over 100000 bytes in .* writes a shared object once per reference"):
        get_serializer(name, max_size=100_000).dumps({"doubled": doubled})


@pytest.mark.parametrize("name", TREES)
def test_a_long_string_that_is_shared_counts_each_time(name: str) -> None:
    with pytest.raises(SerializationError, match="over 4194304 bytes"):
        get_serializer(name).dumps(["x" * 1_000_000] * 1_000_000)


@pytest.mark.parametrize("name", TREES)
def test_a_chain_of_500_persons_is_refused_instead_of_written_as_125250(name: str) -> None:
    persons: list[Person] = []
    for number in range(500):
        persons.append(Person(f"p{number}", persons[-1:]))
    with pytest.raises(SerializationError, match=f"nested deeper than 200 levels, and {name}|over 4194304 bytes"):
        get_serializer(name, registry=registry()).dumps({"persons": persons})


@pytest.mark.parametrize("name", TREES)
def test_a_short_chain_comes_back_as_copies(name: str) -> None:
    first = Person("a", [])
    serializer = get_serializer(name, registry=registry())
    loaded: Any = serializer.loads(serializer.dumps([first, Person("b", [first])]))
    assert loaded[1].friends[0].name == loaded[0].name
    assert loaded[1].friends[0] is not loaded[0]


@pytest.mark.parametrize("name", [*TREES, "pickle"])
def test_pickle_keeps_the_chain_and_all_read_what_they_write(name: str) -> None:
    serializer = get_serializer(name, registry=registry())
    value: Any = 0
    for level in range(500):
        value = [[value], {"a": value}, (value,), Person("a", [value])][level % 4 if level % 3 else 3]
        try:
            data = serializer.dumps(value)
        except SerializationError as error:
            assert level > 30, error  # noqa: PT017 - it stops somewhere, and says so
            break
        serializer.loads(data)


@pytest.mark.parametrize("name", TREES)
def test_the_deepest_value_that_is_written_is_read_and_one_more_level_is_refused(name: str) -> None:
    serializer = get_serializer(name)
    value: object = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert serializer.loads(serializer.dumps(value)) == value
    with pytest.raises(SerializationError, match=f"nested deeper than 200 levels, and {name} keeps no more"):
        serializer.dumps([value])


@pytest.mark.parametrize("name", TREES)
def test_the_largest_payload_that_is_written_is_read_and_one_more_byte_is_refused(name: str) -> None:
    size = len(get_serializer(name).dumps(["x" * 300]))
    serializer = get_serializer(name, max_size=size)
    assert serializer.loads(serializer.dumps(["x" * 300])) == ["x" * 300]
    with pytest.raises(SerializationError, match=f"max_size={size}"):
        serializer.dumps(["x" * 301])
    with pytest.raises(DeserializationError, match=f"{size + 1} bytes of {name}, over max_size={size}"):
        serializer.loads(get_serializer(name).dumps(["x" * 301]))
    with pytest.raises(ValueError, match="max_size=0: give a number of bytes above 0"):
        get_serializer(name, max_size=0)


HOSTILE_NESTING = """
import sys, threading
from memcached_sessions.serializers import DeserializationError, get_serializer
serializer = get_serializer(sys.argv[1])
levels = int(sys.argv[2])
tag = {"msgpack": b"\\x81\\xc7\\x05\\x01tuple\\x91", "cbor": b"\\xd8\\x1b\\x82\\x65tuple\\x81"}
marked = b"\\x81\\xa6$tuple\\x91"
fory = b"\\x01\\xff\\x16\\x01\\x08\\x16"  # the beginning of a list with a list in it
marks = b"\\x01\\xff\\x18\\x01\\x00\\x01\\x15\\x18\\x04$"  # of a map with a map under "$"
payloads = {
    "json": [b"[" * levels, b'{"$tuple":' * levels, b"[" * levels + b"]" * levels,
             b'{"$tuple":[' * levels + b"]}" * levels],
    "msgpack": [b"\\x91" * levels + b"\\x00", b"\\x92\\xc7\\x00\\x02" + tag["msgpack"] * levels + b"\\x00"],
    "cbor": [b"\\x81" * levels + b"\\x00", b"\\xd8\\x1b" * levels + b"\\x00", tag["cbor"] * levels + b"\\x00",
             b"\\xd8\\x1c" * levels + b"\\x00"],
    "fory": [fory + b"\\x01\\x08\\x16" * levels + b"\\x00", marks + marks[3:] * levels + b"\\x00"],
}
payloads["msgspec"] = payloads["ormsgpack"] = [
    b"\\x91" * levels + b"\\x00", b"\\x81\\xa1a" * levels + b"\\x00", b"\\x81\\xa1$" + marked * levels + b"\\x00"
]
payloads = payloads[sys.argv[1]]
def read():
    for payload in payloads:
        try:
            serializer.loads(payload)
        except DeserializationError:
            pass
    print("survived")
thread = threading.Thread(target=read)
threading.stack_size(512 * 1024)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("levels", [150, 1000, 100_000])
def test_nested_hostile_bytes_do_not_overflow_a_small_stack(name: str, levels: int) -> None:
    command = [sys.executable, "-c", HOSTILE_NESTING, name, str(levels)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (0, "survived\n"), process.stderr


SAME_HASH = 2**61 - 1  # sys.hash_info.modulus: all its multiples have the hash 0
COLLIDING = [{"$int": hex(number * SAME_HASH)} for number in range(1, 2000)]


@pytest.mark.parametrize(
    "plain",
    [{"$set": COLLIDING}, {"$frozenset": COLLIDING}]
    + [{tag: [[key, 0] for key in COLLIDING]} for tag in ("$dict", "$OrderedDict")],
    ids=lambda plain: next(iter(plain)),
)
def test_elements_with_one_hash_are_refused_before_they_cost_the_square_of_their_number(plain: dict[str, Any]) -> None:
    with pytest.raises(DeserializationError, match="more than 100 keys or elements have the same hash"):
        get_serializer("json").loads(orjson.dumps(plain))


@pytest.mark.parametrize("name", TREES)
def test_what_could_not_be_read_for_its_hashes_is_not_written(name: str) -> None:
    numbers = [number * SAME_HASH for number in range(1, 200)]
    for value in (set(numbers), dict.fromkeys(numbers), frozenset(numbers)):
        with pytest.raises(SerializationError, match="more than 100 keys or elements have the same hash"):
            get_serializer(name).dumps({"it": value})


def test_msgpack_makes_no_map_with_keys_that_are_no_strings() -> None:
    tagged = {msgpack.ExtType(1, b"int"): "0x1"}
    for mapping in ({1: 2}, {1: 2, 3: 4}, {"a": 1, None: 2}):
        payload = b"\x92\xc7\x00\x02" + msgpack.packb([tagged, mapping])
        with pytest.raises(DeserializationError, match="a key that is no string"):
            get_serializer("msgpack").loads(payload)


@pytest.mark.parametrize("name", TREES)
def test_each_value_is_lowered_once_however_dicts_are_nested(name: str) -> None:
    """A dict that turns out to need pairs must not have its content lowered a second time."""
    visits = 0

    def count(person: Person) -> str:
        nonlocal visits
        visits += 1
        return person.name

    counting = ConverterRegistry()
    counting.register(Person, tag="msm.Person", encode=count, decode=str)
    value: object = Person("x", [])
    for _ in range(30):
        value = {"$child": {"child": value, 1: 0}}
    get_serializer(name, registry=counting).dumps(value)
    assert visits == 1


@pytest.mark.parametrize("name", TREES)
def test_a_refusal_does_not_visit_shared_objects_again_and_again(name: str) -> None:
    doubled: list[object] = ["\ud800"]
    for _ in range(17):
        doubled = [doubled, doubled]
    visits = 0

    class Counting(ConverterRegistry):
        def lower(self, value: object) -> tuple[str, Any]:
            nonlocal visits
            visits += 1
            return super().lower(value)

    registry = Counting()
    registry.register(Person, tag="msm.Person", encode=lambda _: "", decode=str)
    with pytest.raises(SerializationError, match="lone surrogate"):
        get_serializer(name, registry=registry).dumps([Person("x", []), doubled])
    assert visits == 2


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("leaf", [Decimal(1), (), {1: 2}, b"x", {"$a": 1}], ids=repr)
def test_what_is_written_at_the_greatest_depth_is_read(name: str, leaf: object) -> None:
    serializer = get_serializer(name)
    value, deepest = leaf, 0
    for level in range(MAX_DEPTH + 1):
        try:
            data = serializer.dumps(value)
        except SerializationError:
            break
        assert serializer.loads(data) == value
        value, deepest = [value], level
    assert MAX_DEPTH - 5 < deepest < MAX_DEPTH + 1
