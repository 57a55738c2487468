"""The readers of replies: what they take, and that nothing else leaves them than a value or a declared error."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymemcache.exceptions import (
    MemcacheClientError,
    MemcacheError,
    MemcacheServerError,
    MemcacheUnknownCommandError,
    MemcacheUnknownError,
)

from memcached_sessions.manager.stores import meta_replies
from memcached_sessions.manager.stores.store import Cas, Item, Outcome, Written

READERS = (
    meta_replies.read_added,
    meta_replies.read_authenticated,
    meta_replies.read_deleted,
    meta_replies.read_item,
    meta_replies.read_replaced,
    meta_replies.read_set,
    meta_replies.read_settings,
    meta_replies.read_state,
    meta_replies.read_version,
)
Reader = Callable[[bytes, bytes | None, str], object]

WORDS = st.sampled_from(
    b"VA HD EN EX NF NS OK STAT END VERSION STORED ERROR CLIENT_ERROR SERVER_ERROR".split()
    + b"c f t c1 f0 t-1 t60 c-1 f+1 1_0 W".split()
)
LINES = st.one_of(
    st.binary(max_size=80),
    st.lists(st.one_of(WORDS, st.binary(max_size=6), st.integers().map(lambda n: b"%d" % n)), max_size=6).map(
        b" ".join
    ),
)
UNIQUES = st.integers(0, 2**64 - 1)
FLAGS = st.integers(0, 2**32 - 1)
LIVES = st.one_of(st.none(), st.integers(0, 2**31 - 1))


@pytest.mark.parametrize("reader", READERS)
@given(line=LINES, block=st.one_of(st.none(), st.binary(max_size=80)))
def test_any_bytes_are_a_value_or_a_declared_error(reader: Reader, line: bytes, block: bytes | None) -> None:
    """Whatever a broken server or proxy says."""
    with suppress(MemcacheError):
        reader(line, block, "4f1d")


@given(line=LINES)
def test_the_size_of_a_block_is_a_number_or_a_declared_error(line: bytes) -> None:
    """It is read before anything else."""
    try:
        size = meta_replies.block_size(line)
    except MemcacheError:
        return
    assert size is None or 0 <= size < 10**10


@given(unique=UNIQUES, flags=FLAGS, ttl=LIVES, value=st.binary(max_size=100))
def test_an_item_is_read_as_it_was_written(unique: int, flags: int, ttl: int | None, value: bytes) -> None:
    """To the ends of all ranges."""
    state = b"c%d f%d t%d" % (unique, flags, -1 if ttl is None else ttl)
    cas = Cas(unique, "4f1d")

    assert meta_replies.read_item(b"VA %d %b" % (len(value), state), value, "4f1d") == Item(cas, flags, ttl, value)
    assert meta_replies.read_state(b"HD " + state, None, "4f1d") == Item(cas, flags, ttl, None)


@given(unique=UNIQUES)
def test_a_stored_item_has_the_cas_that_the_server_gave_it(unique: int) -> None:
    """Of all commands that store."""
    for reader in (meta_replies.read_added, meta_replies.read_replaced, meta_replies.read_set):
        assert reader(b"HD c%d" % unique, None, "4f1d") == Written(Outcome.STORED, Cas(unique, "4f1d"))


@pytest.mark.parametrize(
    ("reader", "line", "outcome"),
    [
        (meta_replies.read_added, b"NS c0", Outcome.EXISTS),
        (meta_replies.read_added, b"NS", Outcome.EXISTS),
        (meta_replies.read_replaced, b"EX c0", Outcome.EXISTS),
        (meta_replies.read_replaced, b"EX c77", Outcome.EXISTS),
        (meta_replies.read_replaced, b"NF c0", Outcome.NOT_FOUND),
    ],
)
def test_a_refused_write_has_no_cas(reader: Reader, line: bytes, outcome: Outcome) -> None:
    """What a server says beside a refusal is of no use, and differs by version."""
    assert reader(line, None, "4f1d") == Written(outcome, None)


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (b"HD", Outcome.STORED),
        (b"HD ", Outcome.STORED),
        (b"EX", Outcome.EXISTS),
        (b"EX ", Outcome.EXISTS),
        (b"NF", Outcome.NOT_FOUND),
        (b"NF ", Outcome.NOT_FOUND),
    ],
)
def test_a_deletion_ends_in_one_of_three_ways(line: bytes, outcome: Outcome) -> None:
    """Servers before 1.6.18 add a space."""
    assert meta_replies.read_deleted(line, None, "4f1d") is outcome


@pytest.mark.parametrize(
    ("reader", "line"),
    [
        (meta_replies.read_added, b"EX c0"),
        (meta_replies.read_added, b"NF c0"),
        (meta_replies.read_added, b"HD"),
        (meta_replies.read_added, b"HD c18446744073709551616"),
        (meta_replies.read_replaced, b"NS c0"),
        (meta_replies.read_set, b"NS c0"),
        (meta_replies.read_set, b"EX c0"),
        (meta_replies.read_deleted, b"NS"),
        (meta_replies.read_deleted, b"HD c1"),
        (meta_replies.read_deleted, b"EN"),
        (meta_replies.read_item, b"HD c1 f0 t-1"),
        (meta_replies.read_item, b"VA 5 c1 f0 t-1 W"),
        (meta_replies.read_item, b"VA 5 c1 f0"),
        (meta_replies.read_item, b"VA 5 c1 f4294967296 t-1"),
        (meta_replies.read_item, b"VA 5 c18446744073709551616 f0 t-1"),
        (meta_replies.read_item, b"VA 5 c1 f0 t-2"),
        (meta_replies.read_item, b"END"),
        (meta_replies.read_state, b"VA 5 c1 f0 t-1"),
        (meta_replies.read_state, b"HD"),
        (meta_replies.read_state, b"HD c+1 f0 t-1"),
        (meta_replies.read_authenticated, b"NOT_STORED"),
        (meta_replies.read_version, b"HTTP/1.1 400 Bad Request"),
        (meta_replies.read_settings, b"STAT item_size_max"),
    ],
)
def test_what_is_an_answer_to_another_command_is_none(reader: Reader, line: bytes) -> None:
    """Out of step, or not of this protocol."""
    block = b"value" if line.startswith(b"VA") else None

    with pytest.raises(MemcacheUnknownError, match="an answer that is none"):
        reader(line, block, "4f1d")


def test_a_life_that_ended_while_the_server_wrote_is_none_left() -> None:
    """It subtracts without a sign; seen when its clock moves on between its look and its answer."""
    item = meta_replies.read_state(b"HD c1 f0 t4294967290", None, "4f1d")

    assert item
    assert item.ttl == 0


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (b"ERROR", MemcacheUnknownCommandError, "unknown command"),
        (b"CLIENT_ERROR bad command line format", MemcacheClientError, "bad command line format"),
        (b"SERVER_ERROR out of memory storing object", MemcacheServerError, "out of memory storing object"),
        (b"SERVER_ERROR", MemcacheServerError, "^$"),
        (b"ERROR Too many open connections", MemcacheServerError, "too many open connections"),
        (b"\xff\x00garbage", MemcacheUnknownError, r"\\xff"),
        (b"ERRORS", MemcacheUnknownError, "ERRORS"),
    ],
)
@pytest.mark.parametrize("reader", READERS)
def test_the_errors_of_a_server_are_told_apart(
    reader: Reader, line: bytes, kind: type[MemcacheError], message: str
) -> None:
    """By every reader alike."""
    with pytest.raises(kind, match=message):
        reader(line, None, "4f1d")


def test_a_long_answer_that_is_none_is_cut_in_the_message() -> None:
    """It goes into logs."""
    with pytest.raises(MemcacheUnknownError) as caught:
        meta_replies.read_item(b"x" * 10_000, None, "4f1d")

    assert len(str(caught.value)) < 200
