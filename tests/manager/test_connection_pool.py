"""Lending connections: how many, which first, and which are closed."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from memcached_sessions.manager.stores import connection_pool
from memcached_sessions.manager.stores.connection_pool import ConnectionPool
from memcached_sessions.manager.stores.dialing import Dialer
from memcached_sessions.manager.stores.meta_client import MetaClient


class Clients:
    """Open connections that lead nowhere."""

    def __init__(self) -> None:
        self.peers: list[socket.socket] = []

    def of_age(self, age: int) -> MetaClient:
        """Return an open connection."""
        client = MetaClient(Dialer(("127.0.0.1", 1), connect_timeout=1.0, tls_context=None), timeout=1.0)
        client.sock, peer = socket.socketpair()
        client.age = age
        self.peers += [client.sock, peer]
        return client


@pytest.fixture
def clients() -> Iterator[Clients]:
    """Return connections, and close them after the test."""
    made = Clients()
    yield made
    for peer in made.peers:
        peer.close()


def fill(pool: ConnectionPool, clients: Clients, number: int) -> list[MetaClient]:
    """Have a pool hold so many idle connections; return them, the one that was put back first in front."""
    for _ in range(number):
        assert pool.take(soon()) is None
    opened = [clients.of_age(pool.age) for _ in range(number)]
    for client in opened:
        pool.put(client)
    return opened


class InterruptedRequestError(BaseException):
    """What an application raises from a signal handler to end a request."""


def interrupt(_number: int, _frame: object) -> None:
    """Be that handler."""
    raise InterruptedRequestError


def wait_for(pool: ConnectionPool, waiting: int) -> None:
    """Return when so many threads wait."""
    deadline = soon(5)
    while len(pool._queue) != waiting:  # noqa: SLF001 - nobody else can tell
        assert time.monotonic() < deadline
        time.sleep(0.001)


def soon(seconds: float = 0.0) -> float:
    """Return a deadline."""
    return time.monotonic() + seconds


def test_the_connection_that_was_used_last_is_lent_first(clients: Clients) -> None:
    """So that the others grow old: pymemcache lends the oldest, and none ever does."""
    pool = ConnectionPool(3)
    first, second, third = fill(pool, clients, 3)

    assert [pool.take(soon()) for _ in range(3)] == [third, second, first]


def test_no_more_are_lent_than_there_may_be(clients: Clients) -> None:
    """The message says what to do."""
    pool = ConnectionPool(2)
    fill(pool, clients, 2)
    pool.take(soon())
    pool.take(soon())
    began = time.monotonic()

    with pytest.raises(TimeoutError, match="all 2 connections are in use: raise max_pool_size"):
        pool.take(soon(0.1))

    assert time.monotonic() - began >= 0.1


def test_who_waits_is_served_before_who_comes_later(clients: Clients) -> None:
    """Else a busy thread would take back at once what it has just returned, until the others' time is over."""
    pool = ConnectionPool(1)
    (client,) = fill(pool, clients, 1)
    assert pool.take(soon()) is client
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(pool.take, soon(10))
        wait_for(pool, 1)
        second = threads.submit(pool.take, soon(10))
        wait_for(pool, 2)

        pool.put(client)

        with pytest.raises(TimeoutError):
            pool.take(soon())
        assert first.result() is client
        assert not second.done()
        client.close()
        pool.put(client)
        assert second.result() is None


def test_who_gave_up_waiting_is_not_served(clients: Clients) -> None:
    """By its time, or by an interrupt: the place goes to the next."""
    pool = ConnectionPool(1)
    (client,) = fill(pool, clients, 1)
    pool.take(soon())
    with pytest.raises(TimeoutError):
        pool.take(soon(0.01))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(InterruptedRequestError):
            pool.take(soon(10))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    pool.put(client)

    assert pool.take(soon()) is client


def test_what_is_given_back_unopened_or_closed_may_be_opened_again(clients: Clients) -> None:
    """A place is not lost when connecting fails, or the connection breaks."""
    pool = ConnectionPool(1)
    (client,) = fill(pool, clients, 1)
    for _ in range(3):
        pool.take(soon())
        pool.put(None)
    assert pool.take(soon()) is None
    client.close()
    pool.put(client)

    assert pool.take(soon()) is None


def test_retiring_an_age_closes_what_is_idle_now_and_what_is_lent_later(clients: Clients) -> None:
    """After a restart all are stale, and only those: what was opened since is kept."""
    pool = ConnectionPool(4)
    fill(pool, clients, 3)
    lent = pool.take(soon())
    assert lent
    pool.retire(lent.age)
    young = clients.of_age(pool.age)
    assert pool.take(soon()) is None
    pool.put(young)

    pool.retire(lent.age)
    pool.put(lent)

    assert [peer.fileno() >= 0 for peer in clients.peers[::2]] == [False, False, False, True]
    assert pool.take(soon()) is young
    assert [pool.take(soon()) for _ in range(3)] == [None] * 3


def test_what_was_idle_too_long_is_closed(clients: Clients) -> None:
    """Firewalls forget such connections, and a command on one would time out."""
    pool = ConnectionPool(2)
    old, young = fill(pool, clients, 2)
    old.idle_since -= connection_pool.IDLE_LIMIT + 1

    assert pool.take(soon()) is young
    assert old.sock is None
    assert pool.take(soon()) is None
