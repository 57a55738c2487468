"""What serializers claim, held against what was found: values, classes that change, and hostile bytes.

Invariant: a claim is found true only where all that was tried of it was kept, and a claim that nothing of the run
tries is called that, never true.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..case import Outcome
from ..result import Fate, Result
from .figures import NOTHING, Figure, size
from .rendering import Block, Heading, Lines, Row, Table
from .safety_tables import HARMFUL

VALUES = {
    "identity": ("shared list", "shared dict", "shared object"),
    "cycles": ("list in itself", "dict in itself", "objects in a cycle"),
    "tuples": ("empty tuple", "tuple", "nested tuple"),
    "sets": ("set", "empty set", "frozenset", "set of tuples"),
    "non_str_keys": ("int keys", "int key and its text", "bool key and int key", "float key", "None key", "tuple keys",
                     "bytes key", "date key", "UUID key"),
    "big_ints": ("int 2**63", "int -2**63 - 1", "int 2**70", "int -2**70"),
    "subclasses": ("IntEnum", "str and Enum", "subclass of str", "subclass of int", "subclass of dict",
                   "subclass of list"),
    "registered_classes": ("dataclass", "frozen dataclass", "dataclass with slots", "class with slots", "plain class"),
}  # fmt: skip
"""The values of the fidelity matrix that come back identical where a claim is true."""

_NOT_CLAIMED = "renamed"
"""What no claim promises: a class that is called something else."""


@dataclass(frozen=True)
class Claims:
    """What became of the claims of one row."""

    kept: tuple[str, ...]
    """All that was tried of them came out as claimed."""
    contradicted: dict[str, str]
    """What contradicts each of the others that were tried: the first of it."""
    untried: tuple[str, ...]


def found_claims(result: Result, label: str, claimed: frozenset[str]) -> Claims:
    """Return what a result found of the claims of a row.

    Parameters
    ----------
    result
        Whose cells of values, changes and hostile bytes are looked at.
    label
        Of the row.
    claimed
        Names of `Capabilities`.
    """
    kept: list[str] = []
    untried: list[str] = []
    contradicted: dict[str, str] = {}
    for claim in sorted(claimed):
        tried = list(_tried(result, label, claim))
        against = [what for what, held in tried if not held]
        if against:
            contradicted[claim] = against[0]
        else:
            (kept if tried else untried).append(claim)
    return Claims(tuple(kept), contradicted, tuple(untried))


def claims_of(result: Result) -> dict[str, frozenset[str]]:
    """Return what each row claims that is no reference, by its label; without those of which nothing is known."""
    return {
        label: frozenset(name for name, claimed in each.capabilities.items() if claimed)
        for each in result.serializers
        if each.capabilities and not each.reference and not each.broken
        for label in each.variants or (each.name,)
    }


def claims_blocks(result: Result) -> Iterator[Block]:
    """Return how many of its claims each serializer keeps, and what contradicts the others."""
    claims = claims_of(result)
    if not claims or not (result.fidelity or result.hostile or result.evolution):
        return
    yield Heading("Claims")
    yield Lines(("What serializers claim, and how much of it was kept in all that this run tried of it.",))
    rows = tuple(_row(label, claimed, found_claims(result, label, claimed)) for label, claimed in claims.items())
    yield Table(("serializer", "claimed", "kept", "not\ntried", "not kept"), rows)


def _tried(result: Result, label: str, claim: str) -> Iterator[tuple[str, bool]]:
    """Yield what was tried of a claim, and whether it was kept."""
    for cell in result.fidelity:
        if cell.label == label and cell.value in VALUES.get(claim, ()):
            yield f"{cell.value}: {cell.fate.value}", cell.fate is Fate.IDENTICAL
    if claim == "evolution":
        for cell in result.evolution:
            if cell.label == label and _NOT_CLAIMED not in cell.change:
                yield f"{cell.change}: {cell.outcome.value}", cell.outcome is Outcome.VERIFIED
    if claim == "safe":
        for cell in result.hostile:
            if cell.label == label and cell.payloads:
                yield f"{cell.attack}: {cell.defence.value}", cell.defence not in HARMFUL


def _row(label: str, claimed: frozenset[str], found: Claims) -> Row:
    against = [f"{claim.replace('_', ' ')} ({what})" for claim, what in found.contradicted.items()]
    more = f" and {len(against) - 1} more" if len(against) > 1 else ""
    named = Figure(against[0] + more, len(against)) if against else NOTHING
    return Row((label, *map(size, (len(claimed), len(found.kept), len(found.untried))), named))
