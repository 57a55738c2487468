"""Marks the peaks of memory that Python's allocators see only the result of, so that nobody takes them for less.

Invariant: a serializer is marked for a measured reason, which docs/measures.md has: it writes into buffers of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..result import CaseResult, Result
from .figures import NOTHING, Figure
from .reading import row_name, rows
from .rendering import Block, Lines, Row, Table

PEAK = "peak memory\ndumps, bytes"
"""The heading of the column."""

MARK = " (result only)"

WHY = (
    "Result only: the serializer writes into buffers that Python's allocators do not see, so its real peak of dumps is "
    "about twice the figure."
)


def with_unseen_memory(result: Result, workload: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """Return blocks in whose tables the peaks of dumps are marked that are not the whole, each with the reason.

    Parameters
    ----------
    result
        What was found.
    workload
        The one that the blocks are about.
    blocks
        Those of the memory, or any others, which stay as they are.
    """
    unseen = {row_name(result, case) for case in rows(result, workload) if is_unseen(result, case)}
    for block in blocks:
        if isinstance(block, Table) and PEAK in block.headings:
            column = block.headings.index(PEAK)
            marked = tuple(_marked(row, column) if row.cells[0] in unseen else row for row in block.rows)
            yield replace(block, rows=marked)
            if marked != block.rows:
                yield Lines((WHY,))
        else:
            yield block


def is_unseen(result: Result, case: CaseResult) -> bool:
    """Say whether dumps writes into buffers of its own: cbor2, pyfory and the compiled forms of compact do."""
    if case.serializer == "compact":
        chosen = next((each.implementation for each in result.serializers if each.name == "compact"), "")
        return "python" not in (case.options.get("implementation"), chosen)
    return case.serializer in ("cbor", "fory")


def _marked(row: Row, column: int) -> Row:
    cell = row.cells[column] if column < len(row.cells) else NOTHING
    if not isinstance(cell, Figure):
        return row
    marked = Figure(f"{cell}{MARK}", cell.value)
    return replace(row, cells=(*row.cells[:column], marked, *row.cells[column + 1 :]))
