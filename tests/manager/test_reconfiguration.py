"""Other nodes and other failover nodes while the manager runs: where sessions go, and what the nodes are asked."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Client, Clock, Cluster, Server, eventually
from scripted_server import ScriptedServer
from test_forking import in_child

from memcached_sessions.manager import (
    ConfigurationError,
    CookieKind,
    EventKind,
    ManagerError,
    NodeUnavailableError,
    SessionManager,
)
from memcached_sessions.manager.stores.memory_store import MemoryStore


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Three nodes."""
    with Cluster(3) as cluster:
        yield cluster


def client_on(server: Server, node: str) -> Client:
    """Return a client whose session, with ``user=7``, lives on a node."""
    for _ in range(200):
        client = Client()
        client.write(server, user=7)
        if client.node == node:
            return client
    raise AssertionError(f"no session begins on {node}")


# Where sessions go


def test_sessions_of_a_removed_node_move_and_the_cookie_follows(cluster: Cluster) -> None:
    """Checklist line 59: in the background, before anybody asks for them; the next response says where."""
    server = cluster.server(nodes=cluster.listed("n1", "n2"))
    client, stays = client_on(server, "n1"), client_on(server, "n2")

    server.reconfigure(memcached_nodes=cluster.listed("n2", "n3"))

    eventually(lambda: "n2" in cluster.holders(client.sid))
    assert server.drain(10) == 0
    assert client.read(server) == {"user": 7}
    assert (client.has_taken(CookieKind.SET), client.node) == (True, "n2")
    assert stays.read(server) == {"user": 7}
    assert stays.has_taken(CookieKind.NOTHING)


def test_the_only_node_is_replaced(cluster: Cluster) -> None:
    """Checklist line 59: another process with the new list finds what moved."""
    server = cluster.server(nodes=cluster.listed("n1"))
    clients = [client_on(server, "n1") for _ in range(10)]

    server.reconfigure(memcached_nodes=cluster.listed("n2"))
    assert server.drain(10) == 0

    other = cluster.server("b", nodes=cluster.listed("n2"))
    assert [client.read(other) for client in clients] == [{"user": 7}] * 10
    assert {client.node for client in clients} == {"n2"}


def test_where_no_node_stays_sessions_are_spread_over_the_new_ones(cluster: Cluster) -> None:
    """And not all of them put on the first."""
    server = cluster.server(nodes=f"m1:{cluster['n1'].address[0]}:{cluster['n1'].port} {cluster.listed('n2')}")
    one, two = client_on(server, "m1"), client_on(server, "n2")
    with Cluster(2) as others:
        server.reconfigure(memcached_nodes=others.listed("n1") + f" x1:127.0.0.1:{others['n2'].port}")
        assert server.drain(10) == 0
        assert [client.read(server) for client in (one, two)] == [{"user": 7}] * 2
        assert [client.node for client in (one, two)] == ["n1", "x1"]
        server.close()


def test_new_sessions_begin_on_a_node_that_was_added(cluster: Cluster) -> None:
    """Checklist line 59: and another one that dies has its sessions moved there."""
    server = cluster.server(nodes=cluster.listed("n1"))
    client = client_on(server, "n1")

    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))
    client_on(server, "n2")
    cluster.kill("n1")
    client.write(server, page=2)

    assert (client.node, client.read(server)) == ("n2", {"user": 7, "page": 2})


def test_failover_nodes_change_while_it_runs(cluster: Cluster) -> None:
    """Checklist line 59: sessions leave a node that becomes one, in the background, and none begins there."""
    server = cluster.server(nodes=cluster.listed("n1", "n2"))
    client = client_on(server, "n1")

    server.reconfigure(failover_nodes="n1")

    eventually(lambda: cluster.holders(client.sid) == ["n2"])
    assert {client_on(server, "n2").node for _ in range(20)} == {"n2"}
    assert client.read(server) == {"user": 7}
    assert client.node == "n2"
    server.reconfigure(failover_nodes=None)
    assert client_on(server, "n1").node == "n1"


