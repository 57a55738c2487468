"""What crowds have met, as a table for the terminal and for documents, and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from statistics import median

from .crowd import CrowdResult
from .faults import GOAL, Disturbance, Fault

_HEAD = (
    "shop",
    "requests",
    "sent again",
    "not answered",
    "lost",
    "faults",
    "backed up again, s: median, most",
    "take-overs",
    "relocations",
    "ms: median, 99 %",
)


def crowd_table(results: Sequence[CrowdResult]) -> str:
    """Return a Markdown table with a line for each shop, what was run, and what was lost, one by one.

    >>> print(crowd_table([]).splitlines()[-1])
    |---|---|---|---|---|---|---|---|---|---|
    """
    rows = [_row(result) for result in results]
    lines = [_line(_HEAD), "|" + "---|" * len(_HEAD), *map(_line, rows)]
    visitors = " and ".join(sorted({str(result.visitors) for result in results}))
    seconds = " and ".join(sorted({f"{result.seconds:.0f}" for result in results}))
    head = [f"{visitors} visitors in each shop, for {seconds} s. {machine()}", ""] if results else []
    late = [
        f"{result.shop}: {disturbance.fault.value} ({disturbance.member}): {_late(disturbance)}"
        for result in results
        for disturbance in result.disturbances
        if disturbance.settled is None or disturbance.settled > GOAL
    ]
    losses = [f"{result.shop}: {loss}" for result in results for loss in result.losses]
    return "\n".join([*head, *lines, *([""] if late or losses else []), *late, *losses])


def crowd_json(result: CrowdResult) -> str:
    """Return a result as one line of JSON."""
    values = asdict(result)
    values["disturbances"] = [
        {**asdict(disturbance), "fault": disturbance.fault.value} for disturbance in result.disturbances
    ]
    return json.dumps({"kind": "crowd", "machine": machine(), **values})


def machine() -> str:
    """Return what all of it ran on."""
    names = ("memcached-sessions", "gunicorn", "uvicorn", "flask", "django", "fastapi")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}; {versions}"


def _row(result: CrowdResult) -> tuple[str, ...]:
    settled = [disturbance.settled for disturbance in result.disturbances if disturbance.settled is not None]
    kinds = [sum(disturbance.fault is fault for disturbance in result.disturbances) for fault in Fault]
    return (
        f"{result.shop} ({result.server})",
        f"{result.requests:,}",
        f"{result.sent_again:,}",
        str(result.not_retriable),
        str(result.lost),
        f"{sum(kinds)}",
        f"{median(settled):.1f}, {max(settled):.1f}" if settled else "-",
        f"{result.counters.get('takeovers', 0):,}",
        f"{result.counters.get('relocations', 0):,}",
        f"{result.median_milliseconds:.0f}, {result.percentile_99_milliseconds:,.0f}",
    )


def _late(disturbance: Disturbance) -> str:
    return "never" if disturbance.settled is None else f"backed up again after {disturbance.settled:.1f} s"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
