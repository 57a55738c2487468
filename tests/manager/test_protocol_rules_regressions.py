"""Traces that broke a promise of the protocol once, found by the explorer or beside it, each kept by its name."""

from simulation.world import Fate, World

THREE = ("app1", "app2", "app3")


def test_a_session_that_was_destroyed_elsewhere_does_not_live_on_under_the_new_id_of_a_rotation() -> None:
    """The former owner may serve its copy until it looks at the store (a known limit); a rotation is such a look."""
    world = World(THREE)
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    world.serve("app2", destroys=True)

    rotation = world.serve("app1", before, rotates=True)

    assert not rotation.action.value
    assert not world.serve("app3", rotation.session_id).seen


def test_a_logout_in_the_middle_of_a_rotation_wins() -> None:
    """The new id is stored already, and dies with the old one."""
    world = World(THREE)
    world.serve("app1", writes=["zero"])
    rotation = world.begin("app1", rotates=True)
    world.run_until(rotation, "get", "n1")
    world.serve("app2", destroys=True)

    world.run(rotation)

    assert not rotation.action.value
    assert all(held.flags >> 31 for server in world.servers.values() for held in server.items.values())


def test_of_two_rotations_at_the_same_time_one_wins_and_the_other_session_is_over() -> None:
    """Else there would be two sessions, each with a part of what was acknowledged."""
    world = World()
    world.serve("app1", writes=["zero"])
    first = world.begin("app1", writes=["one"], rotates=True)
    world.run_until(first, "replace", "n1")
    second = world.serve("app2", writes=["two"], rotates=True)

    world.run(first)

    assert first.dropped
    assert not first.action.value
    assert world.browser.cookie == second.action.value
    assert set(world.serve("app2").seen or ()) == {"zero", "two"}


def test_what_is_written_after_a_rotation_that_lost_begins_a_new_session() -> None:
    """As after `destroy`: a login that raced with a logout is a login."""
    world = World()
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    world.serve("app2", destroys=True)

    login = world.serve("app1", before, rotates=True, writes_at_last=["user"])

    assert login.action.value
    assert set(world.serve("app1").seen or ()) == {"user"}


def test_a_session_that_was_moved_in_the_background_is_not_trusted_unasked() -> None:
    """Its move changes the cookie, so the owner's late answer can call the client back from a take-over (rule R1)."""
    world = World()
    world.serve("app1", writes=["zero"])
    world.freeze("n1", noticed=True)
    world.thaw("n1")
    world.watch("app1")
    world.watch("app2")
    late = world.begin("app1")
    world.run_to_response(late)
    world.serve("app2", writes=["two"])
    world.run(late)

    assert set(world.serve("app1").seen or ()) == {"zero", "two"}


def test_after_a_timeout_one_unchanged_look_does_not_make_a_process_the_sole_owner() -> None:
    """Another process may take the session over as long as a request can last: the window of rule R1 begins anew."""
    world = World()
    world.serve("app1", writes=["zero"])
    late = world.begin("app1", thinks=True)
    world.step(late)
    moved = world.begin("app1", writes=["one"])
    world.run_until(moved, "replace", "n1")
    world.time_out(moved, Fate.NEVER)
    world.run(moved)
    world.watch("app1")
    world.run_to_response(late)
    world.serve("app1")
    world.serve("app2", writes=["two"])
    world.run(late)

    assert set(world.serve("app1").seen or ()) == {"zero", "one", "two"}


def test_a_request_with_the_old_id_waits_for_the_end_of_a_rotation() -> None:
    """Before that, what others stored under the old id meanwhile is not there yet (rules R14 and R19)."""
    world = World()
    world.serve("app1", writes=["zero"])
    before = world.browser.cookie
    rotation = world.begin("app1", rotates=True)
    world.run_until(rotation, "get", "n1")
    world.serve("app2", writes=["two"])

    read = world.begin("app1", before)
    world.step(read)

    assert not read.able
    world.run(rotation)
    world.run(read)
    assert set(read.seen or ()) == {"zero", "two"}
