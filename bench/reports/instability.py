"""Says where the figures of a result are not steady, so that nobody has to find out by running it twice.

Looked at are the worker processes, not the samples of one of them, which are too alike to show what differs from
process to process. Invariant: a single bad process, which moves no median, warns of nothing. All functions are pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from ..intervals import CONFIDENCE, TIE_BAND, Estimate, coverage
from ..operations import RANKED
from ..result import BASELINE, CaseResult, Noise, Result
from .figures import Figure
from .reading import row_name
from .rendering import Block, Heading, Lines, Row, Table

SPREAD = 0.10
"""How far off the median half of the worker processes are, as a part of it, from which on a figure is unsteady."""

SHOWN = 10
"""How many unsteady figures a table names."""


@dataclass(frozen=True)
class _Spread:
    workload: str
    row: str
    operation: str
    half: float
    """How far off the median half of the worker processes are at least, as a part of it."""
    farthest: float
    """Of the worker process that is farthest from the median, by the median."""


def instability(result: Result) -> list[str]:
    """Return what makes the figures of a result less sure than they look, one line each; none if there is nothing.

    Parameters
    ----------
    result
        Whose `CaseResult.samples`, noise and passes are looked at.
    """
    return [*_unsteady_line(result), *_passes(result), *_noise(result), *_noise_unknown(result)]


def noise_blocks(result: Result) -> Iterator[Block]:
    """Return what the warnings come of: how far one serializer is from itself, and the least steady figures."""
    if result.noise:
        yield Heading("Noise")
        yield Lines(("The baseline by itself, measured under another name (A/A): without noise all would be 1.",))
        rows = tuple(
            Row((f"{each.workload}, gc {'on' if each.gc == 'enabled' else 'off'}", *map(_ratio, _ratios(each))))
            for each in result.noise
        )
        yield Table(("workload", *(each.replace("_", " ") for each in RANKED)), rows)
    if unsteady := _unsteady(result)[:SHOWN]:
        yield Heading("Least steady figures")
        yield Lines(("How far off the median half of the worker processes are, and the farthest one by the median.",))
        yield Table(("workload", "serializer", "operation", "half off by", "farthest"),
                    tuple(map(_spread_row, unsteady)), texts=3)  # fmt: skip


def _spreads(result: Result) -> list[_Spread]:
    return [spread for case in result.cases for spread in _of_case(result, case)]


def _of_case(result: Result, case: CaseResult) -> Iterator[_Spread]:
    for operation, samples in case.samples.items():
        middle = median(samples) if samples else 0.0
        if len(samples) < 2 or middle <= 0:
            continue
        half = median(abs(sample - middle) for sample in samples) / middle
        farthest = max(samples, key=lambda sample: abs(sample - middle)) / middle
        yield _Spread(case.workload, row_name(result, case), operation.replace("_", " "), half, farthest)


def _unsteady(result: Result) -> list[_Spread]:
    """Return the unsteady figures, the least steady first."""
    return sorted((each for each in _spreads(result) if each.half >= SPREAD), key=lambda each: -each.half)


def _unsteady_line(result: Result) -> Iterator[str]:
    if unsteady := _unsteady(result):
        worst = unsteady[0]
        yield (
            f"unsteady: in {len(unsteady)} of {len(_spreads(result))} figures half of the worker processes are "
            f"{100 * SPREAD:.0f} % or more off the median, most in {worst.workload}, {worst.row} {worst.operation}: "
            f"{100 * worst.half:.0f} %"
        )


def _passes(result: Result) -> Iterator[str]:
    if result.method:
        return  # measured by others, in another way: their passes are no worker processes
    alone = coverage(result.passes)
    if alone < CONFIDENCE:
        yield (
            f"few passes: with {result.passes} the interval of a figure is the whole range of what was seen and holds "
            f"with {100 * alone:.1f} %, not {100 * CONFIDENCE:.0f} %: ask for more"
        )
    elif result.confidence < CONFIDENCE:
        yield (
            f"few passes: with {result.passes} all intervals of a table hold together with only "
            f"{100 * result.confidence:.1f} %: some rankings may not repeat; ask for more"
        )


def _noise(result: Result) -> Iterator[str]:
    """Hold one serializer under two names against the least band, not against one that was widened for it."""
    distances = [
        (max(ratio.median, 1 / ratio.median) - 1, f"{each.workload}, {operation.replace('_', ' ')}")
        for each in result.noise
        for operation, ratio in zip(RANKED, _ratios(each), strict=True)
    ]
    far = [each for each in distances if each[0] > TIE_BAND]
    if far:
        distance, where = max(far)
        yield (
            f"noisy machine: one serializer under two names came out more than {100 * TIE_BAND:.0f} % apart in "
            f"{len(far)} of {len(distances)} comparisons, most in {where}: {100 * distance:.1f} %; ties are as wide"
        )


def _noise_unknown(result: Result) -> Iterator[str]:
    if unknown := _without_noise(result):
        yield (
            f"noise unknown: on {', '.join(unknown)} {BASELINE} was not timed under two names, for one of the two "
            f"failed: how far apart equals come out there is not part of the ties"
        )


def _without_noise(result: Result) -> list[str]:
    """Return the tables that have figures to rank by and no A/A comparison."""
    known = {(noise.workload, noise.gc) for noise in result.noise}
    timed = [case for case in result.cases if case.verified and set(RANKED) <= set(case.samples)]
    tables = dict.fromkeys((case.workload, case.gc) for case in timed)
    return [f"{workload} (gc {gc})" for workload, gc in tables if (workload, gc) not in known]


def _ratios(noise: Noise) -> tuple[Estimate, ...]:
    return tuple(getattr(noise, operation) for operation in RANKED)


def _ratio(ratio: Estimate) -> str:
    return Figure(f"{ratio.median:.3f} ({ratio.low:.3f}-{ratio.high:.3f})", ratio.median)


def _spread_row(each: _Spread) -> Row:
    half, farthest = Figure(f"{100 * each.half:.0f} %", each.half), Figure(f"{each.farthest:.1f} times", each.farthest)
    return Row((each.workload, each.row, each.operation, half, farthest))
