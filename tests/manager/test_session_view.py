"""`Session` is a dict wherever one is expected, and all that it shows is what the requests of the process share."""

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from memcached_sessions import Session, SessionManager


@pytest.fixture
def manager() -> Iterator[SessionManager]:
    """A manager with a node in memory: what a session shows does not depend on it."""
    with SessionManager("memory://view") as manager:
        yield manager


@pytest.fixture
def session(manager: SessionManager) -> Session:
    """A session of an earlier request, not looked at yet."""
    with manager.request(None) as first:
        first.update(a=1, b=[2])
    return manager.open(first.id)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda s: s["a"], 1),
        (lambda s: s.get("a"), 1),
        (lambda s: s.get("c", 3), 3),
        (lambda s: "a" in s, True),
        (lambda s: 5 in s, False),
        (lambda s: list(s), ["a", "b"]),
        (lambda s: list(reversed(s)), ["b", "a"]),
        (len, 2),
        (bool, True),
        (lambda s: list(s.keys()), ["a", "b"]),
        (lambda s: list(s.values()), [1, [2]]),
        (lambda s: list(s.items()), [("a", 1), ("b", [2])]),
        (lambda s: s == {"a": 1, "b": [2]}, True),
        (lambda s: s != {"a": 1}, True),
        (lambda s: s != {"a": 1, "b": [2]}, False),
        (lambda s: s == s.copy(), True),
        (lambda s: s | {"c": 3}, {"a": 1, "b": [2], "c": 3}),
        (lambda s: {"c": 3, "a": 0} | s, {"c": 3, "a": 1, "b": [2]}),
        (lambda s: s.copy(), {"a": 1, "b": [2]}),
        (dict, {"a": 1, "b": [2]}),
        (lambda s: {**s}, {"a": 1, "b": [2]}),
        (lambda s: dict(**s), {"a": 1, "b": [2]}),
        (lambda s: json.loads(json.dumps(s)), {"a": 1, "b": [2]}),
        (lambda s: json.loads(json.dumps(s, indent=1)), {"a": 1, "b": [2]}),
        (copy.copy, {"a": 1, "b": [2]}),
        (copy.deepcopy, {"a": 1, "b": [2]}),
        (lambda s: pickle.loads(pickle.dumps(s)), {"a": 1, "b": [2]}),
        (lambda s: isinstance(s, dict), True),
        (lambda s: {"z": 0, **s}, {"z": 0, "a": 1, "b": [2]}),
    ],
)
def test_every_reader_reads_the_shared_attributes(session: Session, read: Any, expected: object) -> None:
    """As of a dict; each of them as the first access."""
    assert read(session) == expected


@pytest.mark.parametrize("convert", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_are_plain_dicts(session: Session, convert: Any) -> None:
    """A copy belongs to no manager."""
    assert type(convert(session)) is dict


def test_a_deep_copy_shares_nothing(session: Session) -> None:
    """A change of it is none of the session."""
    copy.deepcopy(session)["b"].append(3)
    assert session["b"] == [2]


def _set(s: Session) -> None:
    s["c"] = 3


def _delete(s: Session) -> None:
    del s["a"]


def _or(s: Session) -> None:
    s |= {"c": 3}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set, {"a": 1, "b": [2], "c": 3}),
        (_delete, {"b": [2]}),
        (_or, {"a": 1, "b": [2], "c": 3}),
        (lambda s: s.clear(), {}),
        (lambda s: s.pop("a"), {"b": [2]}),
        (lambda s: s.pop("z", None), {"a": 1, "b": [2]}),
        (lambda s: s.popitem(), {"a": 1}),
        (lambda s: s.setdefault("c", 3), {"a": 1, "b": [2], "c": 3}),
        (lambda s: s.setdefault("a", 3), {"a": 1, "b": [2]}),
        (lambda s: s.update({"c": 3}, d=4), {"a": 1, "b": [2], "c": 3, "d": 4}),
        (lambda s: s.update([("c", 3)]), {"a": 1, "b": [2], "c": 3}),
        (lambda s: s["b"].append(3), {"a": 1, "b": [2, 3]}),
    ],
)
def test_every_change_is_backed_up(session: Session, manager: SessionManager, change: Any, expected: object) -> None:
    """As of a dict, each of them as the first access; the next request and the bytes on the node show it."""
    change(session)
    manager.commit(session)
    manager.release(session)

    with manager.request(session.id) as again:
        assert again == expected
    with SessionManager("memory://view") as other, other.request(session.id) as taken_over:
        assert taken_over == expected


