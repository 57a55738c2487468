"""Asynchronous backup while nodes hang or are dead, with a queue that is soon full.

`faults.load` asserts on the way that no request fails, and that each one finds what the last one of its session has
left. Here: nobody waits for longer than for room, little is kept for a node that takes nothing, and at the end another
process finds the last state of every session, and never one that is older than what it found before.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from cluster import eventually
from faults.application import after_updates
from faults.kept_snapshots import KeptSnapshots
from faults.load import Load
from faults.looking_on import Onlooker, Quiet
from faults.patient_onlooker import found_with_patience
from faults.repeating import repeating
from memcached_process import MemcachedProcess, node_list

from memcached_sessions import SessionManager
from memcached_sessions.manager import EventKind

StartMemcached = Callable[..., MemcachedProcess]

QUEUE = 8
THREADS = 2
SLACK = 1.0
"""Seconds that a busy machine may add."""
SHORT, LONG = 0.4, 1.25
"""Timeouts in seconds: of commands, and of commits that wait for room; the long one can be told from the slack."""
QUIET = 30
"""Sessions that are only read."""
CONTENT = "x" * 64 * 1024
"""Of large sessions: one string for all, so that only their snapshots take memory."""
PATIENCE = 20.0
"""Seconds after which a manager that should have stored something has not."""


@dataclass(frozen=True)
class Case:
    """Which nodes there are, how many of them are struck, and how long anybody waits for them (seconds)."""

    nodes: int
    struck: int
    timeout: float

    def __str__(self) -> str:
        return f"{self.struck} of {self.nodes}, {self.timeout} s"


@pytest.mark.parametrize("case", [Case(1, 1, LONG), Case(2, 1, SHORT), Case(2, 2, SHORT)], ids=str)
def test_requests_go_on_while_nodes_hang_and_nothing_is_lost(start_memcached: StartMemcached, case: Case) -> None:
    """The queue fills up at once, and each commit waits for room no longer than its timeout."""
    seen = survive(start_memcached, case, MemcachedProcess.freeze, MemcachedProcess.resume)
    assert max(seen.lengths) == QUEUE, "the queue was never full"
    assert max(seen.waits) > case.timeout / 2, "nobody had to wait for room"


@pytest.mark.parametrize("case", [Case(1, 1, SHORT), Case(2, 1, SHORT), Case(2, 2, SHORT)], ids=str)
def test_requests_go_on_while_nodes_are_dead_and_nothing_is_lost(start_memcached: StartMemcached, case: Case) -> None:
    """They come back empty, and get all sessions again, those too that nobody has changed meanwhile."""
    survive(start_memcached, case, MemcachedProcess.kill, MemcachedProcess.start)


@dataclass(frozen=True)
class Seen:
    """What was seen while nodes were down."""

    waits: list[float]
    """Seconds that requests took which could have waited."""
    lengths: list[int]
    """Of the queue."""


def survive(
    start_memcached: StartMemcached,
    case: Case,
    strike: Callable[[MemcachedProcess], object],
    mend: Callable[[MemcachedProcess], object],
) -> Seen:
    """Let requests go on while nodes are struck and mended, and see what became of them and their sessions."""
    nodes = [start_memcached() for _ in range(case.nodes)]
    struck = nodes[: case.struck]
    with started(nodes, case.timeout) as manager:
        quiet = Quiet(manager, [begin(manager, quiet=number) for number in range(QUIET)])
        assert drained(manager)
        load = Load(manager)
        lengths: list[int] = []
        with (
            load.running(),
            repeating(quiet.read, pause=0.01),
            repeating(lambda: lengths.append(queue_length(manager)), pause=0.002),
        ):
            time.sleep(0.3)
            load.took()
            quiet.waits.clear()
            for node in struck:
                strike(node)
            time.sleep(case.timeout + 0.5)
            waits, reads = [each.seconds for each in load.took()], quiet.waits.copy()
            for node in struck:
                mend(node)
            with repeating(Onlooker(node_list(nodes), load).look, pause=0.05):
                eventually(lambda: all(node.available for node in manager.health().nodes), patience=PATIENCE)
        wait_until_stored(manager)
        expected = [after_updates(customer.number, customer.updates) for customer in load.customers]
        assert stored(nodes, [customer.cookie for customer in load.customers]) == expected
        # A node that came back empty gets what nobody has changed a moment after it is used again.
        quiet_ones = [{"quiet": number} for number in range(QUIET)]
        eventually(lambda: stored(nodes, quiet.cookies) == quiet_ones, patience=PATIENCE)
    report = f"{case}: {len(waits)} requests, at most {max(waits):.3f} s; {len(reads)} reads, {max(reads):.3f} s"
    print(f"\n{report}")  # noqa: T201 - the figures, with -s
    assert len(waits) > 20, report
    assert max(waits) < case.timeout + SLACK, report
    assert len(reads) > 2 * QUIET, report
    assert max(reads) < SLACK, report
    assert max(lengths) <= QUEUE
    return Seen(waits, lengths)


def test_a_commit_that_finds_no_room_goes_on_and_its_session_is_stored_later(start_memcached: StartMemcached) -> None:
    """The only thread waits for one node after the other, with a session that fills the queue; no other one is kept."""
    nodes, sessions = [start_memcached(), start_memcached()], 20
    failures: list[str] = []
    timeouts = {"operation_timeout": 1.5, "session_backup_timeout": 0.5}
    with SessionManager(
        node_list(nodes), route="a", session_backup_async=True, backup_queue_size=1, backup_thread_count=1, **timeouts
    ) as manager:
        cookies = [begin(manager, content=CONTENT, changes=0) for _ in range(sessions)]
        assert drained(manager)
        manager.listen(lambda event: failures.append(event.detail) if event.kind is EventKind.BACKUP_FAILED else None)
        for node in nodes:
            node.freeze()
        with KeptSnapshots(len(CONTENT)) as kept, ThreadPoolExecutor(sessions) as threads:
            change(manager, cookies[:1])
            list(threads.map(lambda cookie: change(manager, [cookie]), cookies[1:]))
            count = kept.count()
        assert failures[: sessions - 1] == ["no room in the queue of asynchronous backups"] * (sessions - 1)
        assert manager.health().unbacked == sessions
        for node in nodes:
            node.resume()
        wait_until_stored(manager)
        assert stored(nodes, cookies) == [{"content": CONTENT, "changes": 1}] * sessions
    # The thread, and the watchers of the nodes, which move sessions away from one that is down, have one each.
    assert count <= 2 * (1 + len(nodes))


def test_snapshots_do_not_pile_up_while_a_node_takes_nothing(memcached: MemcachedProcess) -> None:
    """The queue has one of each session in it; later a session has at most what was sent last and may have arrived."""
    sessions, clients = 40, 4
    with started([memcached], LONG) as manager:
        cookies = [begin(manager, content=CONTENT, changes=0) for _ in range(sessions)]
        assert drained(manager)
        memcached.freeze()
        with KeptSnapshots(len(CONTENT)) as kept, ThreadPoolExecutor(clients) as threads:
            change(manager, 10 * cookies[:QUEUE])
            while_full = kept.count()
            list(threads.map(lambda client: change(manager, 10 * cookies[client::clients]), range(clients)))
            at_last = kept.count()
        assert manager.health().unbacked == sessions
        memcached.resume()
        assert drained(manager)
        found = stored([memcached], cookies)
    watcher = 2  # a snapshot and what is sent of it, as in each thread
    assert QUEUE <= while_full <= QUEUE + 2 * THREADS + watcher
    assert at_last <= sessions + QUEUE + 2 * THREADS + watcher, "of 480 that were made"
    assert found == [{"content": CONTENT, "changes": 10 + 10 * (place < QUEUE)} for place in range(sessions)]


def test_what_changes_while_its_backup_is_under_way_is_stored_too(memcached: MemcachedProcess) -> None:
    """And nobody has to ask for it once more."""
    with started([memcached], LONG) as manager:
        cookie = begin(manager, changes=0)
        assert drained(manager)
        memcached.freeze()
        change(manager, [cookie])
        time.sleep(0.1)  # a thread has begun with it
        change(manager, [cookie])
        memcached.resume()
        wait_until_stored(manager)
        assert stored([memcached], [cookie]) == [{"changes": 2}]


def test_the_event_loop_goes_on_while_the_queue_is_full(memcached: MemcachedProcess) -> None:
    """Coroutines wait for room; the loop does not."""
    gaps: list[float] = []
    waits: list[float] = []

    async def tick() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - began)

    async def change(manager: SessionManager, number: int) -> str:
        began = time.monotonic()
        async with manager.arequest(None) as session:
            session["number"] = number
        waits.append(time.monotonic() - began)
        return session.id

    async def scenario() -> list[str]:
        with started([memcached], LONG) as manager:
            await change(manager, 0)
            assert await manager.adrain(PATIENCE) == 0
            memcached.freeze()
            ticker = asyncio.create_task(tick())
            ids = await asyncio.gather(*(change(manager, number) for number in range(3 * QUEUE)))
            memcached.resume()
            assert await manager.adrain(PATIENCE) == 0
            ticker.cancel()
            return ids

    ids = asyncio.run(scenario())
    assert max(waits) > LONG / 2, "nobody had to wait for room"
    assert max(waits) < LONG + SLACK
    assert max(gaps) < LONG / 2
    assert stored([memcached], ids) == [{"number": number} for number in range(3 * QUEUE)]


def started(nodes: list[MemcachedProcess], timeout: float) -> SessionManager:
    """Return a manager with a small queue."""
    return SessionManager(
        node_list(nodes),
        route="a",
        session_backup_async=True,
        backup_queue_size=QUEUE,
        backup_thread_count=THREADS,
        operation_timeout=timeout,
        session_backup_timeout=timeout,
    )


def begin(manager: SessionManager, **attributes: object) -> str:
    """Begin a session, and return its id."""
    with manager.request(None) as session:
        session.update(attributes)
    return session.id


def change(manager: SessionManager, cookies: list[str]) -> None:
    """Make a request to each session that changes it."""
    for cookie in cookies:
        with manager.request(cookie) as session:
            session["changes"] += 1


def queue_length(manager: SessionManager) -> int:
    """Return how many sessions wait for their backup or are being stored."""
    queue = manager._committing.queue  # noqa: SLF001 - nobody else can tell
    assert queue is not None
    return len(queue)


def wait_until_stored(manager: SessionManager) -> None:
    """Wait until the background has stored all sessions, which nobody asks it for."""
    eventually(lambda: manager.health().unbacked == 0, patience=PATIENCE)


def drained(manager: SessionManager) -> bool:
    """Whether all sessions are stored at last."""
    return manager.drain(PATIENCE) == 0


def stored(nodes: list[MemcachedProcess], cookies: list[str | None] | list[str]) -> list[dict[str, object]]:
    """Return what another process finds of sessions."""
    return found_with_patience(node_list(nodes), cookies)
