"""One connection: deadlines, replies in pieces, and that it is closed whenever anything went wrong."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memcached_process import MemcachedProcess
from pymemcache.exceptions import (
    MemcacheClientError,
    MemcacheError,
    MemcacheServerError,
    MemcacheUnexpectedCloseError,
    MemcacheUnknownCommandError,
    MemcacheUnknownError,
)
from scripted_server import ScriptedServer, Step

from memcached_sessions.manager.stores.dialing import Dialer
from memcached_sessions.manager.stores.meta_client import ClosedUnansweredError, MetaClient
from memcached_sessions.manager.stores.meta_commands import SETTINGS, Command, add_command, get_command, set_command
from memcached_sessions.manager.stores.store import Outcome

GET = get_command("k", value=True, touch=None, renew=False)
STATE = get_command("k", value=False, touch=None, renew=False)
HELLO = b"VA 5 c7 f0 t-1\r\nhello\r\n"
Connect = Callable[[tuple[str, int] | str], MetaClient]


def soon(seconds: float = 2.0) -> float:
    """Return a deadline."""
    return time.monotonic() + seconds


def test_commands_and_pymemcaches_own_share_a_connection(shared_memcached: MemcachedProcess, connect: Connect) -> None:
    """It is a client of pymemcache with more commands."""
    client = connect(shared_memcached.address)

    assert client.ask(set_command("shared", b"value", flags=0, ttl=60), soon()).outcome is Outcome.STORED
    assert client.get("shared") == b"value"
    client.close()
    assert client.get("shared") == b"value"


def test_the_settings_of_a_real_server_are_read(shared_memcached: MemcachedProcess, connect: Connect) -> None:
    """They are many lines, and the connection is in step afterwards."""
    client = connect(shared_memcached.address)

    assert client.ask(SETTINGS, soon())["item_size_max"] == "1048576"
    assert client.ask(get_command("none", value=True, touch=None, renew=False), soon()) is None


def test_a_command_on_a_closed_connection_is_an_error(shared_memcached: MemcachedProcess, connect: Connect) -> None:
    """It does not open one behind the back of who counts them."""
    client = connect(shared_memcached.address)
    client.close()

    with pytest.raises(MemcacheUnexpectedCloseError, match="not open"):
        client.ask(GET, soon())


@pytest.mark.parametrize(
    ("command", "first", "dripping"),
    [
        (GET, b"", HELLO),
        (GET, b"VA 9 c7 f0 t-1\r\n", b"good day!\r\n"),
        (STATE, b"", b"HD c7 f0 t-1\r\n"),
        (SETTINGS, b"STAT pid 7\r\n", b"STAT item_size_max 1048576\r\nEND\r\n"),
    ],
    ids=["line", "value", "state", "settings"],
)
def test_a_server_that_drips_bytes_does_not_prolong_the_deadline(
    connect: Connect, command: Command[object], first: bytes, dripping: bytes
) -> None:
    """pymemcache would wait its timeout anew for each byte."""
    drips: list[Step] = [first, *(step for byte in dripping for step in (bytes([byte]), 0.15))]
    with ScriptedServer(drips, settings=None) as server:
        client = connect(server.address)
        began = time.monotonic()

        with pytest.raises(TimeoutError, match=r"no answer within 0\.3 s"):
            client.ask(command, soon(0.3))

    assert 0.25 < time.monotonic() - began < 1.0
    assert client.sock is None


def test_a_server_that_does_not_read_does_not_prolong_the_deadline(connect: Connect) -> None:
    """A large value fills all buffers on the way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = connect(listener.getsockname())
        began = time.monotonic()

        with pytest.raises(TimeoutError):
            client.ask(add_command("k", bytes(30_000_000), flags=0, ttl=None), soon(0.3))

    assert 0.25 < time.monotonic() - began < 1.0
    assert client.sock is None


def test_a_server_that_reads_little_by_little_does_not_prolong_the_deadline(connect: Connect) -> None:
    """Each part that it takes must not give the rest a new timeout."""
    enough = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        client = connect(listener.getsockname())
        connection, _ = listener.accept()

        def sip() -> None:
            while not enough.wait(0.05) and connection.recv(500_000):
                pass

        sipping = threads.submit(sip)
        command = add_command("k", bytes(50_000_000), flags=0, ttl=None)
        began = time.monotonic()

        with connection, pytest.raises(TimeoutError):
            client.ask(command, soon(0.4))
        lasted = time.monotonic() - began
        enough.set()
        sipping.result()

    assert 0.35 < lasted < 1.5


def test_a_deadline_that_has_passed_sends_nothing(connect: Connect) -> None:
    """The command has used its time up before, by waiting for a connection."""
    with ScriptedServer([HELLO]) as server:
        client = connect(server.address)

        with pytest.raises(TimeoutError):
            client.ask(GET, time.monotonic() - 0.001)
        client.connect()
        client.ask(GET, soon())

    assert server.requests == [b"mg k v c f t"]


