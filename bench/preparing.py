"""The interpreters of a run: fresh, with all plug-ins imported and all workloads known; and how they are asked.

Invariant: a label that comes to no end is not waited for again and again.
"""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .case import Case
from .errand import data_of
from .isolation.forked import End, Ended
from .isolation.interpreter import Interpreter

MEMORY = 4 << 30
"""Bytes of address space that a child may take beyond what its interpreter has."""

GIVEN_UP_AFTER = 2
"""Times that a label may come to no end; then it is not tried any more."""

Preparation = tuple[str, dict[str, object]]
"""A task that an interpreter begins with, and its arguments."""


@contextmanager
def prepared(preparations: Sequence[Preparation]) -> Generator[Interpreter, None, None]:
    """Run a fresh interpreter that has all plug-ins imported, and has carried out further tasks."""
    with Interpreter() as interpreter:
        interpreter.prepare(f"{__package__}.errand:prepare", {})
        for task, arguments in preparations:
            interpreter.prepare(task, arguments)
        yield interpreter


def ask(interpreter: Interpreter, task: str, case: Case, arguments: Mapping[str, Any], *, seconds: float) -> Ended:
    """Carry out a task for a case; it gets the case as `CaseData` by the name ``case``, and the other arguments."""
    return interpreter.run(task, {"case": data_of(case), **arguments}, seconds=seconds, memory=MEMORY)


class Patience:
    """Asks about cases, and gives up on a label that came to no end on some of them."""

    def __init__(self) -> None:
        self._endless: Counter[str] = Counter()

    def ask(
        self, interpreter: Interpreter, task: str, case: Case, arguments: Mapping[str, Any], *, seconds: float
    ) -> Ended:
        """Carry out a task for a case, as `ask` does, unless its label has used up the patience."""
        if self._endless[case.label] >= GIVEN_UP_AFTER:
            return Ended(End.TIME, detail=f"not tried: it came to no end {GIVEN_UP_AFTER} times before")
        ended = ask(interpreter, task, case, arguments, seconds=seconds)
        self._endless[case.label] += ended.end is End.TIME
        return ended
