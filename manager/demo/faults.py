"""The faults of a crowd, one at a time, and when each of them is over.

A session has one backup (the setting `copies`). So one fault is over when a second one could take nothing away: every
living process has backed up all that it serves, and says so, and every visitor has been answered since, for a session
whose server has died is in one place only until its visitor comes back.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import cycle

from .child import Child
from .cluster import NODES, Cluster

GOAL = 5.0
"""Seconds within which `health()` is to say that all is backed up again."""

GIVE_UP = 20.0
"""Seconds after which a fault is said to have no end."""

FROZEN_FOR = 2.0
"""Seconds that something stands still, at least."""

_LOOK_EVERY = 0.05


class Fault(Enum):
    """What is done to a member of the cluster."""

    SERVER_KILLED = "application server killed"
    NODE_KILLED = "memcached node killed"
    SERVER_FROZEN = "application server frozen"
    NODE_FROZEN = "memcached node frozen"

    @property
    def freezes(self) -> bool:
        """Whether the member goes on afterwards, with what it knew."""
        return self in (Fault.SERVER_FROZEN, Fault.NODE_FROZEN)


@dataclass(frozen=True)
class Disturbance:
    """One fault, and how long it took until all was well again."""

    fault: Fault
    member: str
    settled: float | None
    """Seconds until `health()` was as it should be; None: it was not within `GIVE_UP`."""
    answered: float | None
    """Seconds until every visitor had been answered, too."""
    settled_after_repair: float | None
    """The same as ``settled``, after the member was started again or went on."""


def faults() -> Iterator[tuple[Fault, str]]:
    """Return what happens to whom, for ever: all kinds, and each in turn to both.

    >>> some = faults()
    >>> [f"{fault.value}: {member}" for fault, member in (next(some), next(some))]
    ['application server killed: app1', 'memcached node killed: n1']
    """
    servers, nodes = ("app1", "app2"), NODES
    for turn in cycle((0, 1)):
        yield Fault.SERVER_KILLED, servers[turn]
        yield Fault.NODE_KILLED, nodes[turn]
        yield Fault.SERVER_FROZEN, servers[1 - turn]
        yield Fault.NODE_FROZEN, nodes[1 - turn]


def disturb(
    cluster: Cluster, fault: Fault, name: str, everybody_since: Callable[[float], bool], stopped: Callable[[], bool]
) -> Disturbance:
    """Let a fault happen, wait until it is over, and repair what it has done.

    Parameters
    ----------
    cluster
        That runs.
    fault, name
        What happens to whom.
    everybody_since
        Whether every visitor has been answered since then, by the monotonic clock.
    stopped
        Whether the visitors have stopped: then nobody waits for them.
    """
    member = cluster.servers.get(name) or cluster.nodes[name]
    began = time.monotonic()
    (member.freeze if fault.freezes else member.kill)()
    settled, answered = _wait(cluster, began, everybody_since, stopped)
    if fault.freezes:
        time.sleep(max(0.0, began + FROZEN_FOR - time.monotonic()))
    repaired = _repair(member, fault)
    after, _ = _wait(cluster, repaired, everybody_since, stopped)
    return Disturbance(fault, name, settled, answered, after)


def _repair(member: Child, fault: Fault) -> float:
    """Let a member go on or start it again; return when it could answer."""
    if fault.freezes:
        member.thaw()
    else:
        member.start()
        member.wait_until_it_answers()
    return time.monotonic()


def _wait(
    cluster: Cluster, began: float, everybody_since: Callable[[float], bool], stopped: Callable[[], bool]
) -> tuple[float | None, float | None]:
    """Return how many seconds it took until all was backed up, and until everybody was answered, too."""
    since = cluster.requests()
    settled: float | None = None
    while time.monotonic() - began < GIVE_UP:
        if not cluster.settled(since):
            settled = None  # whoever was answered last may have shown a process that a node is away
        elif settled is None:
            settled = time.monotonic() - began
        if settled is not None and everybody_since(began):
            return settled, time.monotonic() - began
        if settled is not None and stopped():
            return settled, None
        time.sleep(_LOOK_EVERY)
    return settled, None
