"""Requests through a real memcached: each does what it should, once, and what is slow or hangs is shown as that."""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from memcached_sessions.bench import end_to_end as module
from memcached_sessions.bench import visiting
from memcached_sessions.bench.alternating import AlternatingManagers, LostUpdateError, Visitor
from memcached_sessions.bench.case import Case, every_case
from memcached_sessions.bench.end_to_end import end_to_end, of_requests
from memcached_sessions.bench.errand import add_workload, data_of
from memcached_sessions.bench.references import reference_infos
from memcached_sessions.bench.result import EndToEnd
from memcached_sessions.bench.slabs import CountingClient
from memcached_sessions.bench.store import connection_to, memcached
from memcached_sessions.bench.workload import Workload, WorkloadInfo, available_workloads
from memcached_sessions.serializers import SerializerInfo, available_serializers, get_serializer

PLUGIN = """
import json, time
from memcached_sessions.serializers import Capabilities, SerializationError

class Plugin:
    name = "{name}"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        {dumps}
        return json.dumps(value).encode()
    def loads(self, data, /):
        {loads}
        return json.loads(data)
"""
REQUESTS = 60


class Counting:
    """JSON that counts its calls."""

    name = "json"

    def __init__(self) -> None:
        self._json = get_serializer("json")
        self.capabilities = self._json.capabilities
        self.dumped = self.loaded = 0

    def dumps(self, value: object, /) -> bytes:
        self.dumped += 1
        return self._json.dumps(value)

    def loads(self, data: bytes, /) -> object:
        self.loaded += 1
        return self._json.loads(data)


class Visited:
    """A visitor of warm sessions, the calls of its managers' serializer, and the server's own counts."""

    def __init__(self, visitor: Visitor, serializer: Counting, client: CountingClient, address: str) -> None:
        self.address = address
        self.visitor = visitor
        self._serializer = serializer
        self._client = client
        self._before = self._now()

    def _now(self) -> list[int]:
        stats = self._client.stats("")
        counts = [int(stats[name]) for name in ("cmd_get", "get_misses", "cmd_set", "cas_hits")]
        return [*counts, self._serializer.loaded, self._serializer.dumped]

    def since(self) -> list[int]:
        """Return what was counted since it was made: gets, misses, sets, sets over what was seen, loads, dumps."""
        return [now - before for now, before in zip(self._now(), self._before, strict=True)]


@pytest.fixture
def visited() -> Iterator[Visited]:
    """Two managers on a memcached of their own."""
    serializer = Counting()
    with (
        memcached() as address,
        CountingClient(address) as client,
        AlternatingManagers(address, lambda: serializer) as managers,
    ):
        visitor = managers.visitor([{"user": 7, "cart": ["a", "b"]}])
        for _ in range(visitor.warming):
            visitor.visit()
        yield Visited(visitor, serializer, client, address)


def _plugin(install, name: str, *, dumps: str = "pass", loads: str = "pass") -> SerializerInfo:
    source = PLUGIN.format(name=name, dumps=dumps, loads=loads)
    install(f"plugin_{name}", source, f"[memcached_sessions.serializers]\n{name} = plugin_{name}:Plugin\n")
    return available_serializers()[name]


def _short(*infos: SerializerInfo, workload: str = "login", **options: object) -> tuple[EndToEnd, ...]:
    limits = {"seconds": 0.2, "rounds": 1, "concurrencies": (1,), "asyncio_concurrency": 2} | options
    cases = every_case([available_workloads()[workload].workload], infos)
    return end_to_end(of_requests(cases, infos), **limits)


def test_every_request_is_one_load_and_one_save_over_what_was_loaded(visited: Visited) -> None:
    for _ in range(REQUESTS):
        visited.visitor.visit()

    gets, misses, *rest = visited.since()
    assert rest == [REQUESTS, REQUESTS, REQUESTS, 2 * REQUESTS]
    assert REQUESTS <= gets <= REQUESTS + 10  # the managers look at the server now and then
    assert misses == 0


