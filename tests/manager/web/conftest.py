"""A manager on a real memcached for the tests of the adapters."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from memcached_process import MemcachedProcess

from memcached_sessions import SessionManager


@pytest.fixture
def new_manager(shared_memcached: MemcachedProcess) -> Iterator[Callable[..., SessionManager]]:
    """Return what makes managers for the memcached of the module, as many processes would."""
    with ExitStack() as stack:

        def new(**settings: Any) -> SessionManager:
            settings = {"route": "a"} | settings
            return stack.enter_context(SessionManager(f"n1:127.0.0.1:{shared_memcached.port}", **settings))

        yield new


@pytest.fixture
def manager(new_manager: Callable[..., SessionManager]) -> SessionManager:
    """A manager with the settings that are there by default."""
    return new_manager()