def test_a_nested_change_is_backed_up(manager: SessionManager) -> None:
    """Checklist line 30: the bytes are compared, so nobody has to say that something deep inside has changed."""
    with manager.request(None) as session:
        session["cart"] = {"items": [{"price": 1}]}
    with manager.request(session.id) as session:
        session["cart"]["items"][0]["price"] = 2

    with SessionManager("memory://view") as other, other.request(session.id) as taken_over:
        assert taken_over["cart"]["items"] == [{"price": 2}]


@pytest.mark.parametrize("name", [1, None, b"a", ("a",), 1.5])
def test_names_are_text(session: Session, name: Any) -> None:
    """Whichever way they come in, and nothing of the change is done."""
    for change in (
        lambda: session.__setitem__(name, 1),
        lambda: session.setdefault(name, 1),
        lambda: session.update({name: 1}),
    ):
        with pytest.raises(TypeError, match="names of session attributes are str"):
            change()
    assert session == {"a": 1, "b": [2]}


def test_a_repr_shows_no_values_and_no_id(manager: SessionManager) -> None:
    """It ends up in logs and in error pages."""
    with manager.request(None) as session:
        session["secret word"] = "hunter2"

    again = manager.open(session.id)
    for text in (repr(again), repr(session), f"{session}"):
        assert "hunter2" not in text
        assert session.sid not in text
    assert "secret word" in repr(session)


def test_a_repr_looks_at_nothing() -> None:
    """A debugger that shows a session must not load it."""
    with SessionManager("memory://view") as manager, SessionManager("memory://view") as other:
        with manager.request(None) as session:
            session["user"] = 7

        elsewhere = other.open(session.id)

        assert repr(elsewhere) == "<Session, not looked at>"
        assert not elsewhere.loaded


def test_requests_of_a_process_share_the_live_attributes(session: Session, manager: SessionManager) -> None:
    """What one request sets the other sees at once, the very object."""
    parallel = manager.open(session.id)
    session["c"] = thing = ["shared"]
    assert parallel["c"] is thing


def test_a_session_says_how_old_it_is_and_how_long_it_may_rest(manager: SessionManager) -> None:
    """The times are those of the first request, and the limit may be set for one session alone."""
    with manager.request(None) as first:
        first["user"] = 7
        first.max_inactive_interval = 60
    with manager.request(first.id) as second:
        assert second.created == first.created
        assert second.max_inactive_interval == 60
        with pytest.raises(ValueError, match="destroy"):
            second.max_inactive_interval = 0


def test_a_limit_set_for_one_session_is_known_to_the_process_that_takes_over(manager: SessionManager) -> None:
    """Also if nothing but the limit has changed."""
    with manager.request(None) as session:
        session["user"] = 7
    with manager.request(session.id) as session:
        session.max_inactive_interval = 60

    with SessionManager("memory://view") as other, other.request(session.id) as taken_over:
        assert taken_over.max_inactive_interval == 60


def test_a_rotated_session_is_not_new(manager: SessionManager) -> None:
    """It has another id, and is what it was."""
    with manager.request(None) as session:
        session["user"] = 7
        assert session.is_new
    with manager.request(session.id) as again, manager.request(session.id) as parallel:
        again.rotate()
        assert not again.is_new
        assert not parallel.is_new


def test_no_data_makes_a_session_that_is_false() -> None:
    """As an empty dict is."""
    with SessionManager("memory://") as manager, manager.request(None) as session:
        assert not session
        assert session.is_new
        assert session == {}
