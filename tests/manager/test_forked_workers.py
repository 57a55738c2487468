"""Four forked workers of one route, real memcached: nobody sees an older value after a newer response was sent.

A client may reach any worker with each request, and several requests of a session are under way at a time. They share
a cookie jar, as those of a browser do. Each thread counts under a name of its own, and looks at all of them.
"""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock

import pytest
from faults.application_process import ApplicationProcess, Client, cookie_after
from faults.onlooker import found_by_another_process
from memcached_process import MemcachedProcess, node_list

StartMemcached = Callable[..., MemcachedProcess]

SESSIONS = 6
THREADS = 3
"""Of each session."""
REQUESTS = 80
"""Of each thread."""


@dataclass
class Browser:
    """A session as its client knows it."""

    cookie: str | None = None
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """The values that were replied to."""
    lock: Lock = field(default_factory=Lock)

    def count(self, name: str, ports: list[int], dice: random.Random) -> None:
        """Make the requests of one thread."""
        with ExitStack() as stack:
            workers = [stack.enter_context(Client(port)) for port in ports]
            for _ in range(REQUESTS):
                self.ask(dice.choice(workers), name, writes=dice.random() < 0.6)

    def ask(self, worker: Client, name: str, *, writes: bool) -> None:
        """Send one request, and compare what it saw with what had been replied to before it began."""
        with self.lock:
            known, cookie = dict(self.counts), self.cookie
        value = known.get(name, 0) + writes
        reply = worker.ask(cookie, "set", name=name, value=value) if writes else worker.ask(cookie, "read")
        seen = {other: reply["attributes"].get(other, 0) for other in known}
        older = {other: (seen[other], known[other]) for other in known if seen[other] < known[other]}
        assert not older, f"seen, and replied to before: {older}"
        assert reply["attributes"].get(name, 0) == value
        with self.lock:
            self.counts[name] = value
            self.cookie = cookie_after(reply, self.cookie)


@pytest.mark.parametrize("own_managers", [False, True], ids=["manager made before the fork", "manager of each worker"])
@pytest.mark.parametrize("node_count", [1, 2])
def test_four_workers_of_one_route_never_serve_an_older_value(
    start_memcached: StartMemcached, own_managers: bool, node_count: int
) -> None:
    """Each request sees all that was replied to before it began, whichever worker answers, and nothing is lost."""
    seed = random.SystemRandom().randrange(2**32)
    nodes = node_list([start_memcached() for _ in range(node_count)])
    dice = random.Random(seed)
    browsers = [Browser() for _ in range(SESSIONS)]
    with (
        ApplicationProcess(nodes, "a", workers=4, own_managers=own_managers) as application,
        ThreadPoolExecutor(SESSIONS * THREADS) as threads,
    ):
        ports = application.ports
        assert len(set(application.processes)) == 4
        for browser in browsers:
            with Client(dice.choice(ports)) as worker:
                browser.ask(worker, "begun", writes=True)
        ended = [
            threads.submit(browser.count, f"thread {thread}", ports, random.Random(dice.random()))
            for browser in browsers
            for thread in range(THREADS)
        ]
        for thread in ended:
            thread.result()
        for port in ports:
            for browser in browsers:
                with Client(port) as worker:
                    assert worker.ask(browser.cookie, "read")["attributes"] == browser.counts, f"seed {seed}"
    assert list(found_by_another_process(nodes, [browser.cookie for browser in browsers])) == [
        browser.counts for browser in browsers
    ]
