"""Times one call: warm, often enough for the clock, with the garbage collector in a known state.

Every call is made warm before anything is calibrated: a cold first call once passed for 18 % of the time of a small
dumps. A sample is long enough for the clock. The garbage collector is on, as in the processes that serve sessions,
unless asked otherwise, and what exists before the measurement is out of its sight.
"""

import gc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import repeat
from math import ceil
from time import perf_counter_ns

WARM_CALLS = 50
"""How often a call is made before it is calibrated."""

WARM_SECONDS = 0.01
"""Where that many calls take longer, warming ends after this time, in seconds, but never before the second call."""

_CLOCK_TICK = 1e-9


def warm(call: Callable[[], object]) -> float:
    """Make a call until it is warm, and return the seconds that the later calls took each, on average."""
    spent = 0.0
    timed = 0
    for number in range(WARM_CALLS):
        seconds = seconds_per_call(call, 1)
        if number:  # the first is the cold one
            spent += seconds
            timed += 1
        if spent > WARM_SECONDS:
            break
    return max(spent / timed, _CLOCK_TICK)


def calibrated(call: Callable[[], object], least_seconds: float) -> int:
    """Warm a call, and return how often it has to be made to last some time, in seconds."""
    loops = max(1, ceil(least_seconds / warm(call)))
    while loops > 1 and (taken := seconds_per_call(call, loops) * loops) < least_seconds:
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
def collector_settled(*, enabled: bool = True) -> Generator[None, None, None]:
    """Measure with the garbage collector on or off, spared from walking what existed before."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    (gc.enable if enabled else gc.disable)()
    try:
        yield
    finally:
        gc.unfreeze()
        (gc.enable if was_enabled else gc.disable)()
