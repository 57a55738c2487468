"""Print the outage table: what requests met while memcached hung, died, came back empty and was flushed.

    python tests/manager/faults/outage_table.py

It takes about a minute. The columns are those of table (d) of the measurements of other libraries, so that both can be
read side by side; that nothing fails and nothing is lost is asserted on the way, see `outage`.
"""

# ruff: noqa: T201 - it prints, and finds its modules by its own place

import os
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from faults.outage import Outage, Phase, Waits

OPERATION_TIMEOUT = 0.5
FROZEN = 1.5
"""Seconds; long after the last request that was under way has ended."""

CASES = [
    ("two nodes, one fails, route", 2, 1, "a"),
    ("two nodes, one fails, no route (reads ask)", 2, 1, None),
    ("two nodes, both fail, route", 2, 2, "a"),
    ("one node, route", 1, 1, "a"),
    ("one node, no route (reads ask)", 1, 1, None),
]


def main() -> None:
    """Measure and print."""
    print(
        f"{machine()}; operation_timeout {OPERATION_TIMEOUT} s; 100 sessions, 4 threads, 2 ms between their requests."
    )
    print("Times in ms, read, modify: longest under way when the node failed / longest later / median.\n")
    print("| Case | undisturbed | SIGSTOP | after SIGCONT | killed | restarted empty | flush_all |")
    print("|---|---|---|---|---|---|---|")
    for name, nodes, struck, route in CASES:
        phases = Outage(nodes, struck=struck, route=route, seconds=FROZEN, operation_timeout=OPERATION_TIMEOUT).run()
        print(f"| {name} | {' | '.join(map(cell, phases))} |", flush=True)
    print(
        "\nIn every column: no exception, no hang, no lost session or update, no deleted cookie, the same session id;"
    )
    print("another process found all sessions at the end of each phase in which a node was up.")


def machine() -> str:
    """Return what it was measured on."""
    memcached = subprocess.run(["memcached", "-V"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607
    return f"{os.cpu_count()} CPUs ({platform.machine()}), Python {platform.python_version()}, {memcached}, loopback"


def cell(phase: Phase) -> str:
    """Return what a phase cost."""
    return f"{times(phase.read)}, {times(phase.modify)}"


def times(waits: Waits) -> str:
    """Return the longest times and the median, in milliseconds."""
    under_way = f"{waits.under_way * 1e3:.1f} / " if waits.under_way else "- / "
    return f"{under_way}{waits.later * 1e3:.1f} / {waits.median * 1e3:.2f}"


if __name__ == "__main__":
    main()
