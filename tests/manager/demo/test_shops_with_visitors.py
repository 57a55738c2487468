"""A visitor in each shop, on real servers behind a real nginx."""

from collections.abc import Callable, Iterator

import pytest

from memcached_sessions.manager.demo.cluster import Cluster
from memcached_sessions.manager.demo.losses import Lost
from memcached_sessions.manager.demo.plans import SHOPS, ServerPlan
from memcached_sessions.manager.demo.visitor import Visitor

NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="module", params=SHOPS)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster that serves one of the shops."""
    kinds = SHOPS[request.param]
    with Cluster([ServerPlan(f"app{number}", request.param, kind) for number, kind in enumerate(kinds, 1)]) as running:
        yield running


def test_a_visitor_loses_nothing_without_a_fault(cluster: Cluster, new_visitor: NewVisitor) -> None:
    """The shop keeps to the markup that a visitor knows."""
    visitor = new_visitor(cluster.address, "somebody")

    visitor.look()
    visitor.register()
    visitor.put("apple", 3)
    visitor.put("fig", 2)
    visitor.put("apple", 0)
    visitor.look()
    visitor.log_out()
    visitor.log_in()
    visitor.put("fig", 4)

    assert (visitor.logged_in, visitor.expected) == (True, {"fig": 4})
    assert visitor.place[0] in cluster.servers
    assert visitor.place[1] in cluster.nodes


def test_a_visitor_loses_nothing_when_his_server_is_killed(cluster: Cluster, new_visitor: NewVisitor) -> None:
    """The other one takes over."""
    visitor = new_visitor(cluster.address, "who-moves")
    visitor.register()
    visitor.put("apple", 3)
    server, _ = visitor.place

    cluster.servers[server].kill()
    visitor.look()
    visitor.put("fig", 2)
    moved, _ = visitor.place
    cluster.servers[server].start()
    cluster.servers[server].wait_until_it_answers()

    assert moved != server


def test_a_visitor_notices_that_everything_is_gone(cluster: Cluster, new_visitor: NewVisitor) -> None:
    """The control: all nodes and servers at once are more than anything survives."""
    visitor = new_visitor(cluster.address, "who-loses")
    visitor.register()
    visitor.put("apple", 3)
    members = [*cluster.nodes.values(), *cluster.servers.values()]

    for member in members:
        member.kill()
    for member in members:
        member.start()
        member.wait_until_it_answers()

    with pytest.raises(Lost):
        visitor.look()
