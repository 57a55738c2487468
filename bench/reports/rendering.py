"""Lays out a report as text for a terminal or as Markdown: headings, lines, lists and tables, whatever they mean.

Invariant: both layouts show the same words; only the marks around them differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from textwrap import wrap


@dataclass(frozen=True)
class Heading:
    """The title of what follows."""

    text: str
    level: int = 1
    """2 for a part of what the last heading of level 1 began."""


@dataclass(frozen=True)
class Lines:
    """Lines of their own, one below the other."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[str, ...]
    """The first is the name of the row."""
    remark: str = ""
    """Stands in place of all cells but the first."""
    reference: bool = False
    """Whether it is there to compare with, and nothing to choose."""


@dataclass(frozen=True)
class Table:
    """Rows under headings; all columns but the first are figures."""

    headings: tuple[str, ...]
    """A line break in a heading is a place to break it."""
    rows: tuple[Row, ...]
    texts: int = 1
    """How many columns, from the first on, are words and no figures."""


Block = Heading | Lines | Bullets | Table


def to_terminal(blocks: Sequence[Block], width: int | None = None) -> str:
    """Return blocks as plain text.

    Parameters
    ----------
    blocks
        What to lay out.
    width
        Columns, after which prose, remarks and the last column of words are broken; None: never. Figures never are.

    >>> rows = Row(("json", "17")), Row(("cbor",), "refused")
    >>> print(to_terminal([Heading("cart"), Table(("name", "bytes"), rows)]))
    cart
    ====
    name  bytes
    ----  -----
    json     17
    cbor  refused
    """
    return "\n\n".join(_joined([_terminal(_printable(block), width or _ENDLESS) for block in blocks], blocks))


def to_markdown(blocks: Sequence[Block]) -> str:
    """Return blocks as Markdown.

    >>> print(to_markdown([Table(("name", "bytes"), (Row(("json", "17")), Row(("cbor",), "refused")))]))
    | name | bytes |
    |---|---:|
    | json | 17 |
    | cbor | refused |
    """
    return "\n\n".join(_markdown(block) for block in blocks)


_ENDLESS = 1_000_000

_WORDS = 34
"""Columns of a terminal for a column of words between the first and the last of a table of words."""

_LONGEST_NAME = 30
"""Letters of a name that widen the first column; a longer one stands on a line of its own."""


def _printable(block: Block) -> Block:
    """Replace what would move the cursor of a terminal, or do worse: names and details come from plug-ins."""
    if isinstance(block, Heading):
        return replace(block, text=_shown(block.text))
    if isinstance(block, Lines):
        return Lines(tuple(map(_shown, block.lines)))
    if isinstance(block, Bullets):
        return Bullets(tuple(map(_shown, block.items)))
    rows = tuple(replace(row, cells=tuple(map(_shown, row.cells)), remark=_shown(row.remark)) for row in block.rows)
    return replace(block, rows=rows)


def _shown(text: str) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else "�" for each in text)


def _joined(texts: list[str], blocks: Sequence[Block]) -> list[str]:
    """Put a heading directly over what follows it."""
    joined: list[str] = []
    for position, text in enumerate(texts):
        if position and isinstance(blocks[position - 1], Heading):
            joined[-1] += f"\n{text}"
        else:
            joined.append(text)
    return joined


def _terminal(block: Block, width: int) -> str:
    if isinstance(block, Heading):
        return f"{block.text}\n{('=' if block.level == 1 else '-') * len(block.text)}"
    if isinstance(block, Lines):
        return "\n".join(_broken(line, width, "") for line in block.lines)
    if isinstance(block, Bullets):
        return "\n".join(_broken(f"- {item}", width, "  ") for item in block.items)
    return _terminal_table(block, width)


def _broken(text: str, width: int, indent: str) -> str:
    if len(text) <= width:
        return text
    return "\n".join(wrap(text, width, subsequent_indent=indent, break_on_hyphens=False))


def _terminal_table(table: Table, width: int) -> str:
    headings = _stacked(table.headings)
    grid = [*headings, *(row.cells for row in table.rows if not row.remark)]
    widths = [max(len(line[column]) for line in grid) for column in range(len(table.headings))]
    names = [len(row.cells[0]) for row in table.rows if table.texts > 1 or len(row.cells[0]) <= _LONGEST_NAME]
    widths[0] = max([len(line[0]) for line in headings] + names)
    if table.texts == len(widths):  # the last column is prose: it takes what is left
        widths[1:-1] = [min(each, _WORDS) for each in widths[1:-1]]
        widths[-1] = min(widths[-1], max(20, width - sum(widths[:-1]) - 2 * len(widths[:-1])))
    rule = tuple("-" * each for each in widths)
    lines = [_aligned(line, widths, table.texts) for line in (*headings, rule)]
    lines += [_terminal_row(row, widths, table.texts, width) for row in table.rows]
    return "\n".join(lines)


def _terminal_row(row: Row, widths: list[int], texts: int, width: int) -> str:
    if len(row.cells[0]) > widths[0]:
        short = replace(row, cells=("", *row.cells[1:]))
        return f"{row.cells[0]}\n{_terminal_row(short, widths, texts, width)}"
    if row.remark:
        return _broken(f"{row.cells[0]:<{widths[0]}}  {row.remark}", max(width, widths[0] + 40), " " * (widths[0] + 2))
    if any(len(cell) > each for cell, each in zip(row.cells, widths, strict=True)):
        broken = [wrap(cell, each, break_on_hyphens=False) for cell, each in zip(row.cells, widths, strict=True)]
        return "\n".join(_aligned(line, widths, texts) for line in zip_longest(*broken, fillvalue=""))
    return _aligned(row.cells, widths, texts)


def _stacked(headings: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the lines of headings, those of fewer lines at the bottom."""
    broken = [heading.split("\n") for heading in headings]
    height = max(map(len, broken))
    padded = [[""] * (height - len(lines)) + lines for lines in broken]
    return list(zip(*padded, strict=True))


def _aligned(cells: tuple[str, ...], widths: list[int], texts: int) -> str:
    aligned = (
        f"{cell:<{width}}" if column < texts else f"{cell:>{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(aligned).rstrip()


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * (block.level + 1)} {_escaped(block.text)}"
    if isinstance(block, Lines):
        return "  \n".join(_escaped(line) for line in block.lines)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_escaped(item)}" for item in block.items)
    return _markdown_table(block)


def _markdown_table(table: Table) -> str:
    columns = len(table.headings)
    lines = [_piped([heading.replace("\n", " ") for heading in table.headings])]
    lines.append(f"|{'---|' * table.texts}{'---:|' * (columns - table.texts)}")
    for row in table.rows:
        if row.remark:
            lines.append(_piped([row.cells[0], row.remark, *[""] * (columns - 2)]))
        else:
            lines.append(_piped(row.cells))
    return "\n".join(lines)


def _piped(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    for mark in "\\|*_<`[":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.splitlines())
