"""Flask and Django against the security checklist: what is stored is not trusted blindly, and tells no secret."""

import hmac
import logging
import shutil
import subprocess
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from certificates import Certificates
from memcached_process import MemcachedProcess
from web.django_process import django_process, in_django
from web.remote_host import remote_host
from web.sites import KINDS, node, served

from memcached_sessions import SessionManager
from memcached_sessions.manager import ConfigurationError, Event, EventKind
from memcached_sessions.manager.session_id import storage_key

__all__ = ["django_process"]

by_both = pytest.mark.parametrize("kind", KINDS)


def value_of(sid: str) -> tuple[bytes, str]:
    """Return what the node holds for a session, with its client flags."""
    head, _, rest = node().say(b"mg %s f v\r\n" % storage_key(sid).encode()).partition(b"\r\n")
    size, flags = head.split()[1:3]
    return rest[: int(size)], flags[1:].decode()


def put_value(sid: str, value: bytes, flags: str) -> None:
    """Have the node hold something else."""
    command = b"ms %s %d F%s\r\n" % (storage_key(sid).encode(), len(value), flags.encode())
    assert node().say(command + value + b"\r\n").startswith(b"HD")


def begun(kind: str, path: str = "/put?user=ann", **sessions: Any) -> str:
    """Return the id of a session that another process has begun, which has ended."""
    with served(kind, route="other", **sessions) as site:
        _, cookie = site.ask(path)
    assert cookie
    return cookie


@by_both
@in_django
def test_a_dump_of_the_keys_tells_no_id(kind: str) -> None:
    """Lines S4, T12: they carry a hash, which is no cookie."""
    cookie = begun(kind)
    dump = node().say(b"lru_crawler metadump all\r\n", b"END\r\n").decode()
    assert storage_key(cookie[:32]) in dump
    assert cookie[:32] not in dump
    with served(kind) as site:
        assert site.ask("/show", storage_key(cookie[:32]))[0] == {}


@by_both
@in_django
def test_keys_that_a_client_makes_up_do_not_collide(kind: str) -> None:
    """Lines S4, S11, CVE-2020-13254: nothing of a cookie gets into a key but by its hash."""
    cookie = begun(kind)
    with served(kind) as site:
        for made_up in (
            f"{cookie[:32]}%0d%0aget",
            f"{cookie[:32]} 0 0",
            f"{cookie[:31]}\x7f",
            cookie[:32].upper() + "x",
        ):
            assert site.ask("/show", made_up)[0] == {}
        assert site.ask("/show", cookie)[0] == {"user": "ann"}


@by_both
@in_django
def test_the_session_of_somebody_else_is_not_read(kind: str) -> None:
    """Lines S5, T14, T15: what is stored is signed together with its key."""
    ann, eve = begun(kind), begun(kind, "/put?user=eve")
    put_value(eve[:32], *value_of(ann[:32]))
    with served(kind) as site:
        assert site.ask("/show", eve)[0] == {}
        assert site.ask("/show", ann)[0] == {"user": "ann"}


@by_both
@in_django
def test_what_was_tampered_with_is_not_read(kind: str) -> None:
    """Lines S5, T14: nor is it an error of the server."""
    cookie = begun(kind)
    value, flags = value_of(cookie[:32])
    put_value(cookie[:32], value.replace(b"ann", b"eve"), flags)
    told: list[Event] = []
    with served(kind) as site:
        site.manager.listen(told.append)
        assert site.ask("/show", cookie)[0] == {}
    assert [event.kind for event in told].count(EventKind.UNDECODABLE) == 1


@by_both
@in_django
def test_hostile_bytes_cost_little(kind: str) -> None:
    """Lines S7, T18: without the key nothing is decompressed or decoded, however well-formed it is."""
    from django.conf import settings

    cookie = begun(kind)
    nodes = settings.MEMCACHED_SESSIONS["nodes"]
    with SessionManager(nodes, compression="zlib", signing_keys=["what the attacker made up"]) as attacker:
        with attacker.request(None) as session:
            session["bomb"] = "0" * 4_000_000
        put_value(cookie[:32], *value_of(session.sid))
    with served(kind) as site:
        tracemalloc.start()
        try:
            assert site.ask("/show", cookie)[0] == {}
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 3 * 2**20


@by_both
@in_django
def test_a_session_that_is_too_large_stays_in_the_process(kind: str) -> None:
    """Lines S7, T18: an event says so, and what was stored before is still there for others."""
    told: list[Event] = []
    with served(kind, max_session_bytes=1000) as site:
        site.manager.listen(told.append)
        _, cookie = site.ask("/put?user=ann")
        site.ask(f"/put?long={'x' * 2000}", cookie)
        assert site.ask("/show", cookie)[0]["user"] == "ann"
    assert [event.kind for event in told].count(EventKind.BACKUP_FAILED) >= 1
    with served(kind, route="other") as site:
        assert site.ask("/show", cookie)[0] == {"user": "ann"}


