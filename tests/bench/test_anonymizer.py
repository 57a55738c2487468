"""What the anonymizer keeps, what it changes, and that nothing of the original is left."""

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memcached_sessions.bench.captured.anonymizer import AnonymizationError, Anonymizer, anonymized
from memcached_sessions.bench.captured.numbers import Numbers
from memcached_sessions.bench.captured.survivors import SHORTEST, Survivors
from memcached_sessions.bench.workload import available_workloads
from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer
from memcached_sessions.serializers.paths import Place, walk
from memcached_sessions.serializers.testing.sample_classes import Color, Node, Point, sample_registry
from memcached_sessions.serializers.testing.strategies import graphs, values

FORMATS = ("pickle", "json", "msgpack", "cbor", "compact")
WORKLOADS = [name for name, info in available_workloads().items() if info.distribution == "memcached-sessions"]
DOCUMENTS = Path(__file__).parent.parent.parent / "docs"
STANDARD = ("datetime", "decimal", "fractions", "ipaddress", "uuid", "zoneinfo")
REGISTRY = sample_registry()

ANONYMIZE_SETS = """
import pickle, sys
from memcached_sessions.bench.captured.anonymizer import anonymized
from memcached_sessions.serializers import ConverterRegistry
session = {"viewed": {f"article {number}" for number in range(40)}, "scores": {1.5, "two", 3}}
result = anonymized(session, ConverterRegistry(), seed=5)
print([sorted(part, key=str) for part in result.values()])
"""


@dataclass
class Customer:
    name: str
    notes: list[str]


class Money:
    """Kept by a converter of its own, which takes no other currency."""

    def __init__(self, text: str) -> None:
        self.amount, self.currency = text.split(" ")
        if self.currency != "EUR":
            raise ValueError("unknown currency")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Code:
    """Kept by a converter of its own, which takes any text."""

    def __init__(self, text: str) -> None:
        self.text = text


@cache
def _workload_and_result(name: str) -> tuple[list[object], list[object], ConverterRegistry]:
    """Return the sessions of a workload, what they become, and the converters of their classes."""
    workload, registry = available_workloads()[name].workload, ConverterRegistry()
    assert workload is not None
    workload.register(registry)
    sessions = workload.sessions()
    anonymizer = Anonymizer(sessions, registry, seed=1)
    return sessions, [anonymizer.anonymized(session) for session in sessions], registry


def _contents(session: object, registry: ConverterRegistry) -> Iterator[str | bytes]:
    """Yield every string and all bytes that the application has put into a session; none of a standard type's text."""
    for place in walk(session, registry, once=True):
        if type(place.value) in (str, bytes, bytearray) and not _is_standard(place.parent):
            yield bytes(place.value) if type(place.value) is bytearray else place.value


def _is_standard(place: Place | None) -> bool:
    """Whether a place holds a date, a number, an address or a member of an Enum, which is no string but as written."""
    value = place and place.value
    return isinstance(value, Enum) or type(value).__module__ in STANDARD


def _survivors(
    originals: Iterable[object], results: Iterable[object], registry: ConverterRegistry
) -> list[tuple[str | bytes, str | bytes]]:
    """Return what was in a session and is in a result, beside where it is."""
    texts, blobs = Survivors[str](), Survivors[bytes]()
    for content in (content for session in originals for content in _contents(session, registry)):
        texts.add(content) if isinstance(content, str) else blobs.add(content)
    found = []
    for content in (content for result in results for content in _contents(result, registry)):
        places = texts.found(content) if isinstance(content, str) else blobs.found(content)
        found += [(content[slice(*place)], content) for place in places]
    return found


def _payloads(sessions: Iterable[object], name: str, registry: ConverterRegistry) -> list[bytes]:
    serializer = get_serializer(name, registry)
    return [serializer.dumps(session) for session in sessions]


@pytest.mark.parametrize("name", WORKLOADS)
def test_nothing_of_a_workload_survives(name: str) -> None:
    sessions, results, registry = _workload_and_result(name)

    assert _survivors(sessions, results, registry) == []


