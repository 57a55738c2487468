"""An application under its real server, and a browser that visits it over HTTP.

Invariant: only processes that were started here are ever signalled, as one group of their own.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from free_port import free_port

PATIENCE = 30.0
"""Seconds after which a server should have begun or answered."""

PATIENT = {"connect_timeout": 10, "operation_timeout": 10, "session_backup_timeout": 10}
"""Settings for a machine with more to do than it can: a node that is slow is not down."""

TESTS = Path(__file__).parent.parent


class Served:
    """A server of one application; it answers when its block begins.

    Parameters
    ----------
    command
        Its module and arguments: ``"gunicorn --workers 4"``.
    application
        ``"web.flask_server:app"``.
    environ
        Its environment, beside that of the tests.
    """

    def __init__(self, command: str, application: str, **environ: object) -> None:
        self.port = free_port()
        module, *arguments = command.split()
        address = f"--host=127.0.0.1 --port={self.port}"
        if module == "gunicorn":
            address = f"--bind=127.0.0.1:{self.port} --no-control-socket"
        self._printed = TemporaryFile()  # noqa: SIM115 - closed at the end of the block
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, *address.split(), application],
            cwd=TESTS,
            env=os.environ | {"PYTHONPATH": str(TESTS)} | {name: str(value) for name, value in environ.items()},
            stdin=subprocess.DEVNULL,
            stdout=self._printed,
            stderr=self._printed,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return self
        self.kill()
        self._printed.seek(0)
        raise AssertionError(f"the server does not listen: {self._printed.read().decode()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
        self._printed.close()

    def kill(self) -> None:
        """Kill all its processes at once, as a crash of the machine does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@dataclass
class Browser:
    """A visitor of servers that share a host name; it keeps cookies."""

    cookies: dict[str, str] = field(default_factory=dict[str, str])
    workers: list[str] = field(default_factory=list[str])
    """Who has answered."""

    def get(self, server: Served, path: str) -> str:
        """Return the body of a page, which has to be there."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        try:
            header = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request("GET", path, headers={"Cookie": header} if header else {})
            response = connection.getresponse()
            body = response.read().decode()
        finally:
            connection.close()
        assert response.status == 200, f"{response.status}: {body}"
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        self.workers.append(response.headers["X-Worker"])
        return body

    @property
    def session_id(self) -> str:
        """The id in its cookie, whatever that is called."""
        return self.cookies.get("session") or self.cookies["sessionid"]
