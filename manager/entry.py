"""A session as its process holds it: one entry for all requests of the process, whatever they see of it.

Invariants: `attributes` is one dict for the life of the entry, so that what a request changed is there for the others;
everything else changes only under `mutex`; `payload` is what this process's own encoding of the backed-up state is, and
so the base of every merge. `pending` was encoded after all that is stored, and holds what every merge took: it changes
under `snapshots` alone, together with the encoding, and so do the attributes and `payload` in a merge, and `displaced`
while a request has the session open. A ``repr`` has neither the id nor what the session holds.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache
from typing import Any, Self

from .runtime import Lock
from .session_id import storage_key
from .stores.store import Cas
from .version_vector import EMPTY, VersionVector

TOUCH_SLACK = 5
"""Seconds that a backup lives beyond the time until which it could have been touched (rule R17)."""

LONGEST_TOUCH_INTERVAL = 900
"""Seconds."""


LONGEST_MEMORY = 7 * 86_400
"""Seconds for which nodes remember the end of a session that has no idle limit."""


class Standing(Enum):
    """What an entry is."""

    EMPTY = "empty"
    """Somebody is asking the nodes for it."""
    LIVE = "live"
    GONE = "gone"
    """Destroyed, rotated away or expired: nothing is ever stored for it again."""


class Turn(Enum):
    """Where an entry is in the queue of asynchronous backups."""

    NONE = "none"
    WAITING = "waiting"
    UNDER_WAY = "under way"
    AGAIN = "again"
    """Under way, and asked for once more since that began."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of a copy on a node as it was last seen: fresh means that both are equal."""

    node: str
    unique: int
    generation: str
    """With `unique`, the `Cas`; not as one, for each session of a process has this."""
    flags: int
    others: "Seen | None" = field(default=None, compare=False)
    """Those on other nodes: a chain, since nearly always there is none, and a tuple would be as large as this."""

    @classmethod
    def of(cls, node: str, cas: Cas, flags: int) -> Self:
        """Return the state of a copy as a store tells it."""
        return cls(node, cas.unique, cas.generation, flags)

    @property
    def cas(self) -> Cas:
        """What a conditional write names."""
        return Cas(self.unique, self.generation)


