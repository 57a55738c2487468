"""What happens to sessions, told to whoever wants to know.

Invariant: an event names a session by its storage key, a hash of the id, so it may be logged. A listener that raises
is logged and disturbs nobody.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

_logger = logging.getLogger("memcached_sessions")


class EventKind(Enum):
    """What happened."""

    __hash__ = object.__hash__  # members are single objects, and Enum hashes their names in Python

    CREATED = "created"
    """A new session has begun."""
    TAKEN_OVER = "taken over"
    """A session that this process did not know was loaded from a node."""
    RELOCATED = "relocated"
    """The backup of a session moved to another node."""
    BACKED_UP = "backed up"
    """A session was stored."""
    BACKUP_FAILED = "backup failed"
    """A session could not be stored; it is served from the process, and its last backup was kept."""
    EXPIRED = "expired"
    """The local copy of a session reached its idle or absolute limit."""
    DESTROYED = "destroyed"
    """A session was destroyed here, or was found destroyed or rotated by another process."""
    DROPPED = "dropped"
    """Changes of a request were dropped, since the session had been destroyed or rotated meanwhile."""
    CONFLICT = "conflict"
    """Two processes changed the same attribute; one change won."""
    UNDECODABLE = "undecodable"
    """Stored bytes are no session of this application."""
    NODE_DOWN = "node down"
    """A node does not answer; nobody waits for it until it does."""
    NODE_UP = "node up"
    """A node answers again, and holds what it should."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    >>> Event(EventKind.RELOCATED, key="k", node="n2", detail="from n1")
    Event(kind=<EventKind.RELOCATED: 'relocated'>, key='k', node='n2', detail='from n1')
    """

    kind: EventKind
    key: str = ""
    """Storage key of the session; empty for events of nodes."""
    node: str = ""
    """Name or address of the node, where there is one."""
    detail: str = ""


Listener = Callable[[Event], object]


class Events:
    """The listeners of one manager.

    >>> events = Events()
    >>> events.listen(lambda event: print(event.kind.value, event.node))
    >>> events.emit(EventKind.NODE_DOWN, node="n1")
    node down n1
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Call the listener with each event from now on, in the thread where it happens.

        It should be quick, and must not use the manager: the session that the event is about is held meanwhile.
        """
        self._listeners = (*self._listeners, listener)

    def emit(self, kind: EventKind, *, key: str = "", node: str = "", detail: str = "") -> None:
        """Tell everybody."""
        event = Event(kind, key, node, detail)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                _logger.exception("a listener failed on the event %r", kind.value)
