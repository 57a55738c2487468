"""Rules R4 to R11 and R15: nodes that freeze, restart and forget, and what makes up for it.

Each script takes the steps that break a promise without the rule (manager/PROTOCOL.md), on the real code over simulated
nodes; then the rule is taken away, and the same steps break it.
"""

import pytest
from simulation.requests import Request
from simulation.without_rules import RULES
from simulation.world import Fate, World


def a_takeover_with_the_old_id(world: World) -> Request:
    """Move a session while the client still sends the id with the old node, whose data are old."""
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    world.freeze("n1", noticed=True)
    world.serve("app1", writes=["one"])
    world.kill("app1")
    world.thaw("n1")
    world.watch("app2")
    return world.serve("app2", before)


def test_r4_a_takeover_asks_all_nodes_and_takes_the_newest() -> None:
    """12 steps: the node that the id names has an older state than another one."""
    assert set(a_takeover_with_the_old_id(World()).seen or ()) == {"zero", "one"}


def test_r4_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same steps, with a take-over that asks the node of the id."""
    RULES["R4"](monkeypatch)

    assert set(a_takeover_with_the_old_id(World()).seen or ()) == {"zero"}


def two_branches_with_one_counter(world: World) -> Request:
    """Let each process save once upon the same state, on different nodes; then the nodes come together."""
    world.serve("app1", writes=["zero"])
    second = world.begin("app2", writes=["two"])
    world.run_until(second, "replace", "n1")
    world.serve("app1", writes=["one"])
    world.time_out(second, Fate.NEVER)
    world.run(second)
    world.watch("app2")
    return world.serve("app2")


def test_r5_a_branch_is_told_from_an_ancestor() -> None:
    """18 steps: both states have one save more than what they began with."""
    assert set(two_branches_with_one_counter(World()).seen or ()) == {"zero", "one", "two"}


def test_r5_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a counter the other branch looks like what is known, and is deleted."""
    RULES["R5"](monkeypatch)

    assert "one" not in (two_branches_with_one_counter(World()).seen or ())


def test_r6_a_branch_is_merged_without_taking_anything_for_removed() -> None:
    """What the other side never had it has not removed."""
    world = World()

    read = two_branches_with_one_counter(world)

    assert read.seen == {"zero": "request 1", "one": "request 3", "two": "request 2"}


def test_r6_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merged three-way, the branch removes what it never had."""
    RULES["R6"](monkeypatch)

    assert "two" not in (two_branches_with_one_counter(World()).seen or ())


def test_r6_a_descendant_is_merged_with_its_removals() -> None:
    """The counterpart: what a descendant lacks it has removed."""
    world = World()
    world.serve("app1", writes=["zero", "one"])
    second = world.begin("app1", writes=["two"])
    world.run_until(second, "replace", "n1")
    world.serve("app2", removes=["one"])

    world.run(second)

    assert set(world.serve("app2").seen or ()) == {"zero", "two"}


def a_second_failure_after_the_first_node_is_back(world: World) -> Request:
    """Freeze one node, save on the other, let the first come back, freeze the second and kill the owner."""
    world.serve("app1", writes=["zero"])
    world.freeze("n1", noticed=True)
    world.serve("app1", writes=["one"])
    world.thaw("n1")
    world.watch("app1")
    world.watch("app2")
    world.kill("app1")
    world.freeze("n2", noticed=True)
    return world.serve("app2")


def test_r7_a_node_pays_its_debts_before_it_is_used_again() -> None:
    """14 steps: the first node holds the old state no more, so what is not there is unavailable, and never old."""
    read = a_second_failure_after_the_first_node_is_back(World())

    assert read.degraded
    assert not read.seen


def test_r7_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With debts forgotten the old state is served."""
    RULES["R7"](monkeypatch)

    read = a_second_failure_after_the_first_node_is_back(World())

    assert set(read.seen or ()) == {"zero"}


def a_node_comes_back_in_the_middle_of_a_save(world: World) -> Request:
    """Let the second copy of a contested save time out, and its node be back before the save ends on a third."""
    world.serve("app1", writes=["zero"])
    world.serve("app2", writes=["two"])
    save = world.begin("app2", writes=["three"])
    world.run_until(save, "replace", "n2")
    world.time_out(save, Fate.NEVER)
    world.watch("app2", "n2")
    world.run(save)
    world.kill("app1")
    world.kill("app2")
    world.freeze("n1", noticed=True)
    world.freeze("n3", noticed=True)
    return world.serve("app3")