@dataclass(slots=True, eq=False)
class Entry:
    """One session in this process."""

    sid: str = field(repr=False)
    prefix: str
    """What the storage keys of the application begin with."""
    mutex: Lock
    snapshots: threading.Lock = field(repr=False)
    """Never held over a store command; many entries share one."""
    standing: Standing = Standing.EMPTY
    attributes: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    payload: bytes | None = field(default=None, repr=False)
    """Own encoding of the state that is backed up; None: nothing is, or it cannot be encoded here."""
    pending: bytes | None = field(default=None, repr=False)
    """A newer snapshot, that a response was sent for and that waits for its backup; None: none does."""
    left: bool = False
    """A change found no room in the queue since the last snapshot was taken; changed as `pending` is."""
    turn: Turn = Turn.NONE
    """Changed under the lock of the queue."""
    created: float = 0.0
    """Seconds since the epoch."""
    accessed: float = 0.0
    idle: int | None = None
    """Seconds that the session may rest; None: for ever."""
    stored_idle: int | None = None
    absolute: int | None = None
    """Seconds that it may live in all."""
    stored_absolute: int | None = None
    counter: int = 0
    vector: VersionVector = EMPTY
    base_vector: VersionVector = EMPTY
    """Of the state that `payload` is: `vector` may be ahead by saves that did not come about."""
    sent: tuple[bytes, VersionVector] | None = field(default=None, repr=False)
    """What was sent to nodes last, and its vector, until all have it: what others store may have grown from it."""
    home: str = ""
    """The node whose name the id bears; empty: none (or the one that has no name)."""
    known_key: tuple[str, str] | None = field(default=None, repr=False)
    """The `key` and the sid that it is of, while somebody is at the session."""
    seen: Seen | None = None
    """The copies that this process knows of, one for each node at most."""
    sole: bool = False
    """No other process has served the session since a look at the store proved it (rules R1, R2)."""
    shared: bool = False
    """Another process is known to have served it since it was last sole."""
    sole_after: float = 0.0
    """When an unchanged revalidation proves it, by the monotonic clock."""
    new: bool = False
    """Nothing was ever sent to a node under this id."""
    unbacked: bool = False
    """The present state, or a part of its copies, is on no node that answered."""
    contact: float = float("-inf")
    """When the store last said how the session stands, by the monotonic clock."""
    touched: float = float("-inf")
    """When the life of the backup was last extended."""
    compared: float = float("-inf")
    """When all nodes were last asked."""
    surveyed: float = float("-inf")
    """When all nodes that could be asked were last asked."""
    size: int = 0
    """Bytes of `payload` that the map has counted; changed under its lock, like `active`."""
    overlooked: bool = False
    """A request that may have changed it ended without a commit, for an exception: what it did is found by the next."""
    held: bool = False
    """The background is at it, and no request."""
    active: int = 0
    """Requests that have it open."""
    displaced: dict[str, list[tuple[Any, bytes]]] | None = field(default=None, repr=False)
    """Values that a merge replaced while other requests may hold them, with their encoding at that moment."""

    @property
    def key(self) -> str:
        """The storage key: a hash that takes as long as a few lines of code, and is a tenth of what an entry takes."""
        known, sid = self.known_key, self.sid
        if known is None or known[0] is not sid:  # a rotation may come between any two lines of a request beside it
            known = self.known_key = sid, storage_key(sid, self.prefix)
        return known[1]

    @property
    def is_live(self) -> bool:
        """Whether it holds a session that goes on."""
        return self.standing is Standing.LIVE

    def seen_on(self, node: str) -> Seen | None:
        """Return the copy that a node is known to hold."""
        seen = self.seen
        while seen is not None and seen.node != node:
            seen = seen.others
        return seen

    def copies(self) -> Iterator[Seen]:
        """Return the copies that this process knows of."""
        seen = self.seen
        while seen is not None:
            yield seen
            seen = seen.others

    def note_seen(self, node: str, cas: Cas, flags: int) -> None:
        """Note the copy that a node holds."""
        self.forget_seen(node)
        self.seen = Seen(node, cas.unique, cas.generation, flags, self.seen)

    def forget_seen(self, node: str) -> Seen | None:
        """Note that it is not known what a node holds; return what was."""
        forgotten = self.seen_on(node)
        if forgotten is not None:
            kept = None
            for seen in self.copies():
                if seen is not forgotten:
                    kept = replace(seen, others=kept)
            self.seen = kept
        return forgotten

    @property
    def has_others(self) -> bool:
        """Whether a request has it open beside whoever is at it."""
        return self.active > (0 if self.held else 1)

    @property
    def behind(self) -> bool:
        """Whether something that a response was sent for is on no node yet."""
        return self.unbacked or self.pending is not None

    @property
    def newest(self) -> bytes | None:
        """The snapshot that was taken last: what a commit compares with."""
        return self.payload if self.pending is None else self.pending

    @property
    def touch_interval(self) -> int:
        """Seconds between two signs of life to the nodes."""
        return touch_interval(self.idle)

    def life(self, now: float) -> int | None:
        """Return how long a backup lives from now, in seconds, None for ever; 0 if the session is over."""
        limits: list[float] = []
        if self.idle is not None:
            limits.append(self.idle + self.touch_interval + TOUCH_SLACK)
        if self.absolute is not None:
            limits.append(self.created + self.absolute - now)
        return max(0, -int(-min(limits) // 1)) if limits else None

    def tombstone_life(self, least: int) -> int:
        """Return for how many seconds nodes must remember that the session is over: longer than any copy of it lives.

        So a copy that was quiet for long may be stored again where no node knows the session (rule R18).
        """
        if self.idle is None:
            return max(least, LONGEST_MEMORY)
        return max(least, self.idle + self.touch_interval + 60)


@lru_cache(maxsize=64)
def touch_interval(idle: int | None) -> int:
    """Return a quarter of the idle limit, at most 15 minutes, in whole seconds.

    >>> touch_interval(1800), touch_interval(None), touch_interval(1)
    (450, 900, 1)
    """
    return LONGEST_TOUCH_INTERVAL if idle is None else max(1, min(idle // 4, LONGEST_TOUCH_INTERVAL))
