"""``session-bench`` from end to end, with a real memcached, in processes of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from getpass import getuser
from pathlib import Path

import pytest
from made_result import full_result

from memcached_sessions.bench.result_file import write_result

COMMAND = (sys.executable, "-m", "memcached_sessions.bench")
# A shell without job control starts background jobs, and a test run may be one, with the interrupt ignored.
INTERRUPTIBLE = """
import signal, sys
from memcached_sessions.bench.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(["--workload", "cart-plain"]))
"""
LOGIN = ("--workload", "login", "--serializer")
BUILT_IN = {"cbor", "json", "msgpack", "pickle"}


def _run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of one quick run over two workloads."""
    folder = tmp_path_factory.mktemp("compared")
    done = _run(
        *("--quick", "--workload", "login", "--workload", "cart-objects"),
        *("--output", folder / "result.json", "--markdown", folder / "reports" / "result.md"),
        **_recording_memcached(folder),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder, done.stdout


def test_every_built_in_serializer_is_verified_and_measured(compared: tuple[Path, str]) -> None:
    data = json.loads((compared[0] / "result.json").read_text())
    cases = {(case["workload"], case["serializer"]): case for case in data["cases"]}

    for key in ((workload, name) for workload in ("login", "cart-objects") for name in BUILT_IN):
        case = cases[key]
        assert case["verified"] is True, case
        assert case["bytes"] > 0
        for operation in ("dumps", "loads", "round_trip", "bare_dumps", "bare_loads"):
            assert 0 < case[operation]["low"] <= case[operation]["median"] <= case[operation]["high"], operation
        assert set(case["ratio"]) == {"dumps", "loads", "round_trip", "bytes"}
        assert case["ratio"]["bytes"]["median"] == pytest.approx(case["bytes"] / cases[key[0], "bare-pickle"]["bytes"])


def test_the_result_says_what_ran_where_and_names_nobody(compared: tuple[Path, str]) -> None:
    text = (compared[0] / "result.json").read_text()
    data = json.loads(text)

    assert (data["schema"], data["passes"]) == (2, 5)
    assert {case["gc"] for case in data["cases"]} == {"enabled"}
    assert data["store"]["kind"] == "memcached"
    assert data["command"] == "session-bench --workload login --workload cart-objects --quick"
    assert {"memcached-sessions", "msgpack", "orjson", "cbor2"} <= set(data["libraries"])
    assert set(data["machine"]) == {"cpu", "cores", "memory", "platform", "python", "implementation"}
    assert socket.gethostname() not in text
    assert str(Path.home()) not in text
    assert f'"{getuser()}"' not in text


def test_memcached_is_gone_after_the_run(compared: tuple[Path, str]) -> None:
    assert not _is_running(int((compared[0] / "pid").read_text()))


def test_the_report_can_be_printed_again_from_the_file(compared: tuple[Path, str]) -> None:
    folder, printed = compared

    again = _run("report", folder / "result.json")
    markdown = _run("report", folder / "result.json", "--format", "markdown")

    assert again.stdout == printed
    assert markdown.stdout == (folder / "reports" / "result.md").read_text()
    assert "Overhead over the bare library call" in markdown.stdout


def test_the_baseline_is_measured_though_not_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "result.json"

    done = _run("run", "--passes", "5", "--measure", "timing", *LOGIN, "json", "--output", path)

    assert done.returncode == 0, done.stderr
    assert {case["label"] for case in json.loads(path.read_text())["cases"]} == {"json", "bare-pickle"}


def test_without_memcached_the_run_says_so_first(tmp_path: Path) -> None:
    path = tmp_path / "result.json"

    parts = [word for part in ("timing", "storage", "end-to-end") for word in ("--measure", part)]
    done = _run("--passes", "5", *parts, *LOGIN, "pickle", "--output", path, PATH="")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no memcached on this machine")
    found = json.loads(path.read_text())
    assert found["store"] == {"kind": "memory", "version": ""}
    assert found["end_to_end"] == []
    assert all(case["storage"] is None for case in found["cases"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_memcached_behind(number: signal.Signals, tmp_path: Path) -> None:
    environment = {**os.environ, **_recording_memcached(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTIBLE], env=environment, stderr=subprocess.PIPE)
    pid = int(_awaited(tmp_path / "pid"))

    process.send_signal(number)
    _, printed = process.communicate(timeout=30)

    assert process.returncode == 128 + number
    assert b"Traceback" not in printed
    assert not _is_running(pid)


def test_the_list_shows_serializers_and_workloads_with_their_origin() -> None:
    done = _run("list")

    lines = done.stdout.splitlines()
    assert any(line.split()[:2] == ["msgpack", "memcached-sessions"] for line in lines)
    assert any(line.split()[:2] == ["cart-objects", "memcached-sessions"] for line in lines)


def test_the_details_of_a_report_are_printed_if_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_result(full_result(), path)

    short, long = _run("report", str(path)).stdout, _run("report", str(path), "--details").stdout

    assert "cart-objects: compressed" not in short
    assert "cart-objects: compressed" in long


def test_a_report_can_be_limited_to_workloads(compared: tuple[Path, str]) -> None:
    path = compared[0] / "result.json"

    limited = _run("report", path, "--workload", "login").stdout
    misspelt = _run("report", path, "--workload", "logn")

    assert "\nlogin\n=====" in limited
    assert "\ncart-objects\n===" not in limited
    assert misspelt.returncode == 2
    assert "Did you mean login?" in misspelt.stderr


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("--serializer", "msgpak"), "Did you mean msgpack"),
        (("run", "--workload", "cart-plan"), "Did you mean cart-plain"),
        (("--workload", "qqq"), "Installed: "),
        (("--passes", "0"), "argument --passes: '0' is no number from 5 on"),
        (("contrast",), "invalid choice: 'contrast'"),
        (("report",), "FILE"),
    ],
)
def test_wrong_arguments_are_answered_with_what_would_be_right(arguments: tuple[str, ...], answer: str) -> None:
    done = _run(*arguments)

    assert done.returncode == 2
    assert answer in done.stderr


def test_a_file_that_is_no_result_is_an_error_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"schema": 99}')

    for arguments, complaint in (("report", path), "schema 99"), (("report", tmp_path / "gone.json"), "gone.json"):
        done = _run(*arguments)

        assert done.returncode == 1
        assert complaint in done.stderr
        assert len(done.stderr.splitlines()) == 1


def _recording_memcached(folder: Path) -> dict[str, str]:
    """Return an environment whose memcached writes its process id into a file, and is the real one otherwise."""
    programs = folder / "programs"
    programs.mkdir()
    program = programs / "memcached"
    program.write_text(f'#!/bin/sh\necho $$ > {folder}/pid\nexec {shutil.which("memcached")} "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


def _awaited(path: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text().strip()):
            return text
        time.sleep(0.01)
    raise TimeoutError(f"{path} was not written")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
