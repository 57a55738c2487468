"""A request as a ``with`` block."""

from __future__ import annotations

from typing import Protocol

from .cookie import CookieAction
from .session import Session


class Opener(Protocol):
    """What a block asks of the manager that made it."""

    def open(self, session_id: str | None, *, method: str = "GET", path: str = "/") -> Session:
        """Return the session of a request."""
        ...

    def commit(self, session: Session) -> CookieAction:
        """Store what the request has changed."""
        ...

    def release(self, session: Session) -> None:
        """Let go of the session."""
        ...


class RequestBlock:
    """The ``with`` block of a request, see `SessionManager.request`."""

    __slots__ = ("_manager", "_method", "_path", "_session", "_session_id")

    def __init__(self, manager: Opener, session_id: str | None, method: str, path: str) -> None:
        self._manager = manager
        self._session_id = session_id
        self._method = method
        self._path = path

    def __enter__(self) -> Session:
        session = self._session = self._manager.open(self._session_id, method=self._method, path=self._path)
        return session

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object, /) -> None:
        manager, session = self._manager, self._session
        try:
            if kind is None:
                manager.commit(session)
            else:
                session.request_state.committed = False  # what it had changed since is left to the next request
        finally:
            manager.release(session)
