"""The fidelity matrix: each value of `VALUES` through each serializer, and what became of it."""

from collections.abc import Callable, Sequence

from ...serializers import SerializerInfo
from ..isolation.forked import End, Ended
from ..isolation.interpreter import Interpreter
from ..isolation.series import ask
from ..preparing import prepared
from ..result import Fate, FidelityCell
from ..row import Row, every_row
from .values import VALUES, NamedValue

_ASK = f"{__package__}.asking:ask_values"
_SECONDS = 1.0
"""Of processor time that a value may take."""
_MEMORY = 1 << 30
"""Bytes of address space that a child may take for them."""


def fidelity_matrix(
    infos: Sequence[SerializerInfo], progress: Callable[[int, int], None] | None = None
) -> tuple[FidelityCell, ...]:
    """Return what each serializer makes of each value, row by row, in the order of `VALUES`.

    The classes among the values are registered. Nothing that a serializer does to its process is more than the fate of
    the value that it was given.

    Parameters
    ----------
    infos
        The serializers; libraries alone may be among them.
    progress
        Is told how many rows are done, and of how many.

    Raises
    ------
    InterpreterError
        No interpreter could be started.

    >>> from memcached_sessions.serializers import available_serializers
    >>> cells = fidelity_matrix([available_serializers()["json"]])
    >>> {cell.value: cell.fate.value for cell in cells}["shared list"]
    'equal'
    """
    rows = every_row(infos)
    cells: list[FidelityCell] = []
    with prepared([]) as interpreter:
        for done, row in enumerate(rows, 1):
            cells += _row(interpreter, row)
            if progress:
                progress(done, len(rows))
    return tuple(cells)


def _row(interpreter: Interpreter, row: Row) -> list[FidelityCell]:
    series = ask(interpreter, _ASK, {"row": row.data()}, seconds=_SECONDS, memory=_MEMORY)
    return [_cell(row, value, ended) for value, ended in zip(VALUES, series.of_all(len(VALUES)), strict=True)]


def _cell(row: Row, value: NamedValue, ended: Ended) -> FidelityCell:
    if ended.end is not End.RETURNED:
        return FidelityCell(row.label, value.name, value.group, Fate.FAILED, ended.detail)
    return FidelityCell(row.label, value.name, value.group, Fate(ended.value["fate"]), ended.value["detail"])
