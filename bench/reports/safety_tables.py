"""The tables of what a serializer keeps and withstands: types of values, hostile bytes, and code that changed.

Invariant: a silent change is counted by itself, never together with what was refused.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from ..case import Outcome
from ..result import Defence, EvolutionCell, Fate, FidelityCell, HostileCell, Result
from .figures import NOTHING, Figure, milliseconds, size
from .reading import reference_labels
from .rendering import Block, Heading, Lines, Row, Table

HARMFUL = (Defence.OTHER_ERROR, Defence.MEMORY, Defence.TIME, Defence.CRASH, Defence.CODE)
"""What no safe serializer does with hostile bytes."""

SILENT = (Fate.CHANGED_TYPE, Fate.CHANGED_VALUE)
"""What became another value without a word."""

OUTCOMES = {
    Outcome.VERIFIED: "read",
    Outcome.REFUSED: "refused",
    Outcome.FAILED: "failed",
    Outcome.UNFAITHFUL: "read wrongly",
}
"""What becomes of a session of yesterday's code, in words."""

_ROOM = 24
"""Letters for two names in one cell."""

_Cell = TypeVar("_Cell", FidelityCell, HostileCell, EvolutionCell)


def by_label(cells: tuple[_Cell, ...]) -> dict[str, list[_Cell]]:
    """Return cells by the label of their serializer, in the order of the result."""
    found: dict[str, list[_Cell]] = {}
    for cell in cells:
        found.setdefault(cell.label, []).append(cell)
    return found


def fidelity_blocks(result: Result) -> Iterator[Block]:
    """Return how many values each serializer keeps, and how."""
    if not result.fidelity:
        return
    values = len({cell.value for cell in result.fidelity})
    yield Heading("Fidelity")
    yield Lines(
        (
            (
                f"What became of {values} values. Identical: types, values and shared objects; equal: shared objects "
                "became copies; refused: by an error that says so. What changed did so silently."
            ),
        )
    )
    headings = ("serializer", *(fate.value.replace(" ", "\n") for fate in Fate), "changed silently")
    rows = (_fidelity_row(result, label, cells) for label, cells in by_label(result.fidelity).items())
    yield Table(headings, tuple(rows))


def hostile_blocks(result: Result) -> Iterator[Block]:
    """Return what each serializer does with hostile bytes, counted by attack."""
    if not result.hostile:
        return
    attacks = len({cell.attack for cell in result.hostile})
    yield Heading("Hostile bytes")
    yield Lines(
        (
            (
                f"What became of {attacks} attacks, each by the worst of its payloads. Refused and read are harmless; "
                "slowest: the longest that a payload took."
            ),
        )
    )
    headings = ("serializer", *(each.value.replace(" ", "\n") for each in Defence), "slowest\nms", "harmed by")
    rows = (_hostile_row(result, label, cells) for label, cells in by_label(result.hostile).items())
    yield Table(headings, tuple(rows))


def evolution_blocks(result: Result) -> Iterator[Block]:
    """Return how many changes of classes each serializer reads older sessions after."""
    if not result.evolution:
        return
    changes = len({cell.change for cell in result.evolution})
    yield Heading("Sessions of yesterday's code")
    yield Lines((f"Whether a session that was saved before a class changed is read after it, for {changes} changes.",))
    headings = ("serializer", *(words.replace(" ", "\n") for words in OUTCOMES.values()), "not read")
    rows = (_evolution_row(result, label, cells) for label, cells in by_label(result.evolution).items())
    yield Table(headings, tuple(rows))


def _fidelity_row(result: Result, label: str, cells: list[FidelityCell]) -> Row:
    counted = Counter(cell.fate for cell in cells)
    names = [cell.value for cell in cells if cell.fate in SILENT]
    return _row(result, label, *(_count(counted[fate]) for fate in Fate), _few(names))


def _hostile_row(result: Result, label: str, cells: list[HostileCell]) -> Row:
    counted = Counter(cell.defence for cell in cells)
    slowest = max((cell.seconds for cell in cells if cell.seconds is not None), default=None)
    names = [cell.attack for cell in cells if cell.defence in HARMFUL]
    return _row(result, label, *(_count(counted[each]) for each in Defence), milliseconds(slowest), _few(names))


def _evolution_row(result: Result, label: str, cells: list[EvolutionCell]) -> Row:
    counted = Counter(cell.outcome for cell in cells)
    names = [cell.change for cell in cells if cell.outcome is not Outcome.VERIFIED]
    return _row(result, label, *(_count(counted[outcome]) for outcome in OUTCOMES), _few(names))


def _row(result: Result, label: str, *cells: str) -> Row:
    return Row((label, *cells), reference=label in reference_labels(result))


def _count(count: int) -> str:
    return size(count) if count else Figure(NOTHING, 0)


def _few(names: list[str]) -> str:
    """Return the first names, as many as a narrow column has room for, and how many more there are."""
    if not names:
        return NOTHING
    shown = names[:2] if len(", ".join(names[:2])) <= _ROOM else names[:1]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return Figure(", ".join(shown) + more, len(names))
