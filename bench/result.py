"""What a run found, as one immutable value: the only thing that reports read, and what the JSON file is.

Times are in seconds, sizes in bytes, overheads and ratios are plain factors. Invariants: a case that is not verified
has no figure, and an operation that a case does not have is None, never a number. The version of this shape is
`SCHEMA`; whoever changes the meaning of a field or removes one raises it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .case import Option, Outcome
from .intervals import Estimate
from .references import BARE_PICKLE

SCHEMA = 2
"""The version of the shape of `Result`."""

BASELINE = BARE_PICKLE
"""The label of the case that the others of a workload are compared with."""


@dataclass(frozen=True)
class Machine:
    """Where it ran: what explains figures, and nothing that identifies a host or a user."""

    cpu: str
    cores: int
    memory: int
    """In bytes; 0 if unknown."""
    platform: str
    python: str
    implementation: str


@dataclass(frozen=True)
class StoreFacts:
    """The store that the sessions went through."""

    kind: str
    """``"memcached"`` or ``"memory"``."""
    version: str


@dataclass(frozen=True)
class SerializerFacts:
    """A serializer that took part, or could not."""

    name: str
    distribution: str
    version: str
    implementation: str
    broken: str | None
    """Why it could not take part; None if it did."""
    capabilities: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """What it claims, by the names of `Capabilities`; empty where it is broken."""
    variants: tuple[str, ...] = ()
    """The labels of its rows."""
    reference: bool = False
    """Whether it is a row to compare with and no serializer to choose: a library alone, or the floor."""


@dataclass(frozen=True)
class WorkloadFacts:
    """A workload that took part, or could not."""

    name: str
    description: str
    seed: int | None
    distribution: str
    version: str
    broken: str | None
    """Why it could not take part; None if it did."""


@dataclass(frozen=True)
class Ratios:
    """A case compared with the baseline of its workload; None where there is nothing to compare with.

    The intervals of all ratios of one table, which is those of a workload with one state of the garbage collector,
    hold together with the probability `Result.confidence`, as far as the number of passes allows.
    """

    dumps: Estimate | None = None
    """Time of the baseline by the time of this case, so 2 means twice as fast; so are `loads` and `round_trip`."""
    loads: Estimate | None = None
    round_trip: Estimate | None = None
    bytes: Estimate | None = None
    """Size of this case by the size of the baseline, so 0.5 means half as large."""


@dataclass(frozen=True)
class Compressed:
    """What a compressor makes of the payloads of a case."""

    compressor: str
    """With its level, such as ``"zlib-6"``."""
    bytes: int
    """Of all sessions of the workload."""
    compress: Estimate
    """Seconds for one session."""
    decompress: Estimate
    break_even: int | None = None
    """The size in bytes from which on compressing made every payload of the workload smaller; None: of no size, or the
    workload is a single session."""


@dataclass(frozen=True)
class Storage:
    """What a session takes in memcached and on the way to it, in the envelope of the session manager, signed.

    For a workload of many sessions the figures but `sessions_per_gib` are those of its largest. One that is over the
    item limit is never sent: all figures but `value` and `item_limit` are 0.
    """

    value: int
    """Size of the stored value: payload and envelope."""
    save_wire: int
    """Bytes of the command that saves it and of its answer together, without TCP and IP."""
    load_wire: int
    """The same for the command that loads it."""
    slab_class: int
    """Of memcached, with its default settings."""
    chunk: int
    """What an item of that class takes, in bytes; where memcached divides it, all its chunks together."""
    sessions_per_gib: int
    """How many such sessions a GiB of memcached holds: whole chunks in whole pages; 0 if one is over the limit."""
    item_limit: int
    """Of memcached, by default: in bytes."""

    @property
    def head_room(self) -> float:
        """How many times as large the session could be, roughly, until memcached refuses it."""
        return self.item_limit / self.value


@dataclass(frozen=True)
class Memory:
    """The most that Python's allocators held at once beyond what was there before, in bytes, for one session."""

    dumps: int
    loads: int


