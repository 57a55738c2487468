"""The times in which this process could ask no node at all: they do not count for how long a session was out of touch.

While no node answers nobody can have destroyed a session, so its copy here is as good as before (rule R18). Invariant:
a moment is counted once, whoever looks while a time ends. Only the latest times are remembered.
"""

import threading
from collections import deque
from collections.abc import Callable

_REMEMBERED = 64


class DarkTimes:
    """When they were, by the monotonic clock in seconds.

    >>> times = DarkTimes()
    >>> times.note(lambda: True, 100.0)
    >>> times.note(lambda: False, 130.0)
    >>> times.between(90.0, 110.0), times.between(120.0, 200.0)
    (10.0, 10.0)
    """

    def __init__(self) -> None:
        self._past: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        self._since: float | None = None
        self._lock = threading.Lock()  # never held over a store command

    def note(self, dark: Callable[[], bool], now: float) -> None:
        """Note how it is now: whether no node can be asked."""
        with self._lock:
            if dark():
                if self._since is None:
                    self._since = now
            elif self._since is not None:
                self._past.append((self._since, now))
                self._since = None

    def between(self, start: float, end: float) -> float:
        """Return how many of the seconds between two moments were dark; a time that goes on ends at the second one."""
        with self._lock:
            times = [*self._past]
            if self._since is not None:
                times.append((self._since, end))
        return sum(max(0.0, min(end, until) - max(start, since)) for since, until in times)
