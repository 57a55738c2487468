"""Interleavings of two processes with two requests each and a fault, explored on the real code.

What is checked is in `simulation.checks`, how far it goes in `simulation.explorer`. Each plan gets a number of runs
that continuous integration affords; ``--exploration-runs`` gives it more. Walks by chance go deeper, from a seed that a
failure names.
"""

import random

import pytest
from simulation.browser import Violation
from simulation.explorer import explore, wander
from simulation.simulated_process import SimulatedProcess
from simulation.situation import Plan
from simulation.without_rules import RULES

TWO_WRITES = (("write", "read"), ("write", "read"))
LOGOUT = (("write", "destroy"), ("write", "read"))
LOGOUT_THEN_OLD_ID = (("read", "destroy"), ("write", "old"))
ROTATION = (("write", "rotate"), ("write", "read"))
ROTATION_THEN_OLD_ID = (("write", "rotate"), ("write", "old"))

# Not strict where a known limit of one copy applies: a process that does not own a session, or one that alone cannot
# reach its node, may miss an update until the fault is repaired. Then nothing may be lost.
PLANS = (
    Plan("no fault", TWO_WRITES, misroutes=2),
    Plan("slow requests", (("think", "read"), ("think", "read")), misroutes=2),
    Plan("and the window passes", TWO_WRITES, misroutes=2, waits=1),
    Plan("freeze", TWO_WRITES, faults=("freeze",)),
    Plan("freeze, misrouted", TWO_WRITES, misroutes=1, faults=("freeze",), strict=False),
    Plan("glitch", TWO_WRITES, misroutes=1, faults=("glitch",), strict=False),
    Plan("process death", TWO_WRITES, faults=("death",)),
    Plan("process death, misrouted", TWO_WRITES, misroutes=1, faults=("death",)),
    Plan("restart", TWO_WRITES, faults=("restart",)),
    Plan("restart, misrouted", TWO_WRITES, misroutes=1, faults=("restart",), strict=False),
    Plan("flush, misrouted", TWO_WRITES, misroutes=1, faults=("flush",), strict=False),
    Plan("eviction", TWO_WRITES, faults=("evict",)),
    Plan("destroy", LOGOUT, misroutes=1),
    Plan("destroy, old id", LOGOUT_THEN_OLD_ID, misroutes=1),
    Plan("destroy, freeze", LOGOUT, faults=("freeze",)),
    Plan("destroy, freeze, old id", LOGOUT_THEN_OLD_ID, misroutes=1, faults=("freeze",), strict=False),
    Plan("destroy, eviction", LOGOUT, misroutes=1, faults=("evict",), strict=False),
    Plan("destroy, restart", LOGOUT, misroutes=1, faults=("restart",), strict=False),
    Plan("rotate", ROTATION, misroutes=1),
    Plan("rotate, old id", ROTATION_THEN_OLD_ID, misroutes=1),
    # Not two rotations at the same time: the later one ends the id that the first one's client gets (a known limit).
    Plan("rotate and rotate again", (("rotate", "rotate"), ("read", "read")), misroutes=1),
    Plan("rotate, freeze", ROTATION, faults=("freeze",)),
    Plan("rotate, glitch", ROTATION, faults=("glitch",), strict=False),
    Plan("rotate, restart", ROTATION, faults=("restart",), strict=False),
    Plan("rotate and destroy", (("rotate", "read"), ("destroy", "read")), misroutes=1),
)

