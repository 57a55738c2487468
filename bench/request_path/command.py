"""``session-bench request-path``: its arguments, and what it does with them."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from ..command_line import command_line
from ..result_file import write_result
from ..workload import WorkloadInfo
from .manager_subject import SERIALIZERS
from .offers import all_offers
from .page import MARK, above_the_mark, write_page
from .reading import read_result
from .report import markdown_report, terminal_report
from .run import Plan, Progress, run

WORKLOADS: tuple[str, ...] = ("login", "cart-plain")
"""Measured if nothing else is asked for: about 430 bytes and 2 kB as msgpack, plain data that every library keeps."""

PASSES = 45
QUICK_PASSES = 5

RUNS = 3
"""Of lost updates."""

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
        help=f"write the report as Markdown: to a new file, or below the line {MARK} of one that has it",
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
        A file cannot be read or written, or `options` name a file for the report that has no place for it.
    RuntimeError
        There is no memcached, or a request failed while it was timed.
    """
    markdown: Path | None = options.markdown
    if markdown:
        above_the_mark(markdown)  # a file that is refused is so before some minutes of measuring
    earlier: Path | None = options.report
    result = read_result(earlier) if earlier else run(_plan(options, workloads), progress)
    output: Path | None = options.output
    if output:
        write_result(result, output)
    if markdown:
        write_page(markdown, markdown_report(result))
    return terminal_report(result)


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
        command=command_line(
            "session-bench request-path", options, ("workload", "serializer", "local_sessions", "everything", "quick")
        ),
    )
