"""The keys of a memcached, of which a sample is taken: what the server's crawler lists.

``lru_crawler metadump all`` walks through all items in the background and holds no lock for long; it needs the crawler,
which is on unless memcached was started with ``-o no_lru_crawler``, and dumping, which ``-X`` forbids. Invariants:
nothing is changed, not even the order of use; whatever the node sends, no more than the sample is kept of it.
"""

import heapq
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from time import monotonic, sleep
from urllib.parse import unquote

from pymemcache.exceptions import MemcacheClientError, MemcacheUnexpectedCloseError, MemcacheUnknownError

from ...stores.dialing import seconds_until
from ...stores.greeting import GENERATION_KEY
from ..asking import ReadOnlyClient

LONGEST_LISTING = 600.0
"""Seconds that a node may take to list its keys: the crawler rests after each few, so that it is in nobody's way."""

_BUSY_WAIT = 0.2
_PIECE = 65_536
_LONGEST_LINE = 4096
_LISTED = re.compile(rb"key=(\S+) ")
_DIGITS = "[0-9a-f]{40}"
_ADVICE = "copy stored values into a folder, as NAME.session, and give that instead"


@dataclass
class Listed:
    """Keys of a node."""

    limit: int
    salt: bytes
    """What the draw depends on; the same for all nodes, so that a session that is on two of them is drawn once."""
    sessions: int = 0
    """How many keys look like those of sessions."""
    others: int = 0
    _drawn: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def add(self, key: str) -> None:
        """Draw a key, or not: the `limit` keys with the lowest hashes are a sample in which each key is as likely.

        >>> listed = Listed(limit=2, salt=b"salt")
        >>> for number in range(9):
        ...     listed.add(f"key {number}")
        >>> len(listed.drawn), listed.sessions
        (2, 9)
        """
        self.sessions += 1
        rank = -int.from_bytes(blake2b(key.encode(), digest_size=8, key=self.salt).digest(), "big")
        if len(self._drawn) < self.limit:
            heapq.heappush(self._drawn, (rank, key))
        elif rank > self._drawn[0][0]:
            heapq.heapreplace(self._drawn, (rank, key))

    @property
    def drawn(self) -> list[tuple[int, str]]:
        """The keys that were drawn, each behind its rank, the one that would be left out last at the beginning."""
        return sorted(self._drawn, reverse=True)


def list_keys(client: ReadOnlyClient, prefix: str, listed: Listed) -> Listed:
    """Let a node list its keys, and draw from those of sessions.

    Parameters
    ----------
    client
        An open connection; it is to be closed afterwards.
    prefix
        The setting ``storage_key_prefix``.
    listed
        Where they go.

    Raises
    ------
    OSError, MemcacheError
        The node does not list them, or not within `LONGEST_LISTING`.
    """
    is_session = re.compile(re.escape(prefix) + _DIGITS).fullmatch
    deadline = monotonic() + LONGEST_LISTING
    received = _begun(client, deadline)
    while True:
        lines = received.split(b"\n")
        received = lines.pop()
        for line in lines:
            line = line.rstrip(b"\r")
            if line == b"END":
                return listed
            found = _LISTED.match(line)
            if found is None:
                raise MemcacheUnknownError(f"an answer that lists no keys: {line[:60]!r}")
            key = unquote(found[1].decode("ascii", "replace"))
            if is_session(key):
                listed.add(key)
            elif key != GENERATION_KEY:
                listed.others += 1
        if len(received) > _LONGEST_LINE:
            raise MemcacheUnknownError(f"an answer that lists no keys: {received[:60]!r}")
        received += _piece(client, deadline)


def _begun(client: ReadOnlyClient, deadline: float) -> bytes:
    """Ask for the list, as often as the crawler is busy with something else, and return how it begins."""
    while True:
        assert client.sock is not None  # noqa: S101 - the caller has connected it
        client.sock.sendall(b"lru_crawler metadump all\r\n")
        received = b""
        while b"\n" not in received and len(received) < _LONGEST_LINE:
            received += _piece(client, deadline)
        if not received.startswith((b"BUSY", b"ERROR", b"CLIENT_ERROR")):
            return received
        if not received.startswith(b"BUSY"):
            why = (
                "started with -X"
                if b"not allowed" in received
                else "without its crawler (-o no_lru_crawler), or too old"
            )
            raise MemcacheClientError(f"it lists no keys: {why}; {_ADVICE}")
        seconds_until(deadline)
        sleep(_BUSY_WAIT)


def _piece(client: ReadOnlyClient, deadline: float) -> bytes:
    assert client.sock is not None  # noqa: S101 - the caller has connected it
    client.sock.settimeout(seconds_until(deadline))
    piece = client.sock.recv(_PIECE)
    if not piece:
        raise MemcacheUnexpectedCloseError("the node closed the connection while it listed its keys")
    return piece
