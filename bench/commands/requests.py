"""``session-bench request-path``: what a session costs a request, in the manager and in other session libraries."""

import sys
from argparse import ArgumentParser, Namespace

from ..progress import StatusLine
from ..request_path import command as request_path
from ..workload import available_workloads
from .command import Commands, chosen


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "request-path", help="what a session costs a request: the manager beside other session libraries"
    )
    parser.set_defaults(command=measure)
    request_path.add_arguments(parser)


def measure(parser: ArgumentParser, options: Namespace) -> int:
    """Measure, and print the report."""
    workloads = available_workloads()
    chosen(parser, "workload", options.workload, workloads)  # refuses what is not there
    with StatusLine() as progress:
        report = request_path.report(options, workloads, progress)
    sys.stdout.write(report)
    return 0
