"""The end of a session, and of an id: destroy and rotate.

Rules R12, R13, R14, R18 and R19 of the protocol. Invariants: a tombstone goes to every node, and one that could not be
reached owes it; an id that was ended here is not used again by this process, whatever the nodes hold; a rotated session
is stored under its new id before the old one dies, and what others store under the old one meanwhile is merged; one
that another process had ended is over under both.
"""

from ..serializers import SerializationError
from .debts import Debt
from .entry import Entry
from .errors import StoreError, UndecodableError
from .events import EventKind
from .local_sessions import Ended
from .nodes import NodeState
from .process import Process
from .reconciling import Base, CannotMergeError, Reconciling
from .saving import Saving
from .stores.store import Item, Outcome
from .version_vector import VersionVector, is_dead

_ROUNDS = 32

Mark = tuple[bytes, int]


class Ending:
    """The steps `destroy` and `rotate` of the protocol. The entry's mutex is held."""

    def __init__(self, process: Process, reconciling: Reconciling, saving: Saving) -> None:
        self._process = process
        self._reconciling = reconciling
        self._saving = saving

    def destroy(self, entry: Entry) -> None:
        """End a session everywhere. Nodes that cannot be reached are told when they are back, by this process."""
        process = self._process
        mark = process.codec.tombstone(
            entry, entry.key, entry.vector.bumped(process.writer), now=process.runtime.time()
        )
        never_stored = entry.new
        self._reconciling.end(entry, EventKind.DESTROYED, "")
        if not never_stored:
            self._bury(entry, mark, entry.vector)

    def _bury(self, entry: Entry, mark: Mark, vector: VersionVector) -> None:
        """Put a tombstone on all nodes, then look whether it is still there (rule R13)."""
        process, life = self._process, self._process.tombstone_life(entry)
        debt = self._debt(entry.sid, mark, vector, life)
        reached: list[NodeState] = []
        waiting = [node for node in process.nodes.all if node.available or not node.owe(entry.key, debt)]
        for node, answer in process.nodes.gather(
            waiting, lambda store: store.set(entry.key, mark[0], flags=mark[1], ttl=life)
        ):
            if not isinstance(answer, StoreError):
                reached.append(node)
            elif not node.owe(entry.key, debt):
                self._bury_again(node, entry.key, mark, debt, life)  # it is back already
        if not reached:
            process.emit(EventKind.BACKUP_FAILED, entry, detail="no node could be told that the session was destroyed")
        for node, answer in process.nodes.gather(reached, lambda store: store.get(entry.key, value=False)):
            if not isinstance(answer, StoreError) and (answer is None or not is_dead(answer.flags)):
                self._bury_again(node, entry.key, mark, debt, life)

    def _bury_again(self, node: NodeState, key: str, mark: Mark, debt: Debt, life: int) -> None:
        try:
            node.call(lambda store: store.set(key, mark[0], flags=mark[1], ttl=life))
        except StoreError:
            node.owe(key, debt)

    def _debt(self, sid: str, mark: Mark, vector: VersionVector, life: int) -> Debt:
        return Debt(sid, vector, self._process.runtime.monotonic() + life, (*mark, life))

    def rotate(self, entry: Entry, payload: bytes) -> None:
        """Give a session a new id. The old one is dead afterwards, in every process.

        Where another process had ended the old one, the session is over, and the new id with it.

        Parameters
        ----------
        entry
            The session.
        payload
            Its encoding.
        """
        process = self._process
        old_sid, old_key, never_stored = entry.sid, entry.key, entry.new
        base = Base(entry.payload, entry.base_vector)
        entry.sid = process.new_sid()
        entry.known_key = None
        entry.seen, entry.new = None, True
        process.note_sole(entry)  # nobody else has ever heard of the new id
        # Parallel requests with the old id follow from now on, and not by way of the nodes.
        now = process.runtime.monotonic()
        process.sessions.end(old_sid, Ended(now + process.tombstone_life(entry), successor=entry), now)
        process.sessions.rename(entry, old_sid)
        process.count("rotated")
        if process.settings.enabled:
            self._save(entry, payload)
        if not never_stored:
            for node in process.nodes.all:
                if self._end_old(entry, old_sid, old_key, node, base):
                    self.destroy(entry)  # it was over before its new id was stored
                    return

    def _end_old(self, entry: Entry, old_sid: str, old_key: str, node: NodeState, base: Base) -> bool:
        """Put a tombstone over the old id on one node, after taking what others stored there (rule R14).

        Return whether another process has put one there first: the session was destroyed, or rotated, before.
        """
        process = self._process
        life = process.tombstone_life(entry)
        vector = entry.vector.bumped(process.writer)
        mark = process.codec.tombstone(entry, old_key, vector, now=process.runtime.time())
        debt = self._debt(old_sid, mark, vector, life)
        if not node.available and node.owe(old_key, debt):
            return False
        try:
            for _ in range(_ROUNDS):
                item = node.call(lambda store: store.get(old_key))
                if item is None:
                    written = node.call(lambda store: store.add(old_key, mark[0], flags=mark[1], ttl=life))
                    outcome = written.outcome
                else:
                    if is_dead(item.flags):
                        return item.value != mark[0]  # ours is there if a store sent a command a second time
                    cas = item.cas
                    self._take_late_update(entry, old_key, node, item, base)
                    outcome = node.call(
                        lambda store, cas=cas: store.replace(old_key, mark[0], cas=cas, flags=mark[1], ttl=life)
                    ).outcome
                if outcome is Outcome.STORED:
                    return False
            node.call(lambda store: store.set(old_key, mark[0], flags=mark[1], ttl=life))
        except StoreError:
            node.owe(old_key, debt)
        return False

    def _take_late_update(self, entry: Entry, old_key: str, node: NodeState, item: Item, base: Base) -> None:
        """Bring what another process stored under the old id into the session, and store that under the new one."""
        try:
            envelope = self._process.codec.open(old_key, item)
        except UndecodableError as error:
            self._process.emit(EventKind.UNDECODABLE, entry, node=node.label, detail=str(error))
            return
        try:
            taken = self._reconciling.merge(entry, envelope, base)
        except CannotMergeError as error:
            self._process.emit(EventKind.DROPPED, entry, node=node.label, detail=str(error))
            return
        if taken is not None:
            self._save(entry)

    def _save(self, entry: Entry, payload: bytes | None = None) -> None:
        """Store the session under its new id; where a parallel request has just set what cannot be kept, later."""
        try:
            self._saving.save(entry, payload)
        except SerializationError as error:
            self._process.note_unbacked(entry)
            self._process.emit(EventKind.BACKUP_FAILED, entry, detail=str(error))
