"""What the logger says: what an operator has to know, at documented levels, without floods and without ids."""

import logging
from collections.abc import Iterator

import pytest
from cluster import Client, Clock, Cluster, Server
from scripted_server import ScriptedServer
from statistics_situations import SITUATIONS, MeasuredCluster, returns_to_its_node

from memcached_sessions.manager import Event, EventKind, UndecodableError
from memcached_sessions.manager.event_log import LONGEST_DETAIL, MOST_A_MINUTE, EventLog

LOGGER = "memcached_sessions"
HOSTILE = "na\nERROR:root:forged \x1b[31mred"

LEVELS = {
    EventKind.NODE_DOWN: logging.WARNING,
    EventKind.NODE_UP: logging.INFO,
    EventKind.BACKUP_FAILED: logging.WARNING,
    EventKind.CONFLICT: logging.WARNING,
    EventKind.UNDECODABLE: logging.WARNING,
    EventKind.DROPPED: logging.INFO,
    EventKind.CREATED: logging.DEBUG,
    EventKind.TAKEN_OVER: logging.DEBUG,
    EventKind.RELOCATED: logging.DEBUG,
    EventKind.BACKED_UP: logging.DEBUG,
    EventKind.EXPIRED: logging.DEBUG,
    EventKind.DESTROYED: logging.DEBUG,
}

BOUNDED = (EventKind.BACKUP_FAILED, EventKind.CONFLICT, EventKind.UNDECODABLE, EventKind.DROPPED)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


@pytest.fixture
def measured() -> Iterator[Cluster]:
    """Two nodes, for the situations of the statistics."""
    with MeasuredCluster() as cluster:
        yield cluster


