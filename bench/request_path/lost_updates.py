"""Counts the updates that are lost when two threads change different attributes of one session at the same time."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from .result import LostUpdates
from .subject import Subject

INCREMENTS = 200
"""That each thread makes."""

THINK_TIMES = (0.0, 0.001)
"""Seconds between read and write."""


def lost_updates(subject: Subject, runs: int) -> tuple[LostUpdates, ...]:
    """Count what is lost for each of `THINK_TIMES`.

    Parameters
    ----------
    subject
        Whose first session is used, with attributes of its own.
    runs
        How often it is done.
    """
    return tuple(
        LostUpdates(think, 2 * INCREMENTS, tuple(_lost(subject, think, f"t{think}-{run}") for run in range(runs)))
        for think in THINK_TIMES
    )


def _lost(subject: Subject, think: float, run: str) -> int:
    names = (f"{run}-a", f"{run}-b")
    together = Barrier(len(names))

    def increments(name: str) -> None:
        together.wait()
        for _ in range(INCREMENTS):
            subject.increment(name, think)

    with ThreadPoolExecutor(len(names)) as threads:
        for done in [threads.submit(partial(increments, name)) for name in names]:
            done.result()
    subject.settle()
    stored = subject.stored(0)
    return sum(INCREMENTS - stored.get(name, 0) for name in names)
