"""What is made up for in the background: debts of nodes, sessions of a node that went down, backups that failed.

Rules R7, R8 and R10 of the protocol. Invariants: a node is used again only when it owes nothing; what a node holds is
overwritten or removed only by the state that was seen; a session moves at most once per outage of its node.
"""

from collections.abc import Callable

from ..serializers import SerializationError
from .debts import Debt
from .entry import Entry, Standing
from .errors import StoreError, UndecodableError
from .events import EventKind
from .nodes import NodeState
from .process import Process
from .reconciling import Reconciling, Taken
from .saving import Saving, Step
from .stores.store import Item
from .version_vector import Relation, compare

SAVES_PER_PAUSE = 50
PAUSE = 0.02
"""Seconds: at most 2 500 sessions a second move in the background, so requests keep the upper hand."""


class Repairing:
    """The steps `node back` and `new connection` of the protocol, and background relocation."""

    def __init__(self, process: Process, reconciling: Reconciling, saving: Saving) -> None:
        self._process = process
        self._reconciling = reconciling
        self._saving = saving
        self._ended = False

    def stop(self) -> None:
        """Let what is under way end with the session that it is at."""
        self._ended = True

    def pay_debts(self, node: NodeState) -> None:
        """Bring a node that answers again up to date.

        Raises
        ------
        StoreError
            It has failed again; the debts are kept.
        """
        while not self._ended and (owed := node.next_debt()) is not None:
            key, debt = owed
            try:
                self._pay(node, key, debt)
            except StoreError as error:
                node.fail(error)
                node.owe(key, debt)
                raise
            except Exception as error:
                failed = StoreError(f"a debt could not be paid: {error}", node=node.label, key=key)
                node.fail(failed)
                node.owe(key, debt)
                raise failed from error

    def _pay(self, node: NodeState, key: str, debt: Debt) -> None:
        if debt.tombstone is not None:
            value, flags, life = debt.tombstone
            node.reach(lambda store: store.set(key, value, flags=flags, ttl=life))
            return
        entry = self._process.sessions.get(debt.sid)
        if entry is None or entry.key != key:
            self._remove_older(node, key, debt)
            return
        with entry.mutex, self._process.sessions.held(entry):
            if entry.standing is Standing.LIVE and entry.key == key:
                self._bring_up_to_date(node, entry)

    def _remove_older(self, node: NodeState, key: str, debt: Debt) -> None:
        """Remove a copy that is an ancestor of what was stored elsewhere; the session is no longer in this process."""
        item = node.reach(lambda store: store.get(key))
        if item is None:
            return
        try:
            header = self._process.codec.open(key, item).header
        except UndecodableError:
            return
        if not header.dead and compare(debt.vector, header.vector) is Relation.NEWER:
            cas = item.cas
            node.reach(lambda store: store.delete(key, cas=cas))

    def _bring_up_to_date(self, node: NodeState, entry: Entry) -> None:
        """Compare what a node holds with the session: remove what is older, take what is newer."""
        entry.forget_seen(node.name)
        item = node.reach(lambda store: store.get(entry.key))
        if item is None:
            if entry.unbacked or entry.seen is None or entry.home == node.name:
                step = self._saving.check_absent(node, entry)
                if step is None:
                    self._restore(node, entry)
                elif step is Step.AGAIN:
                    self._save(entry)
            return
        if self._reconciling.look(entry, node.name, item) is not Taken.NOTHING:
            if entry.standing is Standing.LIVE:
                self._save(entry)
            return
        if entry.home != node.name and any(seen.node != node.name for seen in entry.copies()):
            entry.forget_seen(node.name)
            cas = item.cas
            node.reach(lambda store: store.delete(entry.key, cas=cas))
        else:
            self._restore(node, entry, item)

    def _restore(self, node: NodeState, entry: Entry, item: Item | None = None) -> None:
        """Store the session on a node that is not in use yet."""
        process = self._process
        idle, absolute = entry.idle, entry.absolute  # a request may set other limits meanwhile
        life = entry.life(process.runtime.time())
        if life == 0 or (entry.payload is None and entry.new):
            return
        try:
            payload = process.snapshot(entry)
        except SerializationError as error:
            process.emit(EventKind.BACKUP_FAILED, entry, node=node.label, detail=str(error))
            return
        entry.counter += 1
        entry.vector = entry.vector.bumped(process.writer)
        entry.sent = payload, entry.vector
        value, flags = process.codec.seal(entry, payload, now=process.runtime.time())
        if item is None:
            written = node.reach(lambda store: store.add(entry.key, value, flags=flags, ttl=life))
        else:
            cas = item.cas
            written = node.reach(lambda store: store.replace(entry.key, value, cas=cas, flags=flags, ttl=life))
        if written.cas is None:
            self._process.note_unbacked(entry)  # somebody was faster: the next save brings all together
            return
        entry.note_seen(node.name, written.cas, flags)
        if entry.home != node.name:
            process.note_doubt(entry)
            if entry.payload is not None:
                before = f"from {entry.home}" if entry.home else ""
                process.emit(EventKind.RELOCATED, entry, node=node.label, detail=before)
        entry.payload, entry.base_vector, entry.sent = payload, entry.vector, None
        entry.stored_idle, entry.stored_absolute, entry.home = idle, absolute, node.name
        process.note_backed_up(entry)
        entry.contact = entry.touched = process.runtime.monotonic()
        process.emit(EventKind.BACKED_UP, entry, node=node.label)

    def relocate(self, node: NodeState) -> int:
        """Back the sessions of a node that is down up to the next one; return how many moved."""
        return self._save_all(lambda entry: entry.home == node.name and not node.available)

    def back_up_unbacked(self) -> int:
        """Store all sessions whose backup has failed; return how many were tried."""
        return self._save_all(lambda entry: entry.unbacked)

    def flush(self, until: float) -> int:
        """Store all sessions whose present state is on no node, as fast as that goes; return how many were tried.

        Parameters
        ----------
        until
            After which moment to begin with no other one, by the monotonic clock in seconds.
        """
        return self._save_all(lambda entry: entry.behind, until)

    def restore_after_restart(self, node: NodeState) -> int:
        """Store the sessions that lived on a node which has lost everything; return how many were tried (rule R10)."""

        def lost(entry: Entry) -> bool:
            seen = entry.seen_on(node.name) if entry.home == node.name and not entry.shared else None
            return seen is not None and seen.generation != node.generation

        return self._save_all(lost)

    def _save_all(self, concerned: Callable[[Entry], bool], until: float | None = None) -> int:
        count = 0
        for entry in self._process.sessions.live():
            if not concerned(entry):
                continue
            if not self._process.nodes.targets(entry.home):
                self._process.retries = True  # when there is a node again
                continue
            with entry.mutex, self._process.sessions.held(entry):
                if entry.standing is not Standing.LIVE or not concerned(entry):
                    continue
                self._save(entry)
            count += 1
            if self._ended or (until is not None and self._process.runtime.monotonic() >= until):
                self._process.retries = True
                break
            if until is None and count % SAVES_PER_PAUSE == 0:
                self._process.runtime.sleep(PAUSE)
        return count

    def _save(self, entry: Entry, payload: bytes | None = None) -> None:
        try:
            self._saving.save(entry, payload)
        except Exception as error:  # noqa: BLE001 - whatever a serializer or store raises, the others are not to suffer
            entry.unbacked = True  # to try it again before it changes would be in vain
            self._process.emit(EventKind.BACKUP_FAILED, entry, detail=str(error))
            if payload is None and entry.pending is not None:
                self._save(entry, entry.pending)  # it was taken before the value was set
