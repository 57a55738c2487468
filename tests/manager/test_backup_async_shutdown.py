"""Processes that end in order lose nothing: web servers that get SIGTERM, and programs that just end.

Real gunicorn and uvicorn. Where a test is to show that the end flushes, the node is frozen while the last requests are
answered, so that their sessions are stored after the process was told to end, or never; that such a death loses them
is shown too.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Self

import pytest
from faults.application import after_updates
from faults.browsers import Browsers
from faults.patient_onlooker import found_with_patience
from faults.web_server import WebServer
from memcached_process import MemcachedProcess, node_list

StartMemcached = Callable[..., MemcachedProcess]

SERVERS = {
    "gunicorn": "gunicorn --workers=2",
    "gunicorn, preloaded": "gunicorn --workers=2 --preload",
    "gunicorn with threads": "gunicorn --workers=2 --worker-class=gthread --threads=4",
    "gunicorn with threads, preloaded": "gunicorn --workers=2 --worker-class=gthread --threads=4 --preload",
    "uvicorn": "uvicorn",
    "uvicorn, two workers": "uvicorn --workers=2",
}
PATIENT: dict[str, float] = {"operation_timeout": 10.0, "session_backup_timeout": 10.0}
"""A node that does not answer for a moment is waited for, and not taken for one that is down."""
WAITING = 40
"""Responses that are waited for while the node does nothing."""
FROZEN = 0.4
"""Seconds until the node goes on."""
SIGNAL_TAKES = {SERVERS["uvicorn, two workers"]: 0.6}
"""Seconds until the workers have the signal, where their master looks for signals twice a second."""
SECONDS_TO_END = 5.0
"""For which a process that ends tries to store what is left, as `SessionManager.close` says."""
SLACK = 5.0
"""Seconds that commands under way and a busy machine may add."""
PROGRAM = Path(__file__).parent / "faults" / "leaving.py"
WAYS = {"fall off the end": 0, "close": 0, "exit with 3": 3, "raise": 1, "leave a thread behind": 0}
"""How a program may end, and its exit code then."""


@pytest.mark.parametrize("server", ["gunicorn, preloaded", "gunicorn with threads", "uvicorn, two workers"])
def test_a_server_that_is_told_to_end_loses_nothing_that_it_has_answered(
    start_memcached: StartMemcached, server: str
) -> None:
    """SIGTERM while requests change sessions in both workers: what each complete response said is on the nodes."""
    nodes = node_list([start_memcached(), start_memcached()])
    with browsing(SERVERS[server], nodes) as (process, browsers):
        browsers.wait_for(150, processes=2)
        end(process, browsers)
    assert lost_attributes(nodes, browsers) == {}


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS)
def test_a_server_that_is_told_to_end_stores_what_waits_for_a_node(memcached: MemcachedProcess, command: str) -> None:
    """The node does nothing when the signal comes, and for a moment after it."""
    nodes = node_list([memcached])
    with browsing(command, nodes, **PATIENT) as (server, browsers):
        browsers.wait_for(50, processes=2 if "workers" in command else 1)
        let_changes_wait(memcached, browsers)
        Timer(FROZEN + SIGNAL_TAKES.get(command, 0), memcached.resume).start()
        end(server, browsers)
    assert lost_attributes(nodes, browsers) == {}


@pytest.mark.parametrize("command", ["gunicorn --workers=2", "uvicorn"])
def test_a_server_that_is_killed_loses_what_waits_for_a_node(memcached: MemcachedProcess, command: str) -> None:
    """So what the other tests find is what the end of a process does."""
    nodes = node_list([memcached])
    with browsing(command, nodes, **PATIENT) as (server, browsers):
        browsers.wait_for(50, processes=2 if "workers" in command else 1)
        let_changes_wait(memcached, browsers)
        browsers.server_ends.set()
        server.kill()
        memcached.resume()
    assert memcached.has_connections(0)
    assert len(lost_attributes(nodes, browsers)) > WAITING / 2


@pytest.mark.parametrize("way", WAYS)
def test_a_program_that_ends_by_itself_loses_nothing(memcached: MemcachedProcess, way: str) -> None:
    """Whatever ends it, and although nobody told the manager: its exit code is its own, and it says nothing of it."""
    nodes = node_list([memcached])
    with Program(nodes, way, **PATIENT) as program:
        memcached.freeze()
        ids = program.change_sessions()
        Timer(FROZEN, memcached.resume).start()
        printed = program.wait()
    assert program.exit_code == WAYS[way]
    assert ("LookupError: as it happens" in printed) == (way == "raise")
    assert printed.count("\n") == 0 or way == "raise"
    assert stored(nodes, ids) == [after_updates(number, 2) for number in range(len(ids))]


def test_a_program_that_ends_stores_again_what_the_nodes_have_lost(start_memcached: StartMemcached) -> None:
    """It asks several nodes for each session then, at a time when the interpreter begins no threads any more."""
    memcached = [start_memcached() for _ in range(3)]
    nodes = node_list(memcached)
    with Program(nodes, "fall off the end", **PATIENT) as program:
        for node in memcached:
            node.flush()
            node.freeze()
        ids = program.change_sessions()
        time.sleep(FROZEN)
        for node in memcached:
            node.resume()
        assert program.wait() == ""
    assert stored(nodes, ids) == [after_updates(number, 2) for number in range(len(ids))]


def test_a_program_that_ends_at_once_loses_what_waits_for_a_node(memcached: MemcachedProcess) -> None:
    """So what the others store they store at their end."""
    nodes = node_list([memcached])
    with Program(nodes, "exit at once", **PATIENT) as program:
        memcached.freeze()
        ids = program.change_sessions()
        program.wait()
        memcached.resume()
    assert memcached.has_connections(0)
    lost = [number for number, held in enumerate(stored(nodes, ids)) if held != after_updates(number, 2)]
    assert len(lost) > len(ids) / 2


def test_a_node_that_hangs_keeps_no_process_from_ending(memcached: MemcachedProcess) -> None:
    """Each of them gives up some seconds later."""
    nodes = node_list([memcached])
    with ExitStack() as stack:
        servers = [stack.enter_context(browsing(command, nodes)) for command in ("gunicorn", "uvicorn")]
        programs = [stack.enter_context(Program(nodes, way)) for way in ("fall off the end", "close")]
        let_changes_wait(memcached, *(browsers for _, browsers in servers))
        for program in programs:
            program.change_sessions()
        began = time.monotonic()
        for server, browsers in servers:
            browsers.server_ends.set()
            server.terminate()
        for server, _ in servers:
            server.wait()
        for program in programs:
            program.wait()
        took = time.monotonic() - began
    assert took < SECONDS_TO_END + SLACK


class Program:
    """The program `faults/leaving.py`.

    Parameters
    ----------
    nodes
        Of its manager.
    way
        How it will end.
    settings
        Of its manager.
    """

    def __init__(self, nodes: str, way: str, **settings: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), nodes, way, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.exit_code: int | None = None

    def __enter__(self) -> Self:
        """Wait until its first session is stored."""
        assert self._process.stdout
        assert self._process.stdout.readline() == "begun 0\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def change_sessions(self) -> list[str]:
        """Let it change sessions and end; return their ids when it has changed them."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def wait(self) -> str:
        """Wait until it has ended, and return what it has said meanwhile."""
        said, complained = self._process.communicate(timeout=SECONDS_TO_END + PATIENT["operation_timeout"] + SLACK)
        self.exit_code = self._process.returncode
        return said + complained


