"""The part of a report about a process with many sessions.

Invariant: as for the whole report, it reads a result and nothing else.
"""

from collections.abc import Iterator

from ..intervals import coverage, exactly
from ..reports.figures import NOTHING, microseconds, multiple
from ..reports.rendering import Block, Lines, Row, Table
from .local_process import REQUESTS
from .result import LocalLatency, LocalSessions


def local_blocks(local: LocalSessions) -> Iterator[Block]:
    """Return the memory of a session, and the latencies of requests in processes of different size."""
    figures = (
        ("attributes", local.attributes_bytes),
        ("last bytes", local.payload_bytes),
        ("with the manager, in all", local.manager_bytes),
        ("beyond attributes and last bytes", local.beyond),
    )
    yield Table(
        ("resident memory", "bytes\nper session"), tuple(Row((name, f"{value:,.0f}")) for name, value in figures)
    )
    fewest = min((each.sessions for each in local.latencies), default=0)
    how = (
        f"Of {local.batches} batches of {REQUESTS} requests each; the processes take turns. Ratios are medians of the "
        f"ratios of each round, in brackets their {100 * coverage(local.batches):.1f} % interval."
    )
    yield Lines((how,))
    headings = (
        "requests",
        "sessions in\nthe process",
        "of which\nvisited",
        "garbage\ncollector",
        "best / median / worst\nµs",
        f"by the process\nwith {fewest:,}",
    )
    yield Table(headings, tuple(_latency(each) for each in local.latencies))


def _latency(each: LocalLatency) -> Row:
    times = (exactly(each.minimum), each.latency, exactly(each.maximum))
    return Row(
        (
            each.kind,
            f"{each.sessions:,}",
            f"{each.visited:,}",
            "on" if each.collector else "off",
            " / ".join(microseconds(time) for time in times),
            multiple(each.by_fewest) if each.by_fewest else NOTHING,
        )
    )
