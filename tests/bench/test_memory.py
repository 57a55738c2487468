"""The memory of one dumps and one loads: what a plug-in really takes, no more and no less."""

import pytest

from memcached_sessions.bench.case import Case
from memcached_sessions.bench.floor import FLOOR
from memcached_sessions.bench.memory import memories
from memcached_sessions.bench.workload import available_workloads

MIB = 1 << 20
PLUGIN = """
import json
from memcached_sessions.bench.workload import Workload
from memcached_sessions.serializers import Capabilities

class Greedy:
    name = "greedy"
    capabilities = Capabilities()
    calls = 0
    kept = None
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        self.calls += 1
        if self.calls == 1:
            self.kept = bytearray(7_000_000)  # once, and not for every session
        bytearray(3_000_000)
        return json.dumps(value).encode()
    def loads(self, data, /):
        bytearray(5_000_000)
        return json.loads(data)

MANY = Workload("many", "", None, lambda: [{"t": "x" * n} for n in (10, 2_000_000, 10)], population=True)
"""
ENTRY_POINTS = """[memcached_sessions.serializers]
greedy = plugin_greedy:Greedy
[memcached_sessions.workloads]
many = plugin_greedy:MANY
"""


def _case(workload: str, serializer: str) -> Case:
    return Case(available_workloads()[workload].workload, serializer, serializer)


@pytest.fixture
def greedy(install) -> None:
    """A serializer that takes known amounts, and sessions of which one is large."""
    install("plugin_greedy", PLUGIN, ENTRY_POINTS)


@pytest.mark.usefixtures("greedy")
def test_what_a_serializer_takes_for_a_moment_is_seen_and_what_it_took_once_is_not() -> None:
    memory = memories([_case("login", "greedy")]).found["login", "greedy"]

    assert 3_000_000 < memory.dumps < 3_100_000
    assert 5_000_000 < memory.loads < 5_100_000


@pytest.mark.usefixtures("greedy")
def test_of_many_sessions_it_is_the_largest() -> None:
    memory = memories([_case("many", "json")]).found["many", "json"]

    assert memory.loads > 2_000_000
    assert memory.dumps > 2_000_000


@pytest.mark.parametrize("serializer", ["pickle", "json", "msgpack", "cbor", "compact"])
def test_what_comes_out_is_part_of_what_was_taken(serializer: str) -> None:
    case = _case("cart-objects", serializer)

    memory = memories([case]).found["cart-objects", serializer]

    assert 1_000 < memory.dumps < MIB
    assert 1_000 < memory.loads < MIB


def test_what_has_no_bytes_and_what_fails_is_left_out() -> None:
    progress: list[tuple[int, int]] = []
    cases = [_case("login", FLOOR), _case("cart-objects", "bare-orjson"), _case("login", "json")]

    found = memories(cases, progress=lambda done, of: progress.append((done, of)))

    assert list(found.found) == [("login", "json")]
    assert progress == [(1, 2), (2, 2)]
