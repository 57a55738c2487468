"""The figures of a manager for Prometheus, by way of the library ``prometheus_client`` (extra ``prometheus``).

Invariants: labels are nodes, serializers and kinds, never ids or keys; a series that exists once exists always, so that
rates are right from the first change on (of serializers: those that are accepted).
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from .histogram import Histogram
from .meter import Meter
from .snapshot import Statistics

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
    from prometheus_client.registry import Collector
    from prometheus_client.utils import floatToGoString  # pyright: ignore[reportUnknownVariableType]
except ImportError as error:
    raise ImportError(
        f"{__name__} needs prometheus_client, which cannot be imported ({error}): "
        "install memcached-sessions[prometheus]"
    ) from error

_REQUESTS = "Requests by what they did with their session"
_LOOKUPS = "Ids that came without a session of this process, by what became of them"
_LIFECYCLE = "Sessions begun, given a new id, destroyed (here, or found destroyed or rotated), expired here"
_ASYNCHRONOUS = "Asynchronous backups: put into the queue, joined to one that waited, waited for room"

_COUNTERS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    # name without prefix and suffix, help, and by the value of the label `kind` (none: there is no label) the counter
    (
        "requests",
        _REQUESTS,
        (
            ("without_session", "requests_without_session"),
            ("without_session_access", "requests_without_session_access"),
            ("without_attribute_access", "requests_without_attribute_access"),
            ("with_attribute_access", "requests_with_attribute_access"),
        ),
    ),
    (
        "lookups",
        _LOOKUPS,
        (("takeover", "takeovers"), ("unknown", "unknown"), ("undecided", "undecided"), ("gone", "gone")),
    ),
    (
        "lifecycle",
        _LIFECYCLE,
        (("created", "created"), ("rotated", "rotated"), ("destroyed", "destroyed"), ("expired", "expired")),
    ),
    ("modifications", "Commits that found a session begun or changed", (("", "modifications"),)),
    ("backups", "Sessions stored", (("", "backups"),)),
    ("backup_failures", "Sessions that could not be stored", (("", "backup_failures"),)),
    ("relocations", "Backups that moved to another node", (("", "relocations"),)),
    ("revalidations", "Questions to a node whether a local copy is fresh", (("", "revalidations"),)),
    ("touches", "Extensions of the life of an unchanged backup", (("", "touches"),)),
    ("merges", "Changes of another process taken into a session", (("", "merges"),)),
    ("conflicts", "Merges that lost one of two changes of an attribute", (("", "conflicts"),)),
    ("dropped", "Requests whose changes were dropped", (("", "dropped"),)),
    ("undecodable", "Copies that could not be read or merged", (("", "undecodable"),)),
    (
        "asynchronous_backups",
        _ASYNCHRONOUS,
        (
            ("queued", "backups_queued"),
            ("coalesced", "backups_coalesced"),
            ("waited_for_room", "backups_waited_for_room"),
        ),
    ),
)

_HISTOGRAMS = (
    ("backup_in_request_seconds", "backup_in_request", "Time that requests waited for a backup"),
    ("backup_seconds", "backup", "Time to store a session"),
    ("serialization_seconds", "serialization", "Time to encode the attributes of a session"),
    ("deserialization_seconds", "deserialization", "Time to decode the attributes of a session from a node"),
    ("stored_size_bytes", "stored_size", "Size of sessions as they are stored"),
)

_PREFIX = "memcached_sessions_"


class Measured(Protocol):
    """What has statistics: a `SessionManager`."""

    def statistics(self) -> Statistics:
        """Return a snapshot."""
        ...


class SessionCollector(Collector):
    """Collects the figures of a manager whenever its registry is asked.

    Parameters
    ----------
    manager
        Of this process. It is asked at each scrape, so a forked process shows its own figures.

    >>> from prometheus_client import CollectorRegistry, generate_latest
    >>> from memcached_sessions import SessionManager
    >>> registry = CollectorRegistry()
    >>> with SessionManager("memory://") as manager:
    ...     registry.register(SessionCollector(manager))
    ...     with manager.request(None) as session:
    ...         session["user"] = 7
    ...     print(registry.get_sample_value("memcached_sessions_backups_total"))
    1
    """

    def __init__(self, manager: Measured) -> None:
        self._manager = manager

    def describe(self) -> Iterable[Metric]:
        """Return the metrics by name; registering asks the manager nothing."""
        return list(_families(Meter().snapshot({}, sessions=0, unbacked=0)))

    def collect(self) -> Iterable[Metric]:
        """Return all metrics with their samples."""
        return list(_families(self._manager.statistics()))


def _families(statistics: Statistics) -> Iterator[Metric]:
    yield from _counters(statistics)
    for name, field, about in _HISTOGRAMS:
        family = HistogramMetricFamily(_PREFIX + name, about)
        _add(family, [], getattr(statistics, field))
        yield family
    yield from _nodes(statistics)
    yield GaugeMetricFamily(f"{_PREFIX}local_sessions", "Sessions in this process", statistics.sessions)
    yield GaugeMetricFamily(
        f"{_PREFIX}unbacked", "Sessions that are not backed up in their present state", statistics.unbacked
    )


def _counters(statistics: Statistics) -> Iterator[Metric]:
    for name, about, parts in _COUNTERS:
        family = CounterMetricFamily(_PREFIX + name, about, labels=["kind"] if parts[0][0] else [])
        for kind, counter in parts:
            family.add_metric([kind] if kind else [], getattr(statistics.counters, counter))
        yield family
    reads = CounterMetricFamily(
        f"{_PREFIX}reads",
        "Sessions from nodes that were decoded, by the serializer that wrote them",
        labels=["serializer"],
    )
    for serializer, count in statistics.reads.items():
        reads.add_metric([serializer], count)
    yield reads


def _nodes(statistics: Statistics) -> Iterator[Metric]:
    commands = HistogramMetricFamily(
        f"{_PREFIX}command_seconds", "Time of commands, failed ones too", labels=["node", "kind"]
    )
    failures = CounterMetricFamily(f"{_PREFIX}command_failures", "Commands that failed", labels=["node", "kind"])
    sent = CounterMetricFamily(f"{_PREFIX}sent_bytes", "Bytes of values sent", labels=["node"])
    received = CounterMetricFamily(f"{_PREFIX}received_bytes", "Bytes of values received", labels=["node"])
    downs = CounterMetricFamily(f"{_PREFIX}node_downs", "How often a node went down", labels=["node"])
    ups = CounterMetricFamily(f"{_PREFIX}node_ups", "How often a node came back", labels=["node"])
    available = GaugeMetricFamily(f"{_PREFIX}node_available", "Whether requests use a node", labels=["node"])
    debts = GaugeMetricFamily(f"{_PREFIX}node_debts", "Writes that a node missed", labels=["node"])
    for node in statistics.nodes:
        for command, histogram in node.commands.items():
            _add(commands, [node.node, command.value], histogram)
        for failure, count in node.failures.items():
            failures.add_metric([node.node, failure.value.replace(" ", "_")], count)
        sent.add_metric([node.node], node.bytes_sent)
        received.add_metric([node.node], node.bytes_received)
        downs.add_metric([node.node], node.downs)
        ups.add_metric([node.node], node.ups)
        available.add_metric([node.node], node.available)
        debts.add_metric([node.node], node.debts)
    yield from (commands, failures, sent, received, downs, ups, available, debts)


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    bounds = [*(str(floatToGoString(bound)) for bound in histogram.bounds), "+Inf"]
    family.add_metric(labels, list(zip(bounds, histogram.cumulative, strict=True)), histogram.sum)
