"""`memcached-sessions demo`: what it shows is what happens, and nothing of it is left behind."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from demo.demo_command import PATIENCE, demo


def children_of(pid: int) -> set[int]:
    """Return the processes that a process has started and that run."""
    return {
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    }


def runs(pid: int) -> bool:
    """Return whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    """What the whole demo says to a program."""
    with demo("--json", "--pace", "0") as process:
        said, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (0, "")
    return [json.loads(line) for line in said.splitlines()]


def after(told: list[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    """Return the requests between the step that says a word first and the next step."""
    steps = [number for number, entry in enumerate(told) if entry["kind"] == "step"]
    first = next(number for number in steps if word in told[number]["text"])
    end = next((number for number in steps if number > first), len(told))
    return [entry for entry in told[first:end] if entry["kind"] == "request"]


def test_nothing_is_lost(told: list[dict[str, Any]]) -> None:
    """Neither the login nor a line of the cart, in any request; the last line says so."""
    requests = [entry for entry in told if entry["kind"] == "request"]

    assert [lost for request in requests for lost in request["lost"]] == []
    assert [request["number"] for request in requests] == list(range(1, len(requests) + 1))
    assert told[-1]["kind"] == "outcome"
    assert (told[-1]["requests"], told[-1]["lost"]) == (len(requests), 0)


def test_a_dead_server_is_replaced_by_the_other_one(told: list[dict[str, Any]]) -> None:
    """Which serves another framework, and takes the session over from memcached."""
    before, later = after(told, "registers"), after(told, "is killed")

    (first,), (second,) = ({request["server"] for request in entries} for entries in (before, later))
    assert {first, second} == {"app1", "app2"}
    assert later[0]["source"].startswith("taken over from n")
    assert {request["status"] for request in later} == {200, 303}


def test_the_backup_moves_when_its_node_dies(told: list[dict[str, Any]]) -> None:
    """In the request that notices it; the ones that follow store there."""
    (before,) = {node for request in after(told, "registers") for node in request["stored_on"]}
    later = after(told, "the memcached node with her backup, is killed")

    assert any(event.startswith(f"node down {before}") for event in later[0]["events"])
    assert any(event.startswith("relocated") for event in later[0]["events"])
    assert {node for request in later for node in request["stored_on"]} == {"n1", "n2"} - {before}


def test_a_frozen_node_is_waited_for_once(told: list[dict[str, Any]]) -> None:
    """By one request of the three that change something or look: the node is down for the next."""
    frozen = after(told, "is frozen")

    assert sum(any("no answer within" in event for event in request["events"]) for request in frozen) == 1
    assert {request["status"] for request in frozen} == {200, 303}


def test_no_entry_has_a_session_id(told: list[dict[str, Any]]) -> None:
    """Whoever looks over a shoulder could use it."""
    texts = json.dumps(told)

    assert not any(len(word) >= 32 and set(word) <= set("0123456789abcdef") for word in texts.split('"'))
    assert "~" not in texts


def test_the_page_shows_what_the_terminal_says_and_all_ends_with_the_command() -> None:
    """It goes on where a browser has lost its connection, and no process outlives a SIGTERM."""
    with demo("--pace", "0", "--stay") as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        for line in process.stdout:
            if "nothing was lost" in line:
                break
        with urlopen(address, timeout=10) as page:  # noqa: S310 - our own
            assert "A cluster that fails over" in page.read().decode()
        first = next(events(address))
        later = next(events(address, last=first[0] + 4))
        assert first[1] == {"kind": "step", "text": "Ann registers, and puts things into her cart"}
        assert later[0] == first[0] + 5
        started = children_of(process.pid)
        assert len(started) == 5

        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)

    assert process.returncode == 128 + signal.SIGINT
    deadline = time.monotonic() + 10
    while any(map(runs, started)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def events(address: str, last: int | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Return the events of the page, after a number."""
    request = Request(  # noqa: S310
        f"{address}events", headers={} if last is None else {"Last-Event-ID": str(last)}
    )
    with urlopen(request, timeout=10) as stream:  # noqa: S310 - our own
        number = -1
        for line in stream:
            name, _, value = line.decode().strip().partition(": ")
            if name == "id":
                number = int(value)
            elif name == "data":
                yield number, json.loads(value)


def test_a_program_that_is_missing_is_named() -> None:
    """With what to do; nothing is started."""
    with demo("--pace", "0", PATH="/nowhere") as process:
        said, complaints = process.communicate(timeout=PATIENCE)

    assert process.returncode == 2
    assert said == ""
    assert complaints.startswith("memcached-sessions: ")
    assert "is not installed" in complaints
    assert "make demo" in complaints


def test_a_port_that_is_taken_is_named() -> None:
    """The page's; the cluster ends."""
    with demo("--stay", "--pace", "0") as process:
        assert process.stdout is not None
        port = process.stdout.readline().split()[1].rpartition(":")[2].strip("/")
        with demo("--page-port", port) as second:
            _, complaints = second.communicate(timeout=PATIENCE)

    assert second.returncode == 2
    assert f"127.0.0.1:{port}" in complaints
