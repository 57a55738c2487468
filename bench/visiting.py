"""Makes requests at a given concurrency for some time, and times each: in threads, or in the tasks of one event loop.

These are the tasks that `end_to_end` sends to its children. Each visitor has sessions of its own. How it is measured:
all are warm before the first begins, the garbage collector is on, and what was there before is out of its sight.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from time import perf_counter_ns
from typing import Any, TypedDict

from ..serializers import ConverterRegistry
from .alternating import AlternatingManagers, Visitor
from .case import made
from .errand import CaseData, case_of
from .measuring import collector_settled

TICK = 0.001
"""Seconds that the timer asks for which finds out how late the event loop is."""


class Visits(TypedDict):
    """What came of it, in seconds."""

    seconds: float
    """From the first request to the end of the last one."""
    latencies: list[float]
    """Of every request."""
    late: list[float]
    """By how much the timer of the event loop was; empty under threads."""


def in_threads(case: CaseData, address: Sequence[Any], concurrency: int, seconds: float) -> Visits:
    """Make requests in threads."""
    return _visited(case, address, concurrency, partial(_by_threads, seconds=seconds))


def in_tasks(case: CaseData, address: Sequence[Any], concurrency: int, seconds: float) -> Visits:
    """Make requests in tasks of one event loop."""
    return _visited(case, address, concurrency, lambda visitors: asyncio.run(_by_tasks(visitors, seconds)))


def _visited(
    data: CaseData, address: Sequence[Any], concurrency: int, visit: Callable[[Sequence[Visitor]], Visits]
) -> Visits:
    case = case_of(data)
    registry = ConverterRegistry()
    case.workload.register(registry)
    contents = case.workload.sessions()
    with AlternatingManagers(
        (address[0], address[1]), partial(made, case.serializer, case.options, registry)
    ) as managers:
        visitors = [managers.visitor(contents) for _ in range(concurrency)]
        for visitor in visitors:
            visitor.warm_up()
        with collector_settled():
            return visit(visitors)


def _by_threads(visitors: Sequence[Visitor], seconds: float) -> Visits:
    together = Barrier(len(visitors))

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
    ticking = asyncio.create_task(_tick(late))
    started = perf_counter_ns()
    deadline = started + int(seconds * 1e9)

    async def work(visitor: Visitor) -> None:
        now = perf_counter_ns()
        while now < deadline:
            await visitor.avisit()
            before, now = now, perf_counter_ns()
            latencies.append((now - before) / 1e9)

    async with asyncio.TaskGroup() as group:
        for visitor in visitors:
            group.create_task(work(visitor))
    ended = perf_counter_ns()
    ticking.cancel()
    return Visits(seconds=(ended - started) / 1e9, latencies=latencies, late=late)


async def _tick(late: list[float]) -> None:
    """Note by how much a timer is late, again and again."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + TICK
        await asyncio.sleep(TICK)
        late.append(max(0.0, clock() - due))
