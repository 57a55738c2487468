"""A real web server on a free port of the loopback, and what a browser says to it.

Invariant: only processes that were started here are ever signalled, as one group of their own.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

from free_port import free_port
from web.exchanges import Answer

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""


class RealServer:
    """One server, which answers when its block begins.

    Parameters
    ----------
    command
        The server's module and its arguments, without the address: ``"gunicorn --threads 8 serving_wsgi:application"``.
    settings
        Of the manager.
    """

    def __init__(self, command: str, **settings: object) -> None:
        self.port = free_port()
        module, *arguments = command.split()
        address = ["--host=127.0.0.1", f"--port={self.port}"]
        if module == "gunicorn":
            address = [f"--bind=127.0.0.1:{self.port}", "--no-control-socket"]
        self._printed = TemporaryFile()  # noqa: SIM115 - closed at the end of the block
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, "--log-level=warning", *address, *arguments],
            cwd=Path(__file__).parent,
            env=os.environ | {f"MEMCACHED_SESSIONS_{name.upper()}": str(value) for name, value in settings.items()},
            stdin=subprocess.DEVNULL,
            stdout=self._printed,
            stderr=self._printed,
            start_new_session=True,  # a process group of its own
        )

    def __enter__(self) -> Self:
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
        self._printed.close()

    @property
    def printed(self) -> str:
        """What it has said to its terminal."""
        self._printed.seek(0)
        return self._printed.read().decode()

    def terminate(self) -> None:
        """Tell its first process to end, as a supervisor does."""
        self._process.terminate()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill all its processes at once; those of a server that has ended by itself have ended before it."""
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None:
            try:
                Browser(self.port).ask("/nothing")
            except (ConnectionError, http.client.HTTPException):
                assert time.monotonic() < deadline, f"the server does not answer after {PATIENCE} s: {self.printed}"
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"the server ended with {self._process.returncode}: {self.printed}")


@dataclass
class Browser:
    """Sends requests, each by a connection of its own so that any process may get it, and keeps the session cookie."""

    port: int
    cookie: str | None = None

    @property
    def sid(self) -> str:
        """The constant part of its id."""
        return (self.cookie or "")[:32]

    @property
    def headers(self) -> dict[str, str]:
        """What it sends of its cookie."""
        return {"Cookie": f"id={self.cookie}"} if self.cookie else {}

    def ask(self, path: str, **headers: str) -> Answer:
        """Send a request and read the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=self.headers | headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        said = answer.set_cookie
        if said:
            self.cookie = said.partition(";")[0].partition("=")[2] or None
        return answer

    def json(self, path: str) -> Any:
        """Send a request, and return what the response says."""
        answer = self.ask(path)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def hang_up(self, path: str) -> bytes:
        """Send a request, and close the connection when the body has begun; return what had come."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            cookie = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\n{cookie}\r\n".encode())
            received = b""
            while b"begun" not in received:
                more = connection.recv(65536)
                assert more, received
                received += more
            return received
