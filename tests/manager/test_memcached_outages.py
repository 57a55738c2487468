"""What callers of a store see when its memcached is frozen, killed, restarted or flushed.

A real one each time. Timeouts are short here, so that a test that waits for one is over soon.
"""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from memcached_process import MemcachedProcess

from memcached_sessions.manager.errors import NodeTimeoutError, NodeUnavailableError
from memcached_sessions.manager.stores.memcached_store import MemcachedStore
from memcached_sessions.manager.stores.store import Cas, Outcome

TIMEOUT = 0.25
LATEST = 3 * TIMEOUT
"""Seconds until which a call that may take `TIMEOUT` must be over, on a machine that is busy with other tests."""

OpenStore = Callable[..., MemcachedStore]
LIMITS = {"operation_timeout": TIMEOUT, "connect_timeout": TIMEOUT}


@pytest.fixture
def store(memcached: MemcachedProcess, open_store: OpenStore) -> MemcachedStore:
    """A store that has a connection."""
    store = open_store(memcached.address, **LIMITS)
    store.set("k", b"value", flags=0, ttl=None)
    return store


@pytest.fixture
def patient_store(memcached: MemcachedProcess, open_store: OpenStore) -> MemcachedStore:
    """A store that has a connection, and time: for what has to succeed, on a machine that is busy with other tests."""
    store = open_store(memcached.address, operation_timeout=10.0, connect_timeout=10.0)
    store.set("k", b"value", flags=0, ttl=None)
    return store


COMMANDS: dict[str, Callable[[MemcachedStore], object]] = {
    "get": lambda store: store.get("k"),
    "touch": lambda store: store.get("k", value=False, touch=60, renew=True),
    "add": lambda store: store.add("new", b"value", flags=0, ttl=60),
    "replace": lambda store: store.replace("k", b"newer", cas=Cas(2, store.generation), flags=0, ttl=60),
    "set": lambda store: store.set("k", bytes(900_000), flags=0, ttl=60),
    "delete": lambda store: store.delete("k", cas=Cas(2, store.generation)),
    "probe": lambda store: store.probe(),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("connected", [True, False], ids=["connected", "unconnected"])
def test_a_frozen_server_costs_a_timeout_and_no_more(
    store: MemcachedStore,
    memcached: MemcachedProcess,
    connected: bool,
    command: Callable[[MemcachedStore], object],
) -> None:
    """The system still takes connections for it, so that connecting tells nothing."""
    if not connected:
        store.close()
    memcached.freeze()
    began = time.monotonic()

    with pytest.raises(NodeTimeoutError, match=r"node n1, key .*no answer within 0\.25 s") as caught:
        command(store)

    assert TIMEOUT <= time.monotonic() - began < LATEST
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_each_command_names_the_timeout_that_it_had(memcached: MemcachedProcess, open_store: OpenStore) -> None:
    """Not that of the command which opened the connection."""
    store = open_store(memcached.address, operation_timeout=0.2, write_timeout=0.1)
    store.set("k", b"value", flags=0, ttl=None)
    memcached.freeze()

    with pytest.raises(NodeTimeoutError, match=r"no answer within 0\.2 s"):
        store.get("k")
    with pytest.raises(NodeTimeoutError, match=r"no answer within 0\.1 s"):
        store.set("k", b"value", flags=0, ttl=None)


def test_after_a_timeout_the_next_command_gets_its_own_answer(
    store: MemcachedStore, memcached: MemcachedProcess
) -> None:
    """The late answer of the first lies in a connection that nobody reads any more."""
    store.set("other", b"other value", flags=0, ttl=None)
    memcached.freeze()
    with pytest.raises(NodeTimeoutError):
        store.get("k")

    memcached.resume()

    read = store.get("other")
    assert read
    assert read.value == b"other value"


def test_a_write_that_timed_out_is_carried_out_later_and_once(
    store: MemcachedStore, memcached: MemcachedProcess
) -> None:
    """Protocol, section 0: so a timeout means unknown, and is never tried again by the store."""
    before = store.set("k", b"before", flags=0, ttl=None)
    sets = int(memcached.statistics()["cmd_set"])
    memcached.freeze()
    assert before.cas
    with pytest.raises(NodeTimeoutError):
        store.replace("k", b"late", cas=before.cas, flags=0, ttl=None)

    memcached.resume()

    deadline = time.monotonic() + 5
    while (read := store.get("k")) is None or (read.value != b"late" and time.monotonic() < deadline):
        time.sleep(0.01)
    assert read.value == b"late"
    assert int(memcached.statistics()["cmd_set"]) == sets + 1
    assert store.replace("k", b"x", cas=before.cas, flags=0, ttl=None).outcome is Outcome.EXISTS


def test_threads_wait_for_a_frozen_server_side_by_side(store: MemcachedStore, memcached: MemcachedProcess) -> None:
    """One timeout for all, not one after the other."""
    memcached.freeze()
    began = time.monotonic()

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: _kind_of_error(store), range(8)))

    assert outcomes == [NodeTimeoutError] * 8
    assert time.monotonic() - began < LATEST


