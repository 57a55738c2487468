"""What callers of a store see of a server that is not what it should be: too old, too small, confused, or a proxy."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from memcached_process import MemcachedProcess, StartMemcached
from pymemcache.exceptions import MemcacheError
from scripted_server import GENERATION, SETTINGS, ScriptedServer, Step

from memcached_sessions.manager.errors import (
    NodeTimeoutError,
    NodeUnavailableError,
    StoreError,
    StoreProtocolError,
    ValueTooLargeError,
)
from memcached_sessions.manager.stores.greeting import GENERATION_KEY
from memcached_sessions.manager.stores.memcached_store import MemcachedStore
from memcached_sessions.manager.stores.store import Cas, Outcome

OpenStore = Callable[..., MemcachedStore]
HELLO = b"VA 5 c7 f0 t-1\r\nhello\r\n"


@pytest.mark.parametrize(
    ("version", "seen"),
    [
        (b"VERSION 1.5.22\r\n", r"1\.6\.13 or newer is needed, this is version '1\.5\.22'"),
        (b"VERSION 1.6.12\r\n", r"version '1\.6\.12'"),
        (b"VERSION 1.6.9\r\n", r"version '1\.6\.9'"),
        (b"VERSION mcrouter\r\n", "version 'mcrouter'"),
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400 Bad Request"),
        (b"ERROR\r\n", "without meta commands|unknown command"),
        (b"CLIENT_ERROR unauthenticated\r\n", "check username and password"),
    ],
)
def test_what_is_no_memcached_of_today_is_refused_with_what_it_says(
    open_store: OpenStore, version: bytes, seen: str
) -> None:
    """1.6.13 is the first whose ``md`` compares CAS."""
    with ScriptedServer(version=[version]) as server:
        store = open_store(server.address)

        with pytest.raises(StoreProtocolError, match=f"node n1, key .*(?:{seen})") as caught:
            store.probe()
        with pytest.raises(StoreProtocolError):
            store.add("k", b"value", flags=0, ttl=None)

    assert isinstance(caught.value.__cause__, MemcacheError)
    assert server.requests == []


@pytest.mark.parametrize("version", [b"1.6.13", b"1.6.18", b"1.6.45-23-gabc", b"1.7.0", b"2.0.0"])
def test_a_memcached_of_today_or_tomorrow_is_taken(open_store: OpenStore, version: bytes) -> None:
    """Also one with something behind its numbers."""
    with ScriptedServer(version=[b"VERSION " + version + b"\r\n"]) as server:
        assert open_store(server.address).probe() == GENERATION.decode()


def test_a_proxy_without_meta_commands_is_refused_with_the_version_that_it_claims(open_store: OpenStore) -> None:
    """It passes on the version of what is behind it."""
    with (
        ScriptedServer(generation=[b"ERROR\r\n"]) as server,
        pytest.raises(StoreProtocolError, match=r"version '1\.6\.18' without meta commands"),
    ):
        open_store(server.address).probe()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (SETTINGS.replace(b"cas_enabled yes", b"cas_enabled no"), "it has no CAS: start it without -C"),
        (SETTINGS.replace(b"STAT cas_enabled yes\r\n", b""), "it has no CAS"),
        (SETTINGS.replace(b"1048576", b"many"), "its item_size_max is 'many'"),
        (SETTINGS.replace(b"item_size_max ", b"item_size_max"), "an answer that is none"),
        (b"ERROR\r\n", "without meta commands"),
        (b"END\r\n", "an answer that is none"),
    ],
)
def test_settings_that_nothing_can_be_kept_with_are_refused(open_store: OpenStore, said: bytes, problem: str) -> None:
    """Before anything is stored."""
    with ScriptedServer(settings=[said]) as server, pytest.raises(StoreProtocolError, match=problem):
        open_store(server.address).probe()


def test_a_real_server_without_cas_is_refused(start_memcached: StartMemcached, open_store: OpenStore) -> None:
    """There all counts are 0."""
    with pytest.raises(StoreProtocolError, match="start it without -C"):
        open_store(start_memcached("-C").address).get("k")


def test_who_loses_the_race_for_the_generation_reads_the_winners(open_store: OpenStore) -> None:
    """Two processes that connect first to a fresh server."""
    found = [b"VA 4 c1 f0 t-1\r\n4f1d\r\n"]
    with ScriptedServer([b"EN\r\n"], [b"NS c0\r\n"], found, generation=None) as server:
        assert open_store(server.address).probe() == "4f1d"

    assert [request.split()[0] for request in server.requests] == [b"mg", b"ms", b"mg"]


def test_a_generation_that_vanishes_each_time_is_an_error(open_store: OpenStore) -> None:
    """A server that forgets at once what it is given keeps no session either, and must not keep us busy."""
    script = [[b"EN\r\n"], [b"NS c0\r\n"]] * 3
    with (
        ScriptedServer(*script, generation=None) as server,
        pytest.raises(StoreProtocolError, match="gone each time it was written"),
    ):
        open_store(server.address).probe()


def test_a_generation_that_somebody_else_has_written_is_refused(
    shared_memcached: MemcachedProcess, open_store: OpenStore
) -> None:
    """Not guessed at; the message says what to do."""
    shared_memcached.say(b"set %b 0 0 9\r\ntwo words\r\n" % GENERATION_KEY.encode())

    with pytest.raises(StoreProtocolError, match=f"{GENERATION_KEY} holds what .* delete it"):
        open_store(shared_memcached.address).probe()

    shared_memcached.flush()


Use = Callable[[MemcachedStore], object]
GET: Use = lambda store: store.get("k")  # noqa: E731 - a table of commands
SET: Use = lambda store: store.set("k", b"value", flags=0, ttl=None)  # noqa: E731


@pytest.mark.parametrize(
    ("use", "script", "kind", "problem"),
    [
        (GET, [b"garbage\r\n"], StoreProtocolError, "an answer that is none: 'garbage'"),
        (GET, [HELLO + b"x"], StoreProtocolError, "an answer that is none: 'x'"),
        (GET, [b"ERROR\r\n"], StoreProtocolError, "unknown command"),
        (GET, [b"CLIENT_ERROR bad command line format\r\n"], StoreProtocolError, "bad command line format"),
        (GET, [b"SERVER_ERROR backend failure\r\n"], NodeUnavailableError, "backend failure"),
        (GET, [b"VA 5 c7", None], NodeUnavailableError, "in the middle of an answer: did memcached stop"),
        (GET, [b"VA 1048577 c7 f0 t-1\r\n"], StoreProtocolError, "items have 1048576 at most"),
        (GET, [b"VA 5"], NodeTimeoutError, r"no answer within 0\.5 s"),
        (SET, [b"NF c0\r\n"], StoreProtocolError, "an answer that is none: 'NF c0'"),
        (SET, [b"SERVER_ERROR out of memory storing object\r\n"], NodeUnavailableError, "out of memory"),
        (SET, [b"SERVER_ERROR object too large for cache\r\n"], ValueTooLargeError, "something before the node"),
    ],
)
@pytest.mark.parametrize("used_before", [0, 1], ids=["fresh", "used"])
def test_a_fault_is_the_error_that_says_what_is_known(
    open_store: OpenStore, use: Use, script: Sequence[Step], kind: type[StoreError], problem: str, used_before: int
) -> None:
    """With the node and the key, the client's error as its cause, and a new connection for the next command."""
    with ScriptedServer(*[[HELLO]] * used_before, script, [HELLO]) as server:
        store = open_store(server.address)
        for _ in range(used_before):
            store.get("k")

        with pytest.raises(kind, match=f"node n1, key k: .*{problem}") as caught:
            use(store)
        after = store.get("k")

    assert type(caught.value) is kind
    assert (caught.value.node, caught.value.key) == ("n1", "k")
    assert isinstance(caught.value.__cause__, MemcacheError | OSError)
    assert after
    assert after.value == b"hello"
    assert server.connections == 2
    assert len(server.requests) == used_before + 2


