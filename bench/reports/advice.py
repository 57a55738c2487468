"""Which serializer is best for what, computed from a result and nothing else.

How: a goal has demands, which claims and cells must meet; the serializers that meet them are compared on the workloads
that all of them keep. Speed is dumps and loads together, workloads by geometric mean, pass by pass. Invariants: who
changed a value without a word is never advice, and neither are references; nobody is called safe on whom no hostile
bytes were tried; whatever ties with the best is named with it; a goal that nobody meets says so, and one that was not
measured is left out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from statistics import median

from ..case import Outcome
from ..intervals import Estimate, each_of, is_tie
from ..ranking import pair_ratio
from ..result import BASELINE, CaseResult, Fate, Result
from .candidates import (
    Candidate,
    candidates,
    claiming,
    comparable,
    kept_by_anybody,
    on_workloads,
    plain_workloads,
)
from .figures import fraction, microseconds, milliseconds, size
from .reading import each_session, tie_band

_TOGETHER = "dumps and loads"
"""The name of the samples of both, over all workloads."""


@dataclass(frozen=True)
class Advice:
    """What is best for one goal."""

    goal: str
    best: tuple[str, ...]
    """Labels: the best, and whatever ties with it; none if nobody meets the goal."""
    why: str
    """The figures that say why."""


def advice(result: Result) -> list[Advice]:
    """Return what is best for each goal, in an order for readers.

    Parameters
    ----------
    result
        What was found.

    Returns
    -------
    One for each goal that the result can decide; where it does not say what serializers claim, that is little.
    """
    everybody = candidates(result)
    found: list[Advice | None] = []
    if any(each.claims for each in everybody):
        goals = _safe_ones(result, pool(result))
        found += goals if result.hostile else [_without_promise(each) for each in goals if each]
    found.append(_full_fidelity(result, "full fidelity, safe or not", everybody))
    return [each for each in found if each]


def pool(result: Result) -> list[Candidate]:
    """Return the serializers that are safe; where no hostile bytes were tried, those that claim it."""
    everybody = candidates(result)
    return [each for each in everybody if each.safe] if result.hostile else claiming(everybody, "safe")


def _without_promise(found: Advice) -> Advice:
    """Return advice whose goal does not say safe: nothing was tried."""
    return replace(found, goal=found.goal.replace(", safe", "").replace(" safe", ""))


def _safe_ones(result: Result, safe: Sequence[Candidate]) -> Iterator[Advice | None]:
    """Yield what is best of those that are safe."""
    yield _fastest(result, "fastest safe", safe)
    yield _smallest("smallest safe", safe)
    yield _smallest_compressed(result, "smallest safe, compressed", safe)
    yield _keeping_all(result, "keeps every workload, safe", safe)
    yield _fastest(result, "cross-language, safe", claiming(safe, "cross_language"))
    if plain := plain_workloads(result):
        yield _fastest(result, "plain data only, safe", [on_workloads(each, plain) for each in safe])
    rich = claiming(safe, "registered_classes", "identity", "cycles")
    yield _fastest(result, "objects with references, safe", rich)
    yield _fastest(result, "classes that change, safe", _evolving(result, safe))
    yield _full_fidelity(result, "full fidelity, safe", safe)
    yield _throughput(result, "most requests a second, safe", safe)
    yield _startup(result, "quickest start, safe", safe)


def _nobody(goal: str) -> Advice:
    return Advice(goal, (), "no serializer that took part meets it")


def _fastest(result: Result, goal: str, found: Sequence[Candidate]) -> Advice:
    left = comparable(found)
    if not left:
        return _nobody(goal)
    speeds = {each.label: together(each.cases) for each in left}
    first = min(left, key=lambda each: median(speeds[each.label].samples[_TOGETHER]))
    band = max(tie_band(result, "dumps"), tie_band(result, "loads"))

    def ties(other: Candidate) -> bool:
        ratio = pair_ratio(speeds[first.label], speeds[other.label], _TOGETHER, each_of(len(left) - 1))
        return ratio is None or is_tie(ratio, band)

    best = [first, *(each for each in left if each is not first and ties(each))]
    time = median(speeds[first.label].samples[_TOGETHER])
    return Advice(goal, _labels(best), f"{microseconds(time)} µs{_by_pickle(first)}{_over(left)}")


def together(cases: Sequence[CaseResult]) -> CaseResult:
    """Return a row whose samples are dumps and loads together, the geometric mean over workloads, pass by pass.

    Where a row has no samples, its medians stand for them.
    """
    series = [
        [dump + load for dump, load in zip(case.samples["dumps"], case.samples["loads"], strict=False)]
        if case.samples.get("dumps") and case.samples.get("loads")
        else [_time(case.dumps) + _time(case.loads)]
        for case in cases
    ]
    passes = min(map(len, series))
    samples = tuple(_mean([each[number] for each in series]) for number in range(passes))
    return replace(cases[0], samples={_TOGETHER: samples})


def _smallest(goal: str, found: Sequence[Candidate]) -> Advice:
    left = comparable(found)
    if not left:
        return _nobody(goal)
    sizes = {each.label: _mean([each_session(case) or 0 for case in each.cases]) for each in left}
    least = min(sizes.values())
    best = [each for each in left if sizes[each.label] <= least * (1 + 1e-9)]
    ratio = [case.ratio.bytes.median for case in best[0].cases if case.ratio.bytes]
    part = f", {fraction(_mean(ratio))} of {BASELINE}'s" if ratio else ""
    return Advice(goal, _labels(best), f"{size(least)} bytes{part}{_over(left)}")


def _smallest_compressed(result: Result, goal: str, found: Sequence[Candidate]) -> Advice | None:
    if not any(case.compressed for case in result.cases):
        return None
    left = comparable([each for each in found if all(case.compressed for case in each.cases)])
    sizes = {
        (each.label, name): _mean([_compressed_size(case, name) for case in each.cases])
        for each in left
        for name in frozenset[str].intersection(*(_compressors(case) for case in each.cases))
    }
    if not sizes:
        return _nobody(goal)
    least = min(sizes.values())
    best = [pair for pair, each in sizes.items() if each <= least * (1 + 1e-9)]
    names = ", ".join(dict.fromkeys(compressor for _, compressor in best))
    labels = tuple(dict.fromkeys(label for label, _ in best))
    return Advice(goal, labels, f"{size(least)} bytes with {names}{_over(left)}")


def _keeping_all(result: Result, goal: str, found: Sequence[Candidate]) -> Advice | None:
    every = kept_by_anybody(result)
    fewer: dict[int, list[str]] = defaultdict(list)
    for each in found:
        if each.kept != every:
            fewer[len(each.kept)].append(each.label)
    if not fewer:
        return None  # all of them do
    others = "".join(f"; {', '.join(labels)} keep {count}" for count, labels in sorted(fewer.items(), reverse=True))
    return Advice(goal, _labels([each for each in found if each.kept == every]), f"all {len(every)} workloads{others}")


def _full_fidelity(result: Result, goal: str, found: Sequence[Candidate]) -> Advice | None:
    if not result.fidelity:
        return None
    fates = {each.label: [cell.fate for cell in result.fidelity if cell.label == each.label] for each in found}
    most = max((cells.count(Fate.IDENTICAL) for cells in fates.values()), default=0)
    if not most:
        return _nobody(goal)
    best = [each for each in found if fates[each.label].count(Fate.IDENTICAL) == most]
    cells = fates[best[0].label]
    unsafe = ", ".join(each.label for each in best if "safe" not in each.claims)
    warned = f"; not safe: {unsafe}" if unsafe else ""
    return Advice(goal, _labels(best), f"{most} of {len(cells)} identical, {cells.count(Fate.REFUSED)} refused{warned}")


def _evolving(result: Result, found: Sequence[Candidate]) -> list[Candidate]:
    """Return those that read most sessions of yesterday's code, and none of them wrongly."""
    outcomes = {
        each.label: [cell.outcome for cell in result.evolution if cell.label == each.label]
        for each in claiming(found, "evolution")
    }
    sound = {label: cells for label, cells in outcomes.items() if set(cells) <= {Outcome.VERIFIED, Outcome.REFUSED}}
    most = max((cells.count(Outcome.VERIFIED) for cells in sound.values()), default=0)
    return [each for each in found if each.label in sound and sound[each.label].count(Outcome.VERIFIED) == most]