@given(cuts=st.lists(st.integers(0, 60), max_size=8), value=st.binary(max_size=40))
@settings(max_examples=40, deadline=None)
def test_a_reply_in_any_pieces_is_the_same(cuts: list[int], value: bytes) -> None:
    """Line ends and values may be cut anywhere."""
    reply = b"VA %d c7 f1 t60\r\n%b\r\n" % (len(value), value)
    borders = sorted({0, *cuts, len(reply)})
    pieces: list[Step] = [step for start, end in pairwise(borders) for step in (reply[start:end], 0.0005)]
    with ScriptedServer(pieces) as server:
        client = MetaClient(Dialer(server.address, connect_timeout=2.0, tls_context=None), timeout=2.0)
        client.connect()
        item = client.ask(GET, soon())
        client.close()

    assert item
    assert (item.value, item.flags, item.ttl) == (value, 1, 60)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"\r\n", MemcacheUnknownError),
        (b"\x00\x01\xff\r\n", MemcacheUnknownError),
        (b"END\r\n", MemcacheUnknownError),
        (b"HD c7 f0 t-1\r\n", MemcacheUnknownError),
        (b"VA\r\n", MemcacheUnknownError),
        (b"VA five c7 f0 t-1\r\nhello\r\n", MemcacheUnknownError),
        (b"VA -5 c7 f0 t-1\r\nhello\r\n", MemcacheUnknownError),
        (b"VA 4 c7 f0 t-1\r\nhello\r\n", MemcacheUnknownError),
        (b"VA 5 c7 f0 t-1\r\nhello!!", MemcacheUnknownError),
        (b"VA 4097 c7 f0 t-1\r\n" + bytes(4097) + b"\r\n", MemcacheUnknownError),
        (b"VA 9999999999 c7 f0 t-1\r\nhello\r\n", MemcacheUnknownError),
        (b"VA 5 f0 t-1\r\nhello\r\n", MemcacheUnknownError),
        (b"STAT pid 7\r\nEND\r\n", MemcacheUnknownError),
        (b"x" * 70_000, MemcacheUnknownError),
        (HELLO + b"EN\r\n", MemcacheUnknownError),
        (HELLO + b"x", MemcacheUnknownError),
        (b"EN\r\nERROR\r\n", MemcacheUnknownError),
        (b"ERROR\r\n", MemcacheUnknownCommandError),
        (b"CLIENT_ERROR bad command line format\r\n", MemcacheClientError),
        (b"SERVER_ERROR out of memory\r\n", MemcacheServerError),
        (b"ERROR Too many open connections\r\n", MemcacheServerError),
    ],
)
def test_an_answer_that_is_none_closes_the_connection(
    connect: Connect, reply: bytes, kind: type[MemcacheError]
) -> None:
    """What follows on it could be anything."""
    with ScriptedServer([reply]) as server:
        client = connect(server.address)

        with pytest.raises(kind) as caught:
            client.ask(GET, soon())

    assert type(caught.value) is kind
    assert client.sock is None


def test_a_connection_closed_without_an_answer_is_told_from_one_closed_in_mid_answer(connect: Connect) -> None:
    """Only the first may be tried again on another connection."""
    with ScriptedServer([None], [b"VA 5 c7", 0.05, None], [b"VA 5 c7 f0 t-1\r\nhel", 0.05, None]) as server:
        with pytest.raises(ClosedUnansweredError):
            connect(server.address).ask(GET, soon())
        for _ in range(2):
            with pytest.raises(MemcacheUnexpectedCloseError, match="in the middle of an answer") as caught:
                connect(server.address).ask(GET, soon())
            assert not isinstance(caught.value, ClosedUnansweredError)


def test_a_connection_to_a_server_that_was_killed_is_closed_without_an_answer(
    memcached: MemcachedProcess, connect: Connect
) -> None:
    """Whether the system says so at sending or at receiving."""
    clients = [connect(memcached.address) for _ in range(3)]
    memcached.kill()

    for client in clients:
        with pytest.raises(ClosedUnansweredError):
            client.ask(set_command("k", bytes(100_000), flags=0, ttl=None), soon())
        assert client.sock is None


@pytest.mark.parametrize("takes_the_command", [True, False])
def test_a_connection_that_was_reset_is_closed_without_an_answer(connect: Connect, *, takes_the_command: bool) -> None:
    """As by a firewall, or by a system whose server has died with bytes unread."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        client = connect(listener.getsockname())

        def reset() -> None:
            connection, _ = listener.accept()
            if takes_the_command:
                connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        resetting = threads.submit(reset)
        if not takes_the_command:
            resetting.result()

        with pytest.raises(ClosedUnansweredError) as caught:
            client.ask(GET, soon())

    assert isinstance(caught.value.__cause__, ConnectionResetError)
    assert client.sock is None


class ClosedTls(socket.socket):
    """A TLS connection that the other end has closed, as some versions of OpenSSL tell it to who sends."""

    def __init__(self, error: type[ssl.SSLError]) -> None:
        super().__init__()
        self._error = error

    def send(self, *_: object) -> int:
        """Fail."""
        raise self._error


@pytest.mark.parametrize("error", [ssl.SSLEOFError, ssl.SSLZeroReturnError])
def test_a_closed_tls_connection_is_closed_without_an_answer(
    shared_memcached: MemcachedProcess, connect: Connect, error: type[ssl.SSLError]
) -> None:
    """Its errors are no `ConnectionError`; which of them comes is OpenSSL's choice, so they are made here."""
    client = connect(shared_memcached.address)
    client.close()
    client.sock = ClosedTls(error)

    with pytest.raises(ClosedUnansweredError):
        client.ask(GET, soon())

    assert client.sock is None


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interrupt_in_mid_command_closes_the_connection(
    shared_memcached: MemcachedProcess, connect: Connect, interrupt: type[BaseException]
) -> None:
    """Else the next command would read this one's reply."""

    def interrupted(_line: bytes, _block: bytes | None, _generation: str) -> None:
        raise interrupt

    client = connect(shared_memcached.address)

    with pytest.raises(interrupt):
        client.ask(Command(b"mn\r\n", interrupted), soon())

    assert client.sock is None
