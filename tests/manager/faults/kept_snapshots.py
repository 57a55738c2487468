"""How many snapshots of large sessions a process keeps, by what Python says of its memory.

The bytes that are on their way to a node count too: whoever stores a session has up to two.
"""

import tracemalloc
from types import TracebackType
from typing import Self


class KeptSnapshots:
    """Counts what was made during a ``with`` block and is still there.

    Parameters
    ----------
    least
        Bytes that a snapshot has, and nothing else.
    """

    def __init__(self, least: int) -> None:
        self._least = least

    def __enter__(self) -> Self:
        tracemalloc.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tracemalloc.stop()

    def count(self) -> int:
        """Return how many there are."""
        return sum(trace.size >= self._least for trace in tracemalloc.take_snapshot().traces)
