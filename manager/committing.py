"""The end of a request: what it has changed is encoded, and backed up at once or by the queue.

Synchronous: the session is stored before the commit returns, under the entry's mutex. Asynchronous: a snapshot waits in
the entry, and a thread of the queue stores it; the commit takes no mutex that is held over a store command, so it waits
for no node. Both decide by the same rules. Invariants: what did not change is not sent; a value that cannot be kept is
an error of the request that set it; a snapshot that waits is never older than what is stored (see `Entry.pending`), and
leaves the entry only when it was stored, when a newer one took its place, or when `Entry.unbacked` says that the
background has to store the session.
"""

import os
from enum import Enum
from time import perf_counter

from ..serializers import SerializationError
from .backup_queue import BackupQueue
from .entry import Entry, Standing, Turn, touch_interval
from .events import EventKind
from .process import Process
from .reconciling import Reconciling
from .saving import Saving, Step


class Due(Enum):
    """What is to be done with a session."""

    NOTHING = "nothing"
    """No change, no move; its backup lives long enough."""
    TOUCH = "touch"
    SAVE = "save"


class Committing:
    """The step `commit` of the protocol, up to the snapshot."""

    def __init__(self, process: Process, reconciling: Reconciling, saving: Saving) -> None:
        self._process = process
        self._reconciling = reconciling
        self._saving = saving
        settings = process.settings
        self._room_timeout = settings.session_backup_timeout
        self.queue: BackupQueue | None = None
        """None: backups are synchronous."""
        if settings.session_backup_async:
            threads = settings.backup_thread_count or os.cpu_count() or 1
            self.queue = BackupQueue(self.store, size=settings.backup_queue_size, threads=threads, count=process.count)

    def commit(self, entry: Entry, payload: bytes | None = None, *, changeable: bool = True) -> None:
        """Back a session up as it is, or see to it that it will be.

        Parameters
        ----------
        entry
            The session.
        payload
            Its encoding, if the caller has just made it.
        changeable
            Whether the request may have changed it. One that cannot waits for no room in the queue.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path. What this request changed is dropped.
        """
        queue = self.queue
        if queue is None or queue.refuses or not self._process.settings.enabled:
            with entry.mutex:
                if self._commit_now(entry, payload):
                    self._process.count("modifications")
            return
        try:
            handed_over = self._hand_over(queue, entry, payload, self._room_timeout if changeable else 0)
        except SerializationError as error:
            with entry.mutex:
                self._refuse(entry, error)
            raise
        if handed_over:
            return
        if queue.refuses:  # the manager has begun to close
            with entry.mutex:
                self._commit_now(entry, None)
        else:
            self._leave_to_the_background(entry, told=not changeable)

    def is_at_rest(self, entry: Entry) -> bool:
        """Whether a request that cannot have changed a session has nothing to do at its end."""
        if entry.overlooked:
            return False
        if entry.pending is not None:
            return entry.turn is not Turn.NONE
        return self._due(entry, entry.payload) is Due.NOTHING

    def commit_at_hand(self, entry: Entry, payload: bytes | None = None) -> bool:
        """Do what `commit` does if that asks no node and waits for nobody; return whether it was done."""
        if self.queue is not None and not self.queue.refuses and self._process.settings.enabled:
            try:
                return self._hand_over(self.queue, entry, payload, 0)
            except SerializationError:
                return False  # to take back what cannot be kept may have to wait
        if not entry.mutex.acquire(blocking=False):
            return False
        try:
            done = self._due(entry, self.encoded(entry)) is Due.NOTHING
            if not done:
                entry.overlooked = True  # for `commit`, which follows: the encoding has taken the mark away
            return done
        finally:
            entry.mutex.release()

    def _hand_over(self, queue: BackupQueue, entry: Entry, payload: bytes | None, timeout: float) -> bool:
        """Let what has changed wait for a thread; return False if there is no room within ``timeout`` seconds."""
        process = self._process
        with entry.snapshots:
            overlooked, entry.overlooked = (
                entry.overlooked,
                False,
            )  # before the encoding: what comes later sets it again
            self._reconciling.restore_displaced(entry)
            if payload is None:
                try:
                    payload = process.codec.encode(entry.attributes)
                except SerializationError:
                    entry.overlooked = entry.overlooked or overlooked
                    raise
            changed = payload != entry.newest
            if changed and not entry.left:
                process.count("modifications")
            if entry.standing is not Standing.LIVE:
                if changed:
                    self._tell_dropped(entry)
                return True
            if changed:
                entry.pending, entry.left = payload, False
            elif entry.pending is None:
                due = self._due_now(entry, payload)
                if due is Due.NOTHING:
                    return True
                if due is not None and (entry.idle, entry.absolute) == (entry.stored_idle, entry.stored_absolute):
                    # A touch, or another attempt to store what could not be: this request need not wait for that.
                    queue.put(entry, 0)
                    return True
                # A limit that was set; or what is stored at this moment may be a change that was taken back since.
                entry.pending, entry.left = payload, False
        started = perf_counter()
        put = queue.put(entry, timeout)
        if process.meter is not None and (put or timeout):
            process.meter.note_wait(perf_counter() - started)
        return put

    def _due_now(self, entry: Entry, payload: bytes) -> Due | None:
        """Return what is to be done, None if somebody is doing something."""
        if not entry.mutex.acquire(blocking=False):
            return None
        try:
            return self._due(entry, payload)
        finally:
            entry.mutex.release()

    def _leave_to_the_background(self, entry: Entry, *, told: bool) -> None:
        """Let the watchers store a session that found no room in the queue: nothing but its attributes is kept."""
        process = self._process
        with entry.snapshots:
            entry.pending, entry.left = None, True
            process.note_unbacked(entry)
        if not told:
            process.emit(EventKind.BACKUP_FAILED, entry, detail="no room in the queue of asynchronous backups")

    def store(self, entry: Entry) -> None:
        """Back a session up for the queue: its newest snapshot, or what it is now."""
        process = self._process
        with entry.mutex, process.sessions.held(entry):
            payload = entry.pending
            try:
                if entry.standing is Standing.LIVE:
                    self._commit_now(entry, payload)
                elif payload is not None and payload != entry.payload:
                    process.emit(EventKind.DROPPED, entry, detail="the session has ended while its backup waited")
            except Exception as error:
                # A value that was set after the snapshot was taken, and that a merge has to encode: the request
                # that set it is told by its own commit. Or a fault of ours: the session is tried again.
                process.note_unbacked(entry)
                process.emit(EventKind.BACKUP_FAILED, entry, detail=str(error))
                if not isinstance(error, SerializationError):
                    raise
            finally:
                with entry.snapshots:
                    if entry.pending is payload:
                        entry.pending = None

    def _commit_now(self, entry: Entry, payload: bytes | None) -> bool:
        """Store, touch or leave alone, and return whether it had changed; the mutex is held."""
        process = self._process
        if payload is None:
            payload = self.encoded(entry)
        if entry.standing is not Standing.LIVE:
            if payload != entry.payload:
                self._tell_dropped(entry)
            return payload != entry.payload
        if not process.settings.enabled:
            changed = payload != entry.payload
            self._keep_here(entry, payload)
            return changed
        due = self._due(entry, payload)
        if due is Due.NOTHING:
            return False
        changed = payload != entry.payload
        try:
            step = self._saving.touch(entry) if due is Due.TOUCH else self._saving.save(entry, payload)
        except SerializationError:
            self._reconciling.go_back(entry)
            raise
        if step is Step.GONE and changed:
            process.emit(EventKind.DROPPED, entry, detail="the session has ended meanwhile")
        return changed

    def _keep_here(self, entry: Entry, payload: bytes) -> None:
        """Count what a session holds that goes to no node for now, so that the bounds of the process hold."""
        if entry.new:  # else nodes may hold a copy, and what was stored there is the base of a merge
            entry.payload, entry.unbacked = payload, False
        self._process.sessions.note_size(entry, len(payload))

    def _tell_dropped(self, entry: Entry) -> None:
        self._process.emit(EventKind.DROPPED, entry, detail="the session had been destroyed or rotated meanwhile")

    def _due(self, entry: Entry, payload: bytes | None) -> Due:
        """Return what is to be done with a session of this encoding, as far as nodes are up."""
        process = self._process
        nodes = process.nodes
        if (
            payload != entry.payload
            or entry.unbacked
            or entry.idle != entry.stored_idle
            or entry.absolute != entry.stored_absolute
            or entry.displaced
            or entry.standing is not Standing.LIVE
            or not process.settings.enabled
            or not nodes.is_settled(entry.home)
        ):
            return Due.SAVE
        if process.runtime.monotonic() - entry.touched < touch_interval(entry.idle):
            return Due.NOTHING
        home = nodes.get(entry.home)
        return Due.NOTHING if home is None or not home.available else Due.TOUCH  # there may be nobody to be told

    def encoded(self, entry: Entry) -> bytes:
        """Return the encoding of a session, which takes the place of a snapshot that waits; the mutex is held.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path. What this request changed is dropped.
        """
        try:
            if entry.displaced:
                with entry.snapshots:
                    self._reconciling.restore_displaced(entry)
            return self._process.snapshot(entry)
        except SerializationError as error:
            self._refuse(entry, error)
            raise

    def _refuse(self, entry: Entry, error: SerializationError) -> None:
        self._process.emit(EventKind.BACKUP_FAILED, entry, detail=str(error))
        self._reconciling.go_back(entry)
        if entry.unbacked:
            self._process.note_unbacked(entry)  # the background may have met the value, and can go on now