@pytest.mark.parametrize("name", WORKLOADS)
def test_payloads_stay_as_large_and_as_compressible_in_every_format(name: str) -> None:
    sessions, results, registry = _workload_and_result(name)

    compared = 0
    for name_of_format in FORMATS:
        try:
            before = _payloads(sessions, name_of_format, registry)
        except SerializationError:
            continue
        after = _payloads(results, name_of_format, registry)
        assert _total(after) == pytest.approx(_total(before), rel=0.01), name_of_format
        assert _compressed(after) == pytest.approx(_compressed(before), rel=0.15), name_of_format
        compared += 1
    assert compared >= 2


def test_text_stays_as_compressible() -> None:
    """Prose, which has no more structure than words."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.md"))}

    result = anonymized(pages, ConverterRegistry(), seed=3)

    assert _compressed([*_encoded(result)]) == pytest.approx(_compressed([*_encoded(pages)]), rel=0.15)
    assert [len(text) for text in result.values()] == [len(text) for text in pages.values()]


def test_a_long_text_is_no_matter() -> None:
    """Some word of it is drawn again at many places, each of which is repaired."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.md"))) * 3
    words = Survivors[str]()
    for word in re.findall(r"[A-Za-z]{4,}", text):
        words.add(word)

    (result,) = anonymized([text], ConverterRegistry(), seed=19)

    assert len(result) == len(text) > 100_000
    assert words.found(result) == []


def test_no_word_of_a_text_survives() -> None:
    """Four letters or more: a text as a whole hardly could."""
    text = "Dear Ada, your appointment with the physician is tomorrow; bring the insurance card. " * 3

    (result,) = anonymized([text], ConverterRegistry(), seed=4)

    assert [word for word in text.replace(".", "").split() if len(word) >= SHORTEST and word in result] == []


@settings(deadline=None, max_examples=100)
@given(st.lists(values(get_serializer("compact").capabilities), max_size=4), st.integers(0, 9))
def test_nothing_of_any_values_survives(sessions: list[object], seed: int) -> None:
    _check_sessions(sessions, seed)


@settings(deadline=None, max_examples=100)
@given(graphs(), st.integers(0, 9))
def test_nothing_of_any_objects_that_refer_to_each_other_survives(session: list[object], seed: int) -> None:
    _check_sessions([session], seed)


@settings(deadline=None, max_examples=100)
@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), st.binary(max_size=40), max_size=30)
)
def test_keys_stay_different_and_in_their_number(session: dict[str, bytes]) -> None:
    result = anonymized(session, ConverterRegistry(), seed=6)

    assert len(result) == len(session)
    assert [len(key.encode()) for key in result] == [len(key.encode()) for key in session]
    assert [len(key) for key in result] == [len(key) for key in session]
    assert [len(data) for data in result.values()] == [len(data) for data in session.values()]
    assert _survivors([session], [result], ConverterRegistry()) == []


def _check_sessions(sessions: list[object], seed: int) -> None:
    """Demand that nothing survives, that the shapes stay, and with them what every serializer makes of identity."""
    anonymizer = Anonymizer(sessions, REGISTRY, seed=seed)

    results = [anonymizer.anonymized(session) for session in sessions]

    assert _survivors(sessions, results, REGISTRY) == []
    for session, result in zip(sessions, results, strict=True):
        assert _shape(session) == _shape(result)


def _shape(session: object) -> list[object]:
    """Return what kinds of values are where, which of them have been there before, and how long strings are.

    Elements of sets are in no order, so what kinds they are is all that is told of them.
    """
    numbers: dict[int, int] = {}
    shape: list[object] = []
    for place in walk(session, REGISTRY, once=True):
        value = place.value
        in_set = any(isinstance(outer.value, (set, frozenset)) for outer in place.line() if outer is not place)
        if in_set or _is_standard(place.parent):
            continue
        shared = isinstance(value, (list, dict, Node, bytearray, Point)) and numbers.setdefault(id(value), len(numbers))
        length = (len(value), len(value.encode())) if type(value) is str else len(value) if type(value) is bytes else 0
        shape.append((type(value), shared, length))
    return shape