@dataclass(frozen=True)
class CaseResult:
    """One row: a serializer on a workload. Times are for one session, also where a workload has many."""

    workload: str
    serializer: str
    label: str
    options: Mapping[str, Option]
    outcome: Outcome
    verified: bool
    """Whether the outcome is `Outcome.VERIFIED`: all the rest has figures only then."""
    detail: str = ""
    """Why it is not verified."""
    path: str = ""
    """Where in the session it is not."""
    gc: str = "enabled"
    """Whether the garbage collector was ``"enabled"`` or ``"disabled"`` while the time was taken."""
    identity: bool | None = None
    """Whether shared objects came back shared; False: as copies."""
    varying: str = ""
    """From which size to which, if the payloads of different processes are not of one size."""
    sessions: int = 1
    """How many sessions the workload has."""
    bytes: int | None = None
    """The payloads of all its sessions together. None also for `construction-floor`, which has neither bytes nor dumps
    nor a round trip."""
    largest: int | None = None
    """The largest payload."""
    dumps: Estimate | None = None
    loads: Estimate | None = None
    round_trip: Estimate | None = None
    """dumps, set, get and loads together."""
    bare_dumps: Estimate | None = None
    """The library under the serializer alone; None where the serializer does not show it."""
    bare_loads: Estimate | None = None
    conversion_dumps: Estimate | None = None
    """What dumps takes beyond the bare call, in seconds: checks and converters."""
    conversion_loads: Estimate | None = None
    overhead_dumps: Estimate | None = None
    """The same as a factor of the bare call: 0.25 is a quarter more."""
    overhead_loads: Estimate | None = None
    envelope_dumps: Estimate | None = None
    """From the attributes to the value that the session manager stores: dumps, and the envelope around it, signed."""
    envelope_loads: Estimate | None = None
    """From that value to the attributes."""
    unchanged: Estimate | None = None
    """What finds, at the end of a request, that a session did not change: dumps, and a comparison of bytes."""
    resave: Estimate | None = None
    """One attribute is set, then the session is made the stored value anew."""
    loads_over_floor: Estimate | None = None
    """Time of loads by the time of making the same objects of no bytes, so 1.25 is a quarter more; None where that was
    not measured."""
    items: int | None = None
    """How many values the serializer's own pass looks at."""
    converted: int | None = None
    """How many of them go through a converter."""
    written_in: str | None = None
    """What that pass, and without a pass the converters, are written in, such as ``"Python"``."""
    ratio: Ratios = field(default_factory=Ratios)
    compressed: tuple[Compressed, ...] = ()
    storage: Storage | None = None
    """None without a memcached, and for what has no bytes."""
    memory: Memory | None = None
    unmeasured: Mapping[str, str] = field(default_factory=dict[str, str])
    """By field (``"compressed"``, ``"storage"``, ``"memory"``), why it has no figures though the case is verified."""
    samples: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    """By operation, one time for each worker process, in the order of the passes: medians, in seconds for a session.
    What pairs of cases are compared by."""


@dataclass(frozen=True)
class Noise:
    """How far apart the baseline came out from itself under another name: the A/A comparison of a workload."""

    workload: str
    gc: str
    dumps: Estimate
    """Ratios, as those of the cases are."""
    loads: Estimate
    round_trip: Estimate


@dataclass(frozen=True)
class Startup:
    """What the first use of a serializer costs, each time in a new interpreter."""

    label: str
    imported: Estimate
    """Seconds until the serializer is made, the import of the package and of the library under it included."""
    first_dumps: Estimate
    """Seconds of the very first call, on the workload `login`."""
    first_loads: Estimate
    detail: str = ""
    """Why there are no figures, which are then 0."""


