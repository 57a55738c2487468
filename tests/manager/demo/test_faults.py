"""Faults come in turn to all members, and are over when a second one could take nothing away."""

from collections.abc import Iterator
from itertools import islice

import pytest

from memcached_sessions.manager.demo import faults as faulting
from memcached_sessions.manager.demo.cluster import Cluster
from memcached_sessions.manager.demo.faults import Fault, disturb, faults
from memcached_sessions.manager.demo.plans import ServerPlan
from memcached_sessions.manager.demo.visitor import Visitor


class Visited:
    """Visitors who are answered, or not, and have sessions at places."""

    def __init__(self, *places: tuple[str, str], answered: bool = True) -> None:
        self._places = set(places)
        self._answered = answered

    def answered_since(self, _: float) -> bool:
        """Return what the test says."""
        return self._answered

    def places(self) -> set[tuple[str, str]]:
        """As above."""
        return self._places


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two servers with the plain shop."""
    with Cluster([ServerPlan("app1", "wsgi", "gunicorn"), ServerPlan("app2", "wsgi", "gunicorn")]) as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long for what does not come."""
    monkeypatch.setattr(faulting, "GIVE_UP", 1.0)


def test_every_kind_happens_to_every_member() -> None:
    """In one round."""
    assert set(islice(faults(), 8)) == {
        *((fault, server) for fault in (Fault.SERVER_KILLED, Fault.SERVER_FROZEN) for server in ("app1", "app2")),
        *((fault, node) for fault in (Fault.NODE_KILLED, Fault.NODE_FROZEN) for node in ("n1", "n2")),
    }


def test_the_other_member_is_next() -> None:
    """Where the visitors have gone from the last one."""
    members = [member for _, member in islice(faults(), 40)]

    assert all(one != next_one for one, next_one in zip(members, members[2:], strict=False))


@pytest.mark.parametrize(
    ("fault", "member"),
    [
        (Fault.SERVER_KILLED, "app1"),
        (Fault.SERVER_FROZEN, "app2"),
        (Fault.NODE_KILLED, "n1"),
        (Fault.NODE_FROZEN, "n2"),
    ],
)
def test_a_fault_ends_with_all_members_at_work(cluster: Cluster, fault: Fault, member: str) -> None:
    """The one that it hit has been away."""
    before = cluster.servers["app1"].pid, cluster.nodes["n1"].pid

    disturbance = disturb(cluster, fault, member, Visited())

    assert None not in (disturbance.settled, disturbance.answered, disturbance.settled_after_repair)
    assert set(cluster.living()) == {"app1", "app2"}
    assert all(health is not None and all(health.nodes.values()) for health in cluster.healths())
    assert ((cluster.servers["app1"].pid, cluster.nodes["n1"].pid) != before) is (member in ("app1", "n1"))


@pytest.mark.usefixtures("impatient")
def test_a_dead_node_that_nobody_has_noticed_is_not_over(cluster: Cluster) -> None:
    """Its server says that all is backed up."""
    disturbance = disturb(cluster, Fault.NODE_KILLED, "n1", Visited(("app1", "n1")))

    assert (disturbance.settled, disturbance.answered) == (None, None)


@pytest.mark.usefixtures("impatient")
def test_a_dead_node_without_sessions_of_a_server_need_not_be_noticed(cluster: Cluster) -> None:
    """Nobody can lose anything there."""
    disturbance = disturb(cluster, Fault.NODE_KILLED, "n1", Visited(("app1", "n2"), ("app2", "n2")))

    assert disturbance.settled is not None


@pytest.mark.usefixtures("impatient")
def test_a_visitor_who_was_not_answered_keeps_a_fault_going(cluster: Cluster) -> None:
    """His session may be in one place only."""
    disturbance = disturb(cluster, Fault.SERVER_KILLED, "app2", Visited(answered=False))

    assert disturbance.settled is not None
    assert (disturbance.answered, disturbance.settled_after_repair) == (None, None)


def test_a_server_that_is_away_gets_no_visitors(cluster: Cluster) -> None:
    """nginx sends them to the other one, and back when it is there again."""
    cluster.servers["app1"].kill()
    away = cluster.is_routed_to("app1")
    disturb(cluster, Fault.SERVER_KILLED, "app1", Visited())

    assert (away, cluster.is_routed_to("app1")) == (False, True)


def test_sessions_are_counted_by_the_process_that_has_them(cluster: Cluster) -> None:
    """A server says how it does to whoever asks it directly; a killed one says nothing."""
    visitor = Visitor(cluster.address, "Ann")
    visitor.register()
    visitor.close()
    server, node = visitor.place

    health = cluster.health(server)
    cluster.servers[server].kill()
    dead = cluster.health(server)
    disturb(cluster, Fault.SERVER_KILLED, server, Visited())

    assert health is not None
    assert (health.server, health.unbacked, health.nodes[node]) == (server, 0, True)
    assert health.sessions >= 1
    assert dead is None
