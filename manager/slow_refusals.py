"""Attributes of a dry run whose refusal took long, so that not every request waits for the same refusal.

Invariant: what is remembered is bounded, and keeps no value of a session alive.
"""

from collections.abc import Callable
from threading import Lock
from time import monotonic

_SECONDS_REMEMBERED = 60.0
_MOST = 1_000


class SlowRefusals:
    """Attributes whose refusal took long: for a minute they are not tried again.

    Neither the values nor copies of them are held, only which objects they were, so a value that takes the place of
    one that was freed may be left out for that minute.

    >>> slow = SlowRefusals(clock=iter([0.0, 59.0, 61.0]).__next__)
    >>> deep = [[]]
    >>> slow.add("menu", deep)
    >>> slow.has("menu", [deep]), slow.has("menu", deep), slow.has("menu", deep)
    (False, True, False)
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._ends: dict[tuple[str, type, int], float] = {}

    def add(self, name: str, value: object) -> None:
        """Remember an attribute; of very many the first ones are forgotten."""
        with self._lock:
            if len(self._ends) >= _MOST:
                del self._ends[next(iter(self._ends))]
            self._ends[name, type(value), id(value)] = self._clock() + _SECONDS_REMEMBERED

    def has(self, name: str, value: object) -> bool:
        """Return whether an attribute was refused within the last minute, slowly."""
        end = self._ends.get((name, type(value), id(value)))
        return end is not None and self._clock() < end
