"""The table of what is best for what, and who was left out of it."""

from collections.abc import Iterator

from ..result import BASELINE, Result
from .advice import Advice, advice, pool
from .candidates import candidates, claiming, comparable, kept_by_anybody, silently_wrong
from .rendering import Block, Bullets, Heading, Lines, Row, Table

_SAFE = "Safe: claimed, and hostile bytes were tried and did no harm."
_UNTRIED = "Safe: claimed, not tried in this run, by all but those of the last row."
_FIGURES = (
    "Computed from this result; several names are ties, (all) is with all variants. µs: dumps and loads together; x: "
    f"times as fast as {BASELINE}; means of the workloads that all who are compared keep."
)


def advice_blocks(result: Result) -> Iterator[Block]:
    """Return the table; nothing where no row could be chosen."""
    rows = tuple(Row((each.goal, _named(result, each), each.why)) for each in advice(result))
    if not rows:
        return
    yield Heading("Best for")
    yield Lines((_FIGURES, _SAFE if result.hostile else _UNTRIED))
    yield Table(("goal", "serializer", "why"), rows, texts=3)
    if left_out := tuple(_left_out(result)):
        yield Bullets(left_out)


def _named(result: Result, found: Advice) -> str:
    """Return the names of the best, those of all variants of a serializer as one."""
    named = list(found.best)
    for each in result.serializers:
        if len(each.variants) > 1 and set(each.variants) <= set(named):
            named[named.index(each.variants[0])] = f"{each.name} (all)"
            named = [label for label in named if label not in each.variants]
    return ", ".join(named) or "nobody"


def _left_out(result: Result) -> Iterator[str]:
    """Yield who is never advised, and who is not compared with the others, with the reason."""
    if wrong := silently_wrong(result):
        named = ", ".join(f"{label} ({what})" for label, what in wrong.items())
        yield f"Never advised, for another value came back without a word: {named}."
    untried = [each.label for each in claiming(candidates(result), "safe") if not each.tried]
    if result.hostile and untried:
        yield f"Safe by their claim alone, for hostile bytes were not tried on them: {', '.join(untried)}."
    found = pool(result)
    compared = {each.label for each in comparable(found)}
    every = len(kept_by_anybody(result))
    for each in found:
        if each.label not in compared:
            yield f"In no mean: {each.label}, which keeps {len(each.kept)} of {every} workloads."
