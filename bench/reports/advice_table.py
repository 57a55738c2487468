"""The table of what is best for what."""

from collections.abc import Iterator

from ..result import Result
from .advice import advice
from .rendering import Block, Heading, Lines, Row, Table


def advice_blocks(result: Result) -> Iterator[Block]:
    """Return the table; nothing where no row could be chosen."""
    rows = tuple(Row((each.goal, ", ".join(each.best) or "nobody", each.why)) for each in advice(result))
    if not rows:
        return
    yield Heading("Best for")
    yield Lines(("Computed from this result; several names are ties. Safe: claimed, and no hostile bytes did harm.",))
    yield Table(("goal", "serializer", "why"), rows, texts=3)
