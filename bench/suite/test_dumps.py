"""From a session to its payload."""

from collections.abc import Callable

from memcached_sessions.bench.case import ReadyCase
from memcached_sessions.bench.operations import Operation


def test_dumps(written: ReadyCase, timed: Callable[..., None]) -> None:
    timed(Operation.DUMPS, written.dumps())
