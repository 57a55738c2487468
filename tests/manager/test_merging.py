"""Two processes, or two requests of one, change a session at the same time: what both changed is there afterwards."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cluster import Client, Cluster, Server

from memcached_sessions.manager import EventKind


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


@pytest.fixture
def servers(cluster: Cluster) -> tuple[Server, Server]:
    """Two processes."""
    return cluster.server("a"), cluster.server("b")


def both_write(servers: tuple[Server, Server], one: dict[str, Any], other: dict[str, Any], **start: Any) -> Client:
    """Have both processes hold a session, and change it at the same time; the second one commits first."""
    first, second = servers
    client = Client()
    client.write(first, **start)
    parallel = Client(client.cookie)
    with client.request(first) as mine, parallel.request(second) as theirs:
        for session, changes in ((mine, one), (theirs, other)):
            for name, value in changes.items():
                if value is None:
                    del session[name]
                else:
                    session[name] = value
    return client


def test_each_keeps_what_it_changed(servers: tuple[Server, Server]) -> None:
    """Whoever wins a conflict, here is none: what one of them left alone is as the other made it."""
    for _ in range(10):  # who would win is left to chance
        client = both_write(servers, {"a": 1}, {"b": 1}, a=0, b=0, c=0)
        assert client.read(servers[0]) == client.read(servers[1]) == {"a": 1, "b": 1, "c": 0}

    assert servers[0].told_of(EventKind.CONFLICT) == []


def test_each_adds_its_own(servers: tuple[Server, Server]) -> None:
    """One attribute each."""
    client = both_write(servers, {"from_a": [1]}, {"from_b": {"x": 2}}, user=7)

    assert client.read(servers[1]) == client.read(servers[0]) == {"user": 7, "from_a": [1], "from_b": {"x": 2}}


def test_what_one_removes_stays_removed(servers: tuple[Server, Server]) -> None:
    """The common base is known, so a removal is a change like another."""
    client = both_write(servers, {"a": None}, {"b": 2}, a=1, c=3)
    assert client.read(servers[1]) == client.read(servers[0]) == {"b": 2, "c": 3}

    client = both_write(servers, {"b": 2}, {"a": None}, a=1, c=3)
    assert client.read(servers[1]) == client.read(servers[0]) == {"b": 2, "c": 3}


def test_a_conflict_is_told_and_both_processes_agree(servers: tuple[Server, Server]) -> None:
    """Inside one attribute there is one winner; the event names the attribute and no value."""
    client = both_write(servers, {"cart": {"items": ["tea"]}}, {"cart": {"items": ["milk"]}}, cart={"items": []})

    seen = client.read(servers[0]), client.read(servers[1])
    assert seen[0] == seen[1] in ({"cart": {"items": ["tea"]}}, {"cart": {"items": ["milk"]}})
    conflicts = [event for server in servers for event in server.told_of(EventKind.CONFLICT)]
    assert [event.detail for event in conflicts] == ["changed on both sides: cart"]


def test_a_nested_change_beside_another_attribute_is_no_conflict(servers: tuple[Server, Server]) -> None:
    """Attributes are compared by their own encoding."""
    first, second = servers
    client = Client()
    client.write(first, cart={"items": []}, page=1)
    parallel = Client(client.cookie)

    with client.request(first) as mine, parallel.request(second) as theirs:
        mine["cart"]["items"].append("tea")
        theirs["page"] = 2

    assert client.read(second) == client.read(first) == {"cart": {"items": ["tea"]}, "page": 2}


def test_a_request_that_holds_what_a_merge_replaced_loses_nothing(servers: tuple[Server, Server]) -> None:
    """It changes an object that is no longer in the session: the later change wins, with an event."""
    first, second = servers
    client = Client()
    client.write(first, cart=["tea"])
    other, slow = Client(client.cookie), Client(client.cookie)

    with slow.request(first) as session:
        cart = session["cart"]
        other.write(second, cart=["milk"])
        client.write(first, page=1)  # meets what the second process stored, and takes it
        assert session["cart"] == ["milk"]
        cart.append("sugar")

    assert client.read(first)["cart"] == ["tea", "sugar"]
    assert client.read(second)["cart"] == ["tea", "sugar"]
    assert [event.detail for event in first.told_of(EventKind.CONFLICT)] == ["changed on both sides: cart"]


def test_an_object_that_attributes_share_stays_shared(cluster: Cluster) -> None:
    """A merge replaces what the other side changed, and nothing else."""
    servers = cluster.server("a"), cluster.server("b")
    shared = ["x"]
    client = Client()
    client.write(servers[0], one=shared, two=shared)
    parallel = Client(client.cookie)
    with client.request(servers[0]) as mine, parallel.request(servers[1]) as theirs:
        theirs["page"] = 2
        mine["user"] = 7

    with client.request(servers[0]) as session:
        assert session["one"] is session["two"]


def test_threads_of_two_processes_lose_no_update(cluster: Cluster, servers: tuple[Server, Server]) -> None:
    """Each counts up an attribute of its own, with reads and saves in any order; a third process sees all of it."""
    client = Client()
    client.write(servers[0], user=7)
    rounds = 25

    def count(name: str, server: Server) -> None:
        own = Client(client.cookie)
        for _ in range(rounds):
            with own.request(server) as session:
                session[name] = session.get(name, 0) + 1

    threads = [threading.Thread(target=count, args=(f"{at}", servers[at % 2])) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    expected = {"user": 7, "0": rounds, "1": rounds, "2": rounds, "3": rounds}
    assert Client(client.cookie).read(cluster.server("c")) == expected


def test_a_process_that_met_the_update_of_another_asks_again_for_a_while(servers: tuple[Server, Server]) -> None:
    """Also under its own id: both are serving the session, and the other one goes on writing (R1)."""
    first, second = servers
    client = Client()
    client.write(first, a=0)
    own, other = Client(client.cookie), Client(client.cookie)
    other.write(second, b=1)
    own.write(first, a=1)
    own.read(first)

    other.write(second, b=2)

    assert own.read(first) == {"a": 1, "b": 2}


def test_a_request_rides_on_the_commit_of_another(cluster: Cluster) -> None:
    """Ten requests change the session, and then commit at once: all of it is stored when the first one returns."""
    server, client = cluster.server("a"), Client()
    client.write(server, user=7)
    changed = threading.Barrier(10)
    before = cluster.counts("cmd_set")

    def change(number: int) -> None:
        with server.request(client.cookie) as session:
            session[f"n{number}"] = number
            changed.wait()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(change, range(10)))

    assert cluster.counts("cmd_set") - before == 1
    assert client.read(cluster.server("b")) == {"user": 7, **{f"n{number}": number for number in range(10)}}


def test_what_a_rotation_meets_is_merged_three_ways(servers: tuple[Server, Server]) -> None:
    """R14: the request that rotates and another process have changed an attribute each."""
    first, second = servers
    client = Client()
    client.write(first, a=0, b=0)
    parallel = Client(client.cookie)

    with client.request(first) as session:
        session["a"] = 1
        parallel.write(second, b=1)
        session.rotate()

    assert client.read(first) == client.read(second) == {"a": 1, "b": 1}
    assert first.told_of(EventKind.CONFLICT) == []
