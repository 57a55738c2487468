"""From a session to its payload."""

from collections.abc import Callable

import pytest

from memcached_sessions.bench.operations import Operation


@pytest.mark.usefixtures("written")
def test_dumps(timed: Callable[[Operation], None]) -> None:
    timed(Operation.DUMPS)
