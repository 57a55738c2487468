"""The faults of a crowd, one at a time, and when each of them is over.

A session has one backup (the setting `copies`). So one fault is over when a second one could take nothing away: every
living process has backed up all that it serves, and says so, and every visitor has been answered since, for a session
whose server has died is in one place only until its visitor comes back. Right after a node was killed nobody has
noticed, and each process says that nothing is unbacked; so it has to know which nodes are away, too.

Invariant: no fault begins while another one lasts, or while what was repaired is not in use again.
"""

import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from itertools import cycle
from typing import Protocol

from .child import Child
from .cluster import NODES, Cluster

GOAL = 5.0
"""Seconds within which `health()` is to say that all is backed up again."""

LATE = 10.0
"""Seconds after which an answer to all visitors, or the end of a repair, is told: nobody tries longer than that."""

GIVE_UP = 20.0
"""Seconds after which a fault is said to have no end."""

FROZEN_FOR = 2.0
"""Seconds that something stands still, at least."""

_LOOK_EVERY = 0.1


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
    began: float
    """By the monotonic clock."""
    settled: float | None
    """Seconds until `health()` was as it should be; None: it was not within `GIVE_UP`."""
    answered: float | None
    """Seconds until every visitor had been answered, too."""
    settled_after_repair: float | None
    """Seconds until all that and the member was in use, after it was started again or went on."""

    @property
    def ended_well(self) -> bool:
        """Whether all was backed up within `GOAL`, everybody was answered, and what was repaired came into use.

        >>> Disturbance(Fault.NODE_KILLED, "n1", 1.0, 0.5, 2.5, 1.0).ended_well
        True
        >>> Disturbance(Fault.NODE_KILLED, "n1", 1.0, 0.5, 2.5, None).ended_well
        False
        """
        return (
            self.settled is not None
            and self.settled <= GOAL
            and self.answered is not None
            and self.settled_after_repair is not None
        )


class Visited(Protocol):
    """What is known of the visitors."""

    def answered_since(self, moment: float) -> bool:
        """Return whether everybody who has something to lose was answered what he has sent since then."""
        ...

    def places(self) -> AbstractSet[tuple[str, str]]:
        """Return the server and the node of each session that a visitor has."""
        ...


def faults() -> Iterator[tuple[Fault, str]]:
    """Return what happens to whom, for ever, to a server and a node in turn.

    Visitors stay where they went from what failed. So the other one is next: the same one again would hit nobody.

    >>> some = faults()
    >>> [f"{fault.value}: {member}" for fault, member in (next(some), next(some), next(some))]
    ['application server killed: app1', 'memcached node killed: n1', 'application server frozen: app2']
    """
    servers = ("app1", "app2")
    for kills, turn in cycle(((True, 0), (False, 1), (False, 0), (True, 1))):
        yield Fault.SERVER_KILLED if kills else Fault.SERVER_FROZEN, servers[turn]
        yield Fault.NODE_KILLED if kills else Fault.NODE_FROZEN, NODES[turn]


def disturb(cluster: Cluster, fault: Fault, name: str, visited: Visited) -> Disturbance:
    """Let a fault happen, wait until it is over, repair what it has done, and wait until that is in use.

    Parameters
    ----------
    cluster
        That runs.
    fault, name
        What happens to whom.
    visited
        The visitors, who go on clicking.

    Raises
    ------
    DemoError
        What was killed does not start again.
    """
    member = cluster.servers.get(name) or cluster.nodes[name]
    (member.freeze if fault.freezes else member.kill)()
    began = time.monotonic()  # what was answered until now may have been by who is dead since
    settled, answered = _wait_until_over(cluster, began, visited)
    if fault.freezes:
        time.sleep(max(0.0, began + FROZEN_FOR - time.monotonic()))
    _repair(member, fault)
    repaired = time.monotonic()
    return Disturbance(fault, name, began, settled, answered, _wait_until_whole(cluster, repaired, visited))


def _repair(member: Child, fault: Fault) -> None:
    """Let a member go on, or start it again and wait until it answers."""
    if fault.freezes:
        member.thaw()
    else:
        member.start()
        member.wait_until_it_answers()


def _wait_until_over(cluster: Cluster, began: float, visited: Visited) -> tuple[float | None, float | None]:
    """Return how many seconds it took until all was backed up, and until everybody was answered, too."""
    settled: float | None = None
    while (elapsed := time.monotonic() - began) < GIVE_UP:
        if not _is_settled(cluster, visited):
            settled = None  # it was before: only the next visitor has shown a process that a node is away
        elif settled is None:
            settled = elapsed
        if settled is not None and visited.answered_since(began):
            return settled, elapsed
        time.sleep(_LOOK_EVERY)
    return settled, None


def _wait_until_whole(cluster: Cluster, repaired: float, visited: Visited) -> float | None:
    """Return how many seconds it took until the repaired member was in use and everybody answered."""
    while (elapsed := time.monotonic() - repaired) < GIVE_UP:
        if _is_whole(cluster) and visited.answered_since(repaired):
            return elapsed
        time.sleep(_LOOK_EVERY)
    return None


def _is_settled(cluster: Cluster, visited: Visited) -> bool:
    """Return whether every living process has all sessions backed up, and knows which nodes can be used.

    It need not know of a node where none of its visitors has a session.
    """
    usable = {name: child.alive and not child.frozen for name, child in cluster.nodes.items()}
    places = visited.places()
    return all(
        health is not None
        and health.unbacked == 0
        and all(health.nodes[node] == use or (health.server, node) not in places for node, use in usable.items())
        for health in cluster.healths()
    )


def _is_whole(cluster: Cluster) -> bool:
    """Return whether nginx uses every server, every server every node, and all sessions are backed up."""
    return all(
        health is not None and health.unbacked == 0 and all(health.nodes.values()) for health in cluster.healths()
    ) and all(map(cluster.is_routed_to, cluster.servers))
