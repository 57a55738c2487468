"""What has happened in a demo, in order: written once, and read by the terminal, by a program and by the web page.

Invariant: an entry never changes, and has no session id in it: the demo may be shown to anybody.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Condition
from typing import Any


@dataclass(frozen=True)
class Step:
    """What is done next."""

    text: str


@dataclass(frozen=True)
class Served:
    """One request."""

    number: int
    method: str
    path: str
    status: int | None
    """None: nobody has answered."""
    milliseconds: float
    server: str
    """Who has answered; empty for nobody, or the balancer."""
    source: str
    """Where the session came from."""
    stored_on: tuple[str, ...]
    """The nodes that the response waited for."""
    events: tuple[str, ...]
    """What else happened to the sessions of that server since its last response."""
    lost: tuple[str, ...]
    """What the visitor had been promised, and did not find."""


@dataclass(frozen=True)
class Outcome:
    """How it ended."""

    requests: int
    unanswered: int
    """Requests that had to be sent again."""
    slowest_milliseconds: float
    lost: int


Entry = Step | Served | Outcome

_KINDS = {Step: "step", Served: "request", Outcome: "outcome"}


def as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry for programs.

    >>> as_json(Step("app1 is killed"))
    {'kind': 'step', 'text': 'app1 is killed'}
    """
    return {"kind": _KINDS[type(entry)], **asdict(entry)}


class Journal:
    """The entries; any thread may write and read them.

    >>> journal = Journal()
    >>> journal.listen(print)
    >>> journal.write(Step("app1 is killed"))
    Step(text='app1 is killed')
    >>> journal.wait_for(0, 1.0)
    [Step(text='app1 is killed')]
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._changed = Condition()
        self._listeners: list[Callable[[Entry], object]] = []

    def listen(self, listener: Callable[[Entry], object]) -> None:
        """Call the listener with each entry from now on."""
        self._listeners.append(listener)

    def write(self, entry: Entry) -> None:
        """Add an entry."""
        with self._changed:
            self._entries.append(entry)
            self._changed.notify_all()
        for listener in self._listeners:
            listener(entry)

    def wait_for(self, number: int, timeout: float) -> list[Entry]:
        """Return the entries from a number on, waiting so many seconds for the first of them; none if none came."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._entries) > number, timeout)
            return self._entries[number:]
