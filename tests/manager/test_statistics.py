"""What a manager counts and times: each figure moves by a real situation, and none where statistics are off."""

import json
from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, Server
from statistics_situations import SITUATIONS, TOO_LARGE, MeasuredCluster, returns_to_its_node

from memcached_sessions.manager.statistics.counters import COUNTERS, Counters
from memcached_sessions.manager.statistics.snapshot import Command, Failure, Statistics


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes, and processes without watchers that count."""
    with MeasuredCluster() as cluster:
        yield cluster


@pytest.fixture
def silent() -> Iterator[Cluster]:
    """The same, and nothing is counted."""
    with MeasuredCluster(counted=False) as cluster:
        yield cluster


def commands(statistics: Statistics) -> int:
    """Return how many commands were sent to all nodes."""
    return sum(histogram.count for node in statistics.nodes for histogram in node.commands.values())


def test_every_counter_has_a_situation() -> None:
    """So none is forgotten below."""
    assert set(SITUATIONS) == set(COUNTERS)


@pytest.mark.parametrize("counter", SITUATIONS)
def test_a_counter_goes_from_0_to_1(cluster: Cluster, counter: str) -> None:
    """By what its name says. Checklist line 19."""
    situation = SITUATIONS[counter](cluster)
    server = next(situation)
    before = server.statistics()

    assert next(situation, None) is None

    between = server.statistics() - before
    assert getattr(before.counters, counter) == 0
    assert getattr(between.counters, counter) == 1


@pytest.mark.parametrize("counter", SITUATIONS)
def test_nothing_is_counted_where_statistics_are_disabled(silent: Cluster, counter: str) -> None:
    """Whatever happens: no counter, no histogram, nothing of nodes; gauges say how it is. Checklist line 19."""
    situation = SITUATIONS[counter](silent)
    server = next(situation)
    assert next(situation, None) is None

    statistics = server.statistics()

    assert statistics.counters == Counters()
    timed = (statistics.backup, statistics.backup_in_request, statistics.serialization, statistics.deserialization)
    assert [histogram.count for histogram in (*timed, statistics.stored_size)] == [0] * 5
    assert commands(statistics) == 0
    for node in statistics.nodes:
        assert (node.bytes_sent, node.bytes_received, node.downs, node.ups) == (0, 0, 0, 0)
        assert not any(node.failures.values())
    assert not any(statistics.reads.values())
    assert statistics.sessions == server.health().sessions


def test_a_request_is_one_of_four_kinds_and_they_add_up(cluster: Cluster) -> None:
    """However often it commits, rotates, destroys and is released."""
    server, client = cluster.server(), Client()
    with server.request(None):
        pass
    client.write(server, user=7)
    client.read(server)
    with client.request(server) as session:
        session.rotate()
        server.commit(session)
        server.release(session)
    with client.request(server) as session:
        session.destroy()

    counters = server.statistics().counters

    assert (counters.requests, counters.requests_without_session, counters.requests_with_session) == (5, 1, 4)
    assert (counters.requests_with_attribute_access, counters.requests_without_attribute_access) == (2, 2)
    assert counters.requests_without_modification == 1


def test_takeovers_per_request_say_how_often_sessions_bounce(cluster: Cluster) -> None:
    """Two requests, one of which took the session over."""
    first, second, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(first, user=7)
    client.read(second)
    client.read(second)

    assert second.statistics().counters.takeovers_per_request == 0.5


def test_least_mean_and_most_are_those_of_what_was_timed(cluster: Cluster) -> None:
    """Of three backups, with sizes that a test can know; what was timed is between bounds. Checklist line 19."""
    server, client = cluster.server(), Client()
    sizes: list[float] = []
    for length in (10, 5_000, 300):
        before = server.statistics()
        client.write(server, user="x" * length)
        sizes.append((server.statistics() - before).stored_size.sum)

    size, backup = server.statistics().stored_size, server.statistics().backup

    assert 0 < sizes[0] < sizes[2] < sizes[1]
    assert (size.minimum, size.mean, size.maximum) == (sizes[0], sum(sizes) / 3, sizes[1])
    assert backup.count == 3
    assert backup.minimum is not None
    assert backup.mean is not None
    assert backup.maximum is not None
    assert 0 < backup.minimum < backup.mean < backup.maximum < backup.sum


def test_a_synchronous_backup_is_waited_for(cluster: Cluster) -> None:
    """What it took is what the request waited."""
    server = cluster.server()
    Client().write(server, user=7)

    statistics = server.statistics()

    assert statistics.backup_in_request == statistics.backup
    assert statistics.backup_in_request.count == 1


def test_an_asynchronous_backup_is_not_waited_for(cluster: Cluster) -> None:
    """With a frozen node the backup takes its time, and the request does not."""
    server, client = cluster.server(session_backup_async=True, session_backup_timeout=0.3), Client()
    for node in cluster.nodes.values():
        node.freeze()
    client.write(server, user=7)
    server.drain(0.5)

    statistics = server.statistics()

    assert statistics.backup_in_request.maximum is not None
    assert statistics.backup.maximum is not None
    assert statistics.backup_in_request.maximum < statistics.backup.maximum


def test_the_size_of_what_is_stored_is_that_on_the_node(cluster: Cluster) -> None:
    """And the bytes sent are those of the values."""
    server, client = cluster.server(), Client()
    client.write(server, user="x" * 1000)

    statistics = server.statistics()

    sent = statistics.node(client.node).bytes_sent
    assert statistics.stored_size.sum == sent > 1000
    assert statistics.update.count == statistics.node(client.node).commands[Command.ADD].count == 1


def test_a_takeover_is_a_load_and_a_read_of_the_serializer_that_wrote(cluster: Cluster) -> None:
    """So it shows when nothing is left that an old serializer wrote."""
    writer, reader, client = cluster.server("a", serializer="json"), cluster.server("b", serializer="compact"), Client()
    client.write(writer, user=7)
    client.read(reader)

    statistics = reader.statistics()

    assert statistics.reads == {"compact": 0, "json": 1, "msgpack": 0, "cbor": 0}
    assert (statistics.deserialization.count, statistics.load.count) == (1, 2)  # both nodes are asked
    assert statistics.node(client.node).bytes_received == writer.statistics().node(client.node).bytes_sent


def test_a_copy_that_is_older_is_deleted_and_that_is_timed(cluster: Cluster) -> None:
    """On a node that is back; its outage and return are counted."""
    situation = returns_to_its_node(cluster)
    server = next(situation)
    before = server.statistics()
    assert next(situation, None) is None

    between = server.statistics() - before

    assert (before.delete.count, between.delete.count) == (0, 1)
    node = next(node for node in between.nodes if node.downs)
    assert (node.downs, node.ups, node.available, node.debts) == (1, 1, True, 0)
    assert node.failures[Failure.TIMEOUT] == 1


def test_failures_are_counted_by_what_they_were(cluster: Cluster) -> None:
    """A value that is too large, and a node that is dead; each was a command too."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    client.write(server, blob=TOO_LARGE)
    cluster.kill(client.node)
    client.write(server, blob="small")

    node = server.statistics().node(cluster.other(client.node))

    assert node.failures == {
        Failure.TIMEOUT: 0,
        Failure.UNAVAILABLE: 1,
        Failure.TOO_LARGE: 1,
        Failure.PROTOCOL: 0,
    }
    assert node.commands[Command.REPLACE].count == 2
    assert not node.available


