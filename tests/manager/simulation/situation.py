"""A world on its way through a plan: what can happen next, what has to hold, and when two worlds are in one state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .browser import Violation
from .checks import check_read, check_rest
from .requests import Request
from .scheduler import Task
from .simulated_store import Command
from .world import Fate, World

KINDS: dict[str, dict[str, Any]] = {
    "write": {},
    "think": {"thinks": True},
    "read": {},
    "rotate": {"rotates": True},
    "destroy": {"destroys": True},
    "old": {},  # reads with the first id that the client ever had, as if it named a third process: no copy is trusted
}


@dataclass(frozen=True)
class Plan:
    """What is explored.

    Parameters
    ----------
    name
        For reports.
    lanes
        Connections of the client; each sends its requests (`KINDS`) one after another.
    misroutes
        How many requests the balancer may send to a process that the cookie does not name.
    faults
        Kinds of which some happen, each once at most: freeze, restart, evict, glitch, death.
    most_faults
        How many of them.
    strict
        Whether property 2 is checked, or only that all is well in the end.
    waits
        How often the quiet window may pass while no request is under way.
    settings
        Of all processes.
    """

    name: str
    lanes: tuple[tuple[str, ...], ...]
    misroutes: int = 0
    faults: tuple[str, ...] = ()
    most_faults: int = 1
    strict: bool = True
    waits: int = 0
    settings: dict[str, object] = field(default_factory=dict[str, object])


Choice = tuple[str, Callable[[], None], int]
"""Its name, what it does, and how many deviations it costs."""


class Situation:
    """A world on its way through a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.world = World(**plan.settings)
        self.world.serve("app1", writes=["first"])
        self._first_id = self.world.browser.cookie.partition(".")[0]
        self._sent = [0 for _ in plan.lanes]
        self._open: list[Request | None] = [None for _ in plan.lanes]
        self._watchers: dict[tuple[str, str], Task] = {}
        self._backups: dict[str, Task] = {}
        self._tasks: list[Task] = []
        self._current: Task | None = None
        self._misroutes = plan.misroutes
        self._faults: list[str] = []
        self._waits = plan.waits
        self._unchecked: list[Request] = []

    def key(self) -> int:
        """Return a hash of the state: equal ones have the same future."""
        world = self.world
        servers = tuple(
            (tuple(sorted(server.items.items())), server.count, server.life, server.frozen, _marks(server.late))
            for server in world.servers.values()
        )
        processes = tuple((process.alive, process.history) for process in world.processes.values())
        lineages = tuple(
            (
                sid,
                lineage.cookie,
                frozenset(lineage.acknowledged),
                frozenset(lineage.removed),
                frozenset(lineage.dead_ids),
                lineage.ending,
            )
            for sid, lineage in sorted(world.browser.lineages.items())
        )
        progress = tuple(self._sent), self._misroutes, tuple(self._faults), self._waits, world.clock.seconds
        current = self._current.name if self._current is not None and self._current.able else ""
        tasks = tuple(task.name for task in self._tasks if not task.done)
        return hash((servers, processes, world.browser.cookie, lineages, progress, current, tasks))

    def choices(self) -> list[Choice]:
        """Return what can happen next, the most ordinary first; nothing if the plan is at its end."""
        steps = list(self._steps())
        background = list(self._background(idle=not steps))
        found = [*steps, *background, *self._requests(idle=not steps and not background)]
        if len(self._faults) < self.plan.most_faults and self._is_under_way():
            found += self._all_faults()
        return found

    def _is_under_way(self) -> bool:
        to_send = any(self._sent[lane] < len(kinds) for lane, kinds in enumerate(self.plan.lanes))
        return to_send or any(request is not None and not request.done for request in self._open)

    def take(self, choice: Choice) -> None:
        """Let it happen, and check what requests have read."""
        choice[1]()
        for request in self._unchecked[:]:
            if request.seen is not None:
                self._unchecked.remove(request)
                check_read(request, strict=self.plan.strict, faulty=bool(self._faults))

    def check_rest(self) -> None:
        """Check the end."""
        if any(not task.done for task in self._tasks):
            stuck = [f"{task.name}: {task.point}" for task in self._tasks if not task.done]
            raise Violation(f"a deadlock: {stuck}")
        check_rest(
            self.world,
            may_miss=not {"restart", "evict", "flush"}.isdisjoint(self._faults),
            may_lose="evict" in self._faults and self._misroutes < self.plan.misroutes,
            died="death" in self._faults,
        )

    def _steps(self) -> Iterator[Choice]:
        able = [task for task in self._tasks if task.able]
        able.sort(key=lambda task: task is not self._current)  # stable: the current one first
        for place, task in enumerate(able):
            yield task.name, lambda task=task: self._step(task), int(place > 0)

    def _step(self, task: Task) -> None:
        self._current = task
        self.world.step(task)

    def _requests(self, *, idle: bool) -> Iterator[Choice]:
        alive = [process.name for process in self.world.processes.values() if process.alive]
        for lane, kinds in enumerate(self.plan.lanes):
            before = self._open[lane]
            if self._sent[lane] == len(kinds) or (before is not None and not before.done):
                continue
            cookie = self.world.browser.cookie
            cost, idle = int(not idle), False
            named = [name for name in alive if f".{name}~" in cookie] or alive
            for name in alive:
                stray = name not in named
                if not stray or self._misroutes:
                    yield (
                        f"lane {lane + 1} to {name}",
                        lambda lane=lane, name=name, stray=stray: self._send(lane, name, stray=stray),
                        cost,
                    )

    def _send(self, lane: int, process: str, *, stray: bool) -> None:
        kind = self.plan.lanes[lane][self._sent[lane]]
        self._sent[lane] += 1
        self._misroutes -= stray
        cookie = f"{self._first_id}.elsewhere~0" if kind == "old" else None
        writes = [] if kind in {"read", "destroy", "old"} else [f"{kind} {lane + 1}.{self._sent[lane]}"]
        request = self.world.begin(process, cookie, writes=writes, **KINDS[kind])
        self._open[lane] = request
        self._unchecked.append(request)
        self._tasks.append(request)
        self._step(request)

    def _background(self, *, idle: bool) -> Iterator[Choice]:
        for place, (name, happen) in enumerate(self._all_background()):
            yield name, happen, int(place > 0 or not idle)
        if self._waits and all(task.done for task in self._tasks):
            yield "wait", self._wait, 0

    def _all_background(self) -> Iterator[tuple[str, Callable[[], None]]]:
        world = self.world
        for process in world.processes.values():
            backup = self._backups.get(process.name)
            if process.alive and process.wants_to_back_up and (backup is None or backup.done):
                yield f"{process.name} backs up", lambda name=process.name: self._back_up(name)
            for node in world.servers:
                watcher = self._watchers.get((process.name, node))
                if process.alive and process.wants_to_watch(node) and (watcher is None or watcher.done):
                    yield (
                        f"{process.name} looks at {node}",
                        lambda name=process.name, node=node: self._watch(name, node),
                    )
        for node, server in world.servers.items():
            # As in the model: every process that lives has noticed (heartbeat) before the node is back.
            if server.frozen and not any(p.alive and p.node(node).available for p in world.processes.values()):
                yield f"{node} thaws", lambda node=node: world.thaw(node, late=False)
            if not server.frozen:
                for which in range(len(server.late)):
                    yield f"{node} late {which}", lambda node=node, which=which: world.carry_out_late(node, which)

    def _wait(self) -> None:
        self._waits -= 1
        self.world.wait(61)

    def _watch(self, process: str, node: str) -> None:
        task = self._watchers[process, node] = self.world.processes[process].watch(node)
        self._tasks.append(task)
        self._step(task)

    def _back_up(self, process: str) -> None:
        task = self._backups[process] = self.world.processes[process].back_up()
        self._tasks.append(task)
        self._step(task)

    def _all_faults(self) -> Iterator[Choice]:
        """Return the faults that can be told apart: where a command is about to go, or anywhere in a quiet moment."""
        world = self.world
        pending = [task for task in self._tasks if isinstance(task.point, Command) and task.able]
        nodes = {task.point.node for task in pending if isinstance(task.point, Command)} or set(world.servers)
        happens = {"freeze": world.freeze, "restart": world.restart, "flush": world.flush, "evict": world.evict}
        for kind, happen in happens.items():
            if self._may_happen(kind):
                for node in sorted(nodes):
                    yield f"{kind} {node}", lambda k=kind, h=happen, n=node: self._fault_is(k, lambda: h(n)), 0
        if self._may_happen("glitch") and self._current is not None and self._current in pending:
            for fate in Fate:
                yield f"glitch {fate.name}", lambda f=fate: self._fault_is("glitch", lambda: self._glitch(f)), 0
        if self._may_happen("death"):
            for name in world.processes:
                yield f"kill {name}", lambda n=name: self._fault_is("death", lambda: self._kill(n)), 0

    def _may_happen(self, kind: str) -> bool:
        return kind in self.plan.faults and kind not in self._faults

    def _kill(self, process: str) -> None:
        """Kill a process; what waited for its backup there may be lost with it, and nothing else."""
        lost = self.world.processes[process].unstored()
        for lineage in self.world.browser.lineages.values():
            lineage.removed |= lost
        self.world.kill(process)

    def _glitch(self, fate: Fate) -> None:
        assert self._current is not None
        self.world.time_out(self._current, fate)

    def _fault_is(self, kind: str, happen: Callable[[], object]) -> None:
        self._faults.append(kind)
        happen()


def _marks(late: list[Command]) -> tuple[object, ...]:
    return tuple((command.verb, command.key, command.sent_in) for command in late)
