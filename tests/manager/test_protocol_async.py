"""Asynchronous backup: what keeps a waiting snapshot newer than all that is stored, and loses no change beside it.

Each script takes the steps that break a promise without the rule (manager/PROTOCOL.md), on the real code over simulated
nodes; then the rule is taken away, and the same steps break it.
"""

from collections.abc import Callable

import pytest
from simulation import without_rules
from simulation.requests import Request
from simulation.scripted import Pause
from simulation.world import World

from memcached_sessions.manager import Session
from memcached_sessions.serializers import SerializationError

TWO = ("app1", "app2")


def a_world(processes: tuple[str, ...] = TWO, **settings: object) -> World:
    """Return processes that back up asynchronously, and a session of the first one whose first backup is made."""
    world = World(processes, session_backup_async=True, session_backup_timeout=0.001, **settings)
    world.serve("app1", writes=["zero"])
    world.back_up()
    return world


def read_and_think(session: Session, pause: Pause) -> None:
    """Let others go first between the read and the commit."""
    session.copy()
    pause()


def a_merge_while_a_snapshot_waits(world: World) -> Request:
    """Let a request take what another process stored, and the thread store; return a read after the process died."""
    world.serve("app1", writes=["one"])
    world.serve("app2", writes=["two"])
    world.back_up("app2")
    read = world.script("app1", read_and_think)
    world.run_to_thought(read)
    world.back_up("app1")
    world.kill("app1")
    return world.serve("app2")


def test_a_merge_drops_the_snapshot_that_waits() -> None:
    """It has not what was taken; so the thread encodes the session again, and stores the changes of both."""
    assert set(a_merge_while_a_snapshot_waits(a_world()).seen or ()) == {"zero", "one", "two"}


def test_a_merge_has_to_drop_the_snapshot_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is stored over what was seen, as if the other process's change had been removed."""
    without_rules.without_drop_in_merge(monkeypatch)

    assert set(a_merge_while_a_snapshot_waits(a_world()).seen or ()) == {"zero", "one"}


def a_relocation_while_a_snapshot_waits(world: World) -> list[set[str]]:
    """Move a session with what a request has just set, and let the thread store; return what is stored each time."""
    world.serve("app1", writes=["one"])

    def set_two(session: Session, pause: Pause) -> None:
        session["two"] = 2
        pause()

    request = world.script("app1", set_two)
    world.run_to_thought(request)
    world.freeze("n1")
    world.watch("app1", "n1")
    held = [set(world.stored("n2"))]
    world.back_up("app1")
    return [*held, set(world.stored("n2"))]


def test_a_fresh_snapshot_takes_the_place_of_one_that_waits() -> None:
    """What waited is in it, so there is nothing left to store."""
    assert a_relocation_while_a_snapshot_waits(a_world()) == [{"zero", "one", "two"}, {"zero", "one", "two"}]


def test_a_fresh_snapshot_has_to_take_the_place_of_one_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an older state is stored after a newer one."""
    without_rules.without_drop_in_snapshot(monkeypatch)

    assert a_relocation_while_a_snapshot_waits(a_world()) == [{"zero", "one", "two"}, {"zero", "one"}]


def set_cart(session: Session, _: Pause) -> None:
    """Begin with something that can be changed in place."""
    session["cart"] = ["tea"]


def replace_cart(session: Session, _: Pause) -> None:
    """Put another object there."""
    session["cart"] = ["milk"]


def add_in_place(session: Session, pause: Pause) -> None:
    """Change the object that is there, after others went first."""
    cart = session["cart"]
    pause()
    cart.append("sugar")


def a_change_of_an_object_that_the_thread_replaces(world: World) -> object:
    """Let the thread merge while a request holds the object, and commit before it has stored; return what is stored."""
    world.run(world.script("app1", set_cart))
    world.back_up()
    with_app1 = world.browser.cookie
    request = world.script("app1", add_in_place)
    world.run_to_thought(request)
    world.serve("app1", writes=["one"])
    world.run(world.script("app2", replace_cart))
    world.back_up("app2")
    world.browser.cookie = with_app1
    backup = world.processes["app1"].back_up()
    world.run_until(backup, "replace", "n1")
    world.step(backup)
    world.run_until(backup, "replace", "n1")
    world.run(request)
    world.run(backup)
    world.settle()
    return world.stored("n1")["cart"]


def test_a_commit_brings_back_what_it_changed_in_an_object_that_the_thread_replaced() -> None:
    """The thread is still at the session; the commit does not wait for it, and the later change wins."""
    assert a_change_of_an_object_that_the_thread_replaces(a_world()) == ["tea", "sugar"]


@pytest.mark.parametrize("rule", [without_rules.without_restore_in_commit, without_rules.without_held])
def test_a_commit_has_to_bring_back_what_it_changed(
    rule: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the request's change is nowhere: the object is no longer in the session, or was not even remembered."""
    rule(monkeypatch)

    assert a_change_of_an_object_that_the_thread_replaces(a_world()) == ["milk"]