def test_under_asyncio_too(visited: Visited) -> None:
    async def visit_all() -> None:
        for _ in range(REQUESTS):
            await visited.visitor.avisit()

    asyncio.run(visit_all())

    gets, misses, *rest = visited.since()
    assert rest == [REQUESTS, REQUESTS, REQUESTS, 3 * REQUESTS]
    assert REQUESTS <= gets <= REQUESTS + 10
    assert misses == 0


def test_a_session_that_was_lost_is_an_error_and_not_a_fast_request(visited: Visited) -> None:
    with connection_to(visited.address) as connection:
        connection.sendall(b"flush_all\r\n")
        assert connection.recv(100) == b"OK\r\n"

    with pytest.raises(LostUpdateError, match="found None"):
        visited.visitor.visit()


def test_each_cell_has_its_figures_in_order() -> None:
    infos = [available_serializers()["json"], available_serializers()["compact"]]

    found = _short(*infos, rounds=2, concurrencies=(1, 4))

    assert [(each.label, each.mode, each.concurrency) for each in found] == [
        (label, *cell) for label in ("json", "compact") for cell in (("threads", 1), ("threads", 4), ("asyncio", 2))
    ]
    for each in found:
        assert each.detail == ""
        assert each.requests > 4
        assert 0 < each.p50 <= each.p95 <= each.p99 <= each.p999 < 10
        assert each.throughput.low <= each.throughput.median <= each.throughput.high
        # As many are under way as should be: requests in a second, times what one takes on average, which is at least
        # half the median, and at most the longest.
        assert each.throughput.median * each.p50 < 4 * each.concurrency
        assert each.throughput.median * each.p999 > 0.5 * each.concurrency
        assert (each.stall is not None) == (each.mode == "asyncio")


def test_a_slow_serializer_is_slow_in_its_requests_and_under_asyncio_it_stalls_the_loop(install) -> None:
    slow = _plugin(install, "slow", dumps="time.sleep(0.02)")

    threads, tasks = _short(slow, seconds=0.5)

    assert 0.04 < threads.p50 < 2  # two dumps
    assert threads.throughput.median < 25
    assert tasks.stall is not None
    assert tasks.stall > 0.01  # one dumps is in the event loop
    fast = _short(available_serializers()["json"], seconds=0.5)[0]
    assert fast.throughput.median > threads.throughput.median


def test_a_serializer_that_hangs_is_stopped_and_not_tried_again(install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 1.0)
    hanging = _plugin(install, "hanging", loads="time.sleep(3600)")
    progress: list[tuple[int, int]] = []

    found = _short(hanging, available_serializers()["json"], progress=lambda done, of: progress.append((done, of)))

    stopped = [each for each in found if each.label == "hanging"]
    assert sorted(each.detail.startswith("not tried") for each in stopped) == [False, True]
    assert all("stopped after 1.2 s" in each.detail for each in stopped)
    assert all(each.requests == each.throughput.median == 0 for each in stopped)
    assert all(each.detail == "" for each in found if each.label == "json")
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("name", "dumps", "detail"),
    [
        ("refusing", "raise SerializationError('no carts here')", "no carts here"),
        ("crashing", "import os; os.abort()", "SIGABRT"),
    ],
)
def test_a_serializer_that_refuses_or_crashes_says_so(install, name: str, dumps: str, detail: str) -> None:
    for each in _short(_plugin(install, name, dumps=dumps)):
        assert detail in each.detail
        assert each.requests == 0


def test_a_serializer_that_forgets_what_was_saved_is_not_measured(install) -> None:
    forgetful = _plugin(install, "forgetful", loads="return {'_user_id': 'somebody'}")

    for each in _short(forgetful):
        assert "instead of what the one before had saved" in each.detail


def test_references_and_broken_serializers_do_not_take_part() -> None:
    infos = [*reference_infos().values(), SerializerInfo("rotten", "theirs", "1", broken="it is")]

    assert _short(*infos) == ()


