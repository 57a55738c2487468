"""Who is faster than whom: every pair of cases of a table, and whether two results contradict each other.

Both cases of a pair were timed in the same passes, so their ratio is taken pass by pass. Invariant: a pair is in an
order only if its interval says so, at a confidence at which all pairs of the table hold together, and by more than the
result's own noise; everything else is a tie.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from .intervals import TIE_BAND, Estimate, each_of, estimate, is_tie
from .operations import RANKED
from .result import CaseResult, Result


@dataclass(frozen=True)
class Pair:
    """Two cases of one table, compared in one operation."""

    workload: str
    gc: str
    operation: str
    one: str
    """A label."""
    other: str
    ratio: Estimate
    """Time of the other by the time of the one: above 1 the one is faster."""
    tie: bool

    @property
    def faster(self) -> str | None:
        """The label of the faster one; None: a tie."""
        if self.tie:
            return None
        return self.one if self.ratio.median > 1 else self.other

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """What makes a pair of another result the same one."""
        return self.workload, self.gc, self.operation, self.one, self.other


@dataclass(frozen=True)
class Agreement:
    """How the rankings of two results compare, pair by pair."""

    same: int
    """Pairs in one order in both, or a tie in both."""
    undecided: int
    """Pairs that are a tie in one of the two."""
    contradictions: tuple[tuple[Pair, Pair], ...]
    """Pairs that the two results have in opposite orders."""


def pair_ratio(one: CaseResult, other: CaseResult, operation: str, confidence: float) -> Estimate | None:
    """Return the time of another case by the time of one, pass by pass; None where one of them has no such times.

    Parameters
    ----------
    one, other
        Of one workload and one result.
    operation
        A key of `CaseResult.samples`.
    confidence
        Asked of the interval.
    """
    mine, others = one.samples.get(operation), other.samples.get(operation)
    if not mine or not others or len(mine) != len(others):
        return None
    return estimate([theirs / ours for ours, theirs in zip(mine, others, strict=True)], confidence)


def pairs(result: Result) -> Iterator[Pair]:
    """Yield every pair of verified cases of every table."""
    tables: dict[tuple[str, str], list[CaseResult]] = {}
    for case in result.cases:
        if case.verified:
            tables.setdefault((case.workload, case.gc), []).append(case)
    for (workload, gc), cases in tables.items():
        couples = list(combinations(sorted(cases, key=lambda case: case.label), 2))
        confidence = each_of(len(couples) * len(RANKED))
        for operation in RANKED:
            band = result.tie_band.get(operation, TIE_BAND)
            for one, other in couples:
                if ratio := pair_ratio(one, other, operation, confidence):
                    tie = is_tie(ratio, band)
                    yield Pair(workload, gc, operation, one.label, other.label, ratio, tie)


def with_samples(result: Result, operations: Collection[str]) -> Result:
    """Return a result with the samples of some operations alone: a file without the others is smaller.

    Parameters
    ----------
    result
        With all of them.
    operations
        Keys of `CaseResult.samples`; with `RANKED` pairs can still be compared.
    """
    return replace(result, cases=tuple(_with_samples(case, operations) for case in result.cases))


def _with_samples(case: CaseResult, operations: Collection[str]) -> CaseResult:
    return replace(case, samples={name: times for name, times in case.samples.items() if name in operations})


def agreement(one: Result, other: Result) -> Agreement:
    """Compare the rankings of two results, as far as they have the same cases."""
    others = {pair.place: pair for pair in pairs(other)}
    same = undecided = 0
    contradictions: list[tuple[Pair, Pair]] = []
    for pair in pairs(one):
        again = others.get(pair.place)
        if again is None:
            continue
        if pair.faster == again.faster:
            same += 1
        elif pair.tie or again.tie:
            undecided += 1
        else:
            contradictions.append((pair, again))
    return Agreement(same, undecided, tuple(contradictions))