def a_value_that_cannot_be_kept_after_a_change_that_waits(world: World) -> tuple[set[str], set[str]]:
    """Refuse a request while the change of the one before it waits; return what is served, and what is stored then."""
    world.serve("app1", writes=["one"])

    def set_what_cannot_be_kept(session: Session, _: Pause) -> None:
        session.update(two=2, bad=object())

    request = world.script("app1", set_what_cannot_be_kept)
    with pytest.raises(SerializationError, match="bad"):
        world.run(request)
    served = set(world.serve("app1").seen or ())
    world.back_up()
    return served, set(world.stored("n1"))


def test_a_refused_request_takes_the_session_back_to_the_snapshot_that_waits() -> None:
    """A response was sent for it: it is as good as stored."""
    served, stored = a_value_that_cannot_be_kept_after_a_change_that_waits(a_world())

    assert served == stored == {"zero", "one"}


def test_a_refused_request_has_to_go_back_to_the_snapshot_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored has not the change that was acknowledged."""
    without_rules.without_return_to_pending(monkeypatch)

    served, stored = a_value_that_cannot_be_kept_after_a_change_that_waits(a_world())

    assert served == stored == {"zero"}


def no_room_while_the_watcher_stores(world: World) -> Request:
    """Let a change find no room, and then an older snapshot be stored, in a process that soon dies."""
    cookie, world.browser.cookie = world.browser.cookie, ""
    world.serve("app1", writes=["other"])
    world.browser.cookie = cookie
    world.freeze("n1")
    watcher = world.processes["app1"].watch("n1")
    world.run_until(watcher, "add", "n2")
    world.serve("app1", writes=["one"])
    world.run(watcher)
    world.settle()
    world.kill("app1")
    return world.serve("app2")


def test_what_found_no_room_stays_unbacked_until_a_snapshot_with_it_is_stored() -> None:
    """The one that was under way does not have it."""
    assert set(no_room_while_the_watcher_stores(a_world(backup_queue_size=1)).seen or ()) == {"zero", "one"}


def test_what_found_no_room_has_to_stay_unbacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stores it, although its process lives on: it waits nowhere, and counts as backed up."""
    without_rules.without_left(monkeypatch)

    assert set(no_room_while_the_watcher_stores(a_world(backup_queue_size=1)).seen or ()) == {"zero"}


def test_what_waits_when_another_process_rotates_the_session_is_dropped_with_an_event() -> None:
    """A known limit: a rotation is final, and cannot know what no node holds yet."""
    world = a_world()
    with_app1 = world.browser.cookie
    world.serve("app1", writes=["one"])
    world.browser.cookie = with_app1
    world.serve("app2", rotates=True)
    backup = world.processes["app1"].back_up()

    world.run(backup)

    assert [event.kind.value for event in world.processes["app1"].events][-2:] == ["destroyed", "dropped"]
    assert set(world.serve("app2").seen or ()) == {"zero"}
