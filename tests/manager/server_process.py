"""A real web server on a free port of the loopback, as a process of its own.

Invariant: only processes that were started here are ever signalled, as one group of their own.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from free_port import free_port

PATIENCE = 20.0
"""Seconds after which a server that should have begun, answered or ended has not."""


def settings_in_environment(settings: Mapping[str, object]) -> dict[str, str]:
    """Return settings of a manager as `SessionManager.from_env` reads them."""
    return {f"MEMCACHED_SESSIONS_{name.upper()}": str(value) for name, value in settings.items()}


class ServerProcess:
    """One server. It is being started when this is made, and listens when its block begins.

    Parameters
    ----------
    command
        The server's module and its arguments, without the address: ``"gunicorn --threads 8 serving_wsgi:application"``.
        A module that is neither gunicorn nor uvicorn takes a port.
    folder
        Where it works, and finds its application.
    environ
        Its environment, beside that of the tests.
    port
        Of the loopback; None: any that is free.
    """

    def __init__(self, command: str, folder: Path, environ: Mapping[str, str], port: int | None = None) -> None:
        self.port = free_port() if port is None else port
        module, *arguments = command.split()
        address = {
            "gunicorn": ["--log-level=warning", f"--bind=127.0.0.1:{self.port}", "--no-control-socket"],
            "uvicorn": ["--log-level=warning", "--host=127.0.0.1", f"--port={self.port}"],
        }.get(module, [f"--port={self.port}"])
        self._printed = TemporaryFile()  # noqa: SIM115 - closed at the end of the block
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *address, *arguments],
            cwd=folder,
            env=os.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=self._printed,
            stderr=self._printed,
            start_new_session=True,  # a process group of its own
        )

    def __enter__(self) -> Self:
        try:
            self.wait_until_it_listens()
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
        """What it has said to its terminal, if it had one."""
        self._printed.seek(0)
        return self._printed.read().decode()

    def wait_until_it_listens(self) -> None:
        """Wait until somebody listens on its port."""
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, f"the server does not listen after {PATIENCE} s: {self.printed}"
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"the server ended with {self._process.returncode}: {self.printed}")

    def terminate(self) -> None:
        """Tell its first process to end, as a supervisor does."""
        self._process.terminate()

    def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill all its processes at once; those of a server that has ended by itself have ended before it."""
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
