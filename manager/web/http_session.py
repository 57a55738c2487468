"""The session of an HTTP request: it knows whether the application has looked at it.

Invariant: whatever of the session an application can learn, learning it leaves a mark (CVE-2026-27205: tests by ``in``
and ``len`` did not), for a response that may depend on the session must say so to caches. Where all attributes were
removed at once, as many applications log out, the id does not outlive the response.
"""

from ..session import Session


class HttpSession(Session):
    """A session that tells whether it was looked at.

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

    __slots__ = ("cleared", "modified")

    def __init__(self, session: Session) -> None:
        super().__init__(session._owner, session.request_state)  # noqa: SLF001 - of its own class
        self.modified = False
        """Whether the application said that it has changed it, as Starlette's may; changes are found without."""
        self.cleared = False
        """Whether `clear` was called, and its id has not ended yet."""

    @property
    def accessed(self) -> bool:
        """Whether the application has looked at it: what it answers may depend on the cookie."""
        return self.request_state.used or self.request_state.looked_at

    @property
    def has_id(self) -> bool:
        """Whether a well-formed id came with the request."""
        self.mark_accessed()
        return super().has_id

    def mark_accessed(self) -> None:
        """Note that the application looks at it; Starlette's ``request.session`` calls this."""
        self.request_state.looked_at = True

    def mark_modified(self) -> None:
        """Note that the application has changed it. There is no need to: changes are found, also deep inside."""
        self.mark_accessed()
        self.modified = True

    def clear(self) -> None:
        """Remove all attributes, and end the session before the response; with attributes by then it has a new id."""
        super().clear()
        self.cleared = True

    def rotate(self) -> None:
        """Give the session a new id at once; as `Session.rotate`."""
        self.cleared = False
        super().rotate()

    def destroy(self) -> None:
        """End the session at once; as `Session.destroy`."""
        self.cleared = False
        super().destroy()

    def end_if_cleared(self, *, told: bool) -> None:
        """End the id of a session that was cleared; for the middleware, before it commits.

        Parameters
        ----------
        told
            Whether the client can be told of a new id. If not, a session that was filled again keeps the one it has.
        """
        if self.cleared:
            if not self:
                self.destroy()
            elif told:
                self.rotate()
            self.cleared = False

    def __repr__(self) -> str:
        self.mark_accessed()
        return super().__repr__()
