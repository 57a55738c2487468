"""``session-bench request-path`` from end to end, with a real memcached and real libraries, in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "memcached_sessions.bench", "request-path")
KINDS = ["no session", "not looked at", "read", "change"]
READS_ALL = "manager, all attributes read, compact"
READ_ALL = {READS_ALL, "Flask adapter, all attributes read", "Django adapter, all attributes read"}
"""The rows that only read."""
PEERS = {
    "Flask-Session",
    "Flask-Session, no refresh",
    "Django cache engine",
    "Django cache engine + request_finished",
    "Beaker",
    "Flask-Session, whole request",
    "Django cache engine, whole request",
}
ADAPTERS = {
    "Flask adapter, synchronous": ("Flask-Session", "Flask alone, sessions in a dict"),
    "Flask adapter, asynchronous": ("Flask-Session", "Flask alone, sessions in a dict"),
    "Django adapter": ("Django cache engine", "Django alone, sessions in a dict"),
    "Django adapter + request_finished": (
        "Django cache engine + request_finished",
        "Django alone, sessions in a dict + request_finished",
    ),
    "Flask adapter, all attributes read": ("Flask-Session", "Flask alone, sessions in a dict"),
    "Django adapter, all attributes read": ("Django cache engine", "Django alone, sessions in a dict"),
    "Flask adapter, whole request": ("Flask-Session, whole request", "Flask alone, whole request"),
    "Django adapter, whole request": ("Django cache engine, whole request", "Django alone, whole request"),
}
"""With what each takes the place of, and what its framework takes itself."""


def _run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of a quick run."""
    folder = tmp_path_factory.mktemp("measured")
    done = _run(
        *("--quick", "--workload", "login", "--serializer", "compact"),
        *("--output", folder / "result.json", "--markdown", folder / "reports" / "result.md"),
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def cases(measured: tuple[Path, str]) -> dict[str, Any]:
    """The rows of the run by their labels."""
    data = json.loads((measured[0] / "result.json").read_text())
    return {case["label"]: case for case in data["cases"]}


def test_the_manager_stands_beside_every_peer_and_the_bare_client(cases: dict[str, Any]) -> None:
    """None is left out, and each was checked: what is broken is skipped with a reason."""
    assert {label for label, case in cases.items() if case["group"] == "peer"} == PEERS
    assert {case["variant"] for case in cases.values() if case["group"] == "manager"} == {
        "synchronous",
        "asynchronous",
        "revalidating",
        "all attributes read",
    }
    assert "bare get, set (pymemcache)" in cases
    assert {label: case["skipped"] for label, case in cases.items() if case["skipped"]} == {}


def test_each_adapter_stands_beside_the_library_and_the_framework_alone(cases: dict[str, Any]) -> None:
    """The ratio is that of both medians, about: it is taken pass by pass."""
    adapters = {label: case for label, case in cases.items() if case["group"] == "adapter"}

    assert {label: (case["counterpart"], case["framework"]) for label, case in adapters.items()} == ADAPTERS
    assert {label for label, case in cases.items() if case["group"] == "framework"} == {
        framework for _, framework in ADAPTERS.values()
    }
    for label, case in cases.items():
        for cost in case["costs"]:
            assert (cost["by_counterpart"] is not None) == (label in ADAPTERS), label
            if label in ADAPTERS:
                assert 0 < cost["by_counterpart"]["low"] <= cost["by_counterpart"]["high"]


def test_reading_all_attributes_is_a_row_of_its_own_that_only_reads(cases: dict[str, Any]) -> None:
    """It was checked as every other, and asks memcached for nothing either."""
    row = cases[READS_ALL]

    assert row["skipped"] is None
    assert {cost["kind"] for cost in row["costs"]} == {"read"}
    (read,) = row["traffic"]
    assert round(sum(read[name] for name in ("gets", "sets", "touches", "deletes")), 1) == 0


def test_every_kind_of_request_has_its_costs_under_every_placement(
    measured: tuple[Path, str], cases: dict[str, Any]
) -> None:
    """On one core and, where there are two, on two; the machine says so otherwise."""
    data = json.loads((measured[0] / "result.json").read_text())
    placements = [placement["name"] for placement in data["placements"]]

    assert placements == ["one core", "two cores"] or data["remarks"]
    for label, case in cases.items():
        without_idle_kinds = case["group"] == "bare" or label.endswith(", whole request")
        kinds = ["read"] if label in READ_ALL else KINDS[2:] if without_idle_kinds else KINDS
        assert [(cost["placement"], cost["kind"]) for cost in case["costs"]] == [
            (placement, kind) for placement in placements for kind in kinds
        ], label
        for cost in case["costs"]:
            assert 0 < cost["minimum"] <= cost["latency"]["median"] <= cost["latency"]["high"]
            assert cost["client_cpu"]["median"] > 0
            assert cost["paced"]["median"] > 0


def test_commands_are_what_each_library_sends(cases: dict[str, Any]) -> None:
    """The manager reads a local session for nothing and stores a changed one once, in the background too."""

    nothing = (0, 0, 0, 0)

    def commands(label: str) -> list[tuple[int, ...]]:
        names = ("gets", "sets", "touches", "deletes")
        return [tuple(round(traffic[name], 1) for name in names) for traffic in cases[label]["traffic"]]

    assert commands("manager, synchronous, compact") == [nothing, nothing, nothing, (0, 1, 0, 0)]
    assert commands("manager, asynchronous, compact") == [nothing, nothing, nothing, (0, 1, 0, 0)]
    assert commands("manager, revalidating, compact") == [nothing, nothing, (0, 0, 1, 0), (0, 1, 1, 0)]
    assert commands("Flask-Session") == [nothing, *[(1, 1, 0, 0)] * 3]
    assert commands("Flask-Session, no refresh") == [nothing, (1, 0, 0, 0), (1, 0, 0, 0), (1, 1, 0, 0)]
    assert commands("Django cache engine") == [nothing, nothing, (1, 0, 0, 0), (2, 1, 0, 0)]
    for adapter, (_, framework) in ADAPTERS.items():
        *reads, change = commands(adapter) if adapter not in READ_ALL else (*commands(adapter), (0, 1, 0, 0))
        assert (set(reads), change) == ({nothing}, (0, 1, 0, 0)), adapter
        assert set(commands(framework)) == {nothing}, framework
    assert commands("Flask-Session, whole request") == [(1, 1, 0, 0)] * 2
    assert commands("Django cache engine, whole request") == [(1, 0, 0, 0), (2, 1, 0, 0)]
    assert commands("Beaker") == [nothing, nothing, (1, 1, 0, 0), (1, 1, 0, 0)]
    assert commands("bare get, set (pymemcache)") == [(1, 0, 0, 0), (1, 1, 0, 0)]


def test_bytes_are_those_of_the_requests_and_not_of_the_counting(cases: dict[str, Any]) -> None:
    """Asking memcached for its counters moves more bytes than a request does."""
    get, _ = cases["bare get, set (pymemcache)"]["traffic"]
    *idle_kinds, change = cases["manager, synchronous, compact"]["traffic"]

    assert 430 < get["received"] < 600
    assert 30 < get["sent"] < 80
    for idle in idle_kinds:
        assert idle["sent"] < 5
        assert idle["received"] < 30
    assert 430 < change["sent"] < 800
    assert cases["Django cache engine + request_finished"]["traffic"][2]["connections"] == pytest.approx(1, abs=0.1)


def test_only_the_manager_loses_no_updates(cases: dict[str, Any]) -> None:
    """Two threads that change different attributes, with a view that takes a millisecond."""
    lost = {
        label: next(each["lost"] for each in case["lost_updates"] if each["think"])
        for label, case in cases.items()
        if case["lost_updates"]
    }

    for label, numbers in lost.items():
        if cases[label]["group"] in {"manager", "adapter"}:
            assert numbers == [0], label
        else:
            assert min(numbers) > 0, label


def test_the_report_can_be_printed_again_from_the_file(measured: tuple[Path, str]) -> None:
    """The file alone is what reports are made of."""
    folder, printed = measured

    again = _run("--report", folder / "result.json", "--markdown", folder / "again.md")

    assert (again.returncode, again.stdout) == (0, printed)
    assert (folder / "again.md").read_text() == (folder / "reports" / "result.md").read_text()


def test_the_result_says_how_it_was_asked_for(measured: tuple[Path, str]) -> None:
    """The command line without names of files."""
    data = json.loads((measured[0] / "result.json").read_text())

    assert data["command"] == "session-bench request-path --workload login --serializer compact --quick"
    assert (data["kind"], data["schema"]) == ("request-path", 3)
    assert {"django", "flask-session", "beaker", "pymemcache"} <= set(data["libraries"])


def test_without_memcached_it_says_what_to_install(tmp_path: Path) -> None:
    """A store in memory would measure something else."""
    done = _run("--quick", PATH=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == (
        "session-bench: the request path is measured with memcached: install it, so that it is on the PATH\n"
    )


def test_many_local_sessions_are_measured(tmp_path: Path) -> None:
    """Memory of a session, and requests with few and with many in the process, which are compared."""
    assert shutil.which("memcached")
    done = _run("--quick", "--workload", "login", "--local-sessions", "--output", tmp_path / "result.json")

    assert done.returncode == 0, done.stderr
    (local,) = json.loads((tmp_path / "result.json").read_text())["local"]
    assert local["manager_bytes"] > local["attributes_bytes"] > local["payload_bytes"] > 400
    measured = [(each["sessions"], each["visited"], each["kind"], each["collector"]) for each in local["latencies"]]
    assert measured == [
        *(
            (sessions, visited, kind, False)
            for sessions, visited in ((100, 100), (10_000, 100), (10_000, 10_000))
            for kind in ("read", "change")
        ),
        (10_000, 100, "read", True),
    ]
    compared = [place for place, each in zip(measured, local["latencies"], strict=True) if each["by_fewest"]]
    assert compared == [(10_000, 100, "read", False), (10_000, 100, "change", False), (10_000, 100, "read", True)]
    for each in local["latencies"]:
        assert 0 < each["minimum"] <= each["latency"]["median"] <= each["maximum"]
        assert each["client_cpu"]["median"] > 0
    assert f"{local['manager_bytes']:,.0f}" in done.stdout
