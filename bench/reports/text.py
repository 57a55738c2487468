"""Turns a result into a report for a terminal or in Markdown.

Invariant: both have the same words. Without details a report has what a choice takes; with them, all that was measured.
"""

from collections.abc import Iterator

from ..result import Result
from .advice_table import advice_blocks
from .circumstances import broken_plugins, circumstances, reservations
from .claims import claims_blocks
from .instability import noise_blocks
from .overhead import overhead_blocks
from .reading import description, workloads
from .rendering import Block, Heading, Lines, to_markdown, to_terminal
from .safety_tables import evolution_blocks, fidelity_blocks, hostile_blocks
from .service_tables import end_to_end_blocks, startup_blocks
from .workload_tables import compression_blocks, copies_note, main_table, manager_blocks, storage_blocks, varying_note

WIDTH = 120
"""Columns of a terminal that a report is made for."""


def terminal_report(result: Result, *, details: bool = False) -> str:
    """Return the report as plain text, ending in a line break.

    Parameters
    ----------
    result
        What was found.
    details
        Whether to show the further measures of each workload, too.
    """
    return to_terminal(list(_blocks(result, details=details)), WIDTH) + "\n"


def markdown_report(result: Result, *, details: bool = True) -> str:
    """Return the report as Markdown, ending in a line break.

    Parameters
    ----------
    result
        What was found.
    details
        Whether to show the further measures of each workload, too.
    """
    return to_markdown(list(_blocks(result, details=details))) + "\n"


def head_blocks(result: Result) -> Iterator[Block]:
    """Return what a report begins with: what could not be measured well, the circumstances, and the advice."""
    if warnings := list(reservations(result)):
        yield Lines(tuple(warnings))
    yield Lines(tuple(circumstances(result)))
    yield from advice_blocks(result)


def workload_blocks(result: Result, workload: str) -> Iterator[Block]:
    """Return what a workload is, and its main table."""
    yield Heading(workload)
    yield Lines((description(result, workload),))
    yield main_table(result, workload)


def _blocks(result: Result, *, details: bool) -> Iterator[Block]:
    yield from head_blocks(result)
    for workload in workloads(result):
        yield from workload_blocks(result, workload)
        if details:
            yield from manager_blocks(result, workload)
            yield from compression_blocks(result, workload)
            yield from storage_blocks(result, workload)
    yield from copies_note(result)
    yield from varying_note(result)
    yield from end_to_end_blocks(result, details=details)
    for blocks in (startup_blocks, fidelity_blocks, hostile_blocks, evolution_blocks, claims_blocks):
        yield from blocks(result)
    yield from broken_plugins(result)
    if details:
        yield from overhead_blocks(result)
        yield from noise_blocks(result)
