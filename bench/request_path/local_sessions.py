"""What many sessions cost the process that holds them: memory beyond their data, and the latency of a request.

Every figure of memory is of a process of its own that does nothing else, so that what one leaves behind is no part of
the next. Requests are timed in processes of different size that take turns, batch by batch and in random order, and
ratios are taken round by round. Invariant: the data that is subtracted is made by the same code as what the manager is
given, and no process works while another one is timed.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ..core import pin
from ..intervals import estimate
from .local_child import LocalChild
from .placement import placed
from .result import Kind, LocalLatency, LocalSessions, Placement
from .server import Server

SERIALIZER = "compact"

BATCHES = 45
"""Of each kind of request in each process."""

_ORDER_SEED = 57721


@dataclass(frozen=True)
class _Cell:
    """One kind of request in one process, and what was measured of it: seconds for one request, for each round."""

    sessions: int
    visited: int
    kind: Kind
    collector: bool = False
    latency: list[float] = field(default_factory=list[float])
    client_cpu: list[float] = field(default_factory=list[float])


def measure_local_sessions(
    workload: str, numbers: Sequence[int], server: Server, placement: Placement, progress: Callable[[str], None]
) -> LocalSessions:
    """Measure processes with some numbers of sessions.

    Parameters
    ----------
    workload
        The name of what the sessions hold.
    numbers
        Of sessions, ascending, at least two; the last is also the one whose memory is measured.
    server
        Where the sessions are backed up.
    placement
        Where the processes and memcached run while requests are timed.
    progress
        Called with one line about what is going on.
    """
    fewest, most = numbers[0], numbers[-1]

    def order(holding: str, sessions: int) -> Mapping[str, Any]:
        progress(f"{workload}: a process with {sessions:,} sessions: {holding}")
        return {
            "holding": holding,
            "sessions": sessions,
            "workload": workload,
            "serializer": SERIALIZER,
            "host": server.host,
            "port": server.port,
        }

    def taken(holding: str) -> float:
        with LocalChild(order(holding, most)) as child:
            return child.answer()["bytes"]

    attributes, data = taken("attributes"), taken("data")
    manager_bytes = 0.0
    with ExitStack() as stack:
        children: dict[int, LocalChild] = {}
        for sessions in numbers:
            children[sessions] = stack.enter_context(LocalChild(order("manager", sessions)))
            manager_bytes = children[sessions].answer()["bytes"]
        stack.enter_context(placed(placement, server.process))
        if placement.client is not None:
            for child in children.values():
                pin(child.id, {placement.client})
        progress(f"{workload}: {BATCHES} rounds of requests")
        cells = _cells(numbers)
        _take_turns(cells, children)
    base = {cell.kind: cell for cell in cells if cell.sessions == fewest}
    return LocalSessions(
        workload=workload,
        serializer=SERIALIZER,
        sessions=most,
        attributes_bytes=attributes,
        payload_bytes=data - attributes,
        manager_bytes=manager_bytes,
        batches=BATCHES,
        latencies=tuple(_latency(cell, base[cell.kind]) for cell in cells),
    )


def _cells(numbers: Sequence[int]) -> list[_Cell]:
    """Return what is compared: all numbers of visited sessions, and reads in the largest process with the collector."""
    cells = [
        _Cell(sessions, visited, kind)
        for sessions in numbers
        for visited in numbers
        if visited <= sessions
        for kind in (Kind.READ, Kind.CHANGE)
    ]
    return [*cells, _Cell(numbers[-1], numbers[0], Kind.READ, collector=True)]


def _take_turns(cells: Sequence[_Cell], children: Mapping[int, LocalChild]) -> None:
    random, order = Random(_ORDER_SEED), list(cells)  # noqa: S311 - an order, no secret
    for _ in range(BATCHES):
        random.shuffle(order)
        for cell in order:
            found = children[cell.sessions].answer(
                {"visited": cell.visited, "kind": cell.kind, "collector": cell.collector}
            )
            cell.latency.append(found["seconds"])
            cell.client_cpu.append(found["cpu"])


def _latency(cell: _Cell, fewest: _Cell) -> LocalLatency:
    by_fewest = None
    if cell.visited == fewest.visited and cell is not fewest:
        ratios = [mine / theirs for mine, theirs in zip(cell.latency, fewest.latency, strict=True)]
        by_fewest = estimate(ratios)
    return LocalLatency(
        sessions=cell.sessions,
        visited=cell.visited,
        kind=cell.kind,
        collector=cell.collector,
        minimum=min(cell.latency),
        latency=estimate(cell.latency),
        maximum=max(cell.latency),
        client_cpu=estimate(cell.client_cpu),
        by_fewest=by_fewest,
    )