@by_both
@in_django
def test_signatures_are_compared_in_constant_time(kind: str) -> None:
    """Line T17: by the function of the standard library that does; ids are looked up by their hashes."""
    cookie = begun(kind)
    compared: list[int] = []
    real = hmac.compare_digest

    def compare(a: Any, b: Any) -> bool:
        compared.append(len(b))
        return real(a, b)

    with pytest.MonkeyPatch.context() as patch, served(kind) as site:
        patch.setattr(hmac, "compare_digest", compare)
        assert site.ask("/show", cookie)[0] == {"user": "ann"}
    assert 32 in compared


@by_both
@in_django
def test_no_log_no_event_and_no_repr_has_an_id_or_a_value(kind: str) -> None:
    """Line S9: of a life from the first request to a rotation, with bytes in between that cannot be read."""
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with served(kind) as site:
            site.manager.listen(lambda event: records.append(repr(event)))
            _, cookie = site.ask("/put?user=ann-the-secret")
            assert cookie
            _, rotated = site.ask("/rotate" if kind == "flask" else "/act/cycle_key", cookie)
            assert rotated
            put_value(rotated[:32], b"what nobody can read", "0")
            site.ask("/show", rotated)
            with site.manager.request(rotated) as session:
                records += [repr(session), repr(session.private_copy()), repr(site.manager.settings)]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    told = "\n".join(records)
    assert len(records) > 5
    assert cookie[:32] not in told
    assert rotated[:32] not in told
    assert "ann-the-secret" not in told


@by_both
@in_django
def test_a_new_session_takes_nobodys_place(kind: str) -> None:
    """Line T6: if chance gave an id twice, the one who has it keeps it."""
    with served(kind) as site, pytest.MonkeyPatch.context() as patch:
        _, cookie = site.ask("/put?user=ann")
        assert cookie
        tokens = iter([bytes.fromhex(cookie[:32])])
        runtime = site.manager._process.runtime  # noqa: SLF001 - chance cannot be made to do this
        real = runtime.token
        patch.setattr(runtime, "token", lambda size: next(tokens, None) or real(size))
        site.ask("/put?user=eve")
        assert site.ask("/show", cookie)[0] == {"user": "ann"}


def is_built_with_tls() -> bool:
    """Whether the memcached of this machine speaks TLS, and certificates can be made."""
    program = shutil.which("memcached")
    options = subprocess.run([program, "-h"], capture_output=True, text=True).stdout if program else ""
    return "--enable-ssl" in options and shutil.which("openssl") is not None


@pytest.mark.skipif(not is_built_with_tls(), reason="needs openssl, and a memcached that was built with TLS")
@by_both
@in_django
def test_nodes_are_reached_by_tls(kind: str) -> None:
    """Lines S10, T19: the scheme of the address says so; a node with the certificate of a stranger is refused."""
    with TemporaryDirectory(prefix="ms-") as folder:
        certificates = Certificates(Path(folder))
        chain, key = certificates.file("server.pem"), certificates.file("server.key")
        with MemcachedProcess("-Z", "-o", f"ssl_chain_cert={chain},ssl_key={key}") as memcached:
            tls = {"nodes": f"n1:tls://127.0.0.1:{memcached.port}"}
            ours = {"tls_ca_file": certificates.file("authority.pem")}
            cookie = begun(kind, **tls, **ours)
            with served(kind, **tls, **ours) as site:
                assert site.ask("/show", cookie)[0] == {"user": "ann"}
            strangers = {"tls_ca_file": certificates.file("stranger.pem")}
            with pytest.raises(ConfigurationError, match="certificate verify failed"), served(kind, **tls, **strangers):
                pass


@by_both
@in_django
def test_a_remote_node_without_tls_is_warned_of_at_start(kind: str) -> None:
    """Lines S10: once, by name; it is used nevertheless."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = records.append  # type: ignore[method-assign]
    address = f"n1:cache.example:{node().address[1]}"
    logger = logging.getLogger("memcached_sessions")
    logger.addHandler(handler)
    try:
        with remote_host("cache.example"), served(kind, nodes=address) as site:
            _, cookie = site.ask("/put?user=ann")
            assert site.ask("/show", cookie)[0] == {"user": "ann"}
    finally:
        logger.removeHandler(handler)
    (warning,) = [record for record in records if "TLS" in record.getMessage()]
    assert warning.levelno == logging.WARNING
    assert "cache.example" in warning.getMessage()
