"""One request changes the attributes while another one commits: what is stored is a state, and nothing breaks."""

import threading
from collections.abc import Iterator

import pytest

from memcached_sessions import SessionManager
from memcached_sessions.serializers import SerializationError, get_serializer

KEY = "a key of at least sixteen bytes"
ROUNDS = 150


@pytest.fixture(params=["compact", "compact in Python", "json", "msgpack", "cbor", "pickle"])
def manager(request: pytest.FixtureRequest) -> Iterator[SessionManager]:
    """A manager for each serializer."""
    serializer = (
        get_serializer("compact", implementation="python") if request.param == "compact in Python" else request.param
    )
    with SessionManager("memory://snapshots", serializer=serializer, signing_keys=(KEY,)) as manager:
        yield manager


def test_a_commit_stores_a_state_while_another_thread_changes_it(manager: SessionManager) -> None:
    """Names come and go, at the top and in a nested dict, in pairs that are always set in the same order."""
    with manager.request(None) as session:
        session.update(cart={}, user=7)
    stop = threading.Event()

    def change() -> None:
        with manager.request(session.id) as changing:
            number = 0
            while not stop.is_set():
                number += 1
                changing[f"name{number % 40}"] = number
                changing["cart"][f"item{number % 50}"] = [number]
                changing.pop(f"name{(number + 20) % 40}", None)
                changing["cart"].pop(f"item{(number + 25) % 50}", None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for turn in range(ROUNDS):
            with manager.request(session.id) as committing:
                committing["turn"] = turn
    finally:
        stop.set()
        thread.join()

    with (
        SessionManager(
            "memory://snapshots",
            accept_serializers=("pickle", "json", "msgpack", "cbor", "compact"),
            signing_keys=(KEY,),
        ) as other,
        other.request(session.id) as taken_over,
        manager.request(session.id) as live,
    ):
        assert taken_over == live
        assert taken_over["turn"] == ROUNDS - 1


def test_a_session_beyond_the_bound_of_its_serializer_is_an_error() -> None:
    """Told to the request that made it so; nobody waits."""
    with SessionManager("memory://") as manager:
        session = manager.open(None)
        session["long"] = "x" * 5_000_000
        with pytest.raises(SerializationError, match="max_size"):
            manager.commit(session)
        manager.release(session)
