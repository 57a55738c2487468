"""A copy that a node holds and the session of this process become one state.

Rules R5 and R6 of the protocol: an ancestor is ignored, a descendant is merged three-way, a branch two-way. Invariant:
what a request changed is never overwritten unseen: where two sides changed an attribute, one wins and an event says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..serializers import SerializationError
from .attribute_merge import Merged, merge_branch, merge_descendant
from .entry import Entry, Standing
from .envelope import Envelope
from .errors import ManagerError, UndecodableError
from .events import EventKind
from .local_sessions import Ended
from .process import Process
from .session_codec import SNAPSHOT_ATTEMPTS, changed_meanwhile
from .stores.store import Item
from .version_vector import Relation, VersionVector, compare

_PLAIN = (str, int, float, bool, bytes, type(None))


class Taken(Enum):
    """What came of it."""

    NOTHING = "nothing"
    """The copy is this state, or an ancestor of it, or no session at all: it may be stored over."""
    NEWER = "newer"
    """The session has taken changes from the copy."""
    GONE = "gone"
    """The copy is a tombstone; the session is over."""
    REFUSED = "refused"
    """The copy may hold what this session has not, and cannot be merged here: it must not be stored over."""


class CannotMergeError(ManagerError):
    """A copy that holds what the session has not cannot be merged here, for its bytes or for a value of the session."""


@dataclass(frozen=True, slots=True)
class Base:
    """A state that was backed up once: what a three-way merge starts from."""

    payload: bytes | None
    """In this process's own encoding; None: it has none."""
    vector: VersionVector


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
            if self._process.settings.on_undecodable != "new":
                entry.forget_seen(node)
                return Taken.REFUSED
            entry.note_seen(node, item.cas, item.flags)
            return Taken.NOTHING
        return self.reconcile(entry, node, item, envelope)

    def reconcile(self, entry: Entry, node: str, item: Item, envelope: Envelope) -> Taken:
        """Take over what is newer in an envelope, and remember the item as seen."""
        if envelope.header.dead:
            self.end(entry, EventKind.DESTROYED, "found destroyed or rotated by another process")
            return Taken.GONE
        try:
            relation = self.merge(entry, envelope)
        except CannotMergeError as error:
            entry.forget_seen(node)  # what was not taken must not be stored over
            self._process.emit(EventKind.UNDECODABLE, entry, node=node, detail=str(error))
            return Taken.REFUSED
        entry.note_seen(node, item.cas, item.flags)
        if relation is Relation.OLDER and entry.seen_on(entry.home) is None:
            entry.home = node
        elif relation is Relation.BRANCH:
            self._process.note_unbacked(entry)
        return Taken.NOTHING if relation is None else Taken.NEWER

    def merge(self, entry: Entry, envelope: Envelope, base: Base | None = None) -> Relation | None:
        """Take what an envelope has that the session has not; return how they stood, None if nothing was taken.

        Parameters
        ----------
        entry, envelope
            The session, and what a node holds.
        base
            A state that the session descends from; None: the one that was backed up last. If the envelope descends
            from it too the merge is three-way.

        Raises
        ------
        CannotMergeError
            Nothing was changed.
        """
        relation = compare(entry.vector, envelope.header.vector)
        if relation in {Relation.SAME, Relation.NEWER}:
            return None
        base = base or self._base(entry, envelope)
        try:
            self._merge(entry, envelope, self._process.codec.decode(envelope), base)
        except (UndecodableError, SerializationError, RuntimeError) as error:
            raise CannotMergeError(f"what another process stored cannot be merged here: {error}") from error
        return relation

    def _base(self, entry: Entry, envelope: Envelope) -> Base:
        """Return the newest state of the session from which an envelope may have grown."""
        if entry.sent is not None and _is_ancestor(entry.sent[1], envelope):
            return Base(*entry.sent)
        return Base(entry.payload, entry.base_vector)

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
        entry.absolute = entry.stored_absolute = header.absolute
        entry.counter = header.counter
        entry.vector = entry.base_vector = header.vector
        entry.home, entry.sole, entry.standing = node, False, Standing.LIVE
        entry.note_seen(node, item.cas, item.flags)

    def encoding(self, attributes: dict[str, Any]) -> bytes | None:
        """Return this process's own encoding, None if its serializer cannot keep the attributes."""
        try:
            return self._process.codec.encode(attributes)
        except SerializationError:
            return None  # the next commit raises it, with the path, to the request that it concerns

    def go_back(self, entry: Entry) -> None:
        """Drop what cannot be stored: else every later request would fail too.

        If another request is using the session, or it is on no node, only values that cannot be kept go. The background
        takes nothing from a request: that has not ended, and is told by its own commit.
        """
        if (entry.held and entry.has_others) or (entry.newest is None and not entry.unbacked):
            return
        codec, live, missing = self._process.codec, entry.attributes, object()
        stored = {} if entry.newest is None else codec.decode_own(entry.newest)
        dropped = codec.kept(live)
        if entry.has_others or entry.unbacked:
            alone = {name: self._encoded_alone(name, value) for name, value in dropped.items()}
            blamed = {name for name, encoding in alone.items() if encoding is None}
            if not blamed and not entry.unbacked:  # no value alone is too much: whatever was put in since goes
                before = {name: self._encoded_alone(name, value) for name, value in stored.items()}
                blamed = {name for name, encoding in alone.items() if encoding != before.get(name)}
            dropped = {name: value for name, value in dropped.items() if name in blamed}
            stored = {name: value for name, value in stored.items() if name in blamed}
        for name, value in dropped.items():
            if live.get(name, missing) is not value:
                stored.pop(name, None)  # another request has just taken or replaced it
            elif name not in stored:
                live.pop(name, None)
        live.update(stored)

    def _encoded_alone(self, name: str, value: object) -> bytes | None:
        """Return the encoding of one attribute, None if it cannot be kept whatever else the session holds."""
        try:
            return self.encoding({name: value})
        except RuntimeError:
            return b""  # another request is changing it

    def end(self, entry: Entry, kind: EventKind, detail: str) -> None:
        """End a session in this process: nothing is stored for it again, and its id is not looked for."""
        process = self._process
        now = process.runtime.monotonic()
        entry.standing = Standing.GONE
        process.sessions.remove(entry)
        if kind is not EventKind.EXPIRED:
            process.sessions.end(entry.sid, Ended(now + process.tombstone_life(entry)), now)
        process.emit(kind, entry, detail=detail)

    def _merge(self, entry: Entry, envelope: Envelope, theirs: dict[str, Any], base: Base) -> None:
        process, header = self._process, envelope.header
        baseline = self.encoding(theirs)
        last_writer = header.vector.last_writer
        mine_wins = (entry.counter, process.writer) > (header.counter, last_writer)
        for attempt in range(SNAPSHOT_ATTEMPTS):
            mine = process.codec.kept(entry.attributes)
            before = self.before_a_merge(entry, mine)
            try:
                if base.payload is not None and _is_ancestor(base.vector, envelope):
                    was = process.codec.decode_own(base.payload)
                    merged = merge_descendant(was, mine, theirs, process.codec.serializer, mine_wins=mine_wins)
                else:
                    merged = merge_branch(mine, theirs, process.codec.serializer, mine_wins=mine_wins)
            except (SerializationError, RuntimeError) as error:
                if attempt + 1 == SNAPSHOT_ATTEMPTS or not changed_meanwhile(error):
                    raise
                continue  # another request is changing a value
            with entry.snapshots:
                if self.apply(entry, mine, merged, before):
                    process.drop_pending(entry)  # it has not what was taken
                    entry.payload, entry.base_vector = baseline, header.vector
                    if entry.sent is not None and _is_ancestor(entry.sent[1], envelope):
                        entry.sent = None  # this is newer
                    break  # else another request has just set an attribute
        else:
            raise RuntimeError("other requests do not stop changing the session")
        entry.vector = entry.vector.merged(header.vector)
        entry.counter = max(entry.counter, header.counter)
        if entry.idle == entry.stored_idle:
            entry.idle = header.idle
        entry.stored_idle = header.idle
        if entry.absolute == entry.stored_absolute:
            entry.absolute = header.absolute
        entry.stored_absolute = header.absolute
        process.note_shared(entry)
        process.count("merges")
        if merged.conflicts:
            names = ", ".join(sorted(merged.conflicts))
            process.emit(EventKind.CONFLICT, entry, detail=f"changed on both sides: {names}")

    def before_a_merge(self, entry: Entry, attributes: Mapping[str, Any]) -> dict[str, bytes | None]:
        """Return the encodings of values that other requests may hold, to tell afterwards whether they changed them."""
        if not entry.has_others:
            return {}
        return {
            name: self.encoding({name: value}) for name, value in attributes.items() if not isinstance(value, _PLAIN)
        }

    def apply(self, entry: Entry, mine: Mapping[str, Any], merged: Merged, before: Mapping[str, bytes | None]) -> bool:
        """Put what was taken in place, unless another request has put something there meanwhile.

        `Entry.snapshots` is held; ``before`` is what `before_a_merge` returned for ``mine``.
        """
        live, missing = entry.attributes, object()
        if any(live.get(name, missing) is not mine.get(name, missing) for name in merged.taken):
            return False
        for name in merged.taken:
            self._displace(entry, name, mine.get(name), before.get(name))
            if name in merged.attributes:
                live[name] = merged.attributes[name]
            else:
                live.pop(name, None)
        return True

    def _displace(self, entry: Entry, name: str, value: object, before: bytes | None) -> None:
        """Remember a value that other requests may hold and change although it is no longer in the session.

        What it was ``before`` it was compared says whether it has changed: that may have happened already.
        """
        if entry.has_others and not isinstance(value, _PLAIN):
            encoding = before or self.encoding({name: value})
            if encoding is not None:
                displaced = entry.displaced or {}  # the last request may let go of it at this very moment
                displaced.setdefault(name, []).append((value, encoding))
                entry.displaced = displaced

    def restore_displaced(self, entry: Entry) -> None:
        """Bring back values that a request changed after a merge had replaced them: the later change wins.

        `Entry.snapshots` is held, and nothing else need be.
        """
        for name, values in (entry.displaced or {}).items():
            for at, (value, encoding) in enumerate(values):
                changed = self.encoding({name: value})
                if changed is not None and changed != encoding and entry.attributes.get(name) is not value:
                    values[at] = (value, changed)
                    entry.attributes[name] = value
                    self._process.emit(EventKind.CONFLICT, entry, detail=f"changed on both sides: {name}")


def _is_ancestor(vector: VersionVector, envelope: Envelope) -> bool:
    return compare(vector, envelope.header.vector) in {Relation.OLDER, Relation.SAME}
