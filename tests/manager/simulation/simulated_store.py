"""A memcached that freezes, restarts, forgets and carries out late exactly when the test says so.

`SimulatedServer` is the node; a `SimulatedStore` is what one process has of it. Every command is a point (`scheduler`),
and whoever drives the world decides what becomes of it there. Invariant: what a command does, it does in one step, and
as memcached 1.6.18 does it: a command that timed out may be carried out much later.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple

from memcached_sessions.manager.errors import NodeTimeoutError, NodeUnavailableError
from memcached_sessions.manager.stores.store import Cas, Item, Outcome, Store, Written

from .scheduler import Clock, Point, Scheduler


class Held(NamedTuple):
    """An item of a server."""

    value: bytes
    flags: int
    ends: float | None
    unique: int


@dataclass(frozen=True, slots=True)
class Command(Point):
    """A command that was sent and not carried out yet."""

    store: "SimulatedStore"
    verb: str
    key: str
    carry_out: Callable[[], Any] = field(repr=False)
    sent_in: int
    """The state of the process that sent it."""

    @property
    def node(self) -> str:
        """The name of its node."""
        return self.store.server.name

    @property
    def writes(self) -> bool:
        """Whether it matters that it is carried out although nobody waits for it any more."""
        return self.verb in {"add", "replace", "set", "delete"}


@dataclass(frozen=True, slots=True)
class Reply(Point):
    """An answer that is on its way."""

    answer: object


class SimulatedServer:
    """One node of a world."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.frozen = False
        """It takes commands and answers none."""
        self.down = False
        """It refuses connections."""
        self.items: dict[str, Held] = {}
        self.count = 0
        self.life = 1
        self.late: list[Command] = []
        """Commands that timed out, and that it may yet carry out."""
        self._clock = clock

    @property
    def generation(self) -> str:
        """Which life it is in."""
        return f"{self.name}/{self.life}"

    def restart(self) -> None:
        """Lose everything; the count begins anew."""
        self.flush()
        self.count = 0
        self.late.clear()

    def flush(self) -> None:
        """Lose everything; the count goes on."""
        self.items.clear()
        self.life += 1

    def held(self, key: str) -> Held | None:
        """Return what is alive under a key."""
        held = self.items.get(key)
        if held is not None and held.ends is not None and held.ends <= self._clock.time():
            del self.items[key]
            return None
        return held

    def ends(self, ttl: int | None) -> float | None:
        """Return when an item ends that begins now."""
        return None if ttl is None else self._clock.time() + ttl

    def put(self, key: str, value: bytes, flags: int, ttl: int | None) -> Written:
        """Store."""
        self.count += 1
        self.items[key] = Held(value, flags, self.ends(ttl), self.count)
        return Written(Outcome.STORED, Cas(self.count, self.generation))

    def left(self, held: Held) -> int | None:
        """Return the seconds that an item has left."""
        return None if held.ends is None else ceil(held.ends - self._clock.time())


class SimulatedStore(Store):
    """What one process has of a server.

    Parameters
    ----------
    state
        Says in which state the process is.
    """

    item_limit = None

    def __init__(self, server: SimulatedServer, scheduler: Scheduler, state: Callable[[], int]) -> None:
        self.server = server
        self._scheduler = scheduler
        self._state = state
        self._generation = ""

    @property
    def generation(self) -> str:
        """The generation last seen."""
        return self._generation

    def _send(self, verb: str, key: str, carry_out: Callable[[], Any]) -> Any:
        server = self.server
        if self._scheduler.current is None:
            answer, self._generation = carry_out(), server.generation
        else:
            what, sent_in = f"{verb} on {server.name}", self._state()
            command = Command(what, self, verb, key, lambda: (carry_out(), server.generation), sent_in)
            answer, self._generation = self._scheduler.pause(command)
        return answer

    def get(self, key: str, *, value: bool = True, touch: int | None = None, renew: bool = False) -> Item | None:
        """Return what is under a key."""
        server = self.server

        def get() -> Item | None:
            held = server.held(key)
            if held is None:
                return None
            if renew:
                server.items[key] = held._replace(ends=server.ends(touch))
            cas = Cas(held.unique, server.generation)
            return Item(cas, held.flags, server.left(held), held.value if value else None)

        return self._send("get" if value else "touch" if renew else "look", key, get)

    def add(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store where nothing is."""
        server = self.server

        def add() -> Written:
            return server.put(key, value, flags, ttl) if server.held(key) is None else Written(Outcome.EXISTS)

        return self._send("add", key, add)

    def replace(self, key: str, value: bytes, *, cas: Cas, flags: int, ttl: int | None) -> Written:
        """Store over the item that the `Cas` names."""
        server = self.server

        def replace() -> Written:
            refused = self._refused(key, cas)
            return server.put(key, value, flags, ttl) if refused is None else Written(refused)

        return self._send("replace", key, replace)

    def set(self, key: str, value: bytes, *, flags: int, ttl: int | None) -> Written:
        """Store whatever is there."""
        return self._send("set", key, lambda: self.server.put(key, value, flags, ttl))

    def delete(self, key: str, *, cas: Cas) -> Outcome:
        """Remove the item that the `Cas` names."""
        server = self.server

        def delete() -> Outcome:
            refused = self._refused(key, cas)
            if refused is None:
                del server.items[key]
            return refused or Outcome.STORED

        return self._send("delete", key, delete)

    def probe(self) -> str:
        """Return the generation."""
        return self._send("probe", "", lambda: self.server.generation)

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def refusal(self) -> NodeUnavailableError:
        """Return what is raised when the server takes no connection."""
        return NodeUnavailableError("refused the connection", node=self.server.name)

    def silence(self) -> NodeTimeoutError:
        """Return what is raised when the server does not answer in time."""
        return NodeTimeoutError("no answer in time", node=self.server.name)

    def _refused(self, key: str, cas: Cas) -> Outcome | None:
        if cas.generation != self.server.generation:
            return Outcome.EXISTS
        held = self.server.held(key)
        if held is None:
            return Outcome.NOT_FOUND
        return None if held.unique == cas.unique else Outcome.EXISTS