@contextmanager
def browsing(command: str, nodes: str, **settings: float) -> Generator[tuple[WebServer, Browsers]]:
    """Start a server and use it during a ``with`` block, after which it has ended."""
    with WebServer(command, memcached_nodes=nodes, session_backup_async=True, **settings) as server:
        browsers = Browsers(server.port)
        with browsers.browsing():
            try:
                yield server, browsers
            finally:
                browsers.server_ends.set()
                server.kill()
        assert "Traceback" not in server.printed, server.printed


def let_changes_wait(node: MemcachedProcess, *browsers: Browsers) -> None:
    """Freeze a node, and wait until so much was answered meanwhile that sessions wait for it."""
    for each in browsers:
        each.begin_only.set()
    time.sleep(0.1)  # the requests that ask the node have been answered then, or are answered when it goes on
    node.freeze()
    for each in browsers:
        each.wait_for(WAITING)


def end(server: WebServer, browsers: Browsers) -> None:
    """Tell a server to end, and wait until it has."""
    browsers.server_ends.set()
    server.terminate()
    server.wait()


def lost_attributes(nodes: str, browsers: Browsers) -> dict[str, set[str]]:
    """Return by session the attributes that were answered for and that no node has."""
    found = found_with_patience(nodes, browsers.acknowledged)
    missing = {
        sid: names - attributes.keys()
        for (sid, names), attributes in zip(browsers.acknowledged.items(), found, strict=True)
    }
    return {sid: names for sid, names in missing.items() if names}


def stored(nodes: str, ids: list[str]) -> list[dict[str, object]]:
    """Return what the nodes have of sessions."""
    return found_with_patience(nodes, ids)
