"""The rows that advice chooses from, and what makes them fit for a goal.

Invariant: references, and rows that are there a second time, are no candidates; neither is who changed a value without
a word, anywhere in the run. A claim that a cell contradicts counts for nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..case import Outcome
from ..case_results import AGAIN
from ..result import BASELINE, CaseResult, Result
from .claims import claims_of, found_claims
from .reading import collector, reference_labels, workloads
from .safety_tables import SILENT


@dataclass(frozen=True)
class Candidate:
    """A row that could be chosen, with what is known of it."""

    label: str
    claims: frozenset[str]
    """Those that nothing contradicts."""
    tried: bool
    """Whether hostile bytes were tried on it."""
    cases: tuple[CaseResult, ...]
    """Verified, with figures; in the order of the workloads."""

    @property
    def kept(self) -> frozenset[str]:
        """The workloads that it keeps."""
        return frozenset(case.workload for case in self.cases)

    @property
    def safe(self) -> bool:
        """Whether it claims to be safe, and hostile bytes were tried and did no harm."""
        return self.tried and "safe" in self.claims


def candidates(result: Result) -> list[Candidate]:
    """Return the rows that could be chosen: no reference, not silently wrong, and at least one workload kept."""
    order = {name: position for position, name in enumerate(workloads(result))}
    claims = claims_of(result)
    attacked = {cell.label for cell in result.hostile if cell.payloads}
    wrong = silently_wrong(result)
    found: dict[str, list[CaseResult]] = {}
    for case in _choices(result):
        if case.verified and case.dumps and case.loads and case.bytes and case.label not in wrong:
            found.setdefault(case.label, []).append(case)
    return [
        Candidate(
            label,
            _uncontradicted(result, label, claims.get(label, frozenset())),
            label in attacked,
            tuple(sorted(cases, key=lambda case: order[case.workload])),
        )
        for label, cases in found.items()
    ]


def silently_wrong(result: Result) -> dict[str, str]:
    """Return the labels of those that made another value of one without a word, each with the first such value.

    Libraries alone are not among them.
    """
    references = reference_labels(result)
    wrong = {
        **{case.label: case.workload for case in reversed(result.cases) if case.outcome is Outcome.UNFAITHFUL},
        **{cell.label: cell.value for cell in reversed(result.fidelity) if cell.fate in SILENT},
    }
    return {label: what for label, what in wrong.items() if label not in references}


def plain_workloads(result: Result) -> frozenset[str]:
    """Return the workloads whose values no format needs a converter for."""
    converted = [case for case in result.cases if case.verified and case.converted is not None]
    return frozenset(case.workload for case in converted) - {case.workload for case in converted if case.converted}


def kept_by_anybody(result: Result) -> frozenset[str]:
    """Return the workloads that at least one row keeps."""
    return frozenset(case.workload for case in result.cases if case.verified)


def claiming(found: Sequence[Candidate], *claims: str) -> list[Candidate]:
    """Return those that claim all of these capabilities."""
    return [each for each in found if each.claims.issuperset(claims)]


def on_workloads(candidate: Candidate, names: frozenset[str]) -> Candidate:
    """Return a candidate with nothing but its rows on these workloads."""
    return replace(candidate, cases=tuple(case for case in candidate.cases if case.workload in names))


def comparable(found: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates, limited to the workloads that all of these keep.

    Whoever would leave less than half of the workloads that another one keeps is not among them: the others would be
    compared on too little.
    """
    most = max((len(each.kept) for each in found), default=0)
    common: frozenset[str] | None = None
    left: set[str] = set()
    for each in sorted(found, key=lambda each: (-len(each.kept), each.label)):
        both = each.kept if common is None else common & each.kept
        if both and 2 * len(both) >= most:
            common = both
            left.add(each.label)
    return [on_workloads(each, common) for each in found if each.label in left] if common else []


def _choices(result: Result) -> Iterator[CaseResult]:
    """Yield the rows of serializers to choose from, each once, with the garbage collector in one state."""
    references = reference_labels(result) | {BASELINE}
    labels = {case.label for case in result.cases}
    for case in result.cases:
        again = case.label.endswith(AGAIN) and case.label.removesuffix(AGAIN) in labels
        if case.label not in references and not again and case.gc == collector(result):
            yield case


def _uncontradicted(result: Result, label: str, claimed: frozenset[str]) -> frozenset[str]:
    return claimed - found_claims(result, label, claimed).contradicted.keys()
