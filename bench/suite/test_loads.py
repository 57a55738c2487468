"""From a payload to its session."""

from collections.abc import Callable

from memcached_sessions.bench.case import ReadyCase
from memcached_sessions.bench.measuring import Operation


def test_loads(timed: Callable[..., None], ready: ReadyCase) -> None:
    timed(Operation.LOADS, ready.serializer.loads, ready.payload)
