"""Tables and pairs of names and values as lines of text, aligned in columns.

Invariants: every line is printable, whatever the cells hold (`escaping`); a column begins at the same place in all
lines of a table, also behind wide and combining characters.
"""

import unicodedata
from collections.abc import Collection, Sequence

from ..escaping import shown

_GAP = "  "


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str] = ()) -> list[str]:
    """Return the lines of a table: headings, a rule, rows.

    Parameters
    ----------
    headings
        Of the columns.
    rows
        A cell for each column.
    right
        Headings of the columns whose cells end at the same place: those of numbers.

    >>> print("\\n".join(table(["name", "bytes"], [["cart", "120"], ["user", "3"]], right=["bytes"])))
    name  bytes
    ----  -----
    cart    120
    user      3
    """
    cells = [list(map(shown, row)) for row in (headings, *rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    ends = [heading in right for heading in headings]
    if not ends[-1]:
        widths[-1] = width(cells[0][-1])  # nothing stands behind it, and it may be very long
    cells.insert(1, ["-" * size for size in widths])
    return [_aligned(row, widths, ends) for row in cells]


def pairs(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return a line for each name and value.

    >>> print("\\n".join(pairs([("counter", "7"), ("idle limit", "1800 s")])))
    counter     7
    idle limit  1800 s
    """
    cells = [list(map(shown, row)) for row in rows]
    widths = [max((width(name) for name, _ in cells), default=0), 0]
    return [_aligned(row, widths, [False, False]) for row in cells]


def width(text: str) -> int:
    """Return how many places of a terminal a text takes.

    >>> width("cart"), width("\\u8336"), width("e\\u0301")
    (4, 2, 1)
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def _aligned(cells: Sequence[str], widths: Sequence[int], ends: Sequence[bool]) -> str:
    padded: list[str] = []
    for cell, size, at_end in zip(cells, widths, ends, strict=True):
        space = " " * (size - width(cell))
        padded.append(space + cell if at_end else cell + space)
    return _GAP.join(padded).rstrip()
