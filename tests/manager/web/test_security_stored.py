"""What is stored, by WSGI and by ASGI, against the security checklist: a node is not trusted blindly."""

import hmac
import logging
import pickle
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from certificates import Certificates
from memcached_process import MemcachedProcess, StartMemcached
from web.exchanges import Visitor
from web.remote_host import remote_host
from web.stored import put_value, value_of
from web.views import KINDS, serve

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager import ConfigurationError, EventKind
from memcached_sessions.manager.envelope import EnvelopeCodec
from memcached_sessions.manager.session_id import storage_key
from memcached_sessions.manager.web import asgi, wsgi

NewManager = Callable[..., SessionManager]
OLD, NEW = (f"signing key number {number}" * 2 for number in range(2))

pytestmark = pytest.mark.parametrize("kind", KINDS)


def is_built_with_tls() -> bool:
    """Whether the memcached of this machine speaks TLS, and certificates can be made."""
    program = shutil.which("memcached")
    options = subprocess.run([program, "-h"], capture_output=True, text=True).stdout if program else ""
    return "--enable-ssl" in options and shutil.which("openssl") is not None


def begun(kind: str, manager: SessionManager, **attributes: Any) -> Visitor:
    """Return a visitor whose session holds something."""
    visitor = Visitor(serve(kind, lambda session: session.update(attributes), manager))
    visitor.ask()
    return visitor


def seen(kind: str, manager: SessionManager, cookie: str | None) -> str:
    """Return what a visitor with a cookie sees of who is logged in."""
    view: Callable[[Session], object] = lambda session: session.get("user", "nobody")  # noqa: E731 - short
    return Visitor(serve(kind, view, manager), cookie).ask().body.decode()


def test_a_dump_of_the_keys_tells_no_id(kind: str, manager: SessionManager, shared_memcached: MemcachedProcess) -> None:
    """S4, T12: they carry a hash, which is no cookie."""
    visitor = begun(kind, manager, user="ann")

    dump = shared_memcached.say(b"lru_crawler metadump all\r\n", b"END\r\n").decode()

    assert storage_key(visitor.sid) in dump
    assert visitor.sid not in dump
    for key in (line.split()[0].removeprefix("key=") for line in dump.splitlines()[:-1]):
        digits = key.rpartition(":")[2]
        assert seen(kind, manager, digits) == "nobody"
        assert seen(kind, manager, digits[:32]) == "nobody"


