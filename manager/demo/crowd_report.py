"""What crowds have met, as a table for the terminal and for documents, and as JSON."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from statistics import median
from typing import Any

from .balancer import nginx_program
from .crowd import CrowdResult, Latency
from .faults import GIVE_UP, GOAL, LATE, Disturbance, Fault
from .losses import Loss

_HEAD = (
    "shop",
    "requests",
    "sent again",
    "not retriable",
    "lost: carts, logins, forms",
    "faults",
    "backed up again, s: median, most",
    "everybody answered, s: median, most",
    "take-overs",
    "relocations",
    "ms: median, 99 %",
    "ms in faults: median, 99 %",
)

MOST_TOLD = 20
"""What was lost in a shop is told one by one, up to this."""


def crowd_table(results: Sequence[CrowdResult]) -> str:
    """Return a Markdown table with a line for each shop, what was run, and what was lost, one by one.

    >>> print(crowd_table([]).splitlines()[-1])
    |---|---|---|---|---|---|---|---|---|---|---|---|
    """
    rows = [_row(result) for result in results]
    lines = [_line(_HEAD), "|" + "---|" * len(_HEAD), *map(_line, rows)]
    visitors = " and ".join(sorted({str(result.visitors) for result in results}))
    seconds = " and ".join(sorted({f"{result.seconds:.0f}" for result in results}))
    head = [f"{visitors} visitors in each shop, for {seconds} s. {machine()}", ""] if results else []
    late = [
        f"{result.shop}: {disturbance.fault.value} ({disturbance.member}): {', '.join(what)}"
        for result in results
        for disturbance in result.disturbances
        if (what := _late(disturbance))
    ]
    excused = [
        f"{result.shop}: {result.excused} forms were refused after one without an answer, which may be done late"
        for result in results
        if result.excused
    ]
    losses = [
        f"{result.shop}, after {incident.at:.1f} s: {incident.story}"
        for result in results
        for incident in result.incidents[:MOST_TOLD]
    ]
    return "\n".join([*head, *lines, *([""] if late or excused or losses else []), *late, *excused, *losses])


def crowd_json(result: CrowdResult) -> str:
    """Return a result as one line of JSON."""
    values: dict[str, Any] = asdict(result)
    values["disturbances"] = [
        {**asdict(disturbance), "fault": disturbance.fault.value} for disturbance in result.disturbances
    ]
    values["incidents"] = [
        {**asdict(incident), "loss": incident.loss.value if incident.loss else None} for incident in result.incidents
    ]
    lost = {f"lost_{what.value}s": result.lost(what) for what in Loss}
    counted = {"not_retriable": result.not_retriable, **lost, "is_clean": result.is_clean}
    return json.dumps({"kind": "crowd", "machine": machine(), **values, **counted})


def machine() -> str:
    """Return what all of it ran on."""
    names = ("memcached-sessions", "gunicorn", "uvicorn", "flask", "django", "fastapi")
    versions = ", ".join(
        [
            f"memcached {_printed_version('memcached', '-V')}",
            f"nginx {_printed_version(nginx_program(), '-v')}",
            *(f"{name} {version(name)}" for name in names),
        ]
    )
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores for all of it, visitors too, {system}; {versions}"


def _printed_version(*command: str) -> str:
    printed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the cluster's programs
    found = re.search(r"[0-9]+(\.[0-9]+)+", printed.stdout + printed.stderr)
    return found[0] if found else "of unknown version"


def _row(result: CrowdResult) -> tuple[str, ...]:
    kinds = [(fault, sum(each.fault is fault for each in result.disturbances)) for fault in Fault]
    return (
        f"{result.shop} ({', '.join(sorted(set(result.servers)))})",
        f"{result.requests:,}",
        f"{result.sent_again:,}",
        str(result.not_retriable),
        ", ".join(str(result.lost(what)) for what in (Loss.CART, Loss.LOGIN, Loss.FORM)),
        f"{len(result.disturbances)}: {', '.join(f'{count} {_SHORT[fault]}' for fault, count in kinds if count)}",
        _middle_and_most(each.settled for each in result.disturbances),
        _middle_and_most(each.answered for each in result.disturbances),
        f"{result.counters.get('takeovers', 0):,}",
        f"{result.counters.get('relocations', 0):,}",
        _milliseconds(result.calm),
        _milliseconds(result.disturbed),
    )


_SHORT = {
    Fault.SERVER_KILLED: "servers killed",
    Fault.NODE_KILLED: "nodes killed",
    Fault.SERVER_FROZEN: "servers frozen",
    Fault.NODE_FROZEN: "nodes frozen",
}


def _middle_and_most(seconds: Iterable[float | None]) -> str:
    """Return both in words; who never came to an end counts as `GIVE_UP`."""
    ended = [GIVE_UP if each is None else each for each in seconds]
    return f"{median(ended):.1f}, {max(ended):.1f}" if ended else "-"


def _milliseconds(latency: Latency | None) -> str:
    return f"{latency.median:.0f}, {latency.percentile_99:,.0f}" if latency else "-"


def _late(disturbance: Disturbance) -> list[str]:
    """Return what of a disturbance has come late, or never.

    >>> _late(Disturbance(Fault.NODE_KILLED, "n1", 1.0, 6.0, 12.0, None))
    ['backed up again after 6.0 s', 'everybody answered after 12.0 s', 'once repaired, in use never']
    """
    parts = (
        ("backed up again", disturbance.settled, GOAL),
        ("everybody answered", disturbance.answered, LATE),
        ("once repaired, in use", disturbance.settled_after_repair, LATE),
    )
    return [
        f"{what} {'never' if seconds is None else f'after {seconds:.1f} s'}"
        for what, seconds, most in parts
        if seconds is None or seconds > most
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
