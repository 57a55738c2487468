"""What the log says at start of nodes on other hosts that are reached without TLS."""

import logging

import pytest
from memcached_process import MemcachedProcess
from web.remote_host import remote_host

from memcached_sessions import SessionManager
from memcached_sessions.manager.node_list import parse_node_list
from memcached_sessions.manager.plain_nodes import is_private, is_remote_without_tls, log_plain_nodes
from memcached_sessions.manager.stores.memory_store import MemoryStore


@pytest.mark.parametrize(
    "node",
    [
        "127.0.0.1:11211",
        "127.8.0.1:11211",
        "0.0.0.0:11211",
        "[::1]:11211",
        "[::ffff:127.0.0.1]:11211",
        "localhost:11211",
        "localhost.:11211",
        "cache.localhost:11211",
        "unix:/run/memcached.sock",
        "memory://",
        "tls://203.0.113.5",
        "tls://cache.example.com",
    ],
)
def test_what_stays_here_or_is_encrypted_is_not_meant(node: str) -> None:
    """Loopback by address and by name, UNIX sockets, memory, TLS."""
    (parsed,) = parse_node_list(node).nodes

    assert not is_remote_without_tls(parsed)


@pytest.mark.parametrize(
    ("node", "private"),
    [
        ("10.1.2.3:11211", True),
        ("172.16.0.9:11211", True),
        ("192.168.1.1:11211", True),
        ("100.64.0.1:11211", True),
        ("[fd00::7]:11211", True),
        ("[fe80::7]:11211", True),
        ("[::ffff:10.0.0.1]:11211", True),
        ("memcached:11211", True),
        ("cache.shop.svc.cluster.local:11211", True),
        ("ip-10-0-0-1.ec2.internal.:11211", True),
        ("cache.home.arpa:11211", True),
        ("8.8.8.8:11211", False),
        ("[2606:4700::1]:11211", False),
        ("[::ffff:8.8.8.8]:11211", False),
        ("cache.example.com:11211", False),
        ("local.example:11211", False),
        ("notlocal.xlocal:11211", False),
    ],
)
def test_other_hosts_are_meant_and_private_ones_known(node: str, private: bool) -> None:
    """By what their address says."""
    (parsed,) = parse_node_list(node).nodes

    assert is_remote_without_tls(parsed)
    assert is_private(parsed.address.host) is private


@pytest.mark.parametrize(
    ("nodes", "level"),
    [
        ("n1:10.0.0.1:11211 n2:memcached:11211", logging.INFO),
        ("n1:10.0.0.1:11211 n2:cache.example.com:11211", logging.WARNING),
    ],
)
def test_one_record_names_all_of_them(nodes: str, level: int, caplog: pytest.LogCaptureFixture) -> None:
    """And none of the others; a single public one makes it a warning."""
    with caplog.at_level(logging.INFO, "memcached_sessions"):
        log_plain_nodes(parse_node_list(f"{nodes} n3:tls://cache3.example.com n4:127.0.0.1:1").nodes)

    (record,) = caplog.records
    assert record.levelno == level
    assert all(node.replace(":", " ", 1) in record.getMessage() for node in nodes.split())
    assert "n3" not in record.getMessage()
    assert "n4" not in record.getMessage()


def test_a_manager_says_it_at_start_and_of_nodes_that_join(
    shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Each once."""
    first, second = (f"n{number}:10.0.0.{number}:{shared_memcached.port}" for number in (1, 2))

    with (
        remote_host("10.0.0.1", "10.0.0.2"),
        caplog.at_level(logging.INFO, "memcached_sessions"),
        SessionManager(first) as manager,
    ):
        with manager.request(None) as session:
            session["user"] = 7
        manager.reconfigure(memcached_nodes=f"{first} {second}")

    said = [record.getMessage() for record in caplog.records if "TLS" in record.getMessage()]
    assert ["n1 10.0.0.1" in text for text in said] == [True, False]
    assert ["n2 10.0.0.2" in text for text in said] == [False, True]


def test_whoever_knows_is_told_nothing(shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture) -> None:
    """By the setting; and with stores of the application nobody knows where they are."""
    address = f"n1:10.0.0.1:{shared_memcached.port}"

    with remote_host("10.0.0.1"), caplog.at_level(logging.INFO, "memcached_sessions"):
        SessionManager(address, warn_without_tls=False).close()
        SessionManager(address, stores={"n1": MemoryStore("n1")}).close()

    assert caplog.records == []
