"""From a session to its payload, into memcached, out of it again and back to a session."""

from collections.abc import Callable

import pytest

from memcached_sessions.bench.case import ReadyCase
from memcached_sessions.bench.operations import Operation, RoundTrip
from memcached_sessions.bench.store import Store


def test_round_trip(written: ReadyCase, timed: Callable[..., None], store: Store) -> None:
    if store.kind != "memcached":
        pytest.skip("memcached is not installed")
    timed(Operation.ROUND_TRIP, RoundTrip(written, store.sessions, "session").run)
