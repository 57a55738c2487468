"""WSGI applications that count visits, the server's end of one exchange, and a visitor who has a session."""

from collections.abc import Iterator
from typing import Any

from web.exchanges import Visitor

from memcached_sessions import SessionManager
from memcached_sessions.manager.web.wsgi import SessionMiddleware

Environ = dict[str, Any]
TEXT = [("Content-Type", "text/plain")]


class ServerSide:
    """What a server gives the application, and what it is told; the head leaves with the first byte."""

    def __init__(self) -> None:
        self.heads: list[tuple[str, list[tuple[str, str]]]] = []
        self.written: list[bytes] = []

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """As a server does."""
        if exc_info and self.written:
            raise exc_info[1]
        self.heads.append((status, headers))
        return self.written.append


def visits(environ: Environ) -> int:
    """Count the visits of a session."""
    session = environ["memcached_sessions.session"]
    session["visits"] = session.get("visits", 0) + 1
    return session["visits"]


def plain(environ: Environ, start_response: Any) -> list[bytes]:
    """Answer as most applications do."""
    body = str(visits(environ)).encode()
    start_response("200 OK", TEXT[:])
    return [body]


def begun_session(manager: SessionManager) -> Visitor:
    """Return a visitor who has a session."""
    visitor = Visitor(SessionMiddleware(plain, manager=manager))
    visitor.ask()
    return visitor


def lazy(environ: Environ, start_response: Any) -> Iterator[bytes]:
    """Answer from a generator: nothing happens before the server asks for the body."""
    body = str(visits(environ)).encode()
    start_response("200 OK", TEXT[:])
    yield body
