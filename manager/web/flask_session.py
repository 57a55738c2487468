"""What ``flask.session`` is while `MemcachedSessions` keeps the sessions of an application.

Invariants: whatever looks at the attributes marks the session as accessed, whatever changes which there are marks it as
modified; a session is over by what its requests did to it, never by a mark alone.
"""

from __future__ import annotations

from typing import Any

from flask.sessions import SessionMixin

from ..request_state import Verdict
from ..session import Session

_PERMANENT = "_permanent"
"""The attribute in which Flask keeps whether a session outlives the browser."""


class FlaskSession(Session, SessionMixin):
    """What ``flask.session`` is: a `Session` with the marks that Flask and its extensions look at.

    The marks are about the attributes themselves; what changes deep inside a value is stored all the same.
    """

    modified = False
    permanence_changed = False
    """Whether this request has made it outlive the browser, or not any more."""
    streams = False
    """Whether the body is sent after the session was saved."""
    torn_down = False
    """Whether Flask has told of the end of the request while its body was still to be sent."""

    _marked_as_accessed = False
    _cleared = False
    _refilled = False
    """Whether this request has changed it since it was cleared."""
    _found_something: bool | None = None
    """Whether there was data in it before the first change of this request; None: it has changed nothing."""

    @property
    def accessed(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] - Flask has an attribute there
        """Whether the response may depend on it: it was looked at, or Flask has handed it out."""
        request = self.request_state
        return self._marked_as_accessed or request.used or request.looked_at

    @accessed.setter
    def accessed(self, value: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._marked_as_accessed = value

    @property
    def new(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] - Flask has a constant there
        """Whether it begins with this request."""
        return self.is_new

    @property
    def permanent(self) -> bool:
        """Whether the cookie outlives the browser, for ``PERMANENT_SESSION_LIFETIME``."""
        return bool(self.get(_PERMANENT))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        if bool(value) != self.permanent:
            self._shared()[_PERMANENT] = bool(value)
            self.permanence_changed = True

    def rotate(self) -> None:
        """Give the session a new id at once; the old one is dead in every process. For logins."""
        super().rotate()
        self.modified = True

    def clear(self) -> None:
        """Remove all attributes. If nothing follows, the session ends in every process when the request is saved; else
        what follows has a new id from then on, and the old one is dead.
        """
        super().clear()
        self._cleared, self._refilled = True, False

    @property
    def holds_nothing(self) -> bool:
        """Whether there is no data in it; how long it is to live is none."""
        attributes = self.request_state.attributes
        return not attributes or (len(attributes) == 1 and _PERMANENT in attributes)

    @property
    def was_emptied(self) -> bool:
        """Whether this request took out the last of what it had found, and nobody has put in, or can put in, more.

        To be asked after a commit, which has brought in what other processes have put in. Where no node could say that,
        or a backup waits, or another request has the session open, it goes on, empty.
        """
        request = self.request_state
        entry = request.entry
        if not self._found_something or entry is None or request.ignored or self.ended or self.superseded:
            return False
        # What it holds comes last: while a backup waits, that may bring something in at any moment.
        return not entry.has_others and not entry.behind and self.holds_nothing

    def act_on_clear(self, *, may_rotate: bool) -> None:
        """End what was cleared, or give what was put in since then a new id if the client can still be told."""
        request = self.request_state
        if not self._cleared or request.ignored:
            return
        if not self._refilled or self.holds_nothing:
            self.destroy()
        elif may_rotate:
            if request.entry is None and request.verdict is Verdict.UNDECIDED:
                refilled = dict(request.attributes or {})
                self.destroy()
                self._shared().update(refilled)
            elif request.entry is not None and not self.ended:
                self.rotate()
            self._cleared = False

    def forget_permanence(self) -> None:
        """Remove what alone would make a session out of nothing."""
        if self.request_state.attributes:
            self.request_state.attributes.clear()

    def _changing(self) -> dict[str, Any]:
        self.modified, self._refilled = True, self._cleared
        attributes = super()._changing()
        if self._found_something is None:
            self._found_something = not self.holds_nothing
        return attributes
