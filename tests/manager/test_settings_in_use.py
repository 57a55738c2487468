"""Settings do what they say, as far as no other file of tests is about them."""

import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cluster import Client, Clock, Cluster, eventually

from memcached_sessions import SessionManager
from memcached_sessions.manager import ConfigurationError, Settings
from memcached_sessions.serializers import ConverterRegistry, get_serializer, register


@dataclass
class Money:
    """A class of the application."""

    amount: int


@dataclass
class Ticket:
    """Another one."""

    seat: str


def register_money(registry: ConverterRegistry) -> None:
    """Tell a registry of it; named in the setting below."""
    registry.register(Money, tag="test.Money")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """One node."""
    with Cluster(1) as cluster:
        yield cluster


def test_applications_that_share_nodes_have_keys_of_their_own(cluster: Cluster) -> None:
    """Checklist line 6: ``storage_key_prefix`` is a plain string in front of the hash of the sid."""
    shop, blog, client = cluster.server("a", storage_key_prefix="shop:"), cluster.server("b"), Client()
    client.write(shop, user=7)

    assert cluster.holders(client.sid, "shop:") == ["n1"]
    assert cluster.holders(client.sid) == []
    assert client.read(blog) == {}


def test_classes_of_the_application_have_converters(cluster: Cluster) -> None:
    """They are told to the registry that `register` adds to."""
    converters = (f"{__name__}:register_money",)
    first, second, client = (
        cluster.server("a", custom_converters=converters),
        cluster.server("b", custom_converters=converters),
        Client(),
    )
    client.write(first, price=Money(7))

    assert client.read(second) == {"price": Money(7)}


def test_classes_that_were_registered_are_kept_with_what_they_share(cluster: Cluster) -> None:
    """Also those that are registered after the manager was made."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    register(Ticket, tag="test.Ticket")
    ticket = Ticket("7a")
    client.write(first, mine=ticket, all=[ticket])

    with second.request(client.cookie) as session:
        assert session["mine"] == ticket
        assert session["all"][0] is session["mine"]


def test_a_serializer_can_be_given_as_an_object(cluster: Cluster) -> None:
    """With options of its own."""
    first, client = cluster.server("a", serializer=get_serializer("json")), Client()
    client.write(first, user=7)
    assert client.read(cluster.server("b")) == {"user": 7}


@pytest.mark.parametrize("operation_timeout", [0.3, 1.2])
def test_a_look_at_a_node_takes_as_long_as_it_is_told_to(cluster: Cluster, operation_timeout: float) -> None:
    """And not longer."""
    server, client = cluster.server(None, clock=Clock(), operation_timeout=operation_timeout), Client()
    client.write(server, user=7)
    cluster["n1"].freeze()
    started = time.monotonic()

    client.read(server)

    assert operation_timeout * 0.9 < time.monotonic() - started < operation_timeout + 2


@pytest.mark.parametrize("session_backup_timeout", [0.3, 1.2])
def test_a_backup_that_takes_too_long_counts_as_failed(cluster: Cluster, session_backup_timeout: float) -> None:
    """The response leaves after ``session_backup_timeout``, and the backup is tried again in the background."""
    server, client = cluster.server("a", operation_timeout=4.0, session_backup_timeout=session_backup_timeout), Client()
    client.write(server, user=7)
    cluster["n1"].freeze()
    started = time.monotonic()

    client.write(server, user=8)
    waited = time.monotonic() - started

    assert session_backup_timeout * 0.9 < waited < session_backup_timeout + 2
    cluster["n1"].resume()
    eventually(lambda: not server.health().unbacked)
    assert client.read(cluster.server("b")) == {"user": 8}


def test_a_manager_is_made_of_settings_a_file_or_the_environment(cluster: Cluster, tmp_path: Path) -> None:
    """Of each of them the same one."""
    file = tmp_path / "sessions.toml"
    file.write_text(f'[memcached-sessions]\nmemcached_nodes = "{cluster.addresses}"\nroute = "b"\n')
    environment = {"MEMCACHED_SESSIONS_MEMCACHED_NODES": cluster.addresses, "MEMCACHED_SESSIONS_ROUTE": "c"}
    client = Client()
    managers = (
        SessionManager(Settings(memcached_nodes=cluster.addresses, route="a")),
        SessionManager.from_toml(file),
        SessionManager.from_env(environment),
    )
    for manager, route in zip(managers, "abc", strict=True):
        with manager:
            client.write(manager, **{route: 1})
            assert client.route == route

    assert client.read(cluster.server("d")) == {"a": 1, "b": 1, "c": 1}


def test_settings_are_given_in_one_way(cluster: Cluster) -> None:
    """Not an object and single ones beside it."""
    with pytest.raises(TypeError, match="route"):
        SessionManager(Settings(memcached_nodes=cluster.addresses), route="a")


@pytest.mark.parametrize(
    "values",
    [
        {"sticky": False},
        {"copies": 2},
        {"locking_mode": "auto"},
        {"on_conflict": "mine"},
    ],
)
def test_what_comes_later_is_refused_today(values: dict[str, Any]) -> None:
    """With the name of the setting, and not ignored."""
    with pytest.raises(ConfigurationError, match=next(iter(values))):
        SessionManager("memory://", **values)


def test_a_server_that_is_no_memcached_of_today_is_refused() -> None:
    """At start, and not at the first request."""

    class Old(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                self.wfile.write(b"VERSION 1.4.15\r\n" if line.startswith(b"version") else b"ERROR\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Old) as old:
        old.daemon_threads = True
        threading.Thread(target=old.serve_forever, daemon=True).start()
        try:
            with pytest.raises(ConfigurationError, match=r"1\.4\.15"):
                SessionManager(f"127.0.0.1:{old.server_address[1]}")
        finally:
            old.shutdown()
