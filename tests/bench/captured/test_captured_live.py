"""The user's own sessions from live nodes: a sample, read without a trace."""

import pickle
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from captured_sessions import KEYS, SESSION, Loud, Stored, sessions_of, settings_file, stored_value
from memcached_process import MemcachedProcess

from memcached_sessions import SessionManager
from memcached_sessions.bench.captured.capture import captured
from memcached_sessions.bench.captured.errors import CaptureError
from memcached_sessions.manager.admin.sources.listing import Listed
from memcached_sessions.serializers import get_serializer

START = Callable[..., MemcachedProcess]


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor", "compact"])
def test_live_sessions_are_read_whatever_wrote_them(
    start: START, tmp_path: Path, serializer: str, compression: str | None, signed: bool
) -> None:
    node = start()
    options = {"serializer": serializer, "compression": compression, "signing_keys": (KEYS,) if signed else ()}
    with _manager([node], **options) as manager:
        for number in range(5):
            _save(manager, {**SESSION, "number": number, "text": "of some length " * 40})

    found = captured(_source(node), as_they_are=True, settings=settings_file(tmp_path, node, **options))

    assert sorted(session["number"] for session in sessions_of(found)) == [0, 1, 2, 3, 4]
    assert sessions_of(found)[0]["cart"] == SESSION["cart"]
    assert (found.total, dict(found.unread)) == (5, {})


def test_pickled_sessions_are_read_with_the_key_that_signed_them(start: START, tmp_path: Path) -> None:
    node = start()
    options = {"serializer": "pickle", "signing_keys": (KEYS,)}
    with _manager([node], **options) as manager:
        _save(manager, SESSION)

    found = captured(_source(node), as_they_are=True, settings=settings_file(tmp_path, node, **options))

    assert sessions_of(found) == [SESSION]


