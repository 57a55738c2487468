"""The async twins: the event loop goes on whatever the nodes do; a request that is cancelled leaves no half state."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cluster import Client, Clock, Cluster, Server, eventually

from memcached_sessions.manager import CookieKind, EventKind

TIMEOUT = 0.6
"""Seconds that a request waits for a frozen node."""
WAITING = {"operation_timeout": TIMEOUT, "session_backup_timeout": TIMEOUT}
TICK = 0.02


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


async def awrite(client: Client, server: Server, **attributes: Any) -> None:
    """Set attributes in a request of their own."""
    async with server.arequest(client.cookie) as session:
        session.update(attributes)
    client.take(session.cookie)


async def longest_pause(work: asyncio.Task[Any]) -> float:
    """Return for how many seconds the event loop did nothing else while a task went on."""
    longest, last = 0.0, time.monotonic()
    while not work.done():
        await asyncio.sleep(TICK)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    await work
    return longest


def test_a_session_lives_through_async_requests(cluster: Cluster) -> None:
    """Create, read, change, rotate and destroy, in two processes."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()

    async def live() -> None:
        await awrite(client, first, user=7)
        await awrite(client, second, cart=[1])
        async with first.arequest(client.cookie) as session:
            assert session.loaded
            assert session == {"user": 7, "cart": [1]}
            await first.arotate(session)
        client.take(session.cookie)
        assert client.cookie
        assert await second.aexists(client.cookie)
        old = client.cookie
        async with second.arequest(client.cookie) as session:
            await second.adestroy(session)
        client.take(session.cookie)
        assert client.has_taken(CookieKind.DELETE)
        assert not await second.aexists(old)

    asyncio.run(live())


def test_aopen_loads_before_the_application_runs(cluster: Cluster) -> None:
    """So that reading a session blocks nobody; without an id nothing is asked."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(first, user=7)

    async def look() -> None:
        session = await second.aopen(client.cookie)
        before = cluster.counts()
        assert session["user"] == 7
        fresh = await second.aopen(None)
        assert fresh == {}
        assert cluster.counts() == before
        for opened in (session, fresh):
            await second.acommit(opened)
            await second.arelease(opened)

    asyncio.run(look())


@pytest.mark.parametrize("step", ["take over", "commit", "create", "rotate", "destroy", "exists"])
def test_a_frozen_node_does_not_stop_the_event_loop(cluster: Cluster, step: str) -> None:
    """While a request waits for it, other coroutines go on."""
    first = cluster.server("a", clock=Clock(), **WAITING)
    second = cluster.server("b", clock=Clock(), **WAITING)
    client = Client()
    client.write(first, user=7)

    async def work(held: Any) -> None:
        if step == "take over":
            async with second.arequest(client.cookie) as session:
                session.get("user")
        elif step == "commit":
            held["user"] = 8
            await first.acommit(held)
        elif step == "create":
            for number in range(8):
                await awrite(Client(), second, number=number)
        elif step == "rotate":
            await first.arotate(held)
        elif step == "destroy":
            await first.adestroy(held)
        else:
            await second.aexists(client.cookie or "")

    async def measure() -> tuple[float, float]:
        held = await first.aopen(client.cookie)
        cluster["n1"].freeze()
        cluster["n2"].freeze()
        started = time.monotonic()
        try:
            pause = await longest_pause(asyncio.create_task(work(held)))
        except Exception:
            if step != "exists":
                raise
            pause = 0.0
        first.release(held)
        return pause, time.monotonic() - started

    pause, whole = asyncio.run(measure())

    assert whole > 0.8 * TIMEOUT, "nobody waited for the frozen node, so nothing was shown"
    assert pause < TIMEOUT / 2


def test_what_needs_no_node_needs_no_thread(cluster: Cluster) -> None:
    """A request that reads a local session is served and committed in the event loop itself."""
    server, client = cluster.server("a", clock=Clock()), Client()
    client.write(server, user=7)

    async def read() -> None:
        session = await server.aopen(client.cookie)
        assert session.loaded
        steps = server.acommit(session)
        with pytest.raises(StopIteration) as done:
            steps.send(None)
        assert done.value.value.kind is CookieKind.NOTHING
        server.release(session)

    asyncio.run(read())


def test_tasks_share_one_load(cluster: Cluster) -> None:
    """Twenty requests of a page: one of them asks, the others take its answer."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(first, user=7)
    before = cluster.counts("cmd_get")

    async def read() -> object:
        async with second.arequest(client.cookie) as session:
            await asyncio.sleep(0)
            return session["user"]

    async def all_of_them() -> list[object]:
        return await asyncio.gather(*(read() for _ in range(20)))

    assert asyncio.run(all_of_them()) == [7] * 20
    assert cluster.counts("cmd_get") - before == 2
    assert len(second.told_of(EventKind.TAKEN_OVER)) == 1


def test_a_cancelled_commit_leaves_the_session_whole(cluster: Cluster) -> None:
    """It goes on in its thread: what it stores is known here, so the next request neither waits nor conflicts."""
    first, client = cluster.server("a", **WAITING), Client()
    client.write(first, user=7)

    async def cancel() -> None:
        cluster[client.node].freeze()
        task = asyncio.create_task(awrite(client, first, user=8))
        await asyncio.sleep(TIMEOUT / 4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    home = client.node
    asyncio.run(cancel())
    cluster[home].resume()
    first.wait_until_up(*cluster.nodes)
    eventually(lambda: not first.health().unbacked)

    assert client.read(first) == {"user": 8}
    client.write(first, page=2)
    assert first.told_of(EventKind.CONFLICT) == []
    assert client.read(cluster.server("b")) == {"user": 8, "page": 2}


def test_a_cancelled_open_counts_no_request(cluster: Cluster) -> None:
    """Else the session would stay in the process for ever."""
    clock = Clock()
    first, client = cluster.server("a"), Client()
    second = cluster.server("b", clock=clock, **WAITING, max_inactive_interval=60)
    client.write(first, user=7)
    cluster[cluster.other(client.node)].freeze()

    async def cancel() -> None:
        task = asyncio.create_task(second.aopen(client.cookie))
        await asyncio.sleep(TIMEOUT / 4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    eventually(lambda: second.health().sessions)
    clock.ahead += 1801
    second.watching.start()
    clock.ahead += 60

    eventually(lambda: not second.health().sessions)


def test_a_cancelled_commit_of_a_new_session_counts_no_request(cluster: Cluster) -> None:
    """As a cancelled open."""
    clock = Clock()
    server = cluster.server("a", clock=clock, **WAITING)
    cluster["n1"].freeze()
    cluster["n2"].freeze()

    async def cancel() -> None:
        task = asyncio.create_task(awrite(Client(), server, user=7))
        await asyncio.sleep(TIMEOUT / 4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    eventually(lambda: server.told_of(EventKind.BACKUP_FAILED))
    clock.ahead += 1801
    server.watching.start()

    eventually(lambda: not server.health().sessions)


def test_the_whole_can_be_drained_and_closed(cluster: Cluster) -> None:
    """As with the synchronous twins."""
    server, client = cluster.server("a"), Client()

    async def end() -> None:
        await awrite(client, server, user=7)
        assert await server.adrain(1) == 0
        await server.aclose()

    asyncio.run(end())
    assert client.read(cluster.server("b")) == {"user": 7}
