"""Two session managers that serve the same sessions in turns, as two processes do behind a balancer that sends requests
anywhere.

Each request meets a session that the other manager saved last, and finds no local copy: a manager here keeps only what
is in use. Invariant: a request is one load with its value and one save, and what the request before had saved is in it,
or there is an error. For the serializer that is one loads and two dumps: the manager encodes what it has loaded, to
find out later what has changed, and the changed session. Under asyncio it encodes the latter twice: in the event loop,
to see whether there is anything to do that could wait for a node, and then in the thread that does it.
"""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, cast

from ..manager import SessionManager
from ..manager.session import Session
from ..serializers import Serializer
from .case import CHANGED_ATTRIBUTE
from .envelope import SIGNING_KEY

SESSIONS = 4
"""That each visitor has, at least two: so a session has left a manager when it comes there again."""

_TIMEOUT = 5.0
"""Seconds for whatever has one: a slow machine must not end as a session that is not found."""


class LostUpdateError(RuntimeError):
    """A request did not find what the one before had saved."""


class AlternatingManagers:
    """The two managers, and what makes requests on them.

    Parameters
    ----------
    address
        Of a memcached, as `store` has them.
    make
        Makes a serializer; called for each manager.
    """

    def __init__(self, address: str, make: Callable[[], Serializer]) -> None:
        self._managers = [
            SessionManager(
                f"n1:{address}",
                serializer=make(),
                signing_keys=(SIGNING_KEY,),
                freshness="revalidate",
                max_local_sessions=1,
                connect_timeout=_TIMEOUT,
                operation_timeout=_TIMEOUT,
                session_backup_timeout=_TIMEOUT,
            )
            for _ in range(2)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for manager in self._managers:
            manager.close()

    def visitor(self, contents: Sequence[object]) -> "Visitor":
        """Begin sessions, and return who visits them.

        Parameters
        ----------
        contents
            What the sessions hold, in turns; of more than `SESSIONS` only the first.

        Raises
        ------
        TypeError
            It is no dict, and a session is one.
        SerializationError
            A value cannot be kept.
        """
        ids: list[str] = []
        for number in range(SESSIONS):
            content = contents[number % len(contents)]
            if not isinstance(content, dict):
                raise TypeError(f"a session of the manager is a dict of attributes, no {type(content).__qualname__}")
            with self._managers[0].request(None) as session:
                session.update(cast("Mapping[str, Any]", content))
                session[CHANGED_ATTRIBUTE] = 0
            ids.append(session.id)
        return Visitor(self._managers, ids)


class Visitor:
    """Visits its sessions one after the other, each time through the other manager. For one thread or task."""

    def __init__(self, managers: Sequence[SessionManager], ids: Sequence[str]) -> None:
        self._managers = managers
        self._ids = ids
        self._visits = 0

    @property
    def warming(self) -> int:
        """How many requests make it warm: one on each session through each manager."""
        return 2 * len(self._ids)

    def visit(self) -> None:
        """Make one request.

        Raises
        ------
        LostUpdateError
            The session is not what the request before had left.
        """
        manager, session_id, turn = self._next()
        with manager.request(session_id) as session:
            _change(session, turn)

    async def avisit(self) -> None:
        """Make one request under asyncio; as `visit`."""
        manager, session_id, turn = self._next()
        async with manager.arequest(session_id) as session:
            _change(session, turn)

    def _next(self) -> tuple[SessionManager, str, int]:
        """Return whom to ask, for which session, and how often that was asked for, this time included."""
        turn, position = divmod(self._visits, len(self._ids))
        self._visits += 1
        return self._managers[(turn + 1) % 2], self._ids[position], turn + 1


def _change(session: Session, turn: int) -> None:
    before = session.get(CHANGED_ATTRIBUTE)
    if before != turn - 1:
        raise LostUpdateError(f"change {turn} of a session found {before!r} instead of what the one before had saved")
    session[CHANGED_ATTRIBUTE] = turn
