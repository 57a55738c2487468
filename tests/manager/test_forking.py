"""A process that is forked from one with a manager: it is another process, and knows nothing of the sessions there."""

import json
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cluster import Client, Clock, Cluster


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def in_child(work: Callable[[], Any]) -> Any:
    """Return what a function returns in a forked process, which ends without cleaning up after its parent."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads at a fork, which this is about
        child = os.fork()
    if not child:
        status = 1
        signal.alarm(30)  # a child that hangs ends, and the test fails
        try:
            os.write(writing, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(text)


def test_a_child_is_another_process_with_no_sessions(cluster: Cluster) -> None:
    """Its worker is its own, it has none of its parent's sessions, and it asks a node at every request."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)

    def work() -> object:
        health = server.health()
        taken = client.read(server)
        return [health.sessions, health.revalidates, taken, client.cookie]

    sessions, revalidates, taken, cookie = in_child(work)

    assert (sessions, revalidates, taken) == (0, True, {"user": 7})
    assert cookie.startswith(f"{client.sid}-{client.node}.a~")
    assert cookie != client.cookie
    assert not server.health().revalidates


def test_a_child_of_a_manager_that_was_not_used_yet_is_a_process_like_another(cluster: Cluster) -> None:
    """Pre-forking servers load the application once."""
    server = cluster.server("a")

    def work() -> object:
        client = Client()
        client.write(server, user=7)
        return [client.cookie, client.read(server)]

    (one, read), (other, _) = in_child(work), in_child(work)

    assert read == {"user": 7}
    assert one.partition(".")[2] != other.partition(".")[2]
    assert Client(one).read(server) == {"user": 7}


def test_parent_and_child_see_what_the_other_writes(cluster: Cluster) -> None:
    """The ids name different workers, so nobody takes an old copy for the newest."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)

    def work() -> object:
        client.write(server, page=2)
        return client.cookie

    client.cookie = in_child(work)

    assert client.read(server) == {"user": 7, "page": 2}


def test_a_child_watches_its_nodes(cluster: Cluster) -> None:
    """Threads do not survive a fork: the child begins its own."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)

    def work() -> object:
        client.read(server)
        home = client.node
        os.kill(cluster[home].pid, signal.SIGKILL)
        server.wait_until_down(home)
        client.read(server)
        return [home, client.node]

    home, moved = in_child(work)

    assert moved == cluster.other(home)


def test_a_fork_in_the_middle_of_a_request_leaves_the_parent_alone(cluster: Cluster) -> None:
    """The child has a copy of the session object; what the parent does afterwards is as before."""
    server, client = cluster.server("a", clock=None), Client()
    client.write(server, user=7)
    with client.request(server) as session:
        session["page"] = 2
        in_child(lambda: dict(session))

    assert client.read(cluster.server("b", clock=Clock())) == {"user": 7, "page": 2}
