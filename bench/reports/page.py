"""Turns a result into one page that needs nothing but itself: tables, charts, grids, and a calculator.

The page is made of `page.html`, with the style of `page.css` and the scripts beside it written into it. Invariants: it
asks no network, which its security policy forbids by name, and no script runs in it but those whose hashes that policy
lists; without its scripts every table is still there to read.
"""

import json
from base64 import b64encode
from collections.abc import Container, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template

from ..result import Fate, Result
from . import vega
from .advice_table import advice_blocks
from .charts import charts, slug
from .circumstances import broken_plugins, circumstances, reservations
from .claims import claims_blocks
from .glossary import glossary
from .grids import (
    DEFENCE_MEANINGS,
    DEFENCES,
    EVOLUTION_MEANINGS,
    EVOLUTIONS,
    FATES,
    MEANINGS,
    Mark,
    Square,
    evolution_squares,
    fidelity_squares,
    hostile_squares,
)
from .hostile_times import hostile_times_table
from .hypertext import blocks_to_html, grid_to_html, legend_to_html, mark_styles, notes_to_html, table_to_html
from .instability import noise_blocks
from .model import WORDS, combinations
from .overhead import overhead_blocks
from .reading import description, workloads
from .rendering import Block
from .rest_of_request import Rest, rest_of_request
from .safety_tables import evolution_blocks, fidelity_blocks, hostile_blocks
from .service_tables import end_to_end_note, end_to_end_table, startup_blocks
from .unseen_memory import with_unseen_memory
from .workload_tables import compression_blocks, main_table, manager_blocks, storage_blocks

_PARTS = {
    "advice": "Best for",
    "results": "Results",
    "calculator": "Calculator",
    "fidelity": "Fidelity",
    "hostile": "Hostile bytes",
    "start-up": "Start-up",
    "evolution": "Older sessions",
    "broken": "Broken plug-ins",
    "overhead": "Overhead",
}
"""The links at the top, by the part that they lead to."""

_SCRIPTS = ("model.js", "tables.js", "filters.js", "charts.js", "calculator.js")


