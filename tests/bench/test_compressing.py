"""What compressors make of payloads is what the session manager would store, and is timed by session."""

import zlib

import pytest

from memcached_sessions.bench import compressing
from memcached_sessions.bench.case import Case
from memcached_sessions.bench.compressing import COMPRESSORS, break_even, compressed
from memcached_sessions.bench.workload import available_workloads
from memcached_sessions.manager.compression import compression_named
from memcached_sessions.manager.errors import ConfigurationError
from memcached_sessions.serializers import get_serializer

WORKLOADS = """
from random import Random
from memcached_sessions.bench.workload import Workload

def noise(size):
    return Random(size).randbytes(size)

EASY = Workload("easy", "", None, lambda: {"text": "to be or not to be " * 50})
MANY = Workload("many", "", None, lambda: [{"a": 1}] + [{"n": "to be or not " * n} for n in (50, 60)], population=True)
NOISY = Workload("noisy", "", None, lambda: [{"n": noise(n)} for n in (500, 900)], population=True)
"""
HANGING = """
import time
from memcached_sessions.serializers import Capabilities

class Hanging:
    name = "hanging"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /): time.sleep(3600)
    def loads(self, data, /): return {}
"""
ENTRY_POINTS = """[memcached_sessions.workloads]
easy = plugin_texts:EASY
many = plugin_texts:MANY
noisy = plugin_texts:NOISY
"""


@pytest.fixture(autouse=True)
def texts(install) -> None:
    """Workloads whose payloads are easy to compress, or hard."""
    install("plugin_texts", WORKLOADS, ENTRY_POINTS)


def _case(workload: str, serializer: str = "json") -> Case:
    return Case(available_workloads()[workload].workload, serializer, serializer)


def test_each_compressor_makes_of_the_payload_what_the_manager_would_store() -> None:
    payload = get_serializer("json").dumps(available_workloads()["easy"].workload.build())

    rows = compressed([_case("easy")], 1).found["easy", "json"]

    assert [row.compressor for row in rows] == ["zlib-6", "zstd-3"]
    assert [row.bytes for row in rows] == [len(compression_named(name).compress(payload)) for name in COMPRESSORS]
    assert rows[0].bytes == len(zlib.compress(payload, 6)) < len(payload)


def test_the_sizes_of_many_sessions_are_summed_and_the_times_are_for_one() -> None:
    sessions = available_workloads()["many"].workload.sessions()
    payloads = [get_serializer("json").dumps(session) for session in sessions]

    (row, _) = compressed([_case("many")], 1).found["many", "json"]

    assert row.bytes == sum(len(zlib.compress(payload)) for payload in payloads)
    assert row.break_even == len(payloads[1])  # the first is too small to become smaller
    assert 1e-7 < row.decompress.median < 1e-2
    assert 1e-7 < row.compress.median < 1e-2


def test_each_pass_gives_a_value_and_progress() -> None:
    progress: list[tuple[int, int]] = []

    found = compressed([_case("easy"), _case("many")], 2, progress=lambda done, of: progress.append((done, of)))

    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]
    times = found.found["easy", "json"][0].compress
    assert times.low < times.median < times.high  # of two processes


@pytest.mark.parametrize(
    ("sizes", "made", "expected"),
    [
        ([300, 100, 200], [160, 120, 150], 200),
        ([100, 200], [50, 100], 100),
        ([100, 200], [50, 200], None),  # the largest did not get smaller
        ([100, 200, 150, 300], [90, 210, 90, 200], 300),  # above one that did not
        ([500], [100], None),  # one session says nothing about others
    ],
)
def test_compressing_pays_from_the_size_on_from_which_everything_got_smaller(
    sizes: list[int], made: list[int], expected: int | None
) -> None:
    assert break_even(sizes, made) == expected


def test_noise_gets_smaller_at_no_size() -> None:
    rows = compressed([_case("noisy", "pickle")], 1).found["noisy", "pickle"]

    assert [row.break_even for row in rows] == [None, None]


def test_what_fails_says_why() -> None:
    figures = compressed([_case("noisy", "bare-orjson"), _case("easy")], 2)

    assert list(figures.found) == [("easy", "json")]
    assert list(figures.failed) == [("noisy", "bare-orjson")]
    assert "bytes" in figures.failed["noisy", "bare-orjson"]


def test_a_serializer_that_hangs_is_waited_for_twice(install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressing, "_SECONDS", 0.5)
    install("plugin_hanging", HANGING, "[memcached_sessions.serializers]\nhanging = plugin_hanging:Hanging\n")
    cases = [_case(workload, "hanging") for workload in ("easy", "many", "noisy")]

    figures = compressed(cases, 2)

    assert figures.found == {}
    assert sorted(figures.failed.values()) == ["it was stopped after 0.5 s"] * 2 + [
        "not tried: it came to no end 2 times before"
    ]


def test_a_compressor_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        if name == "zstd":
            raise ConfigurationError("it is not installed")
        return compression_named(name)

    monkeypatch.setattr(compressing, "compression_named", absent)

    rows = compressing.timed({"workload": "login", "serializer": "json", "label": "json", "options": {}})

    assert [row["compressor"] for row in rows] == ["zlib-6"]
