"""``session-bench document``: a result as a page with charts, and as the section of a README.

The result is kept beside the page, so that everybody can make page and section again. Invariant: page and section are
made of what is kept.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from ..ranking import OPERATIONS
from ..reports import charts, svg
from ..reports.documents import replaced, results_page, section
from ..result import CaseResult, Result
from ..result_file import read_result, write_result
from .command import Commands, chosen

SECTION = ("cart-objects", "cart-plain", "login", "population")
"""The workloads of a section, unless others are asked for."""

_KINDS = ("pareto", "times", "compression", "end-to-end")
_SHOWN = ("pareto",)
"""The kinds of charts that a section shows, of its first two workloads."""


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
    result = _for_keeping(read_result(options.file))
    page: Path = options.page
    readme: Path | None = options.readme
    measured = {case.workload: case.workload for case in result.cases}
    names = chosen(parser, "workload", options.workload or [name for name in SECTION if name in measured], measured)
    kept = page.with_suffix(".json")
    write_result(result, kept)
    command = f"session-bench document {_beside(kept)} {_beside(page)}"
    folder = page.parent / page.stem
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{kind}-{name}" for kind in _KINDS for name in names} | {"start-up", "fidelity", "evolution", "hostile"}
    drawn = {name: spec for name, spec in charts(result).items() if name in wanted}
    for name, spec in drawn.items():
        (folder / f"{name}.svg").write_text(svg(spec), encoding="utf-8")
    pictures = [f"{folder.name}/{name}.svg" for name in drawn]
    page.write_text(results_page(result, pictures, command), encoding="utf-8")
    sys.stdout.write(f"{page}\n")
    if readme:
        shown = [f"{kind}-{name}" for name in names[:2] for kind in _SHOWN]
        pictures = [os.path.relpath(folder / f"{name}.svg", readme.parent) for name in shown if name in drawn]
        text = section(result, names, pictures, f"{command} --readme {_beside(readme)}")
        readme.write_text(replaced(readme.read_text(encoding="utf-8"), text), encoding="utf-8")
        sys.stdout.write(f"{readme}\n")
    return 0


def _for_keeping(result: Result) -> Result:
    """Return a result with the times that cases are ranked by, and no other samples."""
    return replace(result, cases=tuple(map(_ranked, result.cases)))


def _ranked(case: CaseResult) -> CaseResult:
    return replace(case, samples={name: case.samples[name] for name in OPERATIONS if name in case.samples})


def _beside(path: Path) -> str:
    """Return a path as it is written from the folder that the command was started in."""
    return os.path.relpath(path)