def test_what_is_shared_stays_shared_and_cycles_stay_cycles() -> None:
    parent = Node("parent of all")
    child = Node("only child", parent)
    tags = ["shared tag"]
    pair = (tags, [tags])
    pair[1].append(pair)
    session = {"node": child, "tags": tags, "pair": pair, "again": pair}

    node, result_tags, result_pair, again = anonymized(session, REGISTRY, seed=7).values()

    assert node.parent.children[0] is node
    assert result_pair[0] is result_pair[1][0] is result_tags
    assert result_pair[1][1] is result_pair is again


def test_two_equal_strings_that_are_two_objects_are_so_afterwards() -> None:
    """Pickle writes the one again, and refers back to the other."""
    name = "Ada Lovelace"
    copy = name[:4] + name[4:]

    one, same, other = anonymized([name, name, copy], ConverterRegistry(), seed=8)

    assert one is same
    assert one == other
    assert one is not other


def test_what_is_equal_in_two_sessions_is_equal_afterwards() -> None:
    sessions = [{"plan": "premium", "visits": 1234}, {"plan": "premium", "visits": 1234}]
    anonymizer = Anonymizer(sessions, ConverterRegistry(), seed=9)

    assert anonymizer.anonymized(sessions[0]) == anonymizer.anonymized(sessions[1]) != sessions[0]


def test_a_chain_of_thousands_of_objects_is_no_matter() -> None:
    """Nor is what a recursion over it would take."""
    first = node = Node("first of many")
    for number in range(5_000):
        node = Node(f"number {number}", node)

    result = anonymized(first, REGISTRY, seed=10)

    depth = 0
    while result.children:
        (result,) = result.children
        depth += 1
    assert depth == 5_000


def test_the_classes_and_enums_stay_and_the_fields_are_changed() -> None:
    registry = ConverterRegistry()
    registry.register(Customer, tag="test.Customer")
    registry.register(Color, tag="test.Color")
    customer = Customer("Ada Lovelace", ["likes tea"])

    result = anonymized({"customer": customer, "colour": Color.RED}, registry, seed=11)
    changed, colour = result.values()

    assert type(changed) is Customer
    assert (len(changed.name), len(changed.notes[0])) == (12, 9)
    assert "Ada" not in changed.name
    assert colour is Color.RED
    assert customer == Customer("Ada Lovelace", ["likes tea"])


def test_the_same_seed_gives_the_same_result_under_another_hash_seed() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", ANONYMIZE_SETS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(told) == 1


def test_without_a_seed_no_two_results_are_alike() -> None:
    session = {"name": "Ada Lovelace", "id": uuid4()}
    results = [Anonymizer([session], ConverterRegistry()).anonymized(session) for _ in range(2)]

    assert results[0] != results[1]


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 14, 15, 9, 26, 535_897, tzinfo=UTC),
        timedelta(days=3, seconds=5_000),
        Decimal("19.90"),
        UUID("0189d3f0-1c2d-7abc-8def-0123456789ab"),
        PurePosixPath("/srv/media/portrait.webp"),
        IPv4Network("192.168.4.0/24"),
        3.141592653589793,
        19.95,
        1_772_000_000,
        -25,
        2**70,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_becomes_another_of_its_type_that_is_written_as_long(value: object) -> None:
    (result,) = anonymized([value], ConverterRegistry(), seed=12)

    assert type(result) is type(value)
    assert result != value
    for name in FORMATS:
        before, after = (len(get_serializer(name).dumps([item])) for item in (value, result))
        assert before == after, name


@given(st.integers(-(2**80), 2**80))
def test_an_integer_keeps_its_sign_its_digits_and_its_bits(number: int) -> None:
    result = Numbers(Random(number)).integer(number)

    assert len(str(result)) == len(str(number))
    assert result.bit_length() == number.bit_length()
    assert result != number or abs(number) < 2_000 or number.bit_length() < 12


