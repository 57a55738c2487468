"""Has every case timed in worker processes of its own, in interleaved passes.

A pass is a fresh interpreter, with a hash seed and a place in memory of its own; in it every case is timed once, in a
process that was forked for it. The cases of a workload follow each other, so that what slows the machine down for a
while slows all of them down, and their order is shuffled anew in every pass, as is the order of the workloads. What
serializers are ranked by is timed in every pass, the rest in every third. Invariant: whatever a plug-in does ends in a
verdict on its case, and the others go on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from .case import Case, Outcome
from .isolation.forked import End
from .isolation.interpreter import Interpreter
from .operations import RANKED
from .preparing import Patience, Preparation, ask, prepared
from .worker import Examination, Times, failed

ORDER_SEED = 57721
"""Where the random orders start: the first digits of Euler's constant, 0.57721."""

FULL_PASS = 3
"""One pass in so many times all operations."""

EXAMINATION_SECONDS = 30.0
"""How long a worker may take to verify and calibrate a case of one session."""

POPULATION_SECONDS = 300.0
"""How long it may take for a population, which may be a thousand sessions of somebody's application."""

TIMING_SECONDS = 60.0
"""How long a worker may take to time a case."""

_EXAMINED = "memcached_sessions.bench.worker:examined"
_BUILD = "memcached_sessions.bench.errand:build"
_TIMED = "memcached_sessions.bench.worker:timed"


@dataclass
class Cell:
    """A case with one state of the garbage collector, and what the workers found so far."""

    case: Case
    collect: bool
    """Whether the garbage collector is on."""
    found: Examination
    samples: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """Seconds for one session, by operation, one of each pass that timed it."""
    sizes: set[int] = field(default_factory=set[int])
    """Of all payloads together, as the workers saw them."""

    @property
    def verified(self) -> bool:
        """Whether its workers may time it."""
        return self.found["outcome"] == Outcome.VERIFIED


@dataclass(frozen=True)
class Passes:
    """How much is measured."""

    count: int
    """Worker processes for each case; at least 1."""
    samples: int
    """Of each operation in each worker."""
    sample_seconds: float
    """The least duration of one sample."""


Progress = Callable[[str, int, int], None]
"""What is done, how far, and of how much."""


def measure(
    cases: Sequence[Case],
    address: str | None,
    passes: Passes,
    *,
    collectors: Sequence[bool] = (True,),
    preparations: Sequence[Preparation] = (),
    progress: Progress,
) -> list[Cell]:
    """Verify cases and time the verified ones.

    Parameters
    ----------
    cases
        Of any workloads.
    address
        Of the memcached; None: round trips stay in memory.
    passes
        How much is measured.
    collectors
        The states of the garbage collector to measure in: True is on.
    preparations
        Tasks that every interpreter begins with.
    progress
        Called after every case.

    Returns
    -------
    A cell for each state of the collector of each case, in their order.
    """
    cells = _examined(cases, address, passes, preparations, progress)
    cells = [Cell(cell.case, collect, cell.found) for collect in collectors for cell in cells]
    random = Random(ORDER_SEED)  # noqa: S311 - an order, no secret
    names = sorted({cell.case.workload.name for cell in cells if cell.verified})
    for number in range(passes.count):
        with prepared([*preparations, (_BUILD, {"names": names})]) as interpreter:
            in_order = list(_shuffled(cells, random))
            for done, cell in enumerate(in_order, 1):
                _time(cell, interpreter, address, passes, number, random.getrandbits(32))
                progress("timing", number * len(in_order) + done, passes.count * len(in_order))
    return cells


def _examined(
    cases: Sequence[Case],
    address: str | None,
    passes: Passes,
    preparations: Sequence[Preparation],
    progress: Progress,
) -> list[Cell]:
    cells: list[Cell] = []
    patience = Patience()
    arguments = {"address": address, "sample_seconds": passes.sample_seconds}
    with prepared(preparations) as interpreter:
        for done, case in enumerate(cases, 1):
            seconds = POPULATION_SECONDS if case.workload.population else EXAMINATION_SECONDS
            ended = patience.ask(interpreter, _EXAMINED, case, arguments, seconds=seconds)
            found = ended.value if ended.end is End.RETURNED else failed(ended.detail)
            cells.append(Cell(case, collect=True, found=found))
            progress("verifying", done, len(cases))
    return cells


def _time(cell: Cell, interpreter: Interpreter, address: str | None, passes: Passes, number: int, seed: int) -> None:
    if not cell.verified:
        return
    everything = number % FULL_PASS == 0
    arguments = {
        "address": address,
        "loops": {name: loops for name, loops in cell.found["loops"].items() if everything or name in RANKED},
        "samples": passes.samples,
        "seed": seed,
        "sessions": cell.found["sample"],
        "identity": cell.found["identity"],
        "collect": cell.collect,
    }
    ended = ask(interpreter, _TIMED, cell.case, arguments, seconds=TIMING_SECONDS)
    if ended.end is not End.RETURNED:
        cell.found = failed(f"in pass {number + 1}, after it was verified: {ended.detail}")
        return
    times: Times = ended.value
    cell.sizes.add(times["bytes"])
    for operation, seconds in times["seconds"].items():
        cell.samples.setdefault(operation, []).append(seconds)


def _shuffled(cells: Sequence[Cell], random: Random) -> Iterator[Cell]:
    """Yield the cells workload by workload, both in a new order."""
    workloads: dict[str, list[Cell]] = {}
    for cell in cells:
        workloads.setdefault(cell.case.workload.name, []).append(cell)
    for name in random.sample(sorted(workloads), len(workloads)):
        yield from random.sample(workloads[name], len(workloads[name]))