def test_r8_a_node_that_was_down_and_is_back_before_a_save_ends_is_looked_after_by_it() -> None:
    """15 steps: nobody else knows that its copy is old. It is gone then, so the session is unavailable, never old."""
    read = a_node_comes_back_in_the_middle_of_a_save(World(("app1", "app2", "app3"), ("n1", "n2", "n3")))

    assert read.degraded
    assert not read.seen


def test_r8_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old copy stays, and is served when the others cannot be asked."""
    RULES["R8"](monkeypatch)

    read = a_node_comes_back_in_the_middle_of_a_save(World(("app1", "app2", "app3"), ("n1", "n2", "n3")))

    assert set(read.seen or ()) == {"zero", "two"}


def a_save_by_the_count_of_another_life(world: World) -> Request:
    """Let a CAS value that was seen before a restart meet an item that has the same one after it."""
    world.serve("app1", writes=["zero"])
    second = world.begin("app2", writes=["two"])
    world.run_until(second, "replace", "n1")
    world.serve("app1", writes=["one"])
    world.restart("n1")
    world.watch("app1")
    world.run(second)
    return world.serve("app2")


def test_r9_a_cas_value_is_valid_within_one_life_of_a_server() -> None:
    """21 steps: the count begins at 1 again, so the same number means another state."""
    assert set(a_save_by_the_count_of_another_life(World()).seen or ()) == {"zero", "one", "two"}


def test_r9_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number matches, and an acknowledged update is overwritten unseen."""
    RULES["R9"](monkeypatch)

    assert set(a_save_by_the_count_of_another_life(World()).seen or ()) == {"zero", "two"}


def a_restart_between_load_and_save(world: World) -> Request:
    """Let a process that loaded before an update save after a restart that lost it."""
    world.serve("app1", writes=["zero"])
    second = world.begin("app2", writes=["two"])
    world.run_until(second, "replace", "n1")
    world.serve("app1", writes=["one"])
    world.restart("n1")
    world.run(second)
    world.watch("app1")
    return world.serve("app2")


def test_r10_the_sole_owner_backs_up_again_after_a_restart() -> None:
    """20 steps: it alone has the update, and finds the other's state there when it stores."""
    assert set(a_restart_between_load_and_save(World()).seen or ()) == {"zero", "one", "two"}


def test_r10_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner says nothing, and the client never sees its update again."""
    RULES["R10"](monkeypatch)

    assert set(a_restart_between_load_and_save(World()).seen or ()) == {"zero", "two"}


def a_slow_save_after_a_logout(world: World) -> tuple[Request, Request]:
    """Evict a tombstone, and let a save find nothing in its place. Return the save, and a read by a third process."""
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    slow = world.begin("app1", writes=["one"])
    world.run_until(slow, "replace", "n1")
    world.serve("app2", destroys=True)
    world.evict("n1")
    world.run(slow)
    return slow, world.serve("app3", before)


def test_r11_what_is_not_there_is_stored_anew_only_after_the_other_nodes_were_asked() -> None:
    """23 steps: the tombstone on the other node says that the session is over."""
    slow, read = a_slow_save_after_a_logout(World(("app1", "app2", "app3")))

    assert slow.dropped
    assert not read.seen


def test_r11_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow save stores the session again, after the logout."""
    RULES["R11"](monkeypatch)
    world = World(("app1", "app2", "app3"))

    a_slow_save_after_a_logout(world)

    assert [held.flags >> 31 for held in world.servers["n1"].items.values()] == [0]


def a_logout_that_a_node_missed(world: World) -> Request:
    """Let a process be cut off from both nodes, and the session be destroyed on the one that is not its home."""
    world.serve("app1", writes=["zero"])
    with_app1 = world.browser.cookie
    world.serve("app2")
    with_app2 = world.browser.cookie
    world.freeze("n2")
    world.watch("app2", "n2")
    world.thaw("n2")
    world.freeze("n1", noticed=True)
    world.serve("app1", with_app1, destroys=True)
    world.thaw("n1")
    world.watch("app2", "n1")
    world.watch("app2", "n2")
    return world.serve("app2", with_app2)


def test_r15_after_its_outage_a_node_is_not_believed_alone() -> None:
    """16 steps: the tombstone is on the other node only, and the home still holds the session."""
    assert not a_logout_that_a_node_missed(World()).seen


def test_r15_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The home says that nothing has changed, and the session is served after its logout."""
    RULES["R15"](monkeypatch)

    assert a_logout_that_a_node_missed(World()).seen
