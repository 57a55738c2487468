"""What the manager needs of one node: five commands, each atomic, with every corner case stated.

The commands are those of memcached's meta protocol (``mg``, ``ms``, ``md``). Invariants of every implementation:

- A key is 1 to 250 bytes of printable ASCII without spaces; values are bytes; client flags are 32 bits.
- Time to live is in whole seconds from now, over 30 days too; ``None`` is for ever; 0 and less is not allowed.
- An error is a `StoreError` and nothing else. `NodeUnavailableError` (with `NodeTimeoutError`) leaves open whether the
  command was carried out, or will be. `ValueTooLargeError` and `StoreProtocolError` changed nothing.
- A call returns or raises within the operation timeout, plus the connect timeout if there was no connection.
- A `Cas` belongs to one generation of the server: its count begins anew when the server does. A server whose generation
  cannot be shown to be that of the `Cas` answers `Outcome.EXISTS`, and changes nothing.
- A connection that the server had closed while it was idle (a restart) is replaced, and the command sent again, once.
- Safe to call from many threads, and in a process forked from one that used it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol


class Cas(NamedTuple):
    """Which state of an item was seen: the server's count, and the generation of the server that counted.

    >>> Cas(7, "4f1d") == Cas(7, "99a0")
    False
    """

    unique: int
    generation: str


@dataclass(frozen=True, slots=True)
class Item:
    """What a node holds under a key."""

    cas: Cas
    flags: int
    """32 client flag bits."""
    ttl: int | None
    """Seconds that were left before this command; None: for ever."""
    value: bytes | None
    """The bytes; None if they were not asked for."""


class Outcome(Enum):
    """How a write ended."""

    STORED = "stored"
    EXISTS = "exists"
    """Nothing was changed: `Store.add` found an item; for the others the item is not the one that the `Cas` names."""
    NOT_FOUND = "not found"
    """Nothing was changed: there is no such item."""


@dataclass(frozen=True, slots=True)
class Written:
    """The answer to a write."""

    outcome: Outcome
    cas: Cas | None = None
    """Of the new item, when it was stored."""


class Store(Protocol):
    """One node. An implementation says in its docstring what it keeps and how long."""

    @property
    def generation(self) -> str:
        """The generation last seen; empty before the first answer.

        It changes when the server has restarted or was flushed: everything it held before is gone.
        """
        ...

    @property
    def item_limit(self) -> int | None:
        """Bytes that the server takes for one item; None before it was asked."""
        ...

    def get(self, key: str, *, value: bool = True, touch: int | None = None, renew: bool = False) -> Item | None:
        """Return what is under a key, None if nothing is.

        Parameters
        ----------
        value
            Also fetch the bytes. Without them the answer has about 40 bytes, whatever the item's size.
        touch, renew
            With ``renew=True`` the item lives ``touch`` seconds from now (None: for ever); its `Cas` stays the same.
        """
        ...

    def add(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store where nothing is: ``STORED`` or ``EXISTS``."""
        ...

    def replace(self, key: str, value: bytes, *, cas: Cas, flags: int, ttl: int | None) -> Written:
        """Store over the very item that the `Cas` names: ``STORED``, ``EXISTS`` or ``NOT_FOUND``."""
        ...

    def set(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store whatever is there: always ``STORED``. For marks that win over everything, never for sessions."""
        ...

    def delete(self, key: str, *, cas: Cas) -> Outcome:
        """Remove the very item that the `Cas` names: ``STORED`` means removed; ``EXISTS`` or ``NOT_FOUND``."""
        ...

    def probe(self) -> str:
        """Ask the server for its generation (and once for its version and limits), and return it.

        Raises
        ------
        StoreProtocolError
            It is too old or no memcached; the message has the version seen.
        """
        ...

    def close(self) -> None:
        """Let go of connections. A later call opens them again."""
        ...
