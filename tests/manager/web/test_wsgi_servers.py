"""The WSGI middleware under gunicorn, with threads and with forked workers, real memcached and a real client."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster import eventually
from memcached_process import MemcachedProcess, node_list
from web.real_server import FORKED, PRELOADED, THREADS, Browser, RealServer
from web.stored import stored


def processes_that_answer(port: int) -> set[int]:
    """Return which processes answer requests that come at the same time."""
    with ThreadPoolExecutor(8) as threads:
        return set(threads.map(lambda _: Browser(port).json("/nothing")["pid"], range(16)))


def count_in_parallel(browser: Browser, *, clients: int, requests: int) -> set[int]:
    """Count in one session by several clients, each in an attribute of its own; return which processes answered."""

    def count(name: str) -> set[int]:
        client, processes = Browser(browser.port, browser.cookie), set[int]()
        for number in range(1, requests + 1):
            seen = client.json(f"/count/{name}")
            assert seen["session"][name] == number
            processes.add(seen["pid"])
        return processes

    with ThreadPoolExecutor(clients) as threads:
        return set().union(*threads.map(count, [f"client{number}" for number in range(clients)]))


@pytest.mark.parametrize(("command", "processes"), [(THREADS, 1), (FORKED, 4), (PRELOADED, 4)])
def test_parallel_requests_of_one_session_lose_nothing(
    command: str, processes: int, shared_memcached: MemcachedProcess
) -> None:
    """Whichever thread or worker answers, it sees what was answered before, and nothing is lost."""
    with RealServer(command, memcached_nodes=node_list([shared_memcached]), route="a") as server:
        browser = Browser(server.port)
        browser.ask("/count/begun")
        eventually(lambda: len(processes_that_answer(server.port)) > (processes > 1))  # workers begin one by one

        answered = count_in_parallel(browser, clients=6, requests=15)
        seen = browser.json("/read")["session"]

    assert seen == {"begun": 1} | {f"client{number}": 15 for number in range(6)}
    assert (len(answered) > 1) is (processes > 1)
    assert stored(shared_memcached, browser.cookie) == seen


def test_a_session_outlives_the_worker_that_served_it(shared_memcached: MemcachedProcess) -> None:
    """Killed as the system kills what takes too much memory."""
    with RealServer(PRELOADED, memcached_nodes=node_list([shared_memcached]), route="a") as server:
        browser = Browser(server.port)
        for number in range(1, 6):
            seen = browser.json("/count/visits")
            assert seen["session"] == {"visits": number}
            os.kill(seen["pid"], signal.SIGKILL)

        assert browser.json("/read")["session"] == {"visits": 5}


def test_a_session_outlives_the_server_that_served_it(shared_memcached: MemcachedProcess) -> None:
    """The other one takes it over under a new route, and the visitor is told."""
    with RealServer(THREADS, memcached_nodes=node_list([shared_memcached]), route="a") as first:
        browser = Browser(first.port)
        browser.ask("/count/visits")
    with RealServer(THREADS, memcached_nodes=node_list([shared_memcached]), route="b") as second:
        browser.port = second.port
        cookie, sid = browser.cookie, browser.sid

        seen = browser.json("/count/visits")

    assert seen["session"] == {"visits": 2}
    assert "-n1.a~" in str(cookie)
    assert "-n1.b~" in str(browser.cookie)
    assert browser.sid == sid
