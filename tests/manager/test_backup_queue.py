"""The queue of asynchronous backups beside a model of it: step by step, and with real threads.

A store that puts and steps in its middle stands for what other threads do while one is at a session.
"""

import threading
from collections import Counter

import pytest
from cluster import eventually
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from memcached_sessions.manager.backup_queue import BackupQueue
from memcached_sessions.manager.entry import Entry

LONG = 10.0
"""Seconds for which nothing waits unless a test has failed."""
NUMBERS = st.integers(0, 5)
"""Of sessions."""


def an_entry(number: int) -> Entry:
    """Return a session like any other."""
    return Entry(f"{number:032x}", "", mutex=threading.Lock(), snapshots=threading.Lock())


class StoreFailedError(Exception):
    """What a store raises that the model has told to."""


class ModelOfQueue(RuleBasedStateMachine):
    """A list of what waits, a set of what is under way, and whom a store is owed to."""

    @initialize(size=st.integers(1, 4))
    def begin(self, size: int) -> None:
        """Make the queue, without threads: its steps are taken here."""
        self.size = size
        self.queue = BackupQueue(self.store, size=size, threads=0)
        self.entries = [an_entry(number) for number in range(6)]
        self.waiting: list[Entry] = []
        self.under_way: set[Entry] = set()
        self.again: set[Entry] = set()
        self.owed: set[Entry] = set()
        self.ended = False
        self.script: list[int | None] = []
        """What other threads do meanwhile: put a session, or (None) store one."""
        self.fails = False

    def store(self, entry: Entry) -> None:
        """Be at a session, while others go on."""
        assert self.waiting.pop(0) is entry, "not the one that has waited longest"
        assert entry not in self.under_way, "two threads are at one session"
        self.under_way.add(entry)
        self.owed.discard(entry)
        fails = self.fails
        while self.script:
            number = self.script.pop(0)
            if number is None:
                self.take_step()
            else:
                self.put(number)
        if fails:
            raise StoreFailedError

    def take_step(self) -> None:
        """Let a thread store a session, and compare."""
        entry = self.waiting[0] if self.waiting else None
        try:
            assert self.queue.step() == (entry is not None)
        except StoreFailedError:
            assert self.fails
        if entry is not None:
            self.under_way.discard(entry)
            if entry in self.again:
                self.again.discard(entry)
                self.waiting.append(entry)

    @rule(number=NUMBERS)
    def put(self, number: int) -> None:
        """A commit hands a session over; it does not wait for room."""
        entry = self.entries[number]
        known = entry in self.waiting or entry in self.under_way
        room = len(self.waiting) + len(self.under_way) < self.size
        expected = not self.ended and (known or room)
        assert self.queue.put(entry, 0) == expected
        if not expected:
            return
        self.owed.add(entry)
        if entry in self.under_way:
            self.again.add(entry)
        elif not known:
            self.waiting.append(entry)

    @rule(script=st.lists(st.none() | NUMBERS, max_size=8), fails=st.booleans())
    def step(self, script: list[int | None], fails: bool) -> None:
        """A thread stores what has waited longest, while others do this and that."""
        self.script, self.fails = script, fails
        self.take_step()

    @rule()
    def stop(self) -> None:
        """The manager is closed: nothing is taken any more."""
        self.queue.stop()
        self.ended = True

    @invariant()
    def no_more_are_held_than_may_be(self) -> None:
        """Each session that waits or is under way counts, once."""
        if hasattr(self, "queue"):
            assert len(self.queue) == len({*self.waiting, *self.under_way}) <= self.size

    def teardown(self) -> None:
        """Whatever was put has been stored by a step that began after that."""
        if hasattr(self, "queue"):
            self.fails = False
            while self.waiting:
                self.take_step()
            assert not self.owed
            assert not len(self.queue)
            assert not self.queue.step()


