"""Rules of the protocol taken away from the real code, one at a time: a test that then still passes proves nothing."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from pytest import MonkeyPatch  # noqa: PT013 - a type

from memcached_sessions.manager import finding, reconciling, repairing, saving
from memcached_sessions.manager.attribute_merge import merge_descendant
from memcached_sessions.manager.committing import Committing
from memcached_sessions.manager.cookie import NO_COOKIE, CookieAction, CookieKind
from memcached_sessions.manager.debts import Debt
from memcached_sessions.manager.ending import Ending
from memcached_sessions.manager.entry import Entry
from memcached_sessions.manager.errors import StoreError
from memcached_sessions.manager.finding import Finding
from memcached_sessions.manager.freshness import Freshness
from memcached_sessions.manager.local_sessions import LocalSessions
from memcached_sessions.manager.nodes import Nodes, NodeState
from memcached_sessions.manager.process import Process
from memcached_sessions.manager.reconciling import Reconciling
from memcached_sessions.manager.repairing import Repairing
from memcached_sessions.manager.request_state import RequestState
from memcached_sessions.manager.requests import Requests
from memcached_sessions.manager.saving import Saving
from memcached_sessions.manager.session_id import SessionId
from memcached_sessions.manager.stores.store import Cas, Outcome, Store
from memcached_sessions.manager.version_vector import Relation, VersionVector

from .simulated_store import SimulatedStore


def without_r1(patch: MonkeyPatch) -> None:
    """A process trusts its local copy although another may have served the session."""
    patch.setattr(Freshness, "trusts", lambda _self, _entry, *, own, now: own and now > 0)


def without_r2(patch: MonkeyPatch) -> None:
    """The end of the window makes it the sole owner, without a look at the store."""
    patch.setattr(
        Freshness, "trusts", lambda _self, entry, *, own, now: own and (entry.sole or now >= entry.sole_after)
    )


def without_r3(patch: MonkeyPatch) -> None:
    """The id with the new node is sent by the next request, not by the one that moved the session."""
    decide = Requests._cookie  # noqa: SLF001 - to be replaced

    def later(self: Requests, request: RequestState, entry: Entry) -> CookieAction:
        action = decide(self, request, entry)
        new = SessionId.parse(action.value) if action.kind is CookieKind.SET else None
        if new is not None and request.requested is not None and replace(request.requested, node=new.node) == new:
            request.cookie = NO_COOKIE
        return request.cookie

    patch.setattr(Requests, "_cookie", later)


def without_r4(patch: MonkeyPatch) -> None:
    """A take-over asks the first node that it can ask, and no other."""
    take = Finding._take  # noqa: SLF001 - to be replaced

    def take_first(self: Finding, entry: Entry, session_id: SessionId) -> object:
        process = self._process
        nodes = process.nodes
        up = [node for node in nodes.ring(session_id.node or entry.home) if node.available]
        self._process = _instead(process, nodes=_instead(nodes, ring=lambda _: up[:1]))
        try:
            return take(self, entry, session_id)
        finally:
            self._process = process

    patch.setattr(Finding, "_take", take_first)


def without_r5(patch: MonkeyPatch) -> None:
    """A counter says which of two states is newer."""

    def compare(mine: VersionVector, theirs: VersionVector) -> Relation:
        mine_saved, they_saved = (sum(count for _, count in vector.entries) for vector in (mine, theirs))
        if mine_saved == they_saved:
            return Relation.SAME
        return Relation.OLDER if mine_saved < they_saved else Relation.NEWER

    for module in (finding, reconciling, repairing):
        patch.setattr(module, "compare", compare)


def without_r6(patch: MonkeyPatch) -> None:
    """A branch is merged as if it had grown from the base."""
    patch.setattr(
        reconciling,
        "merge_branch",
        lambda mine, theirs, serializer, *, mine_wins: merge_descendant(
            mine, mine, theirs, serializer, mine_wins=mine_wins
        ),
    )


def without_r7(patch: MonkeyPatch) -> None:
    """Debts are forgotten."""

    def forget(_self: Repairing, node: NodeState) -> None:
        while node.next_debt() is not None:
            pass

    patch.setattr(Repairing, "pay_debts", forget)


def without_r8(patch: MonkeyPatch) -> None:
    """A node that was down when a save began, and is back when it ends, is left alone."""
    owe = NodeState.owe
    patch.setattr(NodeState, "owe", lambda self, key, debt: self.available or owe(self, key, debt))


def without_r9(patch: MonkeyPatch) -> None:
    """A CAS value of one life of a server is believed in the next."""

    def refused(self: SimulatedStore, key: str, cas: Cas) -> Outcome | None:
        held = self.server.held(key)
        if held is None:
            return Outcome.NOT_FOUND
        return None if held.unique == cas.unique else Outcome.EXISTS

    patch.setattr(SimulatedStore, "_refused", refused)


def without_r10(patch: MonkeyPatch) -> None:
    """Nothing is backed up again after a restart."""
    patch.setattr(Repairing, "restore_after_restart", lambda _self, _node: 0)


def without_r11(patch: MonkeyPatch) -> None:
    """What is not there is stored anew, whatever other nodes hold."""
    patch.setattr(Saving, "_ask_others", lambda _self, _node, _entry: None)


def without_r12(patch: MonkeyPatch) -> None:
    """Only the home gets a tombstone."""
    bury = Ending._bury  # noqa: SLF001 - to be replaced

    def bury_at_home(self: Ending, entry: Entry, mark: tuple[bytes, int], vector: VersionVector) -> None:
        process = self._process
        home = [node for node in process.nodes.all if node.name == entry.home]
        self._process = _instead(process, nodes=_instead(process.nodes, all=home))
        try:
            bury(self, entry, mark, vector)
        finally:
            self._process = process

    patch.setattr(Ending, "_bury", bury_at_home)


def without_r13(patch: MonkeyPatch) -> None:
    """Tombstones are not looked at again."""
    patch.setattr(Ending, "_bury_again", lambda *_: None)


def without_r14(patch: MonkeyPatch) -> None:
    """The tombstone of a rotated id goes over whatever is there."""

    def bury_blindly(self: Ending, entry: Entry, old_sid: str, old_key: str, node: NodeState, *_: object) -> None:
        process = self._process
        vector = entry.vector.bumped(process.writer)
        value, flags = process.codec.tombstone(entry, old_key, vector, now=process.runtime.time())
        life = process.tombstone_life(entry)

        def bury(store: Store) -> object:
            return store.set(old_key, value, flags=flags, ttl=life)

        try:
            node.call(bury)
        except StoreError:
            node.owe(old_key, Debt(old_sid, vector, float("inf"), (value, flags, life)))

    patch.setattr(Ending, "_end_old", bury_blindly)


def without_r15(patch: MonkeyPatch) -> None:
    """A node that is back is asked as if it had never been away, and its sessions are looked for nowhere else."""
    close = NodeState.close_circuit

    def forget_when(self: NodeState) -> bool:
        closed = close(self)
        self.returned_at = float("-inf")
        return closed

    patch.setattr(NodeState, "close_circuit", forget_when)


def without_r16(patch: MonkeyPatch) -> None:
    """A contested save goes to one node."""
    patch.setattr(saving, "max", lambda *numbers: 1 if numbers == (2, 1) else max(*numbers), raising=False)


def without_r17(patch: MonkeyPatch) -> None:
    """A backup lives as long as the session may rest, and no longer."""
    patch.setattr(Entry, "life", lambda self, _now: self.idle)


def without_r18(patch: MonkeyPatch) -> None:
    """What is found nowhere is stored again however long it was out of touch."""
    patch.setattr(Nodes, "age", lambda _self, _contact, _now: 0.0)


def without_r19(patch: MonkeyPatch) -> None:
    """Every request is told the new id."""
    decide = Requests._cookie  # noqa: SLF001 - to be replaced

    def tell(self: Requests, request: RequestState, entry: Entry) -> CookieAction:
        request.sid = entry.sid
        return decide(self, request, entry)

    patch.setattr(Requests, "_cookie", tell)


def without_drop_in_merge(patch: MonkeyPatch) -> None:
    """A snapshot that waits stays when the session has taken what another process stored."""
    merge = Reconciling._merge  # noqa: SLF001 - to be replaced

    def merge_beside(self: Reconciling, *what: Any) -> None:
        process = self._process
        self._process = _instead(process, drop_pending=lambda _: None)
        try:
            merge(self, *what)
        finally:
            self._process = process

    patch.setattr(Reconciling, "_merge", merge_beside)


def without_drop_in_snapshot(patch: MonkeyPatch) -> None:
    """A snapshot that waits stays when a fresh one is stored."""
    patch.setattr(Process, "snapshot", lambda self, entry: self.codec.encode(entry.attributes))


def without_restore_in_commit(patch: MonkeyPatch) -> None:
    """A commit that hands its session over does not look at what merges have replaced; only the thread does."""
    hand_over = Committing._hand_over  # noqa: SLF001 - to be replaced

    def hand_over_as_it_is(self: Committing, *what: Any) -> bool:
        reconciling = self._reconciling
        self._reconciling = _instead(reconciling, restore_displaced=lambda _: None)
        try:
            return hand_over(self, *what)
        finally:
            self._reconciling = reconciling

    patch.setattr(Committing, "_hand_over", hand_over_as_it_is)


def without_held(patch: MonkeyPatch) -> None:
    """The thread is no request of the session that it stores."""
    patch.setattr(LocalSessions, "held", lambda *_: nullcontext())


def without_return_to_pending(patch: MonkeyPatch) -> None:
    """What cannot be kept takes the session back to what is stored, and not to what waits."""
    go_back = Reconciling.go_back

    def go_back_to_stored(self: Reconciling, entry: Entry) -> None:
        entry.pending, waits = None, entry.pending
        try:
            go_back(self, entry)
        finally:
            entry.pending = waits

    patch.setattr(Reconciling, "go_back", go_back_to_stored)


def without_left(patch: MonkeyPatch) -> None:
    """A session is backed up when any snapshot of it was stored."""

    def note(_self: Process, entry: Entry) -> None:
        entry.unbacked = False

    patch.setattr(Process, "note_backed_up", note)


def _instead(whole: Any, **parts: object) -> Any:
    """Return an object that is like another but for some attributes."""

    class Stand(SimpleNamespace):
        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

    return Stand(**parts)


RULES: dict[str, Callable[[MonkeyPatch], None]] = {
    name.removeprefix("without_").upper(): take_away
    for name, take_away in list(globals().items())
    if name.startswith("without_r")
}
"""By name of the rule: what takes it away."""
