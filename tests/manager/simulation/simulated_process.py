"""One application process of a world: the real manager over simulated stores."""

from collections.abc import Mapping
from functools import lru_cache

from memcached_sessions.manager.events import Event
from memcached_sessions.manager.manager import SessionManager
from memcached_sessions.manager.nodes import NodeState
from memcached_sessions.manager.settings import Settings
from memcached_sessions.serializers import get_serializer

from .scheduler import Clock, Scheduler, SimulatedRuntime, Task
from .simulated_store import SimulatedServer, SimulatedStore


@lru_cache
def settings(nodes: tuple[str, ...], route: str, more: tuple[tuple[str, object], ...]) -> Settings:
    """Return the settings of a process; they are read by many worlds, so made once."""
    return Settings(
        memcached_nodes=" ".join(f"{node}:{node}.test:11211" for node in nodes),
        route=route,
        serializer=get_serializer("json"),
        **dict(more),  # pyright: ignore[reportArgumentType]
    )


class SimulatedProcess:
    """A process; its name is its route."""

    def __init__(
        self,
        name: str,
        servers: Mapping[str, SimulatedServer],
        scheduler: Scheduler,
        clock: Clock,
        **more: object,
    ) -> None:
        self.name = name
        self.scheduler = scheduler
        self.alive = True
        self.history = 0
        """A hash of all that its tasks were told, in order: equal ones mean that the process is in the same state."""
        self.tasks: list[Task] = []
        self.runtime = SimulatedRuntime(name, scheduler, clock)
        self.stores = {
            node: SimulatedStore(server, scheduler, lambda: self.history) for node, server in servers.items()
        }
        self.manager = SessionManager(
            settings(tuple(servers), name, tuple(sorted(more.items()))), stores=self.stores, runtime=self.runtime
        )
        self._queue = self.manager._committing.queue  # noqa: SLF001 - its steps are the world's to take
        if self._queue is not None:
            self._queue._thread_count = 0  # noqa: SLF001
        self.manager.listen(self._hear)
        self.events: list[Event] = []

    def node(self, name: str) -> NodeState:
        """Return what the process thinks of a node."""
        node = self.manager._process.nodes.get(name)  # noqa: SLF001 - what it thinks is not public
        assert node is not None
        return node

    def watch(self, node: str) -> Task:
        """Return one look of the watcher at a node, as a task."""
        task = Task(self, f"watcher of {node} in {self.name}", lambda: self.manager.watching.step(self.node(node)))
        self.tasks.append(task)
        return task

    def wants_to_watch(self, node: str) -> bool:
        """Whether a look at a node would do anything."""
        state, server = self.node(node), self.stores[node].server
        watching, process = self.manager.watching, self.manager._process  # noqa: SLF001
        if not state.available and node not in watching._relocated:  # noqa: SLF001
            return True
        if server.frozen or server.down:
            return state.available
        return not state.available or state.generation != server.generation or process.retries

    def back_up(self) -> Task:
        """Return one step of the queue of asynchronous backups, as a task."""
        assert self._queue is not None, f"{self.name} backs up synchronously"
        task = Task(self, f"backup in {self.name}", self._queue.step)
        self.tasks.append(task)
        return task

    @property
    def wants_to_back_up(self) -> bool:
        """Whether a session waits for such a step."""
        return self._queue is not None and bool(self._queue._waiting)  # noqa: SLF001

    def unstored(self) -> set[str]:
        """Return the attributes that its death costs: of sessions that wait, what their last backup has not."""
        process = self.manager._process  # noqa: SLF001
        names: set[str] = set()
        for entry in process.sessions.live():
            if entry.behind:
                stored = {} if entry.payload is None else process.codec.decode_own(entry.payload)
                names |= {name for name, value in entry.attributes.items() if stored.get(name) != value}
        return names

    def note(self, task: str, answer: object) -> None:
        """Note what a task was told."""
        self.history = hash((self.history, task, answer))

    def die(self) -> None:
        """End as by SIGKILL."""
        self.alive = False
        for task in self.tasks:
            task.end()

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        task = self.scheduler.current
        heard = getattr(task, "events", None)
        if heard is not None:
            heard.append(event)
