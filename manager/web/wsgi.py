"""Sessions for WSGI applications (PEP 3333).

Invariants: what a request has changed is committed before the first byte of its response's head leaves; its session is
released however it ends, also if the body is never iterated; a session that nobody looked at leaves no trace in the
response.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from ..cookie_header import cookie_value
from ..manager import SessionManager
from .beaker import BeakerSession
from .http_session import HttpSession
from .own_manager import Nodes, given_or_made
from .response_head import LateChanges, ResponseHead

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

SESSION_KEY = "memcached_sessions.session"
"""Where applications find their session in the environ."""

BEAKER_KEY = "beaker.session"
"""Where those written for Beaker look for it."""


class SessionMiddleware:
    """Gives each request of a WSGI application its session, as ``environ["memcached_sessions.session"]``.

    Parameters
    ----------
    app
        The application.
    nodes
        Of a manager that is made for it: ``"n1:10.0.0.1:11211 n2:10.0.0.2:11211"``, or all `Settings`.
    manager
        A manager, instead of nodes and settings.
    beaker
        Whether the session is there as ``environ["beaker.session"]`` too, with the methods of Beaker's.
    settings
        More settings of the manager that is made.

    Raises
    ------
    TypeError
        There are both nodes and a manager, or neither.
    ConfigurationError
        A setting is wrong.

    >>> def application(environ, start_response):
    ...     session = environ["memcached_sessions.session"]
    ...     session["visits"] = session.get("visits", 0) + 1
    ...     start_response("200 OK", [("Content-Type", "text/plain")])
    ...     return [b"visit %d" % session["visits"]]
    >>> application = SessionMiddleware(application, nodes="memory://")
    >>> application({}, lambda status, headers, exc_info=None: print(status, headers[1]))
    200 OK ('Vary', 'Cookie')
    [b'visit 1']
    >>> application.manager.close()
    """

    def __init__(
        self,
        app: WSGIApplication,
        nodes: Nodes | None = None,
        *,
        manager: SessionManager | None = None,
        beaker: bool = False,
        **settings: Any,
    ) -> None:
        self.app = app
        self.manager = given_or_made(nodes, manager, settings)
        """What holds the sessions."""
        self._beaker = beaker
        self._late = LateChanges()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        manager = self.manager
        opened = manager.open(
            cookie_value(environ.get("HTTP_COOKIE", ""), manager.settings.cookie_name),
            method=environ.get("REQUEST_METHOD", "GET"),
            path=_path(environ),
        )
        if self._beaker:
            session = environ[BEAKER_KEY] = BeakerSession(opened)
        else:
            session = HttpSession(opened)
        environ[SESSION_KEY] = session
        head = ResponseHead(session, manager.settings, self._late, secure=environ.get("wsgi.url_scheme") == "https")
        response = _Response(manager, session, head, start_response)
        body: Iterable[bytes] | None = None
        try:
            body = self.app(environ, response.start_response)
            if not _is_complete(body, environ):
                return _Body(body, response)
            response.commit_late()
            response.begin()
        except BaseException:
            try:
                _close(body)
            finally:
                response.release()
            raise
        response.release()
        return body


class _Response:
    """What one response needs: the head waits here until a byte of the body is to leave."""

    def __init__(
        self, manager: SessionManager, session: HttpSession, head: ResponseHead, start_response: StartResponse
    ) -> None:
        self._manager = manager
        self._session = session
        self._start = start_response
        self._head = head
        self._waiting: tuple[str, list[tuple[str, str]], ExcInfo | None] | None = None
        self._server_write: Any = None
        self._begun = False
        """Whether the server has a head."""
        self._failed = False

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None) -> Any:
        """Take the head from the application."""
        if exc_info is None and (self._waiting is not None or self._begun):
            raise AssertionError("start_response was called before: without exc_info, a response has one head")
        self._waiting = status, headers, exc_info
        exc_info = None  # it holds this frame
        if self._begun:
            self._send_head()  # the server takes it, or raises the error if the former head has left
        return self._write

    def begin(self) -> None:
        """Commit and give the server the head, unless it has one, or the application has given none."""
        if not self._begun and self._waiting is not None:
            self._send_head()

    def fail(self) -> None:
        """Note that the application failed: what it has changed since the head is not committed."""
        self._failed = True

    def commit_late(self) -> None:
        """Commit what the application has changed since the head left."""
        if self._begun and not self._failed:
            self._session.end_if_cleared(told=False)
            if self._head.lets_commit():
                self._manager.commit(self._session)

    def release(self) -> None:
        """Let go of the session."""
        self._manager.release(self._session)

    def _write(self, data: bytes, /) -> object:
        self.begin()
        return self._server_write(data)

    def _send_head(self) -> None:
        assert self._waiting is not None  # noqa: S101 - for the type checker
        status, headers, exc_info = self._waiting
        self._session.end_if_cleared(told=True)
        action = self._manager.commit(self._session, status=int(status[:3]))
        self._waiting = None
        try:
            headers = self._head.headers(action, headers)
            self._server_write = self._start(status, headers, exc_info) if exc_info else self._start(status, headers)
            self._begun = True
        finally:
            exc_info = None  # it holds this frame


class _Body:
    """A body that the application makes while the server sends it."""

    def __init__(self, body: Iterable[bytes], response: _Response) -> None:
        self._body = body
        self._response = response
        self._chunks = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._response.begin()
            raise
        except BaseException:
            self._response.fail()
            raise
        self._response.begin()
        return chunk

    def close(self) -> None:
        """End it; the server calls this however the response ends."""
        try:
            _close(self._body)
            self._response.commit_late()
        finally:
            self._response.release()

    def __del__(self) -> None:
        """Let go of the session though the server did not close the body."""
        self._response.release()


def _is_complete(body: Iterable[bytes], environ: WSGIEnvironment) -> bool:
    """Whether nothing of the application runs while the body is sent: the server gets it as it is.

    Servers look at the type: they know the length of a list, and have the system send the file of a file wrapper.
    """
    if type(body) in (list, tuple):
        return True
    file_wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(file_wrapper, type) and type(body) is file_wrapper


def _close(body: Iterable[bytes] | None) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _path(environ: WSGIEnvironment) -> str:
    """Return the path of a request, whose bytes WSGI has put into a text of Latin-1."""
    path = cast("str", environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")
