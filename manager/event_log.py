"""What the logger ``memcached_sessions`` says of events: what an operator has to know, without floods.

====================================================== ====================================================
event                                                  level
====================================================== ====================================================
node down                                              WARNING; once for each outage
node up                                                INFO
backup failed, conflict, undecodable                   WARNING; of each kind at most five a minute
dropped                                                INFO; at most five a minute
created, taken over, relocated, backed up, expired,    DEBUG
destroyed, and all that is over the bound
====================================================== ====================================================

The first record after a minute in which some were over the bound says how many. Invariants: a record names a session by
its storage key, a hash of its id, and never by the id; it is one line of printable characters, however an attribute is
named and whatever a server says.
"""

import logging
from collections.abc import Callable

from .escaping import shortened, shown
from .events import Event, EventKind

MOST_A_MINUTE = 5
"""Records of one kind above DEBUG."""

LONGEST_DETAIL = 1000
"""Characters of what an event tells; names of attributes may be of any length."""

_MINUTE = 60.0

_logger = logging.getLogger("memcached_sessions")

_BOUNDED = {
    EventKind.BACKUP_FAILED: logging.WARNING,
    EventKind.CONFLICT: logging.WARNING,
    EventKind.UNDECODABLE: logging.WARNING,
    EventKind.DROPPED: logging.INFO,
}

_OF_NODES = {EventKind.NODE_DOWN, EventKind.NODE_UP}

_SAID = {
    EventKind.BACKUP_FAILED: "a session could not be backed up, and is served from this process",
    EventKind.CONFLICT: "two processes have changed the same attributes of a session; one of the changes was lost",
    EventKind.UNDECODABLE: "stored bytes cannot be read as a session",
    EventKind.DROPPED: "the changes of a request were dropped",
}


class EventLog:
    """Writes events to the logger.

    Parameters
    ----------
    monotonic
        Returns seconds of a clock that never jumps.

    >>> EventLog(lambda: 0.0).hear(Event(EventKind.NODE_UP, node="n1"))
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        # Threads may count one more or less here, which does no harm, so there is no lock.
        self._minutes = {kind: _Minute() for kind in _BOUNDED}

    def hear(self, event: Event) -> None:
        """Log an event; a `Listener`."""
        kind = event.kind
        if kind in _BOUNDED:
            self._log_within_bounds(event, _BOUNDED[kind])
        elif kind not in _OF_NODES:
            if _logger.isEnabledFor(logging.DEBUG):
                _logger.debug("%s%s", kind.value, _place(event))
        elif kind is EventKind.NODE_DOWN:
            _logger.warning("node %s is down: %s", event.node, _detail(event))
        else:
            _logger.info("node %s is up again, and holds what it should", event.node)

    def _log_within_bounds(self, event: Event, level: int) -> None:
        within, left_out = self._minutes[event.kind].note(self._monotonic())
        if not within:
            level = logging.DEBUG
        if _logger.isEnabledFor(level):
            more = f" ({left_out} more such records in the minute before are at level DEBUG)" if left_out else ""
            _logger.log(level, "%s%s%s", _SAID[event.kind], _place(event), more)


class _Minute:
    """How many records of a kind there were since the first one within the last minute."""

    def __init__(self) -> None:
        self._began = float("-inf")
        self._count = 0

    def note(self, now: float) -> tuple[bool, int]:
        """Return whether one more is within the bound, and how many were over it in the minute that has ended."""
        left_out = 0
        if now - self._began >= _MINUTE:
            left_out = max(0, self._count - MOST_A_MINUTE)
            self._began, self._count = now, 0
        self._count += 1
        return self._count <= MOST_A_MINUTE, left_out


def _place(event: Event) -> str:
    """Return where it happened, and the detail, as the end of a sentence."""
    places = [f"{name} {value}" for name, value in (("node", event.node), ("key", event.key)) if value]
    place = f" ({', '.join(places)})" if places else ""
    return f"{place}: {_detail(event)}" if event.detail else place


def _detail(event: Event) -> str:
    """Return the detail as it may be in a record. Cut before it is escaped too, so that a huge one takes no time."""
    return shortened(shown(shortened(event.detail, LONGEST_DETAIL)), LONGEST_DETAIL)