def test_a_node_can_be_taken_out_by_way_of_failover(cluster: Cluster) -> None:
    """As the documentation says: processes that change one after another see the same sessions all the time."""
    one, two = (cluster.server(route, nodes=cluster.listed("n1", "n2")) for route in "ab")
    client = client_on(one, "n1")
    for step in ({"failover_nodes": "n1"}, {"memcached_nodes": cluster.listed("n2"), "failover_nodes": None}):
        for server in (one, two):
            server.reconfigure(**step)
            assert server.drain(10) == 0
            for reader in (one, two):
                assert client.read(reader) == {"user": 7}
    assert client.node == "n2"
    assert cluster.holders(client.sid) == ["n2"]


def test_a_node_with_a_new_address_is_another_node(cluster: Cluster) -> None:
    """What was seen under its name on the old one says nothing about the new one."""
    server = cluster.server(nodes=cluster.listed("n1"))
    client = client_on(server, "n1")

    server.reconfigure(memcached_nodes=f"n1:127.0.0.1:{cluster['n2'].port}")
    assert server.drain(10) == 0

    assert "n2" in cluster.holders(client.sid)
    client.write(server, page=2)
    assert client.has_taken(CookieKind.NOTHING)
    server.close()
    other = cluster.server("b", nodes=f"n1:127.0.0.1:{cluster['n2'].port}")
    assert client.read(other) == {"user": 7, "page": 2}


def test_two_nodes_change_places(cluster: Cluster) -> None:
    """The names stay, the addresses are exchanged: nothing is taken for fresh that is not, and nothing is lost."""
    one, two = cluster["n1"].port, cluster["n2"].port
    server = cluster.server(nodes=cluster.listed("n1", "n2"), freshness="revalidate")
    clients = [client_on(server, node) for node in ("n1", "n2") for _ in range(5)]

    server.reconfigure(memcached_nodes=f"n1:127.0.0.1:{two} n2:127.0.0.1:{one}")
    for client in clients:
        client.write(server, page=2)

    assert server.drain(10) == 0
    server.close()
    other = cluster.server("b", nodes=f"n1:127.0.0.1:{two} n2:127.0.0.1:{one}")
    assert [client.read(other) for client in clients] == [{"user": 7, "page": 2}] * 10


def test_a_node_gets_a_name_and_loses_it(cluster: Cluster) -> None:
    """Ids get a node part, and lose it again; the sessions stay."""
    port = cluster["n1"].port
    server = cluster.server(nodes=f"127.0.0.1:{port}")
    client = Client()
    client.write(server, user=7)
    assert client.node == ""

    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))
    assert server.drain(10) == 0
    assert client.read(server) == {"user": 7}
    assert client.node in {"n1", "n2"}

    server.reconfigure(memcached_nodes=f"127.0.0.1:{port}")
    assert server.drain(10) == 0
    client.write(server, page=2)
    assert (client.node, client.read(server)) == ("", {"user": 7, "page": 2})


def test_drain_waits_for_sessions_that_are_to_move(cluster: Cluster) -> None:
    """Until then they count as not backed up."""
    server = cluster.server(nodes=cluster.listed("n1"), clock=Clock())  # so nobody moves them but drain
    clients = [client_on(server, "n1") for _ in range(5)]

    server.reconfigure(memcached_nodes=cluster.listed("n2"))

    assert server.health().unbacked == 5
    assert server.drain(10) == 0
    assert [cluster.holders(client.sid) for client in clients] == [["n1", "n2"]] * 5  # n1 is not asked any more


# What the nodes are asked


def test_a_removed_node_is_asked_nothing_and_has_no_connection(cluster: Cluster) -> None:
    """From the moment in which the call returns."""
    server = cluster.server(nodes=cluster.listed("n1", "n2"))
    clients = [client_on(server, "n1") for _ in range(5)]

    server.reconfigure(memcached_nodes=cluster.listed("n2"))

    assert cluster["n1"].has_connections(0)
    before = int(cluster["n1"].statistics()["total_connections"])
    for client in clients:
        client.write(server, page=2)
    assert server.drain(10) == 0
    time.sleep(1.2)  # two looks of a watcher
    assert int(cluster["n1"].statistics()["total_connections"]) == before + 1  # that of the one who asks


