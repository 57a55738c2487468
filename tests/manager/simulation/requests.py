"""One request of a client, served by the real manager of a simulated process, from its first step to its response."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from memcached_sessions.manager.cookie import NO_COOKIE, CookieAction
from memcached_sessions.manager.events import Event, EventKind
from memcached_sessions.manager.session import Session

from .browser import Browser, Lineage, Violation
from .scheduler import Point, Task
from .simulated_process import SimulatedProcess


@dataclass(frozen=True, slots=True)
class Respond(Point):
    """The response is ready, and not sent yet."""


class Request(Task):
    """A request; what it found and what it answers.

    Parameters
    ----------
    process
        That serves it.
    browser
        That sent it.
    cookie
        What it carries.
    writes, removes
        Attributes that it sets (to its own name) and removes, after it has read the session.
    rotates, destroys, writes_at_last
        What it does after that, in this order.
    thinks
        Whether others may go first between what it reads and what it writes.
    """

    def __init__(
        self,
        process: SimulatedProcess,
        browser: Browser,
        name: str,
        cookie: str,
        *,
        writes: Collection[str] = (),
        removes: Collection[str] = (),
        rotates: bool = False,
        destroys: bool = False,
        writes_at_last: Collection[str] = (),
        thinks: bool = False,
    ) -> None:
        super().__init__(process, f"{name} in {process.name}", self._serve)
        self.cookie = cookie
        self.seen: dict[str, object] | None = None
        """What the session held when it was first looked at."""
        self.degraded = False
        self.action: CookieAction = NO_COOKIE
        self.session_id = ""
        """Of the session after the commit, whatever the client is told."""
        self.events: list[Event] = []
        self.lineage: Lineage | None = None
        self.expected: frozenset[str] = frozenset()
        """What the client was told is kept, when the request began."""
        self.trusted = True
        """Whether no node was asked before the session was read."""
        self.was_dead = False
        """Whether the client had been told that the id is dead, when the request began."""
        self._name = name
        self._browser = browser
        self._writes = writes
        self._removes = removes
        self._rotates = rotates
        self._destroys = destroys
        self._writes_at_last = writes_at_last
        self._thinks = thinks

    @property
    def response_is_ready(self) -> bool:
        """Whether all but sending the response is done."""
        return isinstance(self.point, Respond)

    @property
    def dropped(self) -> bool:
        """Whether what it wrote was dropped, with an event."""
        return any(event.kind is EventKind.DROPPED for event in self.events)

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing."""
        return not (self._writes or self._removes or self._rotates or self._destroys)

    def pause(self, point: Point) -> Any:
        """Stop here; as `Task.pause`."""
        if self.seen is None:
            self.trusted = False
        return super().pause(point)

    def _serve(self) -> None:
        manager = self.process.manager
        self._expect()
        self.process.note(self.cookie, (self.expected, self.was_dead))
        session = manager.open(self.cookie or None)
        try:
            self.seen = session.copy()
            self.degraded = session.degraded
            if self._thinks:
                self.process.scheduler.pause(Point("think"))
            self._change(session)
            self.action = manager.commit(session)
            self.session_id = session.id
        finally:
            manager.release(session)
        self.process.scheduler.pause(Respond("respond"))
        self._answer(session)

    def _expect(self) -> None:
        self.lineage = self._browser.lineage(self.cookie)
        if self.lineage is not None:
            self.expected = frozenset(self.lineage.acknowledged - self.lineage.removed)
            self.was_dead = self.cookie.partition("-")[0].partition(".")[0] in self.lineage.dead_ids

    def _change(self, session: Session) -> None:
        for name in self._writes:
            session[name] = self._name
        for name in self._removes:
            session.pop(name, None)
            if self.lineage is not None:
                self.lineage.removed.add(name)
        if self._rotates:
            if self.lineage is not None:
                self.lineage.rotating = True
            session.rotate()
        if self._destroys:
            if self.lineage is not None:
                self.lineage.ending = True
            session.destroy()
        for name in self._writes_at_last:
            session[name] = self._name

    def _answer(self, session: Session) -> None:
        """Send the response: what it says counts from now on."""
        before = self.lineage
        sid = self.cookie.partition("-")[0].partition(".")[0]
        if self._destroys and before is not None:
            before.dead_ids.add(sid)
        elif session.sid in self._browser.lineages:
            before = self._browser.lineages[session.sid]
        elif self._rotates and before is not None and self.seen and self.action.value:
            self._browser.lineages[session.sid] = before
            before.dead_ids.add(sid)
        elif self.action.value:
            before = self._browser.lineages[session.sid] = Lineage(self.action.value)
        self._browser.receive(self.action)
        if not self._writes or self._destroys:
            return
        if self.dropped:
            if before is not None and not (before.ending or before.rotating):
                raise Violation(f"{self.name}: its update was dropped, and nobody ended the session")
        elif before is not None:
            before.acknowledged.update(self._writes)
