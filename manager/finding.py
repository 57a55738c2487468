"""From an id to the session: the local copy, a look whether it is fresh, or a take-over.

Rules R1, R2, R4, R15 and R18 of the protocol. Invariants: a local copy is served without a look at the store only if
`Freshness` says so; a take-over asks every node that can be asked, any tombstone wins, then the newest; "unknown" means
that every node answered no, all else that is not found is undecided; nothing is ever stored under an id that was not
found. One request at a time asks for a session, and those that waited for it take its answer if it was found.
"""

from .entry import Entry, Seen, Standing
from .envelope import Envelope
from .errors import NodesDownError, StoreError, UndecodableError
from .events import EventKind
from .nodes import NodeState
from .process import Process
from .reconciling import Reconciling, Taken
from .request_state import Verdict
from .session_id import SID_DIGITS, SessionId
from .stores.store import Item
from .version_vector import Relation, compare, is_dead

Copy = tuple[NodeState, Item, Envelope]


class Finding:
    """The step `open` of the protocol."""

    def __init__(self, process: Process, reconciling: Reconciling) -> None:
        self._process = process
        self._reconciling = reconciling

    def at_hand(self, cookie: str, began: float) -> Entry | None:
        """Return the entry of an id, with a request counted, if it can be served without asking anybody.

        Parameters
        ----------
        cookie
            Anything at all; what is no id has no entry. Most requests bring the very id that this process has given
            out, and it is not taken apart.
        began
            When the request began, by the monotonic clock.
        """
        process = self._process
        entry = process.sessions.attach(cookie[:SID_DIGITS])
        if entry is None:
            return None
        now = process.runtime.time()
        own = cookie[SID_DIGITS:] == process.suffix(entry.home) or process.owns(SessionId.parse(cookie))
        if (
            entry.standing is not Standing.LIVE
            or not process.freshness.trusts(entry, own=own, now=began)
            or entry.surveyed < process.nodes.joined_at
            or self._is_over(entry, now, requests=1)
        ):
            process.sessions.detach(entry)
            return None
        process.freshness.met(foreign=False)
        entry.accessed = now
        return entry

    def find(self, session_id: SessionId, *, began: float) -> tuple[Verdict, Entry | None]:
        """Return the verdict on an id and, if it is live, the entry with a request counted.

        Parameters
        ----------
        session_id
            From the cookie.
        began
            When the request began, by the monotonic clock: an answer from after that is fresh enough for it.

        Raises
        ------
        UndecodableError
            All that the nodes hold cannot be read, and ``on_undecodable="raise"``.
        """
        sessions = self._process.sessions
        ended = self._follow(session_id, began)
        if ended is not None:
            return self._after_rotation(*ended)
        self.let_expire(session_id.sid)
        entry = sessions.attach_or_add(session_id.sid, lambda: self._process.new_entry(session_id.sid))
        verdict = Verdict.GONE
        try:
            with entry.mutex:
                verdict = self._decide(entry, session_id, began)
        finally:
            if verdict is not Verdict.LIVE:
                sessions.detach(entry)
        if verdict is Verdict.LIVE:
            entry.accessed = self._process.runtime.time()
            return verdict, entry
        return verdict, None

    def find_here(self, session_id: SessionId, *, began: float) -> tuple[Verdict, Entry | None]:
        """Return what `find` does, without asking any node."""
        sessions = self._process.sessions
        ended = self._follow(session_id, began)
        if ended is not None:
            return ended
        self.let_expire(session_id.sid)
        entry = sessions.attach(session_id.sid)
        if entry is not None and entry.standing is not Standing.LIVE:
            sessions.detach(entry)
            entry = None
        if entry is None:
            return Verdict.UNKNOWN, None
        entry.accessed = self._process.runtime.time()
        return Verdict.LIVE, entry

    def _follow(self, session_id: SessionId, began: float) -> tuple[Verdict, Entry | None] | None:
        """Return the verdict on an id that was destroyed or rotated here, None if it was not."""
        sessions = self._process.sessions
        ended = sessions.ended(session_id.sid, self._process.runtime.monotonic())
        if ended is None:
            return None
        successor = ended.successor
        follows = ended.known_since is None or began < ended.known_since
        if successor is not None and follows and successor.standing is Standing.LIVE:
            sessions.hold(successor)
            return Verdict.LIVE, successor
        return Verdict.GONE, None

    def _after_rotation(self, verdict: Verdict, successor: Entry | None) -> tuple[Verdict, Entry | None]:
        """Wait until a rotation has taken what others stored under the old id, and return what became of it."""
        if successor is None:
            return verdict, None
        with successor.mutex:
            live = successor.standing is Standing.LIVE
        if live:
            return Verdict.LIVE, successor
        self._process.sessions.detach(successor)
        return Verdict.GONE, None

    def _decide(self, entry: Entry, session_id: SessionId, began: float) -> Verdict:
        process = self._process
        if entry.standing is Standing.GONE:
            return Verdict.GONE
        if entry.sid != session_id.sid:
            return Verdict.LIVE  # it was rotated while this request waited
        own = process.owns(session_id)
        if entry.standing is Standing.EMPTY:
            process.freshness.met(foreign=False)
            return self._take(entry, session_id)
        elsewhere = bool(session_id.route) and not own  # an id that names nobody, as Django's keys, says nothing
        process.freshness.met(foreign=elsewhere and entry.contact <= began)  # else it waited for a take-over
        if not own and process.route:
            process.note_shared(entry)
        if entry.surveyed >= process.nodes.joined_at and (
            entry.contact > began or self._is_fresh(entry, session_id, own=own)
        ):
            return Verdict.LIVE
        return self._take(entry, session_id)

    def is_stored(self, session_id: SessionId) -> bool:
        """Return whether a node holds the session, without loading it.

        Raises
        ------
        NodesDownError
            None of those that answered does, and another did not answer.
        """
        process, key = self._process, self._process.key(session_id.sid)
        ring = process.nodes.ring(session_id.node)
        answers = process.nodes.gather(
            [node for node in ring if node.available], lambda store: store.get(key, value=False)
        )
        items = [answer for _, answer in answers if isinstance(answer, Item)]
        if items:
            return not any(is_dead(item.flags) for item in items)
        silent = [node.label for node in ring if (node, None) not in answers]
        if silent:
            raise NodesDownError(f"no answer from {', '.join(silent)}, which could hold the session; try again")
        return False

    def let_expire(self, sid: str) -> None:
        """Drop a local copy that has reached its limits; what the nodes hold stays, for others may have used it."""
        entry = self._process.sessions.get(sid)
        now = self._process.runtime.time()
        if entry is None or entry.standing is not Standing.LIVE or not self._is_over(entry, now):
            return
        with entry.mutex:
            if entry.standing is Standing.LIVE and self._is_over(entry, now):
                self._reconciling.end(entry, EventKind.EXPIRED, "its local copy reached its limit")

    def _is_over(self, entry: Entry, now: float, *, requests: int = 0) -> bool:
        """Whether an entry has reached its limits; a request beyond ``requests`` keeps it from idling."""
        if entry.absolute is not None and now - entry.created >= entry.absolute:
            return True
        return entry.active <= requests and entry.idle is not None and now - entry.accessed >= entry.idle

    def _is_fresh(self, entry: Entry, session_id: SessionId, *, own: bool) -> bool:
        """Ask the home node whether it still holds the very copy that was seen last, and extend its life."""
        process = self._process
        home = process.nodes.get(entry.home)
        if home is None or not home.available or entry.compared < home.returned_at or session_id.node != entry.home:
            return False
        seen = entry.seen_on(home.name)
        if seen is None:
            return False
        started, life = process.runtime.monotonic(), entry.life(process.runtime.time())
        process.count("revalidations")
        try:
            item = home.call(lambda store: store.get(entry.key, value=False, touch=life, renew=True))
        except StoreError:
            entry.forget_seen(home.name)
            process.note_doubt(entry)
            return False
        if item is None or Seen.of(home.name, item.cas, item.flags) != seen:
            return False
        entry.contact = entry.touched = started
        if (own or not process.route) and started >= entry.sole_after:
            process.note_sole(entry)
        return True

    def _take(self, entry: Entry, session_id: SessionId) -> Verdict:
        """Ask all nodes, and make the newest of what they hold and of the local copy the session."""
        process = self._process
        started = process.runtime.monotonic()
        ring = process.nodes.ring(session_id.node or entry.home)
        answers = process.nodes.gather([node for node in ring if node.available], lambda store: store.get(entry.key))
        copies: list[Copy] = []
        undecodable: UndecodableError | None = None
        complete = len(answers) == len(ring)
        for node, answer in answers:
            if isinstance(answer, StoreError):
                complete = False
                entry.forget_seen(node.name)
                process.note_doubt(entry)
            elif answer is None:
                entry.forget_seen(node.name)
            else:
                try:
                    copies.append((node, answer, process.codec.open(entry.key, answer)))
                except UndecodableError as error:
                    undecodable = error
                    entry.note_seen(node.name, answer.cas, answer.flags)
                    process.emit(EventKind.UNDECODABLE, entry, node=node.label, detail=str(error))
        entry.surveyed = started
        if complete:
            entry.compared = started
        if any(envelope.header.dead for _, _, envelope in copies):
            self._reconciling.end(entry, EventKind.DESTROYED, "found destroyed or rotated by another process")
            return Verdict.GONE
        copies.sort(key=lambda copy: copy[2].header.counter, reverse=True)
        if entry.standing is Standing.LIVE:
            self._settle_home(entry, session_id, copies)
            return self._compare(entry, copies, complete=complete, started=started)
        return self._load(entry, session_id, copies, undecodable, complete=complete, started=started)

    def _settle_home(self, entry: Entry, session_id: SessionId, copies: list[Copy]) -> None:
        """Let the node of the cookie be the home, if it holds the session at all.

        Processes that serve the session at the same time must write to the same node first: there the second one meets
        what the first one did, and nothing becomes a branch. The newest copy may be the second one of a save that is
        under way, so it does not say which node that is. An older copy at home is made up to date by this commit.
        """
        for node, item, _ in copies:
            entry.note_seen(node.name, item.cas, item.flags)
            if node.name == session_id.node:
                entry.home = node.name

    def _compare(self, entry: Entry, copies: list[Copy], *, complete: bool, started: float) -> Verdict:
        """Bring the local copy and those of the nodes together."""
        process = self._process
        for node, item, envelope in copies:
            if self._reconciling.reconcile(entry, node.name, item, envelope) is Taken.GONE:
                return Verdict.GONE
        if not copies and complete and not entry.new:
            age = process.nodes.age(entry.contact, started)
            if age >= process.tombstone_life(entry):
                self._reconciling.end(
                    entry, EventKind.EXPIRED, f"no node holds it, and it was out of touch {age:.0f} s"
                )
                return Verdict.UNKNOWN
        same = [compare(entry.vector, envelope.header.vector) is Relation.SAME for _, _, envelope in copies]
        at_home = any(is_same and node.name == entry.home for is_same, (node, _, _) in zip(same, copies, strict=True))
        if not at_home or not all(same):
            self._process.note_unbacked(entry)  # the next commit stores it, and removes what is older
        if copies:
            entry.contact = started
        return Verdict.LIVE

    def _load(
        self,
        entry: Entry,
        session_id: SessionId,
        copies: list[Copy],
        undecodable: UndecodableError | None,
        *,
        complete: bool,
        started: float,
    ) -> Verdict:
        """Make the newest copy the session of this process."""
        process = self._process
        for at, (node, item, envelope) in enumerate(copies):
            try:
                self._reconciling.load(entry, node.name, item, envelope)
            except UndecodableError as error:
                undecodable = error
                process.emit(EventKind.UNDECODABLE, entry, node=node.label, detail=str(error))
                continue
            if entry.absolute is not None and process.runtime.time() - entry.created >= entry.absolute:
                self._reconciling.end(entry, EventKind.EXPIRED, "it reached its absolute limit")
                return Verdict.UNKNOWN
            self._settle_home(entry, session_id, copies)
            process.note_shared(entry)
            self._begin(entry, item, started)
            process.emit(EventKind.TAKEN_OVER, entry, node=node.label)
            return self._compare(entry, copies[at:], complete=complete, started=started)
        return self._not_found(session_id, undecodable, complete=complete)

    def _begin(self, entry: Entry, item: Item, started: float) -> None:
        """Note when the life of a copy was last extended, from what is left of it."""
        entry.contact = started
        life = entry.life(self._process.runtime.time())
        entry.touched = started if life is None or item.ttl is None else started - max(0, life - item.ttl)
        self._process.sessions.note_size(entry)

    def _not_found(self, session_id: SessionId, undecodable: UndecodableError | None, *, complete: bool) -> Verdict:
        policy = self._process.settings.on_undecodable
        if undecodable is not None and policy == "raise":
            raise undecodable
        if not complete or (undecodable is not None and policy == "keep"):
            return Verdict.UNDECIDED
        if undecodable is None and session_id.route and not self._process.owns(session_id):
            return Verdict.UNDECIDED  # the process that it names may still hold it
        return Verdict.UNKNOWN
