"""One run from start to end: verifies every case, has it timed, takes the other measures, and gives a `Result`.

Invariant: nothing of a plug-in runs in this process but what tells its name and makes the list of cases; whatever it
does elsewhere becomes part of the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from ..serializers import SerializerInfo
from .case import Case, every_case
from .case_results import AGAIN, TWIN, case_results, confidence, noise, tie_band
from .compressing import compressed
from .core import keep_to_one_core
from .each_case import with_figures
from .end_to_end import end_to_end, of_requests
from .evolution.deploy import evolution
from .fidelity.matrix import fidelity_matrix
from .hostile.grid import hostile_grid
from .levels import END_TO_END_WORKLOADS, Level, Measure
from .machine import describe_machine, library_versions
from .memory import memories
from .passes import Progress, measure
from .preparing import Preparation
from .references import reference_infos
from .result import BASELINE, SCHEMA, CaseResult, Result, SerializerFacts, StoreFacts, WorkloadFacts
from .startup import startups
from .storage import storages
from .store import Store, open_store
from .workload import Workload, WorkloadInfo


@dataclass(frozen=True)
class Plan:
    """What to compare, and how much of it to measure."""

    serializers: Sequence[SerializerInfo]
    """References among them."""
    workloads: Sequence[WorkloadInfo]
    level: Level
    command: str
    """How it was asked for, for the reader of the result."""
    measures: Sequence[Measure]
    collectors: Sequence[bool] = (True,)
    """The states of the garbage collector to measure in: True is on."""
    twice: Sequence[str] = ()
    """Labels of cases to measure a second time, under another name."""
    preparations: Sequence[Preparation] = ()
    """Tasks that every worker's interpreter begins with."""


def stages(plan: Plan) -> dict[str, float]:
    """Return the stages of a run, each with its weight: about the seconds that it takes."""
    cases = len(plan.workloads) * sum(len(info.variants) for info in plan.serializers)
    passes = plan.level.passes
    timing = cases * len(plan.collectors) * passes.count * (0.03 + 4 * passes.samples * passes.sample_seconds)
    weights = {str(each): _WEIGHTS.get(each, 5.0) for each in plan.measures if each is not Measure.TIMING}
    return {"verifying": cases * 0.15, "timing": timing if Measure.TIMING in plan.measures else 0.0} | weights


_WEIGHTS = {Measure.COMPRESSION: 30.0, Measure.HOSTILE: 12.0, Measure.END_TO_END: 40.0}
"""About the seconds of measures that take long, by default."""


def run(plan: Plan, progress: Progress) -> Result:
    """Compare serializers.

    Parameters
    ----------
    plan
        What to compare; what is broken in it becomes part of the result.
    progress
        Called with the stage, the steps of it that are done, and how many it has.

    Raises
    ------
    RuntimeError
        memcached is installed and does not start.
    """
    created, started = datetime.now(UTC), monotonic()
    with open_store(private=any(workload.private for workload in _workloads(plan))) as store:
        if store.process is not None:
            keep_to_one_core(store.process)
        result = _compared(plan, store, progress)
    return replace(
        _measured(plan, result, progress),
        created=created.isoformat(timespec="seconds"),
        duration_s=round(monotonic() - started, 3),
    )


def _compared(plan: Plan, store: Store, progress: Progress) -> Result:
    """Return the result of the comparison alone."""
    passes = replace(plan.level.passes, count=plan.level.passes.count if Measure.TIMING in plan.measures else 0)
    cells = measure(
        _cases(plan),
        store.address,
        passes,
        collectors=plan.collectors,
        preparations=plan.preparations,
        progress=progress,
    )
    found = noise(cells)
    return Result(
        schema=SCHEMA,
        created="",
        command=plan.command,
        duration_s=0.0,
        machine=describe_machine(),
        libraries=library_versions(info.distribution for info in (*plan.serializers, *plan.workloads)),
        passes=passes.count,
        confidence=round(confidence(cells, passes.count), 4) if passes.count else 0.0,
        store=StoreFacts(store.kind, store.version),
        serializers=tuple(_serializer_facts(info) for info in plan.serializers),
        workloads=tuple(_workload_facts(info) for info in plan.workloads),
        cases=case_results(cells),
        noise=found,
        tie_band=tie_band(found),
    )


