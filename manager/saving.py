"""From the session of this process to the nodes: save, touch, and what other nodes hold meanwhile.

Rules R8, R11, R16 and R17 of the protocol. Invariants: every write is conditional, by the state that was seen or by the
absence of any; what could not be written is owed; a session that is gone is not stored. The entry's mutex is held.
"""

from enum import Enum

from .debts import Debt
from .entry import Entry, Seen
from .errors import StoreError, ValueTooLargeError
from .events import EventKind
from .nodes import NodeState
from .process import Process
from .reconciling import Reconciling, Taken
from .stores.store import Item, Outcome, Written

_ROUNDS = 32
"""Attempts to store over what others keep storing, before the background takes it on."""


class Step(Enum):
    """How a write ended."""

    STORED = "stored"
    AGAIN = "again"
    """The session has taken something from the node: it is to be saved as it is now."""
    FAILED = "failed"
    GONE = "gone"


_STEPS = {Taken.NEWER: Step.AGAIN, Taken.GONE: Step.GONE, Taken.REFUSED: Step.FAILED}


class Saving:
    """The step `commit` of the protocol, from the snapshot on."""

    def __init__(self, process: Process, reconciling: Reconciling) -> None:
        self._process = process
        self._reconciling = reconciling

    def save(self, entry: Entry, payload: bytes | None = None) -> Step:
        """Store the session; return STORED, FAILED (it is retried in the background) or GONE.

        Parameters
        ----------
        entry
            A live session.
        payload
            Its encoding, if the caller has it.

        Raises
        ------
        SerializationError
            A value cannot be kept; nothing was stored.
        """
        process = self._process
        for _ in range(_ROUNDS):
            if payload is None:
                payload = process.snapshot(entry)
            step = self._save_once(entry, payload)
            if step is not Step.AGAIN:
                process.sessions.note_size(entry)
                return step
            payload = None
        self._process.note_unbacked(entry)
        process.emit(EventKind.BACKUP_FAILED, entry, detail=f"others stored it first {_ROUNDS} times in a row")
        return Step.FAILED

    def _save_once(self, entry: Entry, payload: bytes) -> Step:
        process = self._process
        now, started = process.runtime.time(), process.runtime.monotonic()
        idle, absolute, life = entry.idle, entry.absolute, entry.life(now)  # a request may set other limits meanwhile
        if life == 0:
            self._reconciling.end(entry, EventKind.EXPIRED, "it reached its absolute limit")
            return Step.GONE
        entry.counter += 1
        entry.vector = entry.vector.bumped(process.writer)
        value, flags = process.codec.seal(entry, payload, now=now)
        size = len(value)
        wanted = min(process.settings.copies if entry.sole else max(2, process.settings.copies), len(process.nodes.all))
        stored: list[NodeState] = []
        missed = [node for node in process.nodes.ring(entry.home) if not node.available]
        limit = process.settings.max_session_bytes
        if limit is not None and size > limit:
            return self._give_up(entry, f"{size} bytes, over max_session_bytes={limit}")
        for node in process.nodes.targets(entry.home):
            if len(stored) == wanted:
                break
            if not node.available:  # it has gone down while this request waited for another one
                missed.append(node)
                continue
            entry.sent = payload, entry.vector
            try:
                step = self._put(node, entry, value, flags, life)
            except ValueTooLargeError as error:
                if stored:
                    break
                return self._give_up(entry, str(error))
            except StoreError:
                entry.forget_seen(node.name)
                process.note_doubt(entry)
                missed.append(node)
                continue
            if step is Step.FAILED:
                return self._give_up(entry, f"{node.label} holds what cannot be merged here")
            if step is not Step.STORED:
                return step
            stored.append(node)
        entry.new = entry.new and not stored and not missed
        if stored:
            entry.stored_idle, entry.stored_absolute = idle, absolute
            self._note_stored(entry, payload, stored, started)
        else:
            if entry.payload is None:
                entry.home = ""  # it never had one: the id names a node when one has the session
            self._process.note_unbacked(entry)
            process.emit(EventKind.BACKUP_FAILED, entry, detail="no node could be reached")
        self._settle(entry, stored, missed, started)
        return Step.STORED if stored else Step.FAILED

    def _note_stored(self, entry: Entry, payload: bytes, stored: list[NodeState], started: float) -> None:
        process = self._process
        home = stored[0]
        first, moved = entry.payload is None, entry.home != home.name
        entry.payload, entry.base_vector, entry.sent = payload, entry.vector, None
        process.note_backed_up(entry)
        entry.contact = entry.touched = started
        if moved:
            before, entry.home = entry.home, home.name
            process.note_doubt(entry)  # a late response with the new node may call the client back from a take-over
            if not first:
                process.emit(EventKind.RELOCATED, entry, node=home.label, detail=f"from {before}" if before else "")
        process.emit(EventKind.BACKED_UP, entry, node=home.label)

    def _give_up(self, entry: Entry, problem: str) -> Step:
        entry.unbacked = True  # to try again before it changes would be in vain
        self._process.emit(EventKind.BACKUP_FAILED, entry, detail=problem)
        return Step.FAILED

    def _put(self, node: NodeState, entry: Entry, value: bytes, flags: int, life: int | None) -> Step:
        """Store the bytes on one node, over exactly what was seen there.

        Raises
        ------
        StoreError
            The node failed, or the value is too large for it.
        """
        written: Written
        if entry.new:
            written = node.call(lambda store: store.add(entry.key, value, flags=flags, ttl=life))
            if written.outcome is Outcome.STORED:
                return self._stored(entry, node, written, flags)
        seen = entry.seen_on(node.name)
        if seen is not None and seen.generation != node.store.generation:
            seen = None  # the server has restarted: what was seen is no longer there (rule R9)
        for _ in range(_ROUNDS):
            if seen is None:
                item = node.call(lambda store: store.get(entry.key))
                if item is None:
                    return self._put_anew(node, entry, value, flags, life)
                taken = self._reconciling.look(entry, node.name, item)
                if taken is not Taken.NOTHING:
                    return _STEPS[taken]
                seen = entry.seen_on(node.name)
                if seen is None:
                    continue
            cas = seen.cas
            written = node.call(lambda store, cas=cas: store.replace(entry.key, value, cas=cas, flags=flags, ttl=life))
            if written.outcome is Outcome.STORED:
                return self._stored(entry, node, written, flags)
            if written.outcome is Outcome.NOT_FOUND:
                self._process.note_doubt(entry)
                return self._put_anew(node, entry, value, flags, life)
            self._process.note_shared(entry)
            seen = None
        return Step.AGAIN

    def _put_anew(self, node: NodeState, entry: Entry, value: bytes, flags: int, life: int | None) -> Step:
        """Store where the node holds nothing, after asking the others whether the session is still alive."""
        entry.forget_seen(node.name)
        process = self._process
        step = self.check_absent(node, entry)
        if step is not None:
            return step
        written = node.call(lambda store: store.add(entry.key, value, flags=flags, ttl=life))
        if written.outcome is Outcome.STORED:
            return self._stored(entry, node, written, flags)
        process.note_shared(entry)
        return Step.AGAIN

    def check_absent(self, node: NodeState, entry: Entry) -> Step | None:
        """Find out whether a session that a node does not hold may be stored there; None if it may (rules R11, R18)."""
        process = self._process
        if process.nodes.age(entry.contact, process.runtime.monotonic()) >= process.tombstone_life(entry):
            self._reconciling.end(entry, EventKind.EXPIRED, "no node holds it, and it was out of touch too long")
            return Step.GONE
        return self._ask_others(node, entry)

    def _ask_others(self, node: NodeState, entry: Entry) -> Step | None:
        """Take what other nodes hold that is newer, without moving values that are known; None if there is nothing."""
        others = [other for other in self._process.nodes.all if other is not node and other.available]
        taken = False
        for other, answer in self._process.nodes.gather(others, lambda store: store.get(entry.key, value=False)):
            if isinstance(answer, StoreError):
                entry.forget_seen(other.name)
                self._process.note_doubt(entry)
                continue
            if answer is None or entry.seen_on(other.name) == Seen.of(other.name, answer.cas, answer.flags):
                continue
            try:
                item = other.call(lambda store: store.get(entry.key))
            except StoreError:
                continue
            if item is not None:
                found = self._reconciling.look(entry, other.name, item)
                if found in {Taken.GONE, Taken.REFUSED}:
                    return _STEPS[found]
                taken = taken or found is Taken.NEWER
        return Step.AGAIN if taken else None

    def _stored(self, entry: Entry, node: NodeState, written: Written, flags: int) -> Step:
        if written.cas is not None:
            entry.note_seen(node.name, written.cas, flags)
        return Step.STORED

    def _settle(self, entry: Entry, stored: list[NodeState], missed: list[NodeState], started: float) -> None:
        """Note what nodes missed, and remove copies that are older than what was stored."""
        process = self._process
        left = entry.life(process.runtime.time())
        until = started + (left if left is not None else 365 * 86400)
        debt = Debt(entry.sid, entry.vector, until)
        for node in missed:
            if not node.owe(entry.key, debt):
                self._catch_up(entry, node, debt, remove=bool(stored))
        if stored:
            passed = {node.name for node in (*stored, *missed)}
            for node in process.nodes.all:
                if node.name not in passed and node.available and entry.seen_on(node.name) is not None:
                    self._remove(entry, node, debt)

    def _catch_up(self, entry: Entry, node: NodeState, debt: Debt, *, remove: bool) -> None:
        """Look at a node that was down and has come back: what it holds is older, or the very write that timed out."""
        try:
            item = node.call(lambda store: store.get(entry.key))
        except StoreError:
            node.owe(entry.key, debt)
            return
        if item is None:
            return
        if self._reconciling.look(entry, node.name, item) is not Taken.NOTHING:
            self._process.note_unbacked(entry)  # it holds more: the next save brings all together
        elif remove:
            self._remove(entry, node, debt)

    def _remove(self, entry: Entry, node: NodeState, debt: Debt) -> None:
        """Delete the very copy that was seen on a node that is no longer used for the session."""
        seen = entry.forget_seen(node.name)
        if seen is None:
            return
        try:
            node.call(lambda store: store.delete(entry.key, cas=seen.cas))
        except StoreError:
            node.owe(entry.key, debt)

    def touch(self, entry: Entry) -> Step:
        """Extend the life of all copies, and save if one of them is not what it should be."""
        process = self._process
        started, life = process.runtime.monotonic(), entry.life(process.runtime.time())
        if life == 0:
            self._reconciling.end(entry, EventKind.EXPIRED, "it reached its absolute limit")
            return Step.GONE
        nodes = [node for node in process.nodes.ring(entry.home) if node.available and entry.seen_on(node.name)]
        at_home = False
        for node, answer in process.nodes.gather(
            nodes, lambda store: store.get(entry.key, value=False, touch=life, renew=True)
        ):
            if isinstance(answer, Item) and Seen.of(node.name, answer.cas, answer.flags) == entry.seen_on(node.name):
                at_home = at_home or node.name == entry.home
            elif self._look_again(node, entry) is Taken.GONE:
                return Step.GONE
        at_home = at_home or entry.seen_on(entry.home) is not None
        if not at_home or entry.unbacked or process.codec.encode(entry.attributes) != entry.payload:
            return self.save(entry)
        entry.contact = entry.touched = started
        if started >= entry.sole_after:
            process.note_sole(entry)
        return Step.STORED

    def _look_again(self, node: NodeState, entry: Entry) -> Taken:
        """Take what a node holds instead of the copy that was seen on it, if it can be asked."""
        entry.forget_seen(node.name)
        self._process.note_doubt(entry)
        try:
            item = node.call(lambda store: store.get(entry.key)) if node.available else None
        except StoreError:
            item = None
        return Taken.NOTHING if item is None else self._reconciling.look(entry, node.name, item)
