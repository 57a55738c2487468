"""A thread that merges what another process stored, beside requests that change values in place: none is lost.

Traces in which one was, each by its name, on the real code over simulated nodes.
"""

from typing import Any

import pytest
from simulation.scripted import Pause
from simulation.world import Fate, World

from memcached_sessions.manager import EventKind, Session, reconciling
from memcached_sessions.manager.attribute_merge import Merged


def a_world(**settings: object) -> World:
    """Return two processes that back up asynchronously, a session in the first one, and its first backup made."""
    world = World(session_backup_async=True, session_backup_timeout=0.001, **settings)
    world.serve("app1", writes=["zero"])
    world.back_up()
    return world


def set_list(session: Session, _: Pause) -> None:
    """Begin with something that can be changed in place."""
    session["cart"] = ["tea"]


def replace(session: Session, _: Pause) -> None:
    """Put another object there."""
    session["cart"] = ["milk"]


def add_in_place(session: Session, think: Pause) -> None:
    """Change the object that is there, after others went first."""
    cart = session["cart"]
    think()
    cart.append("sugar")


def test_a_change_of_a_replaced_object_is_stored_although_a_backup_ends_after_its_request() -> None:
    """The thread is at the session, and is asked to store it once more: it has to look at what was replaced then."""
    world = a_world()
    world.run(world.script("app1", set_list))
    world.back_up()
    with_app1 = world.browser.cookie

    requests = [world.script("app1", add_in_place) for _ in range(2)]
    for request in requests:
        world.run_to_thought(request)
    world.serve("app1", writes=["one"])
    world.browser.cookie = with_app1
    world.run(world.script("app2", replace))
    world.back_up("app2")
    backup = world.processes["app1"].back_up()
    world.run_until(backup, "replace", "n1")
    world.step(backup)
    world.run_until(backup, "replace", "n1")
    for request in requests:
        world.run(request)
    world.run(backup)
    world.settle()

    assert world.stored("n1")["cart"] == ["tea", "sugar", "sugar"]


def test_the_only_request_of_a_session_keeps_what_it_changes_in_place_while_the_thread_merges() -> None:
    """The object that it holds is replaced by what another process stored; the later change wins."""
    world = a_world()
    first = world.script("app1", set_list)
    world.run(first)
    world.back_up()
    with_app1 = world.browser.cookie
    world.serve("app1", writes=["one"])
    backup = world.processes["app1"].back_up()
    world.run_until(backup, "replace", "n1")
    world.browser.cookie = with_app1

    request = world.script("app1", add_in_place)
    world.run_to_thought(request)

    world.run(world.script("app2", replace))
    world.back_up("app2")
    world.run(backup)

    world.run(request)
    world.settle()

    assert world.stored("n1")["cart"] == ["tea", "sugar"]


def test_a_change_in_place_between_a_merge_and_its_application_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request changes an object when the merge has compared it, and before it is replaced."""
    world = a_world()
    world.run(world.script("app1", set_list))
    world.back_up()
    with_app1 = world.browser.cookie
    carts: list[list[str]] = []

    def hold(session: Session, think: Pause) -> None:
        carts.append(session["cart"])
        think()

    request = world.script("app1", hold)
    world.run_to_thought(request)
    world.serve("app1", writes=["one"])
    world.run(world.script("app2", replace))
    world.back_up("app2")
    world.browser.cookie = with_app1
    merge = reconciling.merge_descendant

    def merge_while_another_thread_goes_on(*sides: Any, **options: Any) -> Merged:
        merged = merge(*sides, **options)
        carts[0].append("sugar")
        return merged

    monkeypatch.setattr(reconciling, "merge_descendant", merge_while_another_thread_goes_on)
    world.back_up("app1")
    monkeypatch.undo()
    world.run(request)
    world.settle()

    assert world.stored("n1")["cart"] == ["tea", "sugar"]


@pytest.mark.parametrize("fate", [None, Fate.APPLIED])
def test_a_change_while_its_attribute_is_stored_is_no_conflict_with_what_was_stored(fate: Fate | None) -> None:
    """Another process has stored its own change over the first copy, and this one goes on with the same attribute."""
    world = a_world()
    with_app1 = world.browser.cookie
    world.serve("app2", writes=["two"])
    world.back_up()
    with_app2, world.browser.cookie = world.browser.cookie, with_app1
    world.run(world.script("app1", set_list))
    world.browser.cookie = with_app1
    request = world.script("app1", add_in_place)
    world.run_to_thought(request)
    backup = world.processes["app1"].back_up()
    world.run_until(backup, "replace", "n1")
    if fate is None:
        world.step(backup)
        world.run_until(backup, "replace", "n2")
    else:
        world.time_out(backup, fate)
    for name in ("three", "four", "five"):
        world.browser.cookie = with_app2
        world.serve("app2", writes=[name])
        world.back_up("app2")
    world.run(request)
    world.run(backup)
    world.settle()

    assert world.stored("n1" if fate is None else "n2")["cart"] == ["tea", "sugar"]
    assert not [event for event in world.processes["app1"].events if event.kind is EventKind.CONFLICT]
