"""One of a crowd: clicks through the shop until it closes, and keeps what happened to him.

A server that was frozen executes, when it goes on, what it had accepted before, though nginx has given up and the
visitor has sent it again elsewhere. Nothing can tell such a late request from a new one. So an item is set once in a
visit, to one quantity: done late, it changes nothing.

Invariant: what a shopper keeps is written by his thread alone, so others may read it without a lock.
"""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Semaphore

from .losses import Loss, Lost, NotAnswered
from .visitor import Exchange, Visitor

ITEMS = ("apple", "banana", "cherry", "fig", "grape", "kiwi", "lemon", "mango", "olive", "peach", "pear", "plum")
"""What the shops sell."""

LOOKS = 0.4
"""The part of his clicks that look at the shop only, by one request; the others change something first."""

UNEVENNESS = 0.25
"""By how much the time between two clicks varies, to both sides."""

NEW_NAMES = 0.5
"""The part of his visits, after the first, that begin with another account."""

_TRAIL = 8
_REST = 1.0
"""Seconds until he comes back after a loss."""


@dataclass(frozen=True)
class Timed:
    """A request, when it was sent and how long it took."""

    started: float
    """By the monotonic clock."""
    seconds: float
    answered: bool
    """Whether a server has answered; if not, it was sent again."""
    hashes: bool
    """Whether the server hashes a password for it, which is slow on purpose."""


@dataclass(frozen=True)
class Incident:
    """Something that should not have happened."""

    at: float
    """By the monotonic clock."""
    loss: Loss | None
    """What was lost; None: nobody answered."""
    story: str
    """To whom, doing what, what was expected and what seen, and his last requests."""


class Shopper:
    """Somebody who clicks.

    Parameters
    ----------
    address
        Host and port of the shop.
    name
        Which no other shopper has.
    seed
        Of what he decides by chance.
    click_every
        Seconds between two clicks, in the mean.
    door
        Who logs in or registers goes through it: a hash keeps a processor busy, and a hundred at once all servers.
    now_on
        Tells which fault is on.
    """

    def __init__(
        self,
        address: tuple[str, int],
        name: str,
        *,
        seed: str,
        click_every: float,
        door: Semaphore,
        now_on: Callable[[], str],
    ) -> None:
        self._visitor = Visitor(address, name, self._heard)
        self._name = name
        self._chance = random.Random(seed)  # noqa: S311 - what he buys
        self._click_every = click_every
        self._door = door
        self._now_on = now_on
        self._has_account = False
        self._wanted: list[str] = []
        self._trail: deque[str] = deque(maxlen=_TRAIL)
        self.visits = 0
        """How often he has logged in or registered."""
        self.answered_at = 0.0
        """When the last request was sent that a server has answered, by the monotonic clock."""
        self.requests: list[Timed] = []
        self.incidents: list[Incident] = []

    @property
    def has_something_to_lose(self) -> bool:
        """Whether he knows that he is logged in."""
        return bool(self._visitor.logged_in)

    @property
    def place(self) -> tuple[str, str]:
        """Server and node of his session."""
        return self._visitor.place

    @property
    def excused(self) -> int:
        """How often a form of his was refused, and that was no loss; see `Visitor.excused`."""
        return self._visitor.excused

    def run(self, closing: Event) -> None:
        """Click until the shop closes, and look once more."""
        try:
            self._enter(closing)
            closing.wait(self._chance.uniform(0, self._click_every))  # so that they do not all click at once
            while not closing.is_set():
                started = time.monotonic()
                self._click(closing)
                pause = self._click_every * self._chance.uniform(1 - UNEVENNESS, 1 + UNEVENNESS)
                closing.wait(max(0.0, pause - (time.monotonic() - started)))
            if self.has_something_to_lose:
                self._do("look for the last time", self._visitor.look)
        finally:
            self._visitor.close()

    def _click(self, closing: Event) -> None:
        if self.has_something_to_lose and not self._wanted:
            self._do("log out", self._visitor.log_out)
            if self._chance.random() < NEW_NAMES:
                self._visitor.name = f"{self._name}-{self.visits}"
                self._has_account = False
        if not self.has_something_to_lose:
            self._enter(closing)
        elif self._chance.random() < LOOKS:
            self._do("look", self._visitor.look)
        else:
            item = self._wanted.pop()
            self._do(f"put {item}", lambda: self._visitor.put(item, self._chance.randint(1, 99)))

    def _enter(self, closing: Event) -> None:
        """Begin a visit, with some of all items in mind, each once and in an order of his own."""
        self._wanted = self._chance.sample(ITEMS, self._chance.randint(len(ITEMS) // 2, len(ITEMS)))
        with self._door:
            if closing.is_set():
                return
            if not self._has_account:
                self._has_account = self._do("register", self._visitor.register)
            else:
                self._do("log in", self._visitor.log_in)
        self.visits += self.has_something_to_lose

    def _do(self, step: str, action: Callable[[], object]) -> bool:
        server, node = self._visitor.place
        try:
            action()
        except (Lost, NotAnswered) as error:
            now_on, trail = self._now_on() or "no fault", "; ".join(self._trail)
            who = f"{self._visitor.name} (server {server or '-'}, node {node or '-'})"
            loss = error.what if isinstance(error, Lost) else None
            story = f"{who} wants to {step}: {error}; meanwhile: {now_on}; at last {trail}"
            self.incidents.append(Incident(time.monotonic(), loss, story))
            self._visitor.start_anew()
            time.sleep(_REST)
            return False
        return True

    def _heard(self, exchange: Exchange) -> None:
        hashes = exchange.method == "POST" and exchange.path in ("/login", "/register")
        self.requests.append(Timed(exchange.started, exchange.seconds, exchange.answered, hashes))
        self._trail.append(
            f"{exchange.method} {exchange.path} {exchange.status or 'broken'} after {1000 * exchange.seconds:.0f} ms"
            f" by {exchange.told.get('server', '-')} ({exchange.told.get('source', '-')})"
            f" at {exchange.started % 1000:.2f}, then {'/'.join(self._visitor.place)}"
        )
        if exchange.answered:
            self.answered_at = exchange.started
