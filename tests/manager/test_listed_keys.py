"""The keys that a node lists: whatever it sends, a list or an error of the client comes of it."""

import socket
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymemcache.exceptions import MemcacheError

from memcached_sessions.manager.admin.asking import ReadOnlyClient
from memcached_sessions.manager.admin.sources.listing import Listed, list_keys
from memcached_sessions.manager.stores.dialing import Dialer

PIECES = st.sampled_from(
    [
        b"key=",
        b"0" * 40,
        b"f" * 40,
        b"shop:",
        b" exp=-1 la=1 cas=2 fetch=no cls=1 size=63",
        b"\n",
        b"\r\n",
        b"END",
        b" ",
    ]
)


def _listed(answer: bytes, prefix: str = "") -> Listed:
    """Return what is made of an answer after which the node closes the connection."""
    client = ReadOnlyClient(Dialer(("127.0.0.1", 1), connect_timeout=1.0, tls_context=None), timeout=1.0)
    client.sock, node = socket.socketpair()
    with client.sock, node:
        node.sendall(answer)
        node.shutdown(socket.SHUT_WR)
        return list_keys(client, prefix, Listed(limit=3, salt=b"salt"))


@settings(deadline=None)
@given(st.lists(PIECES | st.binary(max_size=60), max_size=30).map(b"".join))
def test_any_answer_is_a_list_or_an_error(answer: bytes) -> None:
    try:
        listed = _listed(answer)
    except (MemcacheError, OSError):
        return
    assert len(listed.drawn) <= 3
    assert listed.sessions + listed.others <= answer.count(b"\n")


@settings(deadline=None)
@given(
    st.sets(st.text("0123456789abcdef", min_size=40, max_size=40), max_size=8), st.sampled_from(["", "shop:", "a%b "])
)
def test_every_key_of_a_session_is_listed(digits: set[str], prefix: str) -> None:
    lines = [f"key={quote(prefix + each)} exp=5 la=1 cas=2 fetch=no cls=1 size=63\n" for each in sorted(digits)]

    listed = _listed("".join([*lines, "key=page:1 exp=-1 la=1 size=9\n", "END\r\n"]).encode(), prefix)

    assert (listed.sessions, listed.others) == (len(digits), 1)
    assert {key for _, key in listed.drawn} <= {prefix + each for each in digits}
    assert len(listed.drawn) == min(3, len(digits))


def test_a_line_without_an_end_is_an_error_before_it_takes_memory() -> None:
    with pytest.raises(MemcacheError, match="lists no keys"):
        _listed(b"key=" + b"x" * 20_000)


def test_a_node_that_stops_in_the_middle_is_an_error() -> None:
    with pytest.raises(MemcacheError, match="closed the connection"):
        _listed(b"key=" + b"0" * 40 + b" exp=-1\n")