class Fate(StrEnum):
    """What became of a value, of the best to the worst."""

    IDENTICAL = "identical"
    """The same types and values, and what was shared is shared."""
    EQUAL = "equal"
    """The same types and values, and what was shared became equal copies."""
    REFUSED = "refused"
    """An error said that the value cannot be kept."""
    FAILED = "failed"
    """Something else went wrong: the wrong kind of error, no end, or the end of the process."""
    CHANGED_TYPE = "changed type"
    """Nobody said so, and a type is another one."""
    CHANGED_VALUE = "changed value"
    """Nobody said so, and a value is another one."""


@dataclass(frozen=True)
class FidelityCell:
    """What a serializer makes of one value."""

    label: str
    value: str
    """The name of the value."""
    group: str
    """What kind of value that is, such as ``"date and time"``."""
    fate: Fate
    detail: str = ""


class Defence(StrEnum):
    """What became of hostile bytes, of the best to the worst."""

    REFUSED = "refused"
    """`DeserializationError`; for a library alone any exception."""
    READ = "read"
    """A harmless value came of it."""
    OTHER_ERROR = "other error"
    """An exception that no caller expects."""
    MEMORY = "memory"
    """It took more memory than it may."""
    TIME = "time"
    """It took longer than it may."""
    CRASH = "crash"
    """The process ended."""
    CODE = "code"
    """Code that the bytes named was run."""
    NOT_APPLICABLE = "not applicable"
    """The serializer has no such bytes."""


@dataclass(frozen=True)
class HostileCell:
    """What a serializer does with bytes that somebody made to harm."""

    label: str
    attack: str
    """The name of the attack."""
    defence: Defence
    """The worst of all payloads of the attack."""
    payloads: int
    seconds: float | None = None
    """The longest that a payload took; None where none came to an end."""
    memory: int | None = None
    """The most that resident memory grew, in bytes."""
    detail: str = ""


@dataclass(frozen=True)
class EvolutionCell:
    """Whether a session of yesterday's code is read by today's."""

    label: str
    change: str
    """Such as ``"field added"``."""
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class EndToEnd:
    """Requests on sessions that each was saved elsewhere before: loaded from a memcached, changed, and saved."""

    workload: str
    label: str
    mode: str
    """``"threads"`` or ``"asyncio"``."""
    concurrency: int
    """How many requests are under way at once."""
    requests: int
    throughput: Estimate
    """Requests per second, of each round."""
    p50: float
    """Seconds that a request took, over all passes; so are the others."""
    p95: float
    p99: float
    p999: float
    stall: float | None = None
    """Under asyncio, how late the event loop was at the worst percentile: the 99th of a timer's delay, in seconds."""
    detail: str = ""
    """Why it was not measured; the figures are then 0."""
    rounds: int = 0
    """How many rounds the interval of the throughput is of; 0: not known."""


@dataclass(frozen=True)
class Result:
    """Everything that a run found."""

    schema: int
    created: str
    """When it began, in UTC, as ISO 8601."""
    command: str
    """What was asked for, without the names of files."""
    duration_s: float
    machine: Machine
    libraries: Mapping[str, str]
    """The versions of the distributions that take part, by name."""
    passes: int
    """How many worker processes each figure is the median of."""
    confidence: float
    """How likely all intervals of the ratios of one table hold together; see `Ratios`."""
    store: StoreFacts
    serializers: tuple[SerializerFacts, ...]
    workloads: tuple[WorkloadFacts, ...]
    cases: tuple[CaseResult, ...]
    method: str = ""
    """How the times were taken, in a sentence, if not in worker processes of their own."""
    noise: tuple[Noise, ...] = ()
    tie_band: Mapping[str, float] = field(default_factory=dict[str, float])
    """By operation (``"dumps"``, ``"loads"``, ``"round_trip"``): ratios this near 1 are ties; at least the noise."""
    startups: tuple[Startup, ...] = ()
    evolution: tuple[EvolutionCell, ...] = ()
    fidelity: tuple[FidelityCell, ...] = ()
    hostile: tuple[HostileCell, ...] = ()
    end_to_end: tuple[EndToEnd, ...] = ()
