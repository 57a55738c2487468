"""Interleavings of two processes with two requests each and one fault, explored on the real code.

What is checked is in `simulation.checks`, how far it goes in `simulation.explorer`. The plans follow the state spaces of
protocol.md, section 6, by their names there. Each plan gets a number of runs that continuous integration affords;
``--exploration-runs`` gives it more. Walks by chance go deeper, from a seed that a failure names.
"""

import random

import pytest
from simulation.browser import Violation
from simulation.explorer import Plan, explore, wander
from simulation.without_rules import RULES

TWO_WRITES = (("write", "read"), ("write", "read"))
LOGOUT = (("write", "destroy"), ("write", "read"))
LOGOUT_THEN_OLD_ID = (("read", "destroy"), ("write", "old"))
ROTATION = (("write", "rotate"), ("write", "read"))
ROTATION_THEN_OLD_ID = (("write", "rotate"), ("write", "old"))

# Not strict (limits I1 and I2): with one copy, a process that does not own a session, or one that cannot reach its
# node, may miss an update until the fault is repaired. Then nothing may be lost.
PLANS = (
    Plan("S1 no fault", TWO_WRITES, misroutes=2),
    Plan("S1 slow requests", (("think", "read"), ("think", "read")), misroutes=2),
    Plan("S1 and the window passes", TWO_WRITES, misroutes=2, waits=1),
    Plan("S2 freeze", TWO_WRITES, faults=("freeze",)),
    Plan("S2 freeze, misrouted", TWO_WRITES, misroutes=1, faults=("freeze",), strict=False),
    Plan("S10 glitch", TWO_WRITES, misroutes=1, faults=("glitch",), strict=False),
    Plan("S11 process death", TWO_WRITES, faults=("death",)),
    Plan("S11 process death, misrouted", TWO_WRITES, misroutes=1, faults=("death",)),
    Plan("S12 restart", TWO_WRITES, faults=("restart",)),
    Plan("G1 restart, misrouted", TWO_WRITES, misroutes=1, faults=("restart",), strict=False),
    Plan("G1 flush, misrouted", TWO_WRITES, misroutes=1, faults=("flush",), strict=False),
    Plan("S12 eviction", TWO_WRITES, faults=("evict",)),
    Plan("S6 destroy", LOGOUT, misroutes=1),
    Plan("S6 destroy, old id", LOGOUT_THEN_OLD_ID, misroutes=1),
    Plan("S7 destroy, freeze", LOGOUT, faults=("freeze",)),
    Plan("D4 destroy, freeze, old id", LOGOUT_THEN_OLD_ID, misroutes=1, faults=("freeze",), strict=False),
    Plan("S8 destroy, eviction", LOGOUT, misroutes=1, faults=("evict",), strict=False),
    Plan("D2 destroy, restart", LOGOUT, misroutes=1, faults=("restart",), strict=False),
    Plan("S9 rotate", ROTATION, misroutes=1),
    Plan("S9 rotate, old id", ROTATION_THEN_OLD_ID, misroutes=1),
    Plan("S9 rotate twice", (("rotate", "read"), ("rotate", "read")), misroutes=1),
    Plan("R1 rotate, freeze", ROTATION, faults=("freeze",)),
    Plan("R1 rotate, glitch", ROTATION, faults=("glitch",), strict=False),
    Plan("R1 rotate, restart", ROTATION, misroutes=1, faults=("restart",), strict=False),
    Plan("rotate and destroy", (("rotate", "read"), ("destroy", "read")), misroutes=1),
)
BY_NAME = {plan.name: plan for plan in PLANS}

BITES = (
    ("R1", "S1 no fault"),
    ("R4", "S2 freeze"),
    ("R5", "S1 no fault"),
    ("R6", "G1 restart, misrouted"),
    ("R7", "S10 glitch"),
    ("R10", "G1 restart, misrouted"),
    ("R11", "S8 destroy, eviction"),
    ("R12", "S6 destroy"),
    ("R13", "S8 destroy, eviction"),
    ("R14", "S9 rotate"),
    ("R16", "G1 restart, misrouted"),
    ("R19", "S9 rotate"),
)
"""Rules, and a plan that shows within a thousand runs that they are needed."""


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


@pytest.mark.parametrize(("rule", "plan"), BITES)
def test_the_explorer_finds_what_goes_wrong_without_a_rule(
    rule: str, plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that finds nothing proves nothing unless it finds this."""
    RULES[rule](monkeypatch)

    with pytest.raises(Violation, match=r"property|properties"):
        explore(BY_NAME[plan], runs=1000)
