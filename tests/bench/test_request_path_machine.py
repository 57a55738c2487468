"""Cores, counters, processor time and child processes: what the request path is measured with."""

import os
import threading

import pytest

from memcached_sessions.bench.core import threads
from memcached_sessions.bench.request_path.local_child import LocalChild
from memcached_sessions.bench.request_path.placement import placed, placements
from memcached_sessions.bench.request_path.result import Kind, Placement
from memcached_sessions.bench.request_path.server import Counters, Server, traffic
from memcached_sessions.bench.store import MemoryStore, Store, open_store


def test_client_and_server_are_pinned_and_let_go_of() -> None:
    """All threads of both: those that were there, and those that begin meanwhile."""
    core = max(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    ended = threading.Event()
    running = threading.Thread(target=ended.wait)
    running.start()
    try:
        with open_store() as store:
            server = Server(store).process
            with placed(Placement("one core", core, core), server):
                later: list[set[int]] = []
                begun = threading.Thread(target=lambda: later.append(os.sched_getaffinity(0)))
                begun.start()
                begun.join()
                pinned = [os.sched_getaffinity(thread) for thread in (*threads(os.getpid()), *threads(server))]
            free = [os.sched_getaffinity(thread) for thread in (*threads(os.getpid()), *threads(server))]
    finally:
        ended.set()
        running.join()

    assert later == [{core}]
    assert len(pinned) > 3
    assert all(cores == {core} for cores in pinned)
    assert all(cores == before for cores in free)


def test_the_placements_are_those_that_the_machine_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there is said, not left out in silence."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert placements() == ([Placement("one core", 5, 5), Placement("two cores", 5, 0)], ())

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2})
    assert placements() == ([Placement("one core", 2, 2)], ("there is only one core: no figures for two",))

    monkeypatch.delattr(os, "sched_setaffinity")
    found, remarks = placements()
    assert found == [Placement("not pinned", None, None)]
    assert "nothing is pinned" in remarks[0]


def test_traffic_is_that_of_the_requests_without_that_of_asking() -> None:
    """Asking twice says what asking costs."""
    before = Counters(gets=10, sets=1, touches=0, deletes=0, sent=1_000, received=5_000, connections=3)
    after = Counters(gets=210, sets=101, touches=50, deletes=0, sent=6_007, received=12_200, connections=4)
    asking = Counters(gets=210, sets=101, touches=50, deletes=0, sent=6_014, received=14_400, connections=4)

    found = traffic(Kind.READ, 100, before, after, asking)

    assert (found.gets, found.sets, found.touches, found.deletes) == (2, 1, 0.5, 0)
    assert (found.sent, found.received, found.connections) == (50, 50, 0.01)
    assert found.commands == 3.5


def test_processor_time_of_memcached_grows_with_its_work() -> None:
    """In seconds, all of its threads together."""
    with open_store() as store:
        server = Server(store)
        before = server.cpu()
        for _ in range(2_000):
            store.sessions.get("nothing")
        after = server.cpu()

    assert before is not None
    assert after is not None
    assert 0 < after - before < 60


def test_a_store_in_memory_is_no_server() -> None:
    """It counts nothing, and no request crosses to another process."""
    with pytest.raises(RuntimeError, match="measured with memcached"):
        Server(Store("memory", "", MemoryStore()))


def test_a_process_that_ends_too_early_says_why() -> None:
    """What it complained about is in the error."""
    order = {"holding": "data", "sessions": 7, "workload": "no-such-workload"}

    with pytest.raises(RuntimeError, match=r"(?s)^the process with 7 sessions ended too early: .*no-such-workload"):  # noqa: SIM117
        with LocalChild(order) as child:
            child.answer()
