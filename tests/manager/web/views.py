"""One view as a WSGI and as an ASGI application: what adapters have in common is tested on both."""

from collections.abc import Callable
from typing import Any

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager.web import asgi, wsgi

View = Callable[[Session], object]
KINDS = ("wsgi", "asgi")


def serve(kind: str, view: View, manager: SessionManager, *headers: tuple[str, str]) -> Any:
    """Return an application that answers with what the view returns, and with headers of its own."""
    if kind == "wsgi":
        return wsgi.SessionMiddleware(_wsgi(view, headers), manager=manager)
    return asgi.SessionMiddleware(_asgi(view, headers), manager=manager)


def _wsgi(view: View, headers: tuple[tuple[str, str], ...]) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = str(view(environ["memcached_sessions.session"])).encode()
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [body]

    return application


def _asgi(view: View, headers: tuple[tuple[str, str], ...]) -> Any:
    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        del receive
        body = str(view(scope["session"])).encode()
        raw = [(name.lower().encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    return application
