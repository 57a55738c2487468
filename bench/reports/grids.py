"""The two grids: what became of each value, and of each attack, by serializer.

Invariant: every outcome has a mark as well as a colour, so that nothing is told by colour alone, and a silent change
has a colour that nothing else has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..case import Outcome
from ..result import Defence, Fate, Result
from .safety_tables import OUTCOMES
from .vega import Spec


@dataclass(frozen=True)
class Mark:
    """How an outcome is shown."""

    sign: str
    """A letter or two."""
    color: str
    """Behind the sign."""
    ink: str
    """Of the sign."""


@dataclass(frozen=True)
class Square:
    """One outcome in a grid."""

    row: str
    group: str
    """Of the row; empty: rows have none."""
    column: str
    outcome: str
    """A value of `Fate` or `Defence`."""
    about: str
    """What else is known; may be empty."""


FATES = {
    Fate.IDENTICAL.value: Mark("✓", "#2e7d4f", "#ffffff"),
    Fate.EQUAL.value: Mark("=", "#a8d5b5", "#10351f"),
    Fate.REFUSED.value: Mark("R", "#d9d9d9", "#222222"),
    Fate.FAILED.value: Mark("!", "#5b4a8a", "#ffffff"),
    Fate.CHANGED_TYPE.value: Mark("T", "#e8710a", "#1c1000"),
    Fate.CHANGED_VALUE.value: Mark("V", "#b3141c", "#ffffff"),
}
"""How each fate is shown."""

DEFENCES = {
    Defence.REFUSED.value: Mark("✓", "#2e7d4f", "#ffffff"),
    Defence.READ.value: Mark("=", "#a8d5b5", "#10351f"),
    Defence.OTHER_ERROR.value: Mark("E", "#f2c14e", "#2b1f00"),
    Defence.MEMORY.value: Mark("M", "#e8710a", "#1c1000"),
    Defence.TIME.value: Mark("T", "#c2570c", "#ffffff"),
    Defence.CRASH.value: Mark("!", "#5b4a8a", "#ffffff"),
    Defence.CODE.value: Mark("X", "#b3141c", "#ffffff"),
    Defence.NOT_APPLICABLE.value: Mark("·", "#d9d9d9", "#222222"),
}
"""How each defence is shown."""

MEANINGS = {
    Fate.IDENTICAL.value: "same types and values, and what was shared is shared",
    Fate.EQUAL.value: "same types and values, what was shared became equal copies",
    Fate.REFUSED.value: "an error said that the value cannot be kept",
    Fate.FAILED.value: "the wrong kind of error, no end, or the end of the process",
    Fate.CHANGED_TYPE.value: "silently: a type is another one",
    Fate.CHANGED_VALUE.value: "silently: a value is another one",
}
"""What the fates mean."""

DEFENCE_MEANINGS = {
    Defence.REFUSED.value: "an error of the right kind",
    Defence.READ.value: "a harmless value came of it",
    Defence.OTHER_ERROR.value: "an exception that no caller expects",
    Defence.MEMORY.value: "more memory than allowed",
    Defence.TIME.value: "longer than allowed",
    Defence.CRASH.value: "the process ended",
    Defence.CODE.value: "code that the bytes named was run",
    Defence.NOT_APPLICABLE.value: "the serializer has no such bytes",
}
"""What the defences mean."""


EVOLUTIONS = {
    OUTCOMES[Outcome.VERIFIED]: Mark("✓", "#2e7d4f", "#ffffff"),
    OUTCOMES[Outcome.REFUSED]: Mark("R", "#d9d9d9", "#222222"),
    OUTCOMES[Outcome.FAILED]: Mark("!", "#5b4a8a", "#ffffff"),
    OUTCOMES[Outcome.UNFAITHFUL]: Mark("V", "#b3141c", "#ffffff"),
}
"""How it is shown what becomes of sessions of yesterday's code."""

EVOLUTION_MEANINGS = {
    OUTCOMES[Outcome.VERIFIED]: "with what the class has today",
    OUTCOMES[Outcome.REFUSED]: "an error said that it cannot be read",
    OUTCOMES[Outcome.FAILED]: "anything else went wrong",
    OUTCOMES[Outcome.UNFAITHFUL]: "silently: something else came of it",
}
"""What these mean."""


def evolution_squares(result: Result) -> list[Square]:
    """Return what became of a session after each change."""
    return [Square(cell.change, "", cell.label, OUTCOMES[cell.outcome], cell.detail) for cell in result.evolution]


def fidelity_squares(result: Result) -> list[Square]:
    """Return what became of each value."""
    return [Square(cell.value, cell.group, cell.label, cell.fate.value, cell.detail) for cell in result.fidelity]


def hostile_squares(result: Result) -> list[Square]:
    """Return what became of each attack, with what it cost."""
    found: list[Square] = []
    for cell in result.hostile:
        facts = [f"{cell.payloads} payloads"]
        if cell.seconds is not None:
            ended = "those that ended " if cell.defence in (Defence.TIME, Defence.CRASH) else ""
            facts.append(f"{ended}at most {cell.seconds * 1e3:,.3g} ms")
        if cell.memory:
            facts.append(f"at most {cell.memory / 2**20:,.1f} MiB more")
        about = ", ".join(facts) + (f": {cell.detail}" if cell.detail else "")
        found.append(Square(cell.attack, "", cell.label, cell.defence.value, about))
    return found


def grid_chart(title: str, squares: Sequence[Square], marks: dict[str, Mark]) -> Spec | None:
    """Return a grid as a chart for documents; None if it is empty."""
    if not squares:
        return None
    values = [
        {"row": each.row, "column": each.column, "outcome": each.outcome, "sign": marks[each.outcome].sign,
         "ink": marks[each.outcome].ink}
        for each in squares
    ]  # fmt: skip
    seen = [outcome for outcome in marks if any(each.outcome == outcome for each in squares)]
    place = {
        "x": {"field": "column", "type": "nominal", "sort": None, "title": None,
              "axis": {"orient": "top", "labelAngle": -45, "labelLimit": 160}},
        "y": {"field": "row", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 260}},
    }  # fmt: skip
    color = {
        "field": "outcome",
        "scale": {"domain": seen, "range": [marks[outcome].color for outcome in seen]},
        "legend": {
            "title": None,
            "orient": "bottom",
            "columns": 4,
            "labelExpr": "{" + ", ".join(f"'{each}': '{marks[each].sign}  {each}'" for each in seen) + "}[datum.value]",
        },
    }
    return {
        "title": title,
        "description": f"{title}, by serializer.",
        "width": {"step": 44},
        "height": {"step": 20},
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "rect", "stroke": "white"}, "encoding": {**place, "color": color}},
            {
                "mark": {"type": "text", "fontWeight": "bold"},
                "encoding": {**place, "text": {"field": "sign"}, "color": {"field": "ink", "scale": None}},
            },
        ],
    }
