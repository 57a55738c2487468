"""TLS: whom a store trusts, and that a timeout and a restart are what they are without it."""

import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import Certificates
from kept_values import keeps_values
from memcached_process import MemcachedProcess, StartMemcached

from memcached_sessions.manager.errors import NodeTimeoutError, NodeUnavailableError, StoreProtocolError
from memcached_sessions.manager.stores.memcached_store import MemcachedStore

OpenStore = Callable[..., MemcachedStore]


def _is_built_with_tls() -> bool:
    program = shutil.which("memcached")
    return bool(program) and "--enable-ssl" in subprocess.run([program, "-h"], capture_output=True, text=True).stdout


pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None or not _is_built_with_tls(),
    reason="needs the openssl program, and a memcached that was built with TLS",
)


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    """The certificates of this run."""
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        yield Certificates(Path(folder))


@pytest.fixture(scope="module")
def tls_memcached(certificates: Certificates) -> Iterator[MemcachedProcess]:
    """A memcached that speaks TLS."""
    with MemcachedProcess(*tls_arguments(certificates)) as process:
        yield process


def tls_arguments(certificates: Certificates) -> list[str]:
    """Return the options of a server with a certificate."""
    chain, key = certificates.file("server.pem"), certificates.file("server.key")
    return ["-Z", "-o", f"ssl_chain_cert={chain},ssl_key={key}"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls_with_a_certificate_that_fits(
    tls_memcached: MemcachedProcess, open_store: OpenStore, certificates: Certificates, host: str
) -> None:
    """By name and by address."""
    context = ssl.create_default_context(cafile=certificates.file("authority.pem"))

    assert keeps_values(open_store((host, tls_memcached.port), tls_context=context))


def test_tls_after_a_restart_loses_no_request(
    start_memcached: StartMemcached, open_store: OpenStore, certificates: Certificates
) -> None:
    """The stale connection ends in another way than one without TLS."""
    memcached = start_memcached(*tls_arguments(certificates))
    context = ssl.create_default_context(cafile=certificates.file("authority.pem"))
    store = open_store(memcached.address, tls_context=context)
    assert keeps_values(store)

    memcached.restart()

    assert keeps_values(store)


def test_tls_to_a_frozen_server_ends_in_time(
    start_memcached: StartMemcached, open_store: OpenStore, certificates: Certificates
) -> None:
    """In mid-handshake, in mid-answer, and while a large value is being sent."""
    memcached = start_memcached(*tls_arguments(certificates))
    context = ssl.create_default_context(cafile=certificates.file("authority.pem"))
    connected = open_store(memcached.address, tls_context=context)
    sending = open_store(memcached.address, tls_context=context)
    for store in (connected, sending):
        store.get("k")
    memcached.freeze()
    began = time.monotonic()

    with pytest.raises(NodeTimeoutError, match=r"no answer within 0\.5 s"):
        connected.get("k")
    with pytest.raises(NodeTimeoutError, match=r"no answer within 0\.5 s"):
        sending.set("k", bytes(1_000_000), flags=0, ttl=None)
    with pytest.raises(NodeTimeoutError, match=r"no connection within 0\.25 s"):
        open_store(memcached.address, tls_context=context).get("k")

    assert time.monotonic() - began < 3.0


def test_tls_with_a_certificate_of_a_stranger_is_refused(
    tls_memcached: MemcachedProcess, open_store: OpenStore, certificates: Certificates
) -> None:
    """Nothing is sent to a server that cannot prove who it is."""
    context = ssl.create_default_context(cafile=certificates.file("stranger.pem"))

    with pytest.raises(StoreProtocolError, match=r"TLS failed: .*certificate verify failed") as caught:
        open_store(tls_memcached.address, tls_context=context).get("k")

    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


def test_tls_with_a_certificate_of_another_host_is_refused(
    start_memcached: StartMemcached, open_store: OpenStore, certificates: Certificates
) -> None:
    """The host that was asked for is the one that is checked."""
    memcached = start_memcached(*tls_arguments(certificates), host="127.0.0.2")
    context = ssl.create_default_context(cafile=certificates.file("authority.pem"))

    with pytest.raises(StoreProtocolError, match=r"TLS failed: .*(mismatch|not valid for)"):
        open_store(memcached.address, tls_context=context).get("k")


def test_tls_with_a_client_certificate_where_the_server_asks_for_one(
    start_memcached: StartMemcached, open_store: OpenStore, certificates: Certificates
) -> None:
    """With it all works; without, the error is no timeout."""
    *first, options = tls_arguments(certificates)
    authority = certificates.file("authority.pem")
    memcached = start_memcached(*first, f"{options},ssl_verify_mode=2,ssl_ca_cert={authority}")
    anonymous = ssl.create_default_context(cafile=authority)
    known = ssl.create_default_context(cafile=authority)
    known.load_cert_chain(certificates.file("client.pem"), certificates.file("client.key"))

    assert keeps_values(open_store(memcached.address, tls_context=known))
    with pytest.raises((StoreProtocolError, NodeUnavailableError)) as caught:
        open_store(memcached.address, tls_context=anonymous).get("k")
    assert not isinstance(caught.value, NodeTimeoutError)


def test_tls_to_a_server_without_it_and_the_other_way_round(
    shared_memcached: MemcachedProcess,
    tls_memcached: MemcachedProcess,
    open_store: OpenStore,
    certificates: Certificates,
) -> None:
    """Errors, not timeouts; and no plain word reaches either."""
    context = ssl.create_default_context(cafile=certificates.file("authority.pem"))

    for store in (open_store(shared_memcached.address, tls_context=context), open_store(tls_memcached.address)):
        with pytest.raises((StoreProtocolError, NodeUnavailableError)) as caught:
            store.get("k")
        assert not isinstance(caught.value, NodeTimeoutError)
