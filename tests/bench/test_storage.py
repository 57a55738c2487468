"""What a session takes in memcached is what a real memcached holds, and what really goes over the wire."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from memcached_sessions.bench.case import Case
from memcached_sessions.bench.each_case import Figures
from memcached_sessions.bench.envelope import KEY, SIGNING_KEY, envelope_of
from memcached_sessions.bench.floor import FLOOR
from memcached_sessions.bench.result import Storage
from memcached_sessions.bench.slabs import CountingClient
from memcached_sessions.bench.storage import GIB, storages
from memcached_sessions.bench.store import connection_to, memcached
from memcached_sessions.bench.workload import available_workloads
from memcached_sessions.manager import SessionManager
from memcached_sessions.manager.session_id import storage_key
from memcached_sessions.manager.stores.meta_commands import set_command
from memcached_sessions.serializers import get_serializer

MIB = 1 << 20
WORKLOADS = """
from memcached_sessions.bench.workload import Workload

def blob(size):
    return {"blob": "x" * size}

SMALL = Workload("small", "", None, lambda: blob(700))
LARGE = Workload("large", "", None, lambda: blob(600_000))
TOO_LARGE = Workload("too-large", "", None, lambda: blob(1_100_000))
MANY = Workload("many", "", None, lambda: [blob(700), blob(700), blob(600_000)], population=True)
HOPELESS = Workload("hopeless", "", None, lambda: [blob(700), blob(1_100_000)], population=True)
"""
ENTRY_POINTS = """[memcached_sessions.workloads]
small = plugin_blobs:SMALL
large = plugin_blobs:LARGE
too-large = plugin_blobs:TOO_LARGE
many = plugin_blobs:MANY
hopeless = plugin_blobs:HOPELESS
"""


@pytest.fixture
def blobs(install) -> None:
    """Workloads of known sizes."""
    install("plugin_blobs", WORKLOADS, ENTRY_POINTS)


def _case(workload: str, serializer: str = "json") -> Case:
    return Case(available_workloads()[workload].workload, serializer, serializer)


def _storage(workload: str, serializer: str = "json") -> Storage:
    return storages([_case(workload, serializer)]).found[workload, serializer]


def _fill(client: CountingClient, value: bytes, count: int | None) -> int:
    """Store a value under many keys until something is evicted, or so often; return how many items there are."""
    for number in range(count or 1_000_000):
        if count is None and number % 500 == 0 and int(client.stats("")["evictions"]):
            break
        client.ask(set_command(f"{number:040}", value, flags=1_000_000_000, ttl=1800))
    return int(client.stats("")["curr_items"])


def test_a_full_memcached_holds_as_many_sessions_as_were_foretold() -> None:
    storage = _storage("login")
    value = b"v" * storage.value

    with memcached("-m", "16") as address, CountingClient(address) as client:
        held = _fill(client, value, None)
        pages = int(client.stats("slabs")[f"{storage.slab_class}:total_pages"])

    foretold = storage.sessions_per_gib * pages * MIB // GIB
    assert pages > 10
    assert 0.99 * foretold < held <= foretold


def test_the_class_is_the_one_that_memcached_names() -> None:
    storage = _storage("cart-plain")

    with memcached() as address, CountingClient(address) as client:
        client.ask(set_command("k" * 40, b"v" * storage.value, flags=1_000_000_000, ttl=1800))
        named = re.search(rb" cls=(\d+) ", _answer(address, b"me " + b"k" * 40))
        (chunk,) = (found.chunk for found in client.slabs().values() if found.used)

    assert named
    assert int(named[1]) == storage.slab_class
    assert storage.chunk == chunk > storage.value


@pytest.mark.usefixtures("blobs")
def test_a_session_that_memcached_divides_takes_all_its_pieces() -> None:
    storage = _storage("large")

    with memcached("-m", "128") as address, CountingClient(address) as client:
        _fill(client, b"v" * storage.value, 60)
        pages = sum(int(count) for name, count in client.stats("slabs").items() if name.endswith(":total_pages"))

    assert storage.chunk > storage.value
    assert storage.slab_class == 39  # of half a page
    assert pages - 3 <= 60 / storage.sessions_per_gib * 1024 <= pages  # each of three classes has begun a page


@pytest.mark.usefixtures("blobs")
def test_a_session_over_the_limit_has_no_place_and_no_head_room() -> None:
    storage = _storage("too-large")

    assert (storage.sessions_per_gib, storage.slab_class, storage.chunk) == (0, 0, 0)
    assert (storage.save_wire, storage.load_wire) == (0, 0)
    assert storage.value > storage.item_limit == MIB
    assert storage.head_room < 1


@pytest.mark.usefixtures("blobs")
def test_of_many_sessions_all_take_their_place_and_the_largest_is_shown() -> None:
    found = storages([_case("small"), _case("large"), _case("many")]).found
    small, large, many = (found[name, "json"] for name in ("small", "large", "many"))

    assert (many.value, many.chunk, many.save_wire) == (large.value, large.chunk, large.save_wire)
    together = 3 / (2 / small.sessions_per_gib + 1 / large.sessions_per_gib)
    assert many.sessions_per_gib == pytest.approx(together, rel=0.001)


@pytest.mark.usefixtures("blobs")
def test_many_sessions_of_which_one_is_too_large_are_not_held() -> None:
    assert _storage("hopeless").sessions_per_gib == 0


def test_the_bytes_on_the_wire_are_those_that_the_manager_and_memcached_send() -> None:
    """But for the digits of random flags: two processes' stamps differ in length."""
    session = available_workloads()["login"].workload.build()
    storage = _storage("login")

    with memcached() as address, _counting_proxy(address) as (port, conversation), CountingClient(address) as client:
        client.age()
        with _manager(port) as manager, _manager(port) as other:
            with manager.request(None) as begun:
                begun.update(session | {"_fresh": False})
            conversation.clear()
            with manager.request(begun.id) as changed:
                changed["_fresh"] = True
            saved = bytes(conversation)
            conversation.clear()
            with other.request(begun.id) as read:
                assert read["_fresh"] is True
            loaded = bytes(conversation)

    key = storage_key(begun.id[:32]).encode()
    value = b".{%d}" % storage.value
    save = re.search(rb"ms " + key + rb"[^\r]*\r\n" + value + rb"\r\nHD[^\r]*\r\n", saved, re.DOTALL)
    asked = re.search(rb"mg " + key + rb"[^\r]*\r\n", loaded)  # a look at the server itself may be in between
    told = re.search(rb"VA %d[^\r]*\r\n" % storage.value + value + rb"\r\n", loaded, re.DOTALL)
    assert abs(len(save[0]) - storage.save_wire) <= 4
    assert abs(len(asked[0]) + len(told[0]) - storage.load_wire) <= 4