def test_who_still_holds_a_removed_node_finds_one_that_is_down(cluster: Cluster) -> None:
    """Nothing is sent to it, not even by the background, which asks nodes that are down."""
    server = cluster.server(nodes=cluster.listed("n1", "n2"))
    client_on(server, "n1")
    held = server.watching._process.nodes.get("n1")  # noqa: SLF001 - as an operation does that is under way
    assert held
    server.reconfigure(memcached_nodes=cluster.listed("n2"))

    for ask in (held.call, held.reach):
        with pytest.raises(NodeUnavailableError, match="no longer one of the nodes"):
            ask(lambda store: store.probe())
    server.watching.step(held)

    assert cluster["n1"].has_connections(0)
    assert not held.available
    assert len([event for event in server.told if event.node == "n1" and "node" in event.kind.value]) == 0


def test_nodes_that_stay_keep_their_connections_and_their_debts(cluster: Cluster) -> None:
    """Name and address are the same, so it is the same node."""
    server = cluster.server(clock=Clock())  # nobody watches, so nobody pays
    client = client_on(server, "n1")
    cluster["n1"].freeze()
    client.write(server, page=2)
    (owing,) = [node for node in server.health().nodes if node.debts]
    connections = int(cluster["n2"].statistics()["total_connections"])

    server.reconfigure(memcached_nodes=cluster.listed("n3", "n2", "n1"), failover_nodes="n3")

    assert owing in server.health().nodes
    assert owing.node == "n1"
    assert int(cluster["n2"].statistics()["total_connections"]) == connections + 1  # that of the one who asks
    cluster["n1"].resume()


def test_a_node_that_joins_is_told_of_the_ids_that_ended_before(cluster: Cluster) -> None:
    """R12: it may hold a copy from a time in which it was there before."""
    server = cluster.server(nodes=cluster.listed("n1", "n2"))
    client, rotated = client_on(server, "n2"), client_on(server, "n2")
    old = Client(rotated.cookie)
    server.reconfigure(memcached_nodes=cluster.listed("n1"))
    assert server.drain(10) == 0
    assert cluster.holders(client.sid) == ["n1", "n2"]  # what stays there is forgotten
    client_sid = client.sid
    with client.request(server) as session:
        session.destroy()
    with rotated.request(server) as session:
        session.rotate()

    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))

    assert cluster.tombs(client_sid) == cluster.tombs(old.sid) == ["n1", "n2"]
    server.close()
    cluster.kill("n1")  # so that nobody but the node that has joined can say so
    other = cluster.server("b", nodes=cluster.listed("n2"))
    assert old.read(other) == {}


def test_what_a_node_that_joins_knows_is_asked_for_before_a_session_is_trusted(cluster: Cluster) -> None:
    """R15: a process that knew the node has destroyed the session while the one that both know did not answer."""
    server = cluster.server("a", nodes=cluster.listed("n1"), clock=Clock())
    other = cluster.server("b", nodes=cluster.listed("n1", "n2"), clock=Clock())
    client = client_on(server, "n1")
    taken = Client(client.cookie)
    with taken.request(other) as session:
        assert session["user"] == 7
        cluster["n1"].freeze()
        session.destroy()
    assert cluster["n2"].statistics()["curr_items"] != "0"
    cluster["n1"].resume()
    assert client.read(server) == {"user": 7}

    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))

    assert client.read(server) == {}
    assert server.told_of(EventKind.DESTROYED)


def test_after_a_node_has_joined_each_session_asks_once(cluster: Cluster) -> None:
    """Then reading costs nothing again."""
    server = cluster.server(nodes=cluster.listed("n1"), clock=Clock())
    client = client_on(server, "n1")
    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))
    before = cluster.counts()
    client.read(server)
    assert cluster.counts() == before + 2

    for _ in range(10):
        assert client.read(server) == {"user": 7}

    assert cluster.counts() == before + 2


def test_a_node_that_does_not_answer_is_used_when_it_does(cluster: Cluster) -> None:
    """It is accepted, its circuit is open, and no request waits for it."""
    server = cluster.server(nodes=cluster.listed("n1"))
    client = client_on(server, "n1")
    cluster.kill("n2")

    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))

    assert not server.available("n2")
    assert [event.node for event in server.told_of(EventKind.NODE_DOWN)] == ["n2"]
    assert client.read(server) == {"user": 7}
    cluster.start("n2")
    server.wait_until_up("n2")
    assert client_on(server, "n2").node == "n2"