ASYNC: dict[str, object] = {"session_backup_async": True}
# Not strict where the other process is asked: it sees what was acknowledged when the queue has stored it, and the state
# before until then. Not rotated while misrouted: what waits in one process when another rotates the session is dropped.
ASYNC_PLANS = (
    Plan("async", TWO_WRITES, settings=ASYNC),
    Plan("async, misrouted", TWO_WRITES, misroutes=2, strict=False, settings=ASYNC),
    Plan("async, slow requests", (("think", "read"), ("think", "read")), misroutes=1, strict=False, settings=ASYNC),
    Plan("async, process death", TWO_WRITES, faults=("death",), settings=ASYNC),
    Plan("async, process death, misrouted", TWO_WRITES, misroutes=1, faults=("death",), strict=False, settings=ASYNC),
    Plan("async, freeze", TWO_WRITES, faults=("freeze",), settings=ASYNC),
    Plan("async, freeze, misrouted", TWO_WRITES, misroutes=1, faults=("freeze",), strict=False, settings=ASYNC),
    Plan("async, freeze and death", TWO_WRITES, faults=("freeze", "death"), most_faults=2, settings=ASYNC),
    Plan("async, glitch", TWO_WRITES, misroutes=1, faults=("glitch",), strict=False, settings=ASYNC),
    Plan("async, restart", TWO_WRITES, faults=("restart",), settings=ASYNC),
    Plan("async, destroy", LOGOUT, misroutes=1, strict=False, settings=ASYNC),
    Plan("async, rotate, old id", ROTATION_THEN_OLD_ID, settings=ASYNC),
)
ASYNC_SHARE = 3
"""They have more steps: each gets this fraction of the runs of another one."""
BY_NAME = {plan.name: plan for plan in (*PLANS, *ASYNC_PLANS)}

BITES = (
    ("R1", "no fault"),
    ("R4", "destroy, eviction"),
    ("R5", "no fault"),
    ("R6", "restart, misrouted"),
    ("R7", "glitch"),
    ("R10", "restart, misrouted"),
    ("R11", "destroy, eviction"),
    ("R12", "destroy, eviction"),
    ("R13", "destroy, eviction"),
    ("R14", "rotate"),
    ("R16", "restart, misrouted"),
    ("R19", "rotate"),
    ("R5", "async, misrouted"),
)
"""Rules, and a plan that shows within a few thousand runs that they are needed."""


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_no_interleaving_breaks_a_promise(plan: Plan, pytestconfig: pytest.Config) -> None:
    """In the order of how unusual they are; a failure says all its steps."""
    explored = explore(plan, runs=pytestconfig.getoption("exploration_runs"))

    print(explored)  # noqa: T201 - shown by pytest -rP: how far it went


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_no_walk_by_chance_breaks_a_promise(plan: Plan, pytestconfig: pytest.Config) -> None:
    """Interleavings that no order would come to in time."""
    seed = random.randrange(2**32)

    wander(plan, runs=pytestconfig.getoption("exploration_runs") // 5, seed=seed)


@pytest.mark.parametrize("plan", ASYNC_PLANS, ids=lambda plan: plan.name)
def test_no_interleaving_with_asynchronous_backup_breaks_a_promise(plan: Plan, pytestconfig: pytest.Config) -> None:
    """A process that dies takes with it what waited or was under way, and nothing else is ever lost."""
    runs = pytestconfig.getoption("exploration_runs") // ASYNC_SHARE

    print(explore(plan, runs=runs))  # noqa: T201 - shown by pytest -rP: how far it went
    wander(plan, runs=runs // 5, seed=random.randrange(2**32))


@pytest.mark.parametrize("plan", ["async, process death", "async, freeze and death"])
def test_the_explorer_finds_that_a_process_takes_with_it_what_waits(plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is excused is looked for."""
    monkeypatch.setattr(SimulatedProcess, "unstored", lambda _: set())

    with pytest.raises(Violation, match=r"property [12]"):
        explore(BY_NAME[plan], runs=1000)


@pytest.mark.parametrize(("rule", "plan"), BITES)
def test_the_explorer_finds_what_goes_wrong_without_a_rule(
    rule: str, plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that finds nothing proves nothing unless it finds this."""
    RULES[rule](monkeypatch)

    with pytest.raises(Violation, match=r"property|properties"):
        explore(BY_NAME[plan], runs=5000)
