"""Counting in many threads, in forked processes, and around a store."""

import json
import os
import threading
from typing import Any

import pytest
from cluster import Client, Clock, Cluster
from store_conformance import StoreConformance
from test_memory_store import Clock as StoreClock
from test_memory_store import MemoryNode

from memcached_sessions import SessionManager
from memcached_sessions.manager import errors
from memcached_sessions.manager.statistics.measured_store import MeasuredStore
from memcached_sessions.manager.statistics.meter import Meter
from memcached_sessions.manager.statistics.snapshot import Command, Failure, NodeStatistics, Statistics
from memcached_sessions.manager.stores.memory_store import MemoryStore

NODES = {"n1": (True, 0)}


def snapshot(meter: Meter) -> Statistics:
    """Return the figures of a node."""
    return meter.snapshot(NODES, sessions=0, unbacked=0)


def test_threads_lose_no_counts_and_a_snapshot_disturbs_none() -> None:
    """Nor values of histograms, whose sum is exact for values that are powers of two."""
    meter, threads, rounds = Meter(), 8, 5_000

    def count() -> None:
        for _ in range(rounds):
            meter.count("backups")
            meter.here.cell.backup.add(0.5)

    running = [threading.Thread(target=count) for _ in range(threads)]
    for thread in running:
        thread.start()
    seen = list[int]()
    while any(thread.is_alive() for thread in running):
        seen.append(snapshot(meter).counters.backups)

    statistics = snapshot(meter)
    assert statistics.counters.backups == threads * rounds
    assert (statistics.backup.count, statistics.backup.sum) == (threads * rounds, threads * rounds / 2)
    assert seen == sorted(seen)


def test_threads_that_have_ended_leave_their_counts_and_no_cells() -> None:
    """A server that has a thread for each request does not grow."""
    meter = Meter()
    for _ in range(200):
        thread = threading.Thread(target=meter.count, args=("backups",))
        thread.start()
        thread.join()

    assert snapshot(meter).counters.backups == 200
    assert len(meter._cells) < 100  # noqa: SLF001 - that they do not grow is not public


def test_requests_in_threads_are_all_counted() -> None:
    """By a manager."""
    with SessionManager("memory://", runtime=Clock()) as manager:
        clients = [Client() for _ in range(4)]

        def use(client: Client) -> None:
            for number in range(100):
                client.write(manager, number=number)

        running = [threading.Thread(target=use, args=(client,)) for client in clients]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

        counters = manager.statistics().counters
        assert (counters.created, counters.requests, counters.modifications, counters.backups) == (4, 400, 400, 400)


def test_a_forked_process_begins_with_zeros() -> None:
    """Its parent goes on counting its own."""
    with Cluster(1) as cluster:
        server, client = cluster.server(clock=Clock()), Client()
        client.write(server, user=7)

        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            status = 1
            try:
                before = server.statistics()
                client.read(server)
                after = server.statistics()
                told = [before.counters.to_dict(), after.counters.takeovers, after.sessions]
                os.write(writing, json.dumps(told).encode())
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            before, takeovers, sessions = json.loads(pipe.read())
        assert os.waitpid(child, 0)[1] == 0

        assert not any(before.values())
        assert (takeovers, sessions) == (1, 1)
        counters = server.statistics().counters
        assert (counters.created, counters.takeovers, counters.requests) == (1, 0, 1)


class TestMeasuredStore(StoreConformance):
    """A measured store is a store like any other."""

    @pytest.fixture
    def clock(self) -> StoreClock:
        """The clock of the node."""
        return StoreClock()

    @pytest.fixture
    def store(self, key: str, clock: StoreClock) -> MeasuredStore:
        """A node of this test's name."""
        return MeasuredStore(MemoryStore(f"measured-{key}", clock=clock), "n1", Meter())

    @pytest.fixture
    def another(self, key: str, clock: StoreClock) -> MeasuredStore:
        """A second client of it."""
        return MeasuredStore(MemoryStore(f"measured-{key}", clock=clock), "n1", Meter())

    @pytest.fixture
    def node(self, key: str, clock: StoreClock) -> MemoryNode:
        """What happens to the node."""
        return MemoryNode(MemoryStore(f"measured-{key}", clock=clock), clock)


def test_each_command_is_counted_as_what_it_is() -> None:
    """Seven kinds; bytes are those of values."""
    meter = Meter()
    store = MeasuredStore(MemoryStore(), "n1", meter)
    store.probe()
    cas = store.add("k", b"12345", flags=0, ttl=60).cas
    assert cas is not None
    cas = store.replace("k", b"1234567", cas=cas, flags=0, ttl=60).cas
    assert cas is not None
    store.get("k")
    store.get("k", value=False)
    store.get("missing")
    store.delete("k", cas=cas)
    store.set("k", b"123", flags=0, ttl=60)

    node = snapshot(meter).node("n1")

    counts = {kind: histogram.count for kind, histogram in node.commands.items()}
    assert counts == {**dict.fromkeys(Command, 1), Command.LOAD: 2}
    assert (node.bytes_sent, node.bytes_received) == (5 + 7 + 3, 7)


class Failing(MemoryStore):
    """A node that does nothing but fail."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get(self, *_: Any, **__: Any) -> None:
        """Fail."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (errors.NodeTimeoutError("-", node="n1"), Failure.TIMEOUT),
        (errors.NodeUnavailableError("-", node="n1"), Failure.UNAVAILABLE),
        (errors.ValueTooLargeError("-", node="n1"), Failure.TOO_LARGE),
        (errors.StoreProtocolError("-", node="n1"), Failure.PROTOCOL),
        (errors.StoreError("-", node="n1"), Failure.PROTOCOL),
    ],
)
def test_a_failure_is_counted_and_raised(error: errors.StoreError, failure: Failure) -> None:
    """The very error; the command is counted and timed too."""
    meter = Meter()
    with pytest.raises(errors.StoreError) as caught:
        MeasuredStore(Failing(error), "n1", meter).get("k")

    node: NodeStatistics = snapshot(meter).node("n1")
    assert caught.value is error
    assert node.failures == {**dict.fromkeys(Failure, 0), failure: 1}
    assert node.commands[Command.LOAD].count == 1


def test_a_wrong_argument_is_no_failure_of_the_node() -> None:
    """It is one of the caller."""
    meter = Meter()
    with pytest.raises(ValueError, match="key"):
        MeasuredStore(MemoryStore(), "n1", meter).get("with space")

    assert not any(snapshot(meter).node("n1").failures.values())
