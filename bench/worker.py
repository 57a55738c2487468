"""What a worker process does: verify a case and see how long its calls take, or time them.

These are the tasks of an `Interpreter`; what goes in and out is what JSON carries. Invariant: a case is timed only in
workers that begin after one has verified it.
"""

import os
from collections.abc import Mapping, Sequence
from random import Random
from statistics import median
from typing import TypedDict

from ..serializers.readable import readable
from .case import Outcome, Ready, ReadyCase, examine, ready_again
from .core import keep_to_one_core
from .errand import CaseData, built, case_of
from .measuring import calibrated, collector_settled, seconds_per_call, warm
from .operations import Call, Operation, operations_of
from .sampling import spread
from .store import connected

ROUND_TRIP_FACTOR = 2
"""Samples of round trips are this much longer than others, for their single calls vary more."""


ENOUGH_SECONDS = 0.03
"""After so long there is no further sample: a call that takes milliseconds needs no median against the clock."""


class Examination(TypedDict):
    """What a worker found about a case; all but the first three are there only if it is verified."""

    outcome: str
    detail: str
    path: str
    identity: bool
    sessions: int
    payloads: list[int]
    """The sizes, in bytes."""
    sample: list[int]
    """The numbers of the sessions that are timed: all, or of a large population some that are spread over all sizes."""
    items: int | None
    """Of one session; of a population, of one on average. So is the other."""
    converted: int | None
    written_in: str | None
    loops: dict[str, int]
    """How often each operation has to be called for a sample."""


class Times(TypedDict):
    """What a worker measured."""

    seconds: dict[str, float]
    """For one session, by operation: the median of the worker's samples."""
    bytes: int
    """Of the payloads of the sessions that were timed, in this process."""


def examined(case: CaseData, address: str | None, sample_seconds: float) -> Examination:
    """Verify a case and calibrate its operations.

    Parameters
    ----------
    case
        As `data_of` made it.
    address
        Of the memcached; None: a store in memory.
    sample_seconds
        The least duration of a sample.
    """
    keep_to_one_core(os.getpid())
    with connected(address) as store:
        found = examine(case_of(case), store)
        verdict, ready = found.verdict, found.ready
        about = _about(ready, str(verdict.outcome), verdict.detail, verdict.path)
        if ready:
            sample = [ready.sessions[number] for number in about["sample"]]
            ready = ready_again(ready.case, sample, keeps_identity=ready.keeps_identity)
            _tell_library(about, ready)
            with collector_settled():
                for operation, call in operations_of(ready, store).items():
                    about["loops"][operation] = calibrated(call, _least_seconds(operation, sample_seconds))
        return about


def timed(
    case: CaseData,
    address: str | None,
    loops: Mapping[str, int],
    samples: int,
    seed: int,
    *,
    sessions: Sequence[int],
    identity: bool,
    collect: bool,
) -> Times:
    """Time operations of a case that was verified.

    Parameters
    ----------
    case
        As `data_of` made it.
    address
        Of the memcached; None: a store in memory.
    loops
        By the operations to time, how often a call is made for one sample.
    samples
        Of each operation, at most; fewer where they take longer than `ENOUGH_SECONDS` together.
    seed
        Decides the order of the operations.
    sessions
        The numbers of those that are timed, as `examined` chose them.
    identity
        What it found about shared objects.
    collect
        Whether the garbage collector is on.
    """
    keep_to_one_core(os.getpid())
    about = case_of(case)
    every = built(about.workload)
    ready = ready_again(about, [every[number] for number in sessions], keeps_identity=identity)
    seconds: dict[str, float] = {}
    with connected(address) as store, collector_settled(enabled=collect):
        calls = operations_of(ready, store)
        order = sorted(loops)
        Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
        for operation in order:
            call, times = calls[Operation(operation)], loops[operation]
            seconds[operation] = _seconds(call, times, samples) / len(ready.sessions)
    return Times(seconds=seconds, bytes=sum(map(len, ready.payloads)))


def _seconds(call: Call, loops: int, samples: int) -> float:
    warm(call)
    taken: list[float] = []
    while len(taken) < samples and sum(taken) * loops < ENOUGH_SECONDS:
        taken.append(seconds_per_call(call, loops))
    return median(taken)


def _least_seconds(operation: Operation, sample_seconds: float) -> float:
    return sample_seconds * (ROUND_TRIP_FACTOR if operation is Operation.ROUND_TRIP else 1)


def _about(ready: Ready | None, outcome: str, detail: str, path: str) -> Examination:
    return Examination(
        outcome=outcome,
        detail=detail,
        path=path,
        identity=ready.keeps_identity if ready else False,
        sessions=len(ready.sessions) if ready else 0,
        payloads=[len(payload) for payload in ready.payloads] if ready else [],
        sample=spread(ready.case.workload.sessions()) if ready else [],
        items=None,
        converted=None,
        written_in=None,
        loops={},
    )


def _tell_library(about: Examination, ready: Ready) -> None:
    """Add what is known of the library under the serializer, of the sessions that are timed."""
    library = ready.library if isinstance(ready, ReadyCase) else None
    if library:
        about["items"] = round(library.items / len(ready.sessions))
        about["converted"] = round(library.converted / len(ready.sessions))
        about["written_in"] = readable(library.implementation)


def failed(detail: str) -> Examination:
    """Return what is known of a case whose worker came to no end of its own."""
    return _about(None, str(Outcome.FAILED), detail, "")
