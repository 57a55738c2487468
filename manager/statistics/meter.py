"""`Meter`: counts and times for one manager, without locks, and sums it all up when asked.

Each thread counts in a cell of its own, for ``x += 1`` on what threads share is three steps, and loses counts where an
interpreter changes threads between them: with free threading always, with a GIL wherever it chooses to. The cell of a
thread that has ended goes on with the next thread that the system gives the same number, so nothing is lost and there
are never more cells than there were threads at a time. Invariants: only its own thread writes to a cell, and no count
spans a point where a task could wait; a forked process begins with zeros.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from time import perf_counter
from types import MappingProxyType

from ..events import Event, EventKind
from ..request_state import RequestState
from .counters import COUNTERS, Counters
from .histogram import BYTES, SECONDS, Histogram, LiveHistogram
from .snapshot import Command, Failure, NodeStatistics, Statistics

_COUNTER_OF_EVENT = {
    EventKind.CREATED: "created",
    EventKind.TAKEN_OVER: "takeovers",
    EventKind.RELOCATED: "relocations",
    EventKind.BACKED_UP: "backups",
    EventKind.BACKUP_FAILED: "backup_failures",
    EventKind.EXPIRED: "expired",
    EventKind.DESTROYED: "destroyed",
    EventKind.DROPPED: "dropped",
    EventKind.CONFLICT: "conflicts",
    EventKind.UNDECODABLE: "undecodable",
}


class NodeCell:
    """What one thread has counted of one node."""

    __slots__ = ("bytes_received", "bytes_sent", "commands", "downs", "failures", "ups")

    def __init__(self) -> None:
        self.commands = {kind: LiveHistogram(SECONDS) for kind in Command}
        self.failures = dict.fromkeys(Failure, 0)
        self.bytes_sent = 0
        self.bytes_received = 0
        self.downs = 0
        self.ups = 0


REQUESTS_PER_SAMPLE = 16
"""After so many requests of a kind (`Meter.note_request`) in a thread, the next encoding in the process is timed."""


class Cell:
    """What one thread has counted."""

    __slots__ = (
        "backup",
        "backup_in_request",
        "counts",
        "deserialization",
        "nodes",
        "reads",
        "serialization",
        "stored_size",
    )

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTERS, 0)
        self.backup_in_request = LiveHistogram(SECONDS)
        self.backup = LiveHistogram(SECONDS)
        self.serialization = LiveHistogram(SECONDS)
        self.deserialization = LiveHistogram(SECONDS)
        self.stored_size = LiveHistogram(BYTES)
        self.reads: dict[str, int] = {}
        self.nodes: dict[str, NodeCell] = {}

    def node(self, label: str) -> NodeCell:
        """Return what was counted of a node."""
        cell = self.nodes.get(label)
        if cell is None:
            cell = self.nodes[label] = NodeCell()
        return cell


class _Here(threading.local):
    """The cell of the thread that asks."""

    def __init__(self, cell_of_thread: Callable[[], Cell]) -> None:
        self.cell = cell_of_thread()


class Meter:
    """The figures of one manager.

    Parameters
    ----------
    serializers
        Names of those that are accepted: their reads are in a snapshot, also while they are zero.

    >>> meter = Meter()
    >>> meter.count("unknown")
    >>> meter.snapshot({}, sessions=0, unbacked=0).counters.unknown
    1
    """

    def __init__(self, serializers: Iterable[str] = ()) -> None:
        self._serializers = tuple(serializers)
        self.sample: Callable[[], object] = lambda: None
        """Called after every `REQUESTS_PER_SAMPLE` requests of a kind in a thread: what is too quick to be timed each
        time."""
        self.begin_anew()

    def begin_anew(self) -> None:
        """Begin with zeros, as a forked process does: its parent has counted what was before."""
        self._began = perf_counter()
        self._cells: dict[int, Cell] = {}
        self.here = _Here(self._cell_of_thread)
        """Whose ``cell`` is that of the thread that asks."""

    def _cell_of_thread(self) -> Cell:
        return self._cells.setdefault(threading.get_ident(), Cell())

    def count(self, name: str) -> None:
        """Count one, by a name of `COUNTERS`."""
        self.here.cell.counts[name] += 1

    def note_event(self, event: Event) -> None:
        """Count what an event tells."""
        name = _COUNTER_OF_EVENT.get(event.kind)
        if name is not None:
            self.count(name)
        elif event.kind is EventKind.NODE_DOWN:
            self.here.cell.node(event.node).downs += 1
        elif event.kind is EventKind.NODE_UP:
            self.here.cell.node(event.node).ups += 1

    def note_request(self, request: RequestState) -> None:
        """Count a request at its end, as one of four kinds."""
        request.noted = True
        if request.entry is None and request.came is None:
            name = "requests_without_session"
        elif request.used:
            name = "requests_with_attribute_access"
        elif request.looked_at:
            name = "requests_without_attribute_access"
        else:
            name = "requests_without_session_access"
        counts = self.here.cell.counts
        counts[name] = count = counts[name] + 1
        if not count % REQUESTS_PER_SAMPLE:
            self.sample()

    def note_wait(self, seconds: float) -> None:
        """Note how long a request waited for a backup."""
        self.here.cell.backup_in_request.add(seconds)

    def snapshot(self, nodes: Mapping[str, tuple[bool, int]], *, sessions: int, unbacked: int) -> Statistics:
        """Return all figures as they are now.

        Parameters
        ----------
        nodes
            By name or address: whether it is used, and what it owes. All are in the snapshot, whatever was counted.
        sessions, unbacked
            Gauges, as `Statistics` has them.
        """
        seconds = perf_counter() - self._began
        cells = list(self._cells.copy().values())
        reads = dict.fromkeys(self._serializers, 0)
        for name, count in chain.from_iterable(cell.reads.copy().items() for cell in cells):
            reads[name] = reads.get(name, 0) + count
        return Statistics(
            seconds=seconds,
            counters=Counters(**{name: sum(cell.counts[name] for cell in cells) for name in COUNTERS}),
            backup_in_request=_sum((cell.backup_in_request for cell in cells), SECONDS),
            backup=_sum((cell.backup for cell in cells), SECONDS),
            serialization=_sum((cell.serialization for cell in cells), SECONDS),
            deserialization=_sum((cell.deserialization for cell in cells), SECONDS),
            stored_size=_sum((cell.stored_size for cell in cells), BYTES),
            reads=MappingProxyType(reads),
            nodes=tuple(_node(label, cells, *gauges) for label, gauges in nodes.items()),
            sessions=sessions,
            unbacked=unbacked,
        )


def _node(label: str, cells: list[Cell], available: bool, debts: int) -> NodeStatistics:  # noqa: FBT001 - private
    parts = [node for cell in cells if (node := cell.nodes.get(label)) is not None]
    return NodeStatistics(
        node=label,
        commands=MappingProxyType({kind: _sum((part.commands[kind] for part in parts), SECONDS) for kind in Command}),
        failures=MappingProxyType({kind: sum(part.failures[kind] for part in parts) for kind in Failure}),
        bytes_sent=sum(part.bytes_sent for part in parts),
        bytes_received=sum(part.bytes_received for part in parts),
        downs=sum(part.downs for part in parts),
        ups=sum(part.ups for part in parts),
        available=available,
        debts=debts,
    )


def _sum(parts: Iterable[LiveHistogram], bounds: tuple[float, ...]) -> Histogram:
    return sum((part.snapshot() for part in parts), Histogram.empty(bounds))
