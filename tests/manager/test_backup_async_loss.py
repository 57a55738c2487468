"""What asynchronous backup loses when its process is killed: no more sessions than may wait, after a drain none.

Two real memcached nodes, and processes that commit as fast as they can until SIGKILL meets them, wherever they are. The
model of a session is how many of its updates had been acknowledged; the one that was under way may be there or not.
"""

import random
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from faults.application import after_updates
from faults.hurried_process import Acknowledged, HurriedProcess
from faults.patient_onlooker import found_with_patience
from memcached_process import MemcachedProcess, node_list

DEATHS = 6
"""Of each case; there are four."""
DEATHS_AFTER_DRAIN = 4
LONGEST_LIFE = 1_500
"""Most updates of a life."""
LOOKED_AT = 12
"""Sessions whose state on the nodes is looked at shortly before the death."""
SETTINGS = {"session_backup_timeout": 30.0, "operation_timeout": 30.0, "connect_timeout": 30.0}
"""No node is down in these tests, and none counts as down because the machine is busy."""


@dataclass
class Loss:
    """What a death cost."""

    sessions: int = 0
    """Sessions with an acknowledged update that no node has."""
    updates: int = 0
    """Acknowledged updates that no node has."""
    deepest: int = 0
    """Most of them in one session."""


@pytest.mark.parametrize("order", ["round robin", "random"])
@pytest.mark.parametrize("queue_size", [8, 64])
def test_a_killed_process_loses_changes_of_no_more_sessions_than_may_wait(queue_size: int, order: str) -> None:
    """What the nodes have of each session is a prefix of its history, and not older than what they had before."""
    dice = random.Random()
    losses: list[Loss] = []
    with ExitStack() as stack:
        nodes = [stack.enter_context(MemcachedProcess()) for _ in range(2)]

        def start() -> HurriedProcess:
            process = HurriedProcess(node_list(nodes), order, 4 * queue_size, backup_queue_size=queue_size, **SETTINGS)
            return stack.enter_context(process)

        following = start()
        for death in range(1, DEATHS + 1):
            process = following
            if death < DEATHS:
                following = start()  # it starts while the other one serves
            process.begin(until=dice.randrange(1, LONGEST_LIFE))
            begun = process.acknowledged
            looked_at = dice.sample(sorted(begun), min(LOOKED_AT, len(begun)))
            seen = stored_updates(nodes, {number: begun[number] for number in looked_at})
            process.kill()
            losses.append(loss(nodes, process, at_least=seen))
    print(f"\nqueue of {queue_size}, {order}: " + "; ".join(map(str, losses)))  # noqa: T201 - the figures, with -s
    assert all(each.sessions <= queue_size for each in losses), losses
    assert any(each.sessions for each in losses), "nothing was ever lost: this test could not see a loss"


def test_a_process_that_was_killed_after_a_drain_loses_nothing() -> None:
    """When `drain` returns 0, all that was acknowledged is stored."""
    dice = random.Random()
    with ExitStack() as stack:
        nodes = [stack.enter_context(MemcachedProcess()) for _ in range(2)]
        processes = [
            stack.enter_context(HurriedProcess(node_list(nodes), "random", 256, backup_queue_size=64, **SETTINGS))
            for _ in range(DEATHS_AFTER_DRAIN)
        ]
        for process in processes:
            process.begin(until=dice.randrange(1, LONGEST_LIFE // 2))
            left = process.drain()
            process.kill()
            assert left == 0
            assert loss(nodes, process) == Loss()


def loss(nodes: list[MemcachedProcess], process: HurriedProcess, at_least: dict[int, int] | None = None) -> Loss:
    """Return what the death of a process cost, after seeing that what is stored are prefixes of what was done."""
    for node in nodes:
        assert node.has_connections(0), "what the process sent may not have been carried out"
    total = Loss()
    sessions = process.acknowledged
    for number, updates in stored_updates(nodes, sessions).items():
        acknowledged = sessions[number].updates
        assert updates <= acknowledged + 1, f"session {number}: {updates} stored, {acknowledged} were done"
        assert updates >= (at_least or {}).get(number, 0), f"session {number} was stored with more than {updates}"
        lost = max(0, acknowledged - updates)
        total.sessions += lost > 0
        total.updates += lost
        total.deepest = max(total.deepest, lost)
    return total


def stored_updates(nodes: list[MemcachedProcess], sessions: dict[int, Acknowledged]) -> dict[int, int]:
    """Return how many updates of sessions the nodes have; each is exactly what so many updates make."""
    found = found_with_patience(node_list(nodes), [session.cookie for session in sessions.values()])
    updates = dict.fromkeys(sessions, 0)
    for number, attributes in zip(sessions, found, strict=True):
        updates[number] = attributes.get("steps", 0)
        assert attributes == after_updates(number, updates[number]), f"session {number} is torn: {attributes}"
    return updates