def test_a_pickle_signed_by_an_unknown_key_is_never_loaded(
    start: START, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor one that is not signed, nor one that the settings do not accept: each would have printed a line."""
    node = start()
    loud = pickle.dumps(Loud())
    _put(node, stored_value(loud, "pickle", signing_keys=[b"the key of somebody else"]))
    _put(node, stored_value(loud, "pickle", signing_keys=[]))
    with _manager([node], signing_keys=(KEYS,)) as manager:
        _save(manager, SESSION)
    _put(node, stored_value(loud, "pickle", signing_keys=[KEYS.encode()]))

    found = captured(_source(node), as_they_are=True, settings=settings_file(tmp_path, node, signing_keys=(KEYS,)))

    assert sessions_of(found) == [SESSION]
    assert sorted(found.unread) == [
        "it is not signed, and signing_keys is set here",
        "its signature fits none of the N signing_keys",
        "the session was written by the serializer 'pickle', which is not in accept_serializers",
    ]
    assert "loaded" not in capfd.readouterr().out


def test_a_pickle_is_read_restrictedly_although_its_key_is_known(
    start: START, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    node = start()
    options = {"serializer": "pickle", "signing_keys": (KEYS,)}
    _put(node, stored_value(pickle.dumps({"a": Loud()}), "pickle", signing_keys=[KEYS.encode()]))

    with pytest.raises(CaptureError, match="1 times: pickle cannot read the attributes"):
        captured(_source(node), settings=settings_file(tmp_path, node, **options))

    assert "loaded" not in capfd.readouterr().out


def test_what_is_no_session_is_counted_by_the_reason(start: START, tmp_path: Path) -> None:
    node = start()
    with _manager([node], storage_key_prefix="shop:") as manager:
        _save(manager, SESSION)
        with manager.request(None) as session:
            session["a"] = 1
        with manager.request(session.id) as session:
            session.destroy()
    _put(node, Stored("other:page", b"<html>", 0))
    _put(node, Stored("shop:" + "0" * 40, b"garbage of nobody", 0))
    broken = stored_value(b"\xff\xff\xff", "json", signing_keys=[], prefix="shop:")
    _put(node, broken)

    found = captured(
        _source(node), as_they_are=True, settings=settings_file(tmp_path, node, storage_key_prefix="shop:")
    )

    assert sessions_of(found) == [SESSION]
    assert dict(found.unread) == {
        "its key is none of a session under this storage_key_prefix": 1,
        "it is the mark of a destroyed session": 1,
        "these N bytes are no session": 1,
        "json cannot read the attributes": 1,
    }


def test_a_session_on_two_nodes_is_taken_once_and_in_its_latest_state(start: START) -> None:
    one, other = start(), start()
    old = stored_value(get_serializer("json").dumps({"state": "old"}), "json", signing_keys=[], counter=1)
    new = stored_value(get_serializer("json").dumps({"state": "new"}), "json", signing_keys=[], counter=2)
    _put(one, new)
    _put(other, old)

    found = captured(_source(one, other), as_they_are=True)

    assert sessions_of(found) == [{"state": "new"}]


def test_sessions_of_all_nodes_are_read_and_a_silent_node_is_told_of(start: START) -> None:
    nodes = [start(), start(), start()]
    with _manager(nodes) as manager:
        for number in range(30):
            _save(manager, {"number": number})
    nodes[0].kill()

    found = captured(_source(*nodes), as_they_are=True)

    assert 0 < len(found.payloads) < 30
    assert found.unread["a node did not answer"] >= 1
    assert any("a node did not answer" in line for line in found.lines())


def test_of_many_sessions_a_random_sample_is_taken(start: START) -> None:
    node = start()
    with _manager([node]) as manager:
        for number in range(200):
            _save(manager, {"number": number})

    samples = [captured(_source(node), limit=20, as_they_are=True) for _ in range(2)]
    numbers = [{session["number"] for session in sessions_of(sample)} for sample in samples]

    assert [len(each) for each in numbers] == [20, 20]
    assert numbers[0] != numbers[1]
    assert samples[0].total == 200


def test_nothing_on_the_node_is_changed_by_reading(start: START) -> None:
    """Neither the time to live, nor the time of the last access, nor whether it was ever fetched, nor what is there."""
    node = start()
    with _manager([node]) as manager:
        _save(manager, SESSION)
    key = next(line for line in _told(node, b"lru_crawler metadump all") if b"exp=-1" not in line)
    name = key.split()[0].removeprefix(b"key=")
    before = _told(node, b"me " + name), _number_of_writes(node)

    captured(_source(node))

    after = _told(node, b"me " + name), _number_of_writes(node)
    assert _without_age(after[0]) == _without_age(before[0])
    assert b"fetch=no" in after[0][0]
    assert after[1] == before[1]


@pytest.mark.parametrize(("arguments", "why"), [(("-X",), "-X"), (("-o", "no_lru_crawler"), "no_lru_crawler")])
def test_a_node_that_lists_no_keys_is_an_error_that_says_what_to_do(
    start: START, arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CaptureError, match=rf"{why}.*\.session"):
        captured(_source(start(*arguments)))


def test_a_node_that_does_not_answer_is_an_error_that_names_it(start: START) -> None:
    node = start()
    node.kill()

    with pytest.raises(CaptureError, match=f"127.0.0.1:{node.port}"):
        captured(_source(node))


@pytest.mark.parametrize(
    "source", ["memcached://user:secret@host:1", "memcached://host:1?x=y", "memcached://host:port"]
)
def test_a_wrong_address_is_an_error(source: str) -> None:
    with pytest.raises(CaptureError, match=r"--settings|--nodes"):
        captured(source)


def test_an_empty_node_is_an_error_that_asks_whether_it_is_the_right_one(start: START) -> None:
    with pytest.raises(CaptureError, match="are these the nodes of the application"):
        captured(_source(start()))


def test_the_draw_takes_every_key_with_the_same_likelihood() -> None:
    """Of two nodes that hold a key, one alone decides: the rank depends on nothing but key and salt."""
    counts = [0] * 10
    for salt in range(500):
        listed = Listed(limit=3, salt=salt.to_bytes(2, "big"))
        for number in range(10):
            listed.add(f"key {number}")
        for _, key in listed.drawn:
            counts[int(key.split()[1])] += 1

    assert sum(counts) == 1500
    assert all(100 < count < 200 for count in counts)


def _manager(nodes: list[MemcachedProcess], **options: object) -> SessionManager:
    return SessionManager(_node_list(nodes), **options)


def _node_list(nodes: list[MemcachedProcess]) -> str:
    return " ".join(f"n{number}:127.0.0.1:{node.port}" for number, node in enumerate(nodes, 1))


def _source(*nodes: MemcachedProcess) -> str:
    return "memcached://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


def _save(manager: SessionManager, attributes: dict[str, object]) -> None:
    with manager.request(None) as session:
        session.update(attributes)


def _put(node: MemcachedProcess, stored: Stored) -> None:
    line = b"set %s %d 0 %d\r\n" % (stored.key.encode(), stored.flags, len(stored.value))
    assert _told(node, line + stored.value, end=b"STORED") == []


def _told(node: MemcachedProcess, question: bytes, end: bytes = b"END") -> list[bytes]:
    """Return the lines that a node answers, up to the end, or the one line that it answers."""
    with socket.create_connection(("127.0.0.1", node.port), timeout=5) as connection:
        connection.sendall(question + b"\r\n")
        received = b""
        while not received.endswith(end + b"\r\n") and not received.startswith(b"ME "):
            piece = connection.recv(65_536)
            assert piece
            received += piece
    return [line.strip() for line in received.splitlines() if line.strip() != end]


def _without_age(lines: list[bytes]) -> list[bytes]:
    """Seconds since the last access go on by themselves."""
    return [word for word in lines[0].split() if not word.startswith(b"la=")]


def _number_of_writes(node: MemcachedProcess) -> list[bytes]:
    return [
        line
        for line in _told(node, b"stats")
        if line.startswith((b"STAT cmd_set", b"STAT cmd_touch", b"STAT total_items"))
    ]
