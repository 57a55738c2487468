"""The user's own sessions from files: what is read, what is refused, and what is said of it."""

import json
import pickle
from pathlib import Path

import pytest
from captured_sessions import KEYS, SESSION, Loud, sessions_of, settings_file, stored_value

from memcached_sessions.bench.captured.capture import captured
from memcached_sessions.bench.captured.errors import CaptureError
from memcached_sessions.manager.admin.sources.folder import FORMATS
from memcached_sessions.serializers import SerializationError, get_serializer
from memcached_sessions.serializers.formats.pickle import PickleSerializer


@pytest.mark.parametrize("name", FORMATS)
def test_files_are_read_by_the_format_of_their_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / f"one.{name}").write_bytes(get_serializer(name).dumps(SESSION))

    found = captured(str(tmp_path), as_they_are=True)

    assert sessions_of(found) == [SESSION]


@pytest.mark.parametrize("signing_keys", [(), (KEYS,)])
def test_a_stored_value_in_a_file_is_opened_under_the_key_of_its_name(
    tmp_path: Path, signing_keys: tuple[str, ...]
) -> None:
    keys = [key.encode() for key in signing_keys]
    stored = stored_value(get_serializer("json").dumps({"a": "b"}), "json", signing_keys=keys, prefix="shop/")
    (tmp_path / f"{stored.key.replace('/', '%2F')}.session").write_bytes(stored.value)
    settings = settings_file(tmp_path.parent, None, signing_keys=signing_keys)

    assert sessions_of(captured(str(tmp_path), as_they_are=True, settings=settings)) == [{"a": "b"}]


def test_a_pickle_in_a_file_makes_nothing_that_is_not_registered(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loud.pickle").write_bytes(pickle.dumps({"a": Loud()}))

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

    assert len({session["number"] for session in sessions_of(found)}) == 10
    assert found.total == 50