def html_report(result: Result) -> str:
    """Return the page as HTML.

    Raises
    ------
    ChartsMissingError
        vl-convert-python is not installed.
    """
    drawing = vega.script()
    names, drawn = workloads(result), charts(result)
    styles = _style()
    scripts = [_inline(drawing), *(_inline(_read(name)) for name in _SCRIPTS)]
    sections = _sections(result, names, drawn)
    return Template(_read("page.html")).substitute(
        policy=escape(_policy(scripts, styles)),
        style=styles,
        warnings="".join(f"<li>{escape(line)}</li>" for line in reservations(result)),
        created=escape(result.created.replace("T", " ").replace("+00:00", " UTC")),
        machine=escape(f"{result.machine.cpu}, {result.machine.implementation} {result.machine.python}"),
        circumstances="".join(f"<p>{escape(line)}</p>" for line in circumstances(result)),
        options="".join(f"<option>{escape(name)}</option>" for name in names),
        words="".join(f"<li>{escape(line)}</li>" for line in WORDS),
        **_rest(result),
        parts="".join(f'<a href="#{name}">{title}</a>' for name, title in _PARTS.items() if sections.get(name, "-")),
        **{name.replace("-", "_"): html for name, html in sections.items()},
        charts=_data("charts", {name: vega.fluid(spec) for name, spec in drawn.items()}),
        model=_data("model", {name: [asdict(each) for each in combinations(result, name)] for name in names}),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _sections(result: Result, names: Sequence[str], drawn: Container[str]) -> dict[str, str]:
    """Return the parts of the page by name; empty where there is nothing to show."""
    fidelity, hostile = list(fidelity_blocks(result)), list(hostile_blocks(result))
    evolution, noise = list(evolution_blocks(result)), list(noise_blocks(result))
    return {
        "advice": _section("advice", list(advice_blocks(result))),
        "workloads": "\n".join(_workload(result, name, drawn) for name in names),
        "fidelity": _grid_section(
            "fidelity", fidelity, fidelity_squares(result), FATES, MEANINGS, but=Fate.IDENTICAL.value
        ),
        "hostile": _grid_section(
            "hostile", hostile, hostile_squares(result), DEFENCES, DEFENCE_MEANINGS, _hostile_times(result)
        ),
        "start-up": _section("start-up", list(startup_blocks(result)), "start-up" if "start-up" in drawn else ""),
        "evolution": _grid_section(
            "evolution", evolution, evolution_squares(result), EVOLUTIONS, EVOLUTION_MEANINGS, but="read"
        )
        + _section("claims", list(claims_blocks(result))),
        "broken": _section("broken", list(broken_plugins(result))),
        "overhead": _unfolded("overhead", list(overhead_blocks(result))) + _unfolded("noise", noise),
    }


def _rest(result: Result) -> dict[str, str]:
    """Return what the calculator takes for the rest of a request, in microseconds; empty where it is not known."""
    rest = rest_of_request(result)
    return {
        f"rest_{name}": f"{seconds * 1e6:.3g}" if rest else ""
        for name, seconds in asdict(rest or Rest(0, 0, 0)).items()
    }


def _workload(result: Result, name: str, drawn: Container[str]) -> str:
    ending = slug(result, name)
    details = [
        *manager_blocks(result, name),
        *compression_blocks(result, name),
        *with_unseen_memory(result, name, storage_blocks(result, name)),
    ]
    parts = [
        f'<section class="workload" data-workload="{escape(name)}" id="workload-{ending}">',
        f"<h2>{escape(name)}</h2>",
        f"<p>{escape(description(result, name))}</p>",
        table_to_html(main_table(result, name), f"{name}: sizes and times"),
        f'<div class="glossary">{blocks_to_html([glossary(result, name)], level=3)}</div>',
        '<div class="charts">',
        *(_chart(f"{kind}-{ending}") for kind in ("pareto", "times") if f"{kind}-{ending}" in drawn),
        "</div>",
        *_end_to_end(result, name, ending),
    ]
    if details:
        parts.append("<details open><summary>In the manager, compressed, in memcached</summary>")
        parts.append(blocks_to_html(details, level=2))
        parts += [_chart(f"compression-{ending}")] if f"compression-{ending}" in drawn else []
        parts.append("</details>")
    return "\n".join([*parts, "</section>"])


def _end_to_end(result: Result, name: str, ending: str) -> Iterator[str]:
    if any(each.workload == name for each in result.end_to_end):
        yield f"<h3>{escape(name)}: end to end</h3>"
        yield blocks_to_html([end_to_end_note()], level=3)
        yield table_to_html(end_to_end_table(result, name), f"{name}: end to end")
        yield _chart(f"end-to-end-{ending}")


def _hostile_times(result: Result) -> str:
    table = table_to_html(hostile_times_table(result), "Times of attacks")
    return f"<details><summary>How long each attack took, in milliseconds</summary>\n{table}\n</details>"


def _section(name: str, blocks: Sequence[Block], chart: str = "") -> str:
    if not blocks:
        return ""
    drawn = _chart(chart) if chart else ""
    return f'<section id="{name}">\n{blocks_to_html(blocks, level=2)}\n{drawn}</section>'


def _unfolded(name: str, blocks: Sequence[Block]) -> str:
    """Return a section that shows its heading alone until it is unfolded."""
    if not blocks:
        return ""
    heading, _, rest = blocks_to_html(blocks, level=2).partition("\n")
    return f'<section id="{name}">\n<details><summary>{heading}</summary>\n{rest}\n</details></section>'


def _grid_section(
    name: str,
    blocks: Sequence[Block],
    squares: Sequence[Square],
    marks: dict[str, Mark],
    meanings: dict[str, str],
    more: str = "",
    *,
    but: str | None = None,
) -> str:
    if not blocks:
        return ""
    heading, lines, *tables = blocks
    return "\n".join(
        (
            f'<section id="{name}">',
            blocks_to_html([heading, lines], level=2),
            legend_to_html(marks, meanings),
            grid_to_html(squares, marks, name),
            notes_to_html(squares, but=but),
            more,
            blocks_to_html([heading, *tables], level=2).partition("\n")[2],
            "</section>",
        )
    )


def _chart(name: str) -> str:
    return f'<figure data-chart="{name}"></figure>'


def _data(name: str, value: object) -> str:
    """Return data for the scripts, in which nothing can end the element that it stands in."""
    text = json.dumps(value, allow_nan=False)  # which writes all but ASCII as escapes, U+2028 too
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return f'<script type="application/json" id="{name}-data">{text}</script>'


def _inline(script: str) -> str:
    """Return a script as it may stand in an element: where a text in it would end that, it does not."""
    return script.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _policy(scripts: Sequence[str], styles: str) -> str:
    """Return what the page may do: run these scripts, use this style, and nothing else; no network at all."""
    allowed = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'sha256-{_hash(styles)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _style() -> str:
    return _read("page.css") + mark_styles(FATES, DEFENCES, EVOLUTIONS)


@cache
def _read(name: str) -> str:
    return files(__name__.rpartition(".")[0]).joinpath(name).read_text(encoding="utf-8")
