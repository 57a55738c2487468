"""``session-bench request-path``: its arguments, and what it does with them."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ..result_file import write_result
from ..workload import WorkloadInfo
from .manager_subject import SERIALIZERS
from .offers import all_offers
from .reading import read_result
from .report import markdown_report, terminal_report
from .run import Plan, Progress, run

WORKLOADS: tuple[str, ...] = ("login", "cart-plain")
"""Measured if nothing else is asked for: about 430 bytes and 2 kB as msgpack, plain data that every library keeps."""

PASSES = 45
QUICK_PASSES = 5

RUNS = 3
"""Of lost updates."""

MARK = "<!-- report -->"
"""The line of a Markdown file that a report replaces everything below of."""

LOCAL_WORKLOADS: tuple[str, ...] = ("login",)
"""What the sessions of a process with many hold, if nothing else is asked for: small ones, as most are."""

LOCAL_SESSIONS = (100, 100_000)
QUICK_LOCAL_SESSIONS = (100, 10_000)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "--workload", action="append", metavar="NAME", help=f"what sessions hold ({', '.join(WORKLOADS)}); repeatable"
    )
    parser.add_argument(
        "--serializer", action="append", choices=SERIALIZERS, help="only rows of the manager with this one; repeatable"
    )
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument(
        "--local-sessions",
        action="store_true",
        help="instead of requests: memory and latency of a process with {:,} and with {:,} sessions".format(
            *LOCAL_SESSIONS
        ),
    )
    parts.add_argument("--everything", action="store_true", help="both")
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="measure nothing: report what --output wrote")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PASSES} passes, not {PASSES}; fewer sessions")
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="write the result")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help=f"write the report as Markdown, in a file that has it under its line {MARK}",
    )


def report(options: argparse.Namespace, workloads: Mapping[str, WorkloadInfo], progress: Progress) -> str:
    """Measure, or read what was measured, write what is asked for, and return the report.

    Parameters
    ----------
    options
        Of `add_arguments`.
    workloads
        Those that are installed, the ones of the options among them.
    progress
        Called with one line about what is going on.

    Raises
    ------
    OSError, ResultFileError
        A file cannot be read or written.
    RuntimeError
        There is no memcached, or a request failed while it was timed.
    """
    earlier: Path | None = options.report
    result = read_result(earlier) if earlier else run(_plan(options, workloads), progress)
    output: Path | None = options.output
    if output:
        write_result(cast("Any", result), output)  # it takes every dataclass; its annotation names the first one
    markdown: Path | None = options.markdown
    if markdown:
        markdown.parent.mkdir(parents=True, exist_ok=True)
        markdown.write_text(_above_the_mark(markdown) + markdown_report(result), encoding="utf-8")
    return terminal_report(result)


def _above_the_mark(file: Path) -> str:
    """Return what a file has down to the line that a report is to follow; nothing if it has no such line."""
    if not file.exists():
        return ""
    above, mark, _ = file.read_text(encoding="utf-8").partition(f"\n{MARK}\n")
    return f"{above}{mark}\n" if mark else ""


def _plan(options: argparse.Namespace, workloads: Mapping[str, WorkloadInfo]) -> Plan:
    local: bool = options.local_sessions or options.everything
    quick: bool = options.quick
    serializers: list[str] = options.serializer or list(SERIALIZERS)
    offers = [offer for offer in all_offers() if not offer.serializer or offer.serializer in serializers]
    default = LOCAL_WORKLOADS if options.local_sessions else WORKLOADS
    return Plan(
        workloads=[workloads[name] for name in options.workload or default],
        offers=() if options.local_sessions else offers,
        passes=QUICK_PASSES if quick else PASSES,
        runs=1 if quick else RUNS,
        local_workloads=tuple(options.workload or LOCAL_WORKLOADS) if local else (),
        local_sessions=QUICK_LOCAL_SESSIONS if quick else LOCAL_SESSIONS,
        command=_command_line(options),
    )


def _command_line(options: argparse.Namespace) -> str:
    """The command without the names of files, which are nobody's business but the user's."""
    words = ["session-bench", "request-path"]
    for name in ("workload", "serializer"):
        words += [word for value in getattr(options, name) or () for word in (f"--{name}", value)]
    words += [
        f"--{name.replace('_', '-')}" for name in ("local_sessions", "everything", "quick") if getattr(options, name)
    ]
    return " ".join(words)