class QueueWithThreads(RuleBasedStateMachine):
    """Threads that store until they are let go; what is asserted holds whichever of them is faster."""

    @initialize(size=st.integers(1, 4), threads=st.integers(1, 3))
    def begin(self, size: int, threads: int) -> None:
        """Make the queue."""
        self.size, self.threads = size, threads
        self.queue = BackupQueue(self.store, size=size, threads=threads)
        self.entries = [an_entry(number) for number in range(6)]
        self.lock = threading.Lock()
        self.let_go = threading.Semaphore(0)
        self.changes: Counter[Entry] = Counter()
        """How often each session was changed; a change is followed by a put."""
        self.accepted: Counter[Entry] = Counter()
        """By session the last change whose put returned True."""
        self.stored: Counter[Entry] = Counter()
        """By session the last change that a store has seen when it began."""
        self.at: Counter[Entry] = Counter()
        self.wrong: list[str] = []
        self.waiting: list[threading.Thread] = []

    def store(self, entry: Entry) -> None:
        """Note what is there, and wait until this one is let go."""
        with self.lock:
            self.at[entry] += 1
            self.stored[entry] = self.changes[entry]
            if self.at[entry] > 1:
                self.wrong.append("two threads are at one session")
            if self.at.total() > self.threads:
                self.wrong.append("more threads than there may be")
            if len(self.queue) > self.size:
                self.wrong.append("more are held than may be")
        if not self.let_go.acquire(timeout=LONG):
            self.wrong.append("nobody lets a store go")
        with self.lock:
            self.at[entry] -= 1

    def change(self, number: int, timeout: float) -> bool:
        """Change a session and put it into the queue."""
        entry = self.entries[number]
        with self.lock:
            self.changes[entry] += 1
            change = self.changes[entry]
        accepted = self.queue.put(entry, timeout)
        if accepted:
            with self.lock:
                self.accepted[entry] = max(self.accepted[entry], change)
        return accepted

    @rule(number=NUMBERS)
    def put(self, number: int) -> None:
        """Put a session if there is room."""
        self.change(number, 0)

    @rule(number=NUMBERS)
    def put_and_wait(self, number: int) -> None:
        """Put a session in a thread of its own, which waits for room."""

        def put() -> None:
            if not self.change(number, LONG):
                self.wrong.append("there was no room, although stores ended")

        self.waiting.append(threading.Thread(target=put))
        self.waiting[-1].start()

    @rule(count=st.integers(1, 5))
    def end_stores(self, count: int) -> None:
        """Let some stores end."""
        self.let_go.release(count)

    def teardown(self) -> None:
        """All stores end: each put was followed by a store that began after it."""
        if not hasattr(self, "queue"):
            return
        self.let_go.release(10_000)
        for thread in self.waiting:
            thread.join()
        eventually(lambda: not len(self.queue))
        self.queue.stop()
        assert not self.wrong
        assert all(self.stored[entry] >= self.accepted[entry] for entry in self.entries)
        assert not self.queue.put(self.entries[0], LONG), "what was stopped takes nothing, and does not wait"


TestModelOfQueue = ModelOfQueue.TestCase
TestModelOfQueue.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestQueueWithThreads = QueueWithThreads.TestCase
TestQueueWithThreads.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)


def test_a_put_that_finds_no_room_waits_for_it() -> None:
    """Until a store has ended."""
    go_on = threading.Event()
    queue = BackupQueue(lambda _: go_on.wait(LONG), size=1, threads=1)
    assert queue.put(an_entry(1), 0)
    assert not queue.put(an_entry(2), 0.01)
    accepted: list[bool] = []
    waiting = threading.Thread(target=lambda: accepted.append(queue.put(an_entry(3), LONG)))
    waiting.start()

    go_on.set()

    waiting.join()
    queue.stop()
    assert accepted == [True]


def test_whoever_waits_for_room_ends_when_the_queue_does() -> None:
    """A request does not hang because its manager is closed."""
    begun, go_on = threading.Event(), threading.Event()

    def store(_: Entry) -> None:
        begun.set()
        go_on.wait(LONG)

    queue = BackupQueue(store, size=1, threads=1)
    queue.put(an_entry(1), 0)
    assert begun.wait(LONG)
    accepted: list[bool] = []
    waiting = threading.Thread(target=lambda: accepted.append(queue.put(an_entry(2), LONG)))
    waiting.start()
    stopping = threading.Thread(target=queue.stop)

    stopping.start()

    waiting.join()
    assert accepted == [False]
    assert stopping.is_alive(), "a store that is under way is waited for"
    go_on.set()
    stopping.join()


def test_two_sessions_that_come_at_once_are_stored_at_the_same_time() -> None:
    """Although there is an idle thread when they come: the second one does not wait until the first one is stored."""
    together = threading.Barrier(2)
    stored: list[Entry] = []

    def store(entry: Entry) -> None:
        if stored:
            together.wait(LONG)
        stored.append(entry)

    queue = BackupQueue(store, size=10, threads=2)
    queue.put(an_entry(1), 0)
    eventually(lambda: stored and not len(queue))

    queue.put(an_entry(2), 0)
    queue.put(an_entry(3), 0)

    eventually(lambda: len(stored) == 3)
    queue.stop()


def test_a_store_that_raises_is_no_end_of_its_thread(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next session is stored."""
    stored: list[Entry] = []

    def store(entry: Entry) -> None:
        stored.append(entry)
        if len(stored) == 1:
            raise StoreFailedError

    queue = BackupQueue(store, size=10, threads=1)
    queue.put(an_entry(1), 0)
    queue.put(an_entry(2), 0)

    eventually(lambda: len(stored) == 2 and not len(queue))
    queue.stop()
    assert "an asynchronous backup failed" in caplog.text
