"""Carries out a task for one case after another: each in a child, in an interpreter that has all plug-ins imported.

What a case needs for a measure is made here, in the child. Invariant: a case whose task does not return has the reason
in the place of figures, whatever the plug-in did instead, and the others go on; a label that comes to no end is not
waited for again and again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..serializers import Serializer
from .case import Case
from .errand import CaseData, case_of
from .floor import FLOOR
from .isolation.forked import End
from .preparing import Patience, Preparation, prepared
from .result import CaseResult

Key = tuple[str, str]
"""A case in what a measure returns: the name of the workload, and the label."""

Progress = Callable[[int, int], None]
"""Is told how many steps are done, and of how many."""


def with_bytes(cases: Sequence[Case]) -> list[Case]:
    """Return the cases that have payloads: all but those of the floor of reading."""
    return [case for case in cases if case.serializer != FLOOR]


def key_of(case: Case) -> Key:
    """Return what a case is called in what a measure returns."""
    return case.workload.name, case.label


_Found = TypeVar("_Found")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Figures(Generic[_Found]):
    """What a measure found of cases."""

    found: Mapping[Key, _Found]
    failed: Mapping[Key, str]
    """Why a case has no figures, in one line."""

    def each(self, make: Callable[[_Found], _Made]) -> "Figures[_Made]":
        """Return the same with what a function makes of each that was found."""
        return Figures({key: make(found) for key, found in self.found.items()}, self.failed)


def with_figures(cases: Sequence[CaseResult], measure: str, figures: Figures[Any]) -> tuple[CaseResult, ...]:
    """Return the rows of a result with what a measure found of them, or why it did not.

    Parameters
    ----------
    cases
        The rows; those of which the measure knows nothing stay as they are.
    measure
        The field of `CaseResult` that it is for.
    figures
        What came of it.
    """
    return tuple(_with_figures(case, measure, figures) for case in cases)


def _with_figures(case: CaseResult, measure: str, figures: Figures[Any]) -> CaseResult:
    key = case.workload, case.label
    if key in figures.failed:
        return replace(case, unmeasured={**case.unmeasured, measure: figures.failed[key]})
    return replace(case, **{measure: figures.found[key]}) if key in figures.found else case


def for_each(
    task: str,
    cases: Sequence[Case],
    arguments: Mapping[str, Any],
    *,
    seconds: float,
    preparations: Sequence[Preparation],
    progress: Progress | None,
) -> Figures[Any]:
    """Return what a task returned for each case that has payloads; see `Patience` and `prepared`."""
    found: dict[Key, Any] = {}
    failed: dict[Key, str] = {}
    patience = Patience()
    chosen = with_bytes(cases)
    with prepared(preparations) as interpreter:
        for done, case in enumerate(chosen, 1):
            ended = patience.ask(interpreter, task, case, arguments, seconds=seconds)
            if ended.end is End.RETURNED:
                found[key_of(case)] = ended.value
            else:
                failed[key_of(case)] = ended.detail
            if progress:
                progress(done, len(chosen))
    return Figures(found, failed)


@dataclass(frozen=True)
class MadeCase:
    """A case that was sent, with what it names made ready."""

    serializer: Serializer
    sessions: list[object]
    payloads: list[bytes]

    @property
    def largest(self) -> int:
        """Which session has the largest payload."""
        return max(range(len(self.payloads)), key=lambda number: len(self.payloads[number]))


def made_case(data: CaseData) -> MadeCase:
    """Make a case that was sent."""
    case = case_of(data)
    serializer, sessions = case.make(), case.workload.sessions()
    return MadeCase(serializer, sessions, [serializer.dumps(session) for session in sessions])
