"""The tables of a session store in service: requests through a memcached, and the first use in a new process.

Invariant: what was not measured stands there with its reason.
"""

from collections.abc import Iterator

from ..intervals import coverage
from ..result import EndToEnd, Result, Startup
from .figures import NOTHING, milliseconds, size
from .reading import reference_labels
from .rendering import Block, Heading, Lines, Row, Table

_END_TO_END = (
    "serializer", "mode", "at once", "requests\nper second", "{range}", "requests\nin all", "p50\nms", "p95\nms",
    "p99\nms", "p99.9\nms", "loop stall\np99, ms",
)  # fmt: skip
_ENOUGH = 1_000
"""Requests from which on one is slower than 99.9 % of them."""
_STARTUP = ("serializer", "imported\nms", "first dumps\nms", "first loads\nms")


def end_to_end_blocks(result: Result, *, details: bool = True) -> Iterator[Block]:
    """Return throughput and latency of requests, a table for each workload.

    Parameters
    ----------
    result
        What was found.
    details
        False: of each mode only where most requests were under way at once.
    """
    for workload in dict.fromkeys(each.workload for each in result.end_to_end):
        yield Heading(f"{workload}: end to end")
        yield end_to_end_note()
        yield end_to_end_table(result, workload, details=details)


def end_to_end_note() -> Lines:
    """Return what was measured."""
    return Lines(
        (
            (
                "Requests on sessions that were saved elsewhere before: loaded from memcached, changed, and saved. "
                f"Range: the slowest and the fastest round; 3 rounds have the true median between them with "
                f"{100 * coverage(3):.0f} %, 5 with {100 * coverage(5):.0f} %. p99.9: of {_ENOUGH:,} requests and "
                "more. Loop stall: how late the event loop was at the 99th percentile."
            ),
        )
    )


def end_to_end_table(result: Result, workload: str, *, details: bool = True) -> Table:
    """Return throughput and latency of the requests of one workload."""
    found = [each for each in result.end_to_end if each.workload == workload]
    most = {each.mode: max(other.concurrency for other in found if other.mode == each.mode) for each in found}
    if not details:
        found = [each for each in found if each.detail or each.concurrency == most[each.mode]]
    rounds = {each.rounds for each in found if not each.detail}
    known = f"range of\n{next(iter(rounds))} rounds" if len(rounds) == 1 and 0 not in rounds else "range of\nrounds"
    headings = tuple(each.format(range=known) for each in _END_TO_END)
    return Table(headings, tuple(_end_to_end_row(result, each) for each in found), texts=2)


def startup_blocks(result: Result) -> Iterator[Block]:
    """Return what the first use of each serializer costs."""
    if result.startups:
        yield Heading("Start-up")
        yield Lines(
            (
                (
                    "In a new interpreter each time. Imported: until the serializer is made, the import of the package "
                    "and of the library included. First: the very first call, on the workload login."
                ),
            )
        )
        yield Table(_STARTUP, tuple(_startup_row(result, each) for each in result.startups))


def _end_to_end_row(result: Result, each: EndToEnd) -> Row:
    reference = each.label in reference_labels(result)
    if each.detail:
        return Row((each.label,), f"{each.mode}, {each.concurrency} at once: {each.detail}", reference)
    throughput = each.throughput
    cells = (
        each.label,
        each.mode,
        size(each.concurrency),
        size(throughput.median),
        f"{throughput.low:,.0f}-{throughput.high:,.0f}",
        size(each.requests),
        *(milliseconds(time) for time in (each.p50, each.p95, each.p99)),
        milliseconds(each.p999) if each.requests >= _ENOUGH else NOTHING,
        NOTHING if each.stall is None else milliseconds(each.stall),
    )
    return Row(cells, reference=reference)


def _startup_row(result: Result, each: Startup) -> Row:
    reference = each.label in reference_labels(result)
    if each.detail:
        return Row((each.label,), each.detail, reference)
    times = (each.imported, each.first_dumps, each.first_loads)
    return Row((each.label, *map(milliseconds, times)), reference=reference)
