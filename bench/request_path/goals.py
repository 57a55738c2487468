"""What the manager is to reach, and what a run has found.

Invariant: these are functions of a result alone. A goal is met or missed only if the whole interval of what was found
is on one side of its limit, and nothing is judged that a busy machine has measured. The quotient of the best batches,
which no other program on the machine has disturbed, is shown beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from ..intervals import Estimate, exactly
from .bare_subject import BARE_GET
from .django_subject import DJANGO, DJANGO_ADAPTER
from .flask_subject import FLASK_ADAPTER, FLASK_SESSION
from .manager_subject import READS_ALL
from .result import CaseResult, Cost, Group, Kind, LocalSessions, RequestPathResult

READ_BY_DJANGO = 1 / 8
READ_BY_BARE_GET = 1 / 3
CHANGE_BY_PEER = 1 / 3
READ_BY_COUNTERPART = 1 / 3
"""Through an adapter, by the library that it takes the place of; what the framework takes is within both."""
BYTES_BEYOND = 1024
SAME = 1.15
"""Times what a request takes in a small process: as long as in a large one, for a user."""

BUSY = 1.2
"""Times its processor time that a request may take before other programs must have had the processor."""

_SERIALIZER = "compact"
_ROUNDING = 0.05
"""Of a command for a request: less is one of the manager's own looks at its nodes."""


class Verdict(StrEnum):
    """What is said of a goal."""

    MET = "met"
    """The whole interval is within the limit."""
    MISSED = "missed"
    """The whole interval is beyond the limit."""
    UNDECIDED = "undecided"
    """The limit is within the interval."""
    BUSY = "busy"
    """The machine was: other programs were measured too."""
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Goal:
    """One goal on one workload."""

    workload: str
    """Empty for all of them."""
    text: str
    limit: float
    found: Estimate | None
    """None: it was not measured."""
    best: float | None = None
    """The best batch by the best batch of what is compared with; None: it is no ratio of times."""
    missing: str = ""
    """Why it was not measured."""
    busy: bool = False
    """Whether the machine was busy meanwhile."""

    @property
    def verdict(self) -> Verdict:
        """What is said of it."""
        if self.found is None:
            return Verdict.NOT_MEASURED
        if self.busy:
            return Verdict.BUSY
        if self.found.high <= self.limit:
            return Verdict.MET
        return Verdict.MISSED if self.found.low > self.limit else Verdict.UNDECIDED


def goals(result: RequestPathResult) -> list[Goal]:
    """Return all goals in the order of the result. Latencies are those on one core, where they are stable."""
    found: list[Goal] = []
    for workload in dict.fromkeys(case.workload for case in result.cases):
        rows = _Rows(workload, result)
        found += [*_of_reads(rows), *_of_adapters(rows), _of_changes(rows), *_of_commands(rows)]
    if not result.cases:
        found += [
            Goal("", text, limit, None, missing="only without --local-sessions")
            for text, limit in (
                ("latency of a read / Django's cache engine", READ_BY_DJANGO),
                ("latency of a read / bare get", READ_BY_BARE_GET),
                ("latency of a read through an adapter / the library of its framework", READ_BY_COUNTERPART),
                ("latency of a change with asynchronous backup / cheapest peer", CHANGE_BY_PEER),
                ("commands of a read", 0.0),
                ("commands of a change", 1.0),
            )
        ]
    for local in result.local:
        found += _of_local_sessions(local)
    if not result.local:
        missing = "only with --local-sessions or --everything"
        found += [
            Goal("", "latency in a process with many sessions / with few", SAME, None, missing=missing),
            Goal("", f"bytes of a session {_BEYOND}", BYTES_BEYOND, None, missing=missing),
        ]
    busy = waiting(result) > BUSY
    return [replace(goal, busy=busy) for goal in found]


def waiting(result: RequestPathResult) -> float:
    """Return how many times their processor time requests took that wait for nobody; 0 if there were none.

    For a request that does not look at its session the manager asks nobody, nor for a read of a local session.
    """
    costs = [
        cost.latency.median / cost.client_cpu.median
        for case in result.cases
        for cost in case.costs
        if case.group is Group.MANAGER and cost.kind is Kind.NOT_LOOKED_AT and cost.client_cpu.median
    ]
    local = [
        each.latency.median / each.client_cpu.median
        for sessions in result.local
        for each in sessions.latencies
        if each.kind is Kind.READ and each.client_cpu.median
    ]
    return max(median(ratios) if ratios else 0.0 for ratios in (costs, local))


