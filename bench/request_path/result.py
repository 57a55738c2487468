"""What a run found, as one immutable value: the only thing that reports read, and what the JSON file is.

Times are in seconds and for one request, traffic is for one request too. Invariant: a case that could not take part
has no figures, and says why. The version of this shape is `SCHEMA`; whoever changes the meaning of a field or removes
one raises it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..intervals import Estimate
from ..result import Machine, StoreFacts, WorkloadFacts

SCHEMA = 3
"""The version of the shape of `RequestPathResult`."""

KIND = "request-path"
"""What tells its file from that of a comparison of serializers."""


class Kind(StrEnum):
    """What a request does with its session."""

    NO_SESSION = "no session"
    """It has none: the client sends no cookie, and the view does not look whether there is a session."""
    NOT_LOOKED_AT = "not looked at"
    """It has one, and the view does not look at it."""
    READ = "read"
    CHANGE = "change"


class Group(StrEnum):
    """What a row is."""

    MANAGER = "manager"
    ADAPTER = "adapter"
    """The manager through the sessions of a framework."""
    PEER = "peer"
    """A session library."""
    FRAMEWORK = "framework"
    """What the sessions of a framework cost without any store."""
    BARE = "bare"
    """The memcached client alone, without any session."""


@dataclass(frozen=True)
class Placement:
    """Which cores client and memcached had."""

    name: str
    """``"one core"``, ``"two cores"`` or ``"not pinned"``."""
    client: int | None
    """The core of all threads of the client; None: any."""
    server: int | None


@dataclass(frozen=True)
class Cost:
    """What one kind of request costs under one placement."""

    placement: str
    kind: Kind
    requests: int
    """In one batch."""
    minimum: float
    """Latency of the request, in the best batch."""
    latency: Estimate
    paced: Estimate | None
    """Latency of requests that come one by one, with a pause before each; None: not measured."""
    client_cpu: Estimate
    """Processor time of all threads of the client, what the background does for the request included."""
    server_cpu: Estimate | None
    """Processor time of memcached; None: the system does not say."""
    by_bare_get: Estimate | None
    """Latency by that of a bare get, batch by batch; None: there is none to compare with, as in the next two."""
    by_django: Estimate | None
    """Latency by that of Django's cache engine for the same kind of request."""
    by_cheapest_peer: Estimate | None
    """Latency by that of the peer with the least median for the same kind of request."""
    by_counterpart: Estimate | None
    """Latency by that of the row that an adapter takes the place of, for the same kind of request."""


@dataclass(frozen=True)
class Traffic:
    """What memcached counted, for one request."""

    kind: Kind
    requests: int
    """That this is the mean of."""
    gets: float
    sets: float
    touches: float
    """Commands that extend a life, with or without reading."""
    deletes: float
    sent: float
    """Bytes from the client."""
    received: float
    """Bytes to the client."""
    connections: float
    """New ones."""

    @property
    def commands(self) -> float:
        """How many commands in all."""
        return self.gets + self.sets + self.touches + self.deletes


@dataclass(frozen=True)
class LostUpdates:
    """Increments that were acknowledged and are not there, of two threads that count in different attributes."""

    think: float
    """Seconds between read and write."""
    made: int
    """Increments of both threads in one run."""
    lost: tuple[int, ...]
    """In each run."""


@dataclass(frozen=True)
class CaseResult:
    """One row: a library in one configuration on one workload."""

    workload: str
    label: str
    group: Group
    about: str
    variant: str
    serializer: str
    skipped: str | None
    """Why it has no figures; None: it was checked and measured."""
    costs: tuple[Cost, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    lost_updates: tuple[LostUpdates, ...] = ()
    counterpart: str = ""
    """The label of the row that an adapter takes the place of; empty: it is no adapter."""
    framework: str = ""
    """The label of the row of what the framework of an adapter takes itself."""

    def cost(self, placement: str, kind: Kind) -> Cost | None:
        """Return what a kind of request costs, None if that was not measured."""
        return next((cost for cost in self.costs if (cost.placement, cost.kind) == (placement, kind)), None)

    def traffic_of(self, kind: Kind) -> Traffic | None:
        """Return the traffic of a kind of request, None if that was not measured."""
        return next((traffic for traffic in self.traffic if traffic.kind is kind), None)


@dataclass(frozen=True)
class LocalLatency:
    """What requests cost in a process that holds some sessions."""

    sessions: int
    """In the process."""
    visited: int
    """Sessions that the requests go to at random: few stay in the processor's caches, all do not."""
    kind: Kind
    collector: bool
    """Whether the garbage collector is on."""
    minimum: float
    latency: Estimate
    maximum: float
    """Latency of the request, in the worst batch."""
    client_cpu: Estimate
    """Processor time of all threads of the process."""
    by_fewest: Estimate | None
    """Latency by that of the process with the fewest sessions, where all are visited, batch by batch; None: this is
    that process, or another number of sessions is visited."""


@dataclass(frozen=True)
class LocalSessions:
    """What many sessions cost the process that holds them. Bytes are resident memory per session."""

    workload: str
    serializer: str
    sessions: int
    attributes_bytes: float
    """The attributes alone, in a process without a manager."""
    payload_bytes: float
    """The last bytes of each, in the same process."""
    manager_bytes: float
    """All that a session costs in a process with the manager."""
    batches: int
    """Each latency is of as many."""
    latencies: tuple[LocalLatency, ...]

    @property
    def beyond(self) -> float:
        """Bytes per session beyond its attributes and its last bytes."""
        return self.manager_bytes - self.attributes_bytes - self.payload_bytes


@dataclass(frozen=True)
class RequestPathResult:
    """Everything that a run found."""

    schema: int
    kind: str
    """`KIND`."""
    created: str
    """When it began, in UTC, as ISO 8601."""
    command: str
    """What was asked for, without the names of files."""
    duration_s: float
    machine: Machine
    libraries: Mapping[str, str]
    """The versions of the distributions that take part, by name."""
    compact: str
    """What ``compact`` is written in: ``"compiled"``, ``"portable"`` or ``"python"``."""
    passes: int
    """How many batches each figure is the median of."""
    store: StoreFacts
    placements: tuple[Placement, ...]
    remarks: tuple[str, ...]
    """What the machine did not allow."""
    workloads: tuple[WorkloadFacts, ...]
    cases: tuple[CaseResult, ...]
    local: tuple[LocalSessions, ...]