def test_the_figures_do_not_depend_on_the_order() -> None:
    cases = [_case("cart-objects", "pickle"), _case("login"), _case("cart-plain", "compact")]

    assert storages(cases) == storages(cases[::-1])


def test_what_has_no_bytes_is_left_out_and_what_fails_says_why() -> None:
    progress: list[tuple[int, int]] = []
    cases = [_case("login", FLOOR), _case("cart-objects", "bare-orjson"), _case("login")]

    found = storages(cases, progress=lambda done, of: progress.append((done, of)))

    assert list(found.found) == [("login", "json")]
    assert list(found.failed) == [("cart-objects", "bare-orjson")]
    assert progress == [(1, 2), (2, 2)]


def test_without_a_memcached_there_are_no_figures(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert storages([_case("login")]) == Figures({}, {})


def test_what_is_stored_is_the_payload_in_the_envelope_that_is_timed() -> None:
    workload = available_workloads()["login"].workload
    payload = get_serializer("json").dumps(workload.build())
    codec, header = envelope_of("json")

    assert _storage("login").value == len(codec.seal(KEY, header, payload)) == len(payload) + 58 + len("json") + 12 + 32


def _manager(port: int) -> SessionManager:
    return SessionManager(f"n1:127.0.0.1:{port}", serializer="json", signing_keys=[SIGNING_KEY], freshness="revalidate")


def _answer(address: str, command: bytes) -> bytes:
    with connection_to(address) as connection, connection.makefile("rb") as answers:
        connection.sendall(command + b"\r\n")
        return answers.readline()


@contextmanager
def _counting_proxy(address: str) -> Iterator[tuple[int, bytearray]]:
    """Pass connections on, and note all bytes of both directions."""
    conversation = bytearray()
    listener = socket.create_server(("127.0.0.1", 0))
    sockets: list[socket.socket] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                conversation.extend(piece)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the test is over

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = connection_to(address)
            sockets.extend((near, far))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listener.getsockname()[1], conversation
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)
        for each in sockets:
            each.close()