class _Rows:
    """The rows of a workload, as goals look for them.

    Parameters
    ----------
    workload
        Its name.
    result
        In which it was measured.
    """

    def __init__(self, workload: str, result: RequestPathResult) -> None:
        self.workload = workload
        self.cases = [case for case in result.cases if case.workload == workload]
        self._placement = result.placements[0].name

    def manager(self, variant: str) -> CaseResult | None:
        """Return the row that a variant of the manager is judged by."""
        wanted = (variant, _SERIALIZER)
        return next((case for case in self.cases if (case.variant, case.serializer) == wanted), None)

    def labelled(self, label: str) -> CaseResult | None:
        """Return the row of a label."""
        return next((case for case in self.cases if case.label == label), None)

    def peers(self, kind: Kind) -> dict[str, Cost]:
        """Return what a kind of request costs each peer."""
        peers = ((case, self.cost(case, kind)) for case in self.cases if case.group is Group.PEER)
        return {case.label: cost for case, cost in peers if cost}

    def cost(self, case: CaseResult | None, kind: Kind) -> Cost | None:
        """Return what a kind of request costs."""
        return case.cost(self._placement, kind) if case else None


def _missing(case: CaseResult | None, name: str) -> str:
    """Say why a row has no figures."""
    if case is None:
        return f"no row {name}"
    return f"{case.label}: {case.skipped or 'no such requests'}"


def _of_reads(rows: _Rows) -> Iterator[Goal]:
    for what, variant in (("one string", "synchronous"), ("all attributes", READS_ALL)):
        for other, label, limit in (
            ("Django's cache engine", DJANGO, READ_BY_DJANGO),
            ("bare get", BARE_GET, READ_BY_BARE_GET),
        ):
            case, base = rows.manager(variant), rows.labelled(label)
            mine, theirs = rows.cost(case, Kind.READ), rows.cost(base, Kind.READ)
            text = f"read of {what} / {other}"
            ratio = mine and (mine.by_django if label == DJANGO else mine.by_bare_get)
            if mine and theirs and ratio:
                yield Goal(rows.workload, text, limit, ratio, mine.minimum / theirs.minimum)
            else:
                missing = _missing(base, label) if mine else _missing(case, _called(variant))
                yield Goal(rows.workload, text, limit, None, missing=missing)


def _of_adapters(rows: _Rows) -> Iterator[Goal]:
    for adapter, counterpart in ((FLASK_ADAPTER, FLASK_SESSION), (DJANGO_ADAPTER, DJANGO)):
        text = f"read of one string, {adapter} / {counterpart}"
        case, base = rows.labelled(adapter), rows.labelled(counterpart)
        mine, theirs = rows.cost(case, Kind.READ), rows.cost(base, Kind.READ)
        if mine and theirs and mine.by_counterpart:
            best = mine.minimum / theirs.minimum
            yield Goal(rows.workload, text, READ_BY_COUNTERPART, mine.by_counterpart, best)
        else:
            missing = _missing(base, counterpart) if mine else _missing(case, adapter)
            yield Goal(rows.workload, text, READ_BY_COUNTERPART, None, missing=missing)


def _of_changes(rows: _Rows) -> Goal:
    text = "change with asynchronous backup / cheapest peer"
    case, peers = rows.manager("asynchronous"), rows.peers(Kind.CHANGE)
    change = rows.cost(case, Kind.CHANGE)
    if change and peers and change.by_cheapest_peer:
        cheapest = min(peers, key=lambda label: peers[label].latency.median)
        best = change.minimum / peers[cheapest].minimum
        return Goal(rows.workload, f"{text} ({cheapest})", CHANGE_BY_PEER, change.by_cheapest_peer, best)
    missing = "no peer was measured" if change else _missing(case, _called("asynchronous"))
    return Goal(rows.workload, text, CHANGE_BY_PEER, None, missing=missing)


def _of_commands(rows: _Rows) -> Iterator[Goal]:
    for variant in ("synchronous", "asynchronous"):
        case = rows.manager(variant)
        for kind, limit in ((Kind.READ, 0), (Kind.CHANGE, 1)):
            traffic = case.traffic_of(kind) if case else None
            yield Goal(
                rows.workload,
                f"commands of a {kind}, {variant} backup",
                limit + _ROUNDING,
                exactly(traffic.commands) if traffic else None,
                missing="" if traffic else _missing(case, _called(variant)),
            )


def _of_local_sessions(local: LocalSessions) -> Iterator[Goal]:
    compared = [
        each for each in local.latencies if each.by_fewest and each.sessions == local.sessions and not each.collector
    ]
    for each in compared:
        base = next(
            fewest
            for fewest in local.latencies
            if (fewest.sessions, fewest.visited, fewest.kind) == (each.visited, each.visited, each.kind)
        )
        text = f"{each.kind} of {each.visited:,} of {each.sessions:,} local sessions / of all of {base.sessions:,}"
        yield Goal(local.workload, text, SAME, each.by_fewest, each.minimum / base.minimum)
    text = f"bytes of a session {_BEYOND}, {local.sessions:,} sessions"
    yield Goal(local.workload, text, BYTES_BEYOND, exactly(local.beyond))


_BEYOND = "beyond its attributes and last bytes"


def _called(variant: str) -> str:
    return f"manager, {variant}, {_SERIALIZER}"
