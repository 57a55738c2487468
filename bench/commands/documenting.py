"""``session-bench document``: a result as a page with charts, and as the section of a README.

The result is kept beside the page, so that everybody can make page and section again. Invariant: page and section are
made of what is kept.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

from ..operations import RANKED
from ..ranking import with_samples
from ..reports import limited_to
from ..reports.documents import replaced, results_page, section
from ..result_file import read_result, write_result
from .command import Commands, chosen
from .drawing import draw_charts

SECTION = ("cart-objects", "cart-plain", "login", "population")
"""The workloads of a section, unless others are asked for."""

_SHOWN = "pareto-"
"""What the names of the charts begin with that a section shows."""
_MOST_SHOWN = 2


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("document", help="write a result as a page with charts, and into a README")
    parser.set_defaults(command=document)
    parser.add_argument("file", type=Path, metavar="FILE", help="what run --output wrote")
    parser.add_argument("page", type=Path, metavar="PAGE.md", help="the page; its charts go into a folder beside it")
    parser.add_argument("--readme", type=Path, metavar="FILE.md", help="what has a place for the section")
    parser.add_argument("--workload", action="append", metavar="NAME", help="of the section; may be repeated")


def document(parser: ArgumentParser, options: Namespace) -> int:
    """Write the page, its charts and the section, and say where."""
    result = with_samples(read_result(options.file), RANKED)
    page: Path = options.page
    readme: Path | None = options.readme
    measured = {case.workload: case.workload for case in result.cases}
    names = chosen(parser, "workload", options.workload or [name for name in SECTION if name in measured], measured)
    kept = page.with_suffix(".json")
    write_result(result, kept)
    command = f"session-bench document {_beside(kept)} {_beside(page)}"
    drawn = draw_charts(limited_to(result, names), page.with_suffix(""))
    page.write_text(results_page(result, _from(drawn.values(), page), command), encoding="utf-8")
    sys.stdout.write(f"{page}\n")
    if readme:
        shown = [path for name, path in drawn.items() if name.startswith(_SHOWN)][:_MOST_SHOWN]
        text = section(result, names, _from(shown, readme), f"{command} --readme {_beside(readme)}")
        readme.write_text(_with_section(readme, text), encoding="utf-8")
        sys.stdout.write(f"{readme}\n")
    return 0


def _with_section(readme: Path, text: str) -> str:
    try:
        return replaced(readme.read_text(encoding="utf-8"), text)
    except ValueError as error:
        raise RuntimeError(f"{readme}: {error}") from error


def _from(pictures: Iterable[Path], document: Path) -> list[str]:
    """Return paths as a document refers to them."""
    return [os.path.relpath(path, document.parent) for path in pictures]


def _beside(path: Path) -> str:
    """Return a path as it is written from the folder that the command was started in."""
    return os.path.relpath(path)
