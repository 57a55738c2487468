"""A copy that a node holds and the session of this process become one state.

Rules R5 and R6 of the protocol: an ancestor is ignored, a descendant is merged three-way, a branch two-way. Invariant:
what a request changed is never overwritten unseen: where two sides changed an attribute, one wins and an event says so.
"""

from enum import Enum
from typing import Any

from ..serializers import SerializationError
from .attribute_merge import Merged, merge_branch, merge_descendant
from .entry import Entry, Seen, Standing
from .envelope import Envelope
from .errors import UndecodableError
from .events import EventKind
from .local_sessions import Ended
from .process import Process
from .store import Item
from .version_vector import Relation, compare

_PLAIN = (str, int, float, bool, bytes, type(None))


class Taken(Enum):
    """What came of it."""

    NOTHING = "nothing"
    """The copy is this state, or an ancestor of it, or cannot be read: it may be stored over."""
    NEWER = "newer"
    """The session has taken changes from the copy."""
    GONE = "gone"
    """The copy is a tombstone; the session is over."""


class Reconciling:
    """The step `reconcile` of the protocol, and the end of a session. The entry's mutex is held."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def look(self, entry: Entry, node: str, item: Item) -> Taken:
        """Take over what is newer in an item that was fetched with its value, and remember the item as seen."""
        try:
            envelope = self._process.codec.open(entry.key, item)
        except UndecodableError as error:
            self._process.emit(EventKind.UNDECODABLE, entry, node=node, detail=str(error))
            entry.seen[node] = Seen(item.cas, item.flags)
            return Taken.NOTHING
        return self.reconcile(entry, node, item, envelope)

    def reconcile(self, entry: Entry, node: str, item: Item, envelope: Envelope) -> Taken:
        """Take over what is newer in an envelope, and remember the item as seen."""
        if envelope.header.dead:
            self.end(entry, EventKind.DESTROYED, "found destroyed or rotated by another process")
            return Taken.GONE
        entry.seen[node] = Seen(item.cas, item.flags)
        relation = self.merge(entry, node, envelope)
        if relation is Relation.OLDER:
            entry.home = node
        elif relation is Relation.BRANCH:
            self._process.note_unbacked(entry)
        return Taken.NOTHING if relation is None else Taken.NEWER

    def merge(self, entry: Entry, node: str, envelope: Envelope) -> Relation | None:
        """Take what an envelope has that the session has not; return how they stood, None if nothing was taken."""
        relation = compare(entry.vector, envelope.header.vector)
        if relation in {Relation.SAME, Relation.NEWER}:
            return None
        try:
            theirs = self._process.codec.decode(envelope)
        except UndecodableError as error:
            self._process.emit(EventKind.UNDECODABLE, entry, node=node, detail=str(error))
            return None
        self._merge(entry, envelope, theirs, descendant=relation is Relation.OLDER)
        return relation

    def load(self, entry: Entry, node: str, item: Item, envelope: Envelope) -> None:
        """Make an empty entry the session of an envelope.

        Raises
        ------
        UndecodableError
            The attributes cannot be read here.
        """
        header = envelope.header
        entry.attributes.update(self._process.codec.decode(envelope))
        entry.payload = self.encoding(entry.attributes)
        entry.created, entry.accessed = header.created / 1000, self._process.runtime.time()
        entry.idle = entry.stored_idle = header.idle
        entry.absolute, entry.counter, entry.vector = header.absolute, header.counter, header.vector
        entry.home, entry.sole, entry.standing = node, False, Standing.LIVE
        entry.seen[node] = Seen(item.cas, item.flags)

    def encoding(self, attributes: dict[str, Any]) -> bytes | None:
        """Return this process's own encoding, None if its serializer cannot keep the attributes."""
        try:
            return self._process.codec.encode(attributes)
        except SerializationError:
            return None  # the next commit raises it, with the path, to the request that it concerns

    def end(self, entry: Entry, kind: EventKind, detail: str) -> None:
        """End a session in this process: nothing is stored for it again, and its id is not looked for."""
        process = self._process
        now = process.runtime.monotonic()
        entry.standing = Standing.GONE
        process.sessions.remove(entry)
        if kind is not EventKind.EXPIRED:
            process.sessions.end(entry.sid, Ended(now + process.settings.tombstone_ttl), now)
        process.emit(kind, entry, detail=detail)

    def _merge(self, entry: Entry, envelope: Envelope, theirs: dict[str, Any], *, descendant: bool) -> None:
        process, header = self._process, envelope.header
        baseline = self.encoding(theirs)
        last_writer = header.vector.last_writer
        mine_wins = (entry.counter, process.writer) > (header.counter, last_writer)
        while True:
            mine = process.codec.kept(entry.attributes)
            if descendant and entry.payload is not None:
                base = process.codec.decode_own(entry.payload)
                merged = merge_descendant(base, mine, theirs, process.codec.serializer, mine_wins=mine_wins)
            else:
                merged = merge_branch(mine, theirs, process.codec.serializer, mine_wins=mine_wins)
            if self._apply(entry, mine, merged):
                break  # else another request has just set an attribute
        entry.payload = baseline
        entry.vector = entry.vector.merged(header.vector)
        entry.counter = max(entry.counter, header.counter)
        if entry.idle == entry.stored_idle:
            entry.idle = header.idle
        entry.stored_idle = header.idle
        entry.sole = False
        if merged.conflicts:
            names = ", ".join(sorted(merged.conflicts))
            process.emit(EventKind.CONFLICT, entry, detail=f"changed on both sides: {names}")

    def _apply(self, entry: Entry, mine: dict[str, Any], merged: Merged) -> bool:
        """Put what was taken in place, unless another request has put something there meanwhile."""
        live, missing = entry.attributes, object()
        if any(live.get(name, missing) is not mine.get(name, missing) for name in merged.taken):
            return False
        for name in merged.taken:
            self._displace(entry, name, mine.get(name))
            if name in merged.attributes:
                live[name] = merged.attributes[name]
            else:
                live.pop(name, None)
        return True

    def _displace(self, entry: Entry, name: str, value: object) -> None:
        """Remember a value that other requests may hold and change although it is no longer in the session."""
        if entry.active > 1 and not isinstance(value, _PLAIN):
            encoding = self.encoding({name: value})
            if encoding is not None:
                entry.displaced.setdefault(name, []).append((value, encoding))

    def restore_displaced(self, entry: Entry) -> None:
        """Bring back values that a request changed after a merge had replaced them: the later change wins."""
        for name, values in entry.displaced.items():
            for at, (value, encoding) in enumerate(values):
                changed = self.encoding({name: value})
                if changed is not None and changed != encoding and entry.attributes.get(name) is not value:
                    values[at] = (value, changed)
                    entry.attributes[name] = value
                    self._process.emit(EventKind.CONFLICT, entry, detail=f"changed on both sides: {name}")
