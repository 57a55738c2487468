"""Tasks that run when they are told to: greenlets of ordinary code that stop at every point where others may go first.

Invariant: between two points nothing else of the world runs, so a run is determined by which task went on at each one.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import blake2b
from types import TracebackType
from typing import Any, Protocol, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

Result = TypeVar("Result")

EPOCH = 1_700_000_000.0
"""What the clock on the wall says when a world begins."""

_TICK = 1e-6
"""Seconds between two looks at a clock: no two moments of a process are the same."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a task waits.

    Parameters
    ----------
    what
        In words, for traces.
    """

    what: str


@dataclass(frozen=True, slots=True)
class Blocked(Point):
    """Until somebody gives a lock back."""

    lock: "SimulatedLock"


class Process(Protocol):
    """What a task belongs to."""

    scheduler: "Scheduler"

    def note(self, task: str, answer: object) -> None:
        """Note what a task of the process was told: what the process is now, it is by these notes in order."""


class Task:
    """One thread of a process.

    Parameters
    ----------
    process
        Whose it is.
    name
        For traces.
    call
        What it does; it stops at points, the first time before it begins.
    """

    def __init__(self, process: Process, name: str, call: Callable[[], object]) -> None:
        self.name = name
        self.process: Any = process
        self.point: Point | None = Point("begin")
        self._scheduler = process.scheduler
        self._greenlet = greenlet(lambda _: call())

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.point is None

    @property
    def able(self) -> bool:
        """Whether it can go on."""
        return self.point is not None and not (isinstance(self.point, Blocked) and self.point.lock.held)

    def go_on(self, answer: object = None, *, error: BaseException | None = None) -> None:
        """Let it run to its next point, with an answer or an error to what it waits for; what it raises is raised."""
        scheduler = self._scheduler
        before, scheduler.current, self.point = scheduler.current, self, None
        self._greenlet.parent = getcurrent()
        try:
            if error is None:
                self._greenlet.switch(answer)
            else:
                self._greenlet.throw(error)
        finally:
            scheduler.current = before

    def pause(self, point: Point) -> Any:
        """Stop here; return the answer when it goes on."""
        self.point = point
        parent = self._greenlet.parent
        if parent is None:
            raise RuntimeError(f"{self.name} was not started by go_on")
        return parent.switch()

    def end(self) -> None:
        """Let it never run again, as when its process is killed."""
        self.point = None
        if self._greenlet and not self._greenlet.dead:
            self._scheduler.ending = True
            self._greenlet.throw(GreenletExit)
            self._scheduler.ending = False


class Scheduler:
    """Knows which task runs."""

    def __init__(self) -> None:
        self.current: Task | None = None
        self.ending = False

    def pause(self, point: Point) -> Any:
        """Stop the task that runs, until it is told to go on."""
        if self.ending:
            raise GreenletExit
        if self.current is None:
            raise RuntimeError(f"nobody can wait here: {point.what}")
        return self.current.pause(point)


class SimulatedLock:
    """A lock on which a task waits until it is told to try again."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.held = False
        self._scheduler = scheduler

    def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT002 - as in threading
        """Take the lock."""
        while self.held:
            if not blocking:
                return False
            self._scheduler.pause(Blocked("wait for the lock", self))
        self.held = True
        return True

    def release(self) -> None:
        """Give it back."""
        self.held = False

    def __enter__(self) -> object:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.release()


class Clock:
    """The time of a world, which passes only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def time(self) -> float:
        """Return seconds since 1970."""
        return EPOCH + self.seconds


class SimulatedRuntime:
    """The surroundings of one process: the clock of the world, locks that are points, chance that repeats itself.

    Commands that are made at the same time are made one after another: each is a point, so others go in between.
    """

    def __init__(self, name: str, scheduler: Scheduler, clock: Clock) -> None:
        self.sids: list[str] = []
        """Session ids that were made here."""
        self._name = name
        self._scheduler = scheduler
        self._clock = clock
        self._ticks = 0
        self._tokens = 0

    def time(self) -> float:
        """Return seconds since 1970."""
        return self._clock.time()

    def monotonic(self) -> float:
        """Return a moment that is later than all before it."""
        self._ticks += 1
        return 1000.0 + self._clock.seconds + self._ticks * _TICK

    def sleep(self, seconds: float) -> None:
        """Do not wait: time passes when the world says so."""

    def lock(self) -> SimulatedLock:
        """Return a new lock."""
        return SimulatedLock(self._scheduler)

    def gather(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Make the calls in order."""
        return [call() for call in calls]

    def submit(self, call: Callable[[], Result]) -> "Future[Result]":
        """Make the call at once."""
        future: Future[Result] = Future()
        future.set_result(call())
        return future

    def choose(self, count: int) -> int:
        """Return the first of ``count``."""
        return 0 if count else -1

    def token(self, size: int) -> bytes:
        """Return bytes that no other call in the world returns."""
        self._tokens += 1
        token = blake2b(f"{self._name} {self._tokens}".encode(), digest_size=size).digest()
        if size == 16:
            self.sids.append(token.hex())
        return token

    def close(self) -> None:
        """Do nothing: there are no threads."""
