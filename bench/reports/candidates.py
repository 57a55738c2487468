"""The rows that advice chooses from, and what makes them fit for a goal.

Invariant: references are no candidates, and a claim that a cell contradicts counts for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..result import BASELINE, CaseResult, Result
from .reading import collector, reference_labels, workloads
from .safety_tables import HARMFUL


@dataclass(frozen=True)
class Candidate:
    """A row that could be chosen, with what is known of it."""

    label: str
    claims: frozenset[str]
    cases: tuple[CaseResult, ...]
    """Verified, with figures; in the order of the workloads."""

    @property
    def kept(self) -> frozenset[str]:
        """The workloads that it keeps."""
        return frozenset(case.workload for case in self.cases)


def candidates(result: Result) -> list[Candidate]:
    """Return the rows that could be chosen: no reference, and at least one workload kept."""
    references = reference_labels(result)
    order = {name: position for position, name in enumerate(workloads(result))}
    claims = {each.name: frozenset(name for name, claimed in each.capabilities.items() if claimed)
              for each in result.serializers}  # fmt: skip
    found: dict[str, list[CaseResult]] = {}
    for case in result.cases:
        timed = case.verified and case.dumps and case.loads and case.bytes
        if timed and case.label not in references and case.label != BASELINE and case.gc == collector(result):
            found.setdefault(case.label, []).append(case)
    return [
        Candidate(
            label, claims.get(cases[0].serializer, frozenset()), tuple(sorted(cases, key=lambda c: order[c.workload]))
        )
        for label, cases in found.items()
    ]


def is_safe(result: Result, candidate: Candidate) -> bool:
    """Say whether a row claims to be safe, and no hostile bytes harmed it, as far as any were tried."""
    harmed = any(cell.label == candidate.label and cell.defence in HARMFUL for cell in result.hostile)
    return "safe" in candidate.claims and not harmed


def is_tried(result: Result, candidate: Candidate) -> bool:
    """Say whether a row was given hostile bytes."""
    return any(cell.label == candidate.label and cell.payloads for cell in result.hostile)


def plain_workloads(result: Result) -> frozenset[str]:
    """Return the workloads whose values no format needs a converter for."""
    converted = [case for case in result.cases if case.verified and case.converted is not None]
    return frozenset(case.workload for case in converted) - {case.workload for case in converted if case.converted}


def claiming(found: Sequence[Candidate], *claims: str) -> list[Candidate]:
    """Return those that claim all of these capabilities."""
    return [each for each in found if each.claims.issuperset(claims)]


def on_workloads(candidate: Candidate, names: frozenset[str]) -> Candidate:
    """Return a candidate with nothing but its rows on these workloads."""
    return replace(candidate, cases=tuple(case for case in candidate.cases if case.workload in names))


def comparable(found: Sequence[Candidate]) -> list[Candidate]:
    """Return those that keep the most workloads, limited to the workloads that all of these keep."""
    most = max((len(each.kept) for each in found), default=0)
    left = [each for each in found if len(each.kept) == most > 0]
    common = frozenset[str].intersection(*(each.kept for each in left)) if left else frozenset[str]()
    return [on_workloads(each, common) for each in left] if common else []
