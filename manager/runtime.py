"""What the manager takes from its surroundings: clocks, locks, chance, other threads.

The protocol's code never reaches for these itself, so a test can hand it a runtime in which every step happens exactly
when the test says so.
"""

import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, TypeVar

Result = TypeVar("Result")

_WORKERS = 32

_time, _monotonic = time.time, time.monotonic


class Lock(Protocol):
    """A lock as `threading.Lock` is one; whoever acquired it releases it."""

    def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT001, FBT002 - as in threading
        """Take the lock; without waiting for it if not ``blocking``. Return whether it was taken."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Runtime(Protocol):
    """Clocks, locks, chance and other threads."""

    def time(self) -> float:
        """Return seconds since the epoch, for what other processes read."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never jumps, for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass; background work only."""
        ...

    def lock(self) -> Lock:
        """Return a new lock, for what is held over store commands."""
        ...

    def gather(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Make the calls at the same time, and return their results in order. They do not raise."""
        ...

    def submit(self, call: Callable[[], Result]) -> Future[Result]:
        """Begin a call in another thread."""
        ...

    def choose(self, count: int) -> int:
        """Return a random number below ``count``."""
        ...

    def token(self, size: int) -> bytes:
        """Return random bytes that nobody can guess."""
        ...

    def close(self) -> None:
        """Let the threads end; a later call begins others."""
        ...


class ThreadRuntime:
    """The real thing. Threads begin with the first call that needs one, so a process may fork before that."""

    def __init__(self) -> None:
        # Two pools: an operation waits for its commands, so they must not wait for its thread.
        self._operations = _Pool("memcached-sessions-operation")
        self._commands = _Pool("memcached-sessions-command")
        self._random = random.SystemRandom()

    # The functions themselves: each request reads both.
    time = staticmethod(_time)
    monotonic = staticmethod(_monotonic)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def lock(self) -> Lock:
        """Return a new lock."""
        return threading.Lock()

    def gather(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Make all calls but the first in other threads, if threads can begin."""
        if len(calls) < 2 or not threading.main_thread().is_alive():  # the interpreter is ending
            return [call() for call in calls]
        others = [self._commands.submit(call) for call in calls[1:]]
        return [calls[0](), *(other.result() for other in others)]

    def submit(self, call: Callable[[], Result]) -> Future[Result]:
        """Begin a call in another thread."""
        return self._operations.submit(call)

    def choose(self, count: int) -> int:
        """Return a random number below ``count``."""
        return self._random.randrange(count)

    def token(self, size: int) -> bytes:
        """Return random bytes."""
        return secrets.token_bytes(size)

    def close(self) -> None:
        """Wait for calls that are under way; threads begin again with the next one."""
        try:
            self._operations.close()
        finally:
            self._commands.close()


class _Pool:
    """Threads that begin with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    def submit(self, call: Callable[[], Result]) -> Future[Result]:
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix=self._name)
            return self._executor.submit(call)

    def close(self) -> None:
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True)
