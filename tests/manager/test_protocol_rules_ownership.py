"""Rules R1, R2, R3, R16 and R19: who may serve a session without a look at the store, and what the client is told.

Each script takes the steps that break a promise without the rule (manager/PROTOCOL.md), on the real code over simulated
nodes; then the rule is taken away, and the same steps break it.
"""

import pytest
from simulation.requests import Request
from simulation.without_rules import RULES
from simulation.world import Fate, World


def the_answer_of_a_takeover_comes_last(world: World, *, pause: float = 0) -> Request:
    """Take over while the owner saves; the owner merges and answers first. Return a read by the new owner."""
    world.serve("app1", writes=["zero"])
    first = world.begin("app1", writes=["one"])
    world.run_until(first, "replace", "n1")
    third = world.begin("app2", writes=["three"])
    world.run_to_response(third)
    world.run(first)
    world.run(third)
    world.wait(pause)
    return world.serve("app2")


def test_r1_after_a_takeover_every_request_looks_at_the_store_until_the_window_has_passed() -> None:
    """No fault is needed: 15 steps, and an acknowledged update is not seen by the new owner."""
    read = the_answer_of_a_takeover_comes_last(World())

    assert set(read.seen or ()) == {"zero", "one", "three"}


def test_r1_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps, and the new owner trusts its own copy."""
    RULES["R1"](monkeypatch)

    assert set(the_answer_of_a_takeover_comes_last(World()).seen or ()) == {"zero", "three"}


def a_timeout_hides_a_takeover(world: World) -> Request:
    """Let the owner move a session after a timeout that only it sees, and another process take it from there."""
    world.serve("app1", writes=["zero"])
    first = world.begin("app1", writes=["one"])
    world.run_until(first, "replace", "n1")
    world.time_out(first, Fate.NEVER)
    world.run_to_response(first)
    world.serve("app2", writes=["three"])
    world.run(first)
    return world.serve("app1")


def test_r1_a_timeout_ends_the_sole_ownership() -> None:
    """18 steps: the owner's answer comes last, and it must not serve its own copy unasked."""
    assert set(a_timeout_hides_a_takeover(World()).seen or ()) == {"zero", "one", "three"}


def test_r1_a_timeout_that_is_ignored_lets_the_owner_serve_an_old_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps without the rule."""
    RULES["R1"](monkeypatch)

    assert set(a_timeout_hides_a_takeover(World()).seen or ()) == {"zero", "one"}


def test_r2_the_end_of_the_window_is_a_look_at_the_store_and_no_timer() -> None:
    """The window passes just before the read: 17 steps."""
    read = the_answer_of_a_takeover_comes_last(World(), pause=61)

    assert set(read.seen or ()) == {"zero", "one", "three"}


def test_r2_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer makes the new owner believe itself alone."""
    RULES["R2"](monkeypatch)

    assert set(the_answer_of_a_takeover_comes_last(World(), pause=61).seen or ()) == {"zero", "three"}


def test_r2_an_unchanged_look_after_the_window_makes_the_new_owner_the_sole_one() -> None:
    """From then on it serves without a command."""
    world = World()
    world.serve("app1", writes=["zero"])
    world.serve("app2")
    world.wait(61)

    asks, asks_not = world.serve("app2"), world.serve("app2")

    assert (asks.trusted, asks_not.trusted) == (False, True)
    assert asks_not.seen == asks.seen == {"zero": "request 1"}


def the_node_freezes_and_the_owner_dies(world: World) -> Request:
    """Move a session to the second node and bring the first back with old data. Return a read by the survivor."""
    world.serve("app1", writes=["zero"])
    world.freeze("n1")
    moved = world.begin("app1", writes=["one"])
    world.run_until(moved, "replace", "n1")
    world.time_out(moved, Fate.NEVER)
    world.run(moved)
    world.kill("app1")
    world.watch("app2")
    world.thaw("n1")
    world.watch("app2")
    return world.serve("app2")


def test_r3_the_response_that_moved_a_session_names_its_new_node() -> None:
    """The second half of the rule; the minimum version in the cookie is left out on purpose."""
    world = World()
    world.serve("app1", writes=["zero"])
    world.freeze("n1")

    moved = world.serve("app1", writes=["one"])

    assert "-n2.app1~" in moved.action.value


def test_r3_the_new_node_leads_even_a_takeover_that_asks_one_node_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """12 steps: R3 is the second line behind R4, so R4 is taken away."""
    RULES["R4"](monkeypatch)

    assert set(the_node_freezes_and_the_owner_dies(World()).seen or ()) == {"zero", "one"}


def test_r3_is_needed_where_a_takeover_asks_one_node_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of the next request is too late: its process has died."""
    RULES["R4"](monkeypatch)
    RULES["R3"](monkeypatch)

    assert set(the_node_freezes_and_the_owner_dies(World()).seen or ()) == {"zero"}


def a_merge_and_then_the_loss_of_its_node(world: World) -> Request:
    """Merge a contested save on the home node, which then restarts empty."""
    world.serve("app1", writes=["zero"])
    first = world.begin("app1", writes=["one"])
    world.run_until(first, "replace", "n1")
    world.serve("app2", writes=["two"])
    world.run(first)
    world.restart("n1")
    return world.serve("app2")


def test_r16_a_conflicting_save_goes_to_two_nodes() -> None:
    """21 steps: the other process stored on both nodes, so what merges with it must too."""
    assert set(a_merge_and_then_the_loss_of_its_node(World()).seen or ()) == {"zero", "one", "two"}


def test_r16_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One copy of the merged state is lost with its node, and the older one on the other node is served."""
    RULES["R16"](monkeypatch)

    assert "one" not in (a_merge_and_then_the_loss_of_its_node(World()).seen or ())


def a_parallel_request_under_the_old_id(world: World) -> tuple[Request, Request]:
    """Rotate while another request of the same process is under way, which ends first."""
    world.serve("app1", writes=["zero"])
    parallel = world.begin("app1", writes=["one"], thinks=True)
    world.step(parallel)
    rotation = world.begin("app1", rotates=True)
    world.run_to_response(rotation)
    world.run(parallel)
    world.run(rotation)
    return parallel, rotation


def test_r19_only_the_response_that_rotated_a_session_carries_its_new_id() -> None:
    """Whoever fixed the old id would be given the new one; what the parallel request wrote is kept all the same."""
    world = World()

    parallel, rotation = a_parallel_request_under_the_old_id(world)

    assert not parallel.action.value
    assert rotation.action.value
    assert set(world.serve("app1").seen or ()) == {"zero", "one"}


def test_r19_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps, and the new id goes to whoever sent the old one."""
    RULES["R19"](monkeypatch)

    parallel, rotation = a_parallel_request_under_the_old_id(World())

    assert parallel.action.value == rotation.action.value != ""


def test_r19_a_request_with_the_old_id_waits_until_the_new_one_is_stored_and_the_old_one_dead() -> None:
    """A rotation holds the session from its first command to its last: nobody answers in the middle of it."""
    world = World()
    world.serve("app1", writes=["zero"])
    rotation = world.begin("app1", rotates=True)
    world.run_until(rotation, "get", "n1")

    parallel = world.begin("app1", writes=["one"], cookie=rotation.cookie)
    world.step(parallel)

    assert not parallel.able
    world.run(rotation)
    world.run(parallel)
    assert not parallel.action.value
    assert set(world.serve("app1").seen or ()) == {"zero", "one"}
