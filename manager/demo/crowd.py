"""Two hundred visitors in a shop whose servers and nodes die, freeze and come back: is anything lost?

Every visitor registers, then fills a cart item by item, looks at it after each step, logs out, logs in again, and
begins anew; it knows what the shop has acknowledged (`shopper`). One thing happens at a time (`faults`).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event, Semaphore

from .child import DemoError
from .cluster import Cluster, ServerHealth
from .faults import GIVE_UP, Disturbance, Fault, disturb, faults
from .losses import Loss
from .plans import SHOPS, ServerPlan
from .shopper import LOOKS, Incident, Shopper, Timed

RATE = 100.0
"""Requests a second that a crowd sends while servers answer at once; whoever waits for an answer sends none. The one
server that is left has to cope with them, on a core that it shares: a late answer is a second fault."""

REGISTER_WITHIN = 120.0
"""Seconds that all visitors may take to register, before the time runs."""

_AT_THE_DOOR = 2
_LOOK_EVERY = 0.05


@dataclass(frozen=True)
class Latency:
    """How long requests took, in milliseconds: half of them, and 99 of 100, no longer than this."""

    median: float
    percentile_99: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Latency | None":
        """Return that of some requests; None for none.

        >>> Latency.of([0.002, 0.001, 0.004])
        Latency(median=2.0, percentile_99=4.0)
        """
        ordered = sorted(seconds)
        if not ordered:
            return None
        return cls(*(round(1000 * ordered[len(ordered) * percent // 100], 1) for percent in (50, 99)))


@dataclass(frozen=True)
class CrowdResult:
    """What a crowd has met in one shop."""

    shop: str
    servers: tuple[str, ...]
    """What served it."""
    visitors: int
    seconds: float
    """From the first fault until the last one was repaired."""
    visits: int
    """How often somebody has logged in or registered."""
    requests: int
    sent_again: int
    """Requests that no server answered, each of which was sent again."""
    incidents: tuple[Incident, ...]
    """What was lost, and who was turned away; counted in seconds since the first fault."""
    disturbances: tuple[Disturbance, ...]
    """Counted as above."""
    calm: Latency | None
    """Of requests while nothing was wrong; without those for which a password is hashed."""
    disturbed: Latency | None
    """Of those between a fault and the moment when all was backed up and everybody answered."""
    counters: dict[str, int]
    """Of the managers of all servers; those that were killed were asked before."""
    excused: int = 0
    """Forms to log in, out or register that were refused after one without an answer, which is no loss."""

    def lost(self, what: Loss) -> int:
        """Return how often something was lost."""
        return sum(incident.loss is what for incident in self.incidents)

    @property
    def not_retriable(self) -> int:
        """Requests that no server answered however often they were sent, or that one answered by an error."""
        return sum(incident.loss is None for incident in self.incidents)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, nobody turned away, and every fault ended as it should."""
        return not self.incidents and all(disturbance.ended_well for disturbance in self.disturbances)


