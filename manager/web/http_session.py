"""The session of an HTTP request: it knows whether the application has looked at it.

Invariant: whatever of the session an application can learn, learning it leaves a mark (CVE-2026-27205: tests by ``in``
and ``len`` did not), for a response that may depend on the session must say so to caches.
"""

from typing import Any

from ..session import Session


class HttpSession(Session):
    """A session that notes whether it was looked at.

    Parameters
    ----------
    session
        As the manager opened it. Both show the same request.

    >>> from memcached_sessions import SessionManager
    >>> with SessionManager("memory://") as manager:
    ...     session = HttpSession(manager.open(None))
    ...     before, found = session.accessed, "cart" in session
    ...     print(before, found, session.accessed)
    False False True
    """

    __slots__ = ("accessed", "modified")

    def __init__(self, session: Session) -> None:
        super().__init__(session._owner, session.request_state)  # noqa: SLF001 - of its own class
        self.accessed = False
        """Whether the application has looked at it: what it answers may depend on the cookie."""
        self.modified = False
        """Whether the application said that it has changed it, as Starlette's may; changes are found without."""

    @property
    def id(self) -> str:
        """The id for the cookie; see `Session.id`."""
        self.accessed = True
        return super().id

    @property
    def sid(self) -> str:
        """The constant part of the id; see `Session.sid`."""
        self.accessed = True
        return super().sid

    @property
    def has_id(self) -> bool:
        """Whether a well-formed id came with the request."""
        self.accessed = True
        return super().has_id

    def mark_accessed(self) -> None:
        """Note that the application looks at it; Starlette's ``request.session`` calls this."""
        self.accessed = True

    def mark_modified(self) -> None:
        """Note that the application has changed it. There is no need to: changes are found, also deep inside."""
        self.accessed = self.modified = True

    def __repr__(self) -> str:
        self.accessed = True
        return super().__repr__()

    def _shared(self) -> dict[str, Any]:
        self.accessed = True
        return super()._shared()
