"""``session-bench``: compares the installed serializers, prints reports of earlier runs, and measures requests.

Invariant: what is printed to standard output is the report alone; progress goes to standard error.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Self, TypeVar

from ..serializers import SerializerInfo, available_serializers
from .command_line import command_line
from .references import reference_infos
from .report import markdown_report, terminal_report
from .request_path import command as request_path
from .result import BASELINE
from .result_file import ResultFileError, read_result, write_result
from .run import Plan, run
from .workload import WorkloadInfo, available_workloads

PASSES = 15
"""Samples of every operation: enough for an interval of 95 % that leaves out the three most extreme on each side."""

QUICK_PASSES = 5

_Info = TypeVar("_Info", SerializerInfo, WorkloadInfo, str)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv
        The arguments; those of the process if None. Without a command it is ``run``.

    Returns
    -------
    The exit status: 0, or 1 for a file that cannot be read or written or a memcached that does not start.

    Raises
    ------
    SystemExit
        With status 2 for arguments that are wrong, 0 for help.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments.insert(0, "run")
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.ArgumentParser, argparse.Namespace], None] = options.command
    try:
        with _ended_in_order():
            command(parser, options)
    except (OSError, ResultFileError, RuntimeError) as error:
        sys.stderr.write(f"session-bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("session-bench: interrupted\n")
        return 128 + signal.SIGINT
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="session-bench",
        description="Compares serializers on realistic sessions that go through a real memcached.",
    )
    commands = parser.add_subparsers(title="commands", metavar="{run,report,list,request-path}", required=True)
    run_ = commands.add_parser("run", help="compare, and print a report (the default)")
    run_.set_defaults(command=_run)
    run_.add_argument(
        "--serializer",
        action="append",
        metavar="NAME",
        help=f"only this one; may be repeated. {BASELINE} is always measured: the others are compared with it",
    )
    run_.add_argument("--workload", action="append", metavar="NAME", help="only this one; may be repeated")
    run_.add_argument("--quick", action="store_true", help=f"{QUICK_PASSES} passes, not {PASSES}: wider intervals")
    run_.add_argument("--passes", type=_enough_passes, metavar="N", help="how many samples of every operation")
    run_.add_argument("--output", type=Path, metavar="FILE.json", help="write the result")
    run_.add_argument("--markdown", type=Path, metavar="FILE", help="write the report as Markdown")
    report = commands.add_parser("report", help="print the report of a result")
    report.set_defaults(command=_report)
    report.add_argument("file", type=Path, metavar="FILE", help="what run --output wrote")
    report.add_argument("--workload", action="append", metavar="NAME", help="only this one; may be repeated")
    report.add_argument("--format", choices=("terminal", "markdown"), default="terminal")
    list_ = commands.add_parser("list", help="print the installed serializers and workloads")
    list_.set_defaults(command=_list)
    path = commands.add_parser(
        "request-path", help="what a session costs a request: the manager beside other session libraries"
    )
    path.set_defaults(command=_request_path)
    request_path.add_arguments(path)
    return parser


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    available = available_serializers() | reference_infos()
    serializers = _chosen(parser, "serializer", options.serializer, available, always=BASELINE)
    workloads = _chosen(parser, "workload", options.workload, available_workloads())
    passes: int = options.passes or (QUICK_PASSES if options.quick else PASSES)
    with _Progress() as progress:
        asked = command_line("session-bench", options, ("serializer", "workload", "quick", "passes"))
        result = run(Plan(serializers, workloads, passes, asked), progress)
    output: Path | None = options.output
    if output:
        write_result(result, output)
    markdown: Path | None = options.markdown
    if markdown:
        markdown.parent.mkdir(parents=True, exist_ok=True)
        markdown.write_text(markdown_report(result), encoding="utf-8")
    sys.stdout.write(terminal_report(result))


def _report(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    result = read_result(options.file)
    if options.workload:
        measured = {case.workload: case.workload for case in result.cases}
        chosen = _chosen(parser, "workload", options.workload, measured)
        result = replace(result, cases=tuple(case for case in result.cases if case.workload in chosen))
    report = markdown_report if options.format == "markdown" else terminal_report
    sys.stdout.write(report(result))


def _list(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    del parser, options
    lines = ["serializers"]
    lines += [_listed(each, each.implementation) for each in available_serializers().values()]
    lines += ["references"]
    lines += [f"  {each.name:<18} {each.broken or each.implementation}" for each in reference_infos().values()]
    lines += ["workloads"]
    lines += [
        _listed(each, each.workload.description if each.workload else "") for each in available_workloads().values()
    ]
    sys.stdout.write("\n".join([*lines, ""]))


def _request_path(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    workloads = available_workloads()
    _chosen(parser, "workload", options.workload, workloads)  # refuses what is not there
    with _Progress() as progress:
        report = request_path.report(options, workloads, progress)
    sys.stdout.write(report)


def _listed(info: SerializerInfo | WorkloadInfo, about: str) -> str:
    what = f"broken: {info.broken}" if info.broken else about
    return f"  {info.name:<16} {f'{info.distribution} {info.version}'.strip()}: {what}"


def _chosen(
    parser: argparse.ArgumentParser,
    kind: str,
    names: list[str] | None,
    available: Mapping[str, _Info],
    always: str | None = None,
) -> list[_Info]:
    for name in names or ():
        if name not in available:
            near = get_close_matches(name, available, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"Installed: {', '.join(available)}."
            parser.error(f"no {kind} is called {name!r}. {hint}")
    wanted = [*names, always] if names else list(available)
    return [info for name, info in available.items() if name in wanted]


def _enough_passes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= QUICK_PASSES):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {QUICK_PASSES} on, which an interval takes")
    return int(text)


@contextmanager
def _ended_in_order() -> Generator[None, None, None]:
    """Turn signals that end a process on the spot into `SystemExit`, so that no memcached is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread
        return
    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, _exit_by_signal)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _exit_by_signal(number: int, frame: object) -> None:
    del frame
    sys.exit(128 + number)


class _Progress:
    """One line on standard error that is written anew, if somebody is there to see it."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self("")

    def __call__(self, line: str) -> None:
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
