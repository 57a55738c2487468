"""What one process knows: who it is, its sessions, its nodes, its settings. The steps of the protocol work on this.

Invariant: `writer` and `worker` are of this process alone. A forked child gets new ones, and none of its parent's
sessions: the parent owns them.
"""

import threading
from collections.abc import Mapping

from ..serializers import SerializationError
from .dry_run_codec import DryRunCodec
from .dry_run_report import DryRun
from .entry import Entry
from .events import EventKind, Events
from .freshness import Freshness
from .local_sessions import LocalSessions
from .nodes import Nodes
from .runtime import Runtime
from .session_codec import SessionCodec
from .session_id import SID_BYTES, WORKER_LENGTH, SessionId, id_suffix, sid_from, storage_key, worker_from
from .settings import Settings
from .statistics.measured_codec import MeasuredCodec
from .statistics.meter import Meter
from .stores.store import Store

_SNAPSHOT_LOCKS = 64
"""Locks that are held while a session is encoded, for all sessions: one of its own would be 100 bytes for each."""


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
    meter
        Where things are counted; None: nowhere.
    dry_run
        Where the findings of a dry run go; None: it is none.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Mapping[str, Store],
        runtime: Runtime,
        events: Events,
        *,
        forked: bool = False,
        meter: Meter | None = None,
        dry_run: DryRun | None = None,
    ) -> None:
        self.settings = settings
        self.runtime = runtime
        self.events = events
        self.meter = meter
        if dry_run is not None:
            self.codec: SessionCodec = DryRunCodec(settings, dry_run)
        else:
            self.codec = SessionCodec(settings) if meter is None else MeasuredCodec(settings, meter)
        self.nodes = Nodes(settings.node_list, stores, runtime, events)
        self.sessions = LocalSessions(max_sessions=settings.max_local_sessions, max_bytes=settings.max_local_bytes)
        self.writer = int.from_bytes(runtime.token(4), "big")
        self.route = settings.route or ""
        self.worker = worker_from(runtime.token(WORKER_LENGTH)) if self.route else ""
        self._suffixes: dict[str, str] = {}
        self._snapshot_locks = [threading.Lock() for _ in range(_SNAPSHOT_LOCKS)]
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
        snapshots = self._snapshot_locks[int(sid[:2], 16) % _SNAPSHOT_LOCKS]
        return Entry(sid, self.settings.storage_key_prefix, self.runtime.lock(), snapshots)

    def owns(self, session_id: SessionId | None) -> bool:
        """Whether an id names this very process."""
        return (
            session_id is not None
            and bool(self.route)
            and session_id.route == self.route
            and session_id.worker == self.worker
        )

    def id_of(self, entry: Entry) -> str:
        """Return the id that the client should have."""
        return entry.sid + self.suffix(entry.home)

    def suffix(self, home: str) -> str:
        """Return what the ids of this process have after the sid, for sessions at home on a node."""
        node = home if self.nodes.named else ""
        suffix = self._suffixes.get(node)
        if suffix is None:
            suffix = self._suffixes[node] = id_suffix(node, self.route, self.worker)
        return suffix

    def tombstone_life(self, entry: Entry) -> int:
        """Return for how many seconds nodes remember that the session is over."""
        return entry.tombstone_life(self.settings.tombstone_ttl)

    def note_unbacked(self, entry: Entry) -> None:
        """Note that the present state of a session is not, or not alone, on its nodes: the background stores it."""
        entry.unbacked = True
        self.retries = True

    def note_backed_up(self, entry: Entry) -> None:
        """Note that the snapshot that was taken last is on its nodes; what was left to the background since is not."""
        with entry.snapshots:
            entry.unbacked = entry.left

    def snapshot(self, entry: Entry) -> bytes:
        """Return the encoding of a session as it is, which takes the place of one that waits. Its mutex is held.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path.
        """
        with entry.snapshots:
            overlooked, entry.overlooked = entry.overlooked, False
            try:
                payload = self.codec.encode(entry.attributes)
            except SerializationError:
                entry.overlooked = entry.overlooked or overlooked
                raise
            entry.left = False
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

    def count(self, name: str) -> None:
        """Count one, by a name of `Counters`; what events tell is counted by itself."""
        if self.meter is not None:
            self.meter.count(name)

    def emit(self, kind: EventKind, entry: Entry, *, node: str = "", detail: str = "") -> None:
        """Tell what happened to a session."""
        self.events.emit(kind, key=entry.key, node=node, detail=detail)
