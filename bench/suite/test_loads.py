"""From a payload to its session."""

from collections.abc import Callable

from memcached_sessions.bench.case import Ready
from memcached_sessions.bench.operations import Operation


def test_loads(timed: Callable[..., None], ready: Ready) -> None:
    timed(Operation.LOADS, ready.loads())
