"""The same cases under pytest-benchmark, started as a user does: from an empty folder, by the name of the package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from laid_distribution import lay_distribution

COMMAND = (
    sys.executable,
    "-m",
    "pytest",
    "--pyargs",
    "memcached_sessions.bench",
    "-p",
    "no:cacheprovider",
    "-W",
    "error",
)


def _run(folder: Path, *arguments: str | Path, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**_environment(), "PYTHONPATH": path}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _environment() -> dict[str, str]:
    # The tests themselves may run in a worker of xdist, which marks its environment.
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """The rows that pytest-benchmark wrote for one workload and serializer, by operation."""
    folder = tmp_path_factory.mktemp("measured")
    done = _run(folder, "-k", "login-msgpack", f"--benchmark-json={folder / 'rows.json'}")
    assert done.returncode == 0, done.stdout
    rows = json.loads((folder / "rows.json").read_text())["benchmarks"]
    return {row["extra_info"]["operation"]: row for row in rows}


def test_the_operations_are_rows_that_k_selects(measured: dict[str, dict]) -> None:
    others = {"envelope_dumps", "envelope_loads", "unchanged", "resave"}
    assert set(measured) == {"dumps", "loads", "round_trip"} | others
    assert {row["name"] for row in measured.values()} == {
        "test_dumps[login-msgpack]",
        "test_loads[login-msgpack]",
        "test_round_trip[login-msgpack]",
        *(f"test_{name}[login-msgpack]" for name in others),
    }


def test_a_row_has_a_group_and_its_exact_facts(measured: dict[str, dict]) -> None:
    for operation, row in measured.items():
        assert row["group"] == f"login / {operation}"
        assert row["params"] == {"workload": "login", "serializer": "msgpack"}
        assert row["extra_info"]["distribution"] == "memcached-sessions"
        assert row["extra_info"]["gc"] == "enabled"
        assert 200 < row["extra_info"]["payload_bytes"] < 600
        assert 100 < row["extra_info"]["zlib_bytes"] < row["extra_info"]["payload_bytes"]
        assert row["extra_info"]["largest_bytes"] == row["extra_info"]["payload_bytes"]


def test_small_calls_are_calibrated_to_rounds_of_a_millisecond(measured: dict[str, dict]) -> None:
    assert measured["loads"]["stats"]["iterations"] > 10
    assert measured["loads"]["options"]["disable_gc"] is False


def test_what_is_refused_is_skipped_with_the_reason(tmp_path: Path) -> None:
    done = _run(tmp_path, "--benchmark-disable", "-rs", "-k", "msm-persons-10-json or msm-persons-10-pickle")

    assert done.returncode == 0, done.stdout
    assert "7 passed, 7 skipped" in done.stdout
    assert "json, refused: " in done.stdout


def test_a_broken_serializer_is_one_skipped_row_for_each_operation(tmp_path: Path) -> None:
    lay_distribution(tmp_path / "site", "absent", "[memcached_sessions.serializers]\nabsent = no_such_module:Absent\n")

    done = _run(tmp_path, "--benchmark-disable", "-rs", "-k", "absent or login-json", path=str(tmp_path / "site"))

    assert done.returncode == 0, done.stdout
    assert "7 passed, 7 skipped" in done.stdout
    assert "absent is broken" in done.stdout


def test_runs_are_compared_by_serializer(tmp_path: Path) -> None:
    """What pytest-benchmark compares are rows of one name, and a name has the serializer in it."""
    chosen = ("-k", "test_dumps and (login-json or login-msgpack)")
    first = _run(tmp_path, *chosen, "--benchmark-save=first")
    second = _run(tmp_path, *chosen, "--benchmark-compare", "--benchmark-group-by=param:serializer")

    assert first.returncode == second.returncode == 0, first.stdout + second.stdout
    for serializer in ("json", "msgpack"):
        (table,) = (part for part in second.stdout.split("\n\n") if f"benchmark 'serializer={serializer}'" in part)
        assert f"test_dumps[login-{serializer}] (NOW)" in table
        assert f"test_dumps[login-{serializer}] (0001_first)" in table


def test_the_report_reads_the_file_of_pytest_benchmark(tmp_path: Path) -> None:
    _run(tmp_path, "-k", "login-json or login-bare-pickle", "--benchmark-json=rows.json")

    done = _report(tmp_path / "rows.json")

    assert done.returncode == 0, done.stderr
    assert "medians of the rounds of pytest-benchmark" in done.stdout
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("json "))
    assert "471" in row


def test_the_report_reads_the_benchmarks_of_others_too(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_sum(benchmark):\n    benchmark(sum, range(100))\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-json=theirs.json"]
    subprocess.run([*command, "test_theirs.py"], cwd=tmp_path, env=_environment(), check=True, capture_output=True)

    done = _report(tmp_path / "theirs.json")

    assert done.returncode == 0, done.stderr
    assert any(line.startswith("test_sum ") for line in done.stdout.splitlines())


@pytest.mark.parametrize("text", ['{"benchmarks": [{}], "machine_info": {}}', "[1]", "{"])
def test_a_file_of_neither_is_an_error_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)

    done = _report(tmp_path / "odd.json")

    assert done.returncode == 1
    assert "odd.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def _report(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "memcached_sessions.bench", "report", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
