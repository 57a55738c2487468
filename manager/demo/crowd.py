"""Two hundred visitors in a shop whose servers and nodes die, freeze and come back: is anything lost?

Every visitor registers, then fills a cart item by item, looks at it after each step, logs out, logs in again, and
begins anew; it knows what the shop has acknowledged. One thing happens at a time, see `faults`.

A server that was frozen executes, when it goes on, what it had accepted before, though nginx has given up and the
visitor has sent it again elsewhere. Nothing can tell such a late request from a new one. So an item is set once in a
visit, to one quantity: done late, it changes nothing.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread

from .cluster import Cluster, ServerPlan
from .faults import Disturbance, disturb, faults
from .visitor import Exchange, Lost, NotAnswered, Visitor

SHOPS = {"wsgi": "gunicorn", "fastapi": "uvicorn", "flask": "gunicorn", "django": "gunicorn"}
"""The shops, and what serves each, twice."""

CLICK_EVERY = 2.0
"""Seconds between two clicks of a visitor, on average. Each click is two requests."""

ITEMS = ("apple", "banana", "cherry", "fig", "grape", "kiwi", "lemon", "mango", "olive", "peach", "pear", "plum")
REGISTER_EVERY = 0.08
"""Seconds between two visitors who register: hashing a password takes a core most of that time."""

REGISTER_WITHIN = 120.0
"""Seconds that all visitors may take to register, before the time runs."""

MOST_LOSSES = 20
"""Losses that are told one by one."""


@dataclass(frozen=True)
class CrowdResult:
    """What a crowd has met in one shop."""

    shop: str
    server: str
    visitors: int
    seconds: float
    requests: int
    sent_again: int
    """Requests that no server answered, and that were answered when they were sent again."""
    not_retriable: int
    """Requests that no server answered however often they were sent, or that one answered by an error."""
    lost: int
    """Times that a visitor found the login or a line of the cart gone."""
    losses: tuple[str, ...]
    """The first of them, in words."""
    disturbances: tuple[Disturbance, ...]
    median_milliseconds: float
    percentile_99_milliseconds: float
    counters: dict[str, int]
    """Of the managers of all servers, those that were killed too."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, and nobody turned away."""
        return not self.lost and not self.not_retriable


class Crowd:
    """The visitors of one shop.

    Parameters
    ----------
    cluster
        Which serves it.
    count
        How many there are.
    click_every
        Seconds between two clicks of one, on average.
    seed
        What they do is drawn from it.
    """

    def __init__(self, cluster: Cluster, count: int, click_every: float = CLICK_EVERY, seed: int = 1) -> None:
        self._cluster = cluster
        self._count = count
        self._click_every = click_every
        self._seed = seed
        self._lock = Lock()
        self._stop = Event()
        self._going = Event()
        self._ready = 0
        self._answered = [0.0] * count
        self._seconds: list[float] = []
        self._again = 0
        self._turned_away: list[str] = []
        self._losses: list[str] = []
        self._now_on = "no fault yet"
        self._counters: Counter[str] = Counter()

    def visit(self, shop: str, seconds: float, tell: Callable[[str], object]) -> CrowdResult:
        """Let all of them in, let things happen for so many seconds, and return what they have met.

        Parameters
        ----------
        shop
            Whose name is in the result.
        seconds
            How long, from when all of them have registered.
        tell
            Hears what happens, in words.
        """
        threads = [Thread(target=self._live, args=(number,), daemon=True) for number in range(self._count)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + REGISTER_WITHIN
        while self._ready < self._count and time.monotonic() < deadline:
            time.sleep(0.05)
        tell(f"{self._ready} visitors have registered")
        self._going.set()
        with self._lock:
            self._seconds.clear()
            self._again = 0
        began = time.monotonic()
        disturbances = self._disturb_until(began + seconds, tell)
        self._stop.set()
        took = time.monotonic() - began
        for thread in threads:
            thread.join()
        self._count_up()
        in_order = sorted(self._seconds) or [0.0]
        return CrowdResult(
            shop=shop,
            server=SHOPS[shop],
            visitors=self._count,
            seconds=round(took, 1),
            requests=len(in_order),
            sent_again=self._again,
            not_retriable=len(self._turned_away),
            lost=len(self._losses),
            losses=tuple((self._losses + self._turned_away)[:MOST_LOSSES]),
            disturbances=tuple(disturbances),
            median_milliseconds=round(1000 * in_order[len(in_order) // 2], 1),
            percentile_99_milliseconds=round(1000 * in_order[len(in_order) * 99 // 100], 1),
            counters=dict(self._counters),
        )

    def _disturb_until(self, end: float, tell: Callable[[str], object]) -> list[Disturbance]:
        done: list[Disturbance] = []
        for fault, member in faults():
            if time.monotonic() >= end:
                return done
            self._now_on = f"{fault.value}: {member}"
            tell(self._now_on)
            if member in self._cluster.servers:
                self._count_up(member)
            done.append(
                disturb(
                    self._cluster,
                    fault,
                    member,
                    lambda began: min(self._answered) > began,
                    lambda: time.monotonic() >= end,
                )
            )
        return done

    def _count_up(self, *servers: str) -> None:
        """Add the counters of servers, before they are killed or all has ended; those of frozen ones are told twice."""
        for server in servers or self._cluster.servers:
            health = self._cluster.health(server)
            if health is not None:
                self._counters.update(health.counters)

    # One visitor

    def _live(self, number: int) -> None:
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311 - what it buys
        name = f"visitor-{number}"
        visitor = self._visitor(number, name)
        known = False
        time.sleep(number * REGISTER_EVERY)
        while not self._stop.is_set():
            try:
                if known:
                    visitor.log_in()
                else:
                    visitor.register()
                    known = True
                    self._note_ready(number)
                    self._going.wait()
                self._fill_a_cart(visitor, chance)
                if not self._stop.is_set():
                    visitor.log_out()
            except Lost as error:
                self._note(self._losses, name, error)
            except NotAnswered as error:
                self._note(self._turned_away, name, error)
            else:
                continue
            visitor.close()
            visitor = self._visitor(number, name)
        visitor.close()

    def _fill_a_cart(self, visitor: Visitor, chance: random.Random) -> None:
        for item in chance.sample(ITEMS, len(ITEMS)):
            if self._stop.wait(self._click_every * (0.5 + chance.random())):
                return
            visitor.put(item, chance.randint(1, 9))

    def _visitor(self, number: int, name: str) -> Visitor:
        def note(exchange: Exchange) -> None:
            answered = exchange.status is not None and exchange.status < 500
            with self._lock:
                self._seconds.append(exchange.seconds)
                self._again += not answered
                if answered:
                    self._answered[number] = time.monotonic()

        return Visitor(self._cluster.address, name, note)

    def _note_ready(self, number: int) -> None:
        with self._lock:
            self._ready += 1
            self._answered[number] = time.monotonic()

    def _note(self, where: list[str], name: str, error: Exception) -> None:
        with self._lock:
            where.append(f"{name}: {error} (last: {self._now_on})")


def run_crowd(
    shop: str, visitors: int, seconds: float, tell: Callable[[str], object], click_every: float = CLICK_EVERY
) -> CrowdResult:
    """Start a cluster, send a crowd through one shop, and return what it has met.

    Raises
    ------
    DemoError
        The cluster cannot be started here.
    """
    plans = [ServerPlan(name, shop, SHOPS[shop]) for name in ("app1", "app2")]
    with Cluster(plans) as cluster:
        return Crowd(cluster, visitors, click_every).visit(shop, seconds, tell)
