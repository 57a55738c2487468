"""What Prometheus scrapes: readable by its own parser, complete, and without anything of a session."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from memcached_sessions import SessionManager
from memcached_sessions.manager.statistics.counters import COUNTERS
from memcached_sessions.manager.statistics.prometheus import SessionCollector
from memcached_sessions.manager.statistics.snapshot import Command, Failure


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def registry_of(manager: SessionManager) -> CollectorRegistry:
    """Return a registry that collects of one manager."""
    registry = CollectorRegistry()
    registry.register(SessionCollector(manager))
    return registry


def scraped(manager: SessionManager) -> list[Sample]:
    """Return all samples, as Prometheus reads them."""
    text = generate_latest(registry_of(manager)).decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def value(samples: list[Sample], name: str, **labels: str) -> float:
    """Return the one value of a name and labels."""
    (found,) = [sample.value for sample in samples if sample.name == name and sample.labels == labels]
    return found


def test_what_was_counted_is_scraped(cluster: Cluster) -> None:
    """After an outage."""
    server, client = cluster.server(clock=Clock()), Client()
    client.write(server, user=7)
    home = client.node
    cluster.kill(home)
    client.write(server, user=8)
    with server.request(None):
        pass

    samples = scraped(server)

    assert value(samples, "memcached_sessions_requests_total", kind="with_attribute_access") == 2
    assert value(samples, "memcached_sessions_requests_total", kind="without_session") == 1
    assert value(samples, "memcached_sessions_lifecycle_total", kind="created") == 1
    assert value(samples, "memcached_sessions_relocations_total") == 1
    assert value(samples, "memcached_sessions_backup_seconds_count") == 2
    assert value(samples, "memcached_sessions_stored_size_bytes_bucket", le="+Inf") == 2
    assert value(samples, "memcached_sessions_command_seconds_count", node=home, kind="replace") == 1
    assert value(samples, "memcached_sessions_command_failures_total", node=home, kind="unavailable") == 1
    assert value(samples, "memcached_sessions_node_downs_total", node=home) == 1
    assert value(samples, "memcached_sessions_node_available", node=home) == 0
    assert value(samples, "memcached_sessions_local_sessions") == 1
    assert value(samples, "memcached_sessions_unbacked") == 0


def test_histograms_are_as_the_snapshot_has_them(cluster: Cluster) -> None:
    """Cumulative buckets by their bounds in seconds."""
    server, client = cluster.server(clock=Clock()), Client()
    for number in range(20):
        client.write(server, number=number)
    backup = server.statistics().backup

    samples = [sample for sample in scraped(server) if sample.name.startswith("memcached_sessions_backup_seconds")]

    buckets = [(float(sample.labels["le"]), sample.value) for sample in samples if sample.name.endswith("_bucket")]
    assert buckets == list(zip((*backup.bounds, float("inf")), backup.cumulative, strict=True))
    assert value(samples, "memcached_sessions_backup_seconds_sum") == backup.sum


def test_openmetrics_is_readable_too() -> None:
    """Which is stricter about names and bounds."""
    with SessionManager("memory://") as manager:
        Client().write(manager, user=7)
        text = generate_openmetrics(registry_of(manager)).decode()

        names = {family.name for family in openmetrics_families(text)}

    assert "memcached_sessions_backups" in names
    assert "memcached_sessions_command_seconds" in names


def test_every_series_is_there_before_anything_happened() -> None:
    """So that the first increase is seen as one."""
    with SessionManager("n1:memory://") as manager:
        samples = scraped(manager)

    totals = [sample for sample in samples if sample.name.endswith("_total")]
    nodes = [sample for sample in totals if "node" in sample.labels]
    reads = {sample.labels["serializer"] for sample in samples if sample.name == "memcached_sessions_reads_total"}
    assert len(totals) == len(COUNTERS) + len(nodes) + len(reads)
    assert len(nodes) == len(Failure) + 4
    assert reads == {"compact", "json", "msgpack", "cbor"}
    kinds = {sample.labels["kind"] for sample in samples if sample.name == "memcached_sessions_command_seconds_count"}
    assert kinds == {command.value for command in Command}


def test_names_and_labels_are_as_prometheus_wants_them_and_name_no_session(cluster: Cluster) -> None:
    """Labels are nodes, serializers, kinds and bounds; neither an id nor a key is anywhere."""
    server, client = cluster.server(clock=Clock()), Client()
    client.write(server, user=7)

    samples = scraped(server)

    assert {label for sample in samples for label in sample.labels} == {"kind", "node", "serializer", "le"}
    assert all(re.fullmatch(r"memcached_sessions_[a-z_]+", sample.name) for sample in samples)
    text = repr(samples)
    assert not re.search(r"[0-9a-f]{32}", text)


def test_statistics_that_are_off_are_zeros() -> None:
    """But for the gauges."""
    with SessionManager("memory://", enable_statistics=False) as manager:
        Client().write(manager, user=7)

        samples = scraped(manager)

    moved = {sample.name for sample in samples if sample.value}
    assert moved == {"memcached_sessions_local_sessions", "memcached_sessions_node_available"}


def test_registering_asks_the_manager_nothing() -> None:
    """It may not be there yet, as before a fork."""

    class Unasked(SessionManager):
        def statistics(self) -> None:  # type: ignore[override]
            raise AssertionError

    with Unasked("memory://") as manager:
        registry = registry_of(manager)
        with pytest.raises(ValueError, match="Duplicated timeseries"):
            registry.register(SessionCollector(manager))


def test_without_the_library_the_error_says_what_to_install() -> None:
    """And the rest of the package works without it."""
    program = """
import sys
sys.modules["prometheus_client"] = None
from memcached_sessions import SessionManager
with SessionManager("memory://") as manager:
    manager.statistics()
import memcached_sessions.manager.statistics.prometheus
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)

    assert run.returncode == 1
    assert run.stderr.rstrip().endswith("install memcached-sessions[prometheus]")