def _measured(plan: Plan, result: Result, progress: Progress) -> Result:
    """Return a result with all that is measured besides."""
    level, wanted = plan.level, set(plan.measures)
    infos, prepared = plan.serializers, plan.preparations
    verified = _verified(plan, result)

    def at(measure: Measure) -> Callable[[int, int], None]:
        return partial(progress, str(measure))

    cases = result.cases
    if Measure.COMPRESSION in wanted:
        step = at(Measure.COMPRESSION)
        packed = compressed(verified, level.compression_passes, preparations=prepared, progress=step)
        cases = with_figures(cases, "compressed", packed)
    if Measure.STORAGE in wanted:
        stored = storages(verified, preparations=prepared, progress=at(Measure.STORAGE))
        cases = with_figures(cases, "storage", stored)
    if Measure.MEMORY in wanted:
        cases = with_figures(cases, "memory", memories(verified, preparations=prepared, progress=at(Measure.MEMORY)))
    result = replace(result, cases=cases)
    if Measure.STARTUP in wanted:
        result = replace(result, startups=startups(infos, level.startups, progress=at(Measure.STARTUP)))
    if Measure.EVOLUTION in wanted:
        result = replace(result, evolution=evolution(infos, at(Measure.EVOLUTION)))
    if Measure.FIDELITY in wanted:
        result = replace(result, fidelity=fidelity_matrix(infos, at(Measure.FIDELITY)))
    if Measure.HOSTILE in wanted:
        cells = hostile_grid(infos, mutations=level.mutations, progress=at(Measure.HOSTILE))
        result = replace(result, hostile=cells)
    if Measure.END_TO_END in wanted:
        requests = end_to_end(
            [case for case in of_requests(verified, infos) if case.workload in _of_requests(plan)],
            seconds=level.end_to_end_seconds,
            rounds=level.end_to_end_rounds,
            preparations=prepared,
            progress=at(Measure.END_TO_END),
        )
        result = replace(result, end_to_end=requests)
    return result


def _verified(plan: Plan, result: Result) -> list[Case]:
    """Return the cases to measure more of: once each, whatever the states of the garbage collector."""
    keys = {_key(case) for case in result.cases if case.verified}
    cases = every_case(_workloads(plan), [info for info in plan.serializers if info.broken is None])
    return [case for case in cases if (case.workload.name, case.label) in keys]


def _key(case: CaseResult) -> tuple[str, str]:
    return case.workload, case.label


def _of_requests(plan: Plan) -> list[Workload]:
    """Return the workloads that requests are measured on: few, if nobody chose."""
    chosen = _workloads(plan)
    usual = [workload for workload in chosen if workload.name in END_TO_END_WORKLOADS]
    return usual or chosen[:2]


def _cases(plan: Plan) -> list[Case]:
    cases = every_case(_workloads(plan), [info for info in plan.serializers if info.broken is None])
    again = [replace(case, label=case.label + AGAIN) for case in cases if case.label in plan.twice]
    twins = [replace(case, label=TWIN) for case in cases if case.label == BASELINE]
    return [*cases, *again, *twins]


def _workloads(plan: Plan) -> list[Workload]:
    return [info.workload for info in plan.workloads if info.workload]


def _serializer_facts(info: SerializerInfo) -> SerializerFacts:
    return SerializerFacts(
        info.name,
        info.distribution,
        info.version,
        info.implementation,
        info.broken,
        capabilities=asdict(info.capabilities) if info.capabilities else {},
        variants=tuple(info.variants),
        reference=info.name in reference_infos(),
    )


def _workload_facts(info: WorkloadInfo) -> WorkloadFacts:
    description, seed = (info.workload.description, info.workload.seed) if info.workload else ("", None)
    return WorkloadFacts(info.name, description, seed, info.distribution, info.version, info.broken)
