"""What the manager is to reach, and what a run has found.

Invariant: these are functions of a result alone. A goal is judged by the median; its interval, and the quotient of the
best batches, which no other program on the machine has disturbed, are shown beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..intervals import Estimate, exactly
from .bare_subject import BARE_GET
from .django_subject import DJANGO
from .result import CaseResult, Cost, Group, Kind, LocalSessions, RequestPathResult

READ_BY_DJANGO = 1 / 8
READ_BY_BARE_GET = 1 / 3
CHANGE_BY_PEER = 1 / 3
BYTES_BEYOND = 1024

_SERIALIZER = "compact"
_ROUNDING = 0.05
"""Of a command for a request: less is one of the manager's own looks at its nodes."""


@dataclass(frozen=True)
class Goal:
    """One goal on one workload."""

    workload: str
    text: str
    limit: float
    found: Estimate
    best: float | None = None
    """The best batch by the best batch of what is compared with; None: it is no ratio of times."""

    @property
    def met(self) -> bool:
        """Whether the median is within the limit."""
        return self.found.median <= self.limit


def goals(result: RequestPathResult) -> list[Goal]:
    """Return what can be judged by a result, in its order. Latencies are those on one core, where they are stable."""
    found: list[Goal] = []
    for workload in dict.fromkeys(case.workload for case in result.cases):
        cases = [case for case in result.cases if case.workload == workload]
        found += _of_latencies(cases, result.placements[0].name)
        found += _of_commands(cases)
    for local in result.local:
        found += _of_local_sessions(local)
    return found


def _of_latencies(cases: Sequence[CaseResult], placement: str) -> Iterator[Goal]:
    workload = cases[0].workload
    read = _cost(cases, placement, Kind.READ, variant="synchronous")
    change = _cost(cases, placement, Kind.CHANGE, variant="asynchronous")
    django = _cost(cases, placement, Kind.READ, label=DJANGO)
    bare = _cost(cases, placement, Kind.READ, label=BARE_GET)
    if read and django and read.by_django:
        best = read.minimum / django.minimum
        yield Goal(workload, "read of a local session / Django's cache engine", READ_BY_DJANGO, read.by_django, best)
    if read and bare and read.by_bare_get:
        best = read.minimum / bare.minimum
        yield Goal(workload, "read of a local session / bare get", READ_BY_BARE_GET, read.by_bare_get, best)
    peers = {
        case.label: cost for case in cases if case.group is Group.PEER and (cost := case.cost(placement, Kind.CHANGE))
    }
    if change and peers and change.by_cheapest_peer:
        cheapest = min(peers, key=lambda label: peers[label].latency.median)
        text = f"change with asynchronous backup / cheapest peer ({cheapest})"
        best = change.minimum / peers[cheapest].minimum
        yield Goal(workload, text, CHANGE_BY_PEER, change.by_cheapest_peer, best)


def _of_commands(cases: Sequence[CaseResult]) -> Iterator[Goal]:
    for case in cases:
        if case.variant in ("synchronous", "asynchronous") and case.serializer == _SERIALIZER:
            for kind, limit in ((Kind.READ, 0), (Kind.CHANGE, 1)):
                if traffic := case.traffic_of(kind):
                    text = f"commands of a {kind}, {case.variant} backup"
                    yield Goal(case.workload, text, limit + _ROUNDING, exactly(traffic.commands))


def _of_local_sessions(local: LocalSessions) -> Iterator[Goal]:
    text = f"bytes of a session beyond its attributes and last bytes, {local.sessions:,} sessions"
    yield Goal(local.workload, text, BYTES_BEYOND, exactly(local.beyond))


def _cost(
    cases: Sequence[CaseResult], placement: str, kind: Kind, *, variant: str = "", label: str = ""
) -> Cost | None:
    """Return the cost of the manager's variant, or of the row of a label."""
    for case in cases:
        if case.label == label or (variant and case.variant == variant and case.serializer == _SERIALIZER):
            return case.cost(placement, kind)
    return None