def test_an_answer_that_was_overtaken_does_not_bring_back_an_old_generation(open_store: OpenStore) -> None:
    """It was asked for before the one that is known now, so it is of an earlier life."""
    late, new = [0.3, b"VA 3 c1 f0 t-1\r\nold\r\n"], [b"VA 3 c1 f0 t-1\r\nnew\r\n"]
    with ScriptedServer(late, new, *[[HELLO]] * 4, generation=None) as server, ThreadPoolExecutor(1) as threads:
        store = open_store(server.address)
        overtaken = threads.submit(store.get, "k")
        time.sleep(0.1)

        first = store.get("k")
        slow = overtaken.result()

        assert first
        assert slow
        assert (first.cas.generation, slow.cas.generation, store.generation) == ("new", "old", "new")
        after = [store.get("k") for _ in range(2)]
        assert [item.cas.generation for item in after if item] == ["new", "new"]
        assert server.connections == 2


def test_a_connection_that_was_closed_while_it_was_idle_is_replaced_once(open_store: OpenStore) -> None:
    """The command is sent again; on a fresh connection that fares no better it is not."""
    with ScriptedServer([HELLO], [None], [HELLO], [None], [None], [HELLO]) as server:
        store = open_store(server.address)
        store.get("k")

        assert store.get("k")
        with pytest.raises(NodeUnavailableError, match="has closed the connection: did memcached stop"):
            store.get("k")
        assert store.get("k")

    assert len(server.requests) == 6
    assert server.connections == 4


