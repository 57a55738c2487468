"""The user's own sessions: what is read from files and from live nodes, what is refused, and what becomes of it."""

import json
import os
import pickle
import socket
import stat
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from memcached_process import MemcachedProcess

from memcached_sessions import SessionManager
from memcached_sessions.bench.captured.arguments import add_arguments, captured_by
from memcached_sessions.bench.captured.capture import Capture, captured
from memcached_sessions.bench.captured.errors import CaptureError
from memcached_sessions.bench.captured.files import write_sessions
from memcached_sessions.bench.commands import capturing
from memcached_sessions.bench.isolation.forked import End
from memcached_sessions.bench.isolation.interpreter import Interpreter
from memcached_sessions.manager.admin.sources.folder import FORMATS
from memcached_sessions.manager.admin.sources.listing import Listed
from memcached_sessions.manager.envelope import EnvelopeCodec, Header
from memcached_sessions.manager.session_id import storage_key
from memcached_sessions.manager.version_vector import VersionVector, client_flags
from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer
from memcached_sessions.serializers.formats.pickle import PickleSerializer

KEYS = "a key that signs what is stored, and is long enough"
SESSION = {"user": "Ada Lovelace", "cart": [{"sku": "AB-1234", "price": Decimal("19.90")}], "seats": (3, 4)}
START = Callable[..., MemcachedProcess]

SHOP = """
from memcached_sessions.bench.errand import workload_named

class Tree:
    def __init__(self, name):
        self.name = name

def register_converters(registry):
    registry.register(Tree, tag="shop.Tree")

def names_of_captured_trees():
    return [session["tree"].name for session in workload_named("captured").sessions()]
"""


@dataclass
class Stored:
    """A session as it lies on a node."""

    key: str
    value: bytes
    flags: int


