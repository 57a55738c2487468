"""The store of a run: a real memcached that is gone afterwards, or a store in memory."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from memcached_sessions.bench.store import MemoryStore, connected, connection_to, memcached, open_store

REAL = shutil.which("memcached")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_real_memcached_keeps_a_session_and_is_gone_afterwards() -> None:
    with open_store() as store:
        store.sessions.set("session", b"payload")
        kept = store.sessions.get("session")
        pid = store.sessions.stats()[b"pid"]
        assert _is_running(pid)

    assert (store.kind, kept) == ("memcached", b"payload")
    assert store.version[0].isdigit()
    assert not _is_running(pid)


def test_memcached_is_stopped_when_the_run_fails() -> None:
    pids: list[int] = []

    def interrupted_run() -> None:
        with open_store() as store:
            pids.append(store.sessions.stats()[b"pid"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_run()

    assert not _is_running(pids[0])


def test_a_private_memcached_is_reached_by_this_user_alone_and_over_no_network() -> None:
    with open_store(private=True) as store, memcached(private=True) as another:
        assert store.address.startswith("unix:")
        assert store.address != another
        store.sessions.set("session", b"payload")
        with connected(store.address) as sessions:
            kept = sessions.get("session")
        with connection_to(store.address) as connection:
            connection.sendall(b"stats settings\r\n")
            settings = connection.recv(100_000).decode()
        folder = Path(store.address.removeprefix("unix:")).parent
        mode = folder.stat().st_mode

    assert kept == b"payload"
    assert store.version.endswith(" on a UNIX socket")
    # with which memcached has no port
    assert f"STAT domain_socket {store.address.removeprefix('unix:')}\r\n" in settings
    assert stat.S_IMODE(mode) == 0o700
    assert not folder.exists()


def test_sessions_above_the_default_item_limit_are_kept() -> None:
    with open_store() as store:
        store.sessions.set("large", bytes(3_000_000))

        assert len(store.sessions.get("large")) == 3_000_000


def test_a_memcached_that_lost_its_port_to_another_is_started_on_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "was-started"
    _program(tmp_path, f'[ -e {first} ] && exec {REAL} "$@"\ntouch {first}; echo "failed to listen" >&2; exit 71')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with open_store() as store:
        assert store.kind == "memcached"

    assert first.exists()


def test_a_memcached_that_never_starts_is_an_error_with_what_it_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path, 'echo "can\'t find the user nobody" >&2; exit 67')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(RuntimeError, match="can't find the user nobody"), open_store():
        pass


def test_without_memcached_the_store_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with open_store() as store:
        store.sessions.set("session", b"payload")

        assert (store.kind, store.version, store.sessions.get("session")) == ("memory", "", b"payload")


def test_the_store_in_memory_copies_as_a_server_does() -> None:
    store, payload = MemoryStore(), b"a payload of some bytes"

    store.set("session", payload)

    assert store.get("session") == payload
    assert store.get("session") is not payload
    assert store.get("another") is None


def _program(folder: Path, script: str) -> None:
    program = folder / "memcached"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
