"""The Flask applications that subjects are made of, each with one way to keep its sessions.

Imported only where Flask is installed. Invariant: beside the sessions they are the same, and have Flask's defaults.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from secrets import token_hex
from typing import Any, cast

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from pymemcache.client.base import PooledClient

from ...manager import SessionManager
from ...manager.web.flask import EXTENSION, MemcachedSessions
from .manager_subject import SECONDS_TO_SETTLE
from .site import BEGIN, CHANGE, FOUND, GIVEN, READ, Site
from .subject import TIMEOUT, Target, stored_elsewhere

_KEY = "a key that signs the sessions of a benchmark"
_TIMEOUTS = ("CONNECT_TIMEOUT", "OPERATION_TIMEOUT", "SESSION_BACKUP_TIMEOUT")


@dataclass(frozen=True)
class FlaskApplication:
    """An application, and what is to be known of its sessions."""

    app: Flask
    stored: Callable[[str], Mapping[str, Any]]
    """Returns what is kept of the session of a cookie, as another process would find it."""
    close: Callable[[], object]
    settle: Callable[[], object]
    """Waits until all is backed up."""


def with_flask_session(target: Target, *, refresh: bool) -> FlaskApplication:
    """Return one with Flask-Session; ``refresh`` is ``SESSION_REFRESH_EACH_REQUEST``, on by default."""
    flask_session: Any = import_module("flask_session")
    client = PooledClient(
        (target.host, target.port), connect_timeout=TIMEOUT, timeout=TIMEOUT, no_delay=True, default_noreply=False
    )
    app = Flask("session-bench")
    app.config.from_mapping(SESSION_TYPE="memcached", SESSION_MEMCACHED=client, SESSION_REFRESH_EACH_REQUEST=refresh)
    flask_session.Session(app)

    def stored(session_id: str) -> Mapping[str, Any]:
        cookie = f"{app.config['SESSION_COOKIE_NAME']}={session_id}"
        return dict(app.session_interface.open_session(app, app.request_class({"HTTP_COOKIE": cookie})) or {})

    return FlaskApplication(app, stored, client.close, _nothing)


def with_the_adapter(target: Target, *, asynchronous: bool) -> FlaskApplication:
    """Return one with `MemcachedSessions`."""
    app = Flask("session-bench")
    settings: dict[str, object] = {
        "SECRET_KEY": _KEY,
        "MEMCACHED_SESSIONS_NODES": f"n1:{target.host}:{target.port}",
        "MEMCACHED_SESSIONS_ROUTE": "app1",
        "MEMCACHED_SESSIONS_SESSION_BACKUP_ASYNC": asynchronous,
        **{f"MEMCACHED_SESSIONS_{name}": TIMEOUT for name in _TIMEOUTS},
    }
    app.config.from_mapping(settings)
    MemcachedSessions(app)
    manager: SessionManager = app.extensions[EXTENSION]

    def settle() -> None:
        if asynchronous and (left := manager.drain(SECONDS_TO_SETTLE)):
            raise RuntimeError(f"{left} sessions are not backed up {SECONDS_TO_SETTLE:.0f} s after the requests")

    def stored(session_id: str) -> Mapping[str, Any]:
        return stored_elsewhere(replace(manager.settings, route="app2"), session_id)

    return FlaskApplication(app, stored, manager.close, settle)


def with_a_dict() -> FlaskApplication:
    """Return one whose sessions are in a dict of the process: all that they cost is Flask's."""
    app = Flask("session-bench")
    interface = app.session_interface = _InADict()
    return FlaskApplication(app, interface.kept.__getitem__, _nothing, _nothing)


def site_of(made: FlaskApplication) -> Site:
    """Return an application with views."""
    app = made.app

    def write() -> str:
        session.update(request.environ[GIVEN])
        return ""

    def read() -> str:
        request.environ[FOUND] = session.get(request.environ[GIVEN])
        return ""

    app.add_url_rule(BEGIN, "begin", write)
    app.add_url_rule(READ, "read", read)
    app.add_url_rule(CHANGE, "change", write)
    config = cast("dict[str, Any]", app.config)
    return Site(app.wsgi_app, config["SESSION_COOKIE_NAME"], made.stored, made.close)


class _Session(SecureCookieSession):
    session_id = ""


class _InADict(SessionInterface):
    """Does what every interface has to: finds the cookie, marks what depends on it, and sets it after a change."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def open_session(self, app: Flask, request: Request) -> _Session:
        session_id = request.cookies.get(self.get_cookie_name(app), "")
        session = _Session(self.kept.get(session_id))
        session.session_id = session_id
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed:
            response.vary.add("Cookie")
        if not isinstance(session, _Session) or not self.should_set_cookie(app, session):
            return
        session_id = session.session_id or token_hex(16)
        self.kept[session_id] = dict(session)
        response.set_cookie(
            self.get_cookie_name(app),
            session_id,
            expires=self.get_expiration_time(app, session),
            path=self.get_cookie_path(app),
            domain=self.get_cookie_domain(app),
            secure=self.get_cookie_secure(app),
            httponly=self.get_cookie_httponly(app),
            samesite=self.get_cookie_samesite(app),
        )


def _nothing() -> None:
    pass
