"""What the head of an HTTP response says of the session, and what comes too late for it.

WSGI and ASGI have this in common. Invariants: the headers of the application stay, those of other cookies too; a
response that depends on the session, or sets its cookie, has ``Vary: Cookie``; no session begins of which the client
cannot be told.
"""

import logging
from collections.abc import Iterable

from ..cookie import CookieAction, CookieKind
from ..cookie_header import set_cookie_header
from ..settings import Settings
from .http_session import HttpSession

_logger = logging.getLogger("memcached_sessions")


class LateChanges:
    """Logs what an application does too late for its response: each way once as a warning, then for debugging.

    One for each middleware, so that an application with such a fault floods no log.
    """

    def __init__(self) -> None:
        self._told = set[str]()

    def tell(self, message: str, *details: object) -> None:
        """Log it."""
        _logger.log(logging.DEBUG if message in self._told else logging.WARNING, message, *details)
        self._told.add(message)


class ResponseHead:
    """The head of the response to one request.

    Parameters
    ----------
    session
        Of the request.
    settings
        Those named ``cookie_...``.
    late
        Whom to tell of what comes too late.
    secure
        Whether the request came by https.
    """

    __slots__ = ("_late", "_rotations", "_secure", "_session", "_settings", "has_left")

    def __init__(self, session: HttpSession, settings: Settings, late: LateChanges, *, secure: bool) -> None:
        self._session = session
        self._settings = settings
        self._late = late
        self._secure = secure
        self._rotations = 0
        self.has_left = False
        """Whether the server was given it."""

    def headers(self, action: CookieAction, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers of the application and those of the session, for the server.

        Parameters
        ----------
        action
            What the commit before this response decided.
        headers
            Of the application; they are not changed.
        """
        self.has_left = True
        self._rotations = len(self._session.request_state.rotated_from)
        sets_cookie = action.kind is not CookieKind.NOTHING
        result = list(headers)
        if sets_cookie or self._session.accessed:
            vary_by_cookie(result)
        if sets_cookie:
            result.append(("Set-Cookie", set_cookie_header(action, self._settings, secure=self._secure)))
        return result

    def lets_commit(self) -> bool:
        """Whether what was changed since can be committed, though the head has left. What cannot be is logged."""
        request = self._session.request_state
        if len(request.rotated_from) > self._rotations:
            self._rotations = len(request.rotated_from)
            self._late.tell(
                "a session was rotated after the head of the response had left: its client keeps the old id, which is"
                " over; call rotate() before the response begins"
            )
        if request.entry is None and request.attributes and not request.ignored:
            self._late.tell(
                "a session was begun after the head of the response had left, with %s: no cookie can tell the client of"
                " it, so it is dropped; write to the session before the response begins",
                ", ".join(map(repr, request.attributes)),
            )
        return request.entry is not None and self._session.accessed  # nobody has changed what nobody looked at


def vary_by_cookie(headers: list[tuple[str, str]]) -> None:
    """Have caches keep a response apart for each ``Cookie`` header, in the ``Vary`` that is there if there is one.

    >>> headers = [("Vary", "Accept-Encoding")]
    >>> vary_by_cookie(headers)
    >>> headers
    [('Vary', 'Accept-Encoding, Cookie')]
    """
    place = -1
    for number, (name, value) in enumerate(headers):
        if name.lower() == "vary":
            fields = {field.strip().lower() for field in value.split(",")}
            if "cookie" in fields or "*" in fields:
                return
            place = number
    if place < 0:
        headers.append(("Vary", "Cookie"))
    else:
        name, value = headers[place]
        headers[place] = (name, f"{value}, Cookie" if value.strip() else "Cookie")
