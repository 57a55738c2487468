"""A request and the session it has: open, load, commit, release; rotate and destroy in between.

Invariants: an id that was not found is never adopted; no data, no cookie and no store write; only the request that
rotated a session sends its new id, and only the one that destroyed it deletes the cookie (rule R19: a parallel request
must not undo the cookie of the other).
"""

from typing import Any

from .committing import Committing
from .cookie import DELETE_COOKIE, NO_COOKIE, CookieAction, CookieKind
from .ending import Ending
from .entry import Entry, Standing
from .events import EventKind
from .finding import Finding
from .private_copies import PrivateCopies, PrivateCopy
from .process import Process
from .reconciling import Reconciling
from .request_state import RequestState, Verdict
from .saving import Saving
from .session import Session
from .session_id import SID_DIGITS, SessionId


class Requests:
    """What the manager does for one request after another, in any number of threads."""

    def __init__(self, process: Process, reconciling: Reconciling, saving: Saving, committing: Committing) -> None:
        self._process = process
        self._committing = committing
        self._finding = Finding(process, reconciling)
        self._ending = Ending(process, reconciling, saving)
        self._copies = PrivateCopies(process, reconciling)
        self._ignored = process.settings.ignored_path
        self._meter = process.meter

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._process.runtime.time()

    def open(self, cookie: str | None, path: str, began: float | None = None) -> Session:
        """Return the session of a request that begins, or began, then; no node is asked."""
        process = self._process
        if began is None:
            began = process.runtime.monotonic()
        ignored = self._ignored is not None and self._ignored(path)
        settings = process.settings
        request = RequestState(began, settings.max_inactive_interval, settings.absolute_timeout, ignored=ignored)
        if cookie and isinstance(cookie, str):  # pyright: ignore[reportUnnecessaryIsInstance] - of adapters of others
            entry = self._finding.at_hand(cookie, began)
            if entry is not None:
                request.came = cookie
                self._attach(request, entry)
            elif SessionId.parse(cookie) is not None:
                request.came = cookie
        return Session(self, request)

    def load(self, request: RequestState) -> dict[str, Any]:
        """Find what the session holds, and return its attributes.

        Raises
        ------
        UndecodableError
            What the nodes hold cannot be read, and ``on_undecodable="raise"``.
        """
        requested = request.requested
        if requested is None:
            return self._begin(request, Verdict.UNKNOWN)
        alone = request.ignored or not self._process.settings.enabled
        find = self._finding.find_here if alone else self._finding.find
        verdict, entry = find(requested, began=request.began)
        if entry is None:
            if not alone:
                self._process.count(verdict.value)
            return self._begin(request, verdict)
        return self._attach(request, entry)

    def _attach(self, request: RequestState, entry: Entry) -> dict[str, Any]:
        request.entry, request.verdict = entry, Verdict.LIVE
        if request.released:  # it is looked at after its end, and keeps nothing here
            self._process.sessions.detach(entry)
        request.sid = request.came[:SID_DIGITS] if request.came else entry.sid
        request.attributes = entry.attributes
        return entry.attributes

    def _begin(self, request: RequestState, verdict: Verdict) -> dict[str, Any]:
        """Let the session hold nothing yet."""
        kept = request.came if verdict is Verdict.UNDECIDED else None
        request.entry, request.verdict, request.begun, request.begins = None, verdict, False, False
        request.sid = kept[:SID_DIGITS] if kept is not None else self._process.new_sid()
        request.attributes = {}
        return request.attributes

    def sid_of(self, request: RequestState) -> str:
        """Return the constant part of the id."""
        if request.attributes is None:
            self.load(request)
        return request.sid

    def id_of(self, request: RequestState) -> str:
        """Return the id that the client should have after this request."""
        sid = self.sid_of(request)
        entry = request.entry
        if entry is not None and entry.sid == sid:
            return self._process.id_of(entry)
        if request.came is not None and request.came[:SID_DIGITS] == sid:
            return request.came
        return str(SessionId(sid, "", self._process.route, self._process.worker))

    # The end of a request

    def commit_at_hand(self, request: RequestState) -> CookieAction | None:
        """Commit if that asks no node and waits for nobody; else return None."""
        entry, payload = request.entry, None
        if entry is None:
            attributes = request.attributes
            if request.ignored or attributes is None or not (attributes or request.begins):
                return self._commit_nothing(request)
            if self._committing.queue is None:
                return None
            entry, payload = self._create(request, attributes)
        elif request.ignored or not self._may_have_changed(request, entry):
            return self._cookie(request, entry)
        if not self._committing.commit_at_hand(entry, payload):
            return None
        request.committed = True
        return self._cookie(request, entry)

    def _may_have_changed(self, request: RequestState, entry: Entry) -> bool:
        return request.changeable or not self._committing.is_at_rest(entry)

    def commit(self, request: RequestState) -> CookieAction:
        """Store what has changed, and return what the response does with the cookie.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path. Nothing was stored, and what this request changed is dropped.
        """
        entry, payload = request.entry, None
        if entry is None:
            attributes = request.attributes
            if request.ignored or attributes is None or not (attributes or request.begins):
                return self._commit_nothing(request)
            entry, payload = self._create(request, attributes)
        if not request.ignored and self._may_have_changed(request, entry):
            self._committing.commit(entry, payload, changeable=request.changeable or entry.overlooked)
            request.committed = True
        return self._cookie(request, entry)

    def _create(self, request: RequestState, attributes: dict[str, Any]) -> tuple[Entry, bytes]:
        """Begin a session with what the request has put into it; return it and its encoding."""
        process = self._process
        if request.came is not None and request.sid == request.came[:SID_DIGITS]:
            request.sid = process.new_sid()  # nothing is ever stored under an id that was not found
        payload = process.codec.encode(attributes)
        entry = process.new_entry(request.sid)
        now = process.runtime.time()
        entry.attributes, entry.created, entry.accessed = attributes, now, now
        entry.idle, entry.absolute = request.idle, request.absolute
        entry.new = entry.sole = True
        entry.contact = entry.touched = entry.compared = entry.surveyed = process.runtime.monotonic()
        enabled = process.settings.enabled
        entry.standing, entry.unbacked = Standing.LIVE, enabled
        entry.home = process.nodes.pick() if enabled else ""
        process.sessions.attach_or_add(entry.sid, lambda: entry)
        request.entry, request.verdict, request.begun = entry, Verdict.LIVE, True
        process.emit(EventKind.CREATED, entry)
        return entry, payload

    def _commit_nothing(self, request: RequestState) -> CookieAction:
        if request.ignored and request.attributes and request.entry is None:
            self._process.events.emit(EventKind.DROPPED, detail="a request that is ignored wrote to its session")
        deletes = request.destroyed and request.came is not None
        request.cookie = DELETE_COOKIE if deletes else NO_COOKIE
        return request.cookie

    def _cookie(self, request: RequestState, entry: Entry) -> CookieAction:
        """Return the id if it is not the one that came, and this request is the one to tell."""
        request.cookie = NO_COOKIE
        if (
            entry.standing is Standing.LIVE
            and entry.sid == request.sid
            and (request.rotated_from or not request.ignored)
        ):
            session_id = self._process.id_of(entry)
            if session_id != request.came:
                request.cookie = CookieAction(CookieKind.SET, session_id)
            if request.rotated_from:
                self._acknowledge(request)
        return request.cookie

    def _acknowledge(self, request: RequestState) -> None:
        """Let no request that begins from now on follow the ids that this one has replaced."""
        for sid in request.rotated_from:
            self._process.sessions.acknowledge(sid, self._process.runtime.monotonic())

    def release(self, request: RequestState) -> None:
        """Let go of the entry. Calling it again does nothing; what the session was can still be read."""
        if self._meter is not None and not request.noted:
            self._meter.note_request(request)
        if request.rotated_from:
            self._acknowledge(request)
        if request.entry is not None and not request.released:
            if request.changeable and not request.committed:
                request.entry.overlooked = True
            self._process.sessions.detach(request.entry)
        request.released = True

    def let_expire(self) -> None:
        """Drop local copies that have reached their limits."""
        for entry in self._process.sessions.live():
            self._finding.let_expire(entry.sid)

    def exists(self, session_id: str) -> bool:
        """Return whether there is a session under an id; see `SessionManager.exists`."""
        process = self._process
        parsed = SessionId.parse(session_id)
        if parsed is None or process.sessions.ended(parsed.sid, process.runtime.monotonic()) is not None:
            return False
        self._finding.let_expire(parsed.sid)
        entry = process.sessions.get(parsed.sid)
        if entry is not None and entry.standing is Standing.LIVE:
            return True
        return process.settings.enabled and self._finding.is_stored(parsed)

    # Private copies

    def copy(self, request: RequestState) -> PrivateCopy:
        """Return a copy of the attributes that nobody else has."""
        return self._copies.copy(request)

    def merge(self, request: RequestState, copy: PrivateCopy) -> None:
        """Bring into the session what was changed in a copy; see `Session.merge`."""
        if request.verdict is Verdict.UNDECIDED and not self._copies.has_changed(copy):
            return  # who saves what he has not changed does not replace a session that may be elsewhere
        if request.entry is not None:
            self._copies.merge(request.entry, copy)
        elif request.attributes is not None:
            self._copies.put(request.attributes, copy)
            request.begins = True

    # New ids and the end

    def rotate(self, request: RequestState) -> None:
        """Give the session a new id, at once; nobody knows it afterwards but the client of this request."""
        if request.attributes is None:
            self.load(request)
        entry = request.entry
        if entry is not None:
            with entry.mutex:
                if entry.standing is Standing.LIVE:
                    # A parallel request may have rotated it before: then that id is replaced, for its client may be
                    # whom the rotation is to keep out.
                    old_sid = entry.sid
                    # A value that cannot be kept is refused before anything is done.
                    payload = self._committing.encoded(entry)
                    changed = payload != entry.payload
                    self._ending.rotate(entry, payload)
                    if entry.standing is Standing.LIVE:
                        request.rotated_from += (old_sid,)
                        request.sid = entry.sid
                        request.cookie = CookieAction(CookieKind.SET, self._process.id_of(entry))
                        return
                    if changed:
                        self._process.emit(EventKind.DROPPED, entry, detail="the session has ended meanwhile")
            self._let_go(request)
        request.sid = self._process.new_sid()

    def destroy(self, request: RequestState) -> None:
        """End the session, at once."""
        if request.attributes is None:
            self.load(request)
        entry = request.entry
        if entry is None and request.verdict is Verdict.UNDECIDED and request.came is not None:
            # Nobody knows it here, and it must be dead when the nodes are back.
            entry = self._process.new_entry(request.came[:SID_DIGITS])
            entry.idle = self._process.settings.max_inactive_interval
            with entry.mutex:
                self._ending.destroy(entry)
        elif entry is not None:
            with entry.mutex:
                if entry.standing is Standing.LIVE:
                    self._ending.destroy(entry)
            self._let_go(request)
        self._begin(request, Verdict.GONE)
        request.destroyed = True
        request.cookie = DELETE_COOKIE if request.came is not None else NO_COOKIE

    def _let_go(self, request: RequestState) -> None:
        self.release(request)
        request.released = False
        self._begin(request, Verdict.GONE)
