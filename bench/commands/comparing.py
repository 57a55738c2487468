"""``session-bench run``: compare, write the result, and print or write reports."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ...serializers import SerializerInfo
from ..captured.arguments import add_arguments, captured_by
from ..captured.capture import NAME as CAPTURED
from ..case_results import AGAIN, TWIN
from ..command_line import command_line
from ..levels import DEFAULT, LEVELS, QUICK, RIGOROUS, Level, Measure
from ..offered import offered
from ..preparing import Preparation
from ..progress import ProgressBar
from ..reports import csv_report, html_report, markdown_report, terminal_report
from ..result import BASELINE
from ..result_file import write_result
from ..run import Plan, run, stages
from ..workload import available_workloads
from .command import Commands, chosen

COLLECTORS = {"enabled": (True,), "disabled": (False,), "both": (True, False)}
"""The states of the garbage collector that can be asked for: True is on."""

COLLECTOR = "enabled"
"""The one that is meant if nobody asks."""

REPORTS = {"markdown": markdown_report, "csv": csv_report, "html": html_report}
"""The reports that are written into files."""

_TOLD = ("serializer", "workload", QUICK.name, RIGOROUS.name, "passes", "gc", "twice", "measure")
"""The options that a result tells its reader."""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("run", help="compare, and print a report (the default)")
    parser.set_defaults(command=compare, level=DEFAULT.name)
    add_what(parser)
    parser.add_argument(
        "--twice", action="append", metavar="LABEL", help="measure a row a second time under another name (A/A)"
    )
    parser.add_argument(
        "--measure", action="append", metavar="PART", choices=list(Measure), help="only this part; may be repeated"
    )
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="write the result")
    for name, format_ in (("markdown", "Markdown"), ("csv", "CSV"), ("html", "one page with charts and a calculator")):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write the report as {format_}")


def add_what(parser: ArgumentParser) -> None:
    """Add the options that say what to compare."""
    parser.add_argument(
        "--serializer",
        action="append",
        metavar="NAME",
        help=f"only this one; may be repeated. {BASELINE} is always measured: the others are compared with it",
    )
    parser.add_argument("--workload", action="append", metavar="NAME", help="only this one; may be repeated")
    levels = parser.add_mutually_exclusive_group()
    for level, text in (
        (QUICK, "a look in under a minute: few workloads and passes, wide intervals"),
        (RIGOROUS, "a result to defend, in some ten times the time"),
    ):
        levels.add_argument(f"--{level.name}", action="store_const", dest="level", const=level.name, help=text)
    parser.add_argument(
        "--passes", type=_enough_passes, metavar="N", help=f"worker processes for each case ({DEFAULT.passes.count})"
    )
    parser.add_argument("--gc", choices=COLLECTORS, help=f"the garbage collector while time is taken ({COLLECTOR})")
    add_arguments(parser)


def compare(parser: ArgumentParser, options: Namespace) -> int:
    """Compare serializers."""
    with ExitStack() as stack:
        plan = plan_of(parser, options, stack)
        with ProgressBar(stages(plan)) as progress:
            result = run(plan, progress)
    output: Path | None = options.output
    if output:
        write_result(result, output)
    sys.stdout.write(terminal_report(result))
    for option, render in REPORTS.items():
        path: Path | None = getattr(options, option)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(result), encoding="utf-8")
    if options.html:
        sys.stdout.write(f"\nThe page with charts and calculator: {options.html}\n")
    return 0


def plan_of(parser: ArgumentParser, options: Namespace, stack: ExitStack) -> Plan:
    """Return what the options ask for; sessions of the user's own are there until the stack is closed.

    Parameters
    ----------
    parser
        Ends the command with an error if what is asked for is not there, or cannot be told apart.
    options
        Those of `add_what`, and ``twice`` and ``measure``.
    stack
        Closed when the plan has been run.
    """
    level = LEVELS[options.level]
    if options.passes:
        level = replace(level, passes=replace(level.passes, count=options.passes))
    workloads = available_workloads()
    names: list[str] | None = options.workload or [name for name in level.workloads if name in workloads] or None
    preparations: list[Preparation] = []
    own: list[str] = []
    if capture := captured_by(options):
        sys.stderr.write("\n".join([*capture.lines(), ""]))
        preparations.append(stack.enter_context(capture.handed_over()))
        own = [CAPTURED]
        workloads |= {CAPTURED: capture.workload_info()}
    serializers = chosen(parser, "serializer", options.serializer, offered(options.serializer or ()), BASELINE)
    labels = {label: label for info in serializers for label in info.variants}
    chosen(parser, "row", options.twice, labels)
    _demand_distinct(parser, serializers, options.twice or ())
    measures = tuple(Measure(name) for name in options.measure) if options.measure else level.measures
    return Plan(
        serializers,
        chosen(parser, "workload", names, workloads, *own),
        level,
        command_line("session-bench", _told(options, level), _TOLD),
        measures,
        collectors=COLLECTORS[options.gc or COLLECTOR],
        twice=tuple(options.twice or ()),
        preparations=preparations,
    )


def _told(options: Namespace, level: Level) -> Namespace:
    told = Namespace(**vars(options))
    for each in (QUICK, RIGOROUS):
        setattr(told, each.name, level.name == each.name)
    told.gc = "" if options.gc == COLLECTOR else options.gc
    return told


def _demand_distinct(parser: ArgumentParser, serializers: Iterable[SerializerInfo], twice: Collection[str]) -> None:
    """End the command if two rows have one label: results and reports would take one for the other."""
    owners = {TWIN: f"the noise of {BASELINE}"}
    for info in serializers:
        if info.broken is not None:
            continue
        again = [label + AGAIN for label in info.variants if label in twice]
        for label in (*info.variants, *again):
            if label in owners:
                parser.error(
                    f"{owners[label]} and {info.name} of {info.distribution} have a row of one name, {label!r}: leave "
                    f"one of them out by naming the others with --serializer"
                )
            owners[label] = f"{info.name} of {info.distribution}"


def _enough_passes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= QUICK.passes.count):
        raise ArgumentTypeError(f"{text!r} is no number from {QUICK.passes.count} on, which an interval takes")
    return int(text)
