"""A small crowd, for seconds: nothing is lost under one fault at a time, and everything that is lost is seen."""

import json
from collections.abc import Iterator
from dataclasses import replace
from threading import Event, Semaphore, Thread

import pytest

from memcached_sessions.manager.demo.child import DemoError
from memcached_sessions.manager.demo.cluster import Cluster
from memcached_sessions.manager.demo.crowd import Crowd, CrowdResult, Latency, lasted, latencies
from memcached_sessions.manager.demo.crowd_report import crowd_json, crowd_table
from memcached_sessions.manager.demo.faults import GIVE_UP, GOAL, Disturbance, Fault
from memcached_sessions.manager.demo.losses import Loss
from memcached_sessions.manager.demo.plans import ServerPlan
from memcached_sessions.manager.demo.shopper import Incident, Shopper, Timed
from memcached_sessions.manager.demo.visitor import Visitor

PLANS = (ServerPlan("app1", "flask", "gunicorn"), ServerPlan("app2", "flask", "gunicorn"))
VISITORS = 12
RATE = 60.0
TWO_FAULTS = ((Fault.SERVER_KILLED, "app1"), (Fault.NODE_FROZEN, "n1"))
RESULT = CrowdResult(
    shop="wsgi",
    servers=("gunicorn", "gunicorn"),
    visitors=2,
    seconds=8.0,
    visits=3,
    requests=1234,
    sent_again=5,
    incidents=(
        Incident(1.5, Loss.CART, "Ann wants to look: the cart has 0 of fig instead of 2"),
        Incident(2.5, None, "Bob wants to log in: no answer"),
    ),
    disturbances=(
        Disturbance(Fault.SERVER_KILLED, "app1", 1.0, 0.5, 2.5, 1.0),
        Disturbance(Fault.NODE_FROZEN, "n1", 5.0, None, None, None),
    ),
    calm=Latency(2.0, 1500.0),
    disturbed=None,
    counters={"takeovers": 7, "relocations": 1},
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two servers with the Flask shop, which the tests here leave whole."""
    with Cluster(PLANS) as running:
        yield running


def test_a_crowd_loses_nothing_under_one_fault_at_a_time(cluster: Cluster) -> None:
    """The short form of what is in the README."""
    told: list[str] = []

    result = Crowd(cluster, VISITORS, RATE).visit(PLANS, 60.0, told.append, TWO_FAULTS)

    assert result.incidents == (), "\n".join(incident.story for incident in result.incidents)
    assert [(each.fault, each.member) for each in result.disturbances] == list(TWO_FAULTS)
    assert all(each.settled is not None and each.settled <= GOAL for each in result.disturbances), told
    assert result.is_clean, told
    assert (result.visitors, len(told)) == (VISITORS, 3)
    assert result.visits >= VISITORS
    assert result.requests > 2 * VISITORS
    assert result.counters["takeovers"] > 0
    assert result.disturbed is not None


def test_a_crowd_notices_two_faults_at_once(cluster: Cluster) -> None:
    """The control: both nodes lose all that they have, and a server dies before anybody has noticed."""

    def too_much() -> Iterator[tuple[Fault, str]]:
        for node in cluster.nodes.values():
            node.kill()
            node.start()
        yield Fault.SERVER_KILLED, "app1"

    result = Crowd(cluster, VISITORS, RATE, seed=2).visit(PLANS, 60.0, lambda _: None, too_much())

    assert not result.is_clean
    assert sum(map(result.lost, Loss)) > 0
    assert "application server killed: app1" in result.incidents[0].story


@pytest.mark.parametrize(
    ("settled", "answered", "after_repair"),
    [(None, None, None), (0.5, None, 1.0), (0.5, 2.0, None), (GOAL + 0.1, 6.0, 1.0)],
    ids=["nothing ended", "somebody not answered", "not in use again", "backed up late"],
)
def test_a_fault_that_does_not_end_in_time_is_a_failure(
    settled: float | None, answered: float | None, after_repair: float | None
) -> None:
    """Though nobody has lost anything."""
    good = Disturbance(Fault.SERVER_KILLED, "app1", 1.0, GOAL, 6.0, 1.0)
    bad = Disturbance(Fault.NODE_FROZEN, "n1", 9.0, settled, answered, after_repair)

    assert replace(RESULT, incidents=(), disturbances=(good,)).is_clean
    assert not replace(RESULT, incidents=(), disturbances=(good, bad)).is_clean


def test_a_fault_without_an_end_lasts_as_long_as_it_was_waited_for() -> None:
    """Its requests are not among the calm ones."""
    endless = Disturbance(Fault.NODE_FROZEN, "n1", 5.0, None, None, None)

    assert lasted(endless) == (5.0, 5.0 + GIVE_UP)


def test_no_fault_begins_after_the_time(cluster: Cluster) -> None:
    """Those of no time at all are none."""
    result = Crowd(cluster, 2, RATE, seed=3).visit(PLANS, 0.0, lambda _: None)

    assert (result.disturbances, result.incidents) == ((), ())


def test_a_shopper_who_fails_fails_the_crowd(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd without him would be found to have lost nothing."""

    def fail(_: Visitor) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Visitor, "register", fail)

    with pytest.raises(RuntimeError, match="a bug"):
        Crowd(cluster, 2, RATE).visit(PLANS, 1.0, lambda _: None)


