"""Times what was verified: every operation of every case, in interleaved passes.

How it is measured, and against which mistake: every call is made warm before anything is calibrated (a cold first call
once passed for 18 % of the time of a small dumps); a sample is long enough for the clock; the cells of a workload are
shuffled anew in every pass, so that a machine that gets slower meanwhile favours nobody; the garbage collector stays
on, as it is in the processes that serve sessions, with what exists before the measurement moved out of its sight.
"""

import gc
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import repeat
from math import ceil
from random import Random
from time import perf_counter_ns

from .case import Ready, ReadyCase, ReadyFloor
from .store import SessionStore

WARM_CALLS = 50
"""How often a call is made before it is calibrated."""

WARM_SECONDS = 0.5
"""Where that many calls take longer, warming ends after this time, in seconds, but never before the third call."""

SAMPLE_SECONDS = 0.005
"""The least duration of one sample, in seconds."""

ROUND_TRIP_SAMPLE_SECONDS = 0.010
"""The same for round trips, whose single calls vary more, in seconds."""

_CLOCK_TICK = 1e-9


class Operation(StrEnum):
    """What is timed."""

    DUMPS = "dumps"
    LOADS = "loads"
    ROUND_TRIP = "round_trip"
    """dumps, set, get, loads."""
    BARE_DUMPS = "bare_dumps"
    """The library under the serializer alone."""
    BARE_LOADS = "bare_loads"


Timings = Mapping[Operation, Sequence[float]]
"""Seconds per call, one value for each pass, in the order of the passes; an operation that a case lacks is absent."""


class RoundTrip:
    """One request's worth of a session: stored after a request, fetched and loaded by the next."""

    def __init__(self, ready: ReadyCase, store: SessionStore, key: str) -> None:
        self._dumps = ready.serializer.dumps
        self._loads = ready.serializer.loads
        self._sessions = ready.sessions
        self._set = store.set
        self._get = store.get
        self._key = key

    def run(self) -> object:
        """Store each session, fetch it and return what came back of the last.

        Raises
        ------
        LookupError
            The store has lost it.
        """
        loaded: object = None
        for session in self._sessions:
            self._set(self._key, self._dumps(session))
            payload = self._get(self._key)
            if payload is None:
                raise LookupError(f"the store lost {self._key!r} between set and get: it may be full")
            loaded = self._loads(payload)
        return loaded


@dataclass(frozen=True)
class _Cell:
    case: int
    operation: Operation
    call: Callable[[], object]
    loops: int


def measure(
    cases: Sequence[Ready],
    store: SessionStore,
    *,
    passes: int,
    random: Random,
    progress: Callable[[int], None] | None = None,
) -> list[Timings]:
    """Time every operation of cases that are compared with each other.

    Parameters
    ----------
    cases
        Verified cases, usually those of one workload.
    store
        Where the sessions go.
    passes
        How many samples of each operation; at least 1.
    random
        Decides the order within each pass.
    progress
        Called with the number of every pass that is done, from 1.

    Returns
    -------
    The timings of each case, in the order of `cases`.
    """
    measured: list[dict[Operation, list[float]]] = [{} for _ in cases]
    with collector_settled():
        cells = [
            _Cell(number, operation, call, calibrated(call, _least_seconds(operation)))
            for number, case in enumerate(cases)
            for operation, call in _calls(case, store, f"session-{number}")
        ]
        for done in range(1, passes + 1):
            random.shuffle(cells)
            for cell in cells:
                seconds = seconds_per_call(cell.call, cell.loops)
                measured[cell.case].setdefault(cell.operation, []).append(seconds)
            if progress:
                progress(done)
    return list(measured)


def warm(call: Callable[[], object]) -> float:
    """Make a call until it is warm, and return the seconds that the later calls took each, on average."""
    spent = 0.0
    timed = 0
    for number in range(WARM_CALLS):
        seconds = seconds_per_call(call, 1)
        if number:  # the first is the cold one
            spent += seconds
            timed += 1
        if spent > WARM_SECONDS and timed > 1:
            break
    return max(spent / timed, _CLOCK_TICK)


def calibrated(call: Callable[[], object], least_seconds: float) -> int:
    """Warm a call, and return how often it has to be made to last some time, in seconds."""
    loops = max(1, ceil(least_seconds / warm(call)))
    while (taken := seconds_per_call(call, loops) * loops) < least_seconds:
        loops = max(loops + 1, ceil(loops * least_seconds / taken))
    return loops


def seconds_per_call(call: Callable[[], object], loops: int) -> float:
    """Make a call some times, and return the seconds that each took on average."""
    rounds = repeat(None, loops)
    started = perf_counter_ns()
    for _ in rounds:
        call()
    return (perf_counter_ns() - started) / loops / 1e9


@contextmanager
def collector_settled() -> Generator[None, None, None]:
    """Measure with the garbage collector on, spared from walking what existed before."""
    was_enabled = gc.isenabled()
    gc.enable()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if not was_enabled:
            gc.disable()


def _calls(case: Ready, store: SessionStore, key: str) -> Iterator[tuple[Operation, Callable[[], object]]]:
    if isinstance(case, ReadyFloor):
        yield Operation.LOADS, case.loads()
        return
    yield Operation.DUMPS, case.dumps()
    yield Operation.LOADS, case.loads()
    yield Operation.ROUND_TRIP, RoundTrip(case, store, key).run
    if case.library:
        yield Operation.BARE_DUMPS, case.library.dumps
        yield Operation.BARE_LOADS, case.library.loads


def _least_seconds(operation: Operation) -> float:
    return ROUND_TRIP_SAMPLE_SECONDS if operation is Operation.ROUND_TRIP else SAMPLE_SECONDS
