"""Isolated views of a session: private until they are merged, and merged like another process's write."""

from collections.abc import Iterator
from typing import Any

import pytest
from cluster import Client, Cluster
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions import SessionManager
from memcached_sessions.manager import CookieKind, Session
from memcached_sessions.manager.private_copies import PrivateCopy
from memcached_sessions.serializers import SerializationError, get_serializer


@pytest.fixture(scope="module")
def manager() -> Iterator[SessionManager]:
    """A manager with a node in memory."""
    with SessionManager("memory://private-copies") as manager:
        yield manager


def begin(manager: SessionManager, **attributes: Any) -> str:
    """Return the id of a new session."""
    with manager.request(None) as session:
        session.update(attributes)
    return session.id


def test_a_copy_is_not_seen_by_others_before_it_is_merged(manager: SessionManager) -> None:
    """Nor are changes deep inside a value, on either side."""
    session = manager.open(begin(manager, cart=["tea"]))
    copy = session.private_copy()
    copy.attributes["cart"].append("milk")
    copy.attributes["user"] = 7
    assert session == {"cart": ["tea"]}

    session.merge(copy)
    assert session == {"cart": ["tea", "milk"], "user": 7}
    copy.attributes["cart"].append("rice")
    assert session["cart"] == ["tea", "milk"]


def test_a_merge_keeps_what_others_have_changed_since(manager: SessionManager) -> None:
    """Removals too; where both changed an attribute the copy wins."""
    session = manager.open(begin(manager, a=1, b=1, c=1, d=1))
    copy = session.private_copy()
    copy.attributes |= {"a": "copy", "d": "copy", "new": 1}
    del copy.attributes["b"]

    session |= {"c": "live", "d": "live"}
    session.merge(copy)
    assert session == {"a": "copy", "c": "live", "d": "copy", "new": 1}


def test_a_copy_can_be_merged_again(manager: SessionManager) -> None:
    """The second time only what was changed since the first."""
    session = manager.open(begin(manager, a=1))
    copy = session.private_copy()
    copy.attributes["b"] = 1
    session.merge(copy)
    session["b"] = "live"
    copy.attributes["c"] = 1
    session.merge(copy)
    assert session == {"a": 1, "b": "live", "c": 1}


def test_a_copy_of_attributes_replaced_as_a_whole(manager: SessionManager) -> None:
    """What is no longer there was removed."""
    session = manager.open(begin(manager, a=1, b=2))
    copy = session.private_copy()
    copy.attributes = {"c": 3}
    session.merge(copy)
    assert session == {"c": 3}


def test_a_merge_begins_a_session_even_if_it_holds_nothing(manager: SessionManager) -> None:
    """A framework that creates sessions wants them to be there."""
    session = manager.open(None)
    session.merge(PrivateCopy())
    assert manager.commit(session).kind is CookieKind.SET
    assert manager.exists(session.id)
    assert manager.open(session.id) == {}


def test_a_merge_begins_no_session_in_the_place_of_one_that_may_be_elsewhere() -> None:
    """As long as nothing was changed: the client keeps the id, and nothing is stored. A change begins one."""
    known_elsewhere = "0" * 32 + "-n1.app2~abcdefgh"
    with SessionManager("n1:memory://", route="app1") as manager:
        session = manager.open(known_elsewhere)
        copy = session.private_copy()
        session.merge(copy)
        assert session.degraded
        assert manager.commit(session).kind is CookieKind.NOTHING
        assert session.id == known_elsewhere

        copy.attributes["a"] = 1
        session.merge(copy)
        assert manager.commit(session).kind is CookieKind.SET
        assert session.sid != "0" * 32
        assert manager.open(session.id) == {"a": 1}


def test_a_value_that_cannot_be_kept_changes_nothing(manager: SessionManager) -> None:
    """The error names it."""
    session = manager.open(begin(manager, a=1))
    copy = session.private_copy()
    copy.attributes |= {"a": 2, "handle": object()}
    with pytest.raises(SerializationError, match="handle"):
        session.merge(copy)
    assert session == {"a": 1}


