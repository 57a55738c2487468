"""``session-bench charts``: the charts of a result as SVG, for documents."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..reports import charts, svg
from ..result import Result
from .command import Commands
from .reporting import add_file, asked_for


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("charts", help="write the charts of a result as SVG")
    parser.set_defaults(command=draw)
    add_file(parser)
    parser.add_argument("folder", type=Path, metavar="DIR", help="where they go")


def draw(parser: ArgumentParser, options: Namespace) -> int:
    """Write the charts, and say where."""
    for path in draw_charts(asked_for(parser, options), options.folder).values():
        sys.stdout.write(f"{path}\n")
    return 0


def draw_charts(result: Result, folder: Path) -> dict[str, Path]:
    """Write the charts of a result into a folder, which is made if need be, and return the file of each by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    for name, spec in charts(result).items():
        files[name] = folder / f"{name}.svg"
        files[name].write_text(svg(spec), encoding="utf-8")
    return files