@example(4.5537218005141026e-215)  # just beneath a power of two: 17 digits
@given(st.floats(allow_nan=False))
def test_a_float_keeps_how_long_it_is_written(number: float) -> None:
    result = Numbers(Random(1)).floating(number)

    assert len(repr(result)) == len(repr(number))


def test_small_numbers_that_differ_go_on_to_differ() -> None:
    """Although there are few of each kind: every one has its place."""
    numbers = Numbers(Random(2))

    assert len({numbers.integer(number) for number in range(-300, 300)}) == 600


def test_moments_of_one_hour_stay_near_each_other() -> None:
    """So that what they begin with is found again by a compressor."""
    opened = datetime(2026, 3, 14, 9, tzinfo=UTC)
    moments = [opened + timedelta(minutes=minute, seconds=7) for minute in range(1, 50)]

    result = anonymized(moments, ConverterRegistry(), seed=13)

    assert {moment.replace(minute=0, second=0) for moment in result} == {result[0].replace(minute=0, second=0)}
    assert opened not in {moment.replace(minute=0, second=0) for moment in result}


def test_uuids_of_one_hour_begin_alike_and_not_as_before() -> None:
    one, other = (UUID(f"0189d3f0-{tail}") for tail in ("1c2d-7abc-8def-0123456789ab", "3e4f-7abc-8def-ba9876543210"))

    first, second = anonymized([one, other], ConverterRegistry(), seed=20)

    assert first.version == second.version == 7
    assert first.hex[:6] == second.hex[:6] != one.hex[:6]
    assert first != second


def test_repeated_bytes_stay_repeated_and_random_ones_stay_dense() -> None:
    dense = Random(1).randbytes(5_000)
    blob = dense + b"\x00\x01" * 1_000 + dense

    (result,) = anonymized([blob], ConverterRegistry(), seed=14)

    assert result[:5_000] == result[7_000:] != dense
    assert len(zlib.compress(result)) == pytest.approx(len(zlib.compress(blob)), rel=0.05)


def test_punctuation_alone_does_not_survive_either() -> None:
    result = anonymized({"----": "=====", "a": "x ---- y"}, ConverterRegistry(), seed=15)

    assert _survivors([{"----": "====="}], [result], ConverterRegistry()) == []


def test_an_unregistered_class_is_an_error_with_its_path_and_what_to_do() -> None:
    with pytest.raises(AnonymizationError, match=r"--converters.*--as-they-are") as caught:
        anonymized({"cart": [Customer("Ada", [])]}, ConverterRegistry(), seed=16)

    assert caught.value.path == "cart[0]"
    assert "Ada" not in str(caught.value)


def test_a_converter_that_takes_no_other_data_is_an_error_with_its_path_and_what_to_do() -> None:
    registry = ConverterRegistry()
    registry.register(Money, tag="test.Money", encode=str, decode=Money)

    with pytest.raises(AnonymizationError, match=r"'test.Money' does not take other data.*fields") as caught:
        anonymized({"cart": {"total": Money("9.90 EUR")}}, registry, seed=17)

    assert caught.value.path == "cart.total"
    assert "9.90" not in str(caught.value)


def test_a_converter_that_takes_other_data_is_used() -> None:
    registry = ConverterRegistry()
    registry.register(
        Code, tag="test.Code", encode=lambda code: {"text": code.text}, decode=lambda plain: Code(plain["text"])
    )

    (code,) = anonymized([Code("secret code")], registry, seed=18)

    assert type(code) is Code
    assert (len(code.text), code.text[6]) == (11, " ")
    assert "secret" not in code.text


def _encoded(texts: dict[str, str]) -> Iterator[bytes]:
    return (text.encode() for text in texts.values())


def _total(payloads: Iterable[bytes]) -> int:
    return sum(map(len, payloads))


def _compressed(payloads: Iterable[bytes]) -> int:
    return sum(len(zlib.compress(payload)) for payload in payloads)
