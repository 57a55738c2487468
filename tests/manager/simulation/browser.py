"""What one client knows and may expect: its cookie, the updates that it was told are kept, the ids that are dead.

Invariant: an update counts from the moment when its response was sent, not before. A `Violation` is a promise of the
protocol that was not kept (`checks` has them).
"""

from dataclasses import dataclass, field

from memcached_sessions.manager.cookie import CookieAction, CookieKind
from memcached_sessions.manager.session_id import SessionId


class Violation(AssertionError):  # noqa: N818 - what a test fails with
    """A promise was not kept."""


@dataclass(eq=False)
class Lineage:
    """One session through all its ids."""

    cookie: str
    """The last one that the client was sent for it."""
    acknowledged: set[str] = field(default_factory=set[str])
    """Attributes whose responses were sent."""
    removed: set[str] = field(default_factory=set[str])
    """Attributes that some request removed."""
    dead_ids: set[str] = field(default_factory=set[str])
    """Ids that a response has replaced or ended."""
    ending: bool = False
    """A request has begun to destroy it."""
    rotating: bool = False
    """A request has begun to rotate it."""


class Browser:
    """A client with one cookie."""

    def __init__(self) -> None:
        self.cookie = ""
        self.lineages: dict[str, Lineage] = {}
        """By sid."""

    def lineage(self, cookie: str) -> Lineage | None:
        """Return the session that an id is one of."""
        parsed = SessionId.parse(cookie)
        return None if parsed is None else self.lineages.get(parsed.sid)

    def receive(self, action: CookieAction) -> None:
        """Do what a response says."""
        if action.kind is CookieKind.SET:
            self.cookie = action.value
            lineage, sid = self.lineage(action.value), SessionId.parse(action.value)
            # A response under an id that was rotated meanwhile may come last. Nobody can help that: it was decided
            # before. The client is logged out then, but the session is there under its new id.
            if lineage is not None and sid is not None and sid.sid not in lineage.dead_ids:
                lineage.cookie = action.value
        elif action.kind is CookieKind.DELETE:
            self.cookie = ""