class Crowd:
    """The visitors of one shop.

    Parameters
    ----------
    cluster
        Which serves it.
    count
        How many there are.
    rate
        Requests a second, of all together.
    seed
        What they do is drawn from it.
    """

    def __init__(self, cluster: Cluster, count: int, rate: float = RATE, seed: int = 1) -> None:
        self._cluster = cluster
        self._now_on = ""
        self._last_healths: dict[int, ServerHealth] = {}
        door = Semaphore(_AT_THE_DOOR)
        self._shoppers = [
            Shopper(
                cluster.address,
                f"visitor-{number}",
                seed=f"{seed} {number}",
                click_every=(LOOKS + 2 * (1 - LOOKS)) * count / rate,
                door=door,
                now_on=lambda: self._now_on,
            )
            for number in range(count)
        ]

    def answered_since(self, moment: float) -> bool:
        """Return whether everybody who has something to lose was answered what he has sent since then."""
        return all(shopper.answered_at >= moment or not shopper.has_something_to_lose for shopper in self._shoppers)

    def places(self) -> AbstractSet[tuple[str, str]]:
        """Return the server and the node of each session that a visitor has."""
        return {shopper.place for shopper in self._shoppers}

    def visit(
        self,
        plans: Sequence[ServerPlan],
        seconds: float,
        tell: Callable[[str], object],
        what_happens: Iterable[tuple[Fault, str]] | None = None,
    ) -> CrowdResult:
        """Let all of them in, let things happen for so many seconds, and return what they have met.

        Parameters
        ----------
        plans
            Of the cluster.
        seconds
            How long, from when all of them have registered. What has happened then is still waited for.
        tell
            Hears what happens, in words.
        what_happens
            The faults, instead of `faults`.

        Raises
        ------
        DemoError
            Not all can register, or a server does not start again.
        """
        closing = Event()
        disturbances: list[Disturbance] = []
        with ThreadPoolExecutor(len(self._shoppers), "shopper") as threads:
            running = [threads.submit(shopper.run, closing) for shopper in self._shoppers]
            try:
                self._wait_until_all_are_in(running)
                tell(f"{len(running)} visitors have registered")
                began = time.monotonic()
                for fault, member in faults() if what_happens is None else what_happens:
                    if time.monotonic() - began >= seconds:
                        break
                    self._note_healths()
                    self._now_on = f"{fault.value}: {member}"
                    disturbances.append(disturb(self._cluster, fault, member, self))
                    self._now_on = ""
                    tell(_told(disturbances[-1], began))
                ended = time.monotonic()
            finally:
                closing.set()
            for future in running:
                future.result()
        self._note_healths()
        return self._result(plans, disturbances, began, ended)

    def _wait_until_all_are_in(self, running: Sequence[Future[None]]) -> None:
        deadline = time.monotonic() + REGISTER_WITHIN
        while not all(shopper.visits for shopper in self._shoppers):
            for future in running:
                if future.done():
                    future.result()
            if time.monotonic() > deadline:
                stories = [incident.story for shopper in self._shoppers for incident in shopper.incidents]
                raise DemoError(
                    f"only {sum(shopper.visits > 0 for shopper in self._shoppers)} of {len(running)} visitors could "
                    f"register within {REGISTER_WITHIN:.0f} s; the first problem: {(*stories, 'too slow')[0]}"
                )
            time.sleep(_LOOK_EVERY)

    def _note_healths(self) -> None:
        """Keep the counters of servers, before one of them is killed or all has ended."""
        for health in self._cluster.healths():
            if health is not None:
                self._last_healths[health.pid] = health

    def _result(
        self, plans: Sequence[ServerPlan], disturbances: Sequence[Disturbance], began: float, ended: float
    ) -> CrowdResult:
        requests = [timed for shopper in self._shoppers for timed in shopper.requests if timed.started >= began]
        calm, disturbed = latencies(requests, [lasted(disturbance) for disturbance in disturbances])
        incidents = [incident for shopper in self._shoppers for incident in shopper.incidents]
        counters = [health.counters for health in self._last_healths.values()]
        return CrowdResult(
            shop=plans[0].shop,
            servers=tuple(plan.kind for plan in plans),
            visitors=len(self._shoppers),
            seconds=round(ended - began, 1),
            visits=sum(shopper.visits for shopper in self._shoppers),
            requests=len(requests),
            sent_again=sum(not timed.answered for timed in requests),
            incidents=tuple(
                replace(incident, at=round(incident.at - began, 2))
                for incident in sorted(incidents, key=lambda incident: incident.at)
            ),
            disturbances=tuple(
                replace(disturbance, began=round(disturbance.began - began, 2)) for disturbance in disturbances
            ),
            calm=calm,
            disturbed=disturbed,
            counters={name: sum(of_one[name] for of_one in counters) for name in counters[0]} if counters else {},
            excused=sum(shopper.excused for shopper in self._shoppers),
        )


def latencies(
    requests: Iterable[Timed], disturbances: Sequence[tuple[float, float]]
) -> tuple[Latency | None, Latency | None]:
    """Return the latency of requests outside of disturbances, and of those that were under way in one.

    Parameters
    ----------
    requests
        In any order; those for which a password is hashed are left out.
    disturbances
        When each began and ended, by the clock of the requests.

    >>> requests = [Timed(1, 0.001, answered=True, hashes=False), Timed(5, 2.0, answered=False, hashes=False)]
    >>> latencies(requests, [(6, 8)])
    (Latency(median=1.0, percentile_99=1.0), Latency(median=2000.0, percentile_99=2000.0))
    """
    calm: list[float] = []
    disturbed: list[float] = []
    for timed in requests:
        if not timed.hashes:
            ended = timed.started + timed.seconds
            within = any(start <= ended and timed.started <= end for start, end in disturbances)
            (disturbed if within else calm).append(timed.seconds)
    return Latency.of(calm), Latency.of(disturbed)


def lasted(disturbance: Disturbance) -> tuple[float, float]:
    """Return when a fault began and ended; one without an end was waited for so long."""
    return disturbance.began, disturbance.began + (GIVE_UP if disturbance.answered is None else disturbance.answered)


def _told(disturbance: Disturbance, began: float) -> str:
    settled, answered, repaired = (
        "never" if seconds is None else f"after {seconds:.1f} s"
        for seconds in (disturbance.settled, disturbance.answered, disturbance.settled_after_repair)
    )
    what = f"{disturbance.fault.value}: {disturbance.member}"
    return (
        f"{disturbance.began - began:5.1f} s: {what}; backed up {settled}, everybody answered {answered}; "
        f"once repaired, in use {repaired}"
    )


def run_crowd(
    shop: str, visitors: int, seconds: float, tell: Callable[[str], object], rate: float = RATE
) -> CrowdResult:
    """Start a cluster, send a crowd through one shop, and return what it has met.

    Raises
    ------
    DemoError
        The cluster cannot be started here.
    """
    plans = [ServerPlan(f"app{number}", shop, kind) for number, kind in enumerate(SHOPS[shop], 1)]
    with Cluster(plans) as cluster:
        return Crowd(cluster, visitors, rate).visit(plans, seconds, tell)
