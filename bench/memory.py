"""How much memory one dumps and one loads take at their peak, beyond what was there before.

Each case is measured in a child, by tracemalloc: with a warm serializer, without the garbage collector, the least of
three calls. For a workload of many sessions it is the session with the largest payload. What the call returns is part
of the peak.

What tracemalloc counts is what goes through Python's allocators, as far as it is asked for. Tried out with the versions
of 2026: orjson, msgpack, ormsgpack, msgspec and pickle write into memory of Python's, and are counted. orjson reserves
more for a large result than it ever touches, and that is counted in full. Not counted is what a library takes from
`malloc` by itself: the buffers that cbor2 and pyfory write into, and those of compact; of these only the result is.
"""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypedDict

from .case import Case
from .each_case import Figures, Progress, for_each, made_case
from .errand import CaseData
from .preparing import Preparation
from .result import Memory

_SECONDS = 30.0
"""That a case may take."""

_CALLS = 3


class Peaks(TypedDict):
    """In bytes."""

    dumps: int
    loads: int


def memories(
    cases: Sequence[Case], *, preparations: Sequence[Preparation] = (), progress: Progress | None = None
) -> Figures[Memory]:
    """Return how much memory cases take, by workload and label.

    Parameters
    ----------
    cases
        Verified ones; those without bytes are left out.
    preparations
        Tasks that every interpreter begins with.
    progress
        Is told how many cases are done.
    """
    figures = for_each(
        f"{__name__}:measured", cases, {}, seconds=_SECONDS, preparations=preparations, progress=progress
    )
    return figures.each(lambda peaks: Memory(**peaks))


def measured(case: CaseData) -> Peaks:
    """Return the peaks of a case; runs in a child."""
    case_made = made_case(case)
    session, payload = case_made.sessions[case_made.largest], case_made.payloads[case_made.largest]
    case_made.serializer.loads(payload)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    return Peaks(
        dumps=_peak(partial(case_made.serializer.dumps, session)),
        loads=_peak(partial(case_made.serializer.loads, payload)),
    )


def _peak(call: Callable[[], object]) -> int:
    return min(_peak_once(call) for _ in range(_CALLS))


def _peak_once(call: Callable[[], object]) -> int:
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    call()
    return tracemalloc.get_traced_memory()[1] - before
