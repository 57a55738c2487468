"""What one process knows: who it is, its sessions, its nodes, its settings. The steps of the protocol work on this.

Invariant: `writer` and `worker` are of this process alone. A forked child gets new ones, and none of its parent's
sessions: the parent owns them.
"""

from collections.abc import Mapping

from .entry import Entry
from .events import EventKind, Events
from .freshness import Freshness
from .local_sessions import LocalSessions
from .nodes import Nodes
from .runtime import Runtime
from .session_codec import SessionCodec
from .session_id import SID_BYTES, SID_DIGITS, WORKER_LENGTH, SessionId, sid_from, storage_key, worker_from
from .settings import Settings
from .stores.store import Store


class Process:
    """The state of a manager in this process.

    Parameters
    ----------
    settings
        Checked.
    stores
        By the name of their node.
    runtime
        Clocks, locks, threads.
    events
        Whom to tell.
    forked
        Whether this process was forked from one that already held the manager.
    """

    def __init__(
        self, settings: Settings, stores: Mapping[str, Store], runtime: Runtime, events: Events, *, forked: bool = False
    ) -> None:
        self.settings = settings
        self.runtime = runtime
        self.events = events
        self.codec = SessionCodec(settings)
        self.nodes = Nodes(settings.node_list, stores, runtime, events)
        self.sessions = LocalSessions(max_sessions=settings.max_local_sessions, max_bytes=settings.max_local_bytes)
        self.writer = int.from_bytes(runtime.token(4), "big")
        self.route = settings.route or ""
        self.worker = worker_from(runtime.token(WORKER_LENGTH)) if self.route else ""
        self.retries = False
        """Whether some session is to be stored in the background."""
        self.freshness = Freshness(settings, forked=forked)

    def new_sid(self) -> str:
        """Return a session id that nobody can guess (128 random bits)."""
        return sid_from(self.runtime.token(SID_BYTES))

    def key(self, sid: str) -> str:
        """Return the storage key of a session."""
        return storage_key(sid, self.settings.storage_key_prefix)

    def new_entry(self, sid: str) -> Entry:
        """Return an entry that holds nothing yet."""
        return Entry(sid, self.key(sid), self.runtime.lock())

    def owns(self, session_id: SessionId) -> bool:
        """Whether an id names this very process."""
        return bool(self.route) and session_id.route == self.route and session_id.worker == self.worker

    def id_of(self, entry: Entry) -> SessionId:
        """Return the id that the client should have."""
        node = entry.home if self.nodes.named else ""
        known = entry.known_id
        if known is None or known.node != node or known.sid != entry.sid:
            known = entry.known_id = SessionId(entry.sid, node, self.route, self.worker)
        return known

    def parse(self, cookie: object) -> SessionId | None:
        """Return the id that a cookie holds, None if it is none.

        Most requests bring the very id that this process has given out; it is not taken apart again.
        """
        if not isinstance(cookie, str):
            return None
        entry = self.sessions.get(cookie[:SID_DIGITS])
        known = None if entry is None else entry.known_id
        return known if known is not None and known.text == cookie else SessionId.parse(cookie)

    def tombstone_life(self, entry: Entry) -> int:
        """Return for how many seconds nodes remember that the session is over."""
        return entry.tombstone_life(self.settings.tombstone_ttl)

    def note_unbacked(self, entry: Entry) -> None:
        """Note that the present state of a session is not, or not alone, on its nodes: the background stores it."""
        entry.unbacked = True
        self.retries = True

    def snapshot(self, entry: Entry) -> bytes:
        """Return the encoding of a session as it is, which takes the place of one that waits. Its mutex is held.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path.
        """
        with entry.snapshots:
            payload = self.codec.encode(entry.attributes)
            if entry.pending is not None:
                self.drop_pending(entry)
        return payload

    def drop_pending(self, entry: Entry) -> None:
        """Drop a snapshot that waits, for there is something newer; `Entry.snapshots` is held."""
        if entry.pending is not None:
            entry.pending = None
            self.note_unbacked(entry)

    def note_shared(self, entry: Entry) -> None:
        """Note that another process has served the session, and may for as long as a request can last (rule R1)."""
        self.note_doubt(entry)
        entry.shared = True

    def note_doubt(self, entry: Entry) -> None:
        """Note that another process could have served the session: a node may have told it what it did not tell us."""
        entry.sole = False
        entry.sole_after = self.runtime.monotonic() + self.settings.quiet_window

    def note_sole(self, entry: Entry) -> None:
        """Note that no other process serves the session."""
        entry.sole, entry.shared = True, False

    def emit(self, kind: EventKind, entry: Entry, *, node: str = "", detail: str = "") -> None:
        """Tell what happened to a session."""
        self.events.emit(kind, key=entry.key, node=node, detail=detail)
