"""From a session to its payload."""

from collections.abc import Callable

from memcached_sessions.bench.case import ReadyCase
from memcached_sessions.bench.measuring import Operation


def test_dumps(timed: Callable[..., None], ready: ReadyCase) -> None:
    timed(Operation.DUMPS, ready.serializer.dumps, ready.value)
