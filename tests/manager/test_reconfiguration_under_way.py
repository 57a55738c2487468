"""Nodes change between any two steps of a request: it ends well, and what it was acknowledged is kept.

On simulated nodes, where every command is a point at which others may go first. Each test tries every such point.
"""

from collections.abc import Iterator
from itertools import count

import pytest
from simulation.requests import Request
from simulation.scheduler import Blocked, Task
from simulation.world import World

WITHOUT_N1 = {"memcached_nodes": "n2:n2.test:11211"}


def reconfiguration(world: World, process: str, **settings: object) -> Task:
    """Return a reconfiguration of a process, as a task."""
    concerned = world.processes[process]
    change = Task(concerned, f"reconfiguration of {process}", lambda: concerned.manager.reconfigure(**settings))  # pyright: ignore[reportArgumentType]
    concerned.tasks.append(change)
    return change


def run_both(world: World, request: Request, change: Task) -> None:
    """Let a reconfiguration go first whenever it can, and a request when it cannot."""
    while not change.done:
        world.step(change)
        if isinstance(change.point, Blocked) and not change.able:
            world.step(request)
    world.run(request)


def worlds_at_every_point(*, serves: str, **what: object) -> Iterator[tuple[World, Request]]:
    """Yield worlds in which a request of a stored session has taken no step, one step, and so on to its last."""
    for steps in count():
        world = World()
        world.serve("app1", writes=["zero"])
        request = world.begin(serves, **what)
        for _ in range(steps):
            if request.done:
                return
            world.step(request)
        yield world, request


def remove_n1_everywhere(world: World, request: Request, process: str) -> None:
    """Take n1 out of the list of the process that serves the request, then of the other one, and store what is left."""
    run_both(world, request, reconfiguration(world, process, **WITHOUT_N1))
    for other in world.processes.keys() - {process}:
        world.run(reconfiguration(world, other, **WITHOUT_N1))
    before = len(world.trace)
    for name in world.processes:
        world.watch(name, "n2")
        assert world.processes[name].manager.health().unbacked == 0
    assert not [step for step in world.trace[before:] if "n1" in step]


def test_what_a_request_writes_is_kept_when_its_node_is_removed() -> None:
    """Whether its command reaches the node that leaves, or is refused on the way."""
    for world, request in worlds_at_every_point(serves="app1", writes=["one"]):
        remove_n1_everywhere(world, request, "app1")

        assert set(world.serve("app2").seen or ()) == {"zero", "one"}, world.story()
        assert set(world.serve("app1").seen or ()) == {"zero", "one"}, world.story()


def test_a_takeover_ends_well_when_its_node_is_removed() -> None:
    """It may have asked the node that leaves, which alone holds the session, before that was removed; or it may not."""
    for world, request in worlds_at_every_point(serves="app2", writes=["one"]):
        run_both(world, request, reconfiguration(world, "app2", **WITHOUT_N1))
        world.run(reconfiguration(world, "app1", **WITHOUT_N1))
        world.watch("app1", "n2")
        world.watch("app2", "n2")

        expected = {"zero", "one"} if "zero" in (request.seen or ()) else {"one"}
        assert set(world.serve("app2").seen or ()) == expected, world.story()
        assert set(world.serve("app1").seen or ()) == expected, world.story()


def test_a_session_that_a_request_destroys_is_dead_when_a_node_is_removed() -> None:
    """On the nodes of the new list."""
    for world, request in worlds_at_every_point(serves="app1", destroys=True):
        cookie = request.cookie
        remove_n1_everywhere(world, request, "app1")

        assert not world.serve("app2", cookie).seen, world.story()
        assert not world.serve("app1", cookie).seen, world.story()


def test_a_rotation_ends_well_when_a_node_is_removed() -> None:
    """The new id has the session, and the old one is dead."""
    for world, request in worlds_at_every_point(serves="app1", rotates=True, writes=["one"]):
        cookie = request.cookie
        remove_n1_everywhere(world, request, "app1")

        assert set(world.serve("app2").seen or ()) == {"zero", "one"}, world.story()
        assert not world.serve("app2", cookie).seen, world.story()


@pytest.mark.parametrize("what", [{"writes": ["one"]}, {"rotates": True, "writes": ["one"]}], ids=["write", "rotate"])
def test_a_request_ends_well_when_memcached_is_switched_off(what: dict[str, object]) -> None:
    """And what it was acknowledged is stored when memcached is switched on."""
    for world, request in worlds_at_every_point(serves="app1", **what):
        run_both(world, request, reconfiguration(world, "app1", enabled=False))
        before = len(world.trace)
        world.serve("app1", writes=["two"])
        assert not [step for step in world.trace[before:] if "n1" in step or "n2" in step], world.story()

        world.run(reconfiguration(world, "app1", enabled=True))
        world.watch("app1")

        assert world.processes["app1"].manager.health().unbacked == 0
        assert set(world.serve("app2").seen or ()) == {"zero", "one", "two"}, world.story()


def test_a_session_that_begins_while_memcached_is_switched_on_is_stored() -> None:
    """It is in the process before it is decided where it goes."""
    for steps in count():
        world = World()
        world.run(reconfiguration(world, "app1", enabled=False))
        change = reconfiguration(world, "app1", enabled=True)
        for _ in range(steps):
            if change.done:
                break
            world.step(change)
        done = change.done
        request = world.begin("app1", writes=["one"])
        while not request.done:
            world.step(request)
            if isinstance(request.point, Blocked):
                world.step(change)
        world.run(change)
        world.watch("app1")

        assert set(world.serve("app2").seen or ()) == {"one"}, world.story()
        if done:
            return