def test_requests_are_measured_with_the_first_variant_of_what_was_verified() -> None:
    infos = [available_serializers()[name] for name in ("compact", "json")]
    cases = every_case([info.workload for info in available_workloads().values() if info.workload], infos)
    verified = [case for case in cases if case.serializer == "compact" or case.workload.name == "login"]

    chosen = of_requests(verified, infos)

    assert [case.label for case in chosen if case.workload.name == "login"] == ["compact", "json"]
    assert {case.label for case in chosen if case.workload.name != "login"} == {"compact"}


class Apprentice:
    """A visitor that notes what it does, and in which thread; the first requests of the fourth are slow."""

    warming = 3

    def __init__(self, number: int, noted: list[tuple[str, int, int]]) -> None:
        self.number = number
        self._noted = noted
        self._visits = 0

    def visit(self) -> None:
        self._visits += 1
        warm = self._visits > self.warming
        time.sleep(0.02 if self.number == 3 and not warm else 0.002)
        self._noted.append(("timed" if warm else "warming", self.number, threading.get_ident()))

    async def avisit(self) -> None:
        self.visit()
        await asyncio.sleep(0)


@pytest.mark.parametrize("visit", [visiting.in_threads, visiting.in_tasks])
def test_the_clock_starts_when_all_are_warm_in_the_threads_and_tasks_that_are_measured(
    visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[tuple[str, int, int]] = []
    numbers = itertools.count()
    monkeypatch.setattr(AlternatingManagers, "visitor", lambda *_: Apprentice(next(numbers), noted))
    login = {"workload": "login", "serializer": "json", "label": "json", "options": {}}

    visits = visit(login, "127.0.0.1:1", 4, 0.1)

    kinds = [kind for kind, _, _ in noted]
    assert kinds[:12] == ["warming"] * 12
    assert kinds[12:] == ["timed"] * len(visits["latencies"])
    warm, timed = ({thread for each, _, thread in noted if each == kind} for kind in ("warming", "timed"))
    assert warm == timed
    assert len(warm) == (4 if visit is visiting.in_threads else 1)


def test_of_many_sessions_those_visited_are_of_all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[object]] = []

    def begun(_: AlternatingManagers, contents: list[object]) -> Apprentice:
        seen.append(contents)
        return Apprentice(0, [])

    monkeypatch.setattr(AlternatingManagers, "visitor", begun)
    many = Workload("of-all-sizes", "", None, lambda: [{"text": "x" * size} for size in range(80)], population=True)
    add_workload(WorkloadInfo("of-all-sizes", "me", "1", many))

    visiting.in_threads(data_of(Case(many, "json", "json")), "127.0.0.1:1", 2, 0.01)

    assert [[len(session["text"]) for session in contents] for contents in seen] == [[10, 30, 50, 70]] * 2


def test_private_sessions_are_requested_through_a_socket_of_this_user(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[tuple[str, ...], bool]] = []

    def noted(*arguments: str, private: bool) -> AbstractContextManager[str | None]:
        started.append((arguments, private))
        return memcached(*arguments, private=private)

    monkeypatch.setattr(module, "memcached", noted)
    login = available_workloads()["login"].workload
    limits = {"seconds": 0.1, "rounds": 1, "concurrencies": (1,)}

    found = [end_to_end([Case(replace(login, private=private), "json", "json")], **limits) for private in (True, False)]

    assert [private for _, private in started] == [True, False]
    assert [each.detail for cells in found for each in cells] == [""] * 4


def test_who_asks_while_the_event_loop_is_late_waits_too() -> None:
    assert visiting.delays(0.0005) == [0.0005]
    assert visiting.delays(0.1) == pytest.approx([number / 1000 for number in range(100, 0, -1)])


def test_a_session_that_is_no_dict_is_refused() -> None:
    with (
        memcached() as address,
        AlternatingManagers(address, Counting) as managers,
        pytest.raises(TypeError, match="no list"),
    ):
        managers.visitor([["no", "attributes"]])


def test_without_a_memcached_there_are_no_figures(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert _short(available_serializers()["json"]) == ()


def test_nothing_is_left_running() -> None:
    before = _children()

    _short(available_serializers()["json"])

    assert _children() == before


def _children() -> set[str]:
    """Return the ids of the processes that this one has started and that are still there."""
    tasks = Path("/proc/self/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text(encoding="ascii").split()}
