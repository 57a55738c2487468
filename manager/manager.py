"""`SessionManager`: what an application has of this package.

It puts the parts together, begins anew in a forked process, and ends in order.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any, Self

from .after_fork import call_after_fork
from .async_twins import UNCHANGED, AsyncTwins, Unchanged
from .committing import Committing
from .cookie import CookieAction
from .dry_run_report import DryRun, DryRunReport
from .errors import ConfigurationError, ManagerError, StoreError, StoreProtocolError
from .event_log import EventLog
from .events import Events, Listener
from .health import Health, health_of
from .node_list import Node
from .plain_nodes import log_plain_nodes
from .process import Process
from .reconciling import Reconciling
from .reconfiguring import Reconfiguring, new_stores, probe
from .repairing import Repairing
from .request_block import RequestBlock
from .requests import Requests
from .runtime import Runtime, ThreadRuntime
from .session import Session
from .setting_rules import SettingError
from .settings import Settings
from .settings_sources import settings_from_environment, settings_from_toml
from .statistics.measured_saving import saving_of
from .statistics.measured_store import MeasuredStore
from .statistics.meter import Meter
from .statistics.snapshot import Statistics
from .stores.opening import open_store, open_stores
from .stores.store import Store
from .watching import Watching

SECONDS_TO_CLOSE = 20
"""For which `SessionManager.close` stores what is not backed up."""

SECONDS_FOR_NODES_TO_RETURN = 5
"""For which it tries that again, if a node is down."""


class SessionManager(AsyncTwins):
    """Sessions that live in this process, backed up on memcached nodes.

    Parameters
    ----------
    memcached_nodes
        ``"n1:10.0.0.1:11211 n2:10.0.0.2:11211"``, see `parse_node_list`; or all `Settings`.
    stores
        Stores of your own by the names of their nodes, instead of those that the addresses name.
    runtime
        Clocks, locks and threads; for tests.
    settings
        As `Settings` names them.

    Raises
    ------
    ConfigurationError
        A setting is wrong, or a node answers that is no memcached 1.6 with meta commands. A node that does not answer
        is no error: it is used when it does.

    >>> with SessionManager("memory://", serializer="json") as manager:
    ...     with manager.request(None) as session:
    ...         session["user"] = 7
    ...     with manager.request(session.id) as session:
    ...         print(session["user"])
    7
    """

    def __init__(
        self,
        memcached_nodes: str | Sequence[str] | Settings,
        *,
        stores: Mapping[str, Store] | None = None,
        runtime: Runtime | None = None,
        **settings: Any,
    ) -> None:
        if not isinstance(memcached_nodes, Settings):
            memcached_nodes = Settings(memcached_nodes=memcached_nodes, **settings)
        elif settings:
            raise TypeError(f"give Settings or single settings, not both: {', '.join(settings)}")
        self.settings = memcached_nodes
        self._runtime_given = runtime
        self._events = Events()
        self._start_lock = Lock()
        self._reconfigure_lock = Lock()
        self._closed = False
        clock = runtime or ThreadRuntime()
        self._events.listen(EventLog(clock.monotonic).hear)
        self._meter = Meter(self.settings.accepted_serializers)
        if self.settings.enable_statistics:
            self._events.listen(self._meter.note_event)
        self._dry_run = DryRun() if self.settings.dry_run else None
        if self._dry_run is not None:
            self._events.listen(self._dry_run.hear)
        self._clock = clock.time
        self._stores_given = stores is not None
        self._stores = dict(stores) if stores is not None else open_stores(self.settings, clock=self._clock)
        self._begin(forked=False)
        self._look_at_nodes()
        call_after_fork(self._begin_in_child)
        if self._dry_run is not None:
            self._dry_run.log_start()
            atexit.register(self.close)  # for the summary; nothing else would

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Self:
        """Return a manager with the settings of the table ``[memcached-sessions]`` of a file."""
        return cls(settings_from_toml(path))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Return a manager with the settings of the environment, ``MEMCACHED_SESSIONS_<SETTING>``."""
        return cls(settings_from_environment(os.environ if environ is None else environ))

    def _begin(self, *, forked: bool) -> None:
        """Put the parts together; the process has no sessions yet."""
        runtime = self._runtime_given or ThreadRuntime()
        meter = self._meter if self.settings.enable_statistics else None
        process = self._process = Process(
            self.settings,
            self._measured(self._stores),
            runtime,
            self._events,
            forked=forked,
            meter=meter,
            dry_run=self._dry_run,
        )
        reconciling = Reconciling(process)
        in_request, in_background = saving_of(process, reconciling, in_request=True), saving_of(process, reconciling)
        backups = in_background if self.settings.session_backup_async else in_request
        self._committing = Committing(process, reconciling, backups)
        self._requests = Requests(process, reconciling, in_request, self._committing)
        self._repairing = Repairing(process, reconciling, in_background)
        self.watching = Watching(process, self._repairing, self._requests.let_expire)
        self._reconfiguring = Reconfiguring(process, self.watching)
        process.nodes.on_failure(self.watching.wake)
        self._started = self._runtime_given is not None
        if not self.settings.enabled:
            process.nodes.shut_off()
            process.nodes.note_darkness()

    def _measured(self, stores: Mapping[str, Store]) -> dict[str, Store]:
        """Return stores that are counted and timed, if anything is."""
        if not self.settings.enable_statistics:
            return dict(stores)
        labels = {node.name: node.label for node in self.settings.node_list.nodes}
        return {
            name: MeasuredStore(store, labels[name], self._meter) for name, store in stores.items() if name in labels
        }

    def _begin_in_child(self) -> None:
        self._start_lock = Lock()
        self._reconfigure_lock = Lock()
        self._meter.begin_anew()
        if self._dry_run is not None:
            self._dry_run.begin_anew()
        self._begin(forked=True)

    def _look_at_nodes(self) -> None:
        """Refuse what is no memcached of today; a node that does not answer may come later."""
        if not self.settings.enabled:
            return
        answers = self._process.nodes.gather(self._process.nodes.all, lambda store: store.probe())
        self._process.runtime.close()  # a process that forks before the first request has no threads
        for node, answer in answers:
            if isinstance(answer, StoreProtocolError):
                raise ConfigurationError(f"memcached_nodes: {answer}") from answer
            node.generation = node.store.generation
        self._log_plain_nodes(self.settings.node_list.nodes)

    def _log_plain_nodes(self, nodes: Iterable[Node]) -> None:
        if self.settings.warn_without_tls and not self._stores_given:
            log_plain_nodes(nodes)

    def _start(self) -> None:
        """Begin to watch the nodes, with the first request: a process that forks before that has no threads yet."""
        with self._start_lock:
            if not self._started and not self._closed:
                self._started = True
                atexit.register(self.close)
                self.watching.start()

    # Requests

    def open(
        self,
        session_id: str | None,
        *,
        method: str = "GET",  # noqa: ARG002 - for patterns of locking
        path: str = "/",
        began: float | None = None,
    ) -> Session:
        """Return the session of a request. No node is asked before its first access.

        Parameters
        ----------
        session_id
            What came in the cookie; anything that is no id is the same as none.
        method, path
            Of the request; the path is matched with ``request_uri_ignore_pattern``.
        began
            When the request began, by `Session.began` of what it had opened and released before: what a node has said
            since then is not asked again, and a rotation by another request since then is followed. None: now.

        Raises
        ------
        UndecodableError
            At the first access, if what the nodes hold cannot be read and ``on_undecodable="raise"``.
        """
        if not self.settings.enabled:
            self.watching.sweep()  # nobody else does where there is no node to watch
        elif not self._started:
            self._start()
        return self._requests.open(session_id, path, began)

    def commit(
        self,
        session: Session,
        *,
        status: int = 200,  # noqa: ARG002 - said by every framework; a policy that looks at it can come in
    ) -> CookieAction:
        """Store what the request has changed, and return what the response does with the cookie.

        To be called before the first byte of the response's head leaves, and again if more is changed later. Whatever
        the status, what was changed is stored: requests share the session, so there is nothing to take back.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path. What this request changed is dropped.
        """
        return self._requests.commit(session.request_state)

    def release(self, session: Session) -> None:
        """Let go of a session at the end of its request, in any case and as often as you like."""
        request = session.request_state
        if request.under_way is None:
            self._requests.release(request)
        else:  # of a request that was cancelled; what goes on would take hold of the session after it was let go
            request.under_way.add_done_callback(lambda _: self._requests.release(request))

    def rotate(self, session: Session) -> None:
        """Give a session a new id, as `Session.rotate`."""
        session.rotate()

    def destroy(self, session: Session) -> None:
        """End a session, as `Session.destroy`."""
        session.destroy()

    def request(self, session_id: str | None, *, method: str = "GET", path: str = "/") -> RequestBlock:
        """Open a session for a ``with`` block, and commit and release it at the end; an exception commits nothing."""
        return RequestBlock(self, session_id, method, path)

    def exists(self, session_id: str) -> bool:
        """Return whether there is a session under an id, here or on a node that can be asked.

        Raises
        ------
        NodesDownError
            It is not here, and a node that could hold it did not answer.
        """
        return self._requests.exists(session_id)

    # The whole

    def reconfigure(
        self,
        *,
        memcached_nodes: str | Sequence[str] | Unchanged = UNCHANGED,
        failover_nodes: str | Sequence[str] | Unchanged | None = UNCHANGED,
        enabled: bool | Unchanged = UNCHANGED,
        stores: Mapping[str, Store] | None = None,
    ) -> None:
        """Use other nodes, other failover nodes, no node, or nodes again, while requests go on; in this process alone.

        What is not given stays, and `settings` shows what has come of it. Sessions of nodes that are gone are stored on
        others in the background; `drain` waits for that. It returns when no command goes to those nodes any more, at
        most their timeouts later.

        Parameters
        ----------
        memcached_nodes, failover_nodes, enabled
            As `Settings` names them.
        stores
            Stores of nodes that are new, by name, for a manager that was made with stores.

        Raises
        ------
        ConfigurationError
            A setting is wrong, or a new node answers that is no memcached 1.6 with meta commands. Nothing was changed.
        ManagerError
            The manager is closed.

        >>> with SessionManager("n1:memory://one", serializer="json") as manager:
        ...     with manager.request(None) as session:
        ...         session["user"] = 7
        ...     manager.reconfigure(memcached_nodes="n1:memory://one n2:memory://two", failover_nodes="n1")
        ...     left = manager.drain(5)
        ...     with manager.request(session.id) as session:
        ...         print(session["user"], session.id[32:])
        7 -n2
        """
        given = {"memcached_nodes": memcached_nodes, "failover_nodes": failover_nodes, "enabled": enabled}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not UNCHANGED}
        with self._reconfigure_lock:
            if self._closed:
                raise ManagerError("the manager is closed: make a new one")
            before = self.settings
            if before.dry_run and enabled is True:
                raise SettingError("enabled", enabled, "False", reason="this is a dry run: make a manager without it")
            settings = replace(before, **changes)
            open_one = None if self._stores_given else partial(open_store, settings=settings, clock=self._clock)
            joining = new_stores(settings.node_list, before.node_list, self._stores, stores or {}, open_one)
            known = {**self._stores, **joining}
            after = {node.name: known[node.name] for node in settings.node_list.nodes}
            unknown = (joining if before.enabled else after) if settings.enabled else {}
            silent = self._probe(unknown)
            self._stores = known  # a process that is forked meanwhile finds a store for each node of its settings
            self.settings = settings
            try:
                self._reconfiguring.apply(settings, self._measured(joining), silent)
            finally:  # a store of the application's may fail to close
                self._stores = after
                self._watch_again()
            self._log_plain_nodes(node for node in settings.node_list.nodes if node.name in unknown)

    def _probe(self, stores: Mapping[str, Store]) -> dict[str, StoreError]:
        runtime = self._runtime_given or ThreadRuntime()
        try:
            return probe(stores, runtime)
        except ConfigurationError:
            for store in stores.values():
                store.close()
            raise
        finally:
            if self._runtime_given is None:
                runtime.close()

    def _watch_again(self) -> None:
        """Watch the nodes that have joined, if the others are watched already, or there are sessions to be stored."""
        with self._start_lock:
            if self._started and self._runtime_given is None:
                self.watching.start()
        if not self._started and self.settings.enabled and len(self._process.sessions):
            self._start()

    def listen(self, listener: Listener) -> None:
        """Call a listener with each `Event` from now on; it must not use the manager, as `Events.listen` says."""
        self._events.listen(listener)

    def health(self) -> Health:
        """Return how the nodes do, and how many sessions are not backed up."""
        return health_of(self._process)

    def statistics(self) -> Statistics:
        """Return what was counted and timed in this process, as it is now.

        With ``enable_statistics=False`` nothing is but the gauges. A forked process begins with zeros.

        >>> with SessionManager("memory://") as manager:
        ...     with manager.request(None) as session:
        ...         session["user"] = 7
        ...     manager.statistics().counters.backups
        1
        """
        health = self.health()
        nodes = {node.node: (node.available, node.debts) for node in health.nodes}
        return self._meter.snapshot(nodes, sessions=health.sessions, unbacked=health.unbacked)

    def dry_run_report(self) -> DryRunReport | None:
        """Return what a dry run has found in this process until now; None if it is none.

        With ``dry_run=True`` each session that passes is encoded, decoded and compared, and none is stored.

        >>> with SessionManager("n1:10.0.0.1:11211", dry_run=True) as manager:
        ...     with manager.request(None) as session:
        ...         session["report"] = print  # refused by every serializer, and left out here
        ...     print(manager.dry_run_report())
        1 sessions in 1 states, of 2 bytes (median) to 2 bytes (the largest); 1 finding
        """
        return None if self._dry_run is None else self._dry_run.report()

    def drain(self, timeout: float) -> int:
        """Store all sessions that are not backed up in their present state; return how many are left.

        Parameters
        ----------
        timeout
            Seconds to keep trying while nodes are down; a session that is being stored then is not interrupted.
        """
        runtime = self._process.runtime
        until = runtime.monotonic() + timeout
        while True:
            if not self.settings.enabled:
                return self.health().unbacked
            self._repairing.flush(until)
            left = self.health().unbacked
            if not left or runtime.monotonic() >= until:
                return left
            runtime.sleep(min(0.05, timeout))

    def close(self) -> None:
        """End the watchers and connections.

        What is not backed up is stored first, for 20 seconds at most. Where a node is down it is tried again for 5
        seconds; call `drain` before to wait for longer. Whatever fails, all connections are closed. Called at the end
        of the interpreter too, if a request was served; not when a signal ends the process without Python, or
        ``os._exit`` does, as in children of `multiprocessing`.
        """
        with self._reconfigure_lock, self._start_lock:
            if self._closed:
                return
            self._closed = True
        atexit.unregister(self.close)
        if self._dry_run is not None:
            self._dry_run.log_summary()
        with ExitStack() as ends:
            for store in self._stores.values():
                ends.callback(store.close)
            ends.callback(self._process.runtime.close)
            ends.callback(self.watching.stop)
            if self._committing.queue is not None:
                ends.callback(self._committing.queue.stop)
                self._committing.queue.refuse()
            if self.settings.enabled:
                self._flush()

    def _flush(self) -> None:
        """Store what is not backed up, and give nodes that are down some time."""
        runtime = self._process.runtime
        began = runtime.monotonic()
        while True:
            self._repairing.flush(began + SECONDS_TO_CLOSE)
            health = self.health()
            may_return = self._runtime_given is None and not all(node.available for node in health.nodes)
            if not may_return or not health.unbacked or runtime.monotonic() - began >= SECONDS_FOR_NODES_TO_RETURN:
                return
            runtime.sleep(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
