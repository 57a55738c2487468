"""A real memcached as a test wants it: on a free port of the loopback, frozen, resumed, killed, started again.

Invariant: only the process that was started here is ever signalled, by its own pid.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from free_port import free_port

START_TIMEOUT = 5.0
"""Seconds that a memcached may take until it listens, or until it has ended."""

Address = tuple[str, int] | str
StartMemcached = Callable[..., "MemcachedProcess"]
"""Starts a memcached for one test; takes what `MemcachedProcess` takes."""


def node_list(nodes: Iterable["MemcachedProcess"]) -> str:
    """Return processes as the setting ``memcached_nodes`` names them: ``n1``, ``n2`` and so on."""
    return ports_as_nodes(node.port for node in nodes)


def ports_as_nodes(ports: Iterable[int]) -> str:
    """Return ports of the loopback, as `node_list` does; behind them may be something between."""
    return " ".join(f"n{number}:127.0.0.1:{port}" for number, port in enumerate(ports, 1))


class MemcachedProcess:
    """One memcached. It is made stopped; `start` and `stop` may follow each other as often as wanted.

    Parameters
    ----------
    arguments
        More arguments of the program, such as ``"-C"``.
    host
        Where it listens.
    unix_socket
        The path where it listens instead; the folder has to let everybody write.
    """

    def __init__(self, *arguments: str, host: str = "127.0.0.1", unix_socket: str = "") -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.address: Address = unix_socket or (host, free_port(host))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()  # in order it takes most of a second

    @property
    def port(self) -> int:
        """The port of a server that listens on one."""
        assert isinstance(self.address, tuple)
        return self.address[1]

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers, on the address that it has had before."""
        program = shutil.which("memcached")
        assert program, "memcached is not on the PATH"
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [program, *self._listen(), *user, *self._arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.005)
        raise RuntimeError(f"memcached did not start: {self.kill()}")

    def stop(self) -> None:
        """End it as an administrator does, frozen or not."""
        if self._process:
            self._process.terminate()
            self.resume()
            self.kill(wait=START_TIMEOUT)

    def kill(self, *, wait: float = 0.0) -> str:
        """End it as a crash does, after so many seconds in which it may end by itself; return what it printed."""
        process, self._process = self._process, None
        if process is None:
            return ""
        try:
            _, printed = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            process.kill()
            _, printed = process.communicate()
        return printed.decode(errors="replace").strip()

    def restart(self) -> None:
        """Kill it and start it again on the same address, empty."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Have it do nothing, while the system still takes connections and bytes for it; return when it is so."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def say(self, request: bytes, end: bytes = b"\r\n") -> bytes:
        """Send a command over a connection of its own, and return the reply up to its end."""
        with self._connection() as connection:
            connection.sendall(request)
            reply = b""
            while not reply.endswith(end):
                received = connection.recv(65536)
                if not received:
                    break
                reply += received
            return reply

    def statistics(self, kind: str = "") -> dict[str, str]:
        """Return what ``stats`` says."""
        lines = self.say(f"stats {kind}".strip().encode() + b"\r\n", b"END\r\n").decode().split("\r\n")
        return dict(line.split(" ", 2)[1:] for line in lines if line.startswith("STAT "))

    def has_connections(self, number: int) -> bool:
        """Whether it has so many clients, or soon will: it notices a closed connection a moment later."""
        deadline = time.monotonic() + 1.0
        while int(self.statistics()["curr_connections"]) - 1 != number:  # the one that asks is among them
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def open_connections(self, command: Callable[[], object], number: int) -> None:
        """Have a client open so many connections and keep them, by as many commands that wait for their answers."""
        for _ in range(10):
            self.freeze()
            with ThreadPoolExecutor(number) as threads:
                pending = [threads.submit(command) for _ in range(number)]
                time.sleep(0.05)
                self.resume()
                wait(pending)
            if self.has_connections(number):
                return
        raise AssertionError(f"{number} connections cannot be had")

    def flush(self) -> None:
        """Have it lose all items; its count of CAS goes on."""
        assert self.say(b"flush_all\r\n") == b"OK\r\n"

    def _listen(self) -> list[str]:
        if isinstance(self.address, str):
            return ["-s", self.address, "-a", "777"]
        return ["-l", self.address[0], "-p", str(self.address[1]), "-U", "0"]

    def _answers(self) -> bool:
        """Whether this very process does: another may have taken the port between our look and its start."""
        try:
            if {"-Y", "-Z"} & set(self._arguments):  # says nothing to strangers
                self._connection().close()
                return True
            return self.statistics().get("pid") == str(self.pid)
        except OSError:
            return False

    def _connection(self) -> socket.socket:
        if isinstance(self.address, tuple):
            return socket.create_connection(self.address, timeout=START_TIMEOUT)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(START_TIMEOUT)
        try:
            connection.connect(self.address)
        except BaseException:
            connection.close()
            raise
        return connection
