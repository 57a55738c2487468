"""What reports ask a result: its workloads in order, the rows of one, and how a row is called.

Invariant: rows with the garbage collector on come before those with it off, and the order of the run is kept else.
"""

from collections.abc import Collection
from dataclasses import replace

from ..intervals import TIE_BAND
from ..result import CaseResult, Result

FIRST = ("cart-objects",)
"""The workloads that reports begin with: sessions with objects in them are the case that this project is about."""

COPIES = " *"
"""What marks a row whose shared objects came back as copies."""


def workloads(result: Result) -> list[str]:
    """Return the names of the workloads that have rows, in the order of reports."""
    names = list(dict.fromkeys(case.workload for case in result.cases))
    return sorted(names, key=lambda name: name not in FIRST)


def limited_to(result: Result, names: Collection[str]) -> Result:
    """Return a result with nothing of other workloads than these, and all that is of no workload."""
    return replace(
        result,
        cases=tuple(case for case in result.cases if case.workload in names),
        noise=tuple(each for each in result.noise if each.workload in names),
        end_to_end=tuple(each for each in result.end_to_end if each.workload in names),
    )


def rows(result: Result, workload: str) -> list[CaseResult]:
    """Return the cases of a workload, in the order of reports."""
    found = [case for case in result.cases if case.workload == workload]
    return sorted(found, key=lambda case: case.gc != "enabled")


def row_name(result: Result, case: CaseResult) -> str:
    """Return what a row is called: its label, with the state of the garbage collector where rows of both are there."""
    states = {each.gc for each in result.cases if each.workload == case.workload}
    collector = f", gc {'off' if case.gc == 'disabled' else 'on'}" if len(states) > 1 else ""
    return f"{case.label}{collector}{COPIES if case.identity is False else ''}"


def reference_labels(result: Result) -> frozenset[str]:
    """Return the labels of the rows that are there to compare with, also if measured twice, and nothing to choose."""
    references = [each for each in result.serializers if each.reference]
    names = {each.name for each in references}
    rows = {case.label for case in result.cases if case.serializer in names}
    return frozenset(rows.union(names, *(each.variants for each in references)))


def collector(result: Result) -> str:
    """Return the state of the garbage collector that charts and advice speak of: on, unless all was measured off."""
    return "enabled" if any(case.gc == "enabled" for case in result.cases) else "disabled"


def description(result: Result, workload: str) -> str:
    """Return what a workload is, with where its random values start."""
    facts = next((each for each in result.workloads if each.name == workload), None)
    if facts is None:
        return workload
    seed = "nothing random" if facts.seed is None else f"seed {facts.seed}"
    sessions = max((case.sessions for case in result.cases if case.workload == workload), default=1)
    many = f"; {sessions:,} sessions, figures are for one of them" if sessions > 1 else ""
    return f"{facts.description} ({seed}{many})"


def tie_band(result: Result, operation: str) -> float:
    """Return how near 1 a ratio of an operation is a tie."""
    return result.tie_band.get(operation, TIE_BAND)


def each_session(case: CaseResult) -> float | None:
    """Return the bytes of the payload of one session: of a population, the mean."""
    return None if case.bytes is None else case.bytes / case.sessions
