"""The ways to a memcached: names, IPv6, UNIX sockets, and a password."""

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from kept_values import keeps_values
from memcached_process import Address, MemcachedProcess, StartMemcached

from memcached_sessions.manager.errors import NodeTimeoutError, NodeUnavailableError, StoreProtocolError
from memcached_sessions.manager.stores.memcached_store import MemcachedStore

OpenStore = Callable[..., MemcachedStore]
CONNECT_TIMEOUT = 0.25


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may write to, with a short path: that of a UNIX socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_a_unix_socket(start_memcached: StartMemcached, open_store: OpenStore, open_folder: Path) -> None:
    """The path is the address; after a restart too, when the socket is another one."""
    memcached = start_memcached(unix_socket=str(open_folder / "memcached.sock"))
    store = open_store(memcached.address)

    assert keeps_values(store)
    memcached.restart()
    assert keeps_values(store)


def test_a_unix_socket_that_is_not_there_is_unavailable(open_store: OpenStore, open_folder: Path) -> None:
    """As a refused connection."""
    with pytest.raises(NodeUnavailableError, match=r"No such file or directory: is memcached running there\?"):
        open_store(str(open_folder / "none.sock")).get("k")


def test_an_ipv6_address(start_memcached: StartMemcached, open_store: OpenStore) -> None:
    """The literal without brackets."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 on its loopback: {error}")

    assert keeps_values(open_store(start_memcached(host="::1").address))


def test_a_name_of_which_only_the_second_address_listens(
    shared_memcached: MemcachedProcess, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``localhost`` where memcached listens on 127.0.0.1 alone; pymemcache stops at the first."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refusing = closed.getsockname()
    resolve_to(monkeypatch, [refusing, shared_memcached.address])

    assert keeps_values(open_store(("cache.example", shared_memcached.port)))


def test_a_name_whose_first_address_is_silent(
    shared_memcached: MemcachedProcess, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets its share of the connect timeout and no more."""
    with silent_listener() as silent:
        resolve_to(monkeypatch, [silent.getsockname(), shared_memcached.address])

        assert keeps_values(open_store(("cache.example", shared_memcached.port)))


def test_an_address_that_is_silent_costs_the_connect_timeout(open_store: OpenStore) -> None:
    """A host that is switched off."""
    with silent_listener() as silent:
        began = time.monotonic()
        with pytest.raises(NodeTimeoutError, match=r"no connection within 0\.25 s"):
            open_store(silent.getsockname()).get("k")

    assert CONNECT_TIMEOUT <= time.monotonic() - began < 3 * CONNECT_TIMEOUT


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70 + ".example", "a..b"])
def test_a_name_that_is_unknown_is_unavailable(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Also one that cannot be a name."""
    look_up = socket.getaddrinfo

    def without_network(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "no-such-host.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(name, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", without_network)

    with pytest.raises(NodeUnavailableError, match=r"node n1, key k: .*is memcached running there") as caught:
        open_store((host, 11211)).get("k")

    assert isinstance(caught.value.__cause__, socket.gaierror)


def test_a_silent_name_server_costs_the_connect_timeout_and_one_thread(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's resolver knows no timeout; when it answers after all, the name is used."""
    answered = threading.Event()
    look_up = socket.getaddrinfo

    def slow(*arguments: Any, flags: int = 0, **options: Any) -> Any:
        if not flags & socket.AI_NUMERICHOST:
            answered.wait(10)
        return look_up(*arguments, flags=flags, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    store = open_store(("localhost", 1))
    threads = threading.active_count()
    began = time.monotonic()

    for _ in range(3):
        with pytest.raises(NodeTimeoutError, match=r"no connection within 0\.25 s"):
            store.get("k")

    assert time.monotonic() - began < 3 * 3 * CONNECT_TIMEOUT
    assert threading.active_count() == threads + 1
    answered.set()
    with pytest.raises(NodeUnavailableError, match="Connection refused"):
        store.get("k")


AUTHENTICATED = ("app", "pass:word-ü")


@pytest.fixture
def guarded(start_memcached: StartMemcached, open_folder: Path) -> MemcachedProcess:
    """A memcached that asks for a name and a password."""
    file = open_folder / "users"
    file.write_text(":".join(AUTHENTICATED) + "\n", encoding="utf-8")
    return start_memcached("-Y", str(file))


def test_a_name_and_password_that_the_server_knows(guarded: MemcachedProcess, open_store: OpenStore) -> None:
    """Sent on each connection, also after a restart."""
    username, password = AUTHENTICATED
    store = open_store(guarded.address, username=username, password=password)

    assert keeps_values(store)
    guarded.restart()
    assert keeps_values(store)


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"username": "app", "password": "wrong-secret"},
        {"username": "nobody-known", "password": "wrong-secret"},
    ],
)
def test_a_wrong_password_is_an_error_that_says_so_without_it(
    guarded: MemcachedProcess, open_store: OpenStore, credentials: dict[str, str]
) -> None:
    """Also none at all, where one is asked for."""
    with pytest.raises(StoreProtocolError, match=r"node n1, key k: .*check username and password") as caught:
        open_store(guarded.address, **credentials).get("k")

    assert "secret" not in f"{caught.value}{caught.value.__cause__}"


def test_a_server_that_asks_for_no_password_does_not_keep_it(
    shared_memcached: MemcachedProcess, open_store: OpenStore
) -> None:
    """It takes the words for an item, which anybody could read."""
    username, password = AUTHENTICATED
    store = open_store(shared_memcached.address, username=username, password=password)

    assert keeps_values(store)

    dump = shared_memcached.say(b"get memcached-sessions:authentication\r\n", b"END\r\n")
    assert dump == b"END\r\n"


def resolve_to(monkeypatch: pytest.MonkeyPatch, addresses: list[Address]) -> None:
    """Have each name stand for these addresses."""
    look_up = socket.getaddrinfo

    def resolved(host: str, port: int, *, flags: int = 0, **options: Any) -> Any:
        if flags & socket.AI_NUMERICHOST:
            return look_up(host, port, flags=flags, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


@contextmanager
def silent_listener() -> Iterator[socket.socket]:
    """A listener whose queue is full: the system answers no more connections, as a host that is switched off."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener
