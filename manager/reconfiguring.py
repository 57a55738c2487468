"""Other nodes, other failover nodes, memcached switched off or on, while requests go on.

How it flows: `SessionManager.reconfigure` makes the new settings and the stores of nodes that are new, and asks those
(`probe`). Up to here nothing has changed, and whatever is wrong is refused. Then `Reconfiguring.apply`, which cannot
fail:

1. New `Nodes` take the place of the old ones in one step. A node that stays, with name, address and store, is the same
   `NodeState`: its circuit, debts and connections are what they were. Nodes that are gone are shut off: who still holds
   one, since its operation is under way, finds a node that is down, and goes to the next.
2. A node that joins is in use when it has been told of all ids that ended here. It may hold what this process does not
   know, so each session is looked for on all nodes before it is trusted again (`Nodes.joined_at`).
3. All sessions are gone through, each under its lock. This waits for every operation that began before, so no later
   one notes anything of a node that is gone; what had been noted is dropped here. Sessions whose home is gone are
   marked as not backed up, and the watchers store them elsewhere, at the pace of a relocation.
4. The commands that were sent to nodes that are gone end, then their watchers, and their stores are closed.

A node with a new address is another node. What was seen on the old one cannot be taken for seen on the new one: it
bears the generation of its server, and `Seen` of another generation is dropped here, and refused by the store.

Switched off is an outage of all nodes, of our making: each is shut off, owes what it misses, and the time is dark (see
`DarkTimes`). `payload` stays the state that nodes hold, the base of merges. Switched on, each node joins as in step 2.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack

from ..serializers import SerializationError
from .debts import Debt
from .entry import Entry, Standing
from .errors import ConfigurationError, StoreError, StoreProtocolError
from .events import EventKind
from .node_list import Node, NodeList
from .nodes import REMOVED, Nodes, NodeState
from .process import Process
from .runtime import Runtime
from .settings import Settings
from .stores.store import Store
from .watching import Watching

_SLACK = 1.0
"""Seconds beyond its timeouts after which nobody waits for a node that is gone."""


def new_stores(
    nodes: NodeList,
    before: NodeList,
    current: Mapping[str, Store],
    given: Mapping[str, Store],
    open_one: Callable[[Node], Store] | None,
) -> dict[str, Store]:
    """Return the stores of the nodes that join, by name; another store for a node that was there makes it another node.

    Parameters
    ----------
    nodes, before
        What is to be, and what was.
    current, given
        The stores until now, and those that the application gives.
    open_one
        Opens the store of a node; None: the application gives them all.

    Raises
    ------
    ConfigurationError
        A store is missing, or there is no node for it.
    """
    if unknown := sorted(given.keys() - {node.name for node in nodes.nodes}):
        raise ConfigurationError(f"stores: there is no node {' or '.join(unknown)} in memcached_nodes")
    if given and open_one is not None:
        raise ConfigurationError("stores can be given only to a manager that was made with stores")
    stores: dict[str, Store] = {}
    for node in nodes.nodes:
        store = given.get(node.name)
        if node in before.nodes and (store is None or store is current[node.name]):
            continue
        if store is None:
            if open_one is None:
                raise ConfigurationError(
                    f"stores: node {node.label} is new, and the manager was made with stores: give its"
                )
            store = open_one(node)
        stores[node.name] = store
    return stores


def probe(stores: Mapping[str, Store], runtime: Runtime) -> dict[str, StoreError]:
    """Ask nodes what they are; return the errors of those that do not answer, by name.

    Raises
    ------
    ConfigurationError
        One answers that is no memcached 1.6 with meta commands.
    """

    def ask(store: Store) -> StoreError | None:
        try:
            store.probe()
        except StoreError as error:
            return error
        return None

    answers = runtime.gather([lambda store=store: ask(store) for store in stores.values()])
    errors = {name: answer for name, answer in zip(stores, answers, strict=True) if answer is not None}
    for error in errors.values():
        if isinstance(error, StoreProtocolError):
            raise ConfigurationError(f"memcached_nodes: {error}") from error
    return errors


class Reconfiguring:
    """What follows when settings have changed that are found to be right. One call at a time."""

    def __init__(self, process: Process, watching: Watching) -> None:
        self._process = process
        self._watching = watching

    def apply(self, settings: Settings, stores: Mapping[str, Store], silent: Mapping[str, StoreError]) -> None:
        """Let the process work with new settings.

        Parameters
        ----------
        settings
            They differ in nodes, failover nodes and `enabled` alone.
        stores
            Of the nodes that join, by name.
        silent
            Errors of the nodes that were asked and did not answer.
        """
        process, before = self._process, self._process.nodes
        was_on, is_on = process.settings.enabled, settings.enabled
        after = Nodes(settings.node_list, stores, process.runtime, process.events, before=before)
        removed = {node for node in before.all if node not in after.all}
        added = [node for node in after.all if node not in before.all]
        if not is_on:
            process.settings = settings  # first, so that no request begins to ask
            after.shut_off()
        process.nodes = after
        for node in removed:
            node.shut_off(REMOVED)
        after.note_darkness()
        self._owe_tombstones(added)
        if is_on:
            for node in added if was_on else after.all:
                self._admit(node, silent.get(node.name))
            process.settings = settings
        for entry in process.sessions.all():
            with entry.mutex:
                self._adapt(entry, removed, before, switched_on=is_on and not was_on)
        self._watching.wake()
        self._close([*removed, *(() if is_on else after.all)], settings)

    def _owe_tombstones(self, added: Collection[NodeState]) -> None:
        """Tell nodes of the ids that ended here before they were there (rule R12), before they are used."""
        process = self._process
        now = process.runtime.monotonic()
        for sid, ended in process.sessions.all_ended(now) if added else ():
            entry, life = process.new_entry(sid), max(1, int(ended.until - now))
            vector = entry.vector.bumped(process.writer)
            mark = process.codec.tombstone(entry, entry.key, vector, now=process.runtime.time())
            for node in added:
                node.owe(entry.key, Debt(sid, vector, ended.until, (*mark, life)))

    def _admit(self, node: NodeState, error: StoreError | None) -> None:
        node.open_up()
        if error is None:
            self._watching.admit(node)
        else:
            node.last_error = error.problem
            self._process.events.emit(EventKind.NODE_DOWN, node=node.label, detail=error.problem)

    def _adapt(self, entry: Entry, removed: Collection[NodeState], before: Nodes, *, switched_on: bool) -> None:
        """Drop what was seen on nodes that are gone, and have the session stored where it is not, or no longer."""
        process, nodes = self._process, self._process.nodes
        gone = {node.name for node in removed}
        for seen in list(entry.copies()):
            node = nodes.get(seen.node)
            if seen.node in gone and (node is None or seen.generation != node.store.generation):
                entry.forget_seen(seen.node)
        if entry.standing is not Standing.LIVE or not process.settings.enabled:
            return
        if switched_on:
            self._store_again(entry)
        elif entry.home in gone and entry.seen_on(entry.home) is None:
            process.note_doubt(entry)
            process.note_unbacked(entry)
        elif nodes.is_failover(entry.home) and not before.is_failover(entry.home):
            process.note_unbacked(entry)

    def _store_again(self, entry: Entry) -> None:
        """Have a session stored that was kept here alone for a while; one that others use and that is as it was is not.

        Its owner does that, and what is here may be older (as in rule R10).
        """
        process = self._process
        if entry.new:
            entry.payload, entry.home = None, process.nodes.pick()
        else:
            process.note_doubt(entry)
            if entry.shared and not self._has_changed(entry):
                return
        process.note_unbacked(entry)

    def _has_changed(self, entry: Entry) -> bool:
        try:
            return self._process.codec.encode(entry.attributes) != entry.payload
        except SerializationError:
            return True  # the attempt to store it tells of that

    def _close(self, nodes: Collection[NodeState], settings: Settings) -> None:
        """Close the stores of nodes that are shut off, when nobody uses them any more."""
        runtime = self._process.runtime
        timeout = max(settings.operation_timeout, settings.session_backup_timeout) + settings.connect_timeout + _SLACK
        until = runtime.monotonic() + timeout
        for node in nodes:
            node.wait_until_idle(max(0.0, until - runtime.monotonic()))
        self._watching.wait_for_end(nodes, max(0.0, until - runtime.monotonic()))
        with ExitStack() as closing:  # whatever fails, all are closed
            for node in nodes:
                closing.callback(node.store.close)
