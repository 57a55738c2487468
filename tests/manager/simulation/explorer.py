"""All interleavings of a few requests and a fault, up to a number of deviations from the ordinary order.

Stateless model checking: every run starts anew and repeats its first choices, for nothing of a running manager can be
copied. A run ends where a state was reached before: the stores, the client and, for each process, all that its tasks
were told in order. There is an ordinary order: what runs goes on, then the background does its work, then the next
request comes. A run has a number of deviations from it (faults and misroutes are free, they have bounds of their own);
the number grows by one until every interleaving was tried or the runs are used up. An answer reaches its task together
with the execution of the command: between the two only the process itself could tell the difference, and the response,
which others can tell, is a step of its own.
"""

import random
from dataclasses import dataclass
from itertools import count

from .browser import Violation
from .situation import Plan, Situation


@dataclass
class Explored:
    """What came of it."""

    plan: Plan
    runs: int = 0
    states: int = 0
    bound: int = -1
    """Deviations up to which all interleavings were tried."""
    complete: bool = False
    """All interleavings were tried, with any number of deviations."""

    def __str__(self) -> str:
        """Return one line."""
        extent = "complete" if self.complete else f"complete up to {self.bound} deviations"
        return f"{self.plan.name}: {extent}; {self.runs} runs, {self.states} states"


def explore(plan: Plan, *, runs: int) -> Explored:
    """Try interleavings with no deviation, then with one, and so on.

    Raises
    ------
    Violation
        With the steps that led to it.
    """
    result = Explored(plan)
    visited: dict[int, int] = {}
    for bound in count():
        cut = _explore_up_to(bound, plan, visited, result, runs)
        result.states = len(visited)
        if cut is None:
            break
        result.bound = bound
        if not cut:
            result.complete = True
            break
    return result


def _explore_up_to(bound: int, plan: Plan, visited: dict[int, int], result: Explored, runs: int) -> bool | None:
    """Return whether a deviation was not made for want of more; None if the runs were used up."""
    path: list[tuple[int, int]] = []  # what was chosen at each step, and of how many
    cut = False
    while True:
        if result.runs >= runs:
            return None
        result.runs += 1
        cut |= _run(bound, plan, visited, path)
        while path and path[-1][0] + 1 == path[-1][1]:
            path.pop()
        if not path:
            return cut
        path[-1] = path[-1][0] + 1, path[-1][1]


def _run(bound: int, plan: Plan, visited: dict[int, int], path: list[tuple[int, int]]) -> bool:
    """Make one run; extend the path that it repeats by what it chooses on."""
    situation, left, cut = Situation(plan), bound, False
    try:
        for step in count():
            if step >= len(path):
                key = situation.key()
                if visited.get(key, -1) >= left:
                    return cut
                visited[key] = left
            found = situation.choices()
            if not found:
                situation.check_rest()
                return cut
            affordable = [choice for choice in found if choice[2] <= left]
            cut |= len(affordable) < len(found)
            if step >= len(path):
                path.append((0, len(affordable)))
            choice = affordable[path[step][0]]
            left -= choice[2]
            situation.take(choice)
    except Exception as error:
        raise Violation(f"{plan.name}: {type(error).__name__}: {error}\n{situation.world.story()}") from error
    finally:
        situation.world.close()
    raise AssertionError("unreachable")


def wander(plan: Plan, *, runs: int, seed: int) -> None:
    """Make runs with choices by chance.

    Raises
    ------
    Violation
        With the steps that led to it, and the seed.
    """
    for number in range(runs):
        chance = random.Random(f"{seed} {number}")
        situation = Situation(plan)
        try:
            while found := situation.choices():
                situation.take(chance.choice(found))
            situation.check_rest()
        except Exception as error:
            raise Violation(f"{plan.name}, seed {seed}, run {number}: {error}\n{situation.world.story()}") from error
        finally:
            situation.world.close()
