"""One connection to a memcached that speaks the meta protocol: pymemcache's `Client`, with ``mg``, ``ms`` and ``md``.

pymemcache has no meta commands, counts its timeout for each read, and takes what follows a reply for the next one.
Invariants: a command ends before its deadline, however slowly the bytes come; a connection on which anything went
wrong, an interrupt included, is closed before the error leaves, so that no reply is ever taken for another command's.
"""

from socket import socket
from ssl import SSLEOFError, SSLZeroReturnError
from typing import TypeVar

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheUnexpectedCloseError, MemcacheUnknownError

from .dialing import Dialer, seconds_until
from .meta_commands import Command
from .meta_replies import block_size, unexpected

_Answer = TypeVar("_Answer")

_SMALL = 4096
"""Bytes asked for when the length of a reply is not known: most replies are shorter."""

_LONGEST_TEXT = 65_536
"""Bytes of a line, or of all lines of settings; a server of today writes 4 000."""


_CLOSED_IN_ANSWER = "the node closed the connection in the middle of an answer"
_CLOSED = (ConnectionError, SSLEOFError, SSLZeroReturnError)


class ClosedUnansweredError(MemcacheUnexpectedCloseError):
    """The server closed the connection before the first byte of a reply: long ago, or just now."""


class MetaClient(Client):
    """One connection, for one thread at a time. It is made closed; `connect` opens it.

    Parameters
    ----------
    dialer
        Opens the connection.
    timeout
        Seconds that a command may take. Messages name it; the deadline is given with each command.
    """

    def __init__(self, dialer: Dialer, *, timeout: float) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - pymemcache declares some of its parameters
            dialer.address, timeout=timeout, default_noreply=False
        )
        self._dialer = dialer
        self.generation = ""
        """Of the server at the other end; what it counts belongs to it."""
        self.item_limit = _SMALL
        """Bytes that the server takes for one item; a reply that claims to be larger is none."""
        self.age = -1
        """Which connections of its pool share the fate of this one."""
        self.idle_since = 0.0
        """When it was last put back into its pool, by `time.monotonic`; 0 before."""

    def connect(self) -> None:
        """Open the connection, within the dialer's timeout.

        Raises
        ------
        OSError
            There is none; a `TimeoutError` if it took too long.
        """
        self.close()
        self.sock = self._dialer.dial()

    def ask(self, command: Command[_Answer], deadline: float) -> _Answer:
        """Send a command, and return what its reply means.

        Parameters
        ----------
        deadline
            When the reply must be complete, by `time.monotonic`.

        Raises
        ------
        ClosedUnansweredError
            The server had closed the connection, or closed it without a word.
        TimeoutError
            There was no complete reply at the deadline.
        OSError, MemcacheError
            The connection broke in mid-reply, or the reply is none.
        """
        connection = self.sock
        if connection is None:
            raise MemcacheUnexpectedCloseError("the connection is not open")
        try:
            received = _first_part(command.request, connection, deadline)
            line, rest = _up_to(b"\r\n", received, connection, deadline)
            block = None
            size = block_size(line)
            if size is not None:
                block, rest = self._block(size, rest, connection, deadline)
            elif line.startswith(b"STAT "):
                block, rest = _up_to(b"END\r\n", rest, connection, deadline)
            if rest:
                unexpected(rest)
            return command.read(line, block, self.generation)
        except TimeoutError as error:
            self.close()
            raise TimeoutError(f"no answer within {self.timeout} s") from error
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        """Open the connection for a command of pymemcache's own."""
        self.connect()

    def _block(self, size: int, received: bytes, connection: socket, deadline: float) -> tuple[bytes, bytes]:
        if size > self.item_limit:
            raise MemcacheUnknownError(f"an answer of {size} bytes, where items have {self.item_limit} at most")
        whole = received if len(received) >= size + 2 else _filled(received, size + 2, connection, deadline)
        if whole[size : size + 2] != b"\r\n":
            raise MemcacheUnknownError(f"an answer of {size} bytes that does not end there")
        return bytes(whole[:size]), bytes(whole[size + 2 :])


def _first_part(request: bytes, connection: socket, deadline: float) -> bytes:
    """Send a command, and return the first bytes of its reply."""
    connection.settimeout(seconds_until(deadline))
    try:
        # In one piece. Not by sendall, which over TLS takes the timeout anew for each record.
        sent = connection.send(request)
        # The first part never waits, since nothing is under way: the timeout fits what comes next, mostly the reply.
        while sent < len(request):
            sent += connection.send(memoryview(request)[sent:])
            connection.settimeout(seconds_until(deadline))
        received = connection.recv(_SMALL)
    except _CLOSED as error:
        raise ClosedUnansweredError("the node has closed the connection") from error
    if not received:
        raise ClosedUnansweredError("the node has closed the connection")
    return received


def _filled(received: bytes, size: int, connection: socket, deadline: float) -> memoryview:
    """Return so many bytes, of which some have come."""
    whole = memoryview(bytearray(size))
    filled = len(received)
    whole[:filled] = received
    while filled < size:
        connection.settimeout(seconds_until(deadline))
        more = connection.recv_into(whole[filled:])
        if not more:
            raise MemcacheUnexpectedCloseError(_CLOSED_IN_ANSWER)
        filled += more
    return whole


def _up_to(end: bytes, received: bytes, connection: socket, deadline: float) -> tuple[bytes, bytes]:
    """Return what comes before an end, and what has come behind it."""
    position = received.find(end)
    while position < 0:
        if len(received) > _LONGEST_TEXT:
            raise MemcacheUnknownError(f"an answer without an end: {received[:60]!r}...")
        connection.settimeout(seconds_until(deadline))
        more = connection.recv(_SMALL)
        if not more:
            raise MemcacheUnexpectedCloseError(_CLOSED_IN_ANSWER)
        received += more
        position = received.find(end)
    return received[:position], received[position + len(end) :]
