"""A world of processes, nodes and one client, in which every step is taken by name.

A script takes the steps of a counterexample one by one; the explorer takes all that can be taken. `World.trace` says in
words what was done. Invariant: nothing happens between two steps.
"""

from collections.abc import Collection
from enum import Enum

from memcached_sessions.manager.errors import StoreError
from memcached_sessions.manager.session_id import storage_key

from .browser import Browser
from .requests import Request
from .scheduler import Clock, Scheduler, Task
from .scripted import Application, Scripted
from .simulated_process import SimulatedProcess
from .simulated_store import Command, Reply, SimulatedServer

_ENOUGH = 500
"""Steps of one task that show that it does not end."""


class Fate(Enum):
    """What becomes of a command that timed out."""

    NEVER = "never carried out"
    APPLIED = "carried out"
    LATE = "carried out later"


class World:
    """Everything there is.

    Parameters
    ----------
    processes
        Their names, which are their routes.
    nodes
        Names of the memcached nodes.
    settings
        Of all processes, as `Settings` names them.
    """

    def __init__(
        self,
        processes: Collection[str] = ("app1", "app2"),
        nodes: Collection[str] = ("n1", "n2"),
        **settings: object,
    ) -> None:
        self.clock = Clock()
        self.scheduler = Scheduler()
        self.servers = {name: SimulatedServer(name, self.clock) for name in nodes}
        self.processes = {
            name: SimulatedProcess(name, self.servers, self.scheduler, self.clock, **settings) for name in processes
        }
        self.browser = Browser()
        self.trace: list[str] = []
        self._requests = 0

    # What the client and the processes begin

    def begin(self, process: str, cookie: str | None = None, **what: object) -> Request:
        """Return a request that a process will serve, with the cookie of the client unless one is given."""
        served_by = self.processes[process]
        self._requests += 1
        sent = self.browser.cookie if cookie is None else cookie
        request = Request(served_by, self.browser, f"request {self._requests}", sent, **what)  # pyright: ignore[reportArgumentType]
        served_by.tasks.append(request)
        return request

    def serve(self, process: str, cookie: str | None = None, **what: object) -> Request:
        """Serve a request from its first step to its response."""
        request = self.begin(process, cookie, **what)
        self.run(request)
        return request

    def watch(self, process: str, *nodes: str) -> None:
        """Have a process look at nodes (all of them if none are named) until there is nothing more to see."""
        served_by = self.processes[process]
        for node in nodes or self.servers:
            for _ in range(8):
                if not served_by.wants_to_watch(node):
                    break
                self.run(served_by.watch(node))

    def script(self, process: str, application: Application) -> Scripted:
        """Return a request that a process will serve, with an application of its own."""
        self._requests += 1
        request = Scripted(self.processes[process], self.browser, f"request {self._requests}", application)
        request.process.tasks.append(request)
        return request

    def back_up(self, *processes: str) -> None:
        """Have processes (all of them if none is named) store what waits for an asynchronous backup."""
        for name in processes or self.processes:
            process = self.processes[name]
            while process.alive and process.wants_to_back_up:
                self.run(process.back_up())

    # Steps of tasks

    def step(self, task: Task, *, hold: bool = False) -> None:
        """Let happen what happens next if nothing goes wrong.

        Parameters
        ----------
        hold
            Let a command be carried out, but its answer still be on its way.
        """
        point = task.point
        if isinstance(point, Command):
            server = point.store.server
            if server.frozen:
                self.time_out(task, Fate.LATE)
            elif server.down:
                self._say(f"{task.name}: {point.what} -> refused")
                self._go_on(task, error=point.store.refusal())
            else:
                answer = point.carry_out()
                self._say(f"{task.name}: {point.what} -> {_in_words(answer)}")
                if hold:
                    task.point = Reply(f"answer to {point.what}", answer)
                else:
                    self._go_on(task, answer)
        elif isinstance(point, Reply):
            self._say(f"{task.name}: gets the {point.what}")
            self._go_on(task, point.answer)
        else:
            self._say(f"{task.name}: {point.what if point else 'has ended'}")
            self._go_on(task)

    def time_out(self, task: Task, fate: Fate) -> None:
        """Let the command that a task waits for time out, and be carried out before that, later, or never."""
        point = task.point
        assert isinstance(point, Command), f"{task.name} waits for no command, but to {point}"
        self._say(f"{task.name}: {point.what} -> times out, {fate.value}")
        if fate is Fate.APPLIED:
            point.carry_out()
        elif fate is Fate.LATE and point.writes:
            point.store.server.late.append(point)
        self._go_on(task, error=point.store.silence())

    def run(self, task: Task) -> None:
        """Let a task run to its end; a request sends its response."""
        for _ in range(_ENOUGH):
            if task.done:
                return
            self.step(task)
        raise AssertionError(f"{task.name} does not end:\n{self.story()}")

    def run_until(self, task: Task, verb: str, node: str = "") -> None:
        """Let a task run until it is about to send a command (to a node)."""
        for _ in range(_ENOUGH):
            point = task.point
            if isinstance(point, Command) and point.verb == verb and node in {"", point.node}:
                return
            assert not task.done, f"{task.name} has ended without {verb} {node}:\n{self.story()}"
            self.step(task)
        raise AssertionError(f"{task.name} never sends {verb} {node}:\n{self.story()}")

    def run_to_thought(self, request: Scripted) -> None:
        """Let a request run until its application lets others go first."""
        for _ in range(_ENOUGH):
            if request.thinks:
                return
            assert not request.done, f"{request.name} has ended without a thought:\n{self.story()}"
            self.step(request)
        raise AssertionError(f"{request.name} never thinks:\n{self.story()}")

    def run_to_response(self, request: Request) -> None:
        """Let a request run until its response could be sent, but is not."""
        for _ in range(_ENOUGH):
            if request.response_is_ready:
                return
            self.step(request)
        raise AssertionError(f"{request.name} does not end:\n{self.story()}")

    # What happens to nodes, processes and time

    def freeze(self, node: str, *, noticed: bool = False) -> None:
        """Let a node answer nothing until it thaws; every process finds out at once if it is ``noticed``."""
        self._say(f"{node} freezes")
        self.servers[node].frozen = True
        if noticed:
            for process in self.processes.values():
                if process.alive:
                    self.watch(process.name, node)

    def thaw(self, node: str, *, late: bool = True) -> None:
        """Let a node answer again, with all that it had, after it carried out what had timed out (if ``late``)."""
        self._say(f"{node} thaws")
        self.servers[node].frozen = False
        while late and self.servers[node].late:
            self.carry_out_late(node)

    def carry_out_late(self, node: str, which: int = 0) -> None:
        """Let a node carry out a command that had timed out."""
        command = self.servers[node].late.pop(which)
        self._say(f"{node}: carries out late: {command.verb} -> {_in_words(command.carry_out())}")

    def restart(self, node: str) -> None:
        """Let a node lose everything and begin anew."""
        self._say(f"{node} restarts, empty")
        self.servers[node].restart()

    def flush(self, node: str) -> None:
        """Let a node lose everything and go on."""
        self._say(f"{node} is flushed")
        self.servers[node].flush()

    def evict(self, node: str) -> None:
        """Let a node forget all its items, one after another, which nobody is told."""
        self._say(f"{node} evicts everything")
        self.servers[node].items.clear()

    def kill(self, process: str) -> None:
        """Let a process end as by SIGKILL."""
        self._say(f"{process} is killed")
        self.processes[process].die()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._say(f"{seconds} s pass")
        self.clock.seconds += seconds

    def settle(self) -> None:
        """Let nodes answer again, and every process do what it has to do in the background."""
        for node, server in self.servers.items():
            if server.frozen or server.late:
                self.thaw(node)
            server.down = False
        for _ in range(4):
            for process in self.processes.values():
                if process.alive:
                    self.watch(process.name)
            self.back_up()

    def close(self) -> None:
        """End whatever still waits."""
        for process in self.processes.values():
            process.die()

    def stored(self, node: str) -> dict[str, object]:
        """Return what a node holds of the session that the client has; nothing, if it holds none."""
        codec = next(iter(self.processes.values())).manager._process.codec  # noqa: SLF001 - all have the same
        sid = self.browser.cookie.partition("-")[0].partition(".")[0]
        held = self.servers[node].held(storage_key(sid))
        if held is None or held.flags >> 31:
            return {}
        return codec.decode(codec.envelopes.open(storage_key(sid), held.value))

    def story(self) -> str:
        """Return what was done, one step a line."""
        return "\n".join(f"{number:4} {step}" for number, step in enumerate(self.trace, 1))

    def _go_on(self, task: Task, answer: object = None, *, error: StoreError | None = None) -> None:
        task.process.note(task.name, answer if error is None else type(error))
        task.go_on(answer, error=error)

    def _say(self, step: str) -> None:
        self.trace.append(step)


def _in_words(answer: object) -> str:
    if isinstance(answer, tuple):
        answer = answer[0]
    if answer is None:
        return "nothing"
    if isinstance(answer, StoreError):
        return type(answer).__name__
    outcome = getattr(answer, "outcome", answer)
    named = getattr(outcome, "value", None)
    if isinstance(named, str):
        return named
    cas, flags = getattr(answer, "cas", None), getattr(answer, "flags", None)
    return str(answer) if cas is None else f"item {cas.unique}{', dead' if flags and flags >> 31 else ''}"
