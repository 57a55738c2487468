"""A web application that changes a session with each request, for gunicorn (`wsgi`) and uvicorn (`asgi`).

The path of a request is the attribute that it sets, the ``Cookie`` header is an id and nothing else. The reply says as
JSON which session has the attribute now, which id the client should send from now on, and which process has answered.
"""

import json
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from memcached_sessions import Session, SessionManager

Message = dict[str, Any]

manager = SessionManager.from_env()


def wsgi(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Answer a request."""
    with manager.request(environ.get("HTTP_COOKIE")) as session:
        session[environ["PATH_INFO"][1:]] = True
    body = _reply(session)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer a request, or live as long as the server."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await manager.aclose()  # uvicorn ends by the signal that it was sent: nothing runs after this
        await send({"type": "lifespan.shutdown.complete"})
        return
    cookies = [value.decode() for name, value in scope["headers"] if name == b"cookie"]
    async with manager.arequest(cookies[0] if cookies else None) as session:
        session[scope["path"][1:]] = True
    body = _reply(session)
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


def _reply(session: Session) -> bytes:
    return json.dumps({"sid": session.sid, "cookie": session.cookie.value or None, "process": os.getpid()}).encode()
