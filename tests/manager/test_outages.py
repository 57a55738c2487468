"""What becomes of sessions, and of those who wait, when nodes hang, resume, die, restart empty and are flushed.

`faults.outage` asserts on the way that no request hangs or fails, and that no session, update or cookie is lost;
`faults/outage_table.py` prints the times as a table.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import pytest
from faults.onlooker import found_by_another_process
from faults.outage import Outage
from memcached_process import MemcachedProcess, node_list

from memcached_sessions import SessionManager
from memcached_sessions.manager import CookieKind, EventKind

StartMemcached = Callable[..., MemcachedProcess]

OPERATION_TIMEOUT = 0.75
SLACK = 1.0
"""Seconds that a busy machine may add."""


@dataclass(frozen=True)
class Case:
    """Which nodes there are, how many of them are struck, and whether ids name the process."""

    nodes: int
    struck: int
    route: str | None

    def __str__(self) -> str:
        return f"{self.struck} of {self.nodes}, {'route' if self.route else 'no route'}"


CASES = [Case(2, 1, "a"), Case(2, 1, None), Case(1, 1, "a"), Case(1, 1, None), Case(2, 2, "a")]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_request_fails_and_no_update_is_lost_while_nodes_hang_die_and_return(case: Case) -> None:
    """Requests under way when a node hangs wait at most its timeout, later ones do not."""
    outage = Outage(
        case.nodes,
        struck=case.struck,
        route=case.route,
        seconds=case.struck * OPERATION_TIMEOUT + 0.4,
        operation_timeout=OPERATION_TIMEOUT,
    )
    phases = outage.run()
    hanging = next(phase for phase in phases if phase.name == "SIGSTOP")
    met = max(hanging.read.under_way, hanging.modify.under_way)  # without a route readers ask nodes too
    assert met >= OPERATION_TIMEOUT / 2, "nobody met the node that hangs"
    for phase in phases:
        for waits in phase.read, phase.modify:
            report = f"{case}, {phase.name}: {waits}"
            print(report)  # noqa: T201 - the figures, with -s
            assert waits.count > 20, report
            assert waits.under_way < OPERATION_TIMEOUT * case.struck + SLACK, report
            # Where two nodes hang at once the background may wait for the second one with a session in its hands.
            # Where no node hangs there is none to wait for, and what is seen is the machine.
            nobody_waits = case.struck == 1 and phase is hanging
            assert waits.later < OPERATION_TIMEOUT + (0 if nobody_waits else SLACK), report


@pytest.mark.parametrize("node_count", [1, 2])
def test_the_event_loop_goes_on_while_a_node_hangs(start_memcached: StartMemcached, node_count: int) -> None:
    """Coroutines wait for the node, at most for its timeout; the loop does not, and no session loses an update."""
    nodes = [start_memcached() for _ in range(node_count)]
    timeout = 1.0
    gaps: list[float] = []
    stalls: list[float] = []
    waits: list[float] = []
    ended = threading.Event()

    def stand_by() -> None:
        """Note when the machine, and not the loop, stood still."""
        while not ended.is_set():
            began = time.monotonic()
            time.sleep(0.005)
            stalls.append(time.monotonic() - began)

    async def tick() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - began)

    async def shop(manager: SessionManager, number: int, until: float) -> tuple[str | None, int]:
        cookie, steps = None, 0
        while time.monotonic() < until:
            began = time.monotonic()
            async with manager.arequest(cookie) as session:
                assert session.get("steps", 0) == steps
                session["number"] = number
                session["steps"] = steps = steps + 1
            waits.append(time.monotonic() - began)
            assert session.cookie.kind is not CookieKind.DELETE
            if session.cookie.kind is CookieKind.SET:
                cookie = session.cookie.value
            await asyncio.sleep(0.01)
        return cookie, steps

    async def scenario() -> list[tuple[str | None, int]]:
        timeouts = {"operation_timeout": timeout, "session_backup_timeout": timeout}
        with SessionManager(node_list(nodes), route="a", **timeouts) as manager:
            ticker = asyncio.create_task(tick())
            until = time.monotonic() + 3
            shoppers = [asyncio.create_task(shop(manager, number, until)) for number in range(20)]
            await asyncio.sleep(0.3)
            nodes[0].freeze()
            await asyncio.sleep(1.7)
            nodes[0].resume()
            done = await asyncio.gather(*shoppers)
            assert await manager.adrain(10) == 0
            ticker.cancel()
            return done

    bystander = threading.Thread(target=stand_by)
    bystander.start()
    try:
        done = asyncio.run(scenario())
    finally:
        ended.set()
        bystander.join()
    print(f"{node_count} nodes: tick {max(gaps):.3f} s, request {max(waits):.3f} s")  # noqa: T201 - the figures, with -s
    assert max(waits) >= timeout / 2, "nobody met the node that hangs"
    assert max(waits) < timeout + SLACK
    assert max(gaps) < timeout / 2 + max(stalls)
    assert list(found_by_another_process(node_list(nodes), [cookie for cookie, _ in done])) == [
        {"number": number, "steps": steps} for number, (_, steps) in enumerate(done)
    ]


def test_a_hundred_takeovers_at_once_wait_for_a_node_that_hangs_no_longer_than_one(
    start_memcached: StartMemcached,
) -> None:
    """More take-overs than there are threads for their commands do not queue for one timeout after another."""
    nodes = [start_memcached(), start_memcached()]
    addresses = node_list(nodes)
    with SessionManager(addresses, route="a") as first:
        cookies = [begin(first, number) for number in range(300)]
    # Those that live on the other node: the one that hangs is asked in a thread of the manager's.
    cookies = [cookie for cookie in cookies if "-n2" in cookie][:100]
    with (
        SessionManager(addresses, route="b", operation_timeout=OPERATION_TIMEOUT) as second,
        ThreadPoolExecutor(len(cookies)) as clients,
    ):
        nodes[0].freeze()

        def take_over(cookie: str) -> float:
            began = time.monotonic()
            with second.request(cookie) as session:
                assert "number" in session or session.degraded
            assert session.cookie.kind is not CookieKind.DELETE
            return time.monotonic() - began

        waits = list(clients.map(take_over, cookies))
        print(f"100 take-overs waited {max(waits):.3f} s at most")  # noqa: T201 - the figure, with -s
        nodes[0].resume()
    assert max(waits) >= OPERATION_TIMEOUT / 2, "nobody met the node that hangs"
    assert max(waits) < OPERATION_TIMEOUT + SLACK


def test_a_later_request_waits_for_one_of_its_session_at_most_until_that_gives_up(memcached: MemcachedProcess) -> None:
    """It does not wait for the node itself, but requests of one session take turns."""
    timeout = 2.0
    down = Event()
    with (
        SessionManager(
            node_list([memcached]), route="a", operation_timeout=timeout, session_backup_timeout=timeout
        ) as manager,
        ThreadPoolExecutor(2) as others,
    ):
        one, two = begin(manager, 1), begin(manager, 2)
        manager.listen(lambda event: down.set() if event.kind is EventKind.NODE_DOWN else None)

        def change(cookie: str) -> None:
            with manager.request(cookie) as session:
                session["changed"] = True

        memcached.freeze()
        first = others.submit(change, one)
        time.sleep(0.8 * timeout)
        second = others.submit(change, two)
        assert down.wait(2 * timeout)
        began = time.monotonic()
        with manager.request(two) as session:
            assert session["number"] == 2
        waited = time.monotonic() - began
        first.result()
        second.result()
        memcached.resume()
    assert waited < timeout  # of which the other had 0.8 left


def test_a_session_that_begins_while_the_only_node_is_down_is_backed_up_when_it_returns(
    memcached: MemcachedProcess,
) -> None:
    """It is served from the process meanwhile; then another process finds it, under the id of the next response."""
    addresses = node_list([memcached])
    with SessionManager(addresses, route="a", operation_timeout=0.2) as manager:
        cookie = begin(manager, 1)
        memcached.kill()
        younger = begin(manager, 2)
        with manager.request(cookie) as session:
            session["later"] = ["kept"]
        with manager.request(younger) as session:
            assert session["number"] == 2
            session["later"] = ["kept"]
        assert manager.health().unbacked == 2
        memcached.start()
        deadline = time.monotonic() + 10
        while manager.health().unbacked and time.monotonic() < deadline:
            time.sleep(0.01)
        assert list(found_by_another_process(addresses, [cookie, younger])) == [
            {"number": 1, "later": ["kept"]},
            {"number": 2, "later": ["kept"]},
        ]
        with manager.request(younger) as session:
            assert session["number"] == 2
        assert session.cookie.value.startswith(f"{younger[:32]}-n1.a~")


def test_a_node_comes_back_however_many_requests_there_are() -> None:
    """Requests without a pause do not keep a node out: what it missed is made up for in bounded time."""
    outage = Outage(1, struck=1, route="a", seconds=1.0, pause=0)
    phases = outage.run()
    assert [phase.name for phase in phases][-2:] == ["restarted empty", "flush_all"]


def begin(manager: SessionManager, number: int) -> str:
    """Begin a session and return its cookie."""
    with manager.request(None) as session:
        session["number"] = number
    return session.cookie.value