@pytest.fixture
def sids(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sids that clients of this test have been given, and those that they made up."""
    sids = {"0123456789abcdef" * 2}
    take = Client.take

    def noted(client: Client, action: object) -> None:
        sids.add(client.sid)
        take(client, action)  # type: ignore[arg-type]
        sids.update({client.sid} - {""})

    monkeypatch.setattr(Client, "take", noted)
    return sids


def test_every_kind_of_event_has_a_level() -> None:
    """None was forgotten below."""
    assert set(LEVELS) == set(EventKind)


@pytest.mark.parametrize("kind", EventKind)
def test_an_event_is_logged_at_its_level(kind: EventKind, caplog: pytest.LogCaptureFixture) -> None:
    """With node, key and detail."""
    caplog.set_level(logging.DEBUG, logger=LOGGER)
    log = EventLog(lambda: 0.0)

    log.hear(Event(kind, key="" if "node" in kind.value else "the-key", node="n1", detail="the detail"))

    (record,) = caplog.records
    assert (record.name, record.levelno) == (LOGGER, LEVELS[kind])
    assert "n1" in record.getMessage()
    if kind is not EventKind.NODE_UP:
        assert "the detail" in record.getMessage()
    if "node" not in kind.value:
        assert "the-key" in record.getMessage()


@pytest.mark.parametrize("kind", EventKind)
def test_what_an_event_tells_is_one_line_of_printable_characters(
    kind: EventKind, caplog: pytest.LogCaptureFixture
) -> None:
    """And no longer than anybody reads."""
    caplog.set_level(logging.DEBUG, logger=LOGGER)
    log = EventLog(lambda: 0.0)

    log.hear(Event(kind, node="n1", detail=f"{HOSTILE} \u202e \ud800 {'x' * 5_000_000}"))
    log.hear(Event(kind, node="n1", detail="\x00" * 5_000_000))

    for record in caplog.records:
        assert record.getMessage().isprintable()
        assert len(record.getMessage()) < LONGEST_DETAIL + 200


def test_the_name_of_an_attribute_forges_no_record(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    """Users can name attributes where an application lets them; a conflict is logged with the name."""
    first, second, client = cluster.server("a", clock=Clock()), cluster.server("b", clock=Clock()), Client()
    client.write(first, **{HOSTILE: 1})

    with client.request(first) as session:
        session[HOSTILE] = 2
        Client(client.cookie).write(second, **{HOSTILE: 3})

    (record,) = [record for record in caplog.records if "two processes" in record.getMessage()]
    assert record.getMessage().isprintable()
    assert r"na\nERROR:root:forged \x1b[31mred" in record.getMessage().replace(r"\\", "\\")


def test_the_words_of_a_server_reach_no_terminal_raw(caplog: pytest.LogCaptureFixture) -> None:
    """Of a proxy, for instance."""
    with ScriptedServer([b"SERVER_ERROR bad \x1b[31m\r\n"]) as node:
        address = "n1:{}:{}".format(*node.address)
        with Server(address, runtime=Clock(), operation_timeout=0.2) as server:
            Client().write(server, user=7)

    messages = [record.getMessage() for record in caplog.records]
    assert any(r"bad \x1b[31m" in message for message in messages)
    assert all(message.isprintable() for message in messages)


@pytest.mark.parametrize("kind", BOUNDED)
def test_what_repeats_is_bounded_each_minute(kind: EventKind, caplog: pytest.LogCaptureFixture) -> None:
    """The others are at DEBUG, and the first record of a later minute says how many they were."""
    caplog.set_level(logging.DEBUG, logger=LOGGER)
    now = 1000.0
    log = EventLog(lambda: now)
    for _ in range(30):
        log.hear(Event(kind, key="k"))
    now += 60
    log.hear(Event(kind, key="k"))
    now += 60
    log.hear(Event(kind, key="k"))

    levels = [record.levelno for record in caplog.records]
    above = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    assert levels == [LEVELS[kind]] * MOST_A_MINUTE + [logging.DEBUG] * 25 + [LEVELS[kind]] * 2
    assert "25 more" in above[-2]
    assert "more" not in above[-1]


def test_kinds_are_bounded_each_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    """A flood of one does not hide another."""
    caplog.set_level(logging.INFO, logger=LOGGER)
    log = EventLog(lambda: 0.0)
    for _ in range(30):
        log.hear(Event(EventKind.BACKUP_FAILED))
    log.hear(Event(EventKind.UNDECODABLE))

    assert "cannot be read" in caplog.records[-1].getMessage()


def test_an_outage_of_all_nodes_is_no_flood(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    """Each node is said to be down once, and up once; of the failed backups there are some."""
    caplog.set_level(logging.INFO, logger=LOGGER)
    server, client = cluster.server(), Client()
    client.write(server, user=0)
    cluster.kill()
    for number in range(50):
        client.write(server, user=number)
    server.wait_until_down("n1", "n2")
    cluster.start()
    server.wait_until_up("n1", "n2")

    messages = [record.getMessage() for record in caplog.records]
    assert [sum(f"node {node} is down" in text for text in messages) for node in ("n1", "n2")] == [1, 1]
    assert [sum(f"node {node} is up" in text for text in messages) for node in ("n1", "n2")] == [1, 1]
    assert 1 <= sum("could not be backed up" in text for text in messages) <= MOST_A_MINUTE


@pytest.mark.parametrize("situation", [*SITUATIONS.values(), returns_to_its_node])
def test_no_record_has_an_id(
    measured: Cluster, situation: object, sids: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Not in its words, not in its arguments, and not in the text of an exception, whatever happens."""
    caplog.set_level(logging.DEBUG)

    def fail(event: Event) -> None:
        raise RuntimeError(f"a listener that fails on {event}")

    steps = situation(measured)  # type: ignore[operator]
    server = next(steps)
    server.listen(fail)
    assert next(steps, None) is None
    server.drain(0.05)

    assert sum(record.name == LOGGER for record in caplog.records) >= len(server.told)
    assert_silent_about(sids, caplog.records)


def test_no_record_of_a_request_that_fails_has_an_id(
    cluster: Cluster, sids: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Values that cannot be kept, bytes that cannot be read, a watcher that fails, a full queue."""
    caplog.set_level(logging.DEBUG)
    server, client = cluster.server(signing_keys=("x" * 32,)), Client()
    client.write(server, user=7)
    with pytest.raises(ValueError, match="bad"):
        client.write(server, bad=object())
    other = cluster.server("b", signing_keys=("y" * 32,), on_undecodable="raise")
    with pytest.raises(UndecodableError):
        client.read(other)
    queue = cluster.server("c", clock=Clock(), session_backup_async=True, backup_queue_size=1, backup_thread_count=1)
    for node in cluster.nodes.values():
        node.freeze()
    for _ in range(3):
        Client().write(queue, user=7)
    for node in cluster.nodes.values():
        node.resume()

    messages = " ".join(record.getMessage() for record in caplog.records)
    assert len(sids) > 3
    assert "bad" in messages
    assert "no room in the queue" in messages
    assert_silent_about(sids, caplog.records)


def assert_silent_about(sids: set[str], records: list[logging.LogRecord]) -> None:
    """Check that none of the ids is in what was logged."""
    formatter = logging.Formatter()
    text = " ".join(f"{formatter.format(record)} {record.args!r} {record.exc_text}" for record in records)
    assert [sid for sid in sids if sid and sid in text] == []
