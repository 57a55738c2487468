"""What the manager knows of one request and the session it has."""

from __future__ import annotations

from concurrent.futures import Future
from enum import Enum
from typing import TYPE_CHECKING, Any

from .cookie import NO_COOKIE, CookieAction
from .session_id import SessionId

if TYPE_CHECKING:
    from .entry import Entry


class Verdict(Enum):
    """What became of an id."""

    LIVE = "live"
    UNKNOWN = "unknown"
    """Every node that could hold the session says no."""
    UNDECIDED = "undecided"
    """Somebody who could not be asked may hold the session."""
    GONE = "gone"
    """The session was destroyed or rotated."""


class RequestState:
    """One request. Most of it stays as the class says, for one that only reads.

    Parameters
    ----------
    began
        When, in seconds of the monotonic clock.
    ignored
        Whether its path matches ``request_uri_ignore_pattern``.
    idle, absolute
        The limits of a session that it begins, in seconds.
    """

    attributes: dict[str, Any] | None = None
    """None: the session was not looked at yet."""
    entry: Entry | None = None
    """None: there is no session yet."""
    verdict: Verdict | None = None
    sid: str = ""
    """What this request knows the session by: another request may have rotated it."""
    cookie: CookieAction = NO_COOKIE
    looked_at: bool = False
    """The application asked what the session is, or ended it."""
    used: bool = False
    """The application looked at attributes."""
    changeable: bool = False
    """The application has set an attribute, or was handed a value that it can change in place."""
    committed: bool = False
    """Nothing can have changed since the last commit."""
    noted: bool = False
    """It is in the statistics."""
    begun: bool = False
    """The session began with this request."""
    begins: bool = False
    """It is to begin with this request even if it holds nothing."""
    destroyed: bool = False
    rotated_from: tuple[str, ...] = ()
    """Ids that this request has replaced, and whose end its client must be told of."""
    released: bool = False
    under_way: Future[Any] | None = None
    """What another thread does, or did last, for an async request."""

    came: str | None = None
    """The id that came; None: none did, or what came was none."""

    def __init__(self, began: float, idle: int | None, absolute: int | None, *, ignored: bool) -> None:
        self.began = began
        self.idle = idle
        self.absolute = absolute
        self.ignored = ignored

    def note_changeable(self) -> None:
        """Note that the application may change the session from now on."""
        self.changeable, self.committed = True, False

    @property
    def requested(self) -> SessionId | None:
        """The id that came, in its parts."""
        return SessionId.parse(self.came)
