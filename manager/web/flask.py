"""Flask: sessions of the manager as ``flask.session``.

`MemcachedSessions` is the extension; Flask's own settings rule the cookie and the lifetime. Invariants: no node is
asked for a request that does not look at its session; a session without data leaves no trace; a cookie is sent only
when the id changes or its lifetime is renewed; a response that depends on the session says so to caches; a session that
could not be asked for is ended by nothing but `FlaskSession.clear`.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from flask import Flask, Request, Response
from flask import session as current_session
from flask.sessions import SessionInterface, SessionMixin
from markupsafe import Markup
from werkzeug.local import LocalProxy

from ...serializers import SerializationError
from ..cookie import CookieAction, CookieKind
from ..errors import ConfigurationError
from ..manager import SessionManager
from ..settings import Settings
from .flask_session import FlaskSession
from .framework_settings import framework_settings, seconds_of
from .safe_text import keep_safe_text

EXTENSION = "memcached_sessions"
"""The key of the manager in ``app.extensions``."""

_PREFIX = "MEMCACHED_SESSIONS_"
_OF_THE_SERIALIZER = "MEMCACHED_SESSIONS_COMPACT"  # chooses the implementation of compact, in the environment


class MemcachedSessionInterface(SessionInterface):
    """What Flask asks for the session of a request, and gives it back to.

    Parameters
    ----------
    manager
        Of the application.
    """

    def __init__(self, manager: SessionManager) -> None:
        self.manager = manager
        self.pickle_based = manager.settings.accepted_serializers[0] == "pickle"

    def open_session(self, app: Flask, request: Request) -> FlaskSession:
        """Return the session of a request; no node is asked yet."""
        cookie = request.cookies.get(self.get_cookie_name(app))
        return FlaskSession.of(self.manager.open(cookie, method=request.method, path=request.path))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store what the request has changed, and tell the client what it has to know.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path. What this request changed is dropped.
        """
        if not isinstance(session, FlaskSession):
            raise TypeError(f"a {type(session).__name__} is no session of MemcachedSessions, and cannot be saved")
        session.streams = False
        try:
            self._save(app, session, response)
        except BaseException:
            # That of the request is to be saved with an error page. The other was opened beside it, as the test
            # client's session_transaction does.
            if session is not _session_of_request():
                self.manager.release(session)
            raise
        if response.is_streamed and not response.direct_passthrough:  # a file passed through tells nobody of its end
            session.streams = True
            response.call_on_close(partial(self.release, app, session))
        else:  # at once: another function for the end of requests may fail before ours
            self.manager.release(session)

    def _save(self, app: Flask, session: FlaskSession, response: Response) -> None:
        accessed = session.accessed
        action = self._commit(session, response.status_code)
        if action.kind is CookieKind.DELETE:
            response.delete_cookie(self.get_cookie_name(app), **self._cookie_attributes(app))
        elif action.kind is CookieKind.SET or (accessed and self._renews_cookie(app, session)):
            expires = self.get_expiration_time(app, session)
            response.set_cookie(
                self.get_cookie_name(app), action.value or session.id, expires=expires, **self._cookie_attributes(app)
            )
        elif not accessed:
            return
        response.vary.add("Cookie")

    def _commit(self, session: FlaskSession, status: int) -> CookieAction:
        session.act_on_clear(may_rotate=True)
        if session.holds_nothing and session.request_state.entry is None:
            session.forget_permanence()
        action = self.manager.commit(session, status=status)
        if session.was_emptied:
            session.destroy()
            action = self.manager.commit(session, status=status)
        return action

    def _renews_cookie(self, app: Flask, session: FlaskSession) -> bool:
        """Whether the client is to keep the id that it has for longer, or for less long."""
        if session.request_state.entry is None or session.ended or session.superseded:
            return False
        return session.permanence_changed or (session.permanent and self.should_set_cookie(app, session))

    def _cookie_attributes(self, app: Flask) -> dict[str, Any]:
        """Return what names a cookie to a browser: it is deleted by the same attributes as it was set."""
        return {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }

    def tear_down(self, app: Flask, session: FlaskSession, error: BaseException | None) -> None:
        """Let go of the session of a request, unless its body is still to be sent.

        Flask 3.1.2 and later tells of the end of a request before the body of ``stream_with_context`` begins, and again
        when it has ended.
        """
        if session.streams and not session.torn_down and error is None:
            session.torn_down = True
        else:
            self.release(app, session)

    def release(self, app: Flask, session: FlaskSession) -> None:
        """Let go of the session of a request, after storing what was changed while the body was sent."""
        try:
            if session.streams and not session.request_state.released:
                session.act_on_clear(may_rotate=False)
                if session.request_state.entry is None and not session.holds_nothing:
                    app.logger.warning(
                        "A session began while the body of its response was sent: dropped, for no cookie can be set any"
                        " more. Put something into it before the first byte"
                    )
                else:
                    self.manager.commit(session)
        except SerializationError:
            app.logger.exception("A value that was set while the body of a response was sent cannot be kept")
        finally:
            self.manager.release(session)


