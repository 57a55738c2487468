"""How this package asks nodes: all at the same time, each in bounded time, and without a change to any of them.

Invariants: nothing is stored, deleted or touched, not even the generation that other connections write where there is
none; an item that is read stays where it was in the server's order of use, so that looking keeps nothing from being
evicted. What cannot be avoided is counted by the server: connections, commands, hits and misses.
"""

import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from pymemcache.exceptions import MemcacheError

from ..errors import StoreError
from ..node_list import Node
from ..settings import Settings
from ..stores.dialing import Dialer
from ..stores.memcached_failures import store_error
from ..stores.meta_client import MetaClient
from ..stores.meta_commands import Command, authenticate_command
from ..stores.tls import tls_context

_MOST_AT_ONCE = 32

_Answer = TypeVar("_Answer")


class WouldWriteError(MemcacheError):
    """The command would have changed something on the node, and was not sent."""


class ReadOnlyClient(MetaClient):
    """A connection that sends nothing but questions.

    >>> ReadOnlyClient.question(b"mg k v c\\r\\n")
    b'mg k v c u\\r\\n'
    >>> ReadOnlyClient.question(b"md k\\r\\n")
    Traceback (most recent call last):
        ...
    memcached_sessions.manager.admin.asking.WouldWriteError: md is not sent by the command line, which only reads
    """

    @staticmethod
    def question(request: bytes) -> bytes:
        """Return the request as it may be sent: ``mg`` with ``u``, by which the server does not take note of the read.

        Raises
        ------
        WouldWriteError
            It would change something.
        """
        word = request.split(maxsplit=1)[0]
        if word == b"mg":
            return request.removesuffix(b"\r\n") + b" u\r\n"
        if word in (b"version", b"stats"):
            return request
        raise WouldWriteError(f"{word.decode()} is not sent by the command line, which only reads")

    def ask(self, command: Command[_Answer], deadline: float) -> _Answer:
        """Send a question, and return what its reply means; as `MetaClient.ask`."""
        return super().ask(command._replace(request=self.question(command.request)), deadline)

    def authenticate(self, username: str, password: str, deadline: float) -> None:
        """Give a name and a password. A server that asks for none takes this for an item that has expired already."""
        super().ask(authenticate_command(username, password), deadline)


Question = Callable[[Node, ReadOnlyClient, float], _Answer]
"""What is asked of a node on an open connection, until a time of `time.monotonic`."""


def ask_all(
    settings: Settings, question: Question[_Answer], *, key: str = ""
) -> list[tuple[Node, _Answer | StoreError]]:
    """Ask all nodes; return what each answered, or its error, in the order of the settings.

    A node is waited for at most the connect timeout and the operation timeout.

    Parameters
    ----------
    key
        What is asked for, as errors shall name it.

    Raises
    ------
    ConfigurationError
        The files for TLS cannot be used.
    """
    nodes = settings.node_list.nodes
    tls = tls_context(settings) if any(node.address.kind == "tls" for node in nodes) else None

    def ask(node: Node) -> _Answer | StoreError:
        if node.address.kind == "memory":
            return StoreError("it is in the memory of the application's process: nobody else sees it", node=node.label)
        try:
            return _asked(node, settings, question, tls if node.address.kind == "tls" else None)
        except (OSError, MemcacheError) as error:
            return store_error(error, node=node.label, key=key)

    with ThreadPoolExecutor(min(len(nodes), _MOST_AT_ONCE)) as threads:
        return list(zip(nodes, threads.map(ask, nodes), strict=True))


def _asked(node: Node, settings: Settings, question: Question[_Answer], tls: ssl.SSLContext | None) -> _Answer:
    address = node.address.path if node.address.kind == "unix" else (node.address.host, node.address.port)
    dialer = Dialer(address, connect_timeout=settings.connect_timeout, tls_context=tls)
    client = ReadOnlyClient(dialer, timeout=settings.operation_timeout)
    try:
        client.connect()
        deadline = monotonic() + settings.operation_timeout
        if settings.username is not None:
            client.authenticate(settings.username, settings.password or "", deadline)
        return question(node, client, deadline)
    finally:
        client.close()
