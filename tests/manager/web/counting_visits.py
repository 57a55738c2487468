"""The simplest ASGI application, and a visitor who has a session with it."""

from typing import Any

from web.exchanges import Message, Visitor

from memcached_sessions import SessionManager
from memcached_sessions.manager.web.asgi import SessionMiddleware

OK: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b""}


def visits(scope: Message) -> int:
    """Count the visits of a session."""
    session = scope["session"]
    session["visits"] = session.get("visits", 0) + 1
    return session["visits"]


async def plain(scope: Message, receive: Any, send: Any) -> None:
    """Answer as most applications do."""
    del receive
    body = str(visits(scope)).encode()
    await send(OK)
    await send(END | {"body": body})


def begun_session(manager: SessionManager) -> Visitor:
    """Return a visitor who has a session."""
    visitor = Visitor(SessionMiddleware(plain, manager=manager))
    visitor.ask()
    return visitor
