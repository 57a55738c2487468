"""Carries out a task for one case after another: each in a child, in an interpreter that has all plug-ins imported.

What a case needs for a measure is made here, in the child. Invariant: a case whose task does not return is left out,
whatever the plug-in did instead, and the others go on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..serializers import ConverterRegistry, Serializer
from .case import Case, made
from .errand import CaseData, case_of, data_of
from .floor import FLOOR
from .isolation.forked import End, Ended
from .isolation.interpreter import Interpreter
from .preparing import MEMORY, Preparation, prepared

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


def ask(interpreter: Interpreter, task: str, case: Case, arguments: Mapping[str, Any], *, seconds: float) -> Ended:
    """Carry out a task for a case; it gets the case as `CaseData` by the name ``case``, and the other arguments."""
    return interpreter.run(task, {"case": data_of(case), **arguments}, seconds=seconds, memory=MEMORY)


def for_each(
    task: str,
    cases: Sequence[Case],
    arguments: Mapping[str, Any],
    *,
    seconds: float,
    preparations: Sequence[Preparation],
    progress: Progress | None,
) -> dict[Key, Any]:
    """Return what a task returned for each case that has payloads; see `ask` and `prepared`."""
    answers: dict[Key, Any] = {}
    chosen = with_bytes(cases)
    with prepared(preparations) as interpreter:
        for done, case in enumerate(chosen, 1):
            ended = ask(interpreter, task, case, arguments, seconds=seconds)
            if ended.end is End.RETURNED:
                answers[key_of(case)] = ended.value
            if progress:
                progress(done, len(chosen))
    return answers


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
    registry = ConverterRegistry()
    case.workload.register(registry)
    serializer = made(case.serializer, case.options, registry)
    sessions = case.workload.sessions()
    return MadeCase(serializer, sessions, [serializer.dumps(session) for session in sessions])
