"""`MemcachedStore`: a node that is a memcached, reached over a pool of connections.

Invariants: nothing but `StoreError` and `ValueError` (a wrong argument) leaves; a connection that failed is never lent
again; a `Cas` is only ever compared by a server of the generation that counted it.
"""

from collections.abc import Callable
from functools import partial
from ssl import SSLContext
from threading import Lock
from time import monotonic
from typing import TypeVar

from pymemcache.exceptions import MemcacheError

from ..after_fork import call_after_fork
from .connection_pool import ConnectionPool
from .dialing import Dialer
from .greeting import GENERATION_KEY, greet, renew_generation
from .memcached_failures import store_error, too_large
from .meta_client import ClosedUnansweredError, MetaClient
from .meta_commands import (
    Command,
    add_command,
    authenticate_command,
    delete_command,
    get_command,
    replace_command,
    set_command,
)
from .store import Cas, Item, Outcome, Written

_Answer = TypeVar("_Answer")


class MemcachedStore:
    """A memcached of version 1.6.13 or newer. It keeps an item until it expires, is evicted, or the server stops.

    A time to live over 30 days is told as a time since 1970, by the clock of this machine, and ends in 2038.

    Parameters
    ----------
    node
        Its name, for messages.
    address
        ``(host, port)``, or the path of a UNIX socket.
    operation_timeout
        Seconds for one command, with all waiting; opening a connection comes on top.
    write_timeout
        Seconds for one command that stores; None: as for any other.
    connect_timeout
        Seconds for opening one: name lookup, TCP, TLS.
    max_pool_size
        How many connections there may be; a call that finds all in use waits within its operation timeout.
    username, password
        For ``memcached -Y``; without a username nothing is sent.
    tls_context
        How to speak TLS; None: not at all.
    """

    def __init__(
        self,
        node: str,
        address: tuple[str, int] | str,
        *,
        operation_timeout: float = 0.5,
        write_timeout: float | None = None,
        connect_timeout: float = 0.25,
        max_pool_size: int = 64,
        username: str | None = None,
        password: str | None = None,
        tls_context: SSLContext | None = None,
    ) -> None:
        self._node = node
        self._operation_timeout = operation_timeout
        self._write_timeout = operation_timeout if write_timeout is None else write_timeout
        self._pool_size = max_pool_size
        self._credentials = None if username is None else authenticate_command(username, password or "")
        self._new_dialer = partial(Dialer, address, connect_timeout=connect_timeout, tls_context=tls_context)
        self._generation = ""
        self._item_limit: int | None = None
        self._seen_at = 0.0
        self._begin()
        call_after_fork(self._begin_anew)

    @property
    def generation(self) -> str:
        """The generation last seen; empty before the first answer."""
        return self._generation

    @property
    def item_limit(self) -> int | None:
        """Bytes that the server takes for one item, with key and header; None before it was asked."""
        return self._item_limit

    def get(self, key: str, *, value: bool = True, touch: int | None = None, renew: bool = False) -> Item | None:
        """Return what is under a key, None if nothing is; as `Store.get`."""
        return self._run(get_command(key, value=value, touch=touch, renew=renew))

    def add(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store where nothing is; as `Store.add`."""
        return self._run(add_command(key, value, flags=flags, ttl=ttl))

    def replace(self, key: str, value: bytes, *, cas: Cas, flags: int, ttl: int | None) -> Written:
        """Store over the very item that the `Cas` names; as `Store.replace`.

        Sent again after the server had closed the connection, it may meet its own first sending: ``EXISTS``.
        """
        return self._run(replace_command(key, value, cas=cas, flags=flags, ttl=ttl))

    def set(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store whatever is there; as `Store.set`."""
        return self._run(set_command(key, value, flags=flags, ttl=ttl))

    def delete(self, key: str, *, cas: Cas) -> Outcome:
        """Remove the very item that the `Cas` names; as `Store.delete`."""
        return self._run(delete_command(key, cas=cas))

    def probe(self) -> str:
        """Ask the server for its generation, and return it; as `Store.probe`.

        When it is a new one, the other connections are let go: they would take the old one's `Cas`.
        """
        return self._on_connection(GENERATION_KEY, self._look_again)

    def close(self) -> None:
        """Let go of connections, those in use when their command is done. A later call opens them again."""
        self._pool.retire(self._pool.age)

    def _run(self, command: Command[_Answer]) -> _Answer:
        def carry_out(client: MetaClient, deadline: float) -> _Answer:
            if command.size > client.item_limit:
                # Not left to the server: for one that is too large it drops the item that it has.
                raise too_large(command.size, client.item_limit, node=self._node, key=command.key)
            if command.generation is not None and command.generation != client.generation:
                return command.read(b"EX", None, client.generation)
            return client.ask(command, deadline)

        return self._on_connection(command.key, carry_out, self._write_timeout if command.size else None)

    def _on_connection(
        self, key: str, use: Callable[[MetaClient, float], _Answer], timeout: float | None = None
    ) -> _Answer:
        timeout = self._operation_timeout if timeout is None else timeout
        deadline = monotonic() + timeout
        pool = self._pool
        try:
            client = pool.take(deadline)
            try:
                if client is not None:
                    client.timeout = timeout
                    try:
                        return use(client, deadline)
                    except ClosedUnansweredError:
                        # The server has restarted, or closed what was idle: the others will not have fared better.
                        pool.retire(client.age)
                started = monotonic()
                client = MetaClient(self._dialer, timeout=timeout)
                client.connect()
                deadline += monotonic() - started
                self._introduce(client, deadline)
                return use(client, deadline)
            finally:
                pool.put(client)
        except (OSError, MemcacheError) as error:
            raise store_error(error, node=self._node, key=key) from error

    def _introduce(self, client: MetaClient, deadline: float) -> None:
        if self._credentials:
            client.ask(self._credentials, deadline)
        asked_at = monotonic()
        greet(client, deadline)
        self._note(client, asked_at)

    def _look_again(self, client: MetaClient, deadline: float) -> str:
        if client.idle_since:  # a new one has just been asked
            asked_at = monotonic()
            renew_generation(client, deadline)
            self._note(client, asked_at)
        return client.generation

    def _note(self, client: MetaClient, asked_at: float) -> None:
        """Learn from a connection in which life the server is.

        One that was asked before another cannot have seen a later life, whichever answer was read first.
        """
        with self._lock:
            if client.generation != self._generation:
                if asked_at < self._seen_at:
                    client.age = -1  # it belongs to the past, and is closed after use
                    return
                self._generation = client.generation
                self._item_limit = client.item_limit
                self._pool.retire(self._pool.age)
            self._seen_at = max(asked_at, self._seen_at)
            client.age = self._pool.age

    def _begin(self) -> None:
        self._lock = Lock()
        self._dialer = self._new_dialer()
        self._pool = ConnectionPool(self._pool_size)

    def _begin_anew(self) -> None:
        """Have locks and connections of its own, in a process forked from the one whose they are."""
        self._pool.abandon()
        self._begin()
