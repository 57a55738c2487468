"""What memcached says about itself: its process, the commands and bytes it counted, the processor time it took.

Invariant: the commands that ask are no part of what is counted.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pymemcache.client.base import Client

from ..core import threads
from ..store import Store
from .result import Kind, Traffic


@dataclass(frozen=True)
class Counters:
    """What memcached has counted since it began."""

    gets: int
    sets: int
    touches: int
    deletes: int
    sent: int
    received: int
    connections: int


class Server:
    """The memcached of a run.

    Parameters
    ----------
    store
        As `open_store` gives it.

    Raises
    ------
    RuntimeError
        There is no memcached on this machine.
    """

    def __init__(self, store: Store) -> None:
        if not isinstance(store.sessions, Client):
            raise RuntimeError("the request path is measured with memcached: install it, so that it is on the PATH")  # noqa: TRY004
        self._client = store.sessions
        self.host, self.port = cast("tuple[str, int]", store.sessions.server)
        self.process = self._statistics()[b"pid"]

    def counters(self) -> Counters:
        """Return what was counted so far."""
        found = self._statistics()
        return Counters(
            gets=found[b"cmd_get"],
            sets=found[b"cmd_set"],
            touches=found[b"cmd_touch"],
            deletes=found[b"delete_hits"] + found[b"delete_misses"],
            sent=found[b"bytes_read"],
            received=found[b"bytes_written"],
            connections=found[b"total_connections"],
        )

    def cpu(self) -> float | None:
        """Return the seconds of processor time that it took so far; None if the system does not say."""
        try:
            taken = [
                int(Path(f"/proc/{self.process}/task/{thread}/schedstat").read_text(encoding="ascii").split()[0])
                for thread in threads(self.process)
            ]
        except (OSError, ValueError):
            return None
        return sum(taken) / 1e9

    def _statistics(self) -> dict[bytes, int]:
        return cast("dict[bytes, int]", self._client.stats())  # pyright: ignore[reportUnknownMemberType]


def traffic(kind: Kind, requests: int, before: Counters, after: Counters, asking: Counters) -> Traffic:
    """Return the traffic of one request.

    Parameters
    ----------
    kind
        Of the requests.
    requests
        How many there were.
    before, after
        What was counted around them.
    asking
        What was counted when `after` had been asked for: its difference to `after` is what asking costs.
    """

    def each(name: str) -> float:
        first, last, later = (getattr(counters, name) for counters in (before, after, asking))
        return max(0.0, (last - first) - (later - last)) / requests

    return Traffic(
        kind=kind,
        requests=requests,
        gets=each("gets"),
        sets=each("sets"),
        touches=each("touches"),
        deletes=each("deletes"),
        sent=each("sent"),
        received=each("received"),
        connections=each("connections"),
    )
