"""What a run found, as one immutable value: the only thing that reports read, and what the JSON file is.

Times are in seconds, sizes in bytes, overheads and ratios are plain factors. Invariants: a case that is not verified
has no figure, and an operation that a case does not have is None, never a number. The version of this shape is
`SCHEMA`; whoever changes the meaning of a field or removes one raises it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .case import Option, Outcome
from .intervals import Estimate
from .references import BARE_PICKLE

SCHEMA = 1
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
    """A case compared with the baseline of its workload; None where there is nothing to compare with."""

    dumps: Estimate | None = None
    """Time of the baseline by the time of this case, so 2 means twice as fast; so are `loads` and `round_trip`."""
    loads: Estimate | None = None
    round_trip: Estimate | None = None
    bytes: Estimate | None = None
    """Size of this case by the size of the baseline, so 0.5 means half as large."""


@dataclass(frozen=True)
class CaseResult:
    """One row: a serializer on a workload."""

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
    identity: bool | None = None
    """Whether shared objects came back shared; False: as copies."""
    bytes: int | None = None
    """None also for `construction-floor`, which has neither bytes nor dumps nor a round trip."""
    dumps: Estimate | None = None
    loads: Estimate | None = None
    round_trip: Estimate | None = None
    """dumps, set, get and loads together."""
    bare_dumps: Estimate | None = None
    """The library under the serializer alone; None where the serializer does not show it."""
    bare_loads: Estimate | None = None
    overhead_dumps: Estimate | None = None
    """What dumps costs beyond the bare call, as a factor of the bare call: 0.25 is a quarter more."""
    overhead_loads: Estimate | None = None
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
    gc: str
    """Whether the garbage collector was ``"enabled"`` while the time was taken."""
    passes: int
    """How many samples each figure is the median of."""
    store: StoreFacts
    serializers: tuple[SerializerFacts, ...]
    workloads: tuple[WorkloadFacts, ...]
    cases: tuple[CaseResult, ...]
