"""Lays out a report as text for a terminal or as Markdown: headings, lines, lists and tables, whatever they mean.

Invariant: both layouts show the same words; only the marks around them differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """The title of what follows."""

    text: str


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


@dataclass(frozen=True)
class Table:
    """Rows under headings; all columns but the first are figures."""

    headings: tuple[str, ...]
    """A line break in a heading is a place to break it."""
    rows: tuple[Row, ...]


Block = Heading | Lines | Bullets | Table


def to_terminal(blocks: Sequence[Block]) -> str:
    """Return blocks as plain text.

    >>> rows = Row(("json", "17")), Row(("cbor",), "refused")
    >>> print(to_terminal([Heading("cart"), Table(("name", "bytes"), rows)]))
    cart
    ====
    name  bytes
    ----  -----
    json     17
    cbor  refused
    """
    return "\n\n".join(_joined([_terminal(block) for block in blocks], blocks))


def to_markdown(blocks: Sequence[Block]) -> str:
    """Return blocks as Markdown.

    >>> print(to_markdown([Table(("name", "bytes"), (Row(("json", "17")), Row(("cbor",), "refused")))]))
    | name | bytes |
    |---|---:|
    | json | 17 |
    | cbor | refused |
    """
    return "\n\n".join(_markdown(block) for block in blocks)


def _joined(texts: list[str], blocks: Sequence[Block]) -> list[str]:
    """Put a heading directly over what follows it."""
    joined: list[str] = []
    for position, text in enumerate(texts):
        if position and isinstance(blocks[position - 1], Heading):
            joined[-1] += f"\n{text}"
        else:
            joined.append(text)
    return joined


def _terminal(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{block.text}\n{'=' * len(block.text)}"
    if isinstance(block, Lines):
        return "\n".join(block.lines)
    if isinstance(block, Bullets):
        return "\n".join(f"- {item}" for item in block.items)
    return _terminal_table(block)


def _terminal_table(table: Table) -> str:
    headings = _stacked(table.headings)
    grid = [*headings, *(row.cells for row in table.rows if not row.remark)]
    widths = [max(len(line[column]) for line in grid) for column in range(len(table.headings))]
    widths[0] = max([widths[0], *(len(row.cells[0]) for row in table.rows)])
    rule = tuple("-" * width for width in widths)
    lines = [_aligned(line, widths) for line in (*headings, rule)]
    lines += [_terminal_row(row, widths) for row in table.rows]
    return "\n".join(lines)


def _terminal_row(row: Row, widths: list[int]) -> str:
    return f"{row.cells[0]:<{widths[0]}}  {row.remark}" if row.remark else _aligned(row.cells, widths)


def _stacked(headings: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the lines of headings, those of fewer lines at the bottom."""
    broken = [heading.split("\n") for heading in headings]
    height = max(map(len, broken))
    padded = [[""] * (height - len(lines)) + lines for lines in broken]
    return list(zip(*padded, strict=True))


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *others = (
        f"{cell:>{width}}" if column else f"{cell:<{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *others)).rstrip()


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_escaped(block.text)}"
    if isinstance(block, Lines):
        return "  \n".join(_escaped(line) for line in block.lines)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_escaped(item)}" for item in block.items)
    return _markdown_table(block)


def _markdown_table(table: Table) -> str:
    columns = len(table.headings)
    lines = [_piped([heading.replace("\n", " ") for heading in table.headings])]
    lines.append(f"|---|{'---:|' * (columns - 1)}")
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
    return text
