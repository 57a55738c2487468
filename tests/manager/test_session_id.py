"""Session ids and storage keys: what is read, what is refused, and that neither gives the secret away."""

import pickle
import re
from copy import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.manager.session_id import (
    NODE_NAME,
    ROUTE,
    SID_BYTES,
    WORKER_LENGTH,
    SessionId,
    sid_from,
    storage_key,
    worker_from,
)

SID = "0123456789abcdef0123456789abcdef"
CONTRACT = re.compile(r"[0-9a-f]{32}(-[a-z0-9]{1,16})?(\.[A-Za-z0-9_-]{1,63}(~[0-9a-z]{1,8})?)?")

sids = st.text("0123456789abcdef", min_size=32, max_size=32)
node_names = st.from_regex(NODE_NAME, fullmatch=True)
routes = st.from_regex(ROUTE, fullmatch=True)
workers = st.from_regex(r"[0-9a-z]{1,8}", fullmatch=True)
ids = st.one_of(
    st.builds(SessionId, sids, st.just("") | node_names),
    st.builds(SessionId, sids, st.just("") | node_names, routes, st.just("") | workers),
)


@given(ids)
def test_an_id_is_read_as_it_was_written(session_id: SessionId) -> None:
    """What a cookie is set to names the same session, node and process when it comes back."""
    assert SessionId.parse(str(session_id)) == session_id
    assert CONTRACT.fullmatch(str(session_id))


@given(ids, st.data())
def test_a_damaged_id_is_an_id_only_if_the_grammar_says_so(session_id: SessionId, data: st.DataObject) -> None:
    """One character is replaced, added or removed anywhere; what is still an id is read in full."""
    text = str(session_id)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 1, len(text))))
    damaged = (
        text[:start] + data.draw(st.sampled_from(["", "-", ".", "~", "\n", "A", "z", "0", "\u0661", "é"])) + text[end:]
    )

    parsed = SessionId.parse(damaged)

    assert (parsed is not None) == (CONTRACT.fullmatch(damaged) is not None)
    assert parsed is None or str(parsed) == damaged


@given(st.text() | st.text("0123456789abcdef-.~n\n", max_size=60))
def test_random_text_is_no_id_unless_it_matches_in_full(text: str) -> None:
    """Whatever a client sends, the answer is an id or None."""
    assert (SessionId.parse(text) is not None) == (CONTRACT.fullmatch(text) is not None)


@pytest.mark.parametrize("value", [None, b"0123456789abcdef0123456789abcdef", 7, [SID], object()])
def test_what_is_no_text_is_no_id(value: object) -> None:
    """Frameworks hand over whatever they found."""
    assert SessionId.parse(value) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        SID[:-1],
        SID + "0",
        SID.upper(),
        SID + "\n",
        f" {SID}",
        f"{SID}-",
        f"{SID}-N1",
        f"{SID}-{'n' * 17}",
        f"{SID}-n1-n2",
        f"{SID}.",
        f"{SID}.n.jvm1",
        f"{SID}.{'r' * 64}",
        f"{SID}.app1~",
        f"{SID}.app1~{'w' * 9}",
        f"{SID}.app1~W",
        f"{SID}~x7",
        f"{SID}-n1~x7",
        f"{SID}-n1.app1\n",
        f"{SID[:-1]}\u0661",
    ],
)
def test_almost_an_id_is_none(text: str) -> None:
    """Checklist line 4 (the node part is optional here): what is not exactly an id is none."""
    assert SessionId.parse(text) is None


@pytest.mark.parametrize(
    ("before", "node", "after"),
    [
        ("", "n", "-n"),
        (".jvm1", "n", "-n.jvm1"),
        (".jvm-1", "n", "-n.jvm-1"),
        (".jvm1~x7", "n", "-n.jvm1~x7"),
        ("-n.jvm1", "m", "-m.jvm1"),
        ("-n", "m", "-m"),
        ("-n.jvm1", "", ".jvm1"),
    ],
)
def test_a_node_is_added_replaced_and_removed(before: str, node: str, after: str) -> None:
    """Checklist lines 1 and 2: the node part comes before the route, and only it changes."""
    session_id = SessionId.parse(SID + before)

    assert session_id is not None
    assert str(replace(session_id, node=node)) == SID + after


@pytest.mark.parametrize(
    ("text", "node", "route", "worker"),
    [
        ("", "", "", ""),
        ("-n1", "n1", "", ""),
        ("-n1.app1", "n1", "app1", ""),
        (".app-1", "", "app-1", ""),
        (".jvm1-n", "", "jvm1-n", ""),
        ("-n1.app_1-b~x7", "n1", "app_1-b", "x7"),
    ],
)
def test_the_parts_are_told_apart(text: str, node: str, route: str, worker: str) -> None:
    """Checklist line 3: a dash in the route begins no node part."""
    session_id = SessionId.parse(SID + text)

    assert session_id == SessionId(SID, node, route, worker)


def test_a_worker_without_a_route_is_refused() -> None:
    """Its id could not be read again."""
    with pytest.raises(ValueError, match="worker 'x7' without a route"):
        SessionId(SID, worker="x7")


def test_the_secret_is_in_the_text_of_an_id_alone() -> None:
    """What logs and tracebacks show of an id must not open the session."""
    session_id = SessionId(SID, "n1", "app1", "x7")

    assert SID in str(session_id)
    assert SID not in repr(session_id)
    assert "n1" in repr(session_id)


def test_ids_are_values() -> None:
    """Equal ids are one key of a dict, and survive copying."""
    session_id = SessionId(SID, "n1", "app1", "x7")

    assert {session_id: 1}[SessionId(SID, "n1", "app1", "x7")] == 1
    assert copy(session_id) == pickle.loads(pickle.dumps(session_id)) == session_id
    assert session_id != SessionId(SID, "n2", "app1", "x7")


@given(st.binary(min_size=SID_BYTES, max_size=SID_BYTES), st.binary(min_size=WORKER_LENGTH, max_size=WORKER_LENGTH))
def test_random_bytes_become_sids_and_workers(sid: bytes, worker: bytes) -> None:
    """Every 128 bits are a sid of their own."""
    session_id = SessionId(sid_from(sid), "n1", "app1", worker_from(worker))

    assert SessionId.parse(str(session_id)) == session_id
    assert bytes.fromhex(session_id.sid) == sid


def test_too_few_random_bytes_are_no_sid() -> None:
    """A sid that could be guessed is never made."""
    with pytest.raises(ValueError, match="16 random bytes, not 15"):
        sid_from(bytes(15))


def test_a_storage_key_is_one_that_memcached_takes() -> None:
    """Checklist lines 5 and 6 (adapted: one key a session, the prefix is a plain string)."""
    key = storage_key(SID, "!" * 200)

    assert re.fullmatch("!{200}[0-9a-f]{40}", key)
    assert len(key) <= 250


def test_a_storage_key_does_not_change_between_releases() -> None:
    """Processes of two releases share sessions, so the hash is a part of the format."""
    assert storage_key(SID) == "f071dc0d53798b194945ce5bc42a457a8df48339"


@given(sids, sids)
def test_storage_keys_tell_sessions_apart_and_hold_none(first: str, second: str) -> None:
    """A list of keys opens no session."""
    assert (storage_key(first) == storage_key(second)) == (first == second)
    assert first not in storage_key(first)
    assert storage_key(first, "shop:") == "shop:" + storage_key(first)
