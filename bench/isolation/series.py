"""Many questions to one plug-in, asked one after another in a child, none of which can cost the others their answers.

What is asked and answered is written to a file as it comes, so when a question ends the process, or does not end, the
file says which it was; the next one is asked in another child. Invariants: a question is asked once, and has one
answer; how a child ended that asked nothing, or had asked everything, is the answer to no question.
"""

import json
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, TypedDict

from .forked import End, Ended
from .interpreter import Interpreter

_CHILDREN = 8
"""How many children a plug-in may end before it is asked nothing more."""
_WAITING = 4
"""So many times what a question may compute it may take by the clock: a busy machine, or a plug-in that only waits."""
_ALARMS = (signal.SIGPROF, signal.SIGALRM)
_ASKED = b"asked\n"
"""In the file before each answer."""
_COMPLETE = b"complete\n"
"""At its end, when there is no other question."""


class Asking(TypedDict):
    """What a task is told about the series, as the argument `asking`; it hands this to `answer`."""

    journal: str
    """The file of what was asked and answered."""
    first: int
    """How many questions have an answer."""
    seconds: float
    budget: float


@dataclass(frozen=True)
class Series:
    """The answers, in the order of the questions."""

    answers: tuple[Ended, ...]
    """`End.RETURNED` with the answer; otherwise what the question did to the child."""
    rest: str = ""
    """Why the questions that are left were not asked; empty if there are none."""

    def of_all(self, count: int) -> tuple[Ended, ...]:
        """Return an answer for each of so many questions; of those that were not asked, why."""
        missing = Ended(End.CRASH, detail=f"it was not asked: {self.rest}")
        return (*self.answers, *[missing] * (count - len(self.answers)))


def ask(
    interpreter: Interpreter,
    task: str,
    arguments: Mapping[str, Any],
    *,
    seconds: float,
    budget: float = 60.0,
    memory: int | None = None,
) -> Series:
    """Ask a series of questions.

    Parameters
    ----------
    interpreter
        Where the children are forked.
    task
        A function as `Interpreter.run` takes it. It is given the arguments and `asking`, and calls `answer`; each time
        with the same questions.
    arguments
        By name; they go through JSON.
    seconds
        Of processor time that one question may take; then its child is stopped. By the clock it may take four times as
        long, so that a busy machine is not taken for a question that does not end.
    budget
        Seconds that all may take together; once they have passed no other is asked.
    memory
        How many bytes of address space a child may take beyond what the interpreter has; None: no limit.

    Raises
    ------
    InterpreterError
        The interpreter was lost, and could not be begun anew.
    """
    answers: list[Ended] = []
    deadline = monotonic() + budget
    with TemporaryDirectory(prefix="session-bench-") as folder:
        journal = Path(folder) / "answers"
        for _ in range(_CHILDREN):
            left = deadline - monotonic()
            if left <= 0:
                return Series(tuple(answers), _out_of(budget))
            journal.write_bytes(b"")
            asking = Asking(journal=str(journal), first=len(answers), seconds=seconds, budget=left)
            # The series ends itself; this is for what stops the child from it.
            ended = interpreter.run(
                task, {**arguments, "asking": asking}, seconds=left + 2 * _WAITING * seconds, memory=memory
            )
            written = journal.read_bytes()
            answers += _answers(written)
            if ended.end is End.RETURNED:
                return Series(tuple(answers), "" if ended.value else _out_of(budget))
            if written.endswith(_COMPLETE):
                return Series(tuple(answers))
            if not written:
                return Series(tuple(answers), f"nothing could be asked: {ended.detail}")
            answers.append(_told_apart(ended, seconds))
    return Series(tuple(answers), f"{_CHILDREN} processes of it ended or were stopped before")


def answer(questions: Iterable[Callable[[], object]], asking: Asking) -> bool:
    """Answer the questions of a series that have no answer yet, in the child; return whether none is left.

    A question returns what JSON can carry. It catches what it can: an exception ends the child.
    """
    for alarm in _ALARMS:
        signal.signal(alarm, signal.SIG_DFL)  # which no loop in C can put off, as it could a handler in Python
    deadline = monotonic() + asking["budget"]
    with Path(asking["journal"]).open("ab", buffering=0) as journal:
        for question in islice(questions, asking["first"], None):
            if monotonic() > deadline:
                return False
            journal.write(_ASKED)
            _set_alarms(asking["seconds"])
            line = json.dumps(question()).encode()
            _set_alarms(0)
            journal.write(line + b"\n")
        journal.write(_COMPLETE)
    return True


def _set_alarms(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, _WAITING * seconds)


def _answers(written: bytes) -> list[Ended]:
    lines = written.splitlines(keepends=True)
    answers = (line for line in lines if line.endswith(b"\n") and line not in (_ASKED, _COMPLETE))
    return [Ended(End.RETURNED, json.loads(line)) for line in answers]


def _told_apart(ended: Ended, seconds: float) -> Ended:
    """Return how a child ended, with the alarm as what it is."""
    if ended.end is End.CRASH and ended.detail.endswith(tuple(alarm.name for alarm in _ALARMS)):
        return Ended(End.TIME, detail=f"it did not end within {seconds:g} s")
    return ended


def _out_of(budget: float) -> str:
    return f"{budget:g} s had passed"
