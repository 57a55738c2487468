"""``session-bench charts``: the charts of a result as SVG, for documents."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..benchmark_file import read_any
from ..reports import charts, limited_to, svg
from .command import Commands, chosen


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("charts", help="write the charts of a result as SVG")
    parser.set_defaults(command=draw)
    parser.add_argument("file", type=Path, metavar="FILE", help="what run --output wrote")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where they go")
    parser.add_argument("--workload", action="append", metavar="NAME", help="only this one; may be repeated")


def draw(parser: ArgumentParser, options: Namespace) -> int:
    """Write the charts, and say where."""
    result = read_any(options.file)
    if options.workload:
        measured = {case.workload: case.workload for case in result.cases}
        result = limited_to(result, chosen(parser, "workload", options.workload, measured))
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, spec in charts(result).items():
        path = folder / f"{name}.svg"
        path.write_text(svg(spec), encoding="utf-8")
        sys.stdout.write(f"{path}\n")
    return 0
