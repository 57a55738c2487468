"""Rules R12 to R14, R17 and R18: what ends stays ended, and what lives has a backup as long as it lives.

Each script takes the steps that break a promise without the rule (manager/PROTOCOL.md), on the real code over simulated
nodes; then the rule is taken away, and the same steps break it.
"""

import pytest
from simulation.requests import Request
from simulation.without_rules import RULES
from simulation.world import World

from memcached_sessions.manager.entry import LONGEST_MEMORY

THREE = ("app1", "app2", "app3")


def a_second_copy_is_stored_after_the_logout(world: World) -> Request:
    """Destroy a session between the first and the second copy of a contested save; the home forgets its tombstone."""
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    world.serve("app2")
    slow = world.begin("app2", writes=["two"])
    world.run_until(slow, "get", "n2")
    world.serve("app1", before, destroys=True)
    world.evict("n1")
    world.run(slow)
    return world.serve("app3", before)


def test_r12_all_nodes_get_a_tombstone() -> None:
    """20 steps: the copy that comes after the logout goes to a node that is not the home."""
    assert not a_second_copy_is_stored_after_the_logout(World(THREE)).seen


def test_r12_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tombstone on the home alone the session is back."""
    RULES["R12"](monkeypatch)

    assert a_second_copy_is_stored_after_the_logout(World(THREE)).seen


def a_tombstone_is_lost_before_the_next_is_there(world: World) -> Request:
    """Evict the first tombstone before the second is stored, and let a slow save go in between."""
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    slow = world.begin("app2", writes=["two"])
    world.run_until(slow, "replace", "n1")
    logout = world.begin("app1", destroys=True)
    world.run_until(logout, "set", "n2")
    world.evict("n1")
    world.run_until(slow, "add", "n2")
    world.run(logout)
    world.run(slow)
    world.restart("n2")
    return world.serve("app3", before)


def test_r13_a_second_pass_sees_that_the_tombstones_are_there() -> None:
    """21 steps: the save stored over the lost tombstone; then the node with the other one restarts too."""
    assert not a_tombstone_is_lost_before_the_next_is_there(World(THREE)).seen


def test_r13_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the session lives on where its tombstone was lost."""
    RULES["R13"](monkeypatch)

    assert a_tombstone_is_lost_before_the_next_is_there(World(THREE)).seen


def a_write_under_the_old_id_during_a_rotation(world: World) -> Request:
    """Let another process save under the old id after the new one was stored. Return a read under the new one."""
    world.serve("app1", writes=["zero"])
    rotation = world.begin("app1", rotates=True)
    world.run_until(rotation, "add", "n1")
    world.step(rotation)
    world.serve("app2", writes=["three"])
    world.run(rotation)
    return world.serve("app1")


def test_r14_a_rotation_takes_what_was_stored_under_the_old_id_meanwhile() -> None:
    """16 steps, no fault."""
    assert set(a_write_under_the_old_id_during_a_rotation(World()).seen or ()) == {"zero", "three"}


def test_r14_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blind tombstone buries the acknowledged update."""
    RULES["R14"](monkeypatch)

    assert set(a_write_under_the_old_id_during_a_rotation(World()).seen or ()) == {"zero"}


def test_r14_a_write_after_the_tombstone_is_dropped_with_an_event() -> None:
    """Another process meets the tombstone; what it writes must not bring the old id back."""
    world = World(THREE)
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    slow = world.begin("app2", writes=["two"])
    world.run_until(slow, "replace", "n1")
    world.serve("app1", rotates=True)

    world.run(slow)

    assert slow.dropped
    assert not slow.action.value
    assert not world.serve("app3", before).seen


def silence_after_a_read_without_a_touch(world: World) -> Request:
    """Read once a moment before a touch is due, then nothing until a moment before the session ends."""
    world.serve("app1", writes=["zero"])
    world.wait(449)
    world.serve("app1")
    world.kill("app1")
    world.wait(1798)
    return world.serve("app2")


def test_r17_a_backup_lives_for_the_idle_limit_and_a_touch_interval() -> None:
    """The session is 1 798 s idle, its backup 2 247 s old."""
    assert set(silence_after_a_read_without_a_touch(World()).seen or ()) == {"zero"}


def test_r17_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that lives for the idle limit alone is gone before its session."""
    RULES["R17"](monkeypatch)

    assert not silence_after_a_read_without_a_touch(World()).seen


def test_r18_a_local_copy_that_expires_takes_nothing_from_the_nodes() -> None:
    """The former owner's copy is idle; the session is in use elsewhere, where nothing but reads changed nothing."""
    world = World(THREE)
    world.serve("app1", writes=["zero"])
    world.serve("app2")
    world.wait(1000)
    world.serve("app2")
    world.wait(900)

    world.run(world.processes["app1"].watch("n1"))

    assert world.processes["app1"].manager.health().sessions == 0
    assert world.serve("app3").seen == {"zero": "request 1"}


def an_old_copy_after_the_tombstones_have_expired(world: World) -> Request:
    """Destroy a session elsewhere, and come back to its former owner when no tombstone is left."""
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    world.serve("app2", destroys=True)
    world.wait(LONGEST_MEMORY + 1)
    return world.serve("app1", before)


def test_r18_a_copy_that_was_out_of_touch_longer_than_a_tombstone_lives_is_not_stored_again() -> None:
    """What is on no node may have been destroyed: logged in again, otherwise."""
    assert not an_old_copy_after_the_tombstones_have_expired(World(max_inactive_interval=None)).seen


def test_r18_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for evicted, the session is back."""
    RULES["R18"](monkeypatch)

    assert an_old_copy_after_the_tombstones_have_expired(World(max_inactive_interval=None)).seen
