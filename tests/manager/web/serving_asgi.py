"""ASGI applications for real servers. They say as JSON what they see, and which process answers.

``plain`` knows no lifespan: its middleware makes the manager, and closes it. Paths as in `serving_wsgi`, and
``/live``: a websocket that counts its messages in ``heard``.
"""

import asyncio
import json
import os
from typing import Any

from memcached_sessions import Session
from memcached_sessions.manager import settings_from_environment
from memcached_sessions.manager.web.asgi import SessionMiddleware

Message = dict[str, Any]


async def _view(scope: Message, receive: Any, send: Any) -> None:
    session: Session = scope["session"]
    if scope["type"] == "websocket":
        await _listen(session, receive, send)
        return
    _, action, *arguments = scope["path"].split("/")
    if action == "stream":
        await _stream(session, send)
        return
    if action == "count":
        session[arguments[0]] = session.get(arguments[0], 0) + 1
    seen = {"pid": os.getpid()} | ({} if action == "nothing" else {"session": session.copy()})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


async def _stream(session: Session, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    for _ in range(20):
        session["streamed"] = session.get("streamed", 0) + 1
        await send({"type": "http.response.body", "body": b"." * 65536, "more_body": True})
        await asyncio.sleep(0.02)
    await send({"type": "http.response.body", "body": b""})


async def _listen(session: Session, receive: Any, send: Any) -> None:
    await receive()
    session["heard"] = session.get("heard", 0)
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        session["heard"] += 1
        await send({"type": "websocket.send", "text": str(session["heard"])})


plain = SessionMiddleware(_view, settings_from_environment(os.environ))
