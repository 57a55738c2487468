"""Real memcached processes for the tests of the manager, stopped by their own pid whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from memcached_process import MemcachedProcess

pytest.register_assert_rewrite("store_conformance")

StartMemcached = Callable[..., MemcachedProcess]


@pytest.fixture
def start_memcached() -> Iterator[StartMemcached]:
    """Return a function that starts a memcached for this test; it takes what `MemcachedProcess` takes."""
    with ExitStack() as stack:

        def start(*arguments: str, **options: str) -> MemcachedProcess:
            return stack.enter_context(MemcachedProcess(*arguments, **options))

        yield start


@pytest.fixture
def memcached(start_memcached: StartMemcached) -> MemcachedProcess:
    """A memcached of this test alone, to freeze, kill and restart."""
    return start_memcached()


@pytest.fixture(scope="module")
def shared_memcached() -> Iterator[MemcachedProcess]:
    """A memcached that the tests of a module share: use keys of your own, and leave it running."""
    with MemcachedProcess() as process:
        yield process