def test_attributes_that_the_filter_leaves_out_are_the_very_objects() -> None:
    """They cannot be copied: often they are what no serializer keeps."""
    with SessionManager("memory://", session_attribute_filter="cart") as manager:
        handle, other = object(), object()
        session = manager.open(begin(manager, cart=[], handle=handle))
        copy = session.private_copy()
        assert copy.attributes["handle"] is handle

        session["mine"] = other
        copy.attributes["handle"] = other
        session.merge(copy)
        assert session == {"cart": [], "handle": other, "mine": other}
        del copy.attributes["handle"]
        session.merge(copy)
        assert session == {"cart": [], "mine": other}


def test_a_merged_copy_is_stored_and_taken_over() -> None:
    """By the next commit, on real memcached; another process that changed the session meanwhile loses nothing."""
    with Cluster(1) as cluster:
        client, one, other = Client(), cluster.server("a"), cluster.server("b")
        client.write(one, cart=["tea"], seen=1)
        with one.request(client.cookie) as session:
            copy = session.private_copy()
        Client(client.cookie).write(other, seen=2)
        copy.attributes["cart"].append("milk")
        with client.request(one) as session:
            session.merge(copy)
        assert client.read(other) == {"cart": ["tea", "milk"], "seen": 2}


_ATTRIBUTES = st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(0, 2), max_size=2))