def test_a_frozen_node_is_removed_within_its_timeout(cluster: Cluster) -> None:
    """Requests that wait for it go on with the next one, as with a node that is down."""
    timeout = 1.0
    server = cluster.server(nodes=cluster.listed("n1", "n2"), operation_timeout=timeout, session_backup_timeout=timeout)
    clients = [client_on(server, "n1") for _ in range(8)]
    cluster["n1"].freeze()
    threads = [threading.Thread(target=client.write, args=(server,), kwargs={"page": 2}) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(0.2)

    began = time.monotonic()
    server.reconfigure(memcached_nodes=cluster.listed("n2"))
    took = time.monotonic() - began
    for thread in threads:
        thread.join()

    assert took < 2 * timeout + 1.0  # and what a busy machine may add
    assert [client.read(server) for client in clients] == [{"user": 7, "page": 2}] * 8
    assert {client.node for client in clients} == {"n2"}
    cluster["n1"].resume()


# What is refused


@pytest.mark.parametrize(
    "wrong",
    [
        {"memcached_nodes": ""},
        {"memcached_nodes": "n1:127.0.0.1:1 127.0.0.1:2"},
        {"memcached_nodes": None},
        {"memcached_nodes": "n7:127.0.0.1:1", "failover_nodes": "n1"},
        {"failover_nodes": "n9"},
        {"failover_nodes": "n1 n2 n3"},
        {"enabled": "yes"},
        {"enabled": False, "failover_nodes": "n9"},
        {"stores": {"n1": MemoryStore()}},
        {"stores": {"n9": MemoryStore()}},
    ],
    ids=lambda wrong: ", ".join(f"{name}={wrong[name] if name != 'stores' else [*wrong[name]]}" for name in wrong),
)
def test_a_wrong_value_changes_nothing(cluster: Cluster, wrong: dict[str, object]) -> None:
    """Whatever else was right."""
    server = cluster.server()
    client = client_on(server, "n1")
    settings, health, threads = server.settings, server.health(), threading.active_count()

    with pytest.raises(ConfigurationError, match=r"memcached_nodes|failover_nodes|enabled|stores"):
        server.reconfigure(**wrong)  # pyright: ignore[reportArgumentType]

    assert (server.settings, server.health(), threading.active_count()) == (settings, health, threads)
    client.write(server, page=2)
    assert client.has_taken(CookieKind.NOTHING)
    assert cluster.holders(client.sid) == ["n1"]


def test_a_new_node_that_is_no_memcached_of_today_is_refused(cluster: Cluster) -> None:
    """With the version seen; nothing has changed, and no connection to it stays."""
    server = cluster.server(nodes=cluster.listed("n1"))
    client = client_on(server, "n1")
    with ScriptedServer(version=(b"VERSION 1.5.22\r\n",)) as old:
        host, port = old.address
        with pytest.raises(ConfigurationError, match=r"1\.5\.22"):
            server.reconfigure(memcached_nodes=f"{cluster.listed('n2')} old:{host}:{port}")

    assert [node.node for node in server.health().nodes] == ["n1"]
    assert cluster["n2"].has_connections(0)
    client.write(server, page=2)
    assert client.node == "n1"


def test_a_manager_that_is_closed_is_not_reconfigured(cluster: Cluster) -> None:
    """It would begin anew."""
    server = cluster.server()
    server.close()

    with pytest.raises(ManagerError, match="closed"):
        server.reconfigure(memcached_nodes=cluster.listed("n1"))


def test_stores_of_your_own_are_given_for_new_nodes() -> None:
    """Those that stay keep theirs; without one it is said which is missing."""
    one, two, again = MemoryStore(), MemoryStore(), MemoryStore()
    with SessionManager("n1:one:1", stores={"n1": one}, route="a") as manager:
        client = Client()
        client.write(manager, user=7)
        with pytest.raises(ConfigurationError, match="node n2 is new"):
            manager.reconfigure(memcached_nodes="n1:one:1 n2:two:1")

        manager.reconfigure(memcached_nodes="n2:two:1", stores={"n2": two})
        assert manager.drain(5) == 0
        assert client.read(manager) == {"user": 7}

        manager.reconfigure(stores={"n2": again})  # another store is another node
        assert manager.drain(5) == 0
    with SessionManager("n2:two:1", stores={"n2": again}, route="b") as other:
        assert client.read(other) == {"user": 7}


# Surroundings


def test_the_settings_show_what_has_become_of_them(cluster: Cluster) -> None:
    """What was not given stays."""
    server = cluster.server(max_inactive_interval=600)

    server.reconfigure(failover_nodes="n2")
    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))

    settings = server.settings
    assert (settings.memcached_nodes, settings.failover_nodes) == (cluster.listed("n1", "n2"), "n2")
    assert (settings.max_inactive_interval, settings.enabled, settings.route) == (600, True, "a")
    assert [node.node for node in server.health().nodes] == ["n1", "n2"]


