"""From a session to its payload, into memcached, out of it again and back to a session."""

from collections.abc import Callable

import pytest

from memcached_sessions.bench.operations import Operation
from memcached_sessions.bench.store import Store


@pytest.mark.usefixtures("written")
def test_round_trip(timed: Callable[[Operation], None], store: Store) -> None:
    if store.kind != "memcached":
        pytest.skip("memcached is not installed")
    timed(Operation.ROUND_TRIP)
