"""The table of schema evolution: each change of a class, across a deploy, in each serializer."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from ...serializers import SerializerInfo
from ..case import Outcome
from ..isolation.forked import End
from ..isolation.interpreter import Interpreter
from ..isolation.series import Series, ask
from ..preparing import prepared
from ..result import EvolutionCell
from ..row import Row, every_row
from .asking import Answer
from .releases import STEPS, Release

_TASKS = f"{__package__}.asking"
_SECONDS = 1.0
"""Of processor time that a value may take."""
_MEMORY = 1 << 30
"""Bytes of address space that a child may take for them."""


def evolution(
    infos: Sequence[SerializerInfo], progress: Callable[[int, int], None] | None = None
) -> tuple[EvolutionCell, ...]:
    """Return whether a session that yesterday's code wrote is read by today's, row by row.

    Each change happens to a dataclass, to a class with slots and to a plain class; the names of the cells say which,
    such as ``"field added (dataclass)"``. A value that is refused when it is written is refused; one that cannot be
    read any more has failed. A field that was added is read if the class has its default.

    Parameters
    ----------
    infos
        The serializers; libraries alone may be among them. They have no registry, so for pickle alone a class is what
        is found under its import path.
    progress
        Is told how many rows are done, and of how many.

    Raises
    ------
    InterpreterError
        No interpreter could be started.

    >>> from memcached_sessions.bench.references import reference_infos
    >>> cells = evolution([reference_infos()["bare-pickle"]])
    >>> {cell.change: cell.outcome.value for cell in cells}["class renamed (dataclass)"]
    'failed'
    """
    rows = every_row(infos)
    cells: list[EvolutionCell] = []
    with _release("yesterday") as yesterday, _release("today") as today:
        for done, row in enumerate(rows, 1):
            cells += _row(yesterday, today, row)
            if progress:
                progress(done, len(rows))
    return tuple(cells)


def _release(release: Release) -> AbstractContextManager[Interpreter]:
    return prepared([(f"{_TASKS}:prepare", {"release": release})])


def _row(yesterday: Interpreter, today: Interpreter, row: Row) -> list[EvolutionCell]:
    arguments: dict[str, Any] = {"row": row.data()}
    written = _told(ask(yesterday, f"{_TASKS}:write", arguments, seconds=_SECONDS, memory=_MEMORY))
    arguments["payloads"] = [answer["payload"] for answer in written]
    read = _told(ask(today, f"{_TASKS}:read", arguments, seconds=_SECONDS, memory=_MEMORY))
    final = [before if before["payload"] is None else after for before, after in zip(written, read, strict=True)]
    return [
        EvolutionCell(row.label, step.name, Outcome(answer["outcome"]), answer["detail"])
        for step, answer in zip(STEPS, final, strict=True)
    ]


def _told(series: Series) -> list[Answer]:
    """Return an answer for each step, whatever became of the child."""
    return [
        ended.value if ended.end is End.RETURNED else Answer(outcome=Outcome.FAILED, detail=ended.detail, payload=None)
        for ended in series.of_all(len(STEPS))
    ]
