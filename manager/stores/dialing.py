"""How a node is reached: TCP by name or address, TLS over it, or a UNIX socket, in bounded time.

pymemcache's own way stops at the first address of a name, gives each step the whole timeout, and leaves the time that
a name's lookup takes to the system. Invariant: `Dialer.dial` returns a connection, or raises, within the connect
timeout, however many addresses there are and however long the name server is silent.
"""

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from ssl import SSLContext
from time import monotonic
from typing import Any

_Candidate = tuple[socket.AddressFamily, Any]
"""A family of addresses and an address of it, as `socket.socket.connect` takes it."""


class Dialer:
    """Opens connections to one node.

    Parameters
    ----------
    address
        ``(host, port)``, or the path of a UNIX socket.
    connect_timeout
        Seconds for everything: the name, all its addresses, TLS.
    tls_context
        How to speak TLS; None: not at all. The host's name is what the certificate is checked against.
    """

    def __init__(
        self, address: tuple[str, int] | str, *, connect_timeout: float, tls_context: SSLContext | None
    ) -> None:
        self.address = address
        self._timeout = connect_timeout
        self._tls_context = tls_context
        self._lookup: Future[list[_Candidate]] | None = None
        self._lock = threading.Lock()

    def dial(self) -> socket.socket:
        """Return a new connection.

        Raises
        ------
        TimeoutError
            There was none within the connect timeout.
        OSError
            The name is unknown, or the node refused; of several addresses it is the last one's error.
        """
        deadline = monotonic() + self._timeout
        try:
            return self._first_of(self._candidates(deadline), deadline)
        except TimeoutError as error:
            raise TimeoutError(f"no connection within {self._timeout} s") from error

    def _first_of(self, candidates: Sequence[_Candidate], deadline: float) -> socket.socket:
        failures: list[OSError] = []
        for number, candidate in enumerate(candidates):
            # An equal share of what is left: one address without an answer must not use up the time of the others.
            share = (deadline - monotonic()) / (len(candidates) - number)
            try:
                return self._connected(*candidate, monotonic() + share)
            except OSError as error:
                failures.append(error)
        if not failures:
            raise OSError(f"{self.address[0]} has no address")
        raise failures[-1]

    def _connected(self, family: socket.AddressFamily, address: Any, deadline: float) -> socket.socket:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds_until(deadline))
            if family != socket.AF_UNIX:
                # Without it a small write may wait 40 ms for the server to acknowledge the one before.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect(address)
            if self._tls_context:
                connection.settimeout(seconds_until(deadline))
                connection = self._tls_context.wrap_socket(connection, server_hostname=self.address[0])
        except BaseException:
            connection.close()
            raise
        return connection

    def _candidates(self, deadline: float) -> list[_Candidate]:
        if isinstance(self.address, str):
            return [(socket.AF_UNIX, self.address)]
        host, port = self.address
        try:
            return _look_up(host, port, socket.AI_NUMERICHOST)
        except (socket.gaierror, UnicodeError):
            return self._shared_lookup(host, port).result(seconds_until(deadline))

    def _shared_lookup(self, host: str, port: int) -> "Future[list[_Candidate]]":
        """Return the lookup that is under way, or a new one: a silent name server must not cost a thread for each call.

        The system's resolver takes no timeout, so it runs in a thread that is left behind.
        """
        with self._lock:
            if self._lookup is None or self._lookup.done():
                self._lookup = Future()
                threading.Thread(target=_fulfil, args=(self._lookup, host, port), daemon=True).start()
            return self._lookup


def seconds_until(deadline: float) -> float:
    """Return the seconds that are left until a time of `time.monotonic`.

    Raises
    ------
    TimeoutError
        None are left.

    >>> 9 < seconds_until(monotonic() + 10) <= 10
    True
    """
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _fulfil(lookup: "Future[list[_Candidate]]", host: str, port: int) -> None:
    try:
        lookup.set_result(_look_up(host, port, 0))
    except (OSError, UnicodeError) as error:
        lookup.set_exception(error if isinstance(error, OSError) else socket.gaierror(str(error)))


def _look_up(host: str, port: int, flags: int) -> list[_Candidate]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]
