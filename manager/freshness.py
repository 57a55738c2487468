"""When a local copy may be used without a look at the store.

The one place that knows: the protocol's steps ask `trusts`. A mode in which memcached is the master is a `Freshness`
that never trusts.
"""

import logging

from .entry import Entry, touch_interval
from .settings import Settings

_logger = logging.getLogger("memcached_sessions")

_RECENT = 1_000
"""Requests with an id that are looked back upon."""
_ENOUGH = 100
"""Requests before anything is concluded."""
_BOUNCING = 0.05
"""Share of requests that met a local copy under the id of another process, above which sessions bounce."""


class Freshness:
    """The rule ``freshness`` of the settings, and what `auto` has seen.

    Parameters
    ----------
    settings
        Of the manager.
    forked
        Whether this process was forked from one that already held the manager.
    """

    def __init__(self, settings: Settings, *, forked: bool) -> None:
        self._mode = settings.freshness
        self._local_trust = settings.local_trust
        self._revalidates = self._mode == "revalidate" or not settings.route or (self._mode == "auto" and forked)
        self._met_foreign = bytearray(_RECENT)
        self._position = 0
        self._count = 0
        self._foreign = 0

    @property
    def revalidates(self) -> bool:
        """Whether every request asks the store."""
        return self._revalidates

    def trusts(self, entry: Entry, *, own: bool, now: float) -> bool:
        """Whether a live local copy may be used as it is.

        Parameters
        ----------
        entry
            The copy.
        own
            Whether the id of the request names this very process.
        now
            By the monotonic clock.
        """
        if not own or not entry.sole or self._revalidates:
            return False
        trust = touch_interval(entry.idle) if self._local_trust is None else self._local_trust
        return now - entry.contact < trust

    def met(self, *, foreign: bool) -> None:
        """Note a request with an id; ``foreign``: it met a local copy under the id of another route or worker.

        A lost update of these counts under threads does no harm, so there is no lock.
        """
        if self._mode != "auto" or self._revalidates:
            return
        if not foreign and not self._foreign:  # none is remembered: nothing but their number changes
            if self._count < _RECENT:
                self._count += 1
            return
        at = self._position
        self._position = (at + 1) % _RECENT
        self._foreign += foreign - self._met_foreign[at]
        self._met_foreign[at] = foreign
        self._count = min(self._count + 1, _RECENT)
        if foreign and self._count >= _ENOUGH and self._foreign > _BOUNCING * self._count:
            self._revalidates = True
            _logger.warning(
                "sessions bounce: of the last %d requests, %d met a local copy under the id of another process. "
                'Every request asks a node from now on. Set freshness="revalidate", or give each process a route '
                "of its own that the load balancer matches",
                self._count,
                self._foreign,
            )