@pytest.mark.parametrize("odd", ["\r\n", "\x00", "\x7f", "a b", "é" * 100, "x" * 300])
def test_keys_that_a_client_makes_up_do_not_collide(
    kind: str, odd: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """S4, S11: CVE-2020-13254. A key is made of the hash of an id, and nothing else of what a client sends."""
    victim = begun(kind, manager, user="ann")

    for cookie in (f"{odd}{victim.sid}", f"{victim.sid}{odd}x", f"{victim.sid[:16]}{odd}{victim.sid[16:]}"):
        assert seen(kind, manager, cookie.encode().decode("latin-1")) == "nobody"
    assert len(storage_key(victim.sid)) < 100
    assert shared_memcached.say(b"mn\r\n") == b"MN\r\n"


def test_what_was_tampered_with_is_not_read(
    kind: str, new_manager: NewManager, shared_memcached: MemcachedProcess
) -> None:
    """S5, T14: one word of the payload is another one, all lengths and flags as they were."""
    keys = {"signing_keys": (OLD,)}
    visitor = begun(kind, new_manager(**keys), user="alice")
    other = new_manager(route="b", **keys)
    events: list[EventKind] = []
    other.listen(lambda event: events.append(event.kind))
    value, flags = value_of(shared_memcached, visitor.sid)
    assert b"alice" in value
    put_value(shared_memcached, visitor.sid, value.replace(b"alice", b"admin"), flags)

    assert seen(kind, other, visitor.cookie) == "nobody"
    assert EventKind.UNDECODABLE in events


def test_the_session_of_somebody_else_is_not_read(
    kind: str, new_manager: NewManager, shared_memcached: MemcachedProcess
) -> None:
    """S5, T15: put in place of one's own, by somebody who can write to the node."""
    keys = {"signing_keys": (OLD,)}
    manager = new_manager(**keys)
    alice, mallory = begun(kind, manager, user="alice"), begun(kind, manager, user="mallory")
    put_value(shared_memcached, mallory.sid, *value_of(shared_memcached, alice.sid))

    assert seen(kind, new_manager(route="b", **keys), mallory.cookie) == "nobody"


def test_the_first_key_signs_and_all_are_accepted(kind: str, new_manager: NewManager) -> None:
    """T16, S11: CVE-2025-47278. The newest key comes first; nobody is logged out, and the old one can be taken away."""
    visitor = begun(kind, new_manager(signing_keys=(OLD,)), user="ann")
    both = new_manager(route="b", signing_keys=(NEW, OLD))

    assert seen(kind, both, visitor.cookie) == "ann"
    later = begun(kind, both, user="bob")
    assert seen(kind, new_manager(route="c", signing_keys=(NEW,)), later.cookie) == "bob"
    assert seen(kind, new_manager(route="d", signing_keys=(OLD,)), later.cookie) == "nobody"


def test_signatures_are_compared_in_constant_time(
    kind: str, new_manager: NewManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T17: by the function of the standard library that does; ids are looked up by their hashes."""
    keys = {"signing_keys": (OLD,)}
    visitor = begun(kind, new_manager(**keys), user="ann")
    compared: list[int] = []
    real = hmac.compare_digest

    def compare(a: Any, b: Any) -> bool:
        compared.append(len(b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", compare)

    assert seen(kind, new_manager(route="b", **keys), visitor.cookie) == "ann"
    assert 32 in compared


def test_pickle_is_an_option_that_needs_a_key(kind: str) -> None:
    """S6, T13: who can write to a node would run code in every process that reads it."""
    middleware = {"wsgi": wsgi, "asgi": asgi}[kind].SessionMiddleware

    with pytest.raises(ConfigurationError, match="signing_keys"):
        middleware(lambda: None, nodes="memory://", serializer="pickle")


class Exploit:
    """What runs a function when it is unpickled."""

    def __reduce__(self) -> Any:
        return sys.exit, ("unpickled",)


def test_pickle_is_never_read_where_it_was_not_chosen(
    kind: str, new_manager: NewManager, shared_memcached: MemcachedProcess
) -> None:
    """S6, T13: neither bare nor in an envelope of ours; the visitor begins anew."""
    visitor = begun(kind, new_manager(), user="ann")
    other = new_manager(route="b")
    put_value(shared_memcached, visitor.sid, pickle.dumps(Exploit()), "0")
    bare = seen(kind, other, visitor.cookie)
    chosen = begun(kind, new_manager(route="c", serializer="pickle", signing_keys=(OLD,)), user="ann")

    assert bare == "nobody"
    assert seen(kind, other, chosen.cookie) == "nobody"
    assert seen(kind, new_manager(route="d", signing_keys=(OLD,)), chosen.cookie) == "nobody"


HOSTILE = {
    "a bomb": ("json", b" " * (100 * 2**20)),
    "deep json": ("json", b"[" * 500_000 + b"]" * 500_000),
    "deep msgpack": ("msgpack", b"\x91" * 500_000 + b"\xc0"),
    "deep cbor": ("cbor", b"\x81" * 500_000 + b"\xf6"),
    "a long msgpack map": ("msgpack", b"\xdf\xff\xff\xff\xff"),
    "a long cbor map": ("cbor", b"\xba\xff\xff\xff\xff"),
    "no compact": ("compact", b"\xff" * 1000),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_bytes_cost_little(
    kind: str, hostile: str, new_manager: NewManager, shared_memcached: MemcachedProcess
) -> None:
    """S7, T18: neither by their size, nor by one that they claim, nor by their depth; without keys, in every format."""
    serializer, payload = HOSTILE[hostile]
    visitor, other = begun(kind, new_manager(), user="ann"), new_manager(route="b")
    value, flags = value_of(shared_memcached, visitor.sid)
    forger = EnvelopeCodec(compression="zlib", max_payload_bytes=2**30)
    key = storage_key(visitor.sid)
    header = replace(forger.open(key, value).header, serializer=serializer)
    put_value(shared_memcached, visitor.sid, forger.seal(key, header, payload), flags)
    details: list[str] = []
    other.listen(lambda event: details.append(event.detail) if event.kind is EventKind.UNDECODABLE else None)

    tracemalloc.start()
    try:
        shown = seen(kind, other, visitor.cookie)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert shown == "nobody"
    assert len(details) == 1
    assert peak < 16 * 2**20, details


@pytest.mark.skipif(not is_built_with_tls(), reason="needs openssl, and a memcached that was built with TLS")
def test_nodes_are_reached_by_tls(kind: str, start_memcached: StartMemcached) -> None:
    """S10, T19: the scheme of the address says so; a node whose certificate a stranger signed is refused at start."""
    with TemporaryDirectory(prefix="ms-") as folder:
        certificates = Certificates(Path(folder))
        chain, key = certificates.file("server.pem"), certificates.file("server.key")
        memcached = start_memcached("-Z", "-o", f"ssl_chain_cert={chain},ssl_key={key}")
        address = f"n1:tls://127.0.0.1:{memcached.port}"
        ours, strangers = certificates.file("authority.pem"), certificates.file("stranger.pem")
        with (
            SessionManager(address, route="a", tls_ca_file=ours) as first,
            SessionManager(address, route="b", tls_ca_file=ours) as second,
        ):
            assert seen(kind, second, begun(kind, first, user="ann").cookie) == "ann"
        with pytest.raises(ConfigurationError, match="certificate verify failed"):
            SessionManager(address, tls_ca_file=strangers)


def test_nodes_are_reached_with_a_password(kind: str, start_memcached: StartMemcached) -> None:
    """S10, T19: without it a node gives nothing, and the operator is told at start."""
    with TemporaryDirectory(prefix="ms-") as folder:
        Path(folder).chmod(0o755)
        users = Path(folder) / "users"
        users.write_text("shop:secret\n")
        users.chmod(0o644)
        address = f"n1:127.0.0.1:{start_memcached('-Y', str(users)).port}"
        known = {"username": "shop", "password": "secret"}
        with (
            SessionManager(address, route="a", **known) as first,
            SessionManager(address, route="b", **known) as second,
        ):
            assert seen(kind, second, begun(kind, first, user="ann").cookie) == "ann"
        with pytest.raises(ConfigurationError) as error:
            SessionManager(address, **known | {"password": "another"})
        assert "another" not in str(error.value)


def test_a_remote_node_without_tls_is_warned_of_at_start(
    kind: str, shared_memcached: MemcachedProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """S10: once, by name and with what to do; it is used nevertheless, and whoever knows of it says so."""
    address = f"n1:cache.example:{shared_memcached.port}"

    with remote_host("cache.example"), caplog.at_level(logging.INFO, "memcached_sessions"):
        with SessionManager(address, route="a") as manager:
            assert seen(kind, manager, begun(kind, manager, user="ann").cookie) == "ann"
        said = [record for record in caplog.records if record.levelno >= logging.INFO]
        caplog.clear()
        with SessionManager(address, route="a", warn_without_tls=False) as manager:
            begun(kind, manager, user="ann")

    assert [record.levelno for record in said] == [logging.WARNING]
    assert address.replace("n1:", "n1 ") in said[0].getMessage()
    assert "tls://" in said[0].getMessage()
    assert caplog.records == []
