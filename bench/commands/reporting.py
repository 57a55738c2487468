"""``session-bench report``: print the report of a result that was measured before."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..benchmark_file import read_any
from ..reports import limited_to, terminal_report
from ..result import Result
from .command import Commands, chosen
from .comparing import REPORTS

_REPORTS = {"terminal": terminal_report, **REPORTS}
_SHORT = "terminal"
"""The report that leaves the details out, unless they are asked for."""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("report", help="print the report of a result")
    parser.set_defaults(command=report)
    add_file(parser)
    parser.add_argument("--format", choices=_REPORTS, default=_SHORT)
    parser.add_argument("--details", action="store_true", help="every measure in the terminal, too; files have them")


def report(parser: ArgumentParser, options: Namespace) -> int:
    """Print a report."""
    result = asked_for(parser, options)
    detailed = options.details and options.format == _SHORT
    sys.stdout.write(terminal_report(result, details=True) if detailed else _REPORTS[options.format](result))
    return 0


def add_file(parser: ArgumentParser) -> None:
    """Add the options that say which result, and what of it."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what run --output wrote, or pytest --benchmark-json")
    parser.add_argument("--workload", action="append", metavar="NAME", help="only this one; may be repeated")


def asked_for(parser: ArgumentParser, options: Namespace) -> Result:
    """Return the result that options of `add_file` name, with the workloads that they name.

    Raises
    ------
    OSError
        The file cannot be read.
    ResultFileError
        It holds no result.
    """
    result = read_any(options.file)
    if not options.workload:
        return result
    measured = {case.workload: case.workload for case in result.cases}
    return limited_to(result, chosen(parser, "workload", options.workload, measured))
