"""Asynchronous backup beside requests, watchers and bounds: traces in which a change was lost once, each by its name.

The real code over simulated nodes; a thread of the queue is a task like a request, and takes its steps when told to.
"""

import pytest
from simulation.scripted import Pause
from simulation.world import World

from memcached_sessions.manager import Session
from memcached_sessions.serializers import SerializationError

TOUCH_DUE = 451
"""Seconds after which a session is touched, with an idle limit of half an hour."""


def a_world(**settings: object) -> World:
    """Return two processes that back up asynchronously, a session in the first one, and its first backup made."""
    world = World(session_backup_async=True, session_backup_timeout=0.001, **settings)
    world.serve("app1", writes=["zero"])
    world.back_up()
    return world


def test_a_request_that_runs_while_its_session_is_touched_keeps_what_it_has_set() -> None:
    """The thread meets a value that cannot be kept: its request is told, and nothing is taken back behind its back."""
    world = a_world()
    slow = world.begin("app1", thinks=True)
    world.step(slow)

    def set_what_cannot_be_kept(session: Session, think: Pause) -> None:
        think()
        session.update(zero=1, bad=object())
        think()
        assert session["zero"] == 1

    request = world.script("app1", set_what_cannot_be_kept)
    world.run_to_thought(request)
    world.wait(TOUCH_DUE)
    world.run(slow)
    world.step(request)
    world.back_up("app1")

    with pytest.raises(SerializationError, match="bad"):
        world.run(request)


def test_a_change_that_was_taken_back_while_a_snapshot_with_it_was_stored_is_stored_as_it_is_then() -> None:
    """The watcher stores it again after a restart, with what a request has set; that takes it back, and commits."""
    world = a_world()

    def set_and_take_back(session: Session, think: Pause) -> None:
        session["flash"] = "hello"
        think()
        del session["flash"]

    request = world.script("app1", set_and_take_back)
    world.run_to_thought(request)
    world.restart("n1")
    watcher = world.processes["app1"].watch("n1")
    world.run_until(watcher, "add", "n1")
    world.run(request)
    world.run(watcher)
    world.settle()

    assert set(world.stored("n1")) == {"zero"}


def test_a_limit_that_is_set_while_a_node_that_is_back_gets_the_session_is_stored() -> None:
    """The header that is under way has the limit from before."""
    world = a_world(nodes=("n1",))
    world.freeze("n1", noticed=True)
    world.serve("app1", writes=["one"])
    world.back_up()
    world.thaw("n1")
    watchers = [world.processes["app1"].watch("n1") for _ in range(2)]
    world.run(watchers[0])
    world.run_until(watchers[1], "replace", "n1")

    def set_limit(session: Session, _: Pause) -> None:
        session.max_inactive_interval = 60

    world.run(world.script("app1", set_limit))
    world.run(watchers[1])
    world.settle()

    held = next(iter(world.servers["n1"].items.values()))
    assert world.servers["n1"].left(held) == 60 + 15 + 5


def a_full_queue(world: World) -> None:
    """Let another session than that of the client wait in a queue of one."""
    cookie, world.browser.cookie = world.browser.cookie, ""
    world.serve("app1", writes=["other"])
    world.browser.cookie = cookie


def test_what_finds_no_room_while_the_watcher_stores_an_older_state_is_stored() -> None:
    """The watcher's snapshot does not have it, so the session stays one that is not backed up."""
    world = a_world(backup_queue_size=1)
    a_full_queue(world)
    world.freeze("n1")
    watcher = world.processes["app1"].watch("n1")
    world.run_until(watcher, "add", "n2")
    world.serve("app1", writes=["one"])
    world.run(watcher)

    assert world.processes["app1"].manager.health().unbacked == 1
    world.settle()
    assert set(world.stored("n2")) == {"zero", "one"}


def test_a_session_whose_touch_waits_is_not_evicted() -> None:
    """Taken over again it would be there twice in one process, with two histories under one name."""
    world = a_world(max_local_sessions=1)
    slow = world.begin("app1", thinks=True)
    world.step(slow)
    world.wait(TOUCH_DUE)
    world.run(slow)
    touch = world.processes["app1"].back_up()
    world.run_until(touch, "touch")
    cookie, world.browser.cookie = world.browser.cookie, ""
    world.serve("app1", writes=["other"])
    world.back_up()

    assert world.processes["app1"].manager.health().sessions == 2
    world.run(touch)
    world.browser.cookie = cookie
    assert world.serve("app1").seen == {"zero": "request 1"}


def test_what_is_left_when_a_value_was_refused_is_stored() -> None:
    """The thread had to encode the session after a merge, and could not; then the value is gone."""
    world = a_world()
    with_app1 = world.browser.cookie
    world.serve("app1", writes=["one"])
    world.serve("app2", writes=["two"])
    world.back_up("app2")
    world.browser.cookie = with_app1
    backup = world.processes["app1"].back_up()
    world.run_until(backup, "replace", "n1")

    def set_what_cannot_be_kept(session: Session, think: Pause) -> None:
        session["bad"] = object()
        think()

    request = world.script("app1", set_what_cannot_be_kept)
    world.run_to_thought(request)
    world.run(backup)
    world.watch("app1")

    with pytest.raises(SerializationError, match="bad"):
        world.run(request)
    world.settle()
    assert set(world.stored("n1")) == {"zero", "one", "two"}


def test_a_session_whose_first_backup_went_to_another_node_is_not_trusted_unasked() -> None:
    """Its id named a node already; the late response with the other one calls the client back from a take-over (R1)."""
    world = World(session_backup_async=True)
    world.serve("app1", writes=["zero"])
    world.freeze("n1", noticed=True)
    late = world.begin("app1")
    world.run_to_response(late)
    world.serve("app2", writes=["two"])
    world.back_up("app2")
    world.run(late)

    assert set(world.serve("app1").seen or ()) == {"zero", "two"}


def test_a_value_that_cannot_be_kept_does_not_keep_what_waits_from_being_stored_at_the_end() -> None:
    """It is left from a request that failed and never committed; the snapshot that waits has it not."""
    world = a_world()
    world.serve("app1", writes=["one"])

    def fail(session: Session, _: Pause) -> None:
        session["bad"] = object()
        raise LookupError

    with pytest.raises(LookupError):
        world.run(world.script("app1", fail))

    world.processes["app1"].manager.close()

    assert set(world.stored("n1")) == {"zero", "one"}
