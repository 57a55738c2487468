"""The sessions of this process, by id, within bounds; and the ids that were ended here.

Invariants: an entry is in the map as long as a request has it open or its present state is to be backed up; the least
recently used others leave first when there are too many. An id that was destroyed or rotated here is never looked for
again while a tombstone could be missing somewhere.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from .entry import Entry, Standing, Turn

LOOKED_AT = 64
"""How many of the least recently used entries are looked at for one that may leave, so that no commit pays for all."""


@dataclass(slots=True)
class Ended:
    """An id that was ended here."""

    until: float
    """When the id may be forgotten, by the monotonic clock in seconds."""
    successor: Entry | None = None
    """What a rotation made of the session."""
    known_since: float | None = None
    """When the client was told the new id: only requests that began before that may follow."""


class LocalSessions:
    """All entries of a process.

    Parameters
    ----------
    max_sessions
        How many entries stay when no request needs them.
    max_bytes
        How many bytes of backed-up state they may have in all; None: no bound.
    """

    def __init__(self, *, max_sessions: int, max_bytes: int | None) -> None:
        self.max_sessions = max_sessions
        self.max_bytes = max_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._ended: OrderedDict[str, Ended] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()  # never held over a store command

    def __len__(self) -> int:
        return len(self._entries)

    def attach(self, sid: str) -> Entry | None:
        """Return the entry of an id and count a request on it, None if there is none."""
        with self._lock:
            entry = self._entries.get(sid)
            if entry is None:
                return None
            entry.active += 1
            self._entries.move_to_end(sid)
            return entry

    def attach_or_add(self, sid: str, make: Callable[[], Entry]) -> Entry:
        """Return the entry of an id, a new one if there is none, and count a request on it."""
        with self._lock:
            entry = self._entries.get(sid)
            if entry is None:
                entry = self._entries[sid] = make()
            entry.active += 1
            self._entries.move_to_end(sid)
            return entry

    def hold(self, entry: Entry) -> None:
        """Count one more request on an entry."""
        with self._lock:
            entry.active += 1

    def detach(self, entry: Entry) -> None:
        """Count a request less; an entry that holds no session leaves with the last one."""
        with self._lock:
            entry.active -= 1
            if entry.active:
                return
            entry.displaced = entry.known_key = None
            if entry.standing is not Standing.LIVE and self._entries.get(entry.sid) is entry:
                self._forget(entry.sid)

    @contextmanager
    def held(self, entry: Entry) -> Generator[None]:
        """Note that the background is at an entry, whose mutex it has: to what it merges all requests are others."""
        entry.held = True
        try:
            yield
        finally:
            entry.held = False
            with self._lock:
                if not entry.active:
                    entry.displaced = entry.known_key = None

    def get(self, sid: str) -> Entry | None:
        """Return the entry of an id, without counting a request."""
        return self._entries.get(sid)

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the map; requests that have it open keep it."""
        with self._lock:
            if self._entries.get(entry.sid) is entry:
                self._forget(entry.sid)

    def rename(self, entry: Entry, old_sid: str) -> None:
        """File an entry under its new id."""
        with self._lock:
            if self._entries.get(old_sid) is entry:
                self._forget(old_sid)
            self._entries[entry.sid] = entry

    def note_size(self, entry: Entry, size: int | None = None) -> None:
        """Note how large an entry is, in bytes (None: as its backed-up state), and keep the bounds."""
        with self._lock:
            if self._entries.get(entry.sid) is not entry:
                return
            size = len(entry.payload or b"") if size is None else size
            self._bytes += size - entry.size
            entry.size = size
            if self._is_full():
                self._make_room()

    def all(self) -> list[Entry]:
        """Return all entries, those too that somebody is asking the nodes for."""
        with self._lock:
            return [*self._entries.values()]

    def live(self) -> list[Entry]:
        """Return all entries that hold a session."""
        with self._lock:
            return [entry for entry in self._entries.values() if entry.standing is Standing.LIVE]

    def end(self, sid: str, ended: Ended, now: float) -> None:
        """Note that an id was destroyed or rotated here."""
        with self._lock:
            self._ended[sid] = ended
            self._ended.move_to_end(sid)
            while self._ended:
                oldest = next(iter(self._ended))
                if self._ended[oldest].until > now and len(self._ended) <= self.max_sessions:
                    break
                del self._ended[oldest]

    def all_ended(self, now: float) -> list[tuple[str, Ended]]:
        """Return all ids that were ended here and are not forgotten yet."""
        with self._lock:
            return [(sid, ended) for sid, ended in self._ended.items() if ended.until > now]

    def acknowledge(self, sid: str, now: float) -> None:
        """Note that the client has been told what an id was rotated to."""
        ended = self._ended.get(sid)
        if ended is not None and ended.known_since is None:
            ended.known_since = now

    def ended(self, sid: str, now: float) -> Ended | None:
        """Return how an id was ended here, None if it was not, or too long ago to matter."""
        ended = self._ended.get(sid)
        return ended if ended is not None and ended.until > now else None

    def _make_room(self) -> None:
        for sid, entry in list(islice(self._entries.items(), LOOKED_AT)):
            if not self._is_full():
                break
            busy = entry.active or entry.behind or entry.turn is not Turn.NONE
            if busy or entry.standing is not Standing.LIVE:
                self._entries.move_to_end(sid)  # else those that must stay would hide the others from every later look
            else:
                self._forget(sid)

    def _is_full(self) -> bool:
        if len(self._entries) > self.max_sessions:
            return True
        return self.max_bytes is not None and self._bytes > self.max_bytes

    def _forget(self, sid: str) -> None:
        entry = self._entries.pop(sid)
        self._bytes -= entry.size
        entry.size = 0