def test_a_crowd_that_cannot_get_in_says_so(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """And why."""
    monkeypatch.setattr("memcached_sessions.manager.demo.crowd.REGISTER_WITHIN", 0.0)

    with pytest.raises(DemoError, match="visitors could register within 0 s; the first problem: too slow"):
        Crowd(cluster, 2, RATE).visit(PLANS, 1.0, lambda _: None)


def test_whoever_waits_at_the_door_of_a_closed_shop_goes_home(cluster: Cluster) -> None:
    """Ctrl-C ends a crowd that is still registering."""
    closing, door = Event(), Semaphore(0)
    shopper = Shopper(cluster.address, "late", seed="", click_every=1.0, door=door, now_on=str)
    late = Thread(target=shopper.run, args=(closing,))

    late.start()
    closing.set()
    door.release()
    late.join(20)

    assert (late.is_alive(), shopper.requests) == (False, [])


def test_requests_that_a_fault_has_touched_are_timed_apart() -> None:
    """Also those that began before; a hash is no latency of a session."""
    requests = [
        Timed(0.0, 1.5, answered=True, hashes=False),
        Timed(2.5, 0.1, answered=True, hashes=False),
        Timed(2.5, 9.0, answered=True, hashes=True),
    ]

    assert latencies(requests, [(1.0, 2.0)]) == (Latency(100.0, 100.0), Latency(1500.0, 1500.0))


def test_the_table_says_what_was_lost() -> None:
    """Counted by its kind, and told one by one; and which fault took too long."""
    table = crowd_table([RESULT])

    (row,) = [line for line in table.splitlines() if line.startswith("| wsgi")]
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "wsgi (gunicorn)",
        "1,234",
        "5",
        "1",
        "1, 0, 0",
        "2: 1 servers killed, 1 nodes frozen",
        "10.2, 20.0",
        "11.2, 20.0",
        "7",
        "1",
        "2, 1,500",
        "-",
    ]
    never = "backed up again never, everybody answered never, once repaired, in use never"
    assert f"wsgi: memcached node frozen (n1): {never}" in table
    assert "wsgi: application server killed" not in table
    assert "refused" not in table
    assert "wsgi: 3 forms were refused after one without an answer" in crowd_table([replace(RESULT, excused=3)])
    assert "wsgi, after 1.5 s: Ann wants to look: the cart has 0 of fig instead of 2" in table


def test_programs_read_the_same_figures() -> None:
    """As one line of JSON."""
    read = json.loads(crowd_json(RESULT))

    assert (read["kind"], read["lost_carts"], read["lost_logins"], read["not_retriable"]) == ("crowd", 1, 0, 1)
    assert (read["is_clean"], read["requests"]) == (False, 1234)
    assert [each["fault"] for each in read["disturbances"]] == ["application server killed", "memcached node frozen"]
    assert [each["loss"] for each in read["incidents"]] == ["cart", None]
