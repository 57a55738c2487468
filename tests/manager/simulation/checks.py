"""What the protocol promises, asked of a request that has read its session and of a world that has come to rest.

Properties: (1) an acknowledged update is kept; (2) a request that begins after a response was sent sees its writes;
(3) what was destroyed, and (4) an id that was rotated away, is dead; (5) an id that was not made here is never adopted;
(6) of different attributes both are kept. The known limits of manager/PROTOCOL.md are excused where they apply.
"""

from memcached_sessions.manager.session_id import storage_key

from .browser import Lineage, Violation
from .requests import Request
from .world import World


def check_read(request: Request, *, strict: bool, faulty: bool) -> None:
    """Check what a request found: all that the client was told before it began, and nothing that is dead.

    Parameters
    ----------
    strict
        Whether nothing old may be served, not even until a fault is repaired (property 2).
    faulty
        Whether there was a fault: a session may be unavailable then, which is not the same as lost.
    """
    lineage, seen = request.lineage, request.seen
    if lineage is None or seen is None:
        return
    if request.was_dead:
        # A known limit: an owner that was not asked for long serves its local copy until it next looks at the store.
        if seen and not request.trusted:
            raise Violation(f"{request.name}: was served under an id that is dead (properties 3 and 4): {sorted(seen)}")
        return
    if not seen and (lineage.ending or lineage.rotating):
        return
    if request.degraded and faulty:
        return
    missing = request.expected - lineage.removed - set(seen)
    if strict and missing:
        raise Violation(f"{request.name}: did not see {sorted(missing)}, only {sorted(seen)} (property 2)")


def check_rest(world: World, *, may_miss: bool, may_lose: bool, died: bool) -> None:
    """Check a world in which nothing is left to do.

    Parameters
    ----------
    may_miss
        Whether a process that is not the owner may find the session gone (a known limit: one copy, and it was lost).
    may_lose
        Whether property 1 is not checked (the same limit: the only copy was evicted, which nobody is told, and the
        process that served a misrouted request wrote its older one again before the owner looked).
    died
        Whether a process was killed.
    """
    for lineage in list(dict.fromkeys(world.browser.lineages.values())):
        if may_lose or lineage.ending or (lineage.rotating and died):
            continue  # it may be dead, and the client not know it yet
        _check_kept(world, lineage, may_miss=may_miss)
    for lineage in list(world.browser.lineages.values()):
        for sid in sorted(lineage.dead_ids):
            _check_dead(world, sid)
    made = {storage_key(sid) for process in world.processes.values() for sid in process.runtime.sids}
    for server in world.servers.values():
        adopted = set(server.items) - made
        if adopted:
            raise Violation(f"{server.name} holds {adopted}, which nobody has begun (property 5)")


def _check_kept(world: World, lineage: Lineage, *, may_miss: bool) -> None:
    cookie, kept = lineage.cookie, lineage.acknowledged - lineage.removed
    alive = [process for process in world.processes.values() if process.alive]
    alive.sort(key=lambda process: f".{process.name}~" not in cookie)
    for process in alive:
        request = world.serve(process.name, cookie)
        missing = kept - set(request.seen or ())
        if not missing:
            continue
        if request.degraded and may_miss and f".{process.name}~" not in cookie:
            continue
        raise Violation(f"{request.name}: {sorted(missing)} lost, there is only {request.seen} (property 1)")


def _check_dead(world: World, sid: str) -> None:
    for process in world.processes.values():
        if not process.alive:
            continue
        for node in world.servers:
            request = world.serve(process.name, f"{sid}-{node}.elsewhere~0", writes=["probe"])
            if request.seen:
                raise Violation(f"{request.name}: a dead id holds {request.seen} (properties 3 and 4)")
            if request.action.value.startswith(sid):
                raise Violation(f"{request.name}: a dead id was adopted (property 5)")