@given(base=_ATTRIBUTES, live=_ATTRIBUTES, changed=_ATTRIBUTES)
def test_whatever_two_sides_do_neither_loses_a_change(
    manager: SessionManager, base: dict[str, Any], live: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Attribute by attribute: the copy's change, else the other's, else what was there."""
    session = manager.open(begin(manager, **(base or {"z": 0})))
    base = dict(session.copy())
    copy = session.private_copy()
    session.clear()
    session.update(live)
    copy.attributes = changed
    session.merge(copy)
    missing = object()
    for name in base.keys() | live.keys() | changed.keys():
        was, theirs, mine = (side.get(name, missing) for side in (base, live, changed))
        assert session.get(name, missing) == (mine if mine != was else theirs)
    manager.release(session)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(["be handed a value", "change it", "set", "merge", "commit", "end"]),
    ),
    max_size=12,
)


class _Counting:
    """A serializer that counts how often it was asked for bytes."""

    def __init__(self) -> None:
        self._json = get_serializer("json")
        self.name, self.capabilities, self.dumped = self._json.name, self._json.capabilities, 0

    def dumps(self, obj: object, /) -> bytes:
        self.dumped += 1
        return self._json.dumps(obj)

    def loads(self, data: bytes, /) -> object:
        return self._json.loads(data)


@pytest.mark.parametrize("asynchronous", [False, True])
@settings(max_examples=40, deadline=None)  # each example begins and ends a manager
@given(steps=_STEPS)
def test_a_copy_holds_what_the_session_does_whatever_others_are_doing(
    asynchronous: bool, steps: list[tuple[str, str]]
) -> None:
    """They change values which they were handed, merge, commit, or end without; a copy is made after each step."""
    with SessionManager("memory://", session_backup_async=asynchronous) as manager:
        session_id = begin(manager, cart=["tea"])
        open_, carts = dict[str, Session](), dict[str, list[Any]]()
        for number, (name, step) in enumerate(steps):
            session = open_.get(name) or open_.setdefault(name, manager.open(session_id))
            if step == "be handed a value":
                carts[name] = session["cart"]
            elif step == "change it" and name in carts:
                carts[name].append(number)
            elif step == "set":
                session["n"] = number
            elif step == "merge":
                copy = session.private_copy()
                copy.attributes["cart"].append(number)
                session.merge(copy)
            elif step == "commit":
                manager.commit(session)
                carts.pop(name, None)  # a change after the last commit of a request is promised nothing
            elif step == "end":
                carts.pop(name, None)
                manager.release(open_.pop(name))
            reader = manager.open(session_id)
            assert reader.private_copy().attributes == reader.request_state.attributes
            manager.release(reader)
        for session in open_.values():
            manager.release(session)


def test_a_copy_of_a_session_at_rest_takes_no_encoding() -> None:
    """It is made of what was stored; where the session may have changed since, it is encoded."""
    with SessionManager("memory://", serializer=(counting := _Counting())) as manager:
        session_id = begin(manager, cart=["tea"])
        with manager.request(session_id) as session:
            before = counting.dumped
            assert session.private_copy().attributes == {"cart": ["tea"]}
            assert counting.dumped == before

            session["cart"].append("milk")
            assert session.private_copy().attributes == {"cart": ["tea", "milk"]}
            assert counting.dumped == before + 1


# Limits and ends of one session


def test_a_limit_of_its_own_is_stored_and_taken_over() -> None:
    """Also when nothing else has changed: it is a change like any other."""
    with Cluster(1) as cluster:
        client = Client()
        one = cluster.server("a")
        client.write(one, user=7)
        with client.request(one) as session:
            assert session.absolute_timeout is None
            session.absolute_timeout = 100
        assert abs(cluster.left(client.node, client.sid) - 100) <= 2
        with client.request(cluster.server("b")) as session:
            assert session.absolute_timeout == 100


@pytest.mark.parametrize("seconds", [0, -1, 1.5, True])
def test_a_limit_that_is_none_is_refused(manager: SessionManager, seconds: Any) -> None:
    """With what is allowed."""
    session = manager.open(None)
    with pytest.raises(ValueError, match=r"absolute_timeout cannot be .*; allowed: seconds"):
        session.absolute_timeout = seconds


def test_a_session_says_that_it_has_ended(manager: SessionManager) -> None:
    """To the requests that have it open."""
    session_id = begin(manager, a=1)
    one, other = manager.open(session_id), manager.open(session_id)
    assert one == {"a": 1}
    assert not one.ended
    other.destroy()
    assert one.ended
    assert not one.superseded


def test_a_session_says_that_another_request_has_rotated_it(manager: SessionManager) -> None:
    """Not to the one that did."""
    session_id = begin(manager, a=1)
    one, other = manager.open(session_id), manager.open(session_id)
    assert one == {"a": 1}
    other.rotate()
    assert one.superseded
    assert not one.ended
    assert not other.superseded


def test_a_request_that_opens_its_session_again_asks_no_node_twice() -> None:
    """What a node has said since it began is fresh enough for it; a conditional write finds what is not."""
    with Cluster(1) as cluster:
        client, one, other = Client(), cluster.server(), cluster.server()
        client.write(one, a=1)
        first = one.open(client.cookie)
        assert first == {"a": 1}
        one.release(first)
        asked = int(cluster["n1"].statistics()["cmd_get"]) + int(cluster["n1"].statistics()["cmd_touch"])
        again = one.open(client.cookie, began=first.began)
        assert again == {"a": 1}
        assert int(cluster["n1"].statistics()["cmd_get"]) + int(cluster["n1"].statistics()["cmd_touch"]) == asked

        Client(client.cookie).write(other, b=2)
        again["c"] = 3
        one.commit(again)
        assert client.read(other) == {"a": 1, "b": 2, "c": 3}
        one.release(again)


def test_a_request_that_opens_its_session_again_follows_a_rotation(manager: SessionManager) -> None:
    """As one that had it open all the time; one that begins afterwards does not."""
    session_id = begin(manager, a=1)
    first = manager.open(session_id)
    assert first == {"a": 1}
    manager.release(first)
    login = manager.open(session_id)
    login.rotate()
    manager.commit(login)

    again = manager.open(session_id, began=first.began)
    assert again == {"a": 1}
    assert again.superseded
    assert manager.open(session_id) == {}


def test_a_session_as_one_of_another_class(manager: SessionManager) -> None:
    """An adapter's: it is the same session."""

    class Other(Session):
        """Of a framework."""

    session = manager.open(begin(manager, a=1))
    other = Other.of(session)
    other["b"] = 2
    assert type(other) is Other
    assert session == {"a": 1, "b": 2}