def _throughput(result: Result, goal: str, found: Sequence[Candidate]) -> Advice | None:
    labels = {each.label for each in found}
    measured = [each for each in result.end_to_end if each.label in labels and not each.detail]
    if not measured:
        return None
    first = max(measured, key=lambda each: each.throughput.median)
    rivals = [
        each
        for each in measured
        if (each.workload, each.mode, each.concurrency) == (first.workload, first.mode, first.concurrency)
    ]
    best = [first, *(each for each in rivals if each is not first and each.throughput.high >= first.throughput.low)]
    at_once = f"{first.concurrency} {'thread' if first.mode == 'threads' else 'task'}{'s' * (first.concurrency > 1)}"
    return Advice(
        goal,
        tuple(each.label for each in best),
        f"{size(first.throughput.median)}/s, p99 {milliseconds(first.p99)} ms ({first.workload}, {at_once})",
    )


def _startup(result: Result, goal: str, found: Sequence[Candidate]) -> Advice | None:
    labels = {each.label for each in found}
    measured = [each for each in result.startups if each.label in labels and not each.detail]
    if not measured:
        return None
    first = min(measured, key=lambda each: each.imported.median)
    best = [first, *(each for each in measured if each is not first and _overlap(each.imported, first.imported))]
    why = f"{milliseconds(first.imported)} ms until it is imported and made"
    return Advice(goal, tuple(each.label for each in best), why)


def _overlap(one: Estimate, other: Estimate) -> bool:
    return one.low <= other.high and other.low <= one.high


def _by_pickle(candidate: Candidate) -> str:
    parts: list[str] = []
    which: tuple[tuple[str, Callable[[CaseResult], Estimate | None]], ...] = (
        ("dumps", lambda case: case.ratio.dumps),
        ("loads", lambda case: case.ratio.loads),
    )
    for operation, ratio_of in which:
        ratios = [ratio.median for case in candidate.cases if (ratio := ratio_of(case))]
        if ratios:
            parts.append(f"{operation} {fraction(_mean(ratios))}x")
    return f", {' and '.join(parts)}" if parts else ""


def _over(left: Sequence[Candidate]) -> str:
    names = sorted(left[0].kept)
    return f" ({names[0]})" if len(names) == 1 else f" ({len(names)} workloads)"


def _labels(found: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(each.label for each in found)


def _time(time: Estimate | None) -> float:
    return time.median if time else 0.0


def _compressors(case: CaseResult) -> frozenset[str]:
    return frozenset(each.compressor for each in case.compressed)


def _compressed_size(case: CaseResult, compressor: str) -> float:
    return next(each.bytes for each in case.compressed if each.compressor == compressor) / case.sessions


def _mean(values: Sequence[float]) -> float:
    """The geometric mean."""
    return prod(value ** (1 / len(values)) for value in values)