def test_gauges_say_how_it_is(cluster: Cluster) -> None:
    """As health does."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    client.write(server, blob=TOO_LARGE)

    statistics = server.statistics()

    assert (statistics.sessions, statistics.unbacked) == (1, 1)
    assert [(node.node, node.available) for node in statistics.nodes] == [("n1", True), ("n2", True)]


def test_a_difference_is_what_happened_between(cluster: Cluster) -> None:
    """For rates; the other way round is refused."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    earlier = server.statistics()
    client.write(server, user=8)
    client.write(server, user=9)
    later = server.statistics()

    between = later - earlier

    assert (between.counters.backups, between.backup.count, between.update.count) == (2, 2, 2)
    assert between.seconds == later.seconds - earlier.seconds > 0
    assert (later - later).counters == Counters()
    with pytest.raises(ValueError, match="subtract the earlier"):
        _ = earlier - later


def test_the_dict_is_ready_for_json(cluster: Cluster) -> None:
    """And says what the snapshot says."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)
    cluster.kill(client.node)
    client.write(server, user=8)
    statistics = server.statistics()

    read = json.loads(json.dumps(statistics.to_dict()))

    assert read["counters"]["relocations"] == 1
    assert read["backup"]["count"] == statistics.backup.count
    assert read["backup"]["p99"] == statistics.backup.quantile(0.99)
    assert sum(count for _, count in read["backup"]["buckets"]) == statistics.backup.count
    assert {node["node"] for node in read["nodes"]} == {"n1", "n2"}
    assert sum(node["failures"]["unavailable"] for node in read["nodes"]) == 1


def test_an_unknown_node_is_named(cluster: Cluster) -> None:
    """With those that there are."""
    with pytest.raises(KeyError, match="no node 'n3'; there are: n1, n2"):
        cluster.server().statistics().node("n3")


def test_watchers_are_seen_as_probes() -> None:
    """They ask in the background, at the start and at the first request."""
    with Cluster(1) as cluster:
        server: Server = cluster.server(clock=Clock())
        assert server.statistics().node("n1").commands[Command.PROBE].count == 1
