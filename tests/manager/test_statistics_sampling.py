"""Encodings are timed as a sample: the first one, and the next after each 16 requests of a kind in a thread."""

from collections.abc import Iterator
from threading import Thread

import pytest
from cluster import Client, Cluster
from statistics_situations import MeasuredCluster

from memcached_sessions.manager.statistics.meter import REQUESTS_PER_SAMPLE


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes, and processes without watchers that count."""
    with MeasuredCluster() as cluster:
        yield cluster


def test_the_first_encoding_is_timed_and_the_next_after_each_16_requests_of_a_kind(cluster: Cluster) -> None:
    """However many there are in between; requests that encode nothing count towards the 16."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)  # the first request with attribute access
    timed = [server.statistics().serialization.count]
    for _ in range(REQUESTS_PER_SAMPLE - 1):
        with client.request(server) as session:
            assert session["user"] == 7
    timed.append(server.statistics().serialization.count)
    for number in range(REQUESTS_PER_SAMPLE + 1):
        client.write(server, user=number)
        timed.append(server.statistics().serialization.count)

    assert timed == [1, 1, *[2] * REQUESTS_PER_SAMPLE, 3]


def test_requests_of_another_kind_and_thread_are_counted_for_themselves(cluster: Cluster) -> None:
    """None of them has its sixteenth here, though there were 32 in all."""
    server, client = cluster.server(), Client()
    client.write(server, user=7)

    def read_almost_enough() -> None:
        for _ in range(REQUESTS_PER_SAMPLE - 1):
            client.read(server)

    thread = Thread(target=read_almost_enough)
    thread.start()
    thread.join()
    for _ in range(REQUESTS_PER_SAMPLE - 1):
        with client.request(server):
            pass
    client.write(server, user=8)

    assert server.statistics().counters.requests == 2 * REQUESTS_PER_SAMPLE
    assert server.statistics().serialization.count == 1
