"""Times requests in small batches whose order is shuffled anew in every pass.

How it is measured, and against which mistake: every kind of request of every subject takes part in every pass, so that
a machine that gets slower meanwhile favours nobody; each session is visited once before a batch, for the batch before
was of something else; the garbage collector is off within a batch, for it would strike one library for what another
one left behind; what the background does for the requests of a batch is over before the next one begins, and is counted
as processor time. Batches are short and many, for whatever else runs on the machine takes whole slices of a core: it
disturbs some batches, and leaves most alone.
"""

import gc
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from random import Random
from time import perf_counter, process_time, sleep

from .result import Kind
from .server import Server
from .subject import FIRST_NUMBER, SESSIONS, Subject

BATCH_SECONDS = 0.005
"""How long a batch is to last, if `MOST_REQUESTS` do not take less."""

LEAST_REQUESTS = 32
MOST_REQUESTS = {kind: SESSIONS if kind is Kind.CHANGE else 8 * SESSIONS for kind in Kind}
"""In a batch."""

PAUSE = 0.001
"""Seconds before each paced request."""

PACED_REQUESTS = 5
"""In a pass."""

_numbers = count(FIRST_NUMBER)


@dataclass
class Samples:
    """What was measured of one kind of request: seconds for one request, a value for each pass."""

    requests: int
    """In a batch."""
    latency: list[float] = field(default_factory=list[float])
    client_cpu: list[float] = field(default_factory=list[float])
    server_cpu: list[float] = field(default_factory=list[float])
    """Empty if the system does not say."""
    paced: list[float] = field(default_factory=list[float])
    """A value for each request."""


@dataclass(frozen=True)
class Cell:
    """One kind of request of one subject."""

    label: str
    """Of its row."""
    subject: Subject
    kind: Kind


def measure(cells: Sequence[Cell], server: Server, *, passes: int, random: Random) -> list[Samples]:
    """Time requests.

    Parameters
    ----------
    cells
        What is compared with each other, checked.
    server
        The memcached of all of them.
    passes
        How many batches of each; at least 1.
    random
        Decides the order within each pass.

    Returns
    -------
    The samples of each cell, in the order of `cells`.

    Raises
    ------
    RuntimeError
        A request failed; the message says of which row.
    """
    measured: list[Samples] = []
    for cell in cells:
        with _named(cell):
            measured.append(_calibrated(cell))
    order = list(range(len(cells)))
    for _ in range(passes):
        random.shuffle(order)
        for position in order:
            with _named(cells[position]):
                _batch(cells[position], server, measured[position])
    for _ in range(passes):
        random.shuffle(order)
        for position in order:
            with _named(cells[position]):
                _paced(cells[position], measured[position])
    return measured


def next_numbers(requests: int) -> list[int]:
    """Return numbers that no request had yet, of as many different sessions as there are."""
    return [next(_numbers) for _ in range(requests)]


def _calibrated(cell: Cell) -> Samples:
    """Warm a cell, and decide how many requests its batches have."""
    slowest = 0.0
    for _ in range(2):
        run = cell.subject.prepare(cell.kind, next_numbers(LEAST_REQUESTS))
        started = perf_counter()
        run()
        slowest = (perf_counter() - started) / LEAST_REQUESTS
        cell.subject.settle()
    return Samples(max(LEAST_REQUESTS, min(MOST_REQUESTS[cell.kind], ceil(BATCH_SECONDS / slowest))))


def _batch(cell: Cell, server: Server, samples: Samples) -> None:
    requests = samples.requests
    cell.subject.prepare(cell.kind, next_numbers(SESSIONS))()
    cell.subject.settle()
    run = cell.subject.prepare(cell.kind, next_numbers(requests))
    with _collector_off():
        server_before, client_before, started = server.cpu(), process_time(), perf_counter()
        run()
        ended = perf_counter()
        cell.subject.settle()
        client_after, server_after = process_time(), server.cpu()
    samples.latency.append((ended - started) / requests)
    samples.client_cpu.append((client_after - client_before) / requests)
    if server_before is not None and server_after is not None:
        samples.server_cpu.append((server_after - server_before) / requests)


def _paced(cell: Cell, samples: Samples) -> None:
    """Time requests that come one by one: what the background does for one is done when the next one comes."""
    with _collector_off():
        for number in next_numbers(PACED_REQUESTS):
            run = cell.subject.prepare(cell.kind, [number])
            sleep(PAUSE)
            started = perf_counter()
            run()
            samples.paced.append(perf_counter() - started)
        cell.subject.settle()


@contextmanager
def _named(cell: Cell) -> Generator[None, None, None]:
    """Say whose request failed."""
    try:
        yield
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise RuntimeError(f"{cell.label}: a request ({cell.kind}) failed while it was timed: {reason}") from error


@contextmanager
def _collector_off() -> Generator[None, None, None]:
    gc.collect(0)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
