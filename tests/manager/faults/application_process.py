"""Applications (`application`) as a test wants them: started, asked, killed; and clients with their cookies."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PROGRAM = Path(__file__).with_name("application.py")

PATIENCE = 20.0
"""Seconds for which a reply is waited for: a request that hangs fails its test."""


class ApplicationProcess:
    """One application; it has started to start when this returns.

    Parameters
    ----------
    nodes, route, settings
        Of its manager.
    workers
        How many processes it forks, each with a port of its own; 0: it serves itself.
    own_managers
        Each worker makes its own manager, instead of being forked from a process that has it.
    """

    def __init__(
        self, nodes: str, route: str, *, workers: int = 0, own_managers: bool = False, **settings: object
    ) -> None:
        options = [f"--setting={name}={json.dumps(value)}" for name, value in settings.items()]
        options += [f"--workers={workers}", *(["--own-managers"] if own_managers else [])]
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), nodes, route, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._hello: dict[str, list[int]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Of the process that was started here."""
        return self._process.pid

    @property
    def ports(self) -> list[int]:
        """Where it listens, one port for each process that serves; waits until it does."""
        return self._said_hello()["ports"]

    @property
    def processes(self) -> list[int]:
        """The processes that serve."""
        return self._said_hello()["processes"]

    def _said_hello(self) -> dict[str, list[int]]:
        if self._hello is None:
            assert self._process.stdout
            line = self._process.stdout.readline()
            assert line, f"the application ended with {self._process.wait()} before it served"
            self._hello = json.loads(line)
        assert self._hello
        return self._hello

    def die(self) -> None:
        """Be killed at once, whoever else is doing what; for the thread that watches its progress."""
        os.kill(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill it, if it lives, and wait for its end; its workers end with it."""
        if self._process.returncode is None:
            self._process.kill()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Client:
    """A connection to one process of an application."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, cookie: str | None, do: str, **more: object) -> dict[str, Any]:
        """Return the reply to a request; its ``attributes`` are what the session held.

        Raises
        ------
        ConnectionError
            The process died before it had replied.
        """
        self._socket.sendall(json.dumps({"id": cookie, "do": do, **more}).encode() + b"\n")
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the application died")
        reply = json.loads(line)
        assert "error" not in reply, reply["error"]
        reply["attributes"] = json.loads(reply["attributes"])
        return reply


def cookie_after(reply: dict[str, Any], before: str | None) -> str | None:
    """Return the cookie that a browser has after a reply.

    A reply may not delete it: no test here ends a session.
    """
    assert reply["cookie"]["kind"] != "delete", reply
    return reply["cookie"]["value"] if reply["cookie"]["kind"] == "set" else before
