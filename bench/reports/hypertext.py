"""Lays out blocks and grids as HTML.

Invariant: every text that goes in is escaped here, so nothing that a plug-in calls itself or says is ever markup.
"""

from collections.abc import Mapping, Sequence
from html import escape

from .figures import Figure
from .grids import Mark, Square
from .rendering import Block, Bullets, Heading, Lines, Row, Table


def blocks_to_html(blocks: Sequence[Block], *, level: int) -> str:
    """Return blocks as HTML.

    Parameters
    ----------
    blocks
        What to lay out.
    level
        Of the HTML headings that headings of level 1 become.

    >>> print(blocks_to_html([Heading("a < b"), Lines(("so it is",))], level=2))
    <h2>a &lt; b</h2>
    <p>so it is</p>
    """
    about, parts = "", list[str]()
    for block in blocks:
        if isinstance(block, Heading):
            about = block.text
            number = level + block.level - 1
            parts.append(f"<h{number}>{escape(block.text)}</h{number}>")
        elif isinstance(block, Lines):
            parts += [f"<p>{escape(line)}</p>" for line in block.lines]
        elif isinstance(block, Bullets):
            items = "".join(f"<li>{escape(item)}</li>" for item in block.items)
            parts.append(f"<ul>{items}</ul>")
        else:
            parts.append(table_to_html(block, about))
    return "\n".join(parts)


def table_to_html(table: Table, about: str) -> str:
    """Return a table whose columns can be sorted, in a container that scrolls by itself.

    Parameters
    ----------
    table
        Cells that are a `Figure` are sorted by their number.
    about
        What it shows, for those who cannot see it.
    """
    headings = "".join(_heading(text, column >= table.texts) for column, text in enumerate(table.headings))
    rows = "\n".join(_row(row, table) for row in table.rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(about)}">\n'
        f'<table class="sortable"><thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>\n</div>'
    )


def grid_to_html(squares: Sequence[Square], marks: Mapping[str, Mark], about: str) -> str:
    """Return a grid of outcomes, in a container that scrolls by itself.

    Parameters
    ----------
    squares
        A cell each.
    marks
        How each outcome is shown; its style is `mark_class`.
    about
        What it shows, for those who cannot see it.
    """
    columns = list(dict.fromkeys(each.column for each in squares))
    found = {(each.group, each.row, each.column): each for each in squares}
    lines: list[str] = []
    group = ""
    for named, row in dict.fromkeys((each.group, each.row) for each in _by_group(squares)):
        if named != group:
            group = named
            lines.append(
                f'<tr class="group"><th scope="rowgroup">{escape(group)}</th><td colspan="{len(columns)}"></td></tr>'
            )
        cells = "".join(_square(found.get((named, row, column)), marks) for column in columns)
        lines.append(f'<tr><th scope="row">{escape(row)}</th>{cells}</tr>')
    headings = "".join(f'<th scope="col"><span>{escape(column)}</span></th>' for column in columns)
    return (
        f'<div class="scroll tall" tabindex="0" role="region" aria-label="{escape(about)}">\n'
        '<table class="grid"><thead>'
        f"<tr><td></td>{headings}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody></table>\n</div>"
    )


def legend_to_html(marks: Mapping[str, Mark], meanings: Mapping[str, str]) -> str:
    """Return what the marks of a grid mean."""
    items = (
        f'<li><span class="mark {mark_class(mark)}" aria-hidden="true">{escape(mark.sign)}</span> '
        f'<b>{escape(outcome)}</b> <span class="meaning">{escape(meanings[outcome])}</span></li>'
        for outcome, mark in marks.items()
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def notes_to_html(squares: Sequence[Square], *, but: str | None) -> str:
    """Return what is known of each square as text to unfold: what a mouse would be told.

    Parameters
    ----------
    squares
        A line each.
    but
        The outcome that is left out, if there is one.
    """
    items = [f"<li>{escape(_note(each))}</li>" for each in squares if each.outcome != but]
    if not items:
        return ""
    summary = f"All {len(items)}{f' that are not {but}' if but else ''}, in words"
    return f"<details><summary>{escape(summary)}</summary><ul>{''.join(items)}</ul></details>"


def mark_class(mark: Mark) -> str:
    """Return the class of the style of a mark.

    >>> mark_class(Mark("T", "#e8710a", "#1c1000"))
    'mark-e8710a'
    """
    return f"mark-{mark.color.removeprefix('#')}"


def mark_styles(*kinds: Mapping[str, Mark]) -> str:
    """Return the style sheet of marks, which has one rule for each colour."""
    marks = {mark_class(mark): mark for kind in kinds for mark in kind.values()}
    return "\n".join(f".{name}{{background:{mark.color};color:{mark.ink}}}" for name, mark in marks.items())


def _note(each: Square) -> str:
    return f"{each.column}, {each.row}: {each.outcome}" + (f" ({each.about})" if each.about else "")


def _by_group(squares: Sequence[Square]) -> list[Square]:
    order = list(dict.fromkeys(each.group for each in squares))
    return sorted(squares, key=lambda each: order.index(each.group))


def _square(each: Square | None, marks: Mapping[str, Mark]) -> str:
    if each is None:
        return "<td></td>"
    mark = marks[each.outcome]
    return (
        f'<td class="mark {mark_class(mark)}" title="{escape(_note(each))}"><span aria-hidden="true">'
        f'{escape(mark.sign)}</span><span class="unseen">{escape(each.outcome)}</span></td>'
    )


def _heading(text: str, figure: bool) -> str:  # noqa: FBT001 - what the comparison of its only caller says
    kind = ' class="figure"' if figure else ""
    words = "<br>".join(map(escape, text.split("\n")))
    return f'<th scope="col" aria-sort="none"{kind}><button type="button">{words}</button></th>'


def _row(row: Row, table: Table) -> str:
    kind = ' class="reference"' if row.reference else ""
    first = f'<th scope="row">{escape(row.cells[0])}</th>'
    if row.remark:
        return f'<tr{kind}>{first}<td class="remark" colspan="{len(table.headings) - 1}">{escape(row.remark)}</td></tr>'
    cells = (_cell(text, column >= table.texts) for column, text in enumerate(row.cells) if column)
    return f"<tr{kind}>{first}{''.join(cells)}</tr>"


def _cell(text: str, figure: bool) -> str:  # noqa: FBT001 - as above
    value = f' data-value="{text.value!r}"' if isinstance(text, Figure) else ""
    kind = ' class="figure"' if figure else ""
    return f"<td{kind}{value}>{escape(text)}</td>"
