"""The table of what is best for what."""

from collections.abc import Iterator

from ..result import Result
from .advice import advice
from .candidates import candidates, is_safe, is_tried
from .rendering import Block, Heading, Lines, Row, Table


def advice_blocks(result: Result) -> Iterator[Block]:
    """Return the table; nothing where no row could be chosen."""
    rows = tuple(Row((each.goal, ", ".join(each.best) or "nobody", each.why)) for each in advice(result))
    if not rows:
        return
    yield Heading("Best for")
    yield Lines((f"Computed from this result; several names are ties. {_safe(result)}",))
    yield Table(("goal", "serializer", "why"), rows, texts=3)


def _safe(result: Result) -> str:
    """Return what is called safe, and for whom nothing but its claim says so."""
    safe = [each for each in candidates(result) if is_safe(result, each)]
    untried = [each.label for each in safe if not is_tried(result, each)]
    if len(untried) == len(safe) and (safe or not result.hostile):
        return "Safe: claimed, not tried."
    but = f"; claimed, not tried: {', '.join(untried)}" if untried else ""
    return f"Safe: claimed, and no hostile bytes did harm{but}."
