"""Says where the figures of a result are not steady, so that nobody has to find out by running it twice.

The checks and their thresholds follow those of pyperf (`pyperf check`), but over processes: values of one process are
too alike to show what differs from process to process. All functions are pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, stdev

from ..intervals import CONFIDENCE, TIE_BAND, coverage, is_tie
from ..ranking import OPERATIONS
from ..result import BASELINE, CaseResult, Result
from .reading import row_name

SPREAD = 0.10
"""The standard deviation between worker processes, as a part of their median, from which on figures are unsteady."""

OUTLIER = 0.50
"""How far from the median, as a part of it, a single worker process may be."""

SHOWN = 3
"""How many of the worst are named."""


@dataclass(frozen=True)
class _Cell:
    name: str
    spread: float
    farthest: float
    """Of the worker process that is farthest from the median, by the median."""


def instability(result: Result) -> list[str]:
    """Return what makes the figures of a result less sure than they look, one line each; none if there is nothing.

    Parameters
    ----------
    result
        Whose `CaseResult.samples`, noise and passes are looked at.
    """
    cells = [cell for case in result.cases for cell in _cells(result, case)]
    return [*_spread(cells), *_outliers(cells), *_passes(result), *_noise(result)]


def _cells(result: Result, case: CaseResult) -> Iterator[_Cell]:
    for operation, samples in case.samples.items():
        middle = median(samples) if samples else 0.0
        if len(samples) < 2 or middle <= 0:
            continue
        farthest = max(samples, key=lambda sample: abs(sample - middle))
        name = f"{case.workload}, {row_name(result, case)} {operation.replace('_', ' ')}"
        yield _Cell(name, stdev(samples) / middle, farthest / middle)


def _spread(cells: list[_Cell]) -> Iterator[str]:
    unsteady = sorted((cell for cell in cells if cell.spread >= SPREAD), key=lambda cell: -cell.spread)
    if unsteady:
        worst = "; ".join(f"{cell.name} {100 * cell.spread:.0f} %" for cell in unsteady[:SHOWN])
        yield (
            f"unsteady: in {len(unsteady)} of {len(cells)} measures the worker processes differ by {100 * SPREAD:.0f} "
            f"% of the median or more (standard deviation), most: {worst}"
        )


def _outliers(cells: list[_Cell]) -> Iterator[str]:
    far = [cell for cell in cells if abs(cell.farthest - 1) >= OUTLIER]
    if far:
        far.sort(key=lambda cell: -abs(cell.farthest - 1))
        worst = "; ".join(f"{cell.name} {cell.farthest:.1f} times the median" for cell in far[:SHOWN])
        yield (
            f"outliers: in {len(far)} of {len(cells)} measures a worker process is {100 * OUTLIER:.0f} % or more off "
            f"the median, most: {worst}"
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
    wide = [f"{operation.replace('_', ' ')} {100 * band:.1f} %" for operation, band in result.tie_band.items()
            if band > TIE_BAND]  # fmt: skip
    if wide:
        yield (
            f"noisy machine: one serializer under two names came out so far apart that ties are wider than "
            f"{100 * TIE_BAND:.0f} %: {', '.join(wide)}"
        )
    if unknown := _without_noise(result):
        yield (
            f"noise unknown: on {', '.join(unknown)} {BASELINE} was not timed under two names, for one of the two "
            f"failed: how far apart equals come out there is not part of the ties"
        )
    for noise in result.noise:
        for operation in OPERATIONS:
            ratio = getattr(noise, operation)
            if not is_tie(ratio, result.tie_band.get(operation, TIE_BAND)):
                yield (
                    f"noisy machine: on {noise.workload} (gc {noise.gc}) one serializer under two names is no tie in "
                    f"{operation.replace('_', ' ')}: {ratio.median:.3f} ({ratio.low:.3f}-{ratio.high:.3f})"
                )


def _without_noise(result: Result) -> list[str]:
    """Return the tables that have figures to rank by and no A/A comparison."""
    known = {(noise.workload, noise.gc) for noise in result.noise}
    timed = [case for case in result.cases if case.verified and set(OPERATIONS) <= set(case.samples)]
    tables = dict.fromkeys((case.workload, case.gc) for case in timed)
    return [f"{workload} (gc {gc})" for workload, gc in tables if (workload, gc) not in known]
