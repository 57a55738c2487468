"""Makes requests at a given concurrency for some time, and times each: in threads, or in the tasks of one event loop.

These are the tasks that `end_to_end` sends to its children. Each visitor has sessions of its own. How it is measured:
all are made warm first, in the same threads or the same event loop and as many at once, so that connections are open
and whatever is made at the first use is there; only when all have come so far does the clock start. The garbage
collector is on, and what was there before is out of its sight.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import ceil
from threading import Barrier
from time import perf_counter_ns
from typing import Any, TypedDict

from .alternating import SESSIONS, AlternatingManagers, Visitor
from .errand import CaseData, case_of
from .measuring import collector_settled
from .sampling import spread

TICK = 0.001
"""Seconds that the timer asks for which finds out how late the event loop is."""


class Visits(TypedDict):
    """What came of it, in seconds."""

    seconds: float
    """From the first request to the end of the last one."""
    latencies: list[float]
    """Of every request."""
    late: list[float]
    """By how much the event loop was, at each tick that was due; empty under threads."""


def in_threads(case: CaseData, address: str, concurrency: int, seconds: float) -> Visits:
    """Make requests in threads."""
    return _visited(case, address, concurrency, partial(_by_threads, seconds=seconds))


def in_tasks(case: CaseData, address: str, concurrency: int, seconds: float) -> Visits:
    """Make requests in tasks of one event loop."""
    return _visited(case, address, concurrency, lambda visitors: asyncio.run(_by_tasks(visitors, seconds)))


def _visited(data: CaseData, address: str, concurrency: int, visit: Callable[[Sequence[Visitor]], Visits]) -> Visits:
    case = case_of(data)
    sessions = case.workload.sessions()
    contents = [sessions[number] for number in spread(sessions, SESSIONS)]
    with AlternatingManagers(address, case.make) as managers:
        visitors = [managers.visitor(contents) for _ in range(concurrency)]
        return visit(visitors)


def _by_threads(visitors: Sequence[Visitor], seconds: float) -> Visits:
    together = Barrier(len(visitors))  # so each visitor has a thread to itself

    def make_warm(visitor: Visitor) -> None:
        together.wait()
        for _ in range(visitor.warming):
            visitor.visit()

    def work(visitor: Visitor) -> tuple[int, list[int]]:
        latencies: list[int] = []
        together.wait()
        started = now = perf_counter_ns()
        deadline = started + int(seconds * 1e9)
        while now < deadline:
            visitor.visit()
            before, now = now, perf_counter_ns()
            latencies.append(now - before)
        return started, latencies

    with ThreadPoolExecutor(len(visitors)) as threads:
        list(threads.map(make_warm, visitors))
        with collector_settled():
            done = list(threads.map(work, visitors))
    first = min(started for started, _ in done)
    last = max(started + sum(latencies) for started, latencies in done)
    return Visits(
        seconds=(last - first) / 1e9,
        latencies=[latency / 1e9 for _, latencies in done for latency in latencies],
        late=[],
    )


async def _by_tasks(visitors: Sequence[Visitor], seconds: float) -> Visits:
    latencies: list[float] = []
    late: list[float] = []

    async def make_warm(visitor: Visitor) -> None:
        for _ in range(visitor.warming):
            await visitor.avisit()

    await _all(make_warm, visitors)
    with collector_settled():
        ticking = asyncio.create_task(_tick(late))
        started = perf_counter_ns()
        deadline = started + int(seconds * 1e9)

        async def work(visitor: Visitor) -> None:
            now = perf_counter_ns()
            while now < deadline:
                await visitor.avisit()
                before, now = now, perf_counter_ns()
                latencies.append((now - before) / 1e9)

        await _all(work, visitors)
        ended = perf_counter_ns()
    ticking.cancel()
    return Visits(
        seconds=(ended - started) / 1e9, latencies=latencies, late=[each for delay in late for each in delays(delay)]
    )


async def _all(work: Callable[[Visitor], Coroutine[Any, Any, None]], visitors: Sequence[Visitor]) -> None:
    """Let all visitors do something at once; raise what the first of them raises."""
    try:
        async with asyncio.TaskGroup() as group:
            for visitor in visitors:
                group.create_task(work(visitor))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _tick(late: list[float]) -> None:
    """Note by how much a timer is late, again and again."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + TICK
        await asyncio.sleep(TICK)
        late.append(max(0.0, clock() - due))


def delays(late: float) -> list[float]:
    """Return how long everybody would have waited who asked for the event loop while it was late, one in each tick.

    The timer asks only when it was served, and so meets a long delay once. Who had asked a tick later would have waited
    a tick less, and so on until the end of the delay.

    Parameters
    ----------
    late
        Seconds.

    >>> [round(delay, 6) for delay in delays(0.0035)]
    [0.0035, 0.0025, 0.0015, 0.0005]
    >>> delays(0.0)
    [0.0]
    """
    return [late - number * TICK for number in range(max(1, ceil(late / TICK)))]
