"""Two threads, 200 increments each of names of their own, 1 ms between read and save: none of the 400 is lost.

The libraries that `peers-measured` compares lose about half of them.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from faults.application_process import ApplicationProcess, Client, cookie_after
from faults.onlooker import found_by_another_process
from memcached_process import MemcachedProcess, node_list

from memcached_sessions import Session, SessionManager

INCREMENTS = 200
THINKING = 0.001
"""Seconds between read and save."""


@pytest.fixture
def nodes(start_memcached: Callable[..., MemcachedProcess]) -> str:
    """Two nodes."""
    return node_list([start_memcached(), start_memcached()])


def increment(session: Session, name: str) -> None:
    """Count under a name at the top."""
    count = session.get(name, 0)
    time.sleep(THINKING)
    session[name] = count + 1


def increment_deep_inside(session: Session, name: str) -> None:
    """Count under a name in an attribute that both threads change."""
    counts = session["shared"]["counts"]
    count = counts.get(name, 0)
    time.sleep(THINKING)
    counts[name] = count + 1


@pytest.mark.parametrize("act", [increment, increment_deep_inside])
@pytest.mark.parametrize("route", ["a", None], ids=["route", "no route"])
def test_two_threads_of_one_process_lose_no_update(
    nodes: str, act: Callable[[Session, str], None], route: str | None
) -> None:
    """They share the session, so even changes inside one attribute are kept."""
    start = Barrier(2)
    with SessionManager(nodes, route=route) as manager, ThreadPoolExecutor(2) as threads:
        with manager.request(None) as session:
            session["shared"] = {"counts": {}}
        cookie = session.cookie.value

        def count(name: str) -> None:
            start.wait()
            for _ in range(INCREMENTS):
                with manager.request(cookie) as session:
                    act(session, name)

        for ended in [threads.submit(count, name) for name in ("x", "y")]:
            ended.result()
    [found] = found_by_another_process(nodes, [cookie])
    counts = found if act is increment else found["shared"]["counts"]
    assert (counts["x"], counts["y"]) == (INCREMENTS, INCREMENTS)


@pytest.mark.parametrize("one_jar", [False, True], ids=["a cookie jar each", "one cookie jar"])
@pytest.mark.parametrize("routes", [("a", "b"), ("a", "a")], ids=["two routes", "one route"])
def test_two_processes_lose_no_update(nodes: str, routes: tuple[str, str], one_jar: bool) -> None:
    """Each finds that the other has stored, and brings both changes together."""
    start = Barrier(2)
    with (
        ApplicationProcess(nodes, routes[0]) as first,
        ApplicationProcess(nodes, routes[1]) as second,
        ThreadPoolExecutor(2) as threads,
        Client(first.ports[0]) as client,
    ):
        begun = client.ask(None, "set", name="begun", value=True)
        jar = dict.fromkeys(("x", "y"), cookie_after(begun, None))

        def count(port: int, name: str) -> None:
            start.wait()
            with Client(port) as client:
                for number in range(INCREMENTS):
                    reply = client.ask(jar[name], "increment", name=name, think=THINKING)
                    assert reply["attributes"][name] == number + 1
                    jar.update(dict.fromkeys(jar if one_jar else [name], cookie_after(reply, jar[name])))

        ports = first.ports[0], second.ports[0]
        for ended in [threads.submit(count, port, name) for port, name in zip(ports, ("x", "y"), strict=True)]:
            ended.result()
    assert list(found_by_another_process(nodes, [jar["x"]])) == [{"begun": True, "x": INCREMENTS, "y": INCREMENTS}]