def test_one_connection_that_was_closed_tells_of_all_that_were_idle_with_it(open_store: OpenStore) -> None:
    """The server lives on and closed what was idle: the others are not tried one after the other."""
    together = [[0.1, HELLO]] * 3
    with ScriptedServer(*together, [None], [HELLO], *together) as server, ThreadPoolExecutor(3) as threads:
        store = open_store(server.address)
        assert all(threads.map(store.get, ["k"] * 3))
        assert server.connections == 3

        assert store.get("k")
        assert all(threads.map(store.get, ["k"] * 3))

    assert server.connections == 3 + 1 + 2


def test_a_fresh_connection_that_breaks_is_not_replaced(open_store: OpenStore) -> None:
    """Its command may have been carried out, and nothing says that another would fare better."""
    with ScriptedServer([None], [HELLO]) as server:
        with pytest.raises(NodeUnavailableError):
            open_store(server.address).set("k", b"value", flags=0, ttl=None)

        assert server.requests == [b"ms k 5 c T0 F0 MS"]


def test_a_timeout_is_not_tried_again(open_store: OpenStore) -> None:
    """The server has the command, and may still carry it out."""
    with ScriptedServer([HELLO], (), [HELLO]) as server:
        store = open_store(server.address)
        store.get("k")

        with pytest.raises(NodeTimeoutError):
            store.set("k", b"value", flags=0, ttl=None)

        assert [request[:2] for request in server.requests] == [b"mg", b"ms"]


def test_a_cas_of_another_generation_is_not_sent(open_store: OpenStore) -> None:
    """The server could have come to the same number again."""
    with ScriptedServer([HELLO], [b"HD c8\r\n"]) as server:
        store = open_store(server.address)
        read = store.get("k")
        assert read

        assert store.replace("k", b"x", cas=Cas(7, "4f1d"), flags=0, ttl=None).outcome is Outcome.EXISTS
        assert store.delete("k", cas=Cas(7, "4f1d")) is Outcome.EXISTS
        assert store.replace("k", b"x", cas=read.cas, flags=0, ttl=None).outcome is Outcome.STORED

    assert server.requests == [b"mg k v c f t", b"ms k 1 c T0 F0 C7"]
