"""What the manager knows of one request and the session it has; a ``repr`` has neither its ids nor what it holds."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from .cookie import NO_COOKIE, CookieAction

if TYPE_CHECKING:
    from .entry import Entry
    from .session_id import SessionId


class Verdict(Enum):
    """What became of an id."""

    LIVE = "live"
    UNKNOWN = "unknown"
    """Every node that could hold the session says no."""
    UNDECIDED = "undecided"
    """Somebody who could not be asked may hold the session."""
    GONE = "gone"
    """The session was destroyed or rotated."""


@dataclass(slots=True, eq=False)
class RequestState:
    """One request.

    Parameters
    ----------
    requested
        The id that came, if it was one.
    began
        When, in seconds of the monotonic clock.
    ignored
        Whether its path matches ``request_uri_ignore_pattern``.
    idle
        The idle limit of a session that it begins, in seconds.
    """

    requested: SessionId | None
    began: float
    ignored: bool
    idle: int | None
    attributes: dict[str, Any] | None = field(default=None, repr=False)
    """None: the session was not looked at yet."""
    entry: Entry | None = None
    """None: there is no session yet."""
    verdict: Verdict | None = None
    sid: str = field(default="", repr=False)
    """What this request knows the session by: another request may have rotated it."""
    cookie: CookieAction = NO_COOKIE
    begun: bool = False
    """The session began with this request."""
    destroyed: bool = False
    rotated_from: tuple[str, ...] = field(default=(), repr=False)
    """Ids that this request has replaced, and whose end its client must be told of."""
    released: bool = False
    under_way: Future[Any] | None = None
    """What another thread does, or did last, for an async request."""
