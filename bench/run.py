"""One run from start to end: makes the cases, verifies them, has the verified ones timed, and gives a `Result`.

Invariant: the baseline is measured in the same passes as what is compared with it, and ratios are taken pass by pass,
so that what slows the whole machine down for a while slows down both sides of a ratio.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from time import monotonic

from ..serializers import SerializerInfo
from .case import Examined, Ready, ReadyCase, every_case, examine
from .floor import FLOOR
from .intervals import Estimate, coverage, estimate, exactly
from .machine import describe_machine, library_versions
from .measuring import Operation, Timings, measure
from .result import (
    BASELINE,
    SCHEMA,
    CaseResult,
    Ratios,
    Result,
    SerializerFacts,
    StoreFacts,
    WorkloadFacts,
)
from .store import Store, open_store
from .workload import Workload, WorkloadInfo

ORDER_SEED = 57721
"""Where the random order of the cells starts: the first digits of Euler's constant, 0.57721."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to compare."""

    serializers: Sequence[SerializerInfo]
    workloads: Sequence[WorkloadInfo]
    passes: int
    """How many samples of every operation; at least 1."""
    command: str
    """How it was asked for, for the reader of the result."""


def run(plan: Plan, progress: Progress) -> Result:
    """Compare serializers.

    Parameters
    ----------
    plan
        What to compare; what is broken in it becomes part of the result.
    progress
        Called with one line about what is going on.

    Raises
    ------
    RuntimeError
        memcached is installed and does not start.
    """
    created, started = datetime.now(UTC), monotonic()
    workloads = [info.workload for info in plan.workloads if info.workload]
    serializers = [info for info in plan.serializers if info.broken is None]
    cases: list[CaseResult] = []
    with open_store() as store:
        for workload in workloads:
            cases += _compare(workload, serializers, store, plan.passes, progress)
    return Result(
        schema=SCHEMA,
        created=created.isoformat(timespec="seconds"),
        command=plan.command,
        duration_s=round(monotonic() - started, 3),
        machine=describe_machine(),
        libraries=library_versions(info.distribution for info in (*plan.serializers, *plan.workloads)),
        passes=plan.passes,
        confidence=coverage(plan.passes),
        store=StoreFacts(store.kind, store.version),
        serializers=tuple(_serializer_facts(info) for info in plan.serializers),
        workloads=tuple(_workload_facts(info) for info in plan.workloads),
        cases=tuple(cases),
    )


def _compare(
    workload: Workload, serializers: Iterable[SerializerInfo], store: Store, passes: int, progress: Progress
) -> list[CaseResult]:
    progress(f"{workload.name}: verifying")
    examined = [examine(case, store.sessions) for case in every_case([workload], serializers)]
    ready = [each.ready for each in examined if each.ready]
    timings = measure(
        ready,
        store.sessions,
        passes=passes,
        random=Random(ORDER_SEED),  # noqa: S311 - an order, no secret
        progress=lambda done: progress(f"{workload.name}: pass {done} of {passes}"),
    )
    timed = {case.case.label: (case, timing) for case, timing in zip(ready, timings, strict=True)}
    baseline, floor = timed.get(BASELINE), timed.get(FLOOR)
    return [_case_result(each, timed.get(each.case.label), baseline, floor) for each in examined]


_Timed = tuple[Ready, Timings]


def _case_result(examined: Examined, timed: _Timed | None, baseline: _Timed | None, floor: _Timed | None) -> CaseResult:
    case, verdict = examined.case, examined.verdict
    untimed = CaseResult(
        case.workload.name,
        case.serializer,
        case.label,
        case.options,
        verdict.outcome,
        verified=timed is not None,
        detail=verdict.detail,
        path=verdict.path,
    )
    if timed is None:
        return untimed
    ready, timings = timed
    times = {operation: estimate(samples) for operation, samples in timings.items()}
    library = ready.library if isinstance(ready, ReadyCase) else None
    return replace(
        untimed,
        identity=ready.keeps_identity,
        bytes=sum(map(len, ready.payloads)) or None,
        dumps=times.get(Operation.DUMPS),
        loads=times.get(Operation.LOADS),
        round_trip=times.get(Operation.ROUND_TRIP),
        bare_dumps=times.get(Operation.BARE_DUMPS),
        bare_loads=times.get(Operation.BARE_LOADS),
        overhead_dumps=_overhead(timings, Operation.DUMPS, Operation.BARE_DUMPS) if library else None,
        overhead_loads=_overhead(timings, Operation.LOADS, Operation.BARE_LOADS) if library else None,
        loads_over_floor=_quotient(timed, floor, Operation.LOADS) if floor and floor is not timed else None,
        items=library.items if library else None,
        converted=library.converted if library else None,
        written_in=library.implementation if library else None,
        ratio=_ratios(timed, baseline) if baseline else Ratios(),
    )


def _overhead(timings: Timings, whole: Operation, bare: Operation) -> Estimate:
    return estimate([ours / theirs - 1 for ours, theirs in zip(timings[whole], timings[bare], strict=True)])


def _ratios(timed: _Timed, baseline: _Timed) -> Ratios:
    mine, base = sum(map(len, timed[0].payloads)), sum(map(len, baseline[0].payloads))
    return Ratios(
        dumps=_quotient(baseline, timed, Operation.DUMPS),
        loads=_quotient(baseline, timed, Operation.LOADS),
        round_trip=_quotient(baseline, timed, Operation.ROUND_TRIP),
        bytes=exactly(mine / base) if mine and base else None,
    )


def _quotient(one: _Timed, other: _Timed, operation: Operation) -> Estimate | None:
    """Return the time of one by the time of the other, pass by pass; None if one of them has no such operation."""
    if not (operation in one[1] and operation in other[1]):
        return None
    passes = zip(one[1][operation], other[1][operation], strict=True)
    return estimate([dividend / divisor for dividend, divisor in passes])


def _serializer_facts(info: SerializerInfo) -> SerializerFacts:
    return SerializerFacts(info.name, info.distribution, info.version, info.implementation, info.broken)


def _workload_facts(info: WorkloadInfo) -> WorkloadFacts:
    description, seed = (info.workload.description, info.workload.seed) if info.workload else ("", None)
    return WorkloadFacts(info.name, description, seed, info.distribution, info.version, info.broken)
