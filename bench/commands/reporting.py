"""``session-bench report``: print the report of a result that was measured before."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..benchmark_file import read_any
from ..reports import limited_to, terminal_report
from .command import Commands, chosen
from .comparing import REPORTS

_REPORTS = {"terminal": terminal_report, **REPORTS}


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("report", help="print the report of a result")
    parser.set_defaults(command=report)
    parser.add_argument("file", type=Path, metavar="FILE", help="what run --output wrote, or pytest --benchmark-json")
    parser.add_argument("--workload", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--format", choices=_REPORTS, default="terminal")


def report(parser: ArgumentParser, options: Namespace) -> int:
    """Print a report."""
    result = read_any(options.file)
    if options.workload:
        measured = {case.workload: case.workload for case in result.cases}
        result = limited_to(result, chosen(parser, "workload", options.workload, measured))
    sys.stdout.write(_REPORTS[options.format](result))
    return 0
