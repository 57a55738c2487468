"""A WSGI application for real servers. It says as JSON what it sees, and which process answers.

``/count/NAME`` counts in an attribute of the session, ``/read`` reads, ``/stream`` counts in ``streamed`` while a long
body is sent, ``/nothing`` does not look at the session.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager.web.wsgi import SessionMiddleware


def _view(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    session: Session = environ["memcached_sessions.session"]
    _, action, *arguments = environ["PATH_INFO"].split("/")
    if action == "stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _stream(session)
    if action == "count":
        session[arguments[0]] = session.get(arguments[0], 0) + 1
    seen = {"pid": os.getpid()} | ({} if action == "nothing" else {"session": session.copy()})
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(seen).encode()]


def _stream(session: Session) -> Iterator[bytes]:
    yield b"begun"
    for _ in range(20):
        session["streamed"] = session.get("streamed", 0) + 1
        yield b"." * 65536
        time.sleep(0.02)


application = SessionMiddleware(_view, manager=SessionManager.from_env())
