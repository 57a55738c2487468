"""Makes the rows of a result of what the workers found: medians, intervals, and ratios taken pass by pass.

All functions are pure. Invariant: a ratio is of two cases that were timed in the same passes, with the garbage
collector in the same state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .case import Outcome
from .floor import FLOOR
from .intervals import TIE_BAND, Estimate, all_together, each_of, estimate, exactly
from .operations import RANKED, Operation
from .passes import FULL_PASS, Cell
from .result import BASELINE, CaseResult, Noise, Ratios

AGAIN = "-again"
"""What the label of a case ends in that is timed a second time, under another name."""

TWIN = BASELINE + "-twin"
"""The label of the baseline under another name, which tells the noise; one that is asked for is a row, and `AGAIN`."""


def case_results(cells: Sequence[Cell]) -> tuple[CaseResult, ...]:
    """Return the row of every cell but those of the baseline's twin."""
    return tuple(
        _case_result(cell, table) for table in _tables(cells) for cell in table.values() if cell.case.label != TWIN
    )


def noise(cells: Sequence[Cell]) -> tuple[Noise, ...]:
    """Return how far apart the baseline and its twin came out on every workload that has both."""
    found: list[Noise] = []
    tables = _tables(cells)
    each = each_of(len(tables) * len(RANKED))
    for table in tables:
        one, other = table.get(BASELINE), table.get(TWIN)
        if not one or not other:
            continue
        ratios = [_quotient(one, other, operation, each) for operation in RANKED]
        dumps, loads, round_trip = ratios
        if dumps and loads and round_trip:
            found.append(Noise(one.case.workload.name, _state(one), dumps, loads, round_trip))
    return tuple(found)


def tie_band(found: Iterable[Noise]) -> dict[str, float]:
    """Return how close to 1 a ratio is a tie, by operation: the largest distance of an A/A comparison, or more."""
    medians: dict[str, list[float]] = {operation.value: [1.0] for operation in RANKED}
    for each in found:
        for operation, values in medians.items():
            ratio: Estimate = getattr(each, operation)
            values.append(ratio.median)
    distances = {operation: max(max(value, 1 / value) for value in values) - 1 for operation, values in medians.items()}
    return {operation: round(max(TIE_BAND, distance), 4) for operation, distance in distances.items()}


def confidence(cells: Sequence[Cell], passes: int) -> float:
    """Return how likely all intervals of the ratios of any one table hold together."""
    return min((all_together(_comparisons(table), passes) for table in _tables(cells)), default=0.0)


Table = Mapping[str, Cell]
"""The cells of one workload, with one state of the garbage collector, by label."""


def _tables(cells: Sequence[Cell]) -> list[Table]:
    tables: dict[tuple[str, bool], dict[str, Cell]] = {}
    for cell in cells:
        tables.setdefault((cell.case.workload.name, cell.collect), {})[cell.case.label] = cell
    return list(tables.values())


def _comparisons(table: Table) -> int:
    """How many ratios to the baseline a table shows."""
    rows = sum(cell.verified for label, cell in table.items() if label not in (BASELINE, TWIN))
    return max(rows, 1) * len(RANKED)


def _state(cell: Cell) -> str:
    return "enabled" if cell.collect else "disabled"


def _case_result(cell: Cell, table: Table) -> CaseResult:
    case, found = cell.case, cell.found
    row = CaseResult(
        case.workload.name,
        case.serializer,
        case.label,
        case.options,
        Outcome(found["outcome"]),
        verified=cell.verified,
        detail=found["detail"],
        path=found["path"],
        gc=_state(cell),
    )
    return _measured(row, cell, table) if cell.verified else row


def _measured(row: CaseResult, cell: Cell, table: Table) -> CaseResult:
    found, sizes = cell.found, cell.found["payloads"]
    each = each_of(_comparisons(table))
    baseline, floor = table.get(BASELINE), table.get(FLOOR)
    times: dict[str, Any] = {operation: estimate(values) for operation, values in cell.samples.items()}
    return replace(
        row,
        **times,
        varying=_varying_size(cell),
        identity=found["identity"],
        sessions=found["sessions"],
        bytes=sum(sizes) or None,
        largest=max(sizes, default=None),
        conversion_dumps=_beyond(cell, Operation.DUMPS, Operation.BARE_DUMPS),
        conversion_loads=_beyond(cell, Operation.LOADS, Operation.BARE_LOADS),
        overhead_dumps=_overhead(cell, Operation.DUMPS, Operation.BARE_DUMPS),
        overhead_loads=_overhead(cell, Operation.LOADS, Operation.BARE_LOADS),
        loads_over_floor=_quotient(cell, floor, Operation.LOADS, each) if floor and floor is not cell else None,
        items=found["items"],
        converted=found["converted"],
        written_in=found["written_in"],
        ratio=_ratios(cell, baseline, each) if baseline and baseline.verified else Ratios(),
        samples={name: tuple(_short(value) for value in values) for name, values in cell.samples.items()},
    )


def _ratios(cell: Cell, baseline: Cell, confidence: float) -> Ratios:
    mine, base = sum(cell.found["payloads"]), sum(baseline.found["payloads"])
    return Ratios(
        dumps=_quotient(baseline, cell, Operation.DUMPS, confidence),
        loads=_quotient(baseline, cell, Operation.LOADS, confidence),
        round_trip=_quotient(baseline, cell, Operation.ROUND_TRIP, confidence),
        bytes=exactly(mine / base) if mine and base else None,
    )


def _quotient(one: Cell, other: Cell, operation: Operation, confidence: float) -> Estimate | None:
    """Return the time of one by the time of the other, pass by pass; None if one of them has no such times."""
    mine, others = one.samples.get(operation), other.samples.get(operation)
    if not (one.verified and other.verified and mine and others):
        return None
    return estimate([dividend / divisor for dividend, divisor in zip(mine, others, strict=True)], confidence)


def _beyond(cell: Cell, whole: Operation, bare: Operation) -> Estimate | None:
    couples = _both(cell, whole, bare)
    return estimate([max(0.0, ours - library) for ours, library in couples]) if couples else None


def _overhead(cell: Cell, whole: Operation, bare: Operation) -> Estimate | None:
    couples = _both(cell, whole, bare)
    return estimate([ours / library - 1 for ours, library in couples]) if couples else None


def _both(cell: Cell, whole: Operation, bare: Operation) -> list[tuple[float, float]]:
    """Return the times of both operations in the passes that timed the bare one."""
    library = cell.samples.get(bare, [])
    return list(zip(cell.samples[whole][::FULL_PASS], library, strict=True)) if library else []


def _varying_size(cell: Cell) -> str:
    low, high = min(cell.sizes, default=0), max(cell.sizes, default=0)
    what = "a session" if len(cell.found["sample"]) == 1 else f"the {len(cell.found['sample'])} sessions timed"
    return f"{low:,} to {high:,} bytes for {what}, from process to process" if low < high else ""


def _short(seconds: float) -> float:
    """Return a time with as many digits as a clock is worth."""
    return float(f"{seconds:.5g}")
