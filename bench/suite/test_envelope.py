"""From a session to the value that the session manager stores, and back; and what a request does besides."""

from collections.abc import Callable

import pytest

from memcached_sessions.bench.operations import Operation


@pytest.mark.usefixtures("written")
def test_envelope_dumps(timed: Callable[[Operation], None]) -> None:
    timed(Operation.ENVELOPE_DUMPS)


@pytest.mark.usefixtures("written")
def test_envelope_loads(timed: Callable[[Operation], None]) -> None:
    timed(Operation.ENVELOPE_LOADS)


@pytest.mark.usefixtures("written")
def test_unchanged(timed: Callable[[Operation], None]) -> None:
    timed(Operation.UNCHANGED)


@pytest.mark.usefixtures("written")
def test_resave(timed: Callable[[Operation], None]) -> None:
    timed(Operation.RESAVE)
