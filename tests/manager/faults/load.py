"""Requests to one manager from several threads, with a model of every session, and how long each request took.

Each of the working threads has sessions of its own, which it reads and updates; one more thread, whose times do not
count because it waits for the others, reads all of them.
Invariant: whatever the nodes do, each request finds exactly what the model says, and every cookie stays; the first
request that does not is `Load.failure`.
"""

import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Literal

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager import CookieKind

from .application import after_updates, update

SESSIONS = 100
WORKERS = 4


@dataclass(frozen=True)
class Took:
    """How long one request took."""

    what: Literal["read", "modify"]
    began: float
    """By the monotonic clock."""
    seconds: float


@dataclass
class Customer:
    """A session as its client knows it."""

    number: int
    cookie: str | None = None
    updates: int = 0
    """Replied to."""

    def see(self, session: Session) -> None:
        """See that a response kept the cookie, and take the one that it set."""
        assert session.cookie.kind is not CookieKind.DELETE, f"{self}: the cookie was deleted"
        if session.cookie.kind is CookieKind.SET:
            assert self.cookie is None or session.cookie.value[:32] == self.cookie[:32], f"{self}: another session"
            self.cookie = session.cookie.value


@dataclass
class Load:
    """Threads that make requests until they are told to stop.

    Parameters
    ----------
    manager
        Whose requests these are.
    pause
        Seconds that each thread rests between two requests.
    """

    manager: SessionManager
    pause: float = 0.002
    customers: list[Customer] = field(default_factory=lambda: [Customer(number) for number in range(SESSIONS)])
    failure: BaseException | None = None
    _took: list[Took] = field(default_factory=list[Took])
    _ended: Event = field(default_factory=Event)
    _locks: list[Lock] = field(default_factory=lambda: [Lock() for _ in range(WORKERS)])

    @contextmanager
    def running(self) -> Generator[None]:
        """Begin all sessions, and make requests to them during a ``with`` block."""
        for customer in self.customers:
            self._update(customer)
        threads = [Thread(target=self._guarded, args=(lambda w=worker: self._work(w),)) for worker in range(WORKERS)]
        threads.append(Thread(target=self._guarded, args=(self._look_on,)))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()
        self.check()

    def check(self) -> None:
        """Raise what went wrong."""
        if self.failure is not None:
            raise self.failure

    @contextmanager
    def held(self) -> Generator[None]:
        """Let no update be under way during a ``with`` block."""
        for lock in self._locks:
            lock.acquire()
        try:
            yield
        finally:
            for lock in self._locks:
                lock.release()

    def took(self) -> list[Took]:
        """Return the requests that have ended since the last call."""
        took, self._took = self._took, []
        return took

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            while not self._ended.is_set():
                act()
                if self.pause:
                    sleep(random.uniform(0, 2 * self.pause))
        except BaseException as failure:  # noqa: BLE001 - for the main thread
            self.failure = failure

    def _work(self, worker: int) -> None:
        customer = self.customers[random.randrange(worker, len(self.customers), WORKERS)]
        with self._locks[worker]:
            if random.random() < 0.5:
                self._update(customer)
            else:
                self._read(customer, exactly=True)

    def _look_on(self) -> None:
        self._read(random.choice(self.customers), exactly=False)

    def _update(self, customer: Customer) -> None:
        began = monotonic()
        with self.manager.request(customer.cookie) as session:
            update(session, customer.number)
            found = session.copy()
        self._took.append(Took("modify", began, monotonic() - began))
        customer.see(session)
        customer.updates += 1
        assert found == after_updates(customer.number, customer.updates), f"{customer} has {found}"

    def _read(self, customer: Customer, *, exactly: bool) -> None:
        known, began = customer.updates, monotonic()
        with self.manager.request(customer.cookie) as session:
            steps = session.get("steps")
            found = session.copy() if exactly else None
        if exactly:
            self._took.append(Took("read", began, monotonic() - began))
        customer.see(session)
        assert steps is not None, f"{customer}: lost, degraded={session.degraded}"
        assert steps >= known, f"{customer}: {steps} updates seen after {known} were replied to"
        if found is not None:
            assert found == after_updates(customer.number, known), f"{customer} has {found}"
