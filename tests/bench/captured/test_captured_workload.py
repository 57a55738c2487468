"""What becomes of the user's own sessions: a workload, anonymous unless it is wanted as it is, and files."""

import stat
from argparse import ArgumentParser
from pathlib import Path

import pytest
from captured_sessions import SESSION, sessions_of

from memcached_sessions.bench.captured.arguments import add_arguments, captured_by
from memcached_sessions.bench.captured.capture import captured
from memcached_sessions.bench.captured.errors import CaptureError
from memcached_sessions.bench.captured.files import write_sessions
from memcached_sessions.bench.commands import capturing
from memcached_sessions.bench.isolation.forked import End
from memcached_sessions.bench.isolation.interpreter import Interpreter
from memcached_sessions.manager.admin.sources.folder import FORMATS
from memcached_sessions.serializers import ConverterRegistry, get_serializer


def test_a_class_without_a_converter_is_named_with_what_to_do(tmp_path: Path, shop: str) -> None:
    registry = ConverterRegistry()
    registry.load(shop)
    tree = __import__("captured_shop").Tree("a tall oak")
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "a.json").write_bytes(get_serializer("json", registry).dumps({"tree": tree}))

    with pytest.raises(CaptureError, match=r"'shop\.Tree'.*--converters"):
        captured(str(tmp_path / "sessions"))
    assert (
        sessions_of(captured(str(tmp_path / "sessions"), as_they_are=True, converters=[shop]))[0]["tree"].name
        == "a tall oak"
    )


def test_a_converter_that_cannot_be_found_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")

    with pytest.raises(CaptureError, match=r"no_such_module.*PYTHONPATH"):
        captured(str(tmp_path), converters=["no_such_module:register"])


def test_sessions_are_anonymous_unless_they_are_wanted_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(get_serializer("json").dumps(SESSION))

    (session,) = sessions_of(captured(str(tmp_path)))

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
    assert sessions_of(again) == sessions_of(found)
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
    assert sessions_of(some) == [{"user": "Ada Lovelace"}]


def test_progress_is_told_from_the_first_file_to_the_last_session(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.json").write_bytes(b'{"a":1}')
    told: list[tuple[int, int]] = []

    captured(str(tmp_path), progress=lambda done, of: told.append((done, of)))

    assert told == [(step, 8) for step in range(1, 9)]
