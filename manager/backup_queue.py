"""Sessions whose backup waits for a thread: bounded, each session once, begun anew in a forked process.

A commit sets `Entry.pending` and puts the entry here; a thread takes it, stores the newest snapshot that it then finds,
and puts it back at the end if it was asked for again meanwhile. Invariants: an entry that was put here is stored, at
least once, by a thread that begins with it after that; one thread at a time is at a session; at most ``size`` sessions
wait or are under way, and who comes when there is no room waits, so memory is bounded. What is stored is not decided
here.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable

from .entry import Entry, Turn

_logger = logging.getLogger("memcached_sessions")


class BackupQueue:
    """The queue of one process, and its threads.

    Parameters
    ----------
    store
        Backs the present state of a session up. What it raises is logged by the thread, or reaches who calls `step`.
    size
        How many sessions may wait or be under way.
    threads
        How many store them. They begin when they are first needed, so a process may fork before that.
    count
        Is called with the name of the counter (`Counters`) of what happened.
    """

    def __init__(
        self,
        store: Callable[[Entry], object],
        *,
        size: int,
        threads: int,
        count: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._store = store
        self._count = count
        self._size = size
        self._thread_count = threads
        self._waiting: deque[Entry] = deque()
        self._held = 0
        """Sessions that wait or are under way."""
        self._lock = threading.Lock()  # never held over a store command
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._idle = 0
        self._threads: list[threading.Thread] = []
        self.refuses = False
        """Whether it takes no more sessions: each commit stores its own."""
        self._ended = False

    def __len__(self) -> int:
        return self._held

    def put(self, entry: Entry, timeout: float) -> bool:
        """Have a session stored as it will be then; return whether there was room for it.

        Parameters
        ----------
        timeout
            Seconds to wait for room.
        """
        with self._lock:
            if entry.turn is Turn.NONE and self._held >= self._size:
                if timeout:
                    self._count("backups_waited_for_room")
                self._room.wait_for(
                    lambda: entry.turn is not Turn.NONE or self._held < self._size or self.refuses, timeout
                )
            if self.refuses:
                return False
            if entry.turn is not Turn.NONE:
                if entry.turn is Turn.UNDER_WAY:
                    entry.turn = Turn.AGAIN
                self._room.notify()  # if room woke this one, which does not need it
                self._count("backups_coalesced")
                return True
            if self._held >= self._size:
                return False
            entry.turn = Turn.WAITING
            self._held += 1
            self._count("backups_queued")
            self._waiting.append(entry)
            if len(self._waiting) <= self._idle:  # one that was woken counts as idle until it has taken something
                self._work.notify()
            elif len(self._threads) < self._thread_count:
                self._begin_thread()
        return True

    def _begin_thread(self) -> None:
        thread = threading.Thread(target=self._run, name=f"memcached-sessions-backup-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The system has no more threads, or the interpreter is ending: what waits is stored by the threads that
            # there are, or by whoever drains or closes the manager.
            if not self._threads:
                _logger.warning("no thread can be started for asynchronous backups", exc_info=True)
            return
        self._threads.append(thread)

    def step(self) -> bool:
        """Store the session that has waited longest; return False if none waits."""
        entry = self._take()
        if entry is None:
            return False
        try:
            self._store(entry)
        finally:
            self._put_back(entry)
        return True

    def _take(self) -> Entry | None:
        with self._lock:
            if not self._waiting:
                return None
            entry = self._waiting.popleft()
            entry.turn = Turn.UNDER_WAY
            return entry

    def _put_back(self, entry: Entry) -> None:
        with self._lock:
            if entry.turn is Turn.AGAIN:
                entry.turn = Turn.WAITING
                self._waiting.append(entry)
            else:
                entry.turn = Turn.NONE
                self._held -= 1
                self._room.notify()

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._waiting and not self._ended:
                    self._idle += 1
                    self._work.wait()
                    self._idle -= 1
                if self._ended:
                    return
            try:
                self.step()
            except Exception:
                _logger.exception("an asynchronous backup failed, and is tried again")

    def refuse(self) -> None:
        """Take no more sessions; what waits is still stored."""
        with self._lock:
            self.refuses = True
            self._room.notify_all()

    def stop(self) -> None:
        """End the threads, when each is done with the session that it is at; what waits then is not stored."""
        self.refuse()
        with self._lock:
            self._ended = True
            self._work.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
