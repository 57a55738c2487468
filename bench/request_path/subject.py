"""What is measured: a library in one configuration, and the kinds of requests that it serves.

Invariant: every subject holds the same sessions (as many, and with the same content), and a request of a kind means
the same to all of them, so that their figures can be put side by side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...manager import SessionManager
from ...manager.settings import Settings
from .result import Group, Kind

SESSIONS = 64
"""Sessions that requests go to in turn: few enough to stay in the processor's caches, as the one connection that peers
need does. A batch of changes is no longer than that, so no two of them can be stored as one."""

COUNTER = "n"
"""The attribute that a change gives a new value."""

FIRST_NUMBER = 1_000_000
"""Where new values begin: all of them take the same space."""

TIMEOUT = 5.0
"""Seconds that all wait for memcached, where they can be told: a machine that stalls is a slow batch, and no error."""

COOKIES = "theme=dark; {name}={value}; _ga=GA1.2.1234567890.1700000000"
"""What a client sends: the cookie of the session between two others."""


class UnavailableError(Exception):
    """This subject cannot take part here; the message says why."""


class Subject(Protocol):
    """A library with `SESSIONS` sessions in memcached. The session of a number is the one at the number's remainder."""

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes one request after another, and gives what the last one has read.

        All that is not the session part of a request, such as making the request, is done here and not in the call.

        Parameters
        ----------
        kind
            No session: the client sends no cookie, and the view does not look. Not looked at: the client has a session,
            and the view does not look at it. Read: the view reads one attribute. Change: it sets `COUNTER` to the
            number.
        numbers
            One for each request: its session, and the value to set.
        """
        ...

    def settle(self) -> None:
        """Wait until all that the requests left to the background is done."""
        ...

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what memcached holds of the session of a number, as another process would find it."""
        ...

    def increment(self, name: str, think: float) -> None:
        """Make a request to the first session that adds 1 to an attribute, with some seconds between read and write."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


@dataclass(frozen=True)
class Target:
    """What all subjects are opened with."""

    host: str
    port: int
    attributes: Callable[[], dict[str, Any]]
    """Makes the content of a session: a new object each time, and always an equal one."""

    def content(self, number: int = FIRST_NUMBER - 1) -> dict[str, Any]:
        """Return the content of a session, with its counter."""
        return {**self.attributes(), COUNTER: number}

    @property
    def probe(self) -> str:
        """The attribute that requests read."""
        return next(iter(self.attributes()))


@dataclass(frozen=True)
class Offer:
    """A row of the comparison, and how to get what it measures."""

    label: str
    group: Group
    open: Callable[[Target], Subject]
    """Raises `UnavailableError` if it cannot take part."""
    kinds: tuple[Kind, ...] = tuple(Kind)
    """The kinds of requests that it has."""
    about: str = ""
    """How it is configured, in one line."""
    variant: str = ""
    """Of the manager: synchronous, asynchronous or revalidating."""
    serializer: str = ""
    keeps_updates: bool = True
    """Whether lost updates of two threads are counted."""
    counterpart: str = ""
    """Of an adapter: the row that it takes the place of in an application; empty: none."""
    framework: str = ""
    """Of an adapter: the row of what the framework itself takes."""


def stored_elsewhere(settings: Settings, session_id: str) -> Mapping[str, Any]:
    """Return what another process takes over; it does not commit, so the one that has the session keeps it."""
    with SessionManager(settings) as other:
        session = other.open(session_id)
        try:
            return session.copy()
        finally:
            other.release(session)