def test_a_killed_server_is_unavailable_until_it_is_started(store: MemcachedStore, memcached: MemcachedProcess) -> None:
    """Refused at once; and no store has to be made anew."""
    memcached.kill()

    for _ in range(3):
        with pytest.raises(NodeUnavailableError, match=r"node n1, key k: .*is memcached running there\?") as caught:
            store.get("k")
        assert not isinstance(caught.value, NodeTimeoutError)
        assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    memcached.start()

    assert store.get("k") is None


def test_a_restart_loses_no_request_of_8_threads(patient_store: MemcachedStore, memcached: MemcachedProcess) -> None:
    """Each of the idle connections is stale then; pymemcache's pool fails once for each."""
    for _ in range(3):
        memcached.open_connections(lambda: patient_store.get("k"), 8)
        memcached.restart()

        with ThreadPoolExecutor(8) as threads:
            written = list(
                threads.map(lambda n: patient_store.add(f"k{n}", b"%d" % n, flags=n, ttl=60).outcome, range(64))
            )

        assert written == [Outcome.STORED] * 64
        for number in range(64):
            read = patient_store.get(f"k{number}")
            assert read
            assert (read.value, read.flags) == (b"%d" % number, number)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_restart_is_not_seen_by_the_first_command_after_it(
    patient_store: MemcachedStore, memcached: MemcachedProcess, command: Callable[[MemcachedStore], object]
) -> None:
    """Whatever it is; and all idle connections go at once."""
    memcached.open_connections(lambda: patient_store.get("k"), 4)
    before = patient_store.generation

    memcached.restart()
    command(patient_store)

    assert patient_store.generation != before
    assert memcached.has_connections(1)


def test_a_server_that_dies_with_a_command_in_its_hands_is_unavailable(
    memcached: MemcachedProcess, store: MemcachedStore
) -> None:
    """Sent once more, the command is refused: at once, not at the timeout."""
    memcached.freeze()
    with ThreadPoolExecutor(1) as threads:
        pending = threads.submit(_error, store)
        time.sleep(0.05)
        memcached.kill()
        error = pending.result()

    assert isinstance(error, NodeUnavailableError)
    assert not isinstance(error, NodeTimeoutError)


def test_a_flush_is_seen_by_the_next_probe_and_old_connections_go(
    patient_store: MemcachedStore, memcached: MemcachedProcess
) -> None:
    """The heartbeat finds out within its period; until then the server itself says that nothing is there."""
    memcached.open_connections(lambda: patient_store.get("k"), 4)
    written = patient_store.set("k", b"value", flags=0, ttl=None)
    memcached.flush()
    assert written.cas
    assert patient_store.replace("k", b"x", cas=written.cas, flags=0, ttl=None).outcome is Outcome.NOT_FOUND

    generation = patient_store.probe()

    assert generation != written.cas.generation
    assert memcached.has_connections(1)


class RequestTimeoutError(BaseException):
    """What an application raises from a signal handler to end a request."""


def test_an_interrupted_command_leaves_nothing_for_the_next(store: MemcachedStore, memcached: MemcachedProcess) -> None:
    """The connection is closed, and its place is free for another."""

    def interrupt(_number: int, _frame: object) -> None:
        raise RequestTimeoutError

    store.set("other", b"other value", flags=0, ttl=None)
    before = signal.signal(signal.SIGALRM, interrupt)
    memcached.freeze()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(RequestTimeoutError):
            store.get("k")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    memcached.resume()

    read = store.get("other")
    assert read
    assert read.value == b"other value"


def _error(store: MemcachedStore) -> NodeUnavailableError | None:
    try:
        store.get("k")
    except NodeUnavailableError as error:
        return error
    return None


def _kind_of_error(store: MemcachedStore) -> type[object]:
    return type(_error(store))
