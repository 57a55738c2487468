"""What `docs/` shows as Python runs, on real nodes in place of those that it names."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import prometheus_client
import pytest
from memcached_process import StartMemcached, node_list

from memcached_sessions import SessionManager

DOCUMENTS = Path(__file__).parents[2] / "docs"
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Worker:
    """A worker of gunicorn, as far as a hook needs one."""

    def __init__(self) -> None:
        self.pid = 7
        self.log = self
        self.said: list[str] = []

    def info(self, text: str, *values: object) -> None:
        """Note what is logged."""
        self.said.append(text % values)

    warning = info


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The servers of metrics that were started, which end with the test."""
    started: list[Any] = []
    start = prometheus_client.start_http_server

    def noted(*arguments: Any, **options: Any) -> None:
        started.append(start(*arguments, **options))

    monkeypatch.setattr(prometheus_client, "start_http_server", noted)
    monkeypatch.setattr(prometheus_client, "REGISTRY", prometheus_client.CollectorRegistry())
    yield started
    for server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize(("document", "blocks"), [("monitoring.md", 3), ("operations.md", 3)])
def test_the_python_of_a_document_runs(start_memcached: StartMemcached, document: str, blocks: int) -> None:
    """One block after the other, with a manager that is there."""
    nodes = [start_memcached() for _ in range(3)]
    found = PYTHON.findall((DOCUMENTS / document).read_text())
    managers = [SessionManager(node_list(nodes[:2]))]
    names: dict[str, Any] = {"SessionManager": SessionManager, "manager": managers[0]}
    try:
        for block in found:
            block = re.sub(r"10\.0\.0\.(\d):11211", lambda it: f"127.0.0.1:{nodes[int(it[1]) - 1].port}", block)
            exec(block, names)  # noqa: S102 - it is ours
            managers.append(names["manager"])
    finally:
        for manager in managers:
            manager.close()
    assert len(found) == blocks


def test_each_worker_of_gunicorn_has_its_metrics_on_a_port_of_its_own(servers: list[Any]) -> None:
    """The first that is free; one that finds none says so, and serves."""
    (hook,) = (block for block in PYTHON.findall((DOCUMENTS / "monitoring.md").read_text()) if "post_fork" in block)
    names: dict[str, Any] = {}
    exec(hook, names)  # noqa: S102 - it is ours
    names["FIRST_PORT"], names["PORTS"] = _two_free_ports(), 2
    worker = Worker()

    for _ in range(3):
        names["post_fork"](None, worker)

    ports = [server.server_port for server, _ in servers]
    assert ports == [names["FIRST_PORT"], names["FIRST_PORT"] + 1]
    assert [text.partition(" ")[0] for text in worker.said] == ["metrics", "metrics", "no"]
    for port in ports:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
            assert b"# HELP" in reply.read()


def _two_free_ports() -> int:
    """Return the first of two ports that follow each other and are free."""
    for first in range(21_000, 31_000, 2):
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", first)),
            socket.create_server(("127.0.0.1", first + 1)),
        ):
            return first
    pytest.fail("no two free ports")
