"""From a payload to its session."""

from collections.abc import Callable

from memcached_sessions.bench.operations import Operation


def test_loads(timed: Callable[[Operation], None]) -> None:
    timed(Operation.LOADS)
