"""`Statistics`: all figures of a manager at one moment, and what has happened between two moments.

Invariant: immutable. The figures of one snapshot are read one after the other while requests go on, so two of them may
differ by what was under way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import add
from types import MappingProxyType
from typing import Any

from .counters import Counters
from .histogram import SECONDS, Histogram


class Command(Enum):
    """What a node is asked, as it is counted."""

    __hash__ = object.__hash__  # members are single objects, and Enum hashes their names in Python

    LOAD = "load"
    """A session with its value."""
    LOOK = "look"
    """Whether and in which state a session is there, without its value; also to extend its life."""
    ADD = "add"
    """Store a session that the node does not hold."""
    REPLACE = "replace"
    """Store a session over the state that was seen."""
    SET = "set"
    """Store the mark of a destroyed session."""
    DELETE = "delete"
    PROBE = "probe"
    """Whether the node answers, in the background."""


class Failure(Enum):
    """Why a command failed."""

    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    """The connection was refused or broken."""
    TOO_LARGE = "too large"
    """The value is over the item limit; says nothing about the node."""
    PROTOCOL = "protocol"
    """An answer that is none of the protocol, or a refused login."""


@dataclass(frozen=True, slots=True)
class NodeStatistics:
    """The figures of one node."""

    node: str
    """Its name or address."""
    commands: Mapping[Command, Histogram]
    """Seconds that each kind of command took, failed ones too; the count is that of the commands."""
    failures: Mapping[Failure, int]
    """Commands that failed."""
    bytes_sent: int
    """Of values in commands; keys and command words are not counted."""
    bytes_received: int
    """Of values in answers."""
    downs: int
    """How often its circuit opened."""
    ups: int
    """How often it closed again."""
    available: bool
    """Gauge: whether requests use it."""
    debts: int
    """Gauge: writes that it missed and that are made up for before it is used again."""

    def __sub__(self, earlier: "NodeStatistics") -> "NodeStatistics":
        """Return what has happened since an earlier snapshot; gauges are those of the later one."""
        return NodeStatistics(
            self.node,
            MappingProxyType({kind: self.commands[kind] - earlier.commands[kind] for kind in Command}),
            MappingProxyType({kind: self.failures[kind] - earlier.failures[kind] for kind in Failure}),
            self.bytes_sent - earlier.bytes_sent,
            self.bytes_received - earlier.bytes_received,
            self.downs - earlier.downs,
            self.ups - earlier.ups,
            self.available,
            self.debts,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "node": self.node,
            "available": self.available,
            "debts": self.debts,
            "downs": self.downs,
            "ups": self.ups,
            "bytes_sent": self.bytes_sent,
            "bytes_received": self.bytes_received,
            "commands": {kind.value: histogram.to_dict() for kind, histogram in self.commands.items()},
            "failures": {kind.value: count for kind, count in self.failures.items()},
        }


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a manager in this process, made by `SessionManager.statistics`.

    >>> from memcached_sessions import SessionManager
    >>> with SessionManager("memory://") as manager:
    ...     earlier = manager.statistics()
    ...     with manager.request(None) as session:
    ...         session["user"] = 7
    ...     between = manager.statistics() - earlier
    >>> between.counters.created, between.counters.backups, between.update.count, between.sessions
    (1, 1, 1, 1)
    """

    seconds: float
    """Since counting began, or between the two snapshots that this is the difference of."""
    counters: Counters
    backup_in_request: Histogram
    """Seconds that requests waited for a backup: for a node, or with asynchronous backup for a place in the queue (msm:
    effective backup)."""
    backup: Histogram
    """Seconds that it took to store a session, with all nodes asked, in requests and in the background."""
    serialization: Histogram
    """Seconds to encode the attributes of a session, changed or not. A sample: the first encoding is timed, and the
    next one after each 16 requests of a kind in a thread; so `count` is not how often sessions were encoded."""
    deserialization: Histogram
    """Seconds that it took to decode the attributes of a session that came from a node."""
    stored_size: Histogram
    """Bytes of a session as it is stored: compressed, with header and signature."""
    reads: Mapping[str, int]
    """By the name of the serializer that wrote it: sessions that were decoded. A serializer that stays at zero for
    longer than sessions live need no longer be accepted."""
    nodes: tuple[NodeStatistics, ...]
    sessions: int
    """Gauge: sessions in this process."""
    unbacked: int
    """Gauge: of these, how many are not backed up in their present state."""

    @property
    def update(self) -> Histogram:
        """Seconds of commands that store, on all nodes."""
        return self._commands(Command.ADD, Command.REPLACE, Command.SET)

    @property
    def load(self) -> Histogram:
        """Seconds of commands that fetch a session."""
        return self._commands(Command.LOAD)

    @property
    def delete(self) -> Histogram:
        """Seconds of commands that delete."""
        return self._commands(Command.DELETE)

    def node(self, name: str) -> NodeStatistics:
        """Return the figures of a node by its name or address.

        Raises
        ------
        KeyError
            There is none of that name.
        """
        for node in self.nodes:
            if node.node == name:
                return node
        raise KeyError(f"no node {name!r}; there are: {', '.join(node.node for node in self.nodes)}")

    def _commands(self, *kinds: Command) -> Histogram:
        histograms = [node.commands[kind] for node in self.nodes for kind in kinds]
        return reduce(add, histograms, Histogram.empty(SECONDS))

    def __sub__(self, earlier: "Statistics") -> "Statistics":
        """Return what has happened since an earlier snapshot of the same manager; gauges are those of the later one.

        Raises
        ------
        ValueError
            The other one is not earlier, or of a parent process: a forked child begins with zeros.
        """
        if earlier.seconds > self.seconds:
            raise ValueError("subtract the earlier snapshot from the later one; a forked child begins with zeros")
        before = {node.node: node for node in earlier.nodes}
        return Statistics(
            self.seconds - earlier.seconds,
            self.counters - earlier.counters,
            self.backup_in_request - earlier.backup_in_request,
            self.backup - earlier.backup,
            self.serialization - earlier.serialization,
            self.deserialization - earlier.deserialization,
            self.stored_size - earlier.stored_size,
            MappingProxyType({name: count - earlier.reads.get(name, 0) for name, count in self.reads.items()}),
            tuple(node - before[node.node] if node.node in before else node for node in self.nodes),
            self.sessions,
            self.unbacked,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON: only dicts, lists, str, numbers, booleans and None."""
        return {
            "seconds": self.seconds,
            "sessions": self.sessions,
            "unbacked": self.unbacked,
            "counters": {
                **self.counters.to_dict(),
                "requests_with_session": self.counters.requests_with_session,
                "requests_without_modification": self.counters.requests_without_modification,
                "requests": self.counters.requests,
            },
            "takeovers_per_request": self.counters.takeovers_per_request,
            "reads": dict(self.reads),
            **{
                name: getattr(self, name).to_dict()
                for name in (
                    "backup_in_request",
                    "backup",
                    "serialization",
                    "deserialization",
                    "stored_size",
                    "update",
                    "load",
                    "delete",
                )
            },
            "nodes": [node.to_dict() for node in self.nodes],
        }