class MemcachedSessions:
    """The extension: `flask.session` lives in this process, backed up on memcached.

    Settings are those of `Settings`, in upper case after ``MEMCACHED_SESSIONS_``; ``MEMCACHED_SESSIONS_NODES`` says
    where sessions are backed up. ``SESSION_COOKIE_*`` and ``SESSION_REFRESH_EACH_REQUEST`` hold as ever;
    ``PERMANENT_SESSION_LIFETIME`` is how long sessions may rest, and ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS`` sign
    what is stored, unless other settings say so.

    Parameters
    ----------
    app
        The application, configured; None: `init_app` follows.
    manager
        One that you have made, whose settings hold then; it is yours to close.

    >>> from flask import Flask, session
    >>> app = Flask(__name__)
    >>> app.config.update(SECRET_KEY="change me, I am a secret", MEMCACHED_SESSIONS_NODES="memory://")
    >>> _ = MemcachedSessions(app)
    >>> @app.get("/")
    ... def visit():
    ...     session["visits"] = session.get("visits", 0) + 1
    ...     return str(session["visits"])
    >>> client = app.test_client()
    >>> client.get("/").text, client.get("/").text
    ('1', '2')
    >>> app.extensions["memcached_sessions"].close()  # at the end of the process that happens by itself
    """

    def __init__(self, app: Flask | None = None, *, manager: SessionManager | None = None) -> None:
        self._given = manager
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give an application its sessions.

        Raises
        ------
        ConfigurationError
            A setting is wrong, or a node answers that is no memcached 1.6 with meta commands.
        """
        keep_safe_text(Markup, tag="markupsafe.Markup")
        manager = self._given or SessionManager(_settings(app))
        keys = None if self._given or f"{_PREFIX}SIGNING_KEYS" in app.config else _secret_keys(app)
        interface = MemcachedSessionInterface(manager)
        app.extensions[EXTENSION] = manager
        app.session_interface = interface

        @app.before_request
        def refuse_late_keys() -> None:  # pyright: ignore[reportUnusedFunction] - Flask calls it
            if keys is not None and _secret_keys(app) != keys:
                raise ConfigurationError(
                    "SECRET_KEY or SECRET_KEY_FALLBACKS changed after MemcachedSessions was made, which signs with"
                    " them: set them before"
                )

        @app.teardown_request
        def tear_down(error: BaseException | None) -> None:  # pyright: ignore[reportUnusedFunction]
            session = _session_of_request()
            if isinstance(session, FlaskSession):
                interface.tear_down(app, session, error)


def _session_of_request() -> SessionMixin:
    # Behind the proxy, by the method that Werkzeug documents for it.
    proxy = cast("LocalProxy[SessionMixin]", current_session)
    return proxy._get_current_object()  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001


def _settings(app: Flask) -> Settings:
    values = {
        key.removeprefix(_PREFIX).lower(): value
        for key, value in cast("dict[str, Any]", app.config).items()
        if key.startswith(_PREFIX) and key != _OF_THE_SERIALIZER
    }
    return framework_settings(
        values,
        spell=lambda name: f"{_PREFIX}{name.upper()}",
        lifetime=seconds_of(app.permanent_session_lifetime),
        lifetime_key="PERMANENT_SESSION_LIFETIME",
        secret_keys=_secret_keys(app),
    )


def _secret_keys(app: Flask) -> list[str | bytes]:
    keys: list[str | bytes | None] = [app.secret_key]
    keys += cast("dict[str, Any]", app.config).get("SECRET_KEY_FALLBACKS") or ()
    return [key for key in keys if key]