def test_no_thread_and_no_connection_is_left_behind(cluster: Cluster) -> None:
    """However often nodes change; a watcher for each node that is there now, and nothing for those that were."""
    server = cluster.server(nodes=cluster.listed("n1"))
    client = client_on(server, "n1")
    server.drain(5)
    lists = [cluster.listed("n2", "n3"), cluster.listed("n3"), cluster.listed("n1", "n2"), cluster.listed("n1")]

    def watchers() -> list[str]:
        return sorted(
            thread.name.rpartition("-")[2] for thread in threading.enumerate() if thread.name.startswith(WATCHER)
        )

    before = open_sockets()
    for _ in range(5):
        for nodes in lists:
            server.reconfigure(memcached_nodes=nodes)
            client.write(server, nodes=nodes)
            assert server.drain(10) == 0

    assert watchers() == ["n1"]
    assert cluster["n2"].has_connections(0)
    assert cluster["n3"].has_connections(0)
    assert open_sockets() <= before + 2
    server.close()
    assert watchers() == []


WATCHER = "memcached-sessions-watch-"


def open_sockets() -> int:
    """Return how many sockets this process has."""
    return sum(1 for file in Path("/proc/self/fd").iterdir() if file.exists() is False or _is_socket(file))


def _is_socket(file: Path) -> bool:
    try:
        with socket.socket(fileno=socket.dup(int(file.name))):
            return True
    except OSError:
        return False


def test_a_manager_that_was_not_used_yet_stays_without_threads(cluster: Cluster) -> None:
    """So that its process can still fork."""
    before = set(threading.enumerate())
    server = cluster.server(nodes=cluster.listed("n1"))

    server.reconfigure(memcached_nodes=cluster.listed("n2"))

    assert set(threading.enumerate()) == before
    assert client_on(server, "n2").read(server) == {"user": 7}


def test_a_child_is_reconfigured_alone(cluster: Cluster) -> None:
    """It begins with the settings that its parent has at that moment, and changes its own."""
    server = cluster.server(nodes=cluster.listed("n1"))
    server.reconfigure(memcached_nodes=cluster.listed("n1", "n2"))
    client = client_on(server, "n2")

    def work() -> object:
        nodes = [node.node for node in server.health().nodes]
        server.reconfigure(memcached_nodes=cluster.listed("n3"))
        return [nodes, client_on(server, "n3").node]

    assert in_child(work) == [["n1", "n2"], "n3"]
    assert [node.node for node in server.health().nodes] == ["n1", "n2"]
    client.write(server, page=2)
    assert client.node == "n2"
    assert cluster.holders(client.sid) == ["n2"]


def test_the_async_twin_does_the_same(cluster: Cluster) -> None:
    """It does not block the loop."""
    server = cluster.server(nodes=cluster.listed("n1"))
    client = client_on(server, "n1")

    async def change() -> int:
        await server.areconfigure(memcached_nodes=cluster.listed("n2"))
        return await server.adrain(10)

    assert asyncio.run(change()) == 0
    assert client.read(server) == {"user": 7}
    assert client.node == "n2"
