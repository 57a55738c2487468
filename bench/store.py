"""The memcached that the comparison runs on: a real one, started for the run and stopped with it.

It listens on the loopback, where every user of the machine can read what is in it; one that is private has a UNIX
socket instead, in a folder that only this user can look into. An address is what the session manager calls a node by:
``127.0.0.1:11211``, or ``unix:/path``.

Where there is no memcached on the machine a store in memory takes its place, and says so by its kind. Invariant: the
process is stopped by its own pid on every way out, and nothing is ever written to a memcached that is not ours.
"""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from pymemcache.client.base import Client  # pyright: ignore[reportMissingTypeStubs]
from pymemcache.exceptions import MemcacheError  # pyright: ignore[reportMissingTypeStubs]

START_TIMEOUT = 5.0
"""Seconds that a memcached may take until it answers."""

OPERATION_TIMEOUT = 5.0
"""Seconds that one command may take: far more than any, so a run ends instead of hanging."""

LOOPBACK = "127.0.0.1"

_ATTEMPTS = 5

_UNIX = "unix:"

_USER = "nobody"
"""As whom memcached runs where we are root."""


class SessionStore(Protocol):
    """The two commands that the comparison uses, as pymemcache's client has them."""

    def set(self, key: str, value: bytes, /) -> object:
        """Keep bytes under a key; an error if that is not possible."""
        ...

    def get(self, key: str, /) -> bytes | None:
        """Return the bytes of a key, None if there are none."""
        ...


class MemoryStore:
    """Bytes in this process.

    >>> store = MemoryStore()
    >>> store.set("a", b"1")
    >>> store.get("a"), store.get("b")
    (b'1', None)
    """

    def __init__(self) -> None:
        self._values: dict[str, bytearray] = {}

    def set(self, key: str, value: bytes, /) -> None:
        """Keep a copy of the bytes, as a server does."""
        self._values[key] = bytearray(value)

    def get(self, key: str, /) -> bytes | None:
        """Return a new copy of the bytes, as a server does."""
        value = self._values.get(key)
        return None if value is None else bytes(value)


@dataclass(frozen=True)
class Store:
    """A running store and what it is."""

    kind: str
    """``"memcached"`` or ``"memory"``."""
    version: str
    """Of the server, and what it listens on if not on TCP; empty for a store in memory."""
    sessions: SessionStore
    address: str | None = None
    """Of the server; None for a store in memory."""
    process: int | None = None
    """The id of the server's process; None for a store in memory."""


@contextmanager
def connected(address: str | None) -> Generator[SessionStore, None, None]:
    """Connect to the store of a run from another process.

    Parameters
    ----------
    address
        As `Store.address` says; None: a store in memory of this process.
    """
    if address is None:
        yield MemoryStore()
        return
    client = _client(address)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def open_store(*, private: bool = False) -> Generator[Store, None, None]:
    """Run a memcached for as long as the context lasts.

    Without a memcached on the ``PATH`` the store is in memory.

    Parameters
    ----------
    private
        Whether it must not be read by other users of the machine. Round trips are then faster than over TCP.

    Raises
    ------
    RuntimeError
        There is a memcached, and it does not start; the message holds what it printed.
    """
    # 8 MB items: the largest sessions of the workloads exceed the default of 1 MB in no format, those of users may.
    with _running_memcached("-m", "256", "-I", "8m", private=private) as running:
        if running is None:
            yield Store("memory", "", MemoryStore())
        else:
            client, address, process = running
            version = client.version().decode() + (" on a UNIX socket" if private else "")
            yield Store("memcached", version, client, address, process)


@contextmanager
def memcached(*arguments: str, private: bool = False) -> Generator[str | None, None, None]:
    """Run a memcached of its own, and give its address; None where there is no memcached on the ``PATH``.

    Parameters
    ----------
    arguments
        Of its command line; without any it has its default settings.
    private
        Whether it must not be read by other users of the machine.

    Raises
    ------
    RuntimeError
        It does not start; the message holds what it printed.
    """
    with _running_memcached(*arguments, private=private) as running:
        yield None if running is None else running[1]


def connection_to(address: str) -> socket.socket:
    """Connect to a memcached by its address."""
    if address.startswith(_UNIX):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(OPERATION_TIMEOUT)
        connection.connect(address.removeprefix(_UNIX))
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), OPERATION_TIMEOUT)


@contextmanager
def _running_memcached(*arguments: str, private: bool) -> Generator[tuple[Client, str, int] | None, None, None]:
    program = shutil.which("memcached")
    if program is None:
        yield None
        return
    with ExitStack() as stack:
        folder = stack.enter_context(_private_folder()) if private else None
        with _signals_postponed():
            process, client, address = _started(program, arguments, folder)
            stack.callback(_stop, process)
            stack.callback(client.close)
        yield client, address, process.pid


@contextmanager
def _private_folder() -> Generator[Path, None, None]:
    with TemporaryDirectory(prefix="session-bench-") as name:  # with the mode 0700
        if os.geteuid() == 0:
            shutil.chown(name, _USER)  # which memcached makes its socket as
        yield Path(name)


@contextmanager
def _signals_postponed() -> Generator[None, None, None]:
    """Let signals that end the run wait: between starting a process and noting it, one would leave it behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread
        return
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for number in arrived:
            signal.raise_signal(number)


def _started(
    program: str, arguments: Sequence[str], folder: Path | None
) -> tuple[subprocess.Popen[bytes], Client, str]:
    complaint = ""
    for _ in range(_ATTEMPTS):
        address = f"{_UNIX}{folder}/memcached" if folder else f"{LOOPBACK}:{_free_port()}"
        # A session of its own: an interrupt from the terminal reaches us alone, and we stop it in order.
        process = subprocess.Popen(  # noqa: S603 - a program that the PATH named, without a shell
            _command(program, address, arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        client = _client(address)
        try:
            if _answers(process, client):
                return process, client, address
        except BaseException:
            _stop(process)
            raise
        client.close()
        complaint = _stop(process)
    raise RuntimeError(f"{program} did not start in {_ATTEMPTS} attempts: {complaint or 'it printed nothing'}")


def _client(address: str) -> Client:
    return Client(
        address,
        connect_timeout=OPERATION_TIMEOUT,
        timeout=OPERATION_TIMEOUT,
        no_delay=True,
        default_noreply=False,
    )


def _command(program: str, address: str, arguments: Sequence[str]) -> list[str]:
    if address.startswith(_UNIX):
        command = [program, "-s", address.removeprefix(_UNIX), "-a", "0700", *arguments]
    else:
        command = [program, "-l", LOOPBACK, "-p", address.rpartition(":")[2], "-U", "0", *arguments]
    return [*command, "-u", _USER] if os.geteuid() == 0 else command


def _answers(process: subprocess.Popen[bytes], client: Client) -> bool:
    """Whether this very process answers: another may have taken the port between our look and its start."""
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            # pymemcache declares the result of stats, and not its parameters
            return client.stats()[b"pid"] == process.pid  # pyright: ignore[reportUnknownMemberType]
        except (OSError, MemcacheError):
            time.sleep(0.01)
    return False


def _stop(process: subprocess.Popen[bytes]) -> str:
    """End a process, and return what it printed."""
    process.terminate()
    try:
        _, printed = process.communicate(timeout=START_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        _, printed = process.communicate()
    return printed.decode(errors="replace").strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]