@pytest.fixture
def start() -> Iterator[START]:
    """Return what starts a memcached for this test."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(MemcachedProcess(*arguments))


@pytest.fixture(autouse=True)
def no_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from where a test puts them."""
    for name in [name for name in os.environ if name.startswith("MEMCACHED_SESSIONS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the converters of a shop, which other processes can import too."""
    (tmp_path / "captured_shop.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "captured_shop:register_converters"


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

    found = captured(_source(node), as_they_are=True, settings=_toml(tmp_path, node, **options))

    assert sorted(session["number"] for session in _sessions(found)) == [0, 1, 2, 3, 4]
    assert _sessions(found)[0]["cart"] == SESSION["cart"]
    assert (found.total, dict(found.unread)) == (5, {})


def test_pickled_sessions_are_read_with_the_key_that_signed_them(start: START, tmp_path: Path) -> None:
    node = start()
    options = {"serializer": "pickle", "signing_keys": (KEYS,)}
    with _manager([node], **options) as manager:
        _save(manager, SESSION)

    found = captured(_source(node), as_they_are=True, settings=_toml(tmp_path, node, **options))

    assert _sessions(found) == [SESSION]


def test_a_pickle_signed_by_an_unknown_key_is_never_loaded(
    start: START, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor one that is not signed, nor one that the settings do not accept: each would have printed a line."""
    node = start()
    loud = pickle.dumps(_Loud())
    _put(node, _stored(loud, "pickle", signing_keys=[b"the key of somebody else"]))
    _put(node, _stored(loud, "pickle", signing_keys=[]))
    with _manager([node], signing_keys=(KEYS,)) as manager:
        _save(manager, SESSION)
    _put(node, _stored(loud, "pickle", signing_keys=[KEYS.encode()]))

    found = captured(_source(node), as_they_are=True, settings=_toml(tmp_path, node, signing_keys=(KEYS,)))

    assert _sessions(found) == [SESSION]
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
    _put(node, _stored(pickle.dumps({"a": _Loud()}), "pickle", signing_keys=[KEYS.encode()]))

    with pytest.raises(CaptureError, match="1 times: pickle cannot read the attributes"):
        captured(_source(node), settings=_toml(tmp_path, node, **options))

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
    broken = _stored(b"\xff\xff\xff", "json", signing_keys=[], prefix="shop:")
    _put(node, broken)

    found = captured(_source(node), as_they_are=True, settings=_toml(tmp_path, node, storage_key_prefix="shop:"))

    assert _sessions(found) == [SESSION]
    assert dict(found.unread) == {
        "its key is none of a session under this storage_key_prefix": 1,
        "it is the mark of a destroyed session": 1,
        "these N bytes are no session": 1,
        "json cannot read the attributes": 1,
    }


def test_a_session_on_two_nodes_is_taken_once_and_in_its_latest_state(start: START) -> None:
    one, other = start(), start()
    old = _stored(get_serializer("json").dumps({"state": "old"}), "json", signing_keys=[], counter=1)
    new = _stored(get_serializer("json").dumps({"state": "new"}), "json", signing_keys=[], counter=2)
    _put(one, new)
    _put(other, old)

    found = captured(_source(one, other), as_they_are=True)

    assert _sessions(found) == [{"state": "new"}]


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
    numbers = [{session["number"] for session in _sessions(sample)} for sample in samples]

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


@pytest.mark.parametrize("name", FORMATS)
def test_files_are_read_by_the_format_of_their_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / f"one.{name}").write_bytes(get_serializer(name).dumps(SESSION))

    found = captured(str(tmp_path), as_they_are=True)

    assert _sessions(found) == [SESSION]


@pytest.mark.parametrize("signing_keys", [(), (KEYS,)])
def test_a_stored_value_in_a_file_is_opened_under_the_key_of_its_name(
    tmp_path: Path, signing_keys: tuple[str, ...]
) -> None:
    keys = [key.encode() for key in signing_keys]
    stored = _stored(get_serializer("json").dumps({"a": "b"}), "json", signing_keys=keys, prefix="shop/")
    (tmp_path / f"{stored.key.replace('/', '%2F')}.session").write_bytes(stored.value)
    settings = _toml(tmp_path.parent, None, signing_keys=signing_keys)

    assert _sessions(captured(str(tmp_path), as_they_are=True, settings=settings)) == [{"a": "b"}]


def test_a_pickle_in_a_file_makes_nothing_that_is_not_registered(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loud.pickle").write_bytes(pickle.dumps({"a": _Loud()}))

    with pytest.raises(CaptureError, match=r"loud\.pickle: pickle cannot read it"):
        captured(str(tmp_path))

    assert "loaded" not in capfd.readouterr().out


def test_files_that_cannot_be_read_are_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(b'{"a":1}')
    (tmp_path / "cut.json").write_bytes(b'{"a":')
    (tmp_path / "list.json").write_bytes(b"[1]")
    (tmp_path / "notes.txt").write_bytes(b"")
    (tmp_path / "stranger.session").write_bytes(b"<html>")

    found = captured(str(tmp_path))

    assert len(found.payloads) == 1
    assert dict(found.unread) == {
        "json cannot read it": 1,
        "it holds no dict of attributes by name": 1,
        "its name ends with none of json, msgpack, cbor, compact, pickle, session": 1,
        "these N bytes are no session": 1,
    }
    assert {line.rpartition("(")[2] for line in found.lines()[1:]} == {
        "cut.json)", "list.json)", "notes.txt)", "stranger.session)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no file"),
        ({"cut.json": b"{"}, r"cut\.json: json cannot read it"),
        ({"cut.json": b"{", "more.json": b"{"}, r"none of the 2 files .* and 1 more"),
    ],
    ids=["empty", "one", "many"],
)
def test_a_folder_without_a_session_is_an_error_that_names_a_file(
    tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    with pytest.raises(CaptureError, match=message):
        captured(str(tmp_path))


def test_a_file_that_is_larger_than_any_session_is_not_read(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("memcached_sessions.manager.admin.sources.folder.LARGEST", 1 << 20)
    (tmp_path / "good.json").write_bytes(b'{"a":1}')
    (tmp_path / "dump.json").write_bytes(b'{"a":"' + b"x" * (1 << 20) + b'"}')

    assert dict(captured(str(tmp_path)).unread) == {"it has more than 1 MiB, which no session has": 1}


def test_sessions_that_cannot_be_handed_over_are_an_error_with_that_reason(tmp_path: Path, monkeypatch) -> None:
    """And not with that of another file, which could not be read."""

    def refuse(*_: object) -> bytes:
        raise SerializationError("too deep", path="a")

    monkeypatch.setattr(PickleSerializer, "dumps", refuse)
    (tmp_path / "a.json").write_bytes(b"no session")
    (tmp_path / "b.json").write_bytes(b'{"a":1}')

    with pytest.raises(CaptureError, match="no session can be handed to other processes by pickle: too deep"):
        captured(str(tmp_path), as_they_are=True)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no folder"):
        captured(str(tmp_path / "nowhere"))


def test_of_many_files_a_random_sample_is_taken(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number}.json").write_text(json.dumps({"number": number}))

    found = captured(str(tmp_path), limit=10, as_they_are=True)

    assert len({session["number"] for session in _sessions(found)}) == 10
    assert found.total == 50


def test_a_class_without_a_converter_is_named_with_what_to_do(tmp_path: Path, shop: str) -> None:
    registry = ConverterRegistry()
    registry.load(shop)
    tree = __import__("captured_shop").Tree("a tall oak")
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "a.json").write_bytes(get_serializer("json", registry).dumps({"tree": tree}))

    with pytest.raises(CaptureError, match=r"'shop\.Tree'.*--converters"):
        captured(str(tmp_path / "sessions"))
    assert (
        _sessions(captured(str(tmp_path / "sessions"), as_they_are=True, converters=[shop]))[0]["tree"].name
        == "a tall oak"
    )


def test_a_converter_that_cannot_be_found_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")

    with pytest.raises(CaptureError, match=r"no_such_module.*PYTHONPATH"):
        captured(str(tmp_path), converters=["no_such_module:register"])


def test_sessions_are_anonymous_unless_they_are_wanted_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(get_serializer("json").dumps(SESSION))

    (session,) = _sessions(captured(str(tmp_path)))

    text = repr(session)
    assert all(word not in text for word in ("Ada", "Lovelace", "user", "cart", "1234", "19.90"))
    assert [len(name) for name in session] == [4, 4, 5]
    assert captured(str(tmp_path)).description == "1 sessions of the user's own, anonymized, from files"
    assert "as they are" in captured(str(tmp_path), as_they_are=True).description


def test_another_process_builds_the_same_sessions(tmp_path: Path, shop: str) -> None:
    registry = ConverterRegistry()
    registry.load(shop)
    tree = __import__("captured_shop").Tree("a tall oak")
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "a.json").write_bytes(get_serializer("json", registry).dumps({"tree": tree}))
    found = captured(str(tmp_path / "sessions"), as_they_are=True, converters=[shop])

    with found.handed_over() as (task, arguments), Interpreter() as interpreter:
        path = Path(arguments["path"])
        mode = stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)
        interpreter.prepare("memcached_sessions.bench.errand:prepare", {})
        interpreter.prepare(task, arguments)
        told = interpreter.run("captured_shop:names_of_captured_trees", {}, seconds=20)

    assert mode == (0o600, 0o700)
    assert not path.exists()
    assert (told.end, told.value) == (End.RETURNED, ["a tall oak"])


def test_the_workload_builds_new_and_equal_sessions_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a":["some text"]}')
    workload = captured(str(tmp_path)).workload_info().workload
    assert workload is not None

    one, other = workload.sessions(), workload.sessions()

    assert one == other
    assert one[0] is not other[0]
    assert (workload.name, workload.population) == ("captured", True)


@pytest.mark.parametrize("name", FORMATS)
def test_written_sessions_can_be_read_by_somebody_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "a.json").write_bytes(get_serializer("json").dumps(SESSION))
    found = captured(str(tmp_path / "sessions"))

    write_sessions(found, tmp_path / "written", name)

    again = captured(str(tmp_path / "written"), as_they_are=True)
    assert _sessions(again) == _sessions(found)
    (file,) = (tmp_path / "written").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a":1}')

    with pytest.raises(CaptureError, match="not empty"):
        write_sessions(captured(str(tmp_path)), tmp_path, "json")


def test_the_command_writes_anonymous_sessions_and_says_how_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "a.json").write_bytes(get_serializer("json").dumps(SESSION))
    parser = ArgumentParser()
    capturing.add(parser.add_subparsers())
    options = parser.parse_args(
        ["capture", str(tmp_path / "sessions"), str(tmp_path / "written"), "--format", "msgpack"]
    )

    status = options.command(parser, options)

    assert status == 0
    assert "1 sessions, made anonymous, of 1 found" in capsys.readouterr().out
    assert b"Ada" not in (tmp_path / "written" / "session-00001.msgpack").read_bytes()


def test_the_options_of_a_run_name_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"user":"Ada Lovelace"}')
    parser = ArgumentParser()
    add_arguments(parser)

    nothing = captured_by(parser.parse_args([]))
    some = captured_by(parser.parse_args(["--sessions", str(tmp_path), "--as-they-are"]))

    assert nothing is None
    assert some is not None
    assert _sessions(some) == [{"user": "Ada Lovelace"}]


def test_progress_is_told_from_the_first_file_to_the_last_session(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.json").write_bytes(b'{"a":1}')
    told: list[tuple[int, int]] = []

    captured(str(tmp_path), progress=lambda done, of: told.append((done, of)))

    assert told == [(step, 8) for step in range(1, 9)]


class _Loud:
    """Says so when it is loaded."""

    def __reduce__(self) -> object:
        return print, ("loaded",)


def _manager(nodes: list[MemcachedProcess], **options: object) -> SessionManager:
    return SessionManager(_node_list(nodes), **options)


def _node_list(nodes: list[MemcachedProcess]) -> str:
    return " ".join(f"n{number}:127.0.0.1:{node.port}" for number, node in enumerate(nodes, 1))


def _source(*nodes: MemcachedProcess) -> str:
    return "memcached://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


def _save(manager: SessionManager, attributes: dict[str, object]) -> None:
    with manager.request(None) as session:
        session.update(attributes)


def _toml(folder: Path, node: MemcachedProcess | None, **options: object) -> Path:
    """Write settings as an application has them."""
    file = folder / "settings.toml"
    values = {"memcached_nodes": f"127.0.0.1:{node.port}" if node else "memory://", **options}
    lines = [
        f"{name} = {json.dumps(list(value) if isinstance(value, tuple) else value)}"
        for name, value in values.items()
        if value is not None
    ]
    file.write_text("\n".join(["[memcached-sessions]", *lines]))
    return file


def _sessions(found: Capture) -> list[dict[str, object]]:
    workload = found.workload_info().workload
    assert workload is not None
    return workload.sessions()


def _stored(
    payload: bytes, serializer: str, *, signing_keys: list[bytes], prefix: str = "", counter: int = 1
) -> Stored:
    """Return what a manager with other settings would have stored, under a key that depends on them."""
    sid = f"{len(signing_keys)}{len(signing_keys[0]) if signing_keys else 0:02d}".ljust(32, "0")
    key = storage_key(sid, prefix)
    vector = VersionVector(((7, counter),))
    header = Header(0, 0, None, None, counter, vector, dead=False, touch_interval=450, serializer=serializer)
    codec = EnvelopeCodec(signing_keys=signing_keys, max_payload_bytes=100_000)
    return Stored(key, codec.seal(key, header, payload), client_flags(vector, dead=False))


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
